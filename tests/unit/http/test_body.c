// SPDX-License-Identifier: Apache-2.0
// Tests of http_body_next: bodies by length, in chunks, until the close.
#include "http/parse.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/** Decodes `input` in pieces of `piece` bytes; the data in `out`, bytes used in *out_used. */
static enum http_body_step decode(struct http_body *b, struct slice input, size_t piece,
                                  struct buf *out, size_t *out_used)
{
    size_t at = 0;
    size_t shown = piece;
    for (;;) {
        struct slice data;
        size_t used;
        enum http_body_step step =
            http_body_next(b, slice_sub(input, at, min_size(shown, input.len - at)), &used, &data);
        at += used;
        *out_used = at;
        if (step == HTTP_BODY_DATA)
            buf_append(out, data);
        else if (step != HTTP_BODY_MORE || at == input.len)
            return step;
    }
}

/** Decodes at once and byte by byte: both must agree. */
static enum http_body_step decode_both(struct http_body b, struct slice input, struct buf *out,
                                       size_t *out_used)
{
    AUTO_BUF struct buf single = {0};
    struct http_body second = b;
    size_t used;
    enum http_body_step at_once = decode(&b, input, input.len, out, out_used);
    enum http_body_step by_byte = decode(&second, input, 1, &single, &used);
    assert_int_equal(at_once, by_byte);
    assert_int_equal(*out_used, used);
    assert_true(slice_equal(buf_slice(out), buf_slice(&single)));
    assert_int_equal(b.total_bytes, second.total_bytes);
    return at_once;
}

static enum http_body_step chunked(struct slice input, uint64_t limit, const char *want,
                                   size_t *out_used)
{
    AUTO_BUF struct buf out = {0};
    struct http_body b;
    http_body_init(&b, HTTP_BODY_CHUNKED, 0, limit);
    enum http_body_step step = decode_both(b, input, &out, out_used);
    if (want != NULL)
        assert_true(slice_equal(buf_slice(&out), slice_str(want)));
    return step;
}

static void chunks_are_joined_and_the_rest_is_left(void **state)
{
    (void)state;
    size_t used;
    struct slice input = SLICE_LIT("5\r\nhello\r\n00001\r\n,\r\nA\r\n0123456789\r\n0\r\n\r\nGET /");
    assert_int_equal(chunked(input, 100, "hello,0123456789", &used), HTTP_BODY_END);
    assert_int_equal(used, input.len - 5);
}

static void extensions_and_trailers_are_checked_and_dropped(void **state)
{
    (void)state;
    size_t used;
    struct slice input = SLICE_LIT("1;a;b=c;d=\"e;\\\" \\\\\"\r\nx\r\n0;z\r\nA: b\r\nC:\r\n\r\n");
    assert_int_equal(chunked(input, 100, "x", &used), HTTP_BODY_END);
    assert_int_equal(used, input.len);
}

static void chunk_syntax_is_strict(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\r\n",
        " 1\r\nx\r\n",
        "1 \r\nx\r\n",
        "0x1\r\nx\r\n",
        "+1\r\nx\r\n",
        "g\r\n",
        "1\nx\r\n",
        "1\r\nx\n",
        "1\r\nxy\r\n",
        "1\rx",
        "1;\r\nx",
        "1;=b\r\nx",
        "1;a=\r\nx",
        "1; a\r\nx",
        "1;a =b\r\nx",
        "1;a=\"b\r\nx",
        "1;a=\"b\"c\r\nx",
        "1,2\r\nx",
        "1;a\x01\r\nx",
        "1;;a\r\nx",
        "0\r\n A: b\r\n",
        "0\r\nA : b\r\n",
        "0\r\nA\r\n\r\n",
        "0\r\nA: \x01",
        "0\r\n\n",
        "0\r\nA: b\n\r\n",
        "0\r\nA: b\r\n\rx",
        "10000000000000000\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        size_t used;
        if (chunked(slice_str(bad[i]), UINT64_MAX, NULL, &used) != HTTP_BODY_BAD)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void a_chunked_body_past_its_limit_is_refused_by_its_size_line(void **state)
{
    (void)state;
    size_t used;
    assert_int_equal(chunked(SLICE_LIT("5\r\nhello\r\n0\r\n\r\n"), 5, "hello", &used),
                     HTTP_BODY_END);
    assert_int_equal(chunked(SLICE_LIT("5\r\nhello\r\n1\r\n"), 5, "hello", &used), HTTP_BODY_LIMIT);
    assert_int_equal(chunked(SLICE_LIT("ffffffffffffffff\r\n"), 5, "", &used), HTTP_BODY_LIMIT);
}

/** `count` times `text` between two others. */
static struct slice repeated(struct arena *a, const char *before, const char *text, size_t count,
                             const char *after)
{
    struct buf b = {0};
    buf_append_str(&b, before);
    for (size_t i = 0; i < count; i++)
        buf_append_str(&b, text);
    buf_append_str(&b, after);
    struct slice copy = arena_copy(a, buf_slice(&b));
    buf_fini(&b);
    return copy;
}

static void what_is_dropped_is_bounded_all_the_same(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    size_t used;
    struct slice fits = repeated(&a, "0;", "a", HTTP_CHUNK_LINE_BYTES - 4, "\r\n\r\n");
    struct slice over = repeated(&a, "0;", "a", HTTP_CHUNK_LINE_BYTES - 3, "\r\n\r\n");
    assert_int_equal(chunked(fits, 1, "", &used), HTTP_BODY_END);
    assert_int_equal(chunked(over, 1, "", &used), HTTP_BODY_BAD);
    fits = repeated(&a, "0\r\nA: ", "x", HTTP_TRAILER_BYTES - 7, "\r\n\r\n");
    over = repeated(&a, "0\r\nA: ", "x", HTTP_TRAILER_BYTES - 6, "\r\n\r\n");
    assert_int_equal(chunked(fits, 1, "", &used), HTTP_BODY_END);
    assert_int_equal(chunked(over, 1, "", &used), HTTP_BODY_BAD);
    /* An extension of four bytes, its CR included, with each of so many chunks. */
    fits = repeated(&a, "", "1;aaa\r\nx\r\n", HTTP_EXTENSION_BYTES / 4, "0\r\n\r\n");
    over = repeated(&a, "", "1;aaa\r\nx\r\n", HTTP_EXTENSION_BYTES / 4 + 1, "0\r\n\r\n");
    assert_int_equal(chunked(fits, UINT64_MAX, NULL, &used), HTTP_BODY_END);
    assert_int_equal(chunked(over, UINT64_MAX, NULL, &used), HTTP_BODY_BAD);
}

static enum http_body_step plain(enum http_body_kind kind, uint64_t length, uint64_t limit,
                                 const char *input, const char *want)
{
    AUTO_BUF struct buf out = {0};
    struct http_body b;
    size_t used;
    http_body_init(&b, kind, length, limit);
    enum http_body_step step = decode_both(b, slice_str(input), &out, &used);
    assert_true(slice_equal(buf_slice(&out), slice_str(want)));
    return step;
}

static void a_length_is_kept_to_the_byte(void **state)
{
    (void)state;
    assert_int_equal(plain(HTTP_BODY_LENGTH, 5, 5, "hello, you", "hello"), HTTP_BODY_END);
    assert_int_equal(plain(HTTP_BODY_LENGTH, 5, 5, "hell", "hell"), HTTP_BODY_MORE);
    assert_int_equal(plain(HTTP_BODY_LENGTH, 5, 4, "hello", ""), HTTP_BODY_LIMIT);
    assert_int_equal(plain(HTTP_BODY_NONE, 0, 0, "hello", ""), HTTP_BODY_END);
}

static void a_body_until_the_close_has_a_limit_too(void **state)
{
    (void)state;
    assert_int_equal(plain(HTTP_BODY_UNTIL_CLOSE, 0, 5, "hello", "hello"), HTTP_BODY_MORE);
    assert_int_equal(plain(HTTP_BODY_UNTIL_CLOSE, 0, 4, "hello", "hell"), HTTP_BODY_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_are_joined_and_the_rest_is_left),
        cmocka_unit_test(extensions_and_trailers_are_checked_and_dropped),
        cmocka_unit_test(chunk_syntax_is_strict),
        cmocka_unit_test(a_chunked_body_past_its_limit_is_refused_by_its_size_line),
        cmocka_unit_test(what_is_dropped_is_bounded_all_the_same),
        cmocka_unit_test(a_length_is_kept_to_the_byte),
        cmocka_unit_test(a_body_until_the_close_has_a_limit_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
