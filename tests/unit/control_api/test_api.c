// SPDX-License-Identifier: Apache-2.0
// The API over loopback: listeners, workers, answers on the loop, draining.
#include "control/api/api.h"
#include "control/api/limits.h"
#include "fixture.h"
#include "http/client.h"
#include "net/socket.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define CLIENTS 4
#define CALLS_EACH 20

struct server {
    struct fixture *fixture;
    struct loop *loop;
    struct api *api;
    struct net_address address;
    int fd;
    pthread_t clients[CLIENTS];
    _Atomic unsigned running; /* clients that still call */
    _Atomic unsigned answered[600];
    unsigned drained;
};

static void on_drained(void *user)
{
    struct server *s = user;
    s->drained++;
    loop_stop(s->loop);
}

static void drain(void *user)
{
    struct server *s = user;
    api_drain(s->api, on_drained, s);
}

/* Unsigned calls: each is refused by a worker, and by the loop where the path is nobody's. */
static void *client_main(void *user)
{
    struct server *s = user;
    for (unsigned i = 0; i < CALLS_EACH; i++) {
        AUTO_ARENA struct arena a = {0};
        struct errctx ec = {0};
        struct http_answer answer;
        struct http_call_options options = {.address = s->address,
                                            .connect_timeout_ns = 5000000000,
                                            .response_timeout_ns = 20000000000,
                                            .body_limit_bytes = 65536};
        struct http_request request = {.method = SLICE_LIT("POST"),
                                       .target = i % 2 == 0 ? SLICE_LIT("/2013-04-01/hostedzone")
                                                            : SLICE_LIT("/nobody")};
        http_fields_add_str(&a, &request.fields, "Host", "api.weir.test");
        if (http_call_wait(&a, &options, &request, SLICE_LIT("<x/>"), &answer, &ec) == ERR_OK &&
            http_fields_get(&answer.fields, "x-amzn-RequestId") != NULL)
            s->answered[answer.status]++;
    }
    if (--s->running == 0)
        loop_post(s->loop, drain, s);
    return NULL;
}

static void start(struct server *s, struct fixture *f)
{
    struct errctx ec = {0};
    struct net_address any;
    struct net_listen_options listen = {0};
    s->fixture = f;
    f->options.worker_count = 2;
    s->loop = loop_new(true);
    assert_int_equal(api_new(s->loop, &f->options, &s->api, &ec), ERR_OK);
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, &ec), ERR_OK);
    assert_int_equal(net_listen_tcp(&any, &listen, &s->fd, &s->address, &ec), ERR_OK);
    api_listen(s->api, s->fd, NULL);
}

static void stop(struct server *s)
{
    api_free(s->api);
    loop_free(s->loop);
    close(s->fd);
}

static void calls_run_on_workers_and_are_all_answered(void **state)
{
    struct server s = {.running = CLIENTS};
    start(&s, *state);
    for (size_t i = 0; i < CLIENTS; i++)
        assert_int_equal(pthread_create(&s.clients[i], NULL, client_main, &s), 0);
    loop_run(s.loop);
    for (size_t i = 0; i < CLIENTS; i++)
        pthread_join(s.clients[i], NULL);
    assert_int_equal(s.answered[403], CLIENTS * CALLS_EACH / 2);
    assert_int_equal(s.answered[404], CLIENTS * CALLS_EACH / 2);
    assert_int_equal(s.drained, 1);
    stop(&s);
}

/* A call that never shows a key, with a body of this size: the status of its answer. */
static unsigned post_bytes(const struct server *s, size_t body_bytes)
{
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    struct http_answer answer = {0};
    struct http_call_options options = {.address = s->address,
                                        .connect_timeout_ns = 5000000000,
                                        .response_timeout_ns = 20000000000,
                                        .body_limit_bytes = 65536};
    struct http_request request = {.method = SLICE_LIT("POST"),
                                   .target = SLICE_LIT("/2013-04-01/hostedzone")};
    uint8_t *body = arena_alloc(&a, body_bytes);
    http_fields_add_str(&a, &request.fields, "Host", "api.weir.test");
    assert_int_equal(
        http_call_wait(&a, &options, &request, slice_of(body, body_bytes), &answer, &ec), ERR_OK);
    return answer.status;
}

/* Twice each: what was counted for the first is given back. */
static void *bodies_main(void *user)
{
    struct server *s = user;
    for (unsigned i = 0; i < 2; i++) {
        s->answered[post_bytes(s, API_BODY_FREE_BYTES + s->fixture->options.bodies_bytes)]++;
        s->answered[post_bytes(s, API_BODY_FREE_BYTES + s->fixture->options.bodies_bytes + 1)]++;
    }
    loop_post(s->loop, drain, s);
    return NULL;
}

static void bodies_past_what_all_calls_may_hold_are_answered_503(void **state)
{
    struct fixture *f = *state;
    struct server s = {0};
    f->options.bodies_bytes = 100000;
    start(&s, f);
    assert_int_equal(pthread_create(&s.clients[0], NULL, bodies_main, &s), 0);
    loop_run(s.loop);
    pthread_join(s.clients[0], NULL);
    assert_int_equal(s.answered[403], 2);
    assert_int_equal(s.answered[503], 2);
    stop(&s);
}

/* Unsigned calls until one is turned away, or far too many. */
static void *strangers_main(void *user)
{
    struct server *s = user;
    for (unsigned i = 0; i < 40 * API_STRANGERS_PER_S && s->answered[503] == 0; i++)
        s->answered[post_bytes(s, 1)]++;
    loop_post(s->loop, drain, s);
    return NULL;
}

static void a_flood_of_calls_without_a_key_is_turned_away(void **state)
{
    struct server s = {0};
    start(&s, *state);
    assert_int_equal(pthread_create(&s.clients[0], NULL, strangers_main, &s), 0);
    loop_run(s.loop);
    pthread_join(s.clients[0], NULL);
    assert_true(s.answered[403] >= API_STRANGERS_PER_S);
    assert_int_equal(s.answered[503], 1);
    stop(&s);
}

static void freeing_ends_what_is_open(void **state)
{
    struct server s = {0};
    struct errctx ec = {0};
    start(&s, *state);
    int fd;
    assert_int_equal(net_connect_tcp(&s.address, &fd, &ec), ERR_OK);
    stop(&s);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(calls_run_on_workers_and_are_all_answered),
        TEST(bodies_past_what_all_calls_may_hold_are_answered_503),
        TEST(a_flood_of_calls_without_a_key_is_turned_away),
        TEST(freeing_ends_what_is_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
