// SPDX-License-Identifier: Apache-2.0
// A pattern, a line break, a path: a normal path is normal, and stays as it is; matching agrees
// with the definition; hosts in normal form stay as they are.
#include "base/check.h"
#include "base/wildcard.h"
#include "edge/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Up to here the definition, which is exponential, is quick. */
enum { NAIVE_MAX_BYTES = 12 };

static bool naive_match(struct slice pattern, struct slice text)
{
    struct slice rest = slice_sub(pattern, 1, pattern.len);
    struct slice tail = slice_sub(text, 1, text.len);
    if (pattern.len == 0)
        return text.len == 0;
    if (pattern.data[0] == '*')
        return naive_match(rest, text) || (text.len > 0 && naive_match(pattern, tail));
    return text.len > 0 && (pattern.data[0] == '?' || pattern.data[0] == text.data[0]) &&
           naive_match(rest, tail);
}

static void check_match(struct slice pattern, struct slice text)
{
    bool fits = wildcard_match(pattern, text);
    if (pattern.len <= NAIVE_MAX_BYTES && text.len <= NAIVE_MAX_BYTES)
        CHECK(fits == naive_match(pattern, text));
}

static bool is_unreserved(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void check_normal(struct arena *a, struct slice path)
{
    struct slice normal = edge_path_normalize(a, path);
    CHECK(normal.len > 0 && normal.data[0] == '/' && normal.len <= 3 * path.len + 1);
    CHECK(slice_equal(edge_path_normalize(a, normal), normal));
    struct slice rest = normal;
    struct slice segment;
    while (slice_split(&rest, '/', &segment)) {
        CHECK(!slice_equal(segment, SLICE_LIT("..")) && !slice_equal(segment, SLICE_LIT(".")));
        CHECK(segment.len > 0 || segment.data == normal.data || rest.len == 0);
    }
    for (size_t i = 0; i < normal.len; i++) {
        uint8_t byte = 0;
        size_t len = 0;
        if (normal.data[i] == '%')
            CHECK(slice_unhex(slice_sub(normal, i + 1, 2), &byte, 1, &len) && len == 1 &&
                  !is_unreserved(byte));
    }
}

static void check_host(struct arena *a, struct slice authority)
{
    struct slice host = edge_host_normalize(a, authority);
    CHECK(host.len <= authority.len);
    if (host.len > 0 && host.data[host.len - 1] != '.')
        CHECK(slice_equal(edge_host_normalize(a, host), host));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice path = slice_of(data, size);
    struct slice pattern = {0};
    (void)slice_split(&path, '\n', &pattern);
    check_match(pattern, path);
    check_normal(&a, path);
    struct slice normal = edge_path_normalize(&a, path);
    bool fits = edge_path_matches(pattern, normal);
    if (pattern.len > 0 && pattern.data[0] != '/' && pattern.len < WILDCARD_PATTERN_MAX_BYTES) {
        const char *slashed = arena_printf(&a, "/%.*s", SLICE_FMT(pattern));
        if (memchr(pattern.data, '\0', pattern.len) == NULL)
            CHECK(edge_path_matches(slice_str(slashed), normal) == fits);
    }
    check_host(&a, path);
    return 0;
}
