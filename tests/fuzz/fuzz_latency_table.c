// SPDX-License-Identifier: Apache-2.0
// Latency tables: taken whole, or refused with the number of the line.
#include "authority/latency_file.h"
#include "base/check.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    size_t unknown = 0;
    enum err e = latency_text_read(slice_of(data, size), b, &unknown, &ec);
    CHECK(e == ERR_OK || (e == ERR_INVALID && strncmp(ec.text, "line ", 5) == 0));
    struct atlas *a = atlas_builder_finish(b);
    CHECK(atlas_place_count(a) == 0 && atlas_latency_count(a) + unknown <= size);
    atlas_free(a);
    atlas_builder_free(b);
    return 0;
}
