// SPDX-License-Identifier: Apache-2.0
// Tests of cache/judge.h: the fields that are stored, and what a 304 makes of them.
#include "cache/judge.h"

#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW_MS (INT64_C(784111777) * 1000)
#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT"

static const char *stored(const char *lines, const struct cache_verdict *verdict)
{
    struct http_request sent = {.method = SLICE_LIT("GET")};
    struct http_response response = {.status = 200, .fields = field_lines(&arena, lines)};
    struct cache_answer answer = {.sent = &sent, .response = &response, .response_unix_ms = NOW_MS};
    struct http_fields out;
    cache_stored_fields(&arena, &answer, verdict, &out);
    return field_lines_text(&arena, &out);
}

static void what_is_of_one_connection_or_of_the_edge_is_left_out(void **state)
{
    (void)state;
    static const char *const left_out[] = {
        "Connection: close",
        "Keep-Alive: timeout=5",
        "Transfer-Encoding: chunked",
        "TE: trailers",
        "Trailer: X",
        "Upgrade: h2c",
        "Proxy-Connection: close",
        "Age: 30",
        "X-Cache: HIT",
        "X-Amz-Cf-Id: x",
        "x-amz-cf-pop: x",
        "CloudFront-Viewer-Country: CH",
        "X-Edge-Location: x",
        "Connection: X-A, x-b\nX-A: 1\nX-B: 2",
        "X-A: 1\nConnection: x-a",
    };
    static const char *const kept[] = {
        "Content-Type: text/html",
        "Content-Length: 5",
        "Cache-Control: no-store",
        "CDN-Cache-Control: max-age=1",
        "Via: 1.1 other",
        "Cache-Status: other; hit",
        "X-Cache-Hits: 1",
        "X-Amz-Cf: x",
        "Set-Cookie: a=1\nSet-Cookie: b=2",
        "X-A: 1\nX-A: 2",
    };
    struct cache_verdict verdict = {.is_storable = true};
    for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
        assert_string_equal(stored(left_out[i], &verdict), DATE);
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        assert_string_equal(stored(kept[i], &verdict), arena_printf(&arena, "%s\n" DATE, kept[i]));
}

static void cookies_are_left_out_where_the_verdict_says_so(void **state)
{
    (void)state;
    struct cache_verdict removes = {.is_storable = true, .removes_set_cookie = true};
    struct cache_verdict passes = {.is_storable = true, .passes_set_cookie_once = true};
    assert_string_equal(stored("set-cookie: a=1\nX-A: 1\nSet-Cookie: b=2", &removes),
                        "X-A: 1\n" DATE);
    assert_string_equal(stored("Set-Cookie: a=1", &passes), DATE);
}

static void a_date_that_is_missing_or_malformed_is_that_of_the_response(void **state)
{
    (void)state;
    struct cache_verdict verdict = {.is_storable = true};
    assert_string_equal(stored("Date: Sat, 05 Nov 1994 08:49:37 GMT", &verdict),
                        "Date: Sat, 05 Nov 1994 08:49:37 GMT");
    assert_string_equal(stored("Date: Saturday", &verdict), DATE);
    assert_string_equal(stored("Date: Sat, 05 Nov 1994 08:49:37 GMT\nDate: x", &verdict),
                        "Date: Sat, 05 Nov 1994 08:49:37 GMT");
}

static void a_304_replaces_what_it_brings_but_nothing_of_the_body(void **state)
{
    (void)state;
    static const struct {
        const char *stored;
        const char *from_304;
        const char *updated;
    } cases[] = {
        {"X-A: 1\nX-B: 2", "X-B: 3", "X-A: 1\nX-B: 3"},
        {"X-A: 1\nX-A: 2", "x-a: 3\nX-A: 4", "x-a: 3\nX-A: 4"},
        {"X-A: 1", "X-B: 2", "X-A: 1\nX-B: 2"},
        {"Content-Length: 5", "Content-Length: 0", "Content-Length: 5"},
        {"X-A: 1", "Content-Length: 0", "X-A: 1"},
        {"Content-Encoding: gzip", "Content-Encoding: br", "Content-Encoding: gzip"},
        {"X-A: 1", "Content-Encoding: br\nContent-Range: bytes 0-1/2", "X-A: 1"},
        {"Content-Type: a/b", "Content-Type: c/d", "Content-Type: c/d"},
        {"ETag: \"a\"", "ETag: \"a\"", "ETag: \"a\""},
        {"ETag: W/\"a\"", "ETag: \"a\"", "ETag: W/\"a\""},
        {"ETag: \"a\"", "ETag: W/\"a\"", "ETag: \"a\""},
        {"ETag: \"a\"", "ETag: \"b\"", "ETag: \"b\""},
        {"X-A: 1", "ETag: \"b\"", "X-A: 1\nETag: \"b\""},
        {"Cache-Control: max-age=1", "Cache-Control: max-age=2", "Cache-Control: max-age=2"},
        {"Cache-Control: max-age=1", "X-A: 1", "Cache-Control: max-age=1\nX-A: 1"},
        {"Date: x\nAge: 5\nX-A: 1", "", "X-A: 1"},
        {"Date: x\nX-A: 1", "Date: y\nAge: 7", "X-A: 1\nDate: y\nAge: 7"},
        {"X-A: 1", "Connection: X-A\nX-A: 2", "X-A: 1"},
        {"X-A: 1", "Connection: close\nKeep-Alive: 5\nX-Cache: HIT", "X-A: 1"},
        {"Set-Cookie: a=1", "Set-Cookie: b=2", "Set-Cookie: b=2"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields before = field_lines(&arena, cases[i].stored);
        struct http_fields from_304 = field_lines(&arena, cases[i].from_304);
        struct http_fields updated;
        cache_update_fields(&arena, &before, &from_304, &updated);
        assert_string_equal(field_lines_text(&arena, &updated), cases[i].updated);
    }
}

static void a_strong_validator_is_one_well_formed_etag(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        const char *etag;
    } cases[] = {
        {"", ""},
        {"ETag: \"a\"", "\"a\""},
        {"etag: \"\"", "\"\""},
        {"ETag: W/\"a\"", ""},
        {"ETag: a", ""},
        {"ETag: \"a", ""},
        {"ETag: \"", ""},
        {"ETag: a\"", ""},
        {"ETag: \"a\"b\"", ""},
        {"ETag: \"a\" x", ""},
        {"ETag: \"a\"\nETag: \"b\"", ""},
        {"Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT", ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields fields = field_lines(&arena, cases[i].lines);
        struct slice etag = cache_strong_etag(&fields);
        if (!slice_equal(etag, slice_str(cases[i].etag)))
            fail_msg("'%s': '%.*s'", cases[i].lines, SLICE_FMT(etag));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_of_one_connection_or_of_the_edge_is_left_out),
        cmocka_unit_test(cookies_are_left_out_where_the_verdict_says_so),
        cmocka_unit_test(a_date_that_is_missing_or_malformed_is_that_of_the_response),
        cmocka_unit_test(a_304_replaces_what_it_brings_but_nothing_of_the_body),
        cmocka_unit_test(a_strong_validator_is_one_well_formed_etag),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
