// SPDX-License-Identifier: Apache-2.0
// When an invalidation is complete: who is waited for, for how long, and who is not.
#include "base/time.h"
#include "control/rollout/completion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define START_NS (1000 * NS_PER_S)
#define EPOCH 7u

static const struct completion_limits limits = {
    .grace_ns = 6 * NS_PER_S,
    .silent_ns = 15 * NS_PER_S,
    .settle_ns = 6 * NS_PER_S,
};

/** A control and the nodes that it knows; the clock stands still unless told. */
struct stage {
    struct completion c;
    struct roster roster;
    int64_t now_ns;
};

/** Past the first seconds after the start. */
static void stage_init(struct stage *s)
{
    completion_init(&s->c, &limits, START_NS);
    roster_init(&s->roster);
    s->now_ns = START_NS + limits.settle_ns;
    completion_see(&s->c, (struct feed_position){EPOCH, 0}, s->now_ns);
}

static void stage_fini(struct stage *s)
{
    completion_fini(&s->c);
    roster_fini(&s->roster);
}

static struct roster_node *know(struct stage *s, const char *id, enum store_node_state state)
{
    const struct store_node row = {.id = id, .state = state, .address = ""};
    return roster_add(&s->roster, &row);
}

static void see(struct stage *s, uint64_t number)
{
    completion_see(&s->c, (struct feed_position){EPOCH, number}, s->now_ns);
}

static void come(struct stage *s, const char *id, uint64_t number)
{
    completion_come(&s->c, id, (struct feed_position){EPOCH, number}, s->now_ns);
}

static void come_with_nothing(struct stage *s, const char *id)
{
    completion_come(&s->c, id, (struct feed_position){0}, s->now_ns);
}

static void applied(struct stage *s, const char *id, uint64_t number)
{
    completion_applied(&s->c, id, (struct feed_position){EPOCH, number}, s->now_ns);
}

static uint64_t upto(const struct stage *s)
{
    return completion_judge(&s->c, &s->roster, s->now_ns).upto;
}

static int64_t again_ns(const struct stage *s)
{
    return completion_judge(&s->c, &s->roster, s->now_ns).again_at_ns;
}

static void what_every_follower_has_is_complete(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    come_with_nothing(&s, "a");
    come_with_nothing(&s, "b");
    see(&s, 3);
    assert_int_equal(upto(&s), 0);
    applied(&s, "a", 3);
    assert_int_equal(upto(&s), 0);
    applied(&s, "b", 2);
    assert_int_equal(upto(&s), 2);
    applied(&s, "b", 3);
    assert_int_equal(upto(&s), 3);
    assert_int_equal(again_ns(&s), INT64_MAX);
    stage_fini(&s);
}

static void without_a_follower_nothing_is_complete(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    see(&s, 3);
    assert_int_equal(upto(&s), 0);
    s.now_ns += 3600 * NS_PER_S;
    assert_int_equal(upto(&s), 0);
    assert_int_equal(again_ns(&s), INT64_MAX);
    stage_fini(&s);
}

static void one_that_has_it_must_be_admitted_and_not_cordoned(void **state)
{
    (void)state;
    static const enum store_node_state states[] = {STORE_NODE_CORDONED, STORE_NODE_DRAINING};
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct stage s;
        stage_init(&s);
        (void)know(&s, "a", states[i]);
        come(&s, "a", 0);
        see(&s, 1);
        applied(&s, "a", 1);
        assert_int_equal(upto(&s), 0);
        (void)know(&s, "a", STORE_NODE_ADMITTED);
        assert_int_equal(upto(&s), 1);
        stage_fini(&s);
    }
}

static void a_cordoned_follower_serves_and_is_waited_for(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_CORDONED);
    come(&s, "a", 0);
    come(&s, "b", 0);
    see(&s, 1);
    applied(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    applied(&s, "b", 1);
    assert_int_equal(upto(&s), 1);
    stage_fini(&s);
}

static void a_removed_follower_is_not_waited_for(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    come(&s, "b", 0);
    see(&s, 1);
    applied(&s, "a", 1);
    (void)know(&s, "b", STORE_NODE_REMOVED);
    assert_int_equal(upto(&s), 1);
    stage_fini(&s);
}

static void a_follower_that_is_lost_is_waited_for_until_it_could_be_back(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    come(&s, "b", 0);
    completion_go(&s.c, "b", s.now_ns);
    see(&s, 1);
    applied(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    assert_int_equal(again_ns(&s), s.now_ns + limits.grace_ns);
    s.now_ns += limits.grace_ns - 1;
    assert_int_equal(upto(&s), 0);
    s.now_ns++;
    assert_int_equal(upto(&s), 1);
    completion_tidy(&s.c, s.now_ns);
    assert_int_equal(s.c.nodes.count, 1);
    stage_fini(&s);
}

static void what_a_follower_comes_back_with_counts(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    see(&s, 2);
    completion_go(&s.c, "a", s.now_ns);
    come(&s, "a", 2);
    assert_int_equal(upto(&s), 2);
    stage_fini(&s);
}

static void one_that_began_anew_has_nothing_until_it_says_so(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    see(&s, 1);
    applied(&s, "a", 1);
    see(&s, 2);
    come_with_nothing(&s, "a"); /* before its old stream is noticed to be dead */
    completion_go(&s.c, "a", s.now_ns);
    assert_int_equal(upto(&s), 0);
    applied(&s, "a", 2);
    assert_int_equal(upto(&s), 2);
    stage_fini(&s);
}

static void a_place_of_another_epoch_counts_for_nothing(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    see(&s, 2);
    completion_come(&s.c, "a", (struct feed_position){EPOCH + 1, 2}, s.now_ns);
    assert_int_equal(upto(&s), 0);
    completion_applied(&s.c, "a", (struct feed_position){EPOCH - 1, 2}, s.now_ns);
    assert_int_equal(upto(&s), 0);
    applied(&s, "a", 3); /* of an invalidation that is gone with its distribution */
    assert_int_equal(upto(&s), 2);
    applied(&s, "a", 1); /* late */
    assert_int_equal(upto(&s), 2);
    stage_fini(&s);
}

static void a_silent_follower_holds_nothing_up_for_long(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    come(&s, "b", 0);
    s.now_ns += 3600 * NS_PER_S; /* nothing to acknowledge is no silence */
    see(&s, 1);
    applied(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    assert_int_equal(again_ns(&s), s.now_ns + limits.silent_ns);
    s.now_ns += limits.silent_ns - 1;
    see(&s, 2); /* what comes later gives it no more time */
    assert_int_equal(upto(&s), 0);
    s.now_ns++;
    assert_int_equal(upto(&s), 1);
    assert_int_equal(completion_count(&s.c, s.now_ns).silent, 1);
    assert_int_equal(completion_count(&s.c, s.now_ns).followers, 2);
    applied(&s, "b", 1);
    applied(&s, "a", 2);
    assert_int_equal(upto(&s), 1); /* it is waited for again */
    applied(&s, "b", 2);
    assert_int_equal(upto(&s), 2);
    stage_fini(&s);
}

static void a_follower_that_catches_up_step_by_step_is_not_silent(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    come(&s, "a", 0);
    see(&s, 10);
    for (uint64_t n = 1; n <= 10; n++) {
        s.now_ns += limits.silent_ns - 1;
        assert_int_equal(completion_count(&s.c, s.now_ns).silent, 0);
        applied(&s, "a", n);
        assert_int_equal(upto(&s), n);
    }
    stage_fini(&s);
}

static void after_a_start_those_that_may_be_on_their_way_are_waited_for(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.now_ns = START_NS;
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    (void)know(&s, "p", STORE_NODE_PENDING);
    see(&s, 1);
    come(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    assert_int_equal(again_ns(&s), START_NS + limits.settle_ns);
    come(&s, "b", 1);
    assert_int_equal(upto(&s), 1);
    stage_fini(&s);
}

static void nodes_without_edges_are_not_on_their_way(void **state)
{
    (void)state;
    struct stage s;
    const char *roles[] = {"dns"};
    const struct release_report report = {
        .node_id = "b", .version = "", .rejected_reason = "", .roles = roles, .role_count = 1};
    stage_init(&s);
    s.now_ns = START_NS;
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    struct roster_node *b = know(&s, "b", STORE_NODE_ADMITTED);
    see(&s, 1);
    come(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    roster_hear(b, &report, s.now_ns, NS_PER_S);
    assert_int_equal(upto(&s), 1);
    stage_fini(&s);
}

static void after_that_time_nobody_is_on_its_way(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.now_ns = START_NS + limits.settle_ns - 1;
    (void)know(&s, "a", STORE_NODE_ADMITTED);
    (void)know(&s, "b", STORE_NODE_ADMITTED);
    see(&s, 1);
    come(&s, "a", 1);
    assert_int_equal(upto(&s), 0);
    s.now_ns++;
    assert_int_equal(upto(&s), 1);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_every_follower_has_is_complete),
        cmocka_unit_test(without_a_follower_nothing_is_complete),
        cmocka_unit_test(one_that_has_it_must_be_admitted_and_not_cordoned),
        cmocka_unit_test(a_cordoned_follower_serves_and_is_waited_for),
        cmocka_unit_test(a_removed_follower_is_not_waited_for),
        cmocka_unit_test(a_follower_that_is_lost_is_waited_for_until_it_could_be_back),
        cmocka_unit_test(what_a_follower_comes_back_with_counts),
        cmocka_unit_test(one_that_began_anew_has_nothing_until_it_says_so),
        cmocka_unit_test(a_place_of_another_epoch_counts_for_nothing),
        cmocka_unit_test(a_silent_follower_holds_nothing_up_for_long),
        cmocka_unit_test(a_follower_that_catches_up_step_by_step_is_not_silent),
        cmocka_unit_test(after_a_start_those_that_may_be_on_their_way_are_waited_for),
        cmocka_unit_test(nodes_without_edges_are_not_on_their_way),
        cmocka_unit_test(after_that_time_nobody_is_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
