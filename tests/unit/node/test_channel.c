// SPDX-License-Identifier: Apache-2.0
#include "node/channel.h"

#include "base/time.h"
#include "node/limits.h"
#include "run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct ends {
    struct loop *loop;
    int a;
    int b;
    struct channel channel; /* on b */
    struct channel_message got[2 * NODE_CHANNEL_WAITING];
    size_t count;
    size_t wanted;
    bool stops_itself;
};

static void on_message(void *user, const struct channel_message *m)
{
    struct ends *e = user;
    e->got[e->count++] = *m;
    if (e->stops_itself)
        channel_stop(&e->channel);
}

static void ends_init(struct ends *e)
{
    *e = (struct ends){.loop = loop_new(true)};
    channel_pair(&e->a, &e->b);
    e->channel = (struct channel){.fd = e->b, .on_message = on_message, .user = e};
    channel_start(e->loop, &e->channel);
}

static void ends_fini(struct ends *e)
{
    channel_stop(&e->channel);
    loop_free(e->loop);
    assert_int_equal(close(e->b), 0);
}

static bool has_enough(void *arg)
{
    const struct ends *e = arg;
    return e->count >= e->wanted;
}

static void messages_arrive_whole_and_in_order(void **state)
{
    (void)state;
    struct ends e;
    ends_init(&e);
    for (int i = 0; i < 3; i++) {
        struct channel_message m = {.kind = CHANNEL_APPLIED, .role = 1, .number = i};
        memset(m.root.bytes, i, sizeof(m.root.bytes));
        (void)strcpy(m.text, "said");
        channel_send(e.a, &m);
    }
    e.wanted = 3;
    run_until(e.loop, has_enough, &e);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(e.got[i].number, i);
        assert_int_equal(e.got[i].root.bytes[31], i);
        assert_string_equal(e.got[i].text, "said");
    }
    assert_int_equal(close(e.a), 0);
    ends_fini(&e);
}

static void a_stuck_receiver_costs_the_sender_nothing(void **state)
{
    (void)state;
    struct ends e;
    ends_init(&e);
    for (int i = 0; i < 10000; i++) {
        struct channel_message m = {.number = i};
        channel_send(e.a, &m);
    }
    e.wanted = 20;
    run_until(e.loop, has_enough, &e);
    run_for(e.loop, 10 * NS_PER_MS);
    assert_in_range(e.count, 20, 2 * NODE_CHANNEL_WAITING);
    assert_int_equal(e.got[0].number, 0); /* the newest are dropped */
    assert_int_equal(close(e.a), 0);
    ends_fini(&e);
}

static void what_is_no_message_is_passed_over(void **state)
{
    (void)state;
    struct ends e;
    ends_init(&e);
    assert_int_equal(send(e.a, "short", 5, 0), 5);
    struct channel_message m = {.number = 7};
    memset(m.text, 'x', sizeof(m.text)); /* without its NUL */
    channel_send(e.a, &m);
    e.wanted = 1;
    run_until(e.loop, has_enough, &e);
    assert_int_equal(e.got[0].number, 7);
    assert_int_equal(strlen(e.got[0].text), CHANNEL_TEXT_SIZE - 1);
    assert_int_equal(close(e.a), 0);
    ends_fini(&e);
}

static void a_receiver_may_stop_itself(void **state)
{
    (void)state;
    struct ends e;
    ends_init(&e);
    e.stops_itself = true;
    e.wanted = 1;
    struct channel_message m = {.number = 1};
    channel_send(e.a, &m);
    channel_send(e.a, &m);
    run_until(e.loop, has_enough, &e);
    run_for(e.loop, 5 * NS_PER_MS);
    assert_int_equal(e.count, 1);
    assert_int_equal(close(e.a), 0);
    ends_fini(&e);
}

static void the_end_of_the_other_side_stops_it(void **state)
{
    (void)state;
    struct ends e;
    ends_init(&e);
    assert_int_equal(close(e.a), 0);
    run_for(e.loop, 5 * NS_PER_MS);
    assert_null(e.channel.io.loop);
    ends_fini(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_arrive_whole_and_in_order),
        cmocka_unit_test(a_stuck_receiver_costs_the_sender_nothing),
        cmocka_unit_test(what_is_no_message_is_passed_over),
        cmocka_unit_test(a_receiver_may_stop_itself),
        cmocka_unit_test(the_end_of_the_other_side_stops_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
