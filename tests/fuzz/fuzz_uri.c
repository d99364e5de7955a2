// SPDX-License-Identifier: Apache-2.0
// URI parts: coding and decoding agree, normal paths stay as they are, parameters stay inside.

#include "base/check.h"
#include "base/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_coding(struct arena *a, struct slice text)
{
    struct slice decoded;
    struct slice again;
    bool is_decoded = uri_decode(a, uri_encode(a, text, false), &decoded);
    CHECK(is_decoded && slice_equal(decoded, text));
    if (uri_decode(a, text, &decoded)) {
        CHECK(decoded.len <= text.len);
        is_decoded = uri_decode(a, uri_encode(a, decoded, true), &again);
        CHECK(is_decoded && slice_equal(again, decoded));
    }
}

static void check_path(struct arena *a, struct slice path)
{
    struct slice normal = uri_normalize_path(a, path);
    CHECK(normal.len >= 1 && normal.len <= path.len + 1 && normal.data[0] == '/');
    CHECK(slice_equal(uri_normalize_path(a, normal), normal));
    struct slice rest = normal;
    struct slice segment;
    while (slice_split(&rest, '/', &segment))
        CHECK(!slice_equal(segment, SLICE_LIT("..")) && !slice_equal(segment, SLICE_LIT(".")));
}

static void check_params(struct arena *a, struct slice query)
{
    struct slice rest = query;
    struct slice name;
    struct slice value;
    size_t total = 0;
    while (uri_next_param(&rest, &name, &value))
        total += name.len + value.len;
    CHECK(total <= query.len);
    (void)uri_query_get(a, query, "marker", &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice path;
    struct slice query;
    uri_split_target(slice_of(data, size), &path, &query);
    check_coding(&a, slice_of(data, size));
    check_path(&a, path);
    check_params(&a, query);
    return 0;
}
