// SPDX-License-Identifier: Apache-2.0
// Request bodies that follow piece by piece: backpressure, early answers, deadlines.
#include "caller.h"

#include "base/time.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PIECE_BYTES = 10000, PIECES = 300 };

static const uint8_t zeros[PIECE_BYTES];

/** Makes `c` send `count` pieces. */
static void give(struct caller *c, enum http_body_kind kind, unsigned count)
{
    c->body_kind = kind;
    c->body_length = kind == HTTP_BODY_LENGTH ? (uint64_t)count * PIECE_BYTES : 0;
    c->piece = slice_of(zeros, sizeof(zeros));
    c->piece_count = count;
}

static void a_body_of_either_framing_arrives_whole(void **state)
{
    (void)state;
    static const enum http_body_kind kinds[] = {HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED};
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        give(&c, kinds[i], PIECES);
        c.waits = 0;
        assert_int_equal(caller_run(&c, "PUT", "/count", NO_BODY), ERR_OK);
        assert_int_equal(c.status, 200);
        assert_true(slice_equal(buf_slice(&c.body), SLICE_LIT("3000000")));
        /* No more than the bound was given before the server took it. */
        assert_true(c.waits >= PIECES * PIECE_BYTES / (HTTP_UPLOAD_BYTES + PIECE_BYTES));
    }
    unsigned rooms = c.rooms;
    c.body_kind = HTTP_BODY_NONE;
    assert_int_equal(caller_run(&c, "GET", "/hello", NO_BODY), ERR_OK);
    assert_int_equal(c.rooms, rooms); /* nobody asks for a body that there is not */
    caller_fini(&c);
    fixture_stop(&f);
}

static void an_empty_body_ends_at_once(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    c.body_kind = HTTP_BODY_CHUNKED;
    caller_start(&c, "POST", "/count", NO_BODY);
    http_call_send_end(c.call); /* before there is a connection */
    loop_run(c.loop);
    assert_int_equal(c.result, ERR_OK);
    assert_true(slice_equal(buf_slice(&c.body), SLICE_LIT("0")));
    caller_fini(&c);
    fixture_stop(&f);
}

static void an_early_answer_stops_the_body_and_ends_the_connection(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    assert_int_equal(caller_run(&c, "GET", "/hello", NO_BODY), ERR_OK);
    unsigned port = c.peer_port;
    give(&c, HTTP_BODY_CHUNKED, UINT32_MAX); /* more than anybody would send */
    assert_int_equal(caller_run(&c, "POST", "/early", NO_BODY), ERR_OK);
    assert_int_equal(c.status, 403);
    assert_true(slice_equal(buf_slice(&c.body), SLICE_LIT("no")));
    c.body_kind = HTTP_BODY_NONE;
    assert_int_equal(caller_run(&c, "GET", "/hello", NO_BODY), ERR_OK);
    assert_int_not_equal(c.peer_port, port);
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_server_that_takes_nothing_is_a_timeout(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_STUCK, NULL}, {0}};
    struct script s;
    struct caller c;
    script_start(&s, steps, NULL, NULL);
    caller_init(&c, &s.address);
    c.options.response_timeout_ns = 30 * NS_PER_MS;
    give(&c, HTTP_BODY_CHUNKED, UINT32_MAX);
    assert_int_equal(caller_run(&c, "PUT", "/", NO_BODY), ERR_TIMEOUT);
    assert_int_equal(c.stage, HTTP_STAGE_WAIT);
    caller_fini(&c);
    script_stop(&s);
}

static void send_last(struct loop_timer *timer)
{
    struct caller *c = (struct caller *)timer->user;
    assert_true(http_call_send(c->call, SLICE_LIT("late")));
    http_call_send_end(c->call);
}

static void a_caller_that_is_slow_is_not_the_servers_fault(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    c.options.response_timeout_ns = 10 * NS_PER_MS;
    c.body_kind = HTTP_BODY_LENGTH;
    c.body_length = 4;
    struct loop_timer timer = {.on_time = send_last, .user = &c};
    loop_timer_set(c.loop, &timer, 40 * NS_PER_MS, 0);
    assert_int_equal(caller_run(&c, "POST", "/count", NO_BODY), ERR_OK);
    assert_true(slice_equal(buf_slice(&c.body), SLICE_LIT("4")));
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_body_is_never_sent_twice(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {SCRIPT_ANSWER, OK_TEXT}, {SCRIPT_ANSWER_CLOSE, NULL}, {0}};
    struct script s;
    struct caller c;
    script_start(&s, steps, NULL, NULL);
    caller_init(&c, &s.address);
    assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_OK);
    assert_int_equal(caller_run(&c, "PUT", "/", SLICE_LIT("idempotent")), ERR_CLOSED);
    assert_int_equal(s.connections, 1);
    caller_fini(&c);
    script_stop(&s);
}

static void a_cancelled_upload_says_no_more(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    give(&c, HTTP_BODY_CHUNKED, 1);
    caller_start(&c, "POST", "/count", NO_BODY);
    assert_true(http_call_send(c.call, SLICE_LIT("some")));
    http_call_cancel(c.call);
    c.body_kind = HTTP_BODY_NONE;
    assert_int_equal(caller_run(&c, "GET", "/hello", NO_BODY), ERR_OK);
    assert_int_equal(c.ends, 1);
    assert_int_equal(c.rooms, 0);
    caller_fini(&c);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_of_either_framing_arrives_whole),
        cmocka_unit_test(an_empty_body_ends_at_once),
        cmocka_unit_test(an_early_answer_stops_the_body_and_ends_the_connection),
        cmocka_unit_test(a_server_that_takes_nothing_is_a_timeout),
        cmocka_unit_test(a_caller_that_is_slow_is_not_the_servers_fault),
        cmocka_unit_test(a_body_is_never_sent_twice),
        cmocka_unit_test(a_cancelled_upload_says_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
