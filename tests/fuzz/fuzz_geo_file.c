// SPDX-License-Identifier: Apache-2.0
// Geography files: taken whole, or refused as damaged; of whatever was taken every address has a
// place.
#include "authority/geo_file.h"
#include "base/check.h"
#include "places/places.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libmaxminddb 1.7.1 loses some bytes when it refuses metadata that are damaged. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libmaxminddb";
}

static void check_atlas(const struct atlas *a)
{
    for (uint64_t i = 0; i < 512; i++) {
        struct net_key key = {.bits = i << 55, .length = i % 2 == 0 ? 32 : 64, .is_v6 = i % 2 != 0};
        key.bits &= ~0ULL << 32;
        uint8_t scope = 0;
        struct atlas_place place = atlas_find_place(a, &key, &scope);
        CHECK(place.place < place_count() && scope <= key.length);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    CHECK(fd >= 0);
    CHECK(size == 0 || write(fd, data, size) == (ssize_t)size);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    enum err e = geo_file_read(path, b, &ec);
    CHECK(e == ERR_OK || (e == ERR_CORRUPT && ec.code == ERR_CORRUPT));
    struct atlas *a = atlas_builder_finish(b);
    check_atlas(a);
    atlas_free(a);
    atlas_builder_free(b);
    close(fd);
    return 0;
}
