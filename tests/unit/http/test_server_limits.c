// SPDX-License-Identifier: Apache-2.0
// Tests of http/server.h: slow, silent, hostile and too many clients, backpressure, drain.
#include "fixture.h"

#include "base/random.h"
#include "base/time.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

/** A deadline that a test waits for. */
#define SHORT_NS (20 * NS_PER_MS)

static void a_head_that_does_not_come_in_time_is_408(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.head_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open(f);
    assert_int_equal(client_ask(&c, &a, GET("/hello")).status, 200);
    struct answer answer = client_ask(&c, &a, "GET /hello HT");
    assert_int_equal(answer.status, 408);
    assert_true(client_sees_end(&c));
    assert_int_equal(f->opened, 1);
    client_close(&c);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.idle_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client fresh = client_open(f);
    struct client kept = client_open(f);
    assert_int_equal(client_ask(&kept, &a, GET("/hello")).status, 200);
    assert_true(client_sees_end(&kept));
    assert_true(client_sees_end(&fresh));
    client_close(&kept);
    client_close(&fresh);
}

static void a_body_that_does_not_come_in_time_is_408(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.body_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open(f);
    struct answer answer =
        client_ask(&c, &a, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_int_equal(answer.status, 408);
    assert_true(client_sees_end(&c));
    fixture_wait(f, &f->closed[HTTP_CLOSE_TIMEOUT], 1);
    client_close(&c);
    c = client_open(f); /* the answer has begun: there is nothing left but to cut it */
    answer = client_ask(&c, &a, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    assert_int_equal(answer.status, 0);
    fixture_wait(f, &f->closed[HTTP_CLOSE_TIMEOUT], 2);
    client_close(&c);
}

static void a_body_that_comes_byte_by_byte_is_408_in_the_end(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.body_total_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open(f);
    assert_int_equal(
        client_ask(&c, &a, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhe").status,
        200);
    fixture_send(c.fd, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n");
    struct pollfd answer = {.fd = c.fd, .events = POLLIN};
    while (poll(&answer, 1, 1) == 0)
        fixture_send(c.fd, "x");
    assert_int_equal(client_read(&c, &a).status, 408);
    fixture_wait(f, &f->closed[HTTP_CLOSE_TIMEOUT], 1);
    client_close(&c);
}

/** A client whose socket takes little that it does not read. */
static struct client client_open_narrow(const struct fixture *f)
{
    int size = 4096;
    struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(c.fd >= 0);
    struct timeval timeout = {.tv_sec = FIXTURE_WAIT_S};
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
    assert_int_equal(connect(c.fd, &f->address.sa, f->address.len), 0);
    return c;
}

static void a_slow_reader_holds_its_answer_back(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    enum { TOTAL = 30 * 1000 * 1000 };
    f->limits.output_bytes = 100000;
    fixture_start(f);
    struct client c = client_open_narrow(f);
    fixture_send(c.fd, GET("/stream?30000000"));
    fixture_wait(f, &f->waiting, 1);
    assert_true(f->produced_bytes < TOTAL / 2); /* the limit and what the kernel takes */
    struct answer answer = client_read(&c, &a);
    assert_int_equal(answer.body.len, TOTAL);
    assert_int_equal(f->produced_bytes, TOTAL);
    assert_true(f->waiting > 10);
    client_close(&c);
}

static void a_reader_that_stops_is_cut(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    f->limits.write_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open_narrow(f);
    fixture_send(c.fd, GET("/stream?30000000"));
    fixture_wait(f, &f->closed[HTTP_CLOSE_TIMEOUT], 1);
    client_close(&c);
}

static void a_client_that_ends_its_side_still_gets_its_answer(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, GET("/later") GET("/hello"));
    assert_int_equal(shutdown(c.fd, SHUT_WR), 0);
    assert_int_equal(client_read(&c, &a).status, 200);
    assert_int_equal(client_read(&c, &a).status, 200);
    assert_true(client_sees_end(&c));
    client_close(&c);
}

static void a_peer_that_leaves_is_noticed_though_nothing_is_sent(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    f->limits.half_close_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, GET("/hold"));
    fixture_wait(f, &f->opened, 1);
    client_close(&c);
    fixture_wait(f, &f->closed[HTTP_CLOSE_PEER], 1);
    c = client_open(f); /* with a reset instead of an end: at once, whatever the limit */
    fixture_send(c.fd, GET("/hold"));
    fixture_wait(f, &f->opened, 2);
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    client_close(&c);
    fixture_wait(f, &f->closed[HTTP_CLOSE_PEER], 2);
    c = client_open(f); /* in the middle of a body */
    fixture_send(c.fd, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    fixture_wait(f, &f->opened, 3);
    client_close(&c);
    fixture_wait(f, &f->closed[HTTP_CLOSE_PEER], 3);
}

static void input_behind_a_request_is_bounded(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    f->limits.half_close_timeout_ns = SHORT_NS;
    fixture_start(f);
    struct client c = client_open(f);
    fixture_send(c.fd, GET("/hold"));
    fixture_wait(f, &f->opened, 1);
    /* The server reads some of it and then no more, so the kernel's buffers fill. */
    static const char zeros[1000000];
    ssize_t count = 0;
    size_t total = 0;
    struct timeval timeout = {.tv_usec = 50000};
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)), 0);
    while (count >= 0 && total < 100 * sizeof(zeros)) {
        count = send(c.fd, zeros, sizeof(zeros), MSG_NOSIGNAL);
        total += count > 0 ? (size_t)count : 0;
    }
    assert_int_equal(count, -1);
    client_close(&c);
}

static void too_many_connections_are_told_503(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.connection_count = 2;
    fixture_start(f);
    struct client first = client_open(f);
    struct client second = client_open(f);
    assert_int_equal(client_ask(&first, &a, GET("/hello")).status, 200);
    assert_int_equal(client_ask(&second, &a, GET("/hello")).status, 200);
    struct client third = client_open(f);
    struct answer answer = client_ask(&third, &a, GET("/hello"));
    assert_int_equal(answer.status, 503);
    assert_non_null(http_fields_get(&answer.fields, "Retry-After"));
    assert_true(client_sees_end(&third));
    client_close(&third);
    client_close(&first);
    unsigned status = 503; /* until the server has seen the close */
    for (int i = 0; i < 10000 && status == 503; i++) {
        third = client_open(f);
        status = client_ask(&third, &a, GET("/hello")).status;
        client_close(&third);
    }
    assert_int_equal(status, 200);
    client_close(&second);
}

/** A client of another address of this machine. */
static struct client client_open_from(const struct fixture *f, const char *ip)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct client c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    struct timeval timeout = {.tv_sec = FIXTURE_WAIT_S};
    assert_true(c.fd >= 0);
    assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)), 0);
    assert_int_equal(inet_pton(AF_INET, ip, &from.sin_addr), 1);
    assert_int_equal(bind(c.fd, (const struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(c.fd, &f->address.sa, f->address.len), 0);
    return c;
}

static void too_many_connections_of_one_client_are_told_503_and_others_served(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    f->limits.connections_per_client = 2;
    fixture_start(f);
    struct client first = client_open(f);
    struct client second = client_open(f);
    assert_int_equal(client_ask(&first, &a, GET("/hello")).status, 200);
    assert_int_equal(client_ask(&second, &a, GET("/hello")).status, 200);
    struct client third = client_open(f);
    assert_int_equal(client_ask(&third, &a, GET("/hello")).status, 503);
    assert_true(client_sees_end(&third));
    client_close(&third);
    struct client other = client_open_from(f, "127.0.0.2");
    assert_int_equal(client_ask(&other, &a, GET("/hello")).status, 200);
    client_close(&first);
    unsigned status = 503; /* until the server has seen the close */
    for (int i = 0; i < 10000 && status == 503; i++) {
        third = client_open(f);
        status = client_ask(&third, &a, GET("/hello")).status;
        client_close(&third);
    }
    assert_int_equal(status, 200);
    client_close(&second);
    client_close(&other);
}

static void a_flood_of_connections_leaves_the_served_ones_alone(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    enum { FLOOD = 300 };
    f->limits.connection_count = 1;
    fixture_start(f);
    struct client served = client_open(f);
    assert_int_equal(client_ask(&served, &a, GET("/hello")).status, 200);
    int fds[FLOOD];
    for (int i = 0; i < FLOOD; i++)
        fds[i] = fixture_dial(f);
    for (int i = 0; i < 10; i++)
        assert_int_equal(client_ask(&served, &a, GET("/hello")).status, 200);
    for (int i = 0; i < FLOOD; i++)
        (void)close(fds[i]);
    client_close(&served);
}

static void on_drained(void *user)
{
    struct fixture *f = (struct fixture *)user;
    pthread_mutex_lock(&f->lock);
    f->drained++;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void drain(struct fixture *f)
{
    http_server_drain(f->server, on_drained, f);
}

static void answer_held(struct fixture *f)
{
    http_reply(f->held, 200, NULL, SLICE_LIT("held"));
}

static void draining_ends_idle_connections_and_lets_answers_finish(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    fixture_start(f);
    struct client idle = client_open(f);
    struct client busy = client_open(f);
    assert_int_equal(client_ask(&idle, &a, GET("/hello")).status, 200);
    fixture_send(busy.fd, GET("/hold"));
    fixture_wait(f, &f->opened, 2);
    fixture_call(f, drain);
    assert_true(client_sees_end(&idle));
    client_close(&idle);
    assert_int_equal(f->drained, 0);
    fixture_call(f, answer_held);
    struct answer answer = client_read(&busy, &a);
    assert_int_equal(answer.status, 200);
    assert_false(answer.keep_alive);
    assert_true(client_sees_end(&busy));
    client_close(&busy);
    fixture_wait(f, &f->drained, 1);
}

static void draining_an_empty_server_is_done_at_once(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    fixture_start(f);
    fixture_call(f, drain);
    fixture_wait(f, &f->drained, 1);
}

static void freeing_a_server_closes_what_is_open(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    fixture_start(f);
    struct client held = client_open(f);
    struct client slow = client_open_narrow(f);
    struct client half = client_open(f);
    fixture_send(held.fd, GET("/hold"));
    fixture_send(slow.fd, GET("/stream?30000000"));
    fixture_send(half.fd, "GET /hel");
    fixture_wait(f, &f->opened, 2);
    fixture_stop(f);
    assert_int_equal(f->closed[HTTP_CLOSE_DRAIN], 2);
    client_close(&held);
    client_close(&slow);
    client_close(&half);
    fixture_init(f);
    fixture_start(f);
}

/** One client that sends a random piece of `text` and leaves in a random way. */
static void misbehave(struct fixture *f, struct prng *p, const char *text)
{
    struct client c = client_open_narrow(f);
    size_t len = strlen(text);
    size_t from = prng_below(p, 4) == 0 ? prng_below(p, (uint32_t)len) : 0;
    size_t size = 1 + prng_below(p, (uint32_t)(len - from));
    assert_int_equal(send(c.fd, text + from, size, MSG_NOSIGNAL), (ssize_t)size);
    if (prng_below(p, 2) == 0)
        (void)shutdown(c.fd, SHUT_WR); /* ENOTCONN where the server has reset it by now */
    char some[1000];
    if (prng_below(p, 2) == 0)
        (void)recv(c.fd, some, sizeof(some), MSG_DONTWAIT);
    struct linger reset = {.l_onoff = 1};
    if (prng_below(p, 2) == 0)
        assert_int_equal(setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    client_close(&c);
}

static void clients_that_leave_anyhow_leave_nothing_behind(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    AUTO_ARENA struct arena a = {0};
    static const char *const texts[] = {
        GET("/stream?1000000") GET("/hello"),
        GET("/hello") GET("/abort") GET("/hello"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n" GET("/none") GET("/short"),
        "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
        "123456789" GET("/close"),
        "POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n" GET("/hello"),
    };
    enum { CLIENTS = 400 };
    struct prng p;
    prng_init_fixed(&p, 42);
    f->limits.output_bytes = 20000;
    f->limits.half_close_timeout_ns = SHORT_NS;
    f->limits.linger_timeout_ns = SHORT_NS;
    fixture_start(f);
    for (int i = 0; i < CLIENTS; i++)
        misbehave(f, &p, texts[prng_below(&p, ARRAY_LEN(texts))]);
    struct client c = client_open(f);
    assert_int_equal(client_ask(&c, &a, GET("/hello")).status, 200);
    client_close(&c);
    fixture_call(f, drain);
    fixture_wait(f, &f->drained, 1); /* the last connection is gone */
}

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(a_head_that_does_not_come_in_time_is_408),
        SERVER_TEST(an_idle_connection_is_closed_without_a_word),
        SERVER_TEST(a_body_that_does_not_come_in_time_is_408),
        SERVER_TEST(a_body_that_comes_byte_by_byte_is_408_in_the_end),
        SERVER_TEST(a_slow_reader_holds_its_answer_back),
        SERVER_TEST(a_reader_that_stops_is_cut),
        SERVER_TEST(a_client_that_ends_its_side_still_gets_its_answer),
        SERVER_TEST(a_peer_that_leaves_is_noticed_though_nothing_is_sent),
        SERVER_TEST(input_behind_a_request_is_bounded),
        SERVER_TEST(too_many_connections_are_told_503),
        SERVER_TEST(too_many_connections_of_one_client_are_told_503_and_others_served),
        SERVER_TEST(a_flood_of_connections_leaves_the_served_ones_alone),
        SERVER_TEST(draining_ends_idle_connections_and_lets_answers_finish),
        SERVER_TEST(draining_an_empty_server_is_done_at_once),
        SERVER_TEST(freeing_a_server_closes_what_is_open),
        SERVER_TEST(clients_that_leave_anyhow_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
