// SPDX-License-Identifier: Apache-2.0
// Crashes of what is stable: whose word takes it back, and whose does not.
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_crash_of_the_stable_root_rolls_it_back_and_it_never_returns(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    assert_int_equal(w.action.root.bytes[0], FIRST_ROOT);
    assert_string_equal(w.action.reason, "rejected by node b: crashed twice");
    uint64_t sequence = w.core.published.sequence;
    core_done(&w.core, &w.action, w.now_ns);
    assert_int_equal(w.core.published.sequence, sequence + 1);
    assert_int_equal(w.core.stable.root.bytes[0], FIRST_ROOT);
    assert_int_equal(w.core.stable.version, V(1));
    w.now_ns += S;
    world_say(&w, "a", says_idle);
    world_say(&w, "b", says_crashed);
    world_do(&w, CORE_INSYNC);
    core_see_version(&w.core, V(2));
    world_cut(&w, V(2), 2);
    assert_int_equal(world_next(&w), CORE_HOLD);
    world_do(&w, CORE_HOLD);
    core_see_version(&w.core, V(3));
    world_cut(&w, V(3), 3);
    world_do(&w, CORE_OFFER);
    world_fini(&w);
}

static void a_rollback_comes_before_a_candidate_under_way(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    world_say(&w, "b", says_crashed);
    world_do(&w, CORE_ROLLBACK);
    assert_int_equal(w.core.phase, CORE_IDLE);
    world_fini(&w);
}

static void a_node_that_never_ran_the_stable_root_rolls_nobody_back(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    (void)world_add(&w, "c");
    world_say(&w, "c", (struct saying){.applied = FIRST_ROOT});
    world_say(&w, "c", says_rejected);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void a_crash_while_control_was_away_is_believed_if_nobody_serves_the_root(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    (void)world_add(&w, "b");
    world_lead(&w, 1);
    const struct saying fallen = {.applied = 3, .proven = 3, .rejected = FIRST_ROOT};
    world_say(&w, "a", fallen);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", says_idle);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", fallen);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void a_lone_crash_rolls_back_no_root_that_another_node_has_proven(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "a", says_proved);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    assert_true(core_rejects_stable(&w.core, roster_get(&w.core.roster, "b"), w.now_ns));
    assert_false(core_rejects_stable(&w.core, roster_get(&w.core.roster, "a"), w.now_ns));
    world_say(&w, "a", says_crashed);
    world_do(&w, CORE_ROLLBACK);
    assert_int_equal(w.core.stable.root.bytes[0], FIRST_ROOT);
    world_fini(&w);
}

static void its_own_proof_does_not_speak_against_a_crash(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "b", says_proved);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void a_failed_trial_confirms_no_crash(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    (void)world_add(&w, "c");
    world_say(&w, "c", (struct saying){.applied = FIRST_ROOT});
    world_say(&w, "a", says_proved);
    world_say(&w, "b", says_crashed);
    world_say(&w, "c", says_rejected);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void a_proof_holds_for_60_s_of_silence(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "a", says_proved);
    int64_t said_ns = w.now_ns;
    w.now_ns = said_ns + ROLLOUT_INSYNC_HEARD_NS;
    world_say(&w, "b", says_applied);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns++;
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void a_cordoned_node_speaks_neither_for_nor_against_a_crash(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    (void)world_add(&w, "c");
    world_say(&w, "c", says_applied);
    world_say(&w, "c", says_crashed);
    roster_get(&w.core.roster, "c")->state = STORE_NODE_CORDONED;
    world_say(&w, "a", says_proved);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    roster_get(&w.core.roster, "a")->state = STORE_NODE_CORDONED;
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void a_new_control_waits_60_s_for_proofs_of_nodes_it_has_not_heard(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    (void)world_add(&w, "b");
    world_lead(&w, 1);
    int64_t led_ns = w.now_ns;
    world_say(&w, "b", (struct saying){.applied = FIRST_ROOT});
    const struct saying fallen = {.applied = 3, .proven = 3, .rejected = FIRST_ROOT};
    w.now_ns = led_ns + ROLLOUT_INSYNC_HEARD_NS - 1;
    world_say(&w, "b", fallen);
    assert_int_not_equal(world_next(&w), CORE_ROLLBACK);
    w.now_ns++;
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_say(&w, "a", (struct saying){.applied = FIRST_ROOT, .proven = FIRST_ROOT});
    assert_int_not_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void two_that_crashed_while_another_was_heard_are_believed_by_a_new_control(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    (void)world_add(&w, "b");
    (void)world_add(&w, "c");
    world_lead(&w, 1);
    const struct saying fallen = {.applied = 3, .proven = 3, .rejected = FIRST_ROOT};
    world_say(&w, "a", (struct saying){.applied = FIRST_ROOT, .proven = FIRST_ROOT});
    world_say(&w, "b", fallen);
    world_say(&w, "c", (struct saying){.applied = FIRST_ROOT});
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "c", fallen);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    world_fini(&w);
}

static void where_there_is_no_way_back_it_is_asked_for_once(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    core_no_way_back(&w.core);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns += S;
    world_say(&w, "a", says_applied);
    world_say(&w, "b", says_crashed);
    core_see_version(&w.core, V(2));
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_of_the_stable_root_rolls_it_back_and_it_never_returns),
        cmocka_unit_test(a_rollback_comes_before_a_candidate_under_way),
        cmocka_unit_test(a_node_that_never_ran_the_stable_root_rolls_nobody_back),
        cmocka_unit_test(a_crash_while_control_was_away_is_believed_if_nobody_serves_the_root),
        cmocka_unit_test(a_lone_crash_rolls_back_no_root_that_another_node_has_proven),
        cmocka_unit_test(its_own_proof_does_not_speak_against_a_crash),
        cmocka_unit_test(a_failed_trial_confirms_no_crash),
        cmocka_unit_test(a_proof_holds_for_60_s_of_silence),
        cmocka_unit_test(a_cordoned_node_speaks_neither_for_nor_against_a_crash),
        cmocka_unit_test(a_new_control_waits_60_s_for_proofs_of_nodes_it_has_not_heard),
        cmocka_unit_test(two_that_crashed_while_another_was_heard_are_believed_by_a_new_control),
        cmocka_unit_test(where_there_is_no_way_back_it_is_asked_for_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
