// SPDX-License-Identifier: Apache-2.0
// Tests of http/server.h over loopback: requests, answers, keep-alive, framing.
#include "fixture.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void assert_body(const struct answer *answer, unsigned status, const char *body)
{
    assert_int_equal(answer->status, status);
    if (!slice_equal(answer->body, slice_str(body)))
        fail_msg("'%.*s', want '%s'", SLICE_FMT(answer->body), body);
}

static void assert_field(const struct answer *answer, const char *name, const char *value)
{
    const struct slice *found = http_fields_get(&answer->fields, name);
    if (value == NULL) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_true(slice_equal(*found, slice_str(value)));
    assert_int_equal(http_fields_count(&answer->fields, name), 1);
}

static void an_answer_has_its_length_date_and_server(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer = client_ask(&c, &a, GET("/hello"));
    assert_body(&answer, 200, "hello");
    assert_field(&answer, "Content-Length", "5");
    assert_field(&answer, "Server", "test");
    assert_field(&answer, "Connection", NULL);
    assert_int_equal(http_fields_get(&answer.fields, "Date")->len, 29);
    client_close(&c);
}

static void a_handlers_date_and_server_win_but_framing_is_ours(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer = client_ask(&c, &a, GET("/dated"));
    assert_body(&answer, 200, "x");
    assert_field(&answer, "Date", "Sat, 31 Jan 2026 12:00:00 GMT");
    assert_field(&answer, "Server", "other");
    assert_field(&answer, "Content-Length", "1");
    assert_true(answer.keep_alive);
    answer = client_ask(&c, &a, GET("/evil"));
    assert_field(&answer, "X-Name", "a  Set-Cookie: b");
    assert_field(&answer, "Set-Cookie", NULL);
    assert_field(&answer, "Y", NULL);
    client_close(&c);
}

static void a_connection_is_kept_until_one_side_says_close(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.request_count = 4;
    fixture_start(f);
    struct client c = client_open(f);
    for (int i = 0; i < 3; i++)
        assert_true(client_ask(&c, &a, GET("/hello")).keep_alive);
    assert_false(client_ask(&c, &a, GET("/hello")).keep_alive);
    assert_true(client_sees_end(&c));
    client_close(&c);
    c = client_open(f);
    struct answer answer =
        client_ask(&c, &a, "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_body(&answer, 200, "hello");
    assert_field(&answer, "Connection", "close");
    assert_true(client_sees_end(&c));
    client_close(&c);
}

static void an_old_client_gets_no_chunks(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer =
        client_ask(&c, &a, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    assert_body(&answer, 200, "hello");
    assert_field(&answer, "Connection", "keep-alive");
    answer = client_ask(&c, &a,
                        "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\n"
                        "Content-Length: 3\r\n\r\nabc");
    assert_body(&answer, 200, "abc");
    assert_field(&answer, "Transfer-Encoding", NULL);
    assert_field(&answer, "Connection", "close");
    assert_true(client_sees_end(&c));
    client_close(&c);
    c = client_open(f);
    answer = client_ask(&c, &a, "GET /hello HTTP/1.0\r\n\r\n");
    assert_body(&answer, 200, "hello");
    assert_true(client_sees_end(&c));
    client_close(&c);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf out = {0};
    static const char *const bodies[] = {"hello", "xyz", "no such path", "hello"};
    enum { ROUNDS = 200 };
    fixture_start(f);
    struct client c = client_open(f);
    for (int i = 0; i < ROUNDS; i++)
        buf_append_str(&out,
                       GET("/later") "POST /echo HTTP/1.1\r\nHost: a\r\n"
                                     "Transfer-Encoding: chunked\r\n\r\n"
                                     "1\r\nx\r\n2;e=f\r\nyz\r\n0\r\nT: r\r\n\r\n" GET("/unknown")
                                         GET("/hello"));
    buf_append_byte(&out, '\0');
    fixture_send(c.fd, (const char *)buf_slice(&out).data);
    for (size_t i = 0; i < ROUNDS * ARRAY_LEN(bodies); i++) {
        struct answer answer = client_read(&c, &a);
        assert_true(slice_equal(answer.body, slice_str(bodies[i % ARRAY_LEN(bodies)])));
        assert_true(answer.keep_alive);
    }
    client_close(&c);
}

static void a_request_may_come_byte_by_byte(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    static const char text[] = "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                               "\r\n3\r\nabc\r\n0\r\n\r\n";
    fixture_start(f);
    struct client c = client_open(f);
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        fixture_send(c.fd, (const char[]){text[i], '\0'});
    struct answer answer = client_read(&c, &a);
    assert_body(&answer, 200, "3");
    assert_true(answer.keep_alive);
    client_close(&c);
}

static void head_and_204_have_no_body(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    c.is_head = true;
    struct answer answer = client_ask(&c, &a, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_field(&answer, "Content-Length", "5");
    answer = client_ask(&c, &a, "HEAD /stream?100000 HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_field(&answer, "Transfer-Encoding", "chunked");
    c.is_head = false;
    answer = client_ask(&c, &a, GET("/none"));
    assert_body(&answer, 204, "");
    assert_field(&answer, "Content-Length", NULL);
    answer = client_ask(&c, &a, GET("/hello"));
    assert_body(&answer, 200, "hello");
    answer = client_ask(&c, &a, GET("/close"));
    assert_body(&answer, 200, "all of it");
    assert_false(answer.keep_alive);
    client_close(&c);
}

static void chunks_go_both_ways(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    fixture_send(c.fd, "5\r\nhello\r\n");
    fixture_send(c.fd, "1\r\n!\r\n0\r\n\r\n");
    struct answer answer = client_read(&c, &a);
    assert_body(&answer, 200, "hello!");
    assert_field(&answer, "Transfer-Encoding", "chunked");
    fixture_wait(f, &f->closed[HTTP_CLOSE_DONE], 1);
    client_close(&c);
}

static void continue_is_sent_when_the_body_is_wanted(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer = client_ask(&c, &a,
                                      "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                                      "Expect: 100-continue\r\n\r\n");
    assert_int_equal(answer.status, 100);
    answer = client_ask(&c, &a, "abc");
    assert_body(&answer, 200, "3");
    answer = client_ask(&c, &a,
                        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                        "Expect: 100-continue\r\n\r\nabc");
    assert_body(&answer, 200, "3"); /* it did not wait, so it needs no invitation */
    answer = client_ask(&c, &a,
                        "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                        "Expect: 100-continue\r\n\r\n");
    assert_body(&answer, 403, "no");
    assert_false(answer.keep_alive);
    assert_true(client_sees_end(&c));
    client_close(&c);
}

static void resume_body(struct fixture *f)
{
    http_pause_body(f->held, false);
}

static void a_paused_body_waits_and_is_not_invited(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.body_timeout_ns = 1000000; /* does not run while the handler is the one who waits */
    f->limits.body_total_timeout_ns = 10 * 1000000; /* nor does this */
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, "POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                       "Expect: 100-continue\r\n\r\n");
    fixture_wait(f, &f->opened, 1);
    struct pollfd nothing = {.fd = c.fd, .events = POLLIN};
    assert_int_equal(poll(&nothing, 1, 20), 0); /* neither 100 nor 408 */
    assert_int_equal(f->received_bytes, 0);
    fixture_send(c.fd, "abc");
    fixture_call(f, resume_body);
    struct answer answer = client_read(&c, &a);
    if (answer.status == 100)
        answer = client_read(&c, &a);
    assert_body(&answer, 200, "3");
    client_close(&c);
}

static void an_early_answer_is_seen_though_the_body_still_comes(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
    static const char zeros[4000000];
    assert_int_equal(send(c.fd, zeros, sizeof(zeros), MSG_NOSIGNAL), sizeof(zeros));
    struct answer answer = client_read(&c, &a);
    assert_body(&answer, 403, "no");
    assert_field(&answer, "Connection", "close");
    assert_true(client_sees_end(&c));
    client_close(&c);
}

static void too_large_a_body_is_413(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.body_bytes = 5;
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer =
        client_ask(&c, &a, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    assert_body(&answer, 200, "5");
    answer = client_ask(&c, &a, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n");
    assert_int_equal(answer.status, 413);
    assert_true(client_sees_end(&c));
    assert_int_equal(f->opened, 1); /* the handler never saw it */
    client_close(&c);
    c = client_open(f);
    answer = client_ask(&c, &a,
                        "POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "5\r\nhello\r\n1\r\n");
    assert_int_equal(answer.status, 413);
    assert_true(client_sees_end(&c));
    fixture_wait(f, &f->closed[HTTP_CLOSE_ERROR], 1);
    client_close(&c);
}

static void what_is_malformed_is_refused_and_closed(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    static const struct {
        const char *text;
        unsigned status;
    } cases[] = {
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"\x16\x03\x01", 400},
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501},
        {"GET /hello HTTP/1.1\r\nHost: a\r\nExpect: b\r\n\r\n", 417},
        {"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501},
        {"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400},
        {GET("/nothing"), 404},
    };
    fixture_start(f);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        AUTO_ARENA struct arena a = {0};
        struct client c = client_open(f);
        struct answer answer = client_ask(&c, &a, cases[i].text);
        assert_int_equal(answer.status, cases[i].status);
        assert_int_equal(answer.keep_alive, cases[i].status == 404);
        if (!answer.keep_alive)
            assert_true(client_sees_end(&c));
        client_close(&c);
    }
}

static void what_cannot_be_completed_is_cut_not_ended(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    static const char *const texts[] = {GET("/short"), GET("/abort")};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct client c = client_open(f);
        assert_int_equal(client_ask(&c, &a, texts[i]).status, 0);
        client_close(&c);
    }
    fixture_wait(f, &f->closed[HTTP_CLOSE_ERROR], 2);
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(an_answer_has_its_length_date_and_server),
        SERVER_TEST(a_handlers_date_and_server_win_but_framing_is_ours),
        SERVER_TEST(a_connection_is_kept_until_one_side_says_close),
        SERVER_TEST(an_old_client_gets_no_chunks),
        SERVER_TEST(pipelined_requests_are_answered_in_order),
        SERVER_TEST(a_request_may_come_byte_by_byte),
        SERVER_TEST(head_and_204_have_no_body),
        SERVER_TEST(chunks_go_both_ways),
        SERVER_TEST(continue_is_sent_when_the_body_is_wanted),
        SERVER_TEST(a_paused_body_waits_and_is_not_invited),
        SERVER_TEST(an_early_answer_is_seen_though_the_body_still_comes),
        SERVER_TEST(too_large_a_body_is_413),
        SERVER_TEST(what_is_malformed_is_refused_and_closed),
        SERVER_TEST(what_cannot_be_completed_is_cut_not_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
