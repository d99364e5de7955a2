// SPDX-License-Identifier: Apache-2.0
// The decisions of the agent, one story each.
#include "world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- pointers */

static void a_pointer_that_is_not_newer_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct release_pointer p = {.epoch = 0, .sequence = 0};
    assert_int_equal(agent_state_judge(&w.s, &p), AGENT_POINTER_NEWER); /* the first, whatever */
    w.sequence = 4;
    world_point(&w, 1, 1, false); /* 1.5 */
    const struct {
        uint64_t epoch, sequence;
        enum agent_verdict verdict;
    } cases[] = {
        {1, 4, AGENT_POINTER_LOWER}, {1, 5, AGENT_POINTER_SAME},  {1, 6, AGENT_POINTER_NEWER},
        {0, 9, AGENT_POINTER_LOWER}, {2, 1, AGENT_POINTER_NEWER},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        p = (struct release_pointer){.epoch = cases[i].epoch, .sequence = cases[i].sequence};
        assert_int_equal(agent_state_judge(&w.s, &p), cases[i].verdict);
    }
}

static void what_is_served_goes_first_and_both_roots_are_tried(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_start_dns(&w);
    world_point(&w, 1, 2, false);
    assert_true(world_fetches(&w, 1));
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 1)); /* not in the wave */
    assert_int_equal(world_step(&w, 1), NODE_ROOT_APPLIED);
    assert_int_equal(world_step(&w, 2), NODE_ROOT_TRIED);
    world_point(&w, 1, 3, true);
    assert_true(world_fetches(&w, 3));
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 3));
}

static void one_root_at_a_time_is_tried(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_point(&w, 1, 2, false);
    struct chunk_hash one = kit_hash(1);
    struct chunk_hash two = kit_hash(2);
    agent_state_fetched(&w.s, &one, w.now);
    agent_state_fetched(&w.s, &two, w.now);
    agent_state_trying(&w.s, &one, w.now);
    assert_false(agent_state_wants(&w.s).has_trial);
    agent_state_trial_ended(&w.s, &one, AGENT_TRIAL_PASSED, NULL, w.now);
    assert_true(world_tries(&w, 2));
}

static void a_rejected_root_is_left_alone_until_it_is_offered_anew(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    world_point(&w, 1, 2, true);
    world_settle(&w, 2);
    assert_int_equal(world_step(&w, 2), NODE_ROOT_REJECTED);
    assert_string_equal(world_reason(&w, 2), "trial: signal 11 (SEGV)");
    assert_true(is_hash(&w.s.serving, 1));
    world_point(&w, 1, 2, true); /* the next change elsewhere; this one is where it was */
    assert_int_equal(world_step(&w, 2), NODE_ROOT_REJECTED);
    world_settle(&w, 2);
    world_point(&w, 1, 1, false);
    world_settle(&w, 2);
    world_point(&w, 1, 2, true); /* taken away, and offered again */
    assert_int_equal(world_step(&w, 2), 0);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 2));
}

static void a_root_rejected_as_candidate_is_tried_again_as_stable(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    world_point(&w, 1, 2, false);
    world_settle(&w, 2);
    world_point(&w, 2, 2, false);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 2));
}

static void roll_back_is_a_pointer_to_an_older_root(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 2);
    world_point(&w, 1, 1, false);
    struct agent_wants wants = agent_state_wants(&w.s);
    assert_false(wants.has_fetch || wants.has_trial); /* known and tried */
    assert_true(wants.has_serve && is_hash(&wants.serve, 1));
    world_settle(&w, 0);
    world_prove(&w);
    struct release_report report = {0};
    AUTO_ARENA struct arena a = {0};
    agent_state_report(&w.s, &a, &report);
    assert_true(is_hash(&report.applied, 1) && is_hash(&report.proven, 1) &&
                is_hash(&report.tried, 1));
}

static void a_release_that_does_not_decode_is_rejected(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_point(&w, 1, 1, false);
    struct chunk_hash one = kit_hash(1);
    agent_state_unusable(&w.s, &one, "root: format 2", w.now);
    assert_string_equal(world_reason(&w, 1), "fetch: root: format 2");
    assert_false(agent_state_wants(&w.s).has_fetch);
}

/* ---- trials that say nothing */

static void an_interrupted_trial_is_repeated_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_point(&w, 1, 1, false);
    struct chunk_hash one = kit_hash(1);
    agent_state_fetched(&w.s, &one, w.now);
    for (int i = 0; i < 2; i++) {
        assert_true(agent_state_wants(&w.s).has_trial);
        agent_state_trying(&w.s, &one, w.now);
        agent_state_trial_ended(&w.s, &one, AGENT_TRIAL_INTERRUPTED, "trial: signal 9 (KILL)",
                                w.now);
    }
    assert_int_equal(world_step(&w, 1), NODE_ROOT_REJECTED);
    assert_string_equal(world_reason(&w, 1), "trial: signal 9 (KILL)");
}

static void load(struct world *w, struct node_root *roots, size_t count, unsigned serving,
                 bool is_upgraded)
{
    struct release_pointer p = {
        .epoch = 1, .sequence = 7, .stable = kit_hash(1), .candidate = kit_hash(2)};
    struct agent_memory memory = {
        .pointer = &p, .roots = roots, .root_count = count, .is_upgraded = is_upgraded};
    if (serving != 0)
        memory.serving = kit_hash(serving);
    agent_state_load(&w->s, &memory, w->now);
}

static void a_root_of_which_the_disk_lacks_something_is_none(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct node_root roots[] = {
        {.hash = kit_hash(1), .step = NODE_ROOT_PROVEN, .was_proven = true, .at_sequence = 7},
        {.hash = kit_hash(3), .step = NODE_ROOT_PROVEN, .was_proven = true, .at_sequence = 6},
        {.hash = kit_hash(2), .step = NODE_ROOT_TRYING, .at_sequence = 7},
    };
    const bool is_partial[] = {true, false, true};
    struct release_pointer p = {
        .epoch = 1, .sequence = 7, .stable = kit_hash(1), .candidate = kit_hash(1)};
    struct agent_memory memory = {.pointer = &p,
                                  .roots = roots,
                                  .is_partial = is_partial,
                                  .root_count = ARRAY_LEN(roots),
                                  .serving = kit_hash(1)};
    agent_state_load(&w.s, &memory, w.now);
    assert_false(agent_state_has_first_root(&w.s));
    assert_true(world_fetches(&w, 1));
    struct agent_wants wants = agent_state_wants(&w.s);
    assert_true(wants.has_serve && is_hash(&wants.serve, 3)); /* what is whole, until then */
    struct chunk_hash one = kit_hash(1);
    agent_state_stored(&w.s);
    agent_state_fetched(&w.s, &one, w.now);
    assert_true(world_tries(&w, 1)); /* by the roles of now */
}

static void a_trial_that_took_the_agent_down_is_repeated_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct node_root root = {.hash = kit_hash(1), .step = NODE_ROOT_TRYING};
    load(&w, &root, 1, 0, false);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_FETCHED);
    struct chunk_hash one = kit_hash(1);
    agent_state_trying(&w.s, &one, w.now);
    root = *agent_state_root(&w.s, &one);
    world_init(&w);
    load(&w, &root, 1, 0, false);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_REJECTED);
    assert_int_equal(agent_state_root(&w.s, &one)->at_sequence, 7);
}

/* ---- the memory of the disk */

static void the_served_root_of_the_disk_needs_nobody(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct node_root roots[] = {{.hash = kit_hash(1), .step = NODE_ROOT_APPLIED},
                                {.hash = kit_hash(2), .step = NODE_ROOT_REJECTED}};
    load(&w, roots, 2, 1, false);
    assert_true(agent_state_has_first_root(&w.s));
    struct agent_wants wants = agent_state_wants(&w.s);
    assert_false(wants.has_fetch || wants.has_trial || wants.has_serve);
    size_t role;
    assert_false(agent_state_next_apply(&w.s, w.now, &role)); /* it does not run yet */
    world_start_dns(&w);
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
    assert_int_equal(role, DNS);
}

static void an_upgrade_gives_rejected_roots_another_chance(void **state)
{
    (void)state;
    struct world w;
    for (int is_upgraded = 0; is_upgraded < 2; is_upgraded++) {
        world_init(&w);
        struct node_root root = {.hash = kit_hash(1), .step = NODE_ROOT_REJECTED};
        load(&w, &root, 1, 0, is_upgraded);
        assert_int_equal(world_fetches(&w, 1), is_upgraded);
    }
}

static void a_served_root_that_was_rejected_gives_way_to_a_proven_one(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    struct node_root roots[] = {
        {.hash = kit_hash(1), .step = NODE_ROOT_REJECTED, .at_sequence = 7},
        {.hash = kit_hash(4), .step = NODE_ROOT_PROVEN, .was_proven = true, .at_sequence = 4}};
    load(&w, roots, 2, 1, false);
    assert_false(agent_state_has_first_root(&w.s));
    struct agent_wants wants = agent_state_wants(&w.s);
    assert_true(wants.has_serve && is_hash(&wants.serve, 4));
}

/* ---- roles */

static void applied_means_every_role_that_serves_releases(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    agent_state_add_role(&w.s, "edge", true);
    world_point(&w, 1, 1, false);
    world_start_dns(&w);
    agent_state_role_started(&w.s, 2, 900);
    struct chunk_hash one = kit_hash(1);
    agent_state_fetched(&w.s, &one, w.now);
    agent_state_trying(&w.s, &one, w.now);
    agent_state_trial_ended(&w.s, &one, AGENT_TRIAL_PASSED, NULL, w.now);
    agent_state_serve(&w.s, &one, w.now);
    agent_state_role_applied(&w.s, DNS, w.pid, &one, w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_TRIED);
    w.s.is_report_due = false;
    agent_state_role_applied(&w.s, 2, 900, &one, w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_APPLIED);
    assert_true(w.s.is_report_due);
}

static void a_node_without_such_roles_has_applied_at_once(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    w.s.role_count = 1; /* control alone */
    world_point(&w, 1, 1, false);
    world_settle(&w, 0);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_APPLIED);
}

static void a_role_is_told_again_when_it_is_new_or_silent(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    size_t role;
    assert_false(agent_state_next_apply(&w.s, w.now, &role));
    world_start_dns(&w);
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
    assert_false(agent_state_next_apply(&w.s, w.now, &role));
    w.now.ns += NODE_APPLY_AGAIN_NS - 1;
    assert_false(agent_state_next_apply(&w.s, w.now, &role));
    w.now.ns += 1;
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
    agent_state_role_hello(&w.s, DNS, w.pid); /* the word of the new process itself */
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
    agent_state_role_ended(&w.s, DNS, w.pid);
    world_pass_s(&w, 10);
    assert_false(agent_state_next_apply(&w.s, w.now, &role));
}

static void a_role_is_told_once_that_it_serves_the_stable_root(void **state)
{
    (void)state;
    struct world w;
    size_t role;
    world_init(&w);
    world_live_through(&w, 1);
    assert_true(agent_state_next_settle(&w.s, &role));
    assert_int_equal(role, DNS);
    assert_false(agent_state_next_settle(&w.s, &role));
    world_point(&w, 1, 2, true);
    world_settle(&w, 0);
    assert_int_equal(world_step(&w, 2), NODE_ROOT_APPLIED);
    assert_false(agent_state_next_settle(&w.s, &role)); /* a candidate may be taken back */
    world_point(&w, 2, 2, false);
    assert_true(agent_state_next_settle(&w.s, &role));
    world_start_dns(&w); /* a new process knows nothing */
    assert_false(agent_state_next_settle(&w.s, &role));
    world_apply(&w);
    assert_true(agent_state_next_settle(&w.s, &role));
    assert_false(agent_state_next_settle(&w.s, &role));
}

static void late_words_of_an_older_process_change_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    int64_t old = w.pid;
    world_start_dns(&w);
    agent_state_role_ready(&w.s, DNS, w.pid);
    agent_state_role_ended(&w.s, DNS, old);
    assert_true(w.s.roles[DNS].is_running && w.s.roles[DNS].is_ready);
}

static void proven_takes_its_time_without_a_crash(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_start_dns(&w);
    world_point(&w, 1, 1, false);
    world_settle(&w, 0);
    world_pass_s(&w, PROVEN_S - 1);
    agent_state_tick(&w.s, w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_APPLIED);
    world_crash(&w);
    world_apply(&w);
    world_pass_s(&w, PROVEN_S - 1);
    agent_state_tick(&w.s, w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_APPLIED);
    world_pass_s(&w, 1);
    agent_state_tick(&w.s, w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_PROVEN);
}

/* ---- crash loops */

static void two_crashes_within_a_minute_bring_the_newest_proven_root_back(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 3);
    world_point(&w, 4, 4, false);
    world_settle(&w, 0);
    world_crash(&w);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 4));
    world_pass_s(&w, 60);
    world_crash(&w);
    assert_int_equal(world_step(&w, 4), NODE_ROOT_REJECTED);
    assert_string_equal(world_reason(&w, 4), "crashed twice: dns: signal 11 (SEGV)");
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 3));
    struct release_report report = {0};
    AUTO_ARENA struct arena a = {0};
    agent_state_report(&w.s, &a, &report);
    assert_true(is_hash(&report.rejected, 4) && is_hash(&report.applied, 3));
    assert_string_equal(report.rejected_reason, "crashed twice: dns: signal 11 (SEGV)");
    world_crash(&w); /* the proven one begins with a clean slate */
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 3));
}

static void two_crashes_further_apart_are_two_accidents(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    world_point(&w, 2, 2, false);
    world_settle(&w, 0);
    world_crash(&w);
    world_settle(&w, 0);
    world_pass_s(&w, 60);
    w.now.ns += 1;
    world_crash(&w);
    assert_int_equal(world_step(&w, 2), NODE_ROOT_APPLIED);
}

static void with_nothing_proven_it_stays(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_start_dns(&w);
    world_point(&w, 1, 1, false);
    world_settle(&w, 0);
    for (int i = 0; i < 5; i++) {
        world_crash(&w);
        world_settle(&w, 0);
        assert_true(is_hash(&w.s.serving, 1));
    }
}

static void crashes_of_control_or_before_any_root_blame_no_root(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    world_point(&w, 2, 2, false);
    world_settle(&w, 0);
    for (int i = 0; i < 3; i++) {
        agent_state_role_crashed(&w.s, CONTROL, 5, "signal 6 (ABRT)", w.now);
        world_start_dns(&w); /* and ends before it was told of a root */
        agent_state_role_crashed(&w.s, DNS, w.pid, "signal 6 (ABRT)", w.now);
    }
    assert_int_equal(world_step(&w, 2), NODE_ROOT_APPLIED);
}

/* ---- roots that do not load */

static void a_new_root_that_does_not_load_is_rejected(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_start_dns(&w);
    world_point(&w, 1, 1, false);
    world_settle(&w, 0);
    world_point(&w, 2, 2, false);
    struct chunk_hash two = kit_hash(2);
    agent_state_fetched(&w.s, &two, w.now);
    agent_state_trying(&w.s, &two, w.now);
    agent_state_trial_ended(&w.s, &two, AGENT_TRIAL_PASSED, NULL, w.now);
    agent_state_serve(&w.s, &two, w.now);
    agent_state_role_failed(&w.s, DNS, &two, "zone Z1: no SOA", w.now);
    assert_string_equal(world_reason(&w, 2), "apply: dns: zone Z1: no SOA");
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 1)); /* not proven yet, but it served */
}

static void a_root_that_served_before_is_told_again_instead(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    struct chunk_hash one = kit_hash(1);
    world_start_dns(&w);
    size_t role;
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
    agent_state_role_failed(&w.s, DNS, &one, "no memory", w.now);
    assert_int_equal(world_step(&w, 1), NODE_ROOT_PROVEN);
    w.now.ns += NODE_APPLY_AGAIN_NS;
    assert_true(agent_state_next_apply(&w.s, w.now, &role));
}

/* ---- the pin */

static void a_pin_holds_against_every_pointer(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 2);
    struct chunk_hash one = kit_hash(1);
    struct chunk_hash none = {0};
    agent_state_set_pin(&w.s, &one);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 1));
    world_point(&w, 3, 4, true);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 1));
    assert_int_equal(world_step(&w, 4), NODE_ROOT_TRIED); /* tried all the same */
    agent_state_set_pin(&w.s, &none);
    world_settle(&w, 0);
    assert_true(is_hash(&w.s.serving, 4));
}

static void a_pinned_root_that_nobody_has_keeps_no_other_from_coming(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    struct chunk_hash pin = kit_hash(99);
    agent_state_set_pin(&w.s, &pin);
    assert_true(world_fetches(&w, 99));
    world_point(&w, 2, 2, false);
    assert_true(world_fetches(&w, 2));
    assert_true(is_hash(&w.s.serving, 1));
}

/* ---- what is kept */

static void roots_without_a_use_are_forgotten_after_the_grace(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 6);
    agent_state_forget(&w.s, w.now);
    assert_int_equal(w.s.fact_count, 6);
    world_pass_s(&w, 3600 + 1);
    agent_state_forget(&w.s, w.now);
    agent_state_stored(&w.s);
    for (unsigned root = 1; root <= 6; root++)
        assert_int_equal(world_step(&w, root), root <= 3 ? 0 : NODE_ROOT_PROVEN);
    assert_true(w.s.is_collection_due);
}

static void no_more_roots_than_the_limit_are_held(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_start_dns(&w);
    for (unsigned root = 1; root <= 300; root++) {
        world_point(&w, root, 1000 + root, false);
        world_settle(&w, 1000 + root);
    }
    AUTO_ARENA struct arena a = {0};
    struct release_report report = {0};
    agent_state_report(&w.s, &a, &report);
    assert_in_range(report.held_count, 3, NODE_HELD_MAX);
    assert_in_range(w.s.fact_count, report.held_count, NODE_HELD_MAX + NODE_REJECTED_KEPT);
    assert_true(is_hash(&report.held[report.held_count - 1], 300) || world_step(&w, 300) != 0);
    assert_int_equal(world_step(&w, 1), 0);
}

/* ---- a disk that takes no writes */

static void a_root_that_the_disk_did_not_take_is_fetched_again(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    world_point(&w, 2, 2, false);
    struct chunk_hash root = kit_hash(2);
    agent_state_fetched(&w.s, &root, w.now);
    agent_state_trying(&w.s, &root, w.now);
    agent_state_not_stored(&w.s); /* its chunks were in the same transaction */
    assert_int_equal(world_step(&w, 2), 0);
    assert_true(world_fetches(&w, 2));
    assert_int_equal(world_step(&w, 1), NODE_ROOT_PROVEN);
    agent_state_fetched(&w.s, &root, w.now);
    agent_state_stored(&w.s);
    agent_state_trying(&w.s, &root, w.now);
    agent_state_not_stored(&w.s); /* they are on the disk by now */
    assert_int_equal(world_step(&w, 2), NODE_ROOT_TRYING);
}

static void what_the_disk_held_before_may_be_served_meanwhile(void **state)
{
    (void)state;
    struct world w;
    world_init(&w);
    world_live_through(&w, 1);
    assert_true(agent_state_may_serve(&w.s, false)); /* its fact is on the disk */
    world_point(&w, 2, 2, false);
    struct chunk_hash root = kit_hash(2);
    agent_state_fetched(&w.s, &root, w.now);
    agent_state_stored(&w.s);
    agent_state_trying(&w.s, &root, w.now);
    agent_state_stored(&w.s);
    agent_state_trial_ended(&w.s, &root, AGENT_TRIAL_PASSED, NULL, w.now);
    agent_state_serve(&w.s, &root, w.now);
    assert_false(agent_state_may_serve(&w.s, false)); /* nobody would know after a restart */
    assert_true(agent_state_may_serve(&w.s, true));
    agent_state_stored(&w.s);
    assert_true(agent_state_may_serve(&w.s, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pointer_that_is_not_newer_is_refused),
        cmocka_unit_test(what_is_served_goes_first_and_both_roots_are_tried),
        cmocka_unit_test(one_root_at_a_time_is_tried),
        cmocka_unit_test(a_rejected_root_is_left_alone_until_it_is_offered_anew),
        cmocka_unit_test(a_root_rejected_as_candidate_is_tried_again_as_stable),
        cmocka_unit_test(roll_back_is_a_pointer_to_an_older_root),
        cmocka_unit_test(a_release_that_does_not_decode_is_rejected),
        cmocka_unit_test(an_interrupted_trial_is_repeated_once),
        cmocka_unit_test(a_root_of_which_the_disk_lacks_something_is_none),
        cmocka_unit_test(a_trial_that_took_the_agent_down_is_repeated_once),
        cmocka_unit_test(the_served_root_of_the_disk_needs_nobody),
        cmocka_unit_test(an_upgrade_gives_rejected_roots_another_chance),
        cmocka_unit_test(a_served_root_that_was_rejected_gives_way_to_a_proven_one),
        cmocka_unit_test(applied_means_every_role_that_serves_releases),
        cmocka_unit_test(a_node_without_such_roles_has_applied_at_once),
        cmocka_unit_test(a_role_is_told_again_when_it_is_new_or_silent),
        cmocka_unit_test(a_role_is_told_once_that_it_serves_the_stable_root),
        cmocka_unit_test(late_words_of_an_older_process_change_nothing),
        cmocka_unit_test(proven_takes_its_time_without_a_crash),
        cmocka_unit_test(two_crashes_within_a_minute_bring_the_newest_proven_root_back),
        cmocka_unit_test(two_crashes_further_apart_are_two_accidents),
        cmocka_unit_test(with_nothing_proven_it_stays),
        cmocka_unit_test(crashes_of_control_or_before_any_root_blame_no_root),
        cmocka_unit_test(a_new_root_that_does_not_load_is_rejected),
        cmocka_unit_test(a_root_that_served_before_is_told_again_instead),
        cmocka_unit_test(a_pin_holds_against_every_pointer),
        cmocka_unit_test(a_pinned_root_that_nobody_has_keeps_no_other_from_coming),
        cmocka_unit_test(roots_without_a_use_are_forgotten_after_the_grace),
        cmocka_unit_test(no_more_roots_than_the_limit_are_held),
        cmocka_unit_test(a_root_that_the_disk_did_not_take_is_fetched_again),
        cmocka_unit_test(what_the_disk_held_before_may_be_served_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
