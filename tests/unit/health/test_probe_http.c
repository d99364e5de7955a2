// SPDX-License-Identifier: Apache-2.0
// What is asked of an HTTP endpoint, and what its answers come to.
#include "health/probe_http.h"

#include "base/alloc.h"
#include "base/check.h"
#include "health/limits.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"

/** The outcome of an answer that comes in pieces of so many bytes; `ends`: and then closes. */
static enum probe_outcome judge(const char *search, struct slice answer, size_t piece, bool ends)
{
    struct probe_http p = {0};
    enum probe_outcome outcome = PROBE_NONE;
    for (size_t at = 0; outcome == PROBE_NONE && at < answer.len; at += piece) {
        AUTO_FREE char *copy =
            mem_strndup((const char *)answer.data + at, min_size(piece, answer.len - at));
        outcome = probe_http_take(&p, slice_str(search),
                                  slice_of(copy, min_size(piece, answer.len - at)));
    }
    if (outcome == PROBE_NONE && ends)
        outcome = probe_http_close(&p);
    probe_http_fini(&p);
    return outcome;
}

static void expect_slice(const char *search, struct slice answer, bool ends,
                         enum probe_outcome wanted)
{
    static const size_t pieces[] = {1, 2, 7, 100, 1000, 5120, 100000};
    for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
        enum probe_outcome outcome = judge(search, answer, pieces[i], ends);
        if (outcome != wanted)
            fail_msg("'%.60s' for '%s' in pieces of %zu: %d, not %d", (const char *)answer.data,
                     search, pieces[i], (int)outcome, (int)wanted);
    }
}

static void expect(const char *search, const char *answer, enum probe_outcome wanted)
{
    expect_slice(search, slice_str(answer), false, wanted);
}

static void expect_end(const char *search, const char *answer, enum probe_outcome wanted)
{
    expect_slice(search, slice_str(answer), true, wanted);
}

static void statuses_of_200_to_399_pass(void **state)
{
    (void)state;
    static const unsigned passing[] = {200, 201, 204, 299, 300, 301, 304, 399};
    static const unsigned failing[] = {101, 199, 400, 404, 499, 500, 503, 599};
    for (size_t i = 0; i < ARRAY_LEN(passing); i++)
        expect("", arena_printf(&arena, "HTTP/1.1 %u\r\n\r\n", passing[i]), PROBE_PASSED);
    for (size_t i = 0; i < ARRAY_LEN(failing); i++) {
        bool is_passed_over = failing[i] == 199;
        expect("", arena_printf(&arena, "HTTP/1.1 %u no\r\n\r\n", failing[i]),
               is_passed_over ? PROBE_NONE : PROBE_BAD_STATUS);
    }
}

static void the_status_counts_even_where_a_string_is_looked_for(void **state)
{
    (void)state;
    expect("up", "HTTP/1.1 503 x\r\nContent-Length: 2\r\n\r\nup", PROBE_BAD_STATUS);
    expect("up", "HTTP/1.1 204 x\r\n\r\n", PROBE_NO_MATCH);
}

static void the_head_must_be_whole_but_the_body_only_where_it_is_searched(void **state)
{
    (void)state;
    expect("", OK, PROBE_NONE);
    expect("", OK "Content-Length: 5\r\n", PROBE_NONE);
    expect("", OK "Content-Length: 5\r\n\r\n", PROBE_PASSED);
    expect("up", OK "Content-Length: 5\r\n\r\n", PROBE_NONE);
    expect("up", OK "Content-Length: 5\r\n\r\nxxup", PROBE_PASSED);
    expect("up", OK "Content-Length: 5\r\n\r\nxxxup", PROBE_PASSED);
    expect("up", OK "Content-Length: 4\r\n\r\nxxxup", PROBE_NO_MATCH);
    expect("up", OK "\r\nxxu", PROBE_NONE);
    expect("up", OK "\r\nxxup", PROBE_PASSED);
}

static void heads_of_1xx_are_passed_over(void **state)
{
    (void)state;
    expect("", "HTTP/1.1 100 Continue\r\n\r\n", PROBE_NONE);
    expect("", "HTTP/1.1 103 x\r\nLink: a\r\n\r\nHTTP/1.1 100 x\r\n\r\n" OK "\r\n", PROBE_PASSED);
    expect("", "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 404 x\r\n\r\n", PROBE_BAD_STATUS);
}

static void what_is_not_http_fails_once_a_line_has_ended(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/2 200\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 200 OK\n",
        OK "no colon\r\n",
        OK "a : b\r\n",
        OK " folded: x\r\n",
        OK "a: \x01\r\n",
        "\r\n",
        OK "Content-Length: x\r\n\r\n",
        OK "Transfer-Encoding: gzip\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        expect("", bad[i], PROBE_BAD_RESPONSE);
    expect("", "SSH-2.0", PROBE_NONE);
    expect_end("", "SSH-2.0", PROBE_CLOSED);
}

static void a_chunked_body_counts_decoded(void **state)
{
    (void)state;
    static const char head[] = OK "Transfer-Encoding: chunked\r\n\r\n";
    expect("healthy", arena_printf(&arena, "%s3;x=y\r\nhea\r\n4\r\nlthy\r\n", head), PROBE_PASSED);
    expect("3\r\n", arena_printf(&arena, "%s3\r\nhea\r\n0\r\n\r\n", head), PROBE_NO_MATCH);
    expect("lthy", arena_printf(&arena, "%s3\r\nhea\r\n4\r\nlth", head), PROBE_NONE);
    expect("x", arena_printf(&arena, "%snot hex\r\n", head), PROBE_BAD_RESPONSE);
}

static void an_end_is_that_of_the_body_only_where_nothing_else_says_its_length(void **state)
{
    (void)state;
    expect_end("", "", PROBE_CLOSED);
    expect_end("", OK, PROBE_CLOSED);
    expect_end("up", OK "\r\nno", PROBE_NO_MATCH);
    expect_end("up", OK "Content-Length: 9\r\n\r\nno", PROBE_CLOSED);
    expect_end("up", OK "Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n", PROBE_CLOSED);
}

/** A 200 of so many bytes, the string at the place `at`. */
static struct slice body_with(const char *head, const char *text, size_t at, size_t bytes)
{
    size_t before = strlen(head);
    char *all = arena_alloc(&arena, before + bytes);
    memset(all, 'x', before + bytes);
    memcpy(all, head, before);
    memcpy(all + before + at, text, min_size(strlen(text), bytes - at));
    return slice_of(all, before + bytes);
}

static void the_string_lies_wholly_within_the_first_5120_bytes(void **state)
{
    (void)state;
    static const char head[] = OK "Content-Length: 20000\r\n\r\n";
    expect_slice("healthy", body_with(head, "healthy", 0, 20000), false, PROBE_PASSED);
    expect_slice("healthy", body_with(head, "healthy", 5113, 5120), false, PROBE_PASSED);
    expect_slice("healthy", body_with(head, "healthy", 5113, 20000), false, PROBE_PASSED);
    expect_slice("healthy", body_with(head, "healthy", 5114, 20000), false, PROBE_NO_MATCH);
    expect_slice("healthy", body_with(head, "healthy", 5114, 5119), false, PROBE_NONE);
    expect_slice("healthy", body_with(head, "healthy", 5114, 5120), false, PROBE_NO_MATCH);
    expect_slice("x", body_with(head, "", 0, 1), false, PROBE_PASSED);
}

static void a_head_has_16384_bytes_at_most(void **state)
{
    (void)state;
    for (size_t bytes = PROBE_HEAD_MAX_BYTES - 2; bytes <= PROBE_HEAD_MAX_BYTES + 2; bytes++) {
        struct slice head = body_with(OK "Long: ", "", 0, bytes - strlen(OK "Long: "));
        memcpy((char *)(uintptr_t)head.data + head.len - 4, "\r\n\r\n", 4);
        expect_slice("", head, false,
                     bytes <= PROBE_HEAD_MAX_BYTES ? PROBE_PASSED : PROBE_BAD_RESPONSE);
    }
    expect_slice("", body_with("HTTP/1.1", "", 0, PROBE_HEAD_MAX_BYTES), false, PROBE_BAD_RESPONSE);
    AUTO_BUF struct buf informing = {0};
    while (buf_len(&informing) < PROBE_HEAD_MAX_BYTES)
        buf_append_str(&informing, "HTTP/1.1 100 \r\n\r\n");
    buf_append_str(&informing, OK "\r\n");
    expect_slice("", buf_slice(&informing), false, PROBE_BAD_RESPONSE);
}

static struct release_health_check check_of(enum release_check_kind kind, uint16_t port)
{
    return (struct release_health_check){.id = "5d0f9cc8-0000-4000-8000-000000000001",
                                         .kind = kind,
                                         .host = "www.example.com",
                                         .port = port,
                                         .path = "/up?a=b",
                                         .search = ""};
}

static const char *request_of(const struct release_health_check *check)
{
    AUTO_BUF struct buf out = {0};
    probe_http_request(&out, check);
    return arena_str(&arena, buf_slice(&out));
}

static void the_request_names_host_and_check(void **state)
{
    (void)state;
    struct release_health_check check = check_of(RELEASE_CHECK_HTTP, 80);
    assert_string_equal(request_of(&check),
                        "GET /up?a=b HTTP/1.1\r\nHost: www.example.com\r\n"
                        "User-Agent: Weir-Health-Check (check 5d0f9cc8-0000-4000-8000-"
                        "000000000001)\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}

static void the_host_field_has_the_port_unless_it_is_the_schemes(void **state)
{
    (void)state;
    static const struct {
        enum release_check_kind kind;
        uint16_t port;
        const char *wanted;
    } cases[] = {
        {RELEASE_CHECK_HTTP, 80, "Host: www.example.com\r\n"},
        {RELEASE_CHECK_HTTP, 443, "Host: www.example.com:443\r\n"},
        {RELEASE_CHECK_HTTPS, 443, "Host: www.example.com\r\n"},
        {RELEASE_CHECK_HTTPS, 8443, "Host: www.example.com:8443\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct release_health_check check = check_of(cases[i].kind, cases[i].port);
        assert_non_null(strstr(request_of(&check), cases[i].wanted));
    }
}

static void without_a_name_the_host_is_the_address(void **state)
{
    (void)state;
    struct release_health_check check = check_of(RELEASE_CHECK_HTTP, 80);
    check.host = "";
    check.address_bytes = 4;
    memcpy(check.address, (uint8_t[]){192, 0, 2, 1}, 4);
    assert_non_null(strstr(request_of(&check), "Host: 192.0.2.1\r\n"));
    check.address_bytes = 16;
    memcpy(check.address, (uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 16);
    check.port = 8080;
    assert_non_null(strstr(request_of(&check), "Host: [2001:db8::1]:8080\r\n"));
}

static void what_no_target_can_hold_is_percent_coded(void **state)
{
    (void)state;
    struct release_health_check check = check_of(RELEASE_CHECK_HTTP, 80);
    check.path = "/a b\r\nX: y\x7f\xc3\xa4%20";
    assert_non_null(strstr(request_of(&check), "GET /a%20b%0D%0AX:%20y%7F%C3%A4%20 HTTP/1.1\r\n"));
    check.path = "";
    assert_non_null(strstr(request_of(&check), "GET / HTTP/1.1\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_of_200_to_399_pass),
        cmocka_unit_test(the_status_counts_even_where_a_string_is_looked_for),
        cmocka_unit_test(the_head_must_be_whole_but_the_body_only_where_it_is_searched),
        cmocka_unit_test(heads_of_1xx_are_passed_over),
        cmocka_unit_test(what_is_not_http_fails_once_a_line_has_ended),
        cmocka_unit_test(a_chunked_body_counts_decoded),
        cmocka_unit_test(an_end_is_that_of_the_body_only_where_nothing_else_says_its_length),
        cmocka_unit_test(the_string_lies_wholly_within_the_first_5120_bytes),
        cmocka_unit_test(a_head_has_16384_bytes_at_most),
        cmocka_unit_test(the_request_names_host_and_check),
        cmocka_unit_test(the_host_field_has_the_port_unless_it_is_the_schemes),
        cmocka_unit_test(without_a_name_the_host_is_the_address),
        cmocka_unit_test(what_no_target_can_hold_is_percent_coded),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
