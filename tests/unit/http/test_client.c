// SPDX-License-Identifier: Apache-2.0
// Tests of http/client.h against our own server, and against a scripted one that misbehaves.
#include "http/client.h"

#include "base/check.h"
#include "base/time.h"
#include "fixture.h"
#include "net/socket.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/** What a scripted server does with each request it reads, in order, over all connections. */
enum script_verb {
    SCRIPT_END,
    SCRIPT_ANSWER,       /* sends the text, goes on */
    SCRIPT_ANSWER_CLOSE, /* sends the text, closes, accepts the next */
    SCRIPT_SILENT,       /* sends the text, waits for the client to close */
};

struct script_step {
    enum script_verb verb;
    const char *text; /* NULL: nothing */
};

struct script {
    const struct script_step *steps;
    int listen_fd;
    struct net_address address;
    pthread_t thread;
    _Atomic unsigned connections;
};

/** Reads up to the end of a head; false at the end of the connection. */
static bool script_read(int fd)
{
    char text[4096];
    size_t len = 0;
    while (len < sizeof(text)) {
        ssize_t count = recv(fd, text + len, sizeof(text) - len, 0);
        if (count <= 0)
            return false;
        len += (size_t)count;
        if (memmem(text, len, "\r\n\r\n", 4) != NULL)
            return true;
    }
    return false;
}

/** Plays the steps of one connection; returns the first that is left. */
static const struct script_step *script_serve(const struct script_step *step, int fd)
{
    while (step->verb != SCRIPT_END) {
        if (!script_read(fd))
            return step;
        if (step->text != NULL)
            fixture_send(fd, step->text);
        if (step->verb == SCRIPT_SILENT)
            (void)script_read(fd);
        if (step->verb != SCRIPT_ANSWER)
            return step + 1;
        step++;
    }
    return step;
}

static void *script_run(void *arg)
{
    struct script *s = (struct script *)arg;
    const struct script_step *step = s->steps;
    while (step->verb != SCRIPT_END) {
        int fd = accept(s->listen_fd, NULL, NULL);
        CHECK(fd >= 0);
        s->connections++;
        step = script_serve(step, fd);
        (void)close(fd);
    }
    return NULL;
}

static void script_start(struct script *s, const struct script_step *steps)
{
    struct net_address any;
    *s = (struct script){.steps = steps};
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL), ERR_OK);
    assert_int_equal(
        net_listen_tcp(&any, &(struct net_listen_options){0}, &s->listen_fd, &s->address, NULL),
        ERR_OK);
    assert_int_equal(fcntl(s->listen_fd, F_SETFL, 0), 0); /* its thread may block */
    assert_int_equal(pthread_create(&s->thread, NULL, script_run, s), 0);
}

static void script_stop(struct script *s)
{
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->listen_fd);
}

/** What came of a call, and the client under test. */
struct caller {
    struct loop *loop;
    struct http_client *client;
    struct http_call_options options;
    struct http_call *call; /* the last one started; NULL when it has ended */
    unsigned status;
    unsigned heads;
    unsigned ends;
    unsigned peer_port; /* that the server saw */
    struct buf body;
    enum err result;
    enum http_stage stage;
    struct errctx failure;
    bool cancels_on_body;
    bool pauses_on_body;
    struct loop_timer timer;
};

static void note_head(void *user, const struct http_response *head)
{
    struct caller *c = (struct caller *)user;
    c->status = head->status;
    c->heads++;
    const struct slice *port = http_fields_get(&head->fields, "X-Peer-Port");
    uint64_t number;
    if (port != NULL && slice_parse_u64(*port, UINT16_MAX, &number))
        c->peer_port = (unsigned)number;
}

static void resume(struct loop_timer *timer)
{
    struct caller *c = (struct caller *)timer->user;
    http_call_pause(c->call, false);
}

static void note_body(void *user, struct slice data)
{
    struct caller *c = (struct caller *)user;
    buf_append(&c->body, data);
    if (c->cancels_on_body) {
        http_call_cancel(c->call);
        loop_stop(c->loop);
    }
    if (c->pauses_on_body) {
        http_call_pause(c->call, true);
        c->timer.on_time = resume;
        c->timer.user = c;
        loop_timer_set(c->loop, &c->timer, 0, 0);
    }
}

static void note_end(void *user, const struct http_call_end *end)
{
    struct caller *c = (struct caller *)user;
    c->result = end->result;
    c->stage = end->stage;
    c->failure = *end->why;
    c->call = NULL;
    c->ends++;
    loop_stop(c->loop);
}

static void caller_init(struct caller *c, const struct net_address *address)
{
    *c = (struct caller){.options = {.address = *address}};
    c->loop = loop_new(false);
    c->client = http_client_new(c->loop);
}

static void caller_fini(struct caller *c)
{
    http_client_free(c->client);
    loop_free(c->loop);
    buf_fini(&c->body);
}

/** Starts a call; it has not called back when this returns. */
static void caller_start(struct caller *c, const char *method, const char *target,
                         struct slice body)
{
    static const struct http_call_handler handler = {
        .on_head = note_head, .on_body = note_body, .on_end = note_end};
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = slice_str(method), .target = slice_str(target)};
    http_fields_add_str(&a, &request.fields, "Host", "a");
    buf_clear(&c->body);
    c->status = 0;
    unsigned ends = c->ends;
    c->call = http_call_start(c->client, &c->options, &request, body, &handler, c);
    assert_int_equal(c->ends, ends);
}

static enum err caller_run(struct caller *c, const char *method, const char *target,
                           struct slice body)
{
    caller_start(c, method, target, body);
    loop_run(c->loop);
    return c->result;
}

static void assert_answer(const struct caller *c, unsigned status, const char *body)
{
    assert_int_equal(c->result, ERR_OK);
    assert_int_equal(c->status, status);
    assert_true(slice_equal(buf_slice(&c->body), slice_str(body)));
}

#define NO_BODY SLICE_LIT("")

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

/** One call to a server that plays the steps; its result, with status and body in `c`. */
static enum err scripted(struct caller *c, const struct script_step *steps, const char *method)
{
    struct script s;
    struct http_call_options options = c->options;
    script_start(&s, steps);
    caller_init(c, &s.address);
    options.address = s.address;
    c->options = options;
    enum err result = caller_run(c, method, "/", NO_BODY);
    http_client_free(c->client);
    c->client = NULL;
    script_stop(&s);
    return result;
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

static void a_silent_server_is_a_timeout(void **state)
{
    (void)state;
    static const char *const texts[] = {NULL, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const struct script_step steps[] = {{SCRIPT_SILENT, texts[i]}, {0}};
        struct caller c = {.options = {.response_timeout_ns = 20 * NS_PER_MS}};
        assert_int_equal(scripted(&c, steps, "GET"), ERR_TIMEOUT);
        caller_fini(&c);
    }
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
        script_start(&s, steps);
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
        cmocka_unit_test(a_silent_server_is_a_timeout),
        cmocka_unit_test(a_dead_kept_connection_is_tried_once_more_where_that_is_safe),
        cmocka_unit_test(a_fresh_connection_that_dies_is_not_tried_again),
        cmocka_unit_test(what_cannot_be_reached_or_sent_says_so_later),
        cmocka_unit_test(a_tool_may_wait_for_a_whole_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
