// SPDX-License-Identifier: Apache-2.0
// How calls of a client end: who failed, and at which stage; what becomes of connections.
#include "caller.h"

#include "base/time.h"
#include "fixture.h"
#include "net/socket.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/** Deadlines of what must end by one; the others never do. */
#define SHORT_NS (30 * NS_PER_MS)

#define HEAD_3 "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"

static void a_failure_says_at_which_stage(void **state)
{
    (void)state;
    static const struct {
        enum script_verb verb;
        const char *text;
        enum err result;
        enum http_stage stage;
    } cases[] = {
        {SCRIPT_SILENT, NULL, ERR_TIMEOUT, HTTP_STAGE_WAIT},
        {SCRIPT_ANSWER_CLOSE, NULL, ERR_CLOSED, HTTP_STAGE_WAIT},
        {SCRIPT_RESET, NULL, ERR_CLOSED, HTTP_STAGE_WAIT},
        {SCRIPT_SILENT, "HTTP/1.1 200 OK\r\n", ERR_TIMEOUT, HTTP_STAGE_HEAD},
        {SCRIPT_SILENT, "HTTP/1.1 100 Continue\r\n\r\n", ERR_TIMEOUT, HTTP_STAGE_HEAD},
        {SCRIPT_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\n", ERR_CLOSED, HTTP_STAGE_HEAD},
        {SCRIPT_SILENT, "220 mail.example ESMTP\r\n", ERR_INVALID, HTTP_STAGE_HEAD},
        {SCRIPT_SILENT, HEAD_3 "ok", ERR_TIMEOUT, HTTP_STAGE_BODY},
        {SCRIPT_ANSWER_CLOSE, HEAD_3 "ok", ERR_CLOSED, HTTP_STAGE_BODY},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct script_step steps[] = {{cases[i].verb, cases[i].text}, {0}};
        struct caller c = {0};
        if (cases[i].result == ERR_TIMEOUT)
            c.options.response_timeout_ns = SHORT_NS;
        (void)scripted(&c, steps, "GET");
        if (c.result != cases[i].result || c.stage != cases[i].stage)
            fail_msg("case %zu: %s at %d: %s", i, err_name(c.result), c.stage, c.failure.text);
        assert_int_equal(c.heads, cases[i].stage == HTTP_STAGE_BODY ? 1 : 0);
        caller_fini(&c);
    }
}

static void a_refused_connection_fails_before_the_request(void **state)
{
    (void)state;
    struct net_address any;
    struct net_address nobody;
    struct caller c;
    int fd;
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &(struct net_listen_options){0}, &fd, &nobody, NULL),
                     ERR_OK);
    (void)close(fd);
    caller_init(&c, &nobody);
    assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_UNAVAILABLE);
    assert_int_equal(c.stage, HTTP_STAGE_CONNECT);
    caller_fini(&c);
}

static void a_head_that_drips_has_one_deadline(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {SCRIPT_DRIP, "HTTP/1.1 200 OK\r\nA: 0123456789012345678901234567890123456789\r\n"}, {0}};
    struct caller c = {.options = {.response_timeout_ns = 10 * SCRIPT_DRIP_MS * NS_PER_MS}};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_TIMEOUT);
    assert_int_equal(c.stage, HTTP_STAGE_HEAD);
    caller_fini(&c);
}

static void a_body_that_drips_arrives(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {SCRIPT_DRIP, "HTTP/1.1 200 OK\r\n\r\n01234567890123456789"}, {0}};
    struct caller c = {.options = {.response_timeout_ns = 25 * SCRIPT_DRIP_MS * NS_PER_MS,
                                   .body_limit_bytes = 20}};
    (void)scripted(&c, steps, "GET"); /* ends by the limit, since this server does not close */
    assert_int_equal(buf_len(&c.body), 20);
    caller_fini(&c);
}

static void informational_answers_have_a_limit(void **state)
{
    (void)state;
    AUTO_BUF struct buf text = {0};
    for (int i = 0; i < HTTP_INFO_ANSWERS; i++)
        buf_append_str(&text, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    for (int is_over = 0; is_over <= 1; is_over++) {
        AUTO_BUF struct buf all = {0};
        buf_append(&all, buf_slice(&text));
        buf_append_str(&all, is_over ? "HTTP/1.1 103 Early Hints\r\n\r\n" OK_TEXT : OK_TEXT);
        buf_append_byte(&all, '\0');
        const struct script_step steps[] = {
            {SCRIPT_ANSWER_CLOSE, (const char *)buf_slice(&all).data}, {0}};
        struct caller c = {0};
        assert_int_equal(scripted(&c, steps, "GET"), is_over ? ERR_INVALID : ERR_OK);
        caller_fini(&c);
    }
}

static void an_answers_head_has_limits(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER, OK_TEXT}, {0}};
    struct http_limits limits = HTTP_LIMITS_DEFAULT;
    limits.head_bytes = sizeof(OK_TEXT) - 3; /* without its body */
    struct caller c = {.options = {.limits = &limits}};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_OK);
    caller_fini(&c);
    limits.head_bytes--;
    c = (struct caller){.options = {.limits = &limits}};
    assert_int_equal(scripted(&c, steps, "GET"), ERR_INVALID);
    caller_fini(&c);
}

/** The port of the connection over which a call went. */
static unsigned port_of_call(struct caller *c, const char *method)
{
    assert_int_equal(caller_run(c, method, "/hello", NO_BODY), ERR_OK);
    return c->peer_port;
}

static void what_cannot_be_sent_twice_takes_a_connection_used_a_moment_ago(void **state)
{
    (void)state;
    static const char *const methods[] = {"POST", "PATCH"};
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        unsigned port = port_of_call(&c, "GET");
        assert_int_equal(port_of_call(&c, methods[i]), port);
        c.options.unsafe_idle_ns = 1;
        assert_int_not_equal(port_of_call(&c, methods[i]), port);
        c.options.unsafe_idle_ns = 0;
    }
    unsigned port = port_of_call(&c, "GET");
    c.options.unsafe_idle_ns = 1;
    assert_int_equal(port_of_call(&c, "DELETE"), port);
    caller_fini(&c);
    fixture_stop(&f);
}

static void stop_loop(struct loop_timer *timer)
{
    loop_stop((struct loop *)timer->user);
}

static void an_idle_connection_is_closed_after_its_time(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    unsigned port = port_of_call(&c, "GET");
    c.options.keep_timeout_ns = NS_PER_MS;
    assert_int_equal(port_of_call(&c, "GET"), port);
    struct loop_timer timer = {.on_time = stop_loop, .user = c.loop};
    loop_timer_set(c.loop, &timer, 5 * NS_PER_MS, 0);
    loop_run(c.loop);
    assert_int_not_equal(port_of_call(&c, "GET"), port);
    caller_fini(&c);
    fixture_stop(&f);
}

static void connections_are_kept_up_to_a_limit(void **state)
{
    (void)state;
    struct fixture f;
    struct caller c;
    fixture_init(&f);
    fixture_start(&f);
    caller_init(&c, &f.address);
    http_client_set_idle_limit(c.client, 1);
    unsigned port = port_of_call(&c, "GET");
    c.options.server_name = "other"; /* another kind of connection: the first makes room */
    assert_int_not_equal(port_of_call(&c, "GET"), port);
    c.options.server_name = NULL;
    assert_int_not_equal(port_of_call(&c, "GET"), port);
    caller_fini(&c);
    fixture_stop(&f);
}

static void what_follows_a_whole_answer_spoils_its_connection(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {SCRIPT_ANSWER, OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong"},
        {SCRIPT_ANSWER, OK_TEXT},
        {0}};
    struct script s;
    struct caller c;
    script_start(&s, steps, NULL, NULL);
    caller_init(&c, &s.address);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(caller_run(&c, "GET", "/", NO_BODY), ERR_OK);
        assert_true(slice_equal(buf_slice(&c.body), SLICE_LIT("ok")));
    }
    assert_int_equal(s.connections, 2);
    script_stop(&s);
    caller_fini(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_says_at_which_stage),
        cmocka_unit_test(a_refused_connection_fails_before_the_request),
        cmocka_unit_test(a_head_that_drips_has_one_deadline),
        cmocka_unit_test(a_body_that_drips_arrives),
        cmocka_unit_test(informational_answers_have_a_limit),
        cmocka_unit_test(an_answers_head_has_limits),
        cmocka_unit_test(what_cannot_be_sent_twice_takes_a_connection_used_a_moment_ago),
        cmocka_unit_test(an_idle_connection_is_closed_after_its_time),
        cmocka_unit_test(connections_are_kept_up_to_a_limit),
        cmocka_unit_test(what_follows_a_whole_answer_spoils_its_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
