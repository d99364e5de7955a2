// SPDX-License-Identifier: Apache-2.0
// Rejections, silence, and when a change counts as in sync.
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- rejections */

static void a_rejected_version_is_withdrawn_and_held_with_the_reason(void **state)
{
    (void)state;
    struct world w;
    world_offer_to_two(&w, V(1));
    world_say(&w, "b", says_rejected);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    assert_int_equal(w.action.version, V(1));
    assert_string_equal(w.action.reason, "rejected by node b: trial: SIGSEGV");
    world_do(&w, CORE_WITHDRAW);
    assert_int_equal(w.core.stable.version, V(1));
    assert_int_equal(w.core.stable.root.bytes[0], FIRST_ROOT);
    world_fini(&w);
}

static void a_reason_ends_after_256_characters(void **state)
{
    (void)state;
    struct world w;
    char reason[512];
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    world_offer_to_two(&w, V(1));
    world_say(&w, "b", (struct saying){.rejected = 2, .applied = FIRST_ROOT, .reason = reason});
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    assert_int_equal(strlen(w.action.reason), 256);
    world_fini(&w);
}

static void a_wave_node_that_crashes_on_the_candidate_withdraws_it(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    w.core.phase_since_ns = w.now_ns;
    world_say(&w, "a", says_rejected);
    world_do(&w, CORE_WITHDRAW);
    assert_int_equal(w.core.stable.root.bytes[0], FIRST_ROOT);
    world_fini(&w);
}

static void several_rejected_versions_are_offered_one_by_one(void **state)
{
    (void)state;
    struct world w;
    world_offer_to_two(&w, V(3));
    world_say(&w, "b", says_rejected);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    assert_int_equal(w.action.version, 0);
    world_do(&w, CORE_WITHDRAW);
    assert_int_equal(w.core.stable.version, FIRST_VERSION);
    core_see_version(&w.core, V(9));
    w.now_ns += S;
    world_say(&w, "a", says_idle);
    world_say(&w, "b", says_idle);
    world_cut(&w, V(1), FIRST_ROOT);
    world_do(&w, CORE_CARRY);
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    world_say(&w, "b", (struct saying){.applied = FIRST_ROOT, .rejected = 3});
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    assert_int_equal(w.action.version, V(2));
    world_do(&w, CORE_WITHDRAW);
    w.now_ns += S;
    world_say(&w, "a", says_idle);
    world_say(&w, "b", says_idle);
    world_cut(&w, V(3), 4);
    assert_int_equal(w.core.split_version, V(3));
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 4, .tried = 4});
    world_say(&w, "b", (struct saying){.applied = 4, .tried = 4});
    world_do(&w, CORE_OFFER);
    world_do(&w, CORE_PROMOTE);
    w.now_ns += S;
    world_cut(&w, V(9), 5);
    world_fini(&w);
}

static void a_root_rejected_in_a_split_is_not_offered_again_until_the_split_is_over(void **state)
{
    (void)state;
    struct world w;
    world_offer_to_two(&w, V(2));
    world_say(&w, "b", says_rejected);
    world_do(&w, CORE_WITHDRAW);
    w.now_ns += S;
    world_say(&w, "a", says_idle);
    world_say(&w, "b", says_idle);
    world_cut(&w, V(1), FIRST_ROOT);
    world_do(&w, CORE_CARRY);
    world_cut(&w, V(2), 2);
    assert_int_equal(world_next(&w), CORE_HOLD);
    assert_int_equal(w.action.version, V(2));
    assert_string_equal(w.action.reason, "rejected by node b: trial: SIGSEGV");
    world_do(&w, CORE_HOLD);
    core_see_version(&w.core, V(3));
    world_cut(&w, V(3), 2);
    world_do(&w, CORE_OFFER);
    world_fini(&w);
}

static void content_that_cannot_be_compiled_is_split_then_held(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(2));
    assert_int_equal(world_next(&w), CORE_CUT);
    core_refuse(&w.core, V(2), "not served: x");
    assert_int_equal(world_next(&w), CORE_CUT);
    assert_int_equal(w.action.version, V(1));
    core_refuse(&w.core, V(1), "not served: x");
    assert_int_equal(world_next(&w), CORE_HOLD);
    assert_string_equal(w.action.reason, "not served: x");
    world_do(&w, CORE_HOLD);
    assert_int_equal(w.core.stable.version, V(1));
    assert_int_equal(world_next(&w), CORE_INSYNC);
    world_do(&w, CORE_INSYNC);
    assert_int_equal(world_next(&w), CORE_CUT);
    assert_int_equal(w.action.version, V(2));
    world_fini(&w);
}

static void a_rejection_from_before_the_offer_counts_once_it_is_repeated_for_3_s(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    world_add_serving(&w, "b");
    world_say(&w, "b", says_rejected);
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    world_say(&w, "b", (struct saying){.rejected = 2, .applied = 1, .at = {1, 5}});
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", says_rejected);
    int64_t said_ns = w.now_ns;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns = said_ns + ROLLOUT_OLD_VERDICT_NS - 1;
    world_say(&w, "b", says_rejected);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns++;
    world_say(&w, "b", says_rejected);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    world_fini(&w);
}

static void a_node_that_says_nothing_about_a_candidate_for_30_s_rejects_it(void **state)
{
    (void)state;
    struct world w;
    world_offer_to_two(&w, V(1));
    world_say(&w, "a", says_tried);
    int64_t offered_ns = w.now_ns;
    for (; w.now_ns < offered_ns + ROLLOUT_VERDICT_NS; w.now_ns += S) {
        world_say(&w, "a", says_tried);
        world_say(&w, "b", says_idle);
        assert_int_equal(world_next(&w), CORE_NOTHING);
    }
    world_say(&w, "b", says_idle);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    assert_string_equal(w.action.reason, "rejected by node b: no verdict in time");
    world_fini(&w);
}

static void a_node_that_is_heard_again_has_its_own_30_s(void **state)
{
    (void)state;
    struct world w;
    world_offer_to_two(&w, V(1));
    int64_t offered_ns = w.now_ns;
    w.now_ns += 20 * S;
    world_say(&w, "b", says_idle);
    for (; w.now_ns < offered_ns + 20 * S + ROLLOUT_VERDICT_NS; w.now_ns += S) {
        world_say(&w, "b", says_idle);
        assert_int_equal(world_next(&w), CORE_NOTHING);
    }
    world_say(&w, "b", says_idle);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    world_fini(&w);
}

static void a_node_that_fetches_its_first_release_has_all_the_time(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    world_say(&w, "a", (struct saying){0});
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    w.now_ns += 10 * ROLLOUT_VERDICT_NS;
    world_say(&w, "a", (struct saying){0});
    w.now_ns += ROLLOUT_HEARD_NS;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    world_fini(&w);
}

static void a_wave_node_that_does_not_apply_for_30_s_rejects(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    int64_t offered_ns = w.now_ns;
    for (; w.now_ns < offered_ns + ROLLOUT_VERDICT_NS; w.now_ns += S) {
        world_say(&w, "a", says_tried);
        assert_int_equal(world_next(&w), CORE_NOTHING);
    }
    world_say(&w, "a", says_tried);
    assert_int_equal(world_next(&w), CORE_WITHDRAW);
    world_fini(&w);
}

/* ---- INSYNC */

static void one_node_is_in_sync_with_the_promotion(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", says_applied);
    assert_int_equal(world_next(&w), CORE_PROMOTE);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(1));
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void in_sync_once_every_node_heard_within_60_s_has_applied(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], FIRST_VERSION);
    int64_t heard_ns = roster_get(&w.core.roster, "b")->heard_at_ns;
    w.now_ns = heard_ns + ROLLOUT_INSYNC_HEARD_NS;
    world_say(&w, "a", says_applied);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns++;
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(1));
    world_fini(&w);
}

static void not_in_sync_while_one_node_rejects_alone_until_it_applies_a_later_root(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    world_say(&w, "a", says_proved);
    world_say(&w, "b", (struct saying){.applied = 2, .tried = 2, .at = {1, 1}});
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], FIRST_VERSION);
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_say(&w, "a", says_proved);
    world_say(&w, "b", says_crashed);
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    assert_string_equal(w.core.wave.ids[0], "a"); /* at once: b has no say */
    world_say(&w, "a", (struct saying){.applied = 3, .tried = 3, .proven = 3});
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], FIRST_VERSION);
    world_say(&w, "b", (struct saying){.applied = 3, .tried = 3});
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(2));
    world_fini(&w);
}

static void whoever_rejects_the_stable_root_cannot_keep_the_others_from_the_next(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_add_serving_as(&w, "e", STORE_ROLE_EDGE);
    struct saying edge = {.applied = FIRST_ROOT,
                          .tried = FIRST_ROOT,
                          .rejected = 2,
                          .reason = "trial: E1: crashes",
                          .roles = STORE_ROLE_EDGE};
    world_say(&w, "e", edge); /* it was away when others tried that root */
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_say(&w, "a", says_applied);
    world_say(&w, "b", says_applied);
    world_say(&w, "e", edge);
    assert_int_equal(core_counted(&w.core, w.now_ns), 2);
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 3});
    world_say(&w, "b", (struct saying){.applied = 2, .tried = 3});
    world_say(&w, "e", edge); /* of its candidate it says nothing: it rejected that, too */
    world_do(&w, CORE_OFFER);
    assert_int_equal(w.core.wave.count, 1);
    world_say(&w, "a", (struct saying){.applied = 3, .tried = 3});
    world_do(&w, CORE_PROMOTE);
    world_fini(&w);
}

static void where_all_reject_the_stable_root_all_are_asked(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "a", says_rejected);
    world_say(&w, "b", says_rejected);
    core_no_way_back(&w.core);
    assert_int_equal(core_counted(&w.core, w.now_ns), 2);
    world_fini(&w);
}

static void a_node_of_another_role_proves_nothing_about_a_crash(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    world_add_serving_as(&w, "e", STORE_ROLE_EDGE);
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    struct saying edge = says_tried;
    edge.roles = STORE_ROLE_EDGE;
    world_say(&w, "a", says_tried);
    world_say(&w, "e", edge);
    world_do(&w, CORE_OFFER);
    edge = says_applied;
    edge.roles = STORE_ROLE_EDGE;
    world_say(&w, "a", says_applied);
    world_say(&w, "e", edge);
    world_do(&w, CORE_PROMOTE);
    world_say(&w, "a", says_proved);
    edge = says_crashed;
    edge.roles = STORE_ROLE_EDGE;
    world_say(&w, "e", edge);
    assert_int_equal(world_next(&w), CORE_ROLLBACK);
    edge.roles = STORE_ROLE_EDGE;
    roster_get(&w.core.roster, "a")->serves = STORE_ROLE_DNS | STORE_ROLE_EDGE;
    assert_int_not_equal(world_next(&w), CORE_ROLLBACK); /* one that runs an edge, too, does */
    world_fini(&w);
}

static void changes_of_a_role_that_nobody_runs_wait_and_hold_up_no_others(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(1));
    assert_int_equal(w.core.insync.upto[STORE_ROLE_EDGE], 0);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS | STORE_ROLE_EDGE], 0);
    world_add_serving_as(&w, "e", STORE_ROLE_EDGE);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_EDGE], FIRST_VERSION);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS | STORE_ROLE_EDGE], FIRST_VERSION);
    assert_int_equal(core_insync_version(&w.core, w.now_ns), FIRST_VERSION);
    world_say(&w, "e", (struct saying){.applied = 2, .tried = 2, .roles = STORE_ROLE_EDGE});
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS | STORE_ROLE_EDGE], V(1));
    world_fini(&w);
}

static void a_change_of_two_roles_is_in_sync_when_both_have_it_at_the_same_time(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_add_serving_as(&w, "e", STORE_ROLE_EDGE);
    (void)world_add(&w, "c"); /* a new dns node that has an old root yet */
    world_say(&w, "c", says_idle);
    world_say(&w, "e", (struct saying){.applied = 2, .tried = 2, .roles = STORE_ROLE_EDGE});
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_EDGE], V(1));
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS | STORE_ROLE_EDGE], FIRST_VERSION);
    world_say(&w, "c", says_applied);
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS | STORE_ROLE_EDGE], V(1));
    world_fini(&w);
}

static void in_sync_without_a_node_that_rejects_alone_once_it_is_cordoned(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    world_say(&w, "a", says_proved);
    world_say(&w, "b", says_crashed);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    roster_get(&w.core.roster, "b")->state = STORE_NODE_CORDONED;
    assert_int_equal(world_next(&w), CORE_INSYNC);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(1));
    assert_false(core_rejects_stable(&w.core, roster_get(&w.core.roster, "b"), w.now_ns));
    world_fini(&w);
}

static void in_sync_at_the_report_of_the_last_node(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", says_applied);
    assert_int_equal(world_next(&w), CORE_INSYNC);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(1));
    world_fini(&w);
}

static void nobody_is_in_sync_where_nobody_is_heard(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "a", says_idle);
    assert_int_equal(world_next(&w), CORE_INSYNC);
    roster_get(&w.core.roster, "a")->state = STORE_NODE_CORDONED;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void nodes_that_lag_by_a_release_are_in_sync_up_to_theirs(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_say(&w, "a", says_applied);
    world_say(&w, "b", says_applied);
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 3});
    world_say(&w, "b", (struct saying){.applied = 2, .tried = 3});
    world_do(&w, CORE_OFFER);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(1));
    world_say(&w, "a", (struct saying){.applied = 3, .tried = 3});
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(1));
    core_see_version(&w.core, V(3));
    w.now_ns += S;
    world_cut(&w, V(3), 4);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 3, .tried = 4});
    world_say(&w, "b", (struct saying){.applied = 3, .tried = 4});
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 4, .tried = 4});
    assert_int_equal(world_next(&w), CORE_PROMOTE);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(2));
    world_fini(&w);
}

static void a_wave_node_that_runs_ahead_holds_up_no_sync(void **state)
{
    (void)state;
    struct world w;
    world_wave_of_two(&w, V(1));
    world_say(&w, "a", says_applied);
    world_do(&w, CORE_PROMOTE);
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_say(&w, "a", says_applied);
    world_say(&w, "b", (struct saying){.applied = FIRST_ROOT, .tried = 2});
    world_cut(&w, V(2), 3);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 3});
    world_say(&w, "b", (struct saying){.applied = FIRST_ROOT, .tried = 3});
    world_do(&w, CORE_OFFER);
    world_say(&w, "b", (struct saying){.applied = 2, .tried = 3});
    assert_int_equal(world_next(&w), CORE_INSYNC);
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(1));
    world_fini(&w);
}

static void what_is_freed_is_in_sync_only_by_the_root_that_freed_it(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    core_see_version(&w.core, V(2));
    w.now_ns += S;
    world_say(&w, "a", says_applied);
    world_say(&w, "b", says_applied);
    assert_int_equal(world_next(&w), CORE_CUT);
    core_cut(&w.core, &(struct core_release){root_of(3), V(2)}, true);
    world_do(&w, CORE_OFFER);
    world_say(&w, "a", (struct saying){.applied = 3, .tried = 3});
    world_say(&w, "b", (struct saying){.applied = 2, .tried = 3});
    world_do(&w, CORE_OFFER);
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], 0);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", (struct saying){.applied = 3, .tried = 3});
    world_do(&w, CORE_INSYNC);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], V(2));
    world_fini(&w);
}

static void an_unknown_root_is_in_sync_with_nothing(void **state)
{
    (void)state;
    struct world w;
    world_stable_on_two(&w);
    world_say(&w, "b", (struct saying){.applied = 77});
    world_lead(&w, 1);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", says_applied);
    assert_int_equal(world_next(&w), CORE_INSYNC);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rejected_version_is_withdrawn_and_held_with_the_reason),
        cmocka_unit_test(a_reason_ends_after_256_characters),
        cmocka_unit_test(a_wave_node_that_crashes_on_the_candidate_withdraws_it),
        cmocka_unit_test(several_rejected_versions_are_offered_one_by_one),
        cmocka_unit_test(a_root_rejected_in_a_split_is_not_offered_again_until_the_split_is_over),
        cmocka_unit_test(content_that_cannot_be_compiled_is_split_then_held),
        cmocka_unit_test(a_rejection_from_before_the_offer_counts_once_it_is_repeated_for_3_s),
        cmocka_unit_test(a_node_that_says_nothing_about_a_candidate_for_30_s_rejects_it),
        cmocka_unit_test(a_node_that_is_heard_again_has_its_own_30_s),
        cmocka_unit_test(a_node_that_fetches_its_first_release_has_all_the_time),
        cmocka_unit_test(a_wave_node_that_does_not_apply_for_30_s_rejects),
        cmocka_unit_test(one_node_is_in_sync_with_the_promotion),
        cmocka_unit_test(in_sync_once_every_node_heard_within_60_s_has_applied),
        cmocka_unit_test(not_in_sync_while_one_node_rejects_alone_until_it_applies_a_later_root),
        cmocka_unit_test(whoever_rejects_the_stable_root_cannot_keep_the_others_from_the_next),
        cmocka_unit_test(where_all_reject_the_stable_root_all_are_asked),
        cmocka_unit_test(a_node_of_another_role_proves_nothing_about_a_crash),
        cmocka_unit_test(changes_of_a_role_that_nobody_runs_wait_and_hold_up_no_others),
        cmocka_unit_test(a_change_of_two_roles_is_in_sync_when_both_have_it_at_the_same_time),
        cmocka_unit_test(in_sync_without_a_node_that_rejects_alone_once_it_is_cordoned),
        cmocka_unit_test(in_sync_at_the_report_of_the_last_node),
        cmocka_unit_test(nobody_is_in_sync_where_nobody_is_heard),
        cmocka_unit_test(nodes_that_lag_by_a_release_are_in_sync_up_to_theirs),
        cmocka_unit_test(a_wave_node_that_runs_ahead_holds_up_no_sync),
        cmocka_unit_test(what_is_freed_is_in_sync_only_by_the_root_that_freed_it),
        cmocka_unit_test(an_unknown_root_is_in_sync_with_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
