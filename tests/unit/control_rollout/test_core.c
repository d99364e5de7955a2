// SPDX-License-Identifier: Apache-2.0
// When a release is cut, to whom it is offered, and what makes it stable.
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void nothing_is_cut_without_a_newer_version(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    assert_int_equal(world_next(&w), CORE_NOTHING);
    assert_int_equal(w.action.at_ns, INT64_MAX);
    core_see_version(&w.core, V(1));
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

static void a_version_after_a_quiet_time_is_cut_at_once_else_200_ms_after_the_last(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    int64_t offered_ns = w.now_ns;
    w.now_ns += 10 * MS;
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 2});
    world_do(&w, CORE_PROMOTE);
    core_see_version(&w.core, V(2));
    w.now_ns = offered_ns + ROLLOUT_CUT_GAP_NS - 1;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    assert_int_equal(w.action.at_ns, offered_ns + ROLLOUT_CUT_GAP_NS);
    w.now_ns++;
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

static void versions_that_come_while_a_candidate_is_under_way_are_cut_together(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    core_see_version(&w.core, V(2));
    world_do(&w, CORE_OFFER);
    w.now_ns += S;
    core_see_version(&w.core, V(7));
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 2});
    world_do(&w, CORE_PROMOTE);
    world_cut(&w, V(7), 3);
    world_fini(&w);
}

static void nothing_is_cut_while_no_node_counts(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    core_see_version(&w.core, V(1));
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_add_serving(&w, "a");
    w.now_ns += ROLLOUT_HEARD_NS;
    assert_int_equal(world_next(&w), CORE_CUT);
    w.now_ns++;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void only_admitted_unpinned_nodes_with_the_role_count(void **state)
{
    (void)state;
    static const enum store_node_state others[] = {STORE_NODE_PENDING, STORE_NODE_CORDONED,
                                                   STORE_NODE_DRAINING, STORE_NODE_REMOVED};
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    assert_int_equal(core_counted(&w.core, w.now_ns), 1);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        roster_get(&w.core.roster, "a")->state = others[i];
        assert_int_equal(core_counted(&w.core, w.now_ns), 0);
    }
    roster_get(&w.core.roster, "a")->state = STORE_NODE_ADMITTED;
    world_say(&w, "a", (struct saying){.applied = 1, .is_pinned = true});
    assert_int_equal(core_counted(&w.core, w.now_ns), 0);
    world_say(&w, "a", (struct saying){.applied = 1, .lacks_role = true});
    assert_int_equal(core_counted(&w.core, w.now_ns), 0);
    world_say(&w, "a", (struct saying){.applied = 1});
    assert_int_equal(core_counted(&w.core, w.now_ns), 1);
    world_fini(&w);
}

static void a_node_without_any_release_counts_only_where_no_node_has_one(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    (void)world_add(&w, "a");
    world_say(&w, "a", (struct saying){0});
    assert_int_equal(core_counted(&w.core, w.now_ns), 1);
    world_add_serving(&w, "b");
    assert_int_equal(core_counted(&w.core, w.now_ns), 1);
    world_say(&w, "a", (struct saying){.applied = FIRST_ROOT});
    assert_int_equal(core_counted(&w.core, w.now_ns), 2);
    world_fini(&w);
}

static void a_control_that_takes_over_waits_for_nodes_it_knows(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    (void)world_add(&w, "b");
    core_see_version(&w.core, V(1));
    world_lead(&w, 1);
    int64_t since_ns = w.now_ns;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    assert_int_equal(w.action.at_ns, since_ns + ROLLOUT_SETTLE_NS);
    w.now_ns = since_ns + ROLLOUT_SETTLE_NS;
    assert_int_equal(world_next(&w), CORE_INSYNC);
    w.now_ns = since_ns + 1;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", (struct saying){.applied = FIRST_ROOT});
    world_do(&w, CORE_INSYNC);
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

static void a_wave_has_a_node_that_runs_all_roles_else_one_for_each(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    world_add_serving_as(&w, "b", STORE_ROLE_EDGE);
    world_add_serving_as(&w, "c", STORE_ROLE_DNS | STORE_ROLE_EDGE);
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    struct saying edge = says_tried;
    struct saying both = says_tried;
    edge.roles = STORE_ROLE_EDGE;
    both.roles = STORE_ROLE_DNS | STORE_ROLE_EDGE;
    world_say(&w, "a", says_tried);
    world_say(&w, "b", edge);
    world_say(&w, "c", both);
    world_do(&w, CORE_OFFER);
    assert_int_equal(w.core.wave.count, 1);
    assert_string_equal(w.core.wave.ids[0], "c");
    roster_get(&w.core.roster, "c")->state = STORE_NODE_CORDONED;
    world_do(&w, CORE_OFFER);
    assert_int_equal(w.core.wave.count, 2);
    assert_string_equal(w.core.wave.ids[0], "a");
    assert_string_equal(w.core.wave.ids[1], "b");
    world_say(&w, "a", says_applied);
    assert_int_equal(world_next(&w), CORE_NOTHING); /* the edge is still to run it */
    edge = says_applied;
    edge.roles = STORE_ROLE_EDGE;
    world_say(&w, "b", edge);
    assert_int_equal(world_next(&w), CORE_PROMOTE);
    world_fini(&w);
}

static void a_fleet_of_edges_alone_has_releases(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving_as(&w, "e", STORE_ROLE_EDGE);
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    world_do(&w, CORE_OFFER);
    struct saying edge = says_applied;
    edge.roles = STORE_ROLE_EDGE;
    world_say(&w, "e", edge);
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.core.insync.upto[STORE_ROLE_EDGE], V(1));
    assert_int_equal(w.core.insync.upto[STORE_ROLE_DNS], 0);
    world_fini(&w);
}

static void one_node_is_the_wave_at_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    assert_int_equal(world_next(&w), CORE_OFFER);
    assert_string_equal(w.action.wave.ids[0], "a");
    world_do(&w, CORE_OFFER);
    assert_int_equal(w.core.published.sequence, 6);
    world_say(&w, "a", (struct saying){.applied = FIRST_ROOT, .tried = 2});
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "a", (struct saying){.applied = 2, .tried = 2});
    world_do(&w, CORE_PROMOTE);
    assert_int_equal(w.core.published.sequence, 7);
    assert_int_equal(w.core.stable.version, V(1));
    world_fini(&w);
}

/** Nodes a, b and c, a candidate of root 2 offered to nobody yet. */
static void offer_to_three(struct world *w)
{
    world_init(w);
    world_add_serving(w, "a");
    world_add_serving(w, "b");
    world_add_serving(w, "c");
    core_see_version(&w->core, V(1));
    world_cut(w, V(1), 2);
    assert_int_equal(world_next(w), CORE_OFFER);
    assert_int_equal(w->action.wave.count, 0);
    world_do(w, CORE_OFFER);
}

static const struct saying tried = {.applied = FIRST_ROOT, .tried = 2};
static const struct saying applied = {.applied = 2, .tried = 2};

static void all_nodes_try_then_one_applies_then_it_is_stable(void **state)
{
    (void)state;
    struct world w;
    offer_to_three(&w);
    world_say(&w, "a", tried);
    world_say(&w, "c", applied); /* was in an earlier wave with the same root */
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", tried);
    assert_int_equal(world_next(&w), CORE_OFFER);
    assert_string_equal(w.action.wave.ids[0], "a");
    world_do(&w, CORE_OFFER);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "b", applied);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "a", applied);
    world_do(&w, CORE_PROMOTE);
    assert_memory_equal(&w.core.stable.root, &w.core.candidate.root, sizeof(struct chunk_hash));
    assert_int_equal(w.core.published.sequence, 8);
    world_fini(&w);
}

static void a_node_that_falls_silent_is_no_longer_waited_for(void **state)
{
    (void)state;
    struct world w;
    offer_to_three(&w);
    w.now_ns += ROLLOUT_HEARD_NS;
    world_say(&w, "a", tried);
    world_say(&w, "b", tried);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    w.now_ns++;
    assert_int_equal(world_next(&w), CORE_OFFER);
    world_fini(&w);
}

static void a_silent_wave_node_gives_its_place_to_another(void **state)
{
    (void)state;
    struct world w;
    offer_to_three(&w);
    world_say(&w, "a", tried);
    world_say(&w, "b", tried);
    world_say(&w, "c", tried);
    world_do(&w, CORE_OFFER);
    w.now_ns += ROLLOUT_HEARD_NS + 1;
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_say(&w, "c", tried);
    assert_int_equal(world_next(&w), CORE_OFFER);
    assert_string_equal(w.action.wave.ids[0], "c");
    world_do(&w, CORE_OFFER);
    world_say(&w, "c", applied);
    world_do(&w, CORE_PROMOTE);
    world_fini(&w);
}

static void a_cordoned_wave_node_gives_its_place_to_another(void **state)
{
    (void)state;
    struct world w;
    offer_to_three(&w);
    world_say(&w, "a", tried);
    world_say(&w, "b", tried);
    world_say(&w, "c", tried);
    world_do(&w, CORE_OFFER);
    roster_get(&w.core.roster, "a")->state = STORE_NODE_CORDONED;
    assert_int_equal(world_next(&w), CORE_OFFER);
    assert_string_equal(w.action.wave.ids[0], "b");
    world_fini(&w);
}

static void the_same_root_carries_versions_without_a_publication(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(4));
    world_cut(&w, V(4), FIRST_ROOT);
    assert_int_equal(world_next(&w), CORE_CARRY);
    assert_int_equal(w.action.version, V(4));
    assert_int_equal(w.action.insync.upto[STORE_ROLE_DNS], V(4));
    world_do(&w, CORE_CARRY);
    assert_int_equal(w.core.stable.version, V(4));
    assert_int_equal(w.core.published.sequence, 5);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_fini(&w);
}

static void nothing_is_done_without_the_lease(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_cut(&w, V(1), 2);
    core_unlead(&w.core);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    world_lead(&w, 1);
    world_do(&w, CORE_INSYNC);
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

static void a_new_epoch_publishes_the_stable_root_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    core_see_version(&w.core, V(1));
    world_lead(&w, 2);
    world_do(&w, CORE_RENEW);
    assert_int_equal(w.core.published.epoch, 2);
    assert_int_equal(w.core.published.sequence, 6);
    world_do(&w, CORE_INSYNC);
    assert_int_equal(world_next(&w), CORE_CUT);
    world_fini(&w);
}

static void nothing_is_published_while_a_node_is_ahead_of_the_store(void **state)
{
    (void)state;
    static const struct position higher[] = {{1, 6}, {2, 1}};
    for (size_t i = 0; i < ARRAY_LEN(higher); i++) {
        struct world w;
        world_init(&w);
        world_add_serving(&w, "a");
        core_see_version(&w.core, V(1));
        assert_int_equal(world_next(&w), CORE_CUT);
        assert_false(core_is_behind(&w.core));
        world_say(&w, "a", (struct saying){.applied = FIRST_ROOT, .at = higher[i]});
        assert_true(core_is_behind(&w.core));
        assert_int_equal(world_next(&w), CORE_NOTHING);
        world_fini(&w);
    }
}

static void a_node_that_lies_about_its_position_stops_nothing_once_it_is_cordoned(void **state)
{
    (void)state;
    static const struct {
        enum store_node_state state;
        bool is_believed;
    } cases[] = {{STORE_NODE_DRAINING, true},
                 {STORE_NODE_CORDONED, false},
                 {STORE_NODE_PENDING, false},
                 {STORE_NODE_REMOVED, false}};
    struct world w;
    world_init(&w);
    world_add_serving(&w, "a");
    world_add_serving(&w, "liar");
    core_see_version(&w.core, V(1));
    world_say(&w, "liar", (struct saying){.applied = FIRST_ROOT, .at = {UINT64_MAX, UINT64_MAX}});
    struct roster_node *liar = roster_get(&w.core.roster, "liar");
    assert_ptr_equal(core_ahead(&w.core), liar);
    assert_int_equal(world_next(&w), CORE_NOTHING);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        liar->state = cases[i].state;
        assert_int_equal(core_is_behind(&w.core), cases[i].is_believed);
        assert_int_equal(world_next(&w), cases[i].is_believed ? CORE_NOTHING : CORE_CUT);
    }
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_cut_without_a_newer_version),
        cmocka_unit_test(a_version_after_a_quiet_time_is_cut_at_once_else_200_ms_after_the_last),
        cmocka_unit_test(versions_that_come_while_a_candidate_is_under_way_are_cut_together),
        cmocka_unit_test(nothing_is_cut_while_no_node_counts),
        cmocka_unit_test(only_admitted_unpinned_nodes_with_the_role_count),
        cmocka_unit_test(a_node_without_any_release_counts_only_where_no_node_has_one),
        cmocka_unit_test(a_control_that_takes_over_waits_for_nodes_it_knows),
        cmocka_unit_test(a_wave_has_a_node_that_runs_all_roles_else_one_for_each),
        cmocka_unit_test(a_fleet_of_edges_alone_has_releases),
        cmocka_unit_test(one_node_is_the_wave_at_once),
        cmocka_unit_test(all_nodes_try_then_one_applies_then_it_is_stable),
        cmocka_unit_test(a_node_that_falls_silent_is_no_longer_waited_for),
        cmocka_unit_test(a_silent_wave_node_gives_its_place_to_another),
        cmocka_unit_test(a_cordoned_wave_node_gives_its_place_to_another),
        cmocka_unit_test(the_same_root_carries_versions_without_a_publication),
        cmocka_unit_test(nothing_is_done_without_the_lease),
        cmocka_unit_test(a_new_epoch_publishes_the_stable_root_first),
        cmocka_unit_test(nothing_is_published_while_a_node_is_ahead_of_the_store),
        cmocka_unit_test(a_node_that_lies_about_its_position_stops_nothing_once_it_is_cordoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
