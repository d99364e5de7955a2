// SPDX-License-Identifier: Apache-2.0
// What the two HTTP fuzz targets share: small limits, comparison of heads, and bodies decoded at
// once and byte by byte.
#ifndef TESTS_FUZZ_HTTP_H
#define TESTS_FUZZ_HTTP_H

#include "base/buf.h"
#include "base/check.h"
#include "http/parse.h"

/** Small, so that the fuzzer reaches them and feeding byte by byte stays quick. */
static const struct http_limits fuzz_limits = {
    .target_bytes = 64, .head_bytes = 512, .field_count = 8, .body_bytes = 256};

/** Room for the same head with a space behind each colon. */
static const struct http_limits fuzz_limits_wide = {
    .target_bytes = 64, .head_bytes = 1024, .field_count = 8, .body_bytes = 256};

static inline void fuzz_same_result(enum http_parse a, const struct http_parse_result *ra,
                                    enum http_parse b, const struct http_parse_result *rb)
{
    CHECK(a == b);
    if (a == HTTP_PARSE_DONE)
        CHECK(ra->head_bytes == rb->head_bytes);
    if (a == HTTP_PARSE_BAD)
        CHECK(ra->status == rb->status && ra->reason == rb->reason);
}

static inline void fuzz_same_fields(const struct http_fields *a, const struct http_fields *b)
{
    CHECK(a->count == b->count);
    for (size_t i = 0; i < a->count; i++) {
        CHECK(slice_equal(a->items[i].name, b->items[i].name));
        CHECK(slice_equal(a->items[i].value, b->items[i].value));
    }
}

/** Decodes `input`, shown in pieces of at most `piece` bytes. */
static inline enum http_body_step fuzz_decode(struct http_body *b, struct slice input, size_t piece,
                                              struct buf *out, size_t *out_used)
{
    size_t at = 0;
    for (;;) {
        struct slice shown = slice_sub(input, at, piece);
        struct slice data = {0};
        size_t used;
        enum http_body_step step = http_body_next(b, shown, &used, &data);
        CHECK(used <= shown.len && data.len <= used);
        at += used;
        *out_used = at;
        if (step == HTTP_BODY_DATA)
            buf_append(out, data);
        else if (step != HTTP_BODY_MORE || at == input.len)
            return step;
    }
}

/** A body comes to the same in one piece and byte by byte, and stays within its limit. */
static inline void fuzz_body(enum http_body_kind kind, uint64_t length, struct slice input)
{
    AUTO_BUF struct buf whole = {0};
    AUTO_BUF struct buf single = {0};
    struct http_body a;
    struct http_body b;
    size_t whole_used = 0;
    size_t single_used = 0;
    http_body_init(&a, kind, length, fuzz_limits.body_bytes);
    http_body_init(&b, kind, length, fuzz_limits.body_bytes);
    enum http_body_step at_once = fuzz_decode(&a, input, input.len, &whole, &whole_used);
    enum http_body_step by_byte = fuzz_decode(&b, input, 1, &single, &single_used);
    CHECK(at_once == by_byte && whole_used == single_used);
    CHECK(slice_equal(buf_slice(&whole), buf_slice(&single)));
    CHECK(buf_len(&whole) <= fuzz_limits.body_bytes);
    CHECK(buf_len(&whole) == a.total_bytes && a.total_bytes == b.total_bytes);
}

#endif
