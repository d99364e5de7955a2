// SPDX-License-Identifier: Apache-2.0
// Which unknown keys are noted, whose place they take, and when one is forgotten.
#include "control/rollout/pending.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define START_NS (1000 * NS_PER_S)

static const struct pending_limits limits = {
    .max = 2,
    .kept_ns = 600 * NS_PER_S,
    .quiet_ns = 30 * NS_PER_S,
    .notes_per_s = 3,
    .tell_ns = 60 * NS_PER_S,
};

static struct roster_node *add(struct roster *r, const char *id, enum store_node_state state,
                               int64_t asked_ns)
{
    const struct store_node row = {.id = id, .state = state, .address = ""};
    struct roster_node *n = roster_add(r, &row);
    pending_asked(n, asked_ns);
    return n;
}

static void so_many_keys_are_looked_at_in_a_second(void **state)
{
    (void)state;
    struct roster r;
    struct pending_rate rate = {0};
    const struct roster_node *instead = NULL;
    roster_init(&r);
    for (unsigned i = 0; i < limits.notes_per_s; i++)
        assert_true(pending_may_note(&rate, &r, &limits, START_NS + i, &instead));
    assert_false(pending_may_note(&rate, &r, &limits, START_NS + NS_PER_S - 1, &instead));
    assert_true(pending_may_note(&rate, &r, &limits, START_NS + NS_PER_S, &instead));
    assert_null(instead);
    roster_fini(&r);
}

static void there_is_room_below_the_maximum_of_pending_nodes(void **state)
{
    (void)state;
    struct roster r;
    struct pending_rate rate = {0};
    const struct roster_node *instead = NULL;
    roster_init(&r);
    (void)add(&r, "a", STORE_NODE_ADMITTED, 0);
    (void)add(&r, "b", STORE_NODE_REMOVED, 0);
    (void)add(&r, "c", STORE_NODE_PENDING, START_NS);
    assert_true(pending_may_note(&rate, &r, &limits, START_NS, &instead));
    (void)add(&r, "d", STORE_NODE_PENDING, START_NS);
    assert_false(pending_may_note(&rate, &r, &limits, START_NS, &instead));
    assert_null(instead);
    roster_fini(&r);
}

static void the_one_silent_longest_makes_room_after_30_s(void **state)
{
    (void)state;
    struct roster r;
    struct pending_rate rate = {0};
    const struct roster_node *instead = NULL;
    roster_init(&r);
    struct roster_node *c = add(&r, "c", STORE_NODE_PENDING, START_NS + 1);
    struct roster_node *d = add(&r, "d", STORE_NODE_PENDING, START_NS);
    assert_false(pending_may_note(&rate, &r, &limits, START_NS + limits.quiet_ns - 1, &instead));
    assert_true(pending_may_note(&rate, &r, &limits, START_NS + limits.quiet_ns, &instead));
    assert_ptr_equal(instead, d);
    pending_asked(d, START_NS + 2);
    assert_true(pending_may_note(&rate, &r, &limits, START_NS + limits.quiet_ns + 1, &instead));
    assert_ptr_equal(instead, c);
    roster_fini(&r);
}

static void a_pending_node_is_forgotten_10_minutes_after_it_asked_last(void **state)
{
    (void)state;
    struct roster r;
    roster_init(&r);
    struct roster_node *n = add(&r, "n", STORE_NODE_PENDING, START_NS);
    assert_false(pending_is_over(n, &limits, START_NS + limits.kept_ns - 1));
    assert_true(pending_is_over(n, &limits, START_NS + limits.kept_ns));
    pending_asked(n, START_NS + 1);
    assert_false(pending_is_over(n, &limits, START_NS + limits.kept_ns));
    for (int decided = STORE_NODE_ADMITTED; decided <= STORE_NODE_REMOVED; decided++) {
        n->state = (enum store_node_state)decided;
        assert_false(pending_is_over(n, &limits, START_NS + 2 * limits.kept_ns));
    }
    roster_fini(&r);
}

static void one_that_another_process_noted_is_kept_from_when_it_was_seen(void **state)
{
    (void)state;
    struct roster r;
    roster_init(&r);
    const struct store_node row = {.id = "n", .state = STORE_NODE_PENDING, .address = ""};
    const struct roster_node *n = roster_add(&r, &row);
    assert_false(pending_is_over(n, &limits, START_NS + limits.kept_ns));
    pending_learn(&r, START_NS);
    pending_learn(&r, START_NS + 1);
    assert_false(pending_is_over(n, &limits, START_NS + limits.kept_ns - 1));
    assert_true(pending_is_over(n, &limits, START_NS + limits.kept_ns));
    roster_fini(&r);
}

static void it_is_told_once_a_minute(void **state)
{
    (void)state;
    struct pending_rate rate = {0};
    assert_true(pending_must_tell(&rate, &limits, START_NS));
    assert_false(pending_must_tell(&rate, &limits, START_NS + limits.tell_ns - 1));
    assert_true(pending_must_tell(&rate, &limits, START_NS + limits.tell_ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(so_many_keys_are_looked_at_in_a_second),
        cmocka_unit_test(there_is_room_below_the_maximum_of_pending_nodes),
        cmocka_unit_test(the_one_silent_longest_makes_room_after_30_s),
        cmocka_unit_test(a_pending_node_is_forgotten_10_minutes_after_it_asked_last),
        cmocka_unit_test(one_that_another_process_noted_is_kept_from_when_it_was_seen),
        cmocka_unit_test(it_is_told_once_a_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
