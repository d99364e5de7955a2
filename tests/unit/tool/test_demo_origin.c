// SPDX-License-Identifier: Apache-2.0
// The demo's origins, asked by a client on a thread of its own.
#include "tool/demo_origin.h"

#include "base/time.h"
#include "http/client.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static struct loop *loop;
static struct demo_origin *origin;
static struct arena arena;

static int setup(void **state)
{
    (void)state;
    struct errctx ec = {0};
    arena_init(&arena);
    loop = loop_new(true);
    if (demo_origin_new(loop, "first", 0, &origin, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    demo_origin_free(origin);
    loop_free(loop);
    arena_fini(&arena);
    return 0;
}

/* One question of the client thread, and what came of it. */
struct question {
    const char *method;
    const char *target;
    struct http_answer answer;
    int64_t took_ns;
    enum err result;
};

static void stop(void *arg)
{
    loop_stop(arg);
}

static void *run_question(void *arg)
{
    struct question *q = arg;
    struct http_call_options options = {0};
    struct http_request request = {
        .method = slice_str(q->method), .target = slice_str(q->target), .minor_version = 1};
    struct errctx ec = {0};
    int64_t began_ns = time_monotonic_ns();
    q->result = net_address_parse(SLICE_LIT("127.0.0.1:0"), &options.address, &ec);
    net_address_set_port(&options.address, demo_origin_port(origin));
    http_fields_add_str(&arena, &request.fields, "Host", "origin.test");
    if (q->result == ERR_OK)
        q->result = http_call_wait(&arena, &options, &request, slice_of(NULL, 0), &q->answer, &ec);
    q->took_ns = time_monotonic_ns() - began_ns;
    loop_post(loop, stop, loop);
    return NULL;
}

static void ask(struct question *q)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_question, q), 0);
    loop_run(loop);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(q->result, ERR_OK);
}

static bool has_field(const struct question *q, const char *name, const char *value)
{
    const struct slice *found = http_fields_get(&q->answer.fields, name);
    return found != NULL && slice_equal(*found, slice_str(value));
}

static void answers_are_told_apart_by_name_and_number(void **state)
{
    (void)state;
    struct question first = {.method = "GET", .target = "/a?b"};
    struct question second = {.method = "GET", .target = "/a?b"};
    ask(&first);
    ask(&second);
    assert_int_equal(first.answer.status, 200);
    assert_true(slice_starts_with(first.answer.body, SLICE_LIT("The first origin, answer 1, at ")));
    assert_true(
        slice_starts_with(second.answer.body, SLICE_LIT("The first origin, answer 2, at ")));
    assert_true(slice_ends_with(first.answer.body, SLICE_LIT(": /a?b\n")));
    assert_true(has_field(&first, "ETag", "\"first-1\""));
    assert_true(has_field(&first, "Cache-Control", "max-age=3600"));
}

static void some_paths_are_slow_or_not_to_be_kept(void **state)
{
    (void)state;
    struct question slow = {.method = "GET", .target = "/slow"};
    struct question unkept = {.method = "GET", .target = "/no-store/x"};
    ask(&slow);
    ask(&unkept);
    assert_int_equal(slow.answer.status, 200);
    assert_true(slow.took_ns >= NS_PER_S);
    assert_true(has_field(&unkept, "Cache-Control", "no-store"));
}

static void it_only_reads(void **state)
{
    (void)state;
    struct question post = {.method = "POST", .target = "/"};
    ask(&post);
    assert_int_equal(post.answer.status, 405);
}

static void a_port_that_is_taken_is_an_error(void **state)
{
    (void)state;
    struct demo_origin *second = NULL;
    struct errctx ec = {0};
    assert_int_not_equal(demo_origin_new(loop, "second", demo_origin_port(origin), &second, &ec),
                         ERR_OK);
    assert_null(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(answers_are_told_apart_by_name_and_number, setup, teardown),
        cmocka_unit_test_setup_teardown(some_paths_are_slow_or_not_to_be_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(it_only_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(a_port_that_is_taken_is_an_error, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
