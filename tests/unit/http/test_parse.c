// SPDX-License-Identifier: Apache-2.0
// Tests of http/parse.h: heads. Each refusal stands beside its accepted neighbour.
#include "http/parse.h"

#include "base/buf.h"
#include "http/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/** One head and what it must come to. */
struct head_case {
    const char *bytes;
    unsigned status; /* 0: accepted */
};

#define START "GET / HTTP/1.1\r\nHost: a\r\n"

static const struct http_limits limits = HTTP_LIMITS_INIT;

/** Parses a whole request head; 0, or the status it is refused with. Incomplete is a failure. */
static unsigned request_status(struct arena *a, struct slice bytes, struct http_request *out)
{
    struct http_parse_result result;
    enum http_parse found = http_parse_request(a, bytes, &limits, out, &result);
    assert_int_not_equal(found, HTTP_PARSE_MORE);
    if (found == HTTP_PARSE_BAD)
        assert_non_null(result.reason);
    return found == HTTP_PARSE_DONE ? 0 : result.status;
}

static void check_requests(const struct head_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA struct arena a = {0};
        struct http_request request;
        unsigned status = request_status(&a, slice_str(cases[i].bytes), &request);
        if (status != cases[i].status)
            fail_msg("%u, want %u: %s", status, cases[i].status, cases[i].bytes);
    }
}

static void assert_slice(struct slice s, const char *text)
{
    if (!slice_equal(s, slice_str(text)))
        fail_msg("'%.*s', want '%s'", SLICE_FMT(s), text);
}

static void a_request_is_cut_into_its_parts(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct http_request r;
    struct http_parse_result result;
    struct slice bytes = SLICE_LIT("\r\n\r\nPOST /a/b%20c?x=1&y HTTP/1.1\r\n"
                                   "Host: example.com:8080\r\n"
                                   "content-length:  5 \t\r\n"
                                   "Empty:\r\n\r\nhello");
    assert_int_equal(http_parse_request(&a, bytes, &limits, &r, &result), HTTP_PARSE_DONE);
    assert_int_equal(result.head_bytes, bytes.len - 5);
    assert_slice(r.method, "POST");
    assert_slice(r.target, "/a/b%20c?x=1&y");
    assert_slice(r.path, "/a/b%20c");
    assert_slice(r.query, "x=1&y");
    assert_slice(r.authority, "example.com:8080");
    assert_int_equal(r.minor_version, 1);
    assert_int_equal(r.fields.count, 3);
    assert_slice(*http_fields_get(&r.fields, "Content-Length"), "5");
    assert_slice(*http_fields_get(&r.fields, "empty"), "");
    assert_int_equal(r.body_kind, HTTP_BODY_LENGTH);
    assert_int_equal(r.body_length, 5);
    assert_true(r.keep_alive);
}

static void request_lines_are_strict(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"get / HTTP/1.1\r\nHost: a\r\n\r\n", 0}, /* another method, but a token */
        {"M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
        {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /\r\n\r\n", 400},
        {"GET / http/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 0},
        {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505},
        {"PRI * HTTP/2.0\r\n\r\n", 505},
        {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    };
    check_requests(cases, ARRAY_LEN(cases));
}

static void targets_have_one_of_four_forms(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {"GET /a|b{c} HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET ?a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http://b:81/x HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"GET HTTPS://b HTTP/1.1\r\nHost: a\r\n\r\n", 0},
        {"GET ftp://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http://u@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET http://b/ HTTP/1.1\r\n\r\n", 400},
        {"CONNECT b:443 HTTP/1.1\r\nHost: b:443\r\n\r\n", 0},
        {"CONNECT /b HTTP/1.1\r\nHost: b\r\n\r\n", 400},
    };
    check_requests(cases, ARRAY_LEN(cases));
}

static void an_absolute_target_overrides_the_host(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct http_request r;
    struct slice bytes = SLICE_LIT("GET http://b:81?q HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(request_status(&a, bytes, &r), 0);
    assert_slice(r.authority, "b:81");
    assert_slice(r.path, "/");
    assert_slice(r.query, "q");
}

static void the_host_is_one_and_valid(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: :80\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: a:65535\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 0}, /* sub-delims may stand in a reg-name */
        {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", 400},
    };
    check_requests(cases, ARRAY_LEN(cases));
}

static void field_lines_are_strict(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {START "A: b\r\n\r\n", 0},         {START "A:b\r\n\r\n", 0},
        {START "A: b\xff\tc\r\n\r\n", 0},  {START "A : b\r\n\r\n", 400},
        {START "A\t: b\r\n\r\n", 400},     {START " A: b\r\n\r\n", 400},
        {START "A: b\r\n c\r\n\r\n", 400}, {START "A: b\r\n\tc\r\n\r\n", 400},
        {START "A\r\n\r\n", 400},          {START ": b\r\n\r\n", 400},
        {START "A(b: c\r\n\r\n", 400},     {START "A: b\rc\r\n\r\n", 400},
        {START "A: b\nC: d\r\n\r\n", 400}, {START "A: b\r\n\n", 400},
        {START "A: b\x01\r\n\r\n", 400},   {START "A: b\x7f\r\n\r\n", 400},
        {START "A: b\r\r\n\r\n", 400},
    };
    check_requests(cases, ARRAY_LEN(cases));
    AUTO_ARENA struct arena a = {0};
    struct http_request r;
    assert_int_equal(request_status(&a, SLICE_LIT(START "A: b\0c\r\n\r\n"), &r), 400);
}

static void framing_is_unambiguous_or_refused(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {START "Content-Length: 0\r\n\r\n", 0},
        {START "Content-Length: 9223372036854775807\r\n\r\n", 0},
        {START "Content-Length: 9223372036854775808\r\n\r\n", 400},
        {START "Content-Length: 18446744073709551617\r\n\r\n", 400},
        {START "Content-Length:\r\n\r\n", 400},
        {START "Content-Length: +5\r\n\r\n", 400},
        {START "Content-Length: -5\r\n\r\n", 400},
        {START "Content-Length: 0x5\r\n\r\n", 400},
        {START "Content-Length: 5 5\r\n\r\n", 400},
        {START "Content-Length: 5, 5\r\n\r\n", 400},
        {START "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
        {START "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
        {START "Transfer-Encoding: chunked\r\n\r\n", 0},
        {START "Transfer-Encoding: Chunked\r\n\r\n", 0},
        {START "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
        {START "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {START "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
        {START "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {START "Transfer-Encoding: chunked, gzip\r\n\r\n", 400},
        {START "Transfer-Encoding: gzip\r\n\r\n", 400},
        {START "Transfer-Encoding: identity\r\n\r\n", 400},
        {START "Transfer-Encoding: chunked;a=b\r\n\r\n", 400},
        {START "Transfer-Encoding: \"chunked\"\r\n\r\n", 400},
        {START "Transfer-Encoding:\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", 0},
    };
    check_requests(cases, ARRAY_LEN(cases));
}

static void only_100_continue_is_understood_in_expect(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct http_request r;
    assert_int_equal(request_status(&a, SLICE_LIT(START "Expect: 100-Continue\r\n\r\n"), &r), 0);
    assert_true(r.expects_continue);
    assert_int_equal(request_status(&a, SLICE_LIT(START "Expect: 200-ok\r\n\r\n"), &r), 417);
    struct slice old = SLICE_LIT("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
    assert_int_equal(request_status(&a, old, &r), 0);
    assert_false(r.expects_continue);
}

static void connection_tells_whether_to_keep_alive(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool keep_alive;
    } cases[] = {
        {START "\r\n", true},
        {START "Connection: close\r\n\r\n", false},
        {START "Connection: x\r\nConnection: y , CLOSE\r\n\r\n", false},
        {START "Connection: closed\r\n\r\n", true},
        {"GET / HTTP/1.0\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena a = {0};
        struct http_request r;
        assert_int_equal(request_status(&a, slice_str(cases[i].bytes), &r), 0);
        assert_int_equal(r.keep_alive, cases[i].keep_alive);
    }
}

/** A request whose target has `target` bytes, `count` fields beside Host, in `size` bytes or 0. */
static void build_request(struct buf *out, size_t target, size_t count, size_t size)
{
    buf_append_str(out, "GET /");
    for (size_t i = 1; i < target; i++)
        buf_append_byte(out, 'a');
    buf_append_str(out, " HTTP/1.1\r\nHost: a\r\n");
    for (size_t i = 0; i < count; i++)
        buf_append_str(out, "A: b\r\n");
    if (size > 0) {
        buf_append_str(out, "F: ");
        while (buf_len(out) < size - 4)
            buf_append_byte(out, 'x');
        buf_append_str(out, "\r\n");
    }
    buf_append_str(out, "\r\n");
}

static unsigned built_status(size_t target, size_t count, size_t size)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf bytes = {0};
    struct http_request r;
    build_request(&bytes, target, count, size);
    return request_status(&a, buf_slice(&bytes), &r);
}

static void heads_are_bounded(void **state)
{
    (void)state;
    assert_int_equal(built_status(limits.target_bytes, 0, 0), 0);
    assert_int_equal(built_status(limits.target_bytes + 1, 0, 0), 414);
    assert_int_equal(built_status(limits.head_bytes, 0, 0), 414);
    assert_int_equal(built_status(1, limits.field_count - 1, 0), 0);
    assert_int_equal(built_status(1, limits.field_count, 0), 431);
    assert_int_equal(built_status(1, 0, limits.head_bytes), 0);
    assert_int_equal(built_status(1, 0, limits.head_bytes + 1), 431);
}

static void a_listener_may_name_one_status_for_all_that_is_too_long(void **state)
{
    (void)state;
    struct http_limits own = limits;
    own.long_status = 413;
    const size_t sizes[][3] = {{own.target_bytes + 1, 0, 0},
                               {own.head_bytes, 0, 0},
                               {1, own.field_count, 0},
                               {1, 0, own.head_bytes + 1}};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        AUTO_ARENA struct arena a = {0};
        AUTO_BUF struct buf bytes = {0};
        struct http_request r;
        struct http_parse_result result;
        build_request(&bytes, sizes[i][0], sizes[i][1], sizes[i][2]);
        assert_int_equal(http_parse_request(&a, buf_slice(&bytes), &own, &r, &result),
                         HTTP_PARSE_BAD);
        assert_int_equal(result.status, 413);
    }
}

/** Feeds a request byte by byte; the first finding, and after how many bytes it was made. */
static enum http_parse feed(struct slice bytes, struct http_parse_result *result, size_t *out_at)
{
    enum http_parse found = HTTP_PARSE_MORE;
    size_t i = 0;
    while (found == HTTP_PARSE_MORE && i <= bytes.len) {
        AUTO_ARENA struct arena a = {0};
        struct http_request r;
        found = http_parse_request(&a, slice_sub(bytes, 0, i), &limits, &r, result);
        *out_at = i++;
    }
    return found;
}

static void a_head_is_done_with_its_last_byte_and_not_before(void **state)
{
    (void)state;
    struct slice bytes = SLICE_LIT("\r\n" START "A: b\r\n\r\n");
    struct http_parse_result result;
    size_t at;
    assert_int_equal(feed(bytes, &result, &at), HTTP_PARSE_DONE);
    assert_int_equal(at, bytes.len);
    assert_int_equal(result.head_bytes, bytes.len);
    assert_int_equal(feed(SLICE_LIT("GET\x01"), &result, &at), HTTP_PARSE_BAD);
    assert_int_equal(at, 4);
}

/** Parses a response head; 0 or 400. */
static unsigned response_status(struct arena *a, const char *bytes, bool is_head,
                                struct http_response *out)
{
    struct http_parse_result result;
    enum http_parse found =
        http_parse_response(a, slice_str(bytes), is_head, &limits, out, &result);
    assert_int_not_equal(found, HTTP_PARSE_MORE);
    return found == HTTP_PARSE_DONE ? 0 : result.status;
}

static void status_lines_are_strict(void **state)
{
    (void)state;
    static const struct head_case cases[] = {
        {"HTTP/1.1 200 OK\r\n\r\n", 0},
        {"HTTP/1.1 200 \r\n\r\n", 0},
        {"HTTP/1.1 200\r\n\r\n", 0},
        {"HTTP/1.0 599 a b\r\n\r\n", 0},
        {"HTTP/1.1 099 OK\r\n\r\n", 400},
        {"HTTP/1.1 600 OK\r\n\r\n", 400},
        {"HTTP/1.1 20 OK\r\n\r\n", 400},
        {"HTTP/1.1 2000 OK\r\n\r\n", 400},
        {"HTTP/1.1  200 OK\r\n\r\n", 400},
        {"HTTP/2.0 200 OK\r\n\r\n", 505},
        {"\r\nHTTP/1.1 200 OK\r\n\r\n", 400},
        {"ICY 200 OK\r\n\r\n", 400},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", 400},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400},
        {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena a = {0};
        struct http_response r;
        if (response_status(&a, cases[i].bytes, false, &r) != cases[i].status)
            fail_msg("want %u: %s", cases[i].status, cases[i].bytes);
    }
}

static void the_length_of_an_answer_follows_rfc_9112(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        bool is_head;
        enum http_body_kind kind;
        bool keep_alive;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, HTTP_BODY_LENGTH, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, HTTP_BODY_NONE, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false, HTTP_BODY_NONE, true},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false, HTTP_BODY_CHUNKED, true},
        {"HTTP/1.1 200 OK\r\n\r\n", false, HTTP_BODY_UNTIL_CLOSE, false},
        {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, HTTP_BODY_NONE, true},
        {"HTTP/1.1 204 No Content\r\n\r\n", false, HTTP_BODY_NONE, true},
        {"HTTP/1.1 100 Continue\r\n\r\n", false, HTTP_BODY_NONE, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena a = {0};
        struct http_response r;
        assert_int_equal(response_status(&a, cases[i].bytes, cases[i].is_head, &r), 0);
        assert_int_equal(r.body_kind, cases[i].kind);
        assert_int_equal(r.keep_alive, cases[i].keep_alive);
    }
}

static void fields_count_and_compare_without_case(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct http_fields f = {0};
    for (int i = 0; i < 40; i++)
        http_fields_add_str(&a, &f, i % 2 == 0 ? "Even" : "odd", "x, Y");
    assert_int_equal(f.count, 40);
    assert_int_equal(http_fields_count(&f, "EVEN"), 20);
    assert_true(http_fields_has_token(&f, "Odd", "y"));
    assert_false(http_fields_has_token(&f, "Odd", "x, y"));
    assert_null(http_fields_get(&f, "eve"));
    assert_string_equal(http_reason(404), "Not Found");
    assert_string_equal(http_reason(299), "");
}

static void what_would_split_a_message_is_never_written(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = {0};
    http_write_field(&out, SLICE_LIT("A"), SLICE_LIT(" b\r\nSet-Cookie: c\n\0d\x7f-e "));
    http_write_field(&out, SLICE_LIT("B\r\nC"), SLICE_LIT("d"));
    http_write_field(&out, SLICE_LIT(""), SLICE_LIT("d"));
    assert_slice(buf_slice(&out), "A: b  Set-Cookie: c  d -e\r\n");
    struct http_request r = {.method = SLICE_LIT("GET"), .target = SLICE_LIT("/ HTTP/1.1\r\n")};
    assert_false(http_request_is_sendable(&r));
    r.target = SLICE_LIT("/");
    assert_true(http_request_is_sendable(&r));
    r.method = SLICE_LIT("GET X");
    assert_false(http_request_is_sendable(&r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_cut_into_its_parts),
        cmocka_unit_test(request_lines_are_strict),
        cmocka_unit_test(targets_have_one_of_four_forms),
        cmocka_unit_test(an_absolute_target_overrides_the_host),
        cmocka_unit_test(the_host_is_one_and_valid),
        cmocka_unit_test(field_lines_are_strict),
        cmocka_unit_test(framing_is_unambiguous_or_refused),
        cmocka_unit_test(only_100_continue_is_understood_in_expect),
        cmocka_unit_test(connection_tells_whether_to_keep_alive),
        cmocka_unit_test(heads_are_bounded),
        cmocka_unit_test(a_listener_may_name_one_status_for_all_that_is_too_long),
        cmocka_unit_test(a_head_is_done_with_its_last_byte_and_not_before),
        cmocka_unit_test(status_lines_are_strict),
        cmocka_unit_test(the_length_of_an_answer_follows_rfc_9112),
        cmocka_unit_test(fields_count_and_compare_without_case),
        cmocka_unit_test(what_would_split_a_message_is_never_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
