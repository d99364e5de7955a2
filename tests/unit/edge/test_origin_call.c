// SPDX-License-Identifier: Apache-2.0
// Calls to origins that work: bodies both ways, backpressure, limits, cancels at every stage.
#include "base/check.h"
#include "base/time.h"
#include "http/fixture.h"
#include "metrics/counters.h"
#include "net/socket.h"
#include "origin_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PIECE_BYTES = 10000, PIECES = 300 };

static const uint8_t zeros[PIECE_BYTES];

static const struct responder_rule rules[] = {
    {"origin.test", RESPONDER_A, RESPONDER_ANSWER, 60, "127.0.0.1"},
    {"two.test", RESPONDER_A, RESPONDER_ANSWER, 60, "127.0.0.1 127.0.0.2"},
    {"mute.test", RESPONDER_A, RESPONDER_SILENT, 0, NULL},
    {"mute.test", RESPONDER_AAAA, RESPONDER_SILENT, 0, NULL},
    {0}};

/** A bench aimed at a server that does what the path asks for (http/fixture.h). */
static void open_pair(struct bench *b, struct fixture *f)
{
    fixture_init(f);
    fixture_start(f);
    bench_init(b, rules);
    bench_open(b);
    bench_aim(b, "origin.test", net_address_port(&f->address));
}

static void close_pair(struct bench *b, struct fixture *f)
{
    bench_close(b);
    fixture_stop(f);
}

static void go(struct bench *b, struct heard *h, const char *method, const char *target)
{
    bench_start(b, h, method, target);
    bench_finish(h);
    if (h->failure != ORIGIN_OK)
        fail_msg("%s %s: %s", method, target, h->why.text);
    assert_int_equal(h->ends, 1);
}

static void assert_body(struct heard *h, const char *body)
{
    assert_true(slice_equal(buf_slice(&h->body), slice_str(body)));
    heard_fini(h);
}

static void an_answer_comes_with_head_and_body(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    struct heard h = {0};
    go(&b, &h, "GET", "/hello");
    assert_int_equal(h.status, 200);
    assert_string_equal(h.server, "test");
    assert_body(&h, "hello");
    struct heard head = {0};
    go(&b, &head, "HEAD", "/hello");
    assert_body(&head, "");
    struct heard missing = {0};
    go(&b, &missing, "GET", "/nothing");
    assert_int_equal(missing.status, 404); /* an answer like any other */
    heard_fini(&missing);
    close_pair(&b, &f);
}

static void host_and_fields_are_the_callers(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, OK_TEXT}, {0}};
    struct bench b;
    struct script s;
    struct heard h = {0};
    bench_init(&b, rules);
    bench_open(&b);
    script_start(&s, steps, NULL, NULL);
    bench_aim_at(&b, &s.address);
    b.host = "www.example.com";
    go(&b, &h, "DELETE", "/path?query");
    heard_fini(&h);
    bench_close(&b);
    script_join(&s);
    assert_true(
        slice_equal(buf_slice(&s.requests),
                    SLICE_LIT("DELETE /path?query HTTP/1.1\r\nHost: www.example.com\r\n\r\n")));
    script_stop(&s);
}

static void a_large_answer_survives_pauses(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    struct heard h = {.pauses = true};
    go(&b, &h, "GET", "/stream?3000000");
    assert_int_equal(buf_len(&h.body), 3000000);
    heard_fini(&h);
    close_pair(&b, &f);
}

static void a_paused_answer_holds_the_origin_back(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    b.origin.response_timeout_s = 1;
    struct heard h = {0};
    bench_start(&b, &h, "GET", "/stream?100000000");
    origin_call_pause(h.call, true); /* before there is a connection */
    while (f.waiting == 0)
        bench_pass(&b, NS_PER_MS);
    bench_pass(&b, 5 * BENCH_SECOND_NS); /* no timeout runs meanwhile */
    assert_int_equal(h.heads, 1);
    assert_int_equal(buf_len(&h.body), 0);
    assert_int_equal(h.ends, 0);
    assert_true(f.produced_bytes < 50000000);
    b.origin.response_timeout_s = 1000;
    origin_call_cancel(h.call);
    close_pair(&b, &f);
}

/** Makes the next call send `count` pieces. */
static void give(struct bench *b, struct heard *h, enum http_body_kind kind, unsigned count)
{
    b->body_kind = kind;
    b->body_length = kind == HTTP_BODY_LENGTH ? (uint64_t)count * PIECE_BYTES : 0;
    *h = (struct heard){.piece = slice_of(zeros, sizeof(zeros)), .piece_count = count};
}

static void a_body_of_either_framing_streams_to_the_origin(void **state)
{
    (void)state;
    static const enum http_body_kind kinds[] = {HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED};
    static const char *const methods[] = {"POST", "PUT"};
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct heard h;
        give(&b, &h, kinds[i], PIECES);
        bench_start(&b, &h, methods[i], "/count");
        bench_feed(&h); /* at once: it waits for the connection */
        assert_int_equal(h.pieces_given, HTTP_UPLOAD_BYTES / PIECE_BYTES + 1);
        bench_finish(&h);
        assert_int_equal(h.status, 200);
        assert_true(h.waits >= PIECES * PIECE_BYTES / (HTTP_UPLOAD_BYTES + PIECE_BYTES));
        assert_body(&h, "3000000");
    }
    close_pair(&b, &f);
}

static void a_small_body_may_be_whole_before_the_connection(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    struct heard h;
    give(&b, &h, HTTP_BODY_CHUNKED, 0);
    bench_start(&b, &h, "PATCH", "/count");
    assert_true(origin_call_send(h.call, SLICE_LIT("small")));
    origin_call_send_end(h.call);
    bench_finish(&h);
    assert_int_equal(h.rooms, 0); /* nobody was told to wait */
    assert_body(&h, "5");
    close_pair(&b, &f);
}

static void an_early_answer_stops_the_body(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    open_pair(&b, &f);
    struct heard h;
    give(&b, &h, HTTP_BODY_CHUNKED, UINT32_MAX);
    bench_start(&b, &h, "POST", "/early");
    bench_feed(&h);
    bench_finish(&h);
    assert_int_equal(h.failure, ORIGIN_OK);
    assert_int_equal(h.status, 403);
    assert_body(&h, "no");
    close_pair(&b, &f);
}

static void a_body_waits_for_the_address_that_connects(void **state)
{
    (void)state;
    struct bench b;
    struct script s;
    static const struct script_step steps[] = {
        {SCRIPT_SILENT, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"}, {0}};
    bench_init(&b, rules);
    bench_open(&b);
    script_start(&s, steps, NULL, "127.0.0.2:0"); /* at 127.0.0.1 nobody has this port */
    bench_aim(&b, "two.test", net_address_port(&s.address));
    struct heard h;
    give(&b, &h, HTTP_BODY_LENGTH, 0);
    b.body_length = 4;
    bench_start(&b, &h, "POST", "/");
    assert_true(origin_call_send(h.call, SLICE_LIT("body")));
    origin_call_send_end(h.call);
    bench_finish(&h);
    assert_int_equal(h.status, 200);
    heard_fini(&h);
    bench_close(&b);
    script_join(&s);
    assert_true(slice_ends_with(buf_slice(&s.requests), SLICE_LIT("\r\n\r\nbody")));
    script_stop(&s);
}

static void calls_past_the_limit_wait_their_turn(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    fixture_init(&f);
    fixture_start(&f);
    bench_init(&b, rules);
    b.options.connections_per_origin = 1;
    b.options.queue_per_origin = 2;
    b.options.queue_timeout_ns = 1000 * NS_PER_S;
    bench_open(&b);
    bench_aim(&b, "origin.test", net_address_port(&f.address));
    struct heard held = {0};
    struct heard first = {0};
    struct heard second = {0};
    struct heard third = {0};
    bench_start(&b, &held, "GET", "/hold");
    bench_start(&b, &first, "GET", "/hello");
    bench_start(&b, &second, "GET", "/hello");
    bench_start(&b, &third, "GET", "/hello");
    assert_int_equal(metrics_cells[METRIC_ORIGIN_RUNNING], 1);
    assert_int_equal(metrics_cells[METRIC_ORIGIN_QUEUED], 2);
    bench_finish(&third);
    assert_int_equal(third.failure, ORIGIN_BUSY); /* the newest is turned away */
    while (f.opened == 0)
        bench_pass(&b, NS_PER_MS);
    assert_int_equal(first.ends + second.ends, 0);
    b.origin.http_port++; /* another origin has connections of its own */
    struct net_address none = nobody();
    b.origin.http_port = net_address_port(&none);
    struct heard other = {0};
    bench_start(&b, &other, "GET", "/hello");
    bench_finish(&other);
    assert_int_equal(other.failure, ORIGIN_REFUSED);
    b.origin.http_port = net_address_port(&f.address);
    origin_call_cancel(held.call);
    bench_finish(&first);
    bench_finish(&second);
    assert_body(&first, "hello");
    assert_body(&second, "hello");
    assert_int_equal(metrics_cells[METRIC_ORIGIN_RUNNING], 0);
    assert_int_equal(metrics_cells[METRIC_ORIGIN_QUEUED], 0);
    close_pair(&b, &f);
}

static void nobody_waits_for_a_connection_for_long(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    fixture_init(&f);
    fixture_start(&f);
    bench_init(&b, rules);
    b.options.connections_per_origin = 1;
    b.options.queue_timeout_ns = 10 * NS_PER_MS;
    bench_open(&b);
    bench_aim(&b, "origin.test", net_address_port(&f.address));
    struct heard held = {0};
    struct heard h = {0};
    bench_start(&b, &held, "GET", "/hold");
    bench_start(&b, &h, "GET", "/hello");
    bench_finish(&h);
    assert_int_equal(h.failure, ORIGIN_BUSY);
    assert_int_equal(held.ends, 0);
    close_pair(&b, &f); /* and the held one is dropped */
    assert_int_equal(held.ends, 0);
}

/** A call with one connection to the origin allowed: another one must find it free. */
static void assert_place_is_free(struct bench *b, struct fixture *f)
{
    struct heard h = {0};
    b->body_kind = HTTP_BODY_NONE;
    bench_aim(b, "origin.test", net_address_port(&f->address));
    go(b, &h, "GET", "/hello");
    assert_body(&h, "hello");
}

static void a_call_may_be_cancelled_at_any_stage(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    struct full_listener full;
    full_listener_open(&full);
    fixture_init(&f);
    fixture_start(&f);
    bench_init(&b, rules);
    b.options.connections_per_origin = 1;
    bench_open(&b);
    struct net_address targets[] = {full.address, f.address};
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) { /* connecting, and before the answer */
        struct heard h = {0};
        bench_aim_at(&b, &targets[i]);
        bench_start(&b, &h, "GET", "/hold");
        bench_pass(&b, 5 * NS_PER_MS);
        origin_call_cancel(h.call);
        assert_int_equal(h.ends, 0);
    }
    struct heard resolving = {0};
    bench_aim(&b, "mute.test", 80);
    bench_start(&b, &resolving, "GET", "/");
    origin_call_cancel(resolving.call);
    bench_aim(&b, "origin.test", net_address_port(&f.address));
    struct heard running = {0};
    struct heard queued = {0};
    bench_start(&b, &running, "GET", "/hold");
    bench_start(&b, &queued, "GET", "/hold");
    origin_call_cancel(queued.call);
    origin_call_cancel(running.call);
    struct heard ended = {0};
    bench_aim(&b, "", 80); /* fails in the next turn */
    bench_start(&b, &ended, "GET", "/");
    origin_call_cancel(ended.call);
    assert_place_is_free(&b, &f);
    assert_int_equal(resolving.ends + running.ends + queued.ends + ended.ends, 0);
    full_listener_close(&full);
    close_pair(&b, &f);
}

static void a_call_may_be_cancelled_from_its_callbacks(void **state)
{
    (void)state;
    struct bench b;
    struct fixture f;
    fixture_init(&f);
    fixture_start(&f);
    bench_init(&b, rules);
    b.options.connections_per_origin = 1;
    bench_open(&b);
    for (int when = ON_HEAD; when <= ON_WRITABLE; when++) {
        struct heard h;
        bool has_body = when == ON_WRITABLE;
        give(&b, &h, has_body ? HTTP_BODY_CHUNKED : HTTP_BODY_NONE, PIECES);
        h.cancels = (enum cancels)when;
        bench_aim(&b, "origin.test", net_address_port(&f.address));
        bench_start(&b, &h, has_body ? "PUT" : "GET", has_body ? "/count" : "/stream?3000000");
        if (has_body)
            bench_feed(&h);
        bench_finish(&h);
        assert_int_equal(h.ends, 0);
        heard_fini(&h);
        assert_place_is_free(&b, &f);
    }
    close_pair(&b, &f);
}

/** One of several threads, each with a client of its own, that share what is immutable. */
static void *thread_run(void *arg)
{
    const struct bench *shared = (const struct bench *)arg;
    struct bench b = {.options = shared->options,
                      .origin = shared->origin,
                      .host = shared->host,
                      .loop = loop_new(false)};
    bench_open(&b);
    for (int i = 0; i < 20; i++) {
        struct heard h = {0};
        bench_start(&b, &h, "GET", "/hello");
        bench_finish(&h);
        CHECK(h.failure == ORIGIN_OK && buf_len(&h.body) == 5);
        heard_fini(&h);
    }
    origin_client_free(b.client);
    loop_free(b.loop);
    return NULL;
}

static void threads_share_lists_and_origins(void **state)
{
    (void)state;
    static const char *const networks[] = {"169.254.0.0/16", "0.0.0.0:1"};
    struct bench b;
    struct fixture f;
    pthread_t threads[3];
    fixture_init(&f);
    fixture_start(&f);
    bench_init(&b, rules);
    assert_int_equal(network_list_new(networks, 2, &b.forbidden, NULL), ERR_OK);
    b.options.forbidden = b.forbidden;
    bench_aim(&b, "origin.test", net_address_port(&f.address));
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_run, &b), 0);
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    bench_open(&b);
    close_pair(&b, &f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_with_head_and_body),
        cmocka_unit_test(host_and_fields_are_the_callers),
        cmocka_unit_test(a_large_answer_survives_pauses),
        cmocka_unit_test(a_paused_answer_holds_the_origin_back),
        cmocka_unit_test(a_body_of_either_framing_streams_to_the_origin),
        cmocka_unit_test(a_small_body_may_be_whole_before_the_connection),
        cmocka_unit_test(an_early_answer_stops_the_body),
        cmocka_unit_test(a_body_waits_for_the_address_that_connects),
        cmocka_unit_test(calls_past_the_limit_wait_their_turn),
        cmocka_unit_test(nobody_waits_for_a_connection_for_long),
        cmocka_unit_test(a_call_may_be_cancelled_at_any_stage),
        cmocka_unit_test(a_call_may_be_cancelled_from_its_callbacks),
        cmocka_unit_test(threads_share_lists_and_origins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
