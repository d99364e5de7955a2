// SPDX-License-Identifier: Apache-2.0
// Tests of http/client.h against our own server, and against a scripted one that misbehaves.
#include "caller.h"

#include "base/check.h"
#include "base/time.h"
#include "fixture.h"
#include "net/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_answer(const struct caller *c, unsigned status, const char *body)
{
    assert_int_equal(c->result, ERR_OK);
    assert_int_equal(c->status, status);
    assert_true(slice_equal(buf_slice(&c->body), slice_str(body)));
}

static void calls_share_a_kept_connection(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    (void)caller_run(&c, "GET", "/hello", NO_BODY);
    assert_answer(&c, 200, "hello");
    unsigned first_port = c.peer_port;
    (void)caller_run(&c, "POST", "/echo", SLICE_LIT("sent back"));
    assert_answer(&c, 200, "sent back");
    (void)caller_run(&c, "HEAD", "/hello", NO_BODY);
    assert_answer(&c, 200, "");
    (void)caller_run(&c, "GET", "/hello", NO_BODY);
    assert_int_equal(c.peer_port, first_port);
    c.options.is_fresh = true;
    (void)caller_run(&c, "GET", "/hello", NO_BODY);
    assert_int_not_equal(c.peer_port, first_port);
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_large_answer_survives_pauses(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    c.pauses_on_body = true;
    (void)caller_run(&c, "GET", "/stream?3000000", NO_BODY);
    assert_int_equal(c.result, ERR_OK);
    assert_int_equal(buf_len(&c.body), 3000000);
    assert_string_equal(c.server, "test"); /* the head was there to the last piece */
    loop_timer_stop(&c.timer);
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_large_request_is_sent_and_an_early_answer_read(void **state)
{
    (void)state;
    static const uint8_t zeros[3000000];
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    (void)caller_run(&c, "POST", "/count", slice_of(zeros, sizeof(zeros)));
    assert_answer(&c, 200, "3000000");
    (void)caller_run(&c, "POST", "/early", slice_of(zeros, sizeof(zeros)));
    assert_answer(&c, 403, "no");
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_cut_answer_is_an_error(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    assert_int_equal(caller_run(&c, "GET", "/short", NO_BODY), ERR_CLOSED);
    assert_int_equal(caller_run(&c, "GET", "/abort", NO_BODY), ERR_CLOSED);
    caller_fini(&c);
    fixture_stop(&f);
}

static void a_cancelled_call_says_no_more(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    f.limits.half_close_timeout_ns = NS_PER_MS;
    fixture_start(&f);
    caller_init(&c, &f.address);
    caller_start(&c, "GET", "/hello", NO_BODY);
    http_call_cancel(c.call); /* before anything happened */
    c.cancels_on_body = true; /* and from its callback */
    caller_start(&c, "GET", "/stream?3000000", NO_BODY);
    loop_run(c.loop);
    caller_start(&c, "GET", "/hold", NO_BODY); /* and by the end of its client */
    assert_int_equal(c.ends, 0);
    caller_fini(&c);
    fixture_stop(&f);
}

static void answers_are_read_to_the_byte_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum err result;
        const char *body;
    } cases[] = {
        {OK_TEXT, ERR_OK, "ok"},
        {"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" OK_TEXT, ERR_OK,
         "ok"},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the close", ERR_OK, "until the close"},
        {"HTTP/1.0 200 OK\r\n\r\n", ERR_OK, ""},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", ERR_OK, "ok"},
        {OK_TEXT "and more", ERR_OK, "ok"},
        {"HTTP/1.1 204 No Content\r\n\r\n", ERR_OK, ""},
        {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", ERR_CLOSED, "ok"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", ERR_CLOSED, "ok"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokx", ERR_INVALID, "ok"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", ERR_INVALID, ""},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", ERR_INVALID, ""},
        {"SSH-2.0-x\r\n\r\n", ERR_INVALID, ""},
        {"HTTP/1.1 200 O", ERR_CLOSED, ""},
        {NULL, ERR_CLOSED, ""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, cases[i].text}, {0}};
        struct caller c = {0};
        enum err result = scripted(&c, steps, "GET");
        if (result != cases[i].result || !slice_equal(buf_slice(&c.body), slice_str(cases[i].body)))
            fail_msg("%s: %s: %s", err_name(result), c.failure.text, cases[i].text);
        assert_int_equal(c.ends, 1);
        caller_fini(&c);
    }
}

static void the_answers_body_is_bounded(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER, OK_TEXT}, {0}};
    struct caller c = {.options = {.body_limit_bytes = 2}};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_OK);
    caller_fini(&c);
    c = (struct caller){.options = {.body_limit_bytes = 1}};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_LIMIT);
    caller_fini(&c);
}

static void a_dead_kept_connection_is_tried_once_more_where_that_is_safe(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        struct script_step second;
        enum err result;
    } cases[] = {
        {"GET", {SCRIPT_ANSWER_CLOSE, NULL}, ERR_OK},
        {"POST", {SCRIPT_ANSWER_CLOSE, NULL}, ERR_CLOSED}, /* it may have been carried out */
        {"GET", {SCRIPT_ANSWER_CLOSE, "HTTP/1.1 200"}, ERR_CLOSED}, /* an answer had begun */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct script_step steps[] = {
            {SCRIPT_ANSWER, OK_TEXT}, cases[i].second, {SCRIPT_ANSWER, OK_TEXT}, {0}};
        struct script s;
        struct caller c;
        script_start(&s, steps, NULL, NULL);
        caller_init(&c, &s.address);
        assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_OK);
        assert_int_equal(caller_run(&c, cases[i].method, "/", NO_BODY), cases[i].result);
        assert_int_equal(s.connections, cases[i].result == ERR_OK ? 2 : 1);
        if (cases[i].result != ERR_OK) /* lets the script end */
            assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_OK);
        script_stop(&s);
        caller_fini(&c);
    }
}

static void a_fresh_connection_that_dies_is_not_tried_again(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, NULL}, {0}};
    struct caller c = {0};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_CLOSED);
    caller_fini(&c);
}

static void what_cannot_be_reached_or_sent_says_so_later(void **state)
{
    (void)state;
    struct net_address address;
    struct caller c;
    int fd;
    struct net_address any;
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &(struct net_listen_options){0}, &fd, &address, NULL),
                     ERR_OK);
    (void)close(fd); /* nobody listens there now */
    caller_init(&c, &address);
    assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_UNAVAILABLE);
    assert_non_null(strstr(c.failure.text, "refused"));
    assert_int_equal(caller_run(&c, "GET", "/ HTTP/1.1\r\n\r\n", NO_BODY), ERR_INVALID);
    assert_int_equal(caller_run(&c, "G T", "/", NO_BODY), ERR_INVALID);
    caller_fini(&c);
}

static void a_tool_may_wait_for_a_whole_answer(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct fixture f;
    fixture_init(&f);
    fixture_start(&f);
    struct http_request request = {.method = SLICE_LIT("POST"), .target = SLICE_LIT("/echo")};
    http_fields_add_str(&a, &request.fields, "Host", "a");
    struct http_call_options options = {.address = f.address};
    struct http_answer answer;
    struct errctx ec = {0};
    assert_int_equal(http_call_wait(&a, &options, &request, SLICE_LIT("whole"), &answer, &ec),
                     ERR_OK);
    assert_int_equal(answer.status, 200);
    assert_true(slice_equal(answer.body, SLICE_LIT("whole")));
    assert_non_null(http_fields_get(&answer.fields, "date"));
    request.target = SLICE_LIT("/abort");
    assert_int_equal(http_call_wait(&a, &options, &request, NO_BODY, &answer, &ec), ERR_CLOSED);
    assert_int_equal(ec.code, ERR_CLOSED);
    fixture_stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_share_a_kept_connection),
        cmocka_unit_test(a_large_answer_survives_pauses),
        cmocka_unit_test(a_large_request_is_sent_and_an_early_answer_read),
        cmocka_unit_test(a_cut_answer_is_an_error),
        cmocka_unit_test(a_cancelled_call_says_no_more),
        cmocka_unit_test(answers_are_read_to_the_byte_or_refused),
        cmocka_unit_test(the_answers_body_is_bounded),
        cmocka_unit_test(a_dead_kept_connection_is_tried_once_more_where_that_is_safe),
        cmocka_unit_test(a_fresh_connection_that_dies_is_not_tried_again),
        cmocka_unit_test(what_cannot_be_reached_or_sent_says_so_later),
        cmocka_unit_test(a_tool_may_wait_for_a_whole_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
