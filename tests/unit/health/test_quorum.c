// SPDX-License-Identifier: Apache-2.0
// The state of checks from votes: which votes count, the quorum, what follows from the check.
#include "base/time.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_check_that_nobody_ever_voted_on_is_healthy_and_not_frozen(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check inverted = http;
    inverted.is_inverted = true;
    stage_init(&s, 2, (struct release_health_check[]){http, inverted}, 2);
    second(&s);
    assert_true(HEALTHY(&s, 0));
    assert_false(HEALTHY(&s, 1));
    assert_int_equal(s.states.frozen_count, 0);
    assert_int_equal(s.states.unhealthy_count, 1);
    stage_fini(&s);
}

static void more_than_18_percent_must_say_healthy(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 11, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    second(&s);
    assert_false(HEALTHY(&s, 0));
    vote(&s, 0, 0, VOTE_HEALTHY); /* 1 of 11: 9% */
    second(&s);
    assert_false(HEALTHY(&s, 0));
    vote(&s, 1, 0, VOTE_HEALTHY); /* 2 of 11: 18.2% */
    second(&s);
    assert_true(HEALTHY(&s, 0));
    stage_fini(&s);
}

static void exactly_18_percent_are_not_enough(void **state)
{
    (void)state;
    enum { VOTERS = 50 };
    static struct ballot ballots[VOTERS];
    static struct quorum_voter voters[VOTERS];
    struct stage s;
    stage_init(&s, 0, &http, 1);
    for (size_t healthy = 9; healthy <= 10; healthy++) {
        for (size_t i = 0; i < VOTERS; i++) {
            struct vote v = {.check = id_of(1),
                             .state = i < healthy ? VOTE_HEALTHY : VOTE_UNHEALTHY};
            const struct vote_table t = {.run = 1, .number = healthy, .votes = &v, .count = 1};
            const struct ballot_now now = {s.now_ns, 0};
            if (healthy == 9)
                ballot_init(&ballots[i], false);
            assert_int_equal(ballot_take(&ballots[i], table_of(&s.arena, &t), &now, NULL),
                             BALLOT_TAKEN);
            voters[i].ballot = &ballots[i];
        }
        const struct quorum_now now = {s.now_ns, UNIX_S};
        quorum_decide(s.quorum, voters, VOTERS, &now);
        quorum_states(s.quorum, &s.states);
        assert_int_equal(HEALTHY(&s, 0), healthy == 10); /* 9 of 50 are 18% */
    }
    for (size_t i = 0; i < VOTERS; i++)
        ballot_fini(&ballots[i]);
    stage_fini(&s);
}

static void the_votes_of_silent_checkers_end_after_three_seconds(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 2, &http, 1);
    vote(&s, 0, 0, VOTE_HEALTHY);
    vote(&s, 1, 0, VOTE_UNHEALTHY);
    second(&s);
    assert_true(HEALTHY(&s, 0)); /* 1 of 2 */
    s.is_silent[0] = true;
    seconds(&s, 2);
    assert_true(HEALTHY(&s, 0));
    second(&s);
    assert_false(HEALTHY(&s, 0)); /* 0 of 1 */
    stage_fini(&s);
}

static void without_any_vote_the_state_stays_frozen(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 2, (struct release_health_check[]){http, http}, 2);
    all_vote(&s, 0, VOTE_HEALTHY);
    all_vote(&s, 1, VOTE_UNHEALTHY);
    second(&s);
    assert_int_equal(s.states.frozen_count, 0);
    s.is_silent[0] = s.is_silent[1] = true;
    seconds(&s, 1000);
    assert_true(HEALTHY(&s, 0) && FROZEN(&s, 0));
    assert_true(!HEALTHY(&s, 1) && FROZEN(&s, 1));
    assert_int_equal(s.states.frozen_count, 2);
    assert_int_equal(s.states.unhealthy_count, 1);
    s.is_silent[1] = false;
    second(&s);
    assert_int_equal(s.states.frozen_count, 0);
    stage_fini(&s);
}

static void unknown_votes_do_not_count(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 3, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    second(&s);
    vote(&s, 0, 0, VOTE_UNKNOWN); /* it restarted */
    second(&s);
    assert_false(HEALTHY(&s, 0));
    all_vote(&s, 0, VOTE_UNKNOWN);
    second(&s);
    assert_true(!HEALTHY(&s, 0) && FROZEN(&s, 0));
    stage_fini(&s);
}

static void votes_of_old_probes_do_not_count(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check checks[] = {http, http, http};
    const unsigned limits_s[] = {20 + 4 + 2 + 2 + 4, 60 + 4 + 2 + 2 + 4, 20 + 10 + 4};
    checks[1].is_slow = true;
    checks[2].kind = RELEASE_CHECK_TCP;
    stage_init(&s, 2, checks, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(quorum_vote_age_max_ns(&checks[i]), limits_s[i] * NS_PER_S);
        all_vote(&s, i, VOTE_UNHEALTHY);
        vote(&s, 0, i, VOTE_HEALTHY);
        s.votes[0][i].age_ms = limits_s[i] * 1000;
    }
    second(&s);
    assert_int_equal(s.states.unhealthy_count, 0);
    for (size_t i = 0; i < 3; i++)
        s.votes[0][i].age_ms += 1;
    second(&s);
    assert_int_equal(s.states.unhealthy_count, 3);
    stage_fini(&s);
}

static void the_time_since_a_table_came_adds_to_the_age_of_its_votes(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 2, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    vote(&s, 0, 0, VOTE_HEALTHY);
    s.votes[0][0].age_ms = (uint32_t)(quorum_vote_age_max_ns(&http) / NS_PER_MS) - 1500;
    second(&s);
    s.is_silent[0] = true;
    second(&s);
    assert_true(HEALTHY(&s, 0));
    second(&s); /* the table is still fresh, its vote is too old */
    assert_false(HEALTHY(&s, 0));
    stage_fini(&s);
}

static void an_excluded_checker_does_not_count(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 3, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    vote(&s, 2, 0, VOTE_HEALTHY);
    second(&s);
    assert_true(HEALTHY(&s, 0));
    s.voters[2].is_excluded = true;
    second(&s);
    assert_false(HEALTHY(&s, 0));
    assert_int_equal(s.voters[2].disagreements, 1); /* an operator still sees it */
    s.is_silent[0] = s.is_silent[1] = true;
    seconds(&s, 3);
    assert_true(!HEALTHY(&s, 0) && FROZEN(&s, 0));
    stage_fini(&s);
}

static void a_disabled_check_is_healthy_before_it_is_inverted(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check checks[] = {http, http, http};
    checks[0].is_disabled = true;
    checks[1].is_disabled = checks[1].is_inverted = true;
    checks[2].is_inverted = true;
    stage_init(&s, 1, checks, 3);
    for (size_t i = 0; i < 3; i++)
        all_vote(&s, i, VOTE_UNHEALTHY);
    second(&s);
    assert_true(HEALTHY(&s, 0));
    assert_false(HEALTHY(&s, 1));
    assert_true(HEALTHY(&s, 2));
    all_vote(&s, 2, VOTE_HEALTHY);
    second(&s);
    assert_false(HEALTHY(&s, 2));
    s.is_silent[0] = true;
    seconds(&s, 3);
    assert_int_equal(s.states.frozen_count, 1); /* of the disabled ones none is */
    stage_fini(&s);
}

static struct release_health_check calculated(struct arena *a, const unsigned *children,
                                              size_t count, uint32_t healthy)
{
    return (struct release_health_check){.kind = RELEASE_CHECK_CALCULATED,
                                         .children = children_of(a, children, count),
                                         .child_count = count,
                                         .healthy_children = healthy};
}

static void calculated_checks_count_their_healthy_children(void **state)
{
    (void)state;
    struct stage s;
    AUTO_ARENA struct arena a = {0};
    const unsigned pair[] = {3, 4};
    const unsigned nested[] = {2, 5};
    struct release_health_check checks[5] = {
        calculated(&a, nested, 2, 2), /* asks the calculated check behind it */
        calculated(&a, pair, 2, 2), http, http, http};
    stage_init(&s, 1, checks, 5);
    for (size_t i = 2; i < 5; i++)
        all_vote(&s, i, VOTE_HEALTHY);
    second(&s);
    assert_int_equal(s.states.unhealthy_count, 0);
    all_vote(&s, 3, VOTE_UNHEALTHY);
    second(&s); /* in one go, up to the top */
    assert_false(HEALTHY(&s, 0));
    assert_false(HEALTHY(&s, 1));
    s.is_silent[0] = true;
    seconds(&s, 5); /* frozen children keep theirs */
    assert_false(HEALTHY(&s, 0));
    assert_false(FROZEN(&s, 0));
    checks[1].healthy_children = 1;
    set_plan(&s, (unsigned[]){1, 2, 3, 4, 5}, checks, 5);
    second(&s);
    assert_true(HEALTHY(&s, 0));
    checks[0].healthy_children = 3; /* more than there are: never */
    checks[1].healthy_children = 0; /* always */
    set_plan(&s, (unsigned[]){1, 2, 3, 4, 5}, checks, 5);
    second(&s);
    assert_false(HEALTHY(&s, 0));
    assert_true(HEALTHY(&s, 1));
    stage_fini(&s);
}

static void a_posted_check_is_what_was_posted(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check posted = {.kind = RELEASE_CHECK_POSTED};
    stage_init(&s, 1, &posted, 1);
    all_vote(&s, 0, VOTE_HEALTHY); /* nobody asks checkers */
    second(&s);
    assert_false(HEALTHY(&s, 0));
    posted.is_posted_healthy = true;
    set_plan(&s, (unsigned[]){1}, &posted, 1);
    second(&s);
    assert_true(HEALTHY(&s, 0));
    assert_false(FROZEN(&s, 0));
    stage_fini(&s);
}

static void renew(struct stage *s, struct release_health_check *check, uint64_t number)
{
    check->override.number = number;
    check->override.until_unix_s = s->unix_s + RELEASE_OVERRIDE_MAX_S;
    set_plan(s, (unsigned[]){1}, check, 1);
    second(s);
}

static void an_override_wins_over_all_while_it_is_renewed(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check check = http;
    check.override = (struct release_override){.is_there = true};
    stage_init(&s, 1, &http, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    renew(&s, &check, 1);
    assert_false(HEALTHY(&s, 0));
    seconds(&s, 58);
    renew(&s, &check, 2);
    seconds(&s, 58);
    assert_false(HEALTHY(&s, 0));
    seconds(&s, 2);
    assert_true(HEALTHY(&s, 0)); /* its lease ended */
    stage_fini(&s);
}

static void an_override_of_a_number_that_was_seen_lasts_no_longer(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check check = http;
    stage_init(&s, 1, &http, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    check.override.is_there = true;
    renew(&s, &check, 7);
    seconds(&s, 40);
    set_plan(&s, (unsigned[]){1}, &http, 1); /* a root without it, then the one with it again */
    second(&s);
    assert_true(HEALTHY(&s, 0));
    renew(&s, &check, 7); /* until 60 s from now, it says */
    assert_false(HEALTHY(&s, 0));
    seconds(&s, 18);
    assert_true(HEALTHY(&s, 0));
    renew(&s, &check, 6);
    assert_true(HEALTHY(&s, 0));
    stage_fini(&s);
}

static void an_override_ends_when_its_time_has_come_by_the_clock_too(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check check = http;
    check.override =
        (struct release_override){.is_there = true, .number = 1, .until_unix_s = UNIX_S + 3};
    stage_init(&s, 1, &check, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    seconds(&s, 2);
    assert_false(HEALTHY(&s, 0));
    second(&s);
    assert_true(HEALTHY(&s, 0));
    stage_fini(&s);
}

static void an_override_may_call_a_failed_check_healthy_even_where_nobody_votes(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check check = http;
    check.override = (struct release_override){.is_there = true, .is_healthy = true};
    stage_init(&s, 1, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    second(&s);
    s.is_silent[0] = true;
    seconds(&s, 3);
    assert_true(FROZEN(&s, 0));
    renew(&s, &check, 1);
    assert_true(HEALTHY(&s, 0));
    assert_false(FROZEN(&s, 0));
    stage_fini(&s);
}

static void a_state_is_held_down_from_its_last_change_on(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check check = http;
    check.hold_down_s = 30;
    stage_init(&s, 1, &check, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    second(&s); /* the first verdict is no change */
    all_vote(&s, 0, VOTE_UNHEALTHY);
    second(&s); /* nor was there one that this would have to wait for */
    assert_false(HEALTHY(&s, 0));
    all_vote(&s, 0, VOTE_HEALTHY);
    seconds(&s, 29);
    assert_false(HEALTHY(&s, 0));
    second(&s);
    assert_true(HEALTHY(&s, 0));
    stage_fini(&s);
}

static void without_hold_down_each_second_may_change_all_and_flaps_are_counted(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 1, &http, 1);
    size_t changes = 0;
    size_t flaps = 0;
    for (unsigned i = 0; i < 10; i++) {
        all_vote(&s, 0, i % 2 == 0 ? VOTE_HEALTHY : VOTE_UNHEALTHY);
        second(&s);
        assert_int_equal(HEALTHY(&s, 0), i % 2 == 0);
        changes += s.states.changed_count;
        flaps += s.states.flap_count;
    }
    assert_int_equal(changes, 9);
    assert_int_equal(flaps, 8); /* the first change is none */
    seconds(&s, 301);
    all_vote(&s, 0, VOTE_HEALTHY);
    second(&s);
    assert_int_equal(s.states.changed_count, 1);
    assert_int_equal(s.states.changed[0], 0);
    assert_int_equal(s.states.flap_count, 0); /* the change before is long ago */
    second(&s);
    assert_int_equal(s.states.changed_count, 0);
    stage_fini(&s);
}

static void a_new_plan_keeps_what_is_known(void **state)
{
    (void)state;
    struct stage s;
    const struct release_health_check checks[] = {http, http, http};
    stage_init(&s, 1, checks, 2);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    all_vote(&s, 1, VOTE_UNHEALTHY);
    second(&s);
    s.is_silent[0] = true;
    set_plan(&s, (unsigned[]){2, 3}, checks, 2); /* a check went, one came */
    seconds(&s, 5);
    assert_false(HEALTHY(&s, 0));
    assert_true(HEALTHY(&s, 1) && !FROZEN(&s, 1));
    set_plan(&s, (unsigned[]){1, 2, 3}, checks, 3); /* and is back */
    assert_int_equal(s.states.changed_count, 0);
    second(&s);
    assert_true(!HEALTHY(&s, 0) && FROZEN(&s, 0));
    assert_int_equal(s.states.changed_count, 0);
    stage_fini(&s);
}

static void votes_about_checks_of_no_plan_are_passed_over(void **state)
{
    (void)state;
    struct stage s;
    const struct release_health_check checks[] = {http, http, http};
    stage_init(&s, 1, checks, 3);
    all_vote(&s, 1, VOTE_UNHEALTHY);
    second(&s); /* the table is about 1, 2 and 3 */
    s.is_silent[0] = true;
    set_plan(&s, (unsigned[]){2, 9}, checks, 2);
    second(&s);
    assert_false(HEALTHY(&s, 0));
    assert_true(HEALTHY(&s, 1));
    set_plan(&s, NULL, checks, 0);
    second(&s);
    assert_int_equal(s.states.unhealthy_count, 0);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_check_that_nobody_ever_voted_on_is_healthy_and_not_frozen),
        cmocka_unit_test(more_than_18_percent_must_say_healthy),
        cmocka_unit_test(exactly_18_percent_are_not_enough),
        cmocka_unit_test(the_votes_of_silent_checkers_end_after_three_seconds),
        cmocka_unit_test(without_any_vote_the_state_stays_frozen),
        cmocka_unit_test(unknown_votes_do_not_count),
        cmocka_unit_test(votes_of_old_probes_do_not_count),
        cmocka_unit_test(the_time_since_a_table_came_adds_to_the_age_of_its_votes),
        cmocka_unit_test(an_excluded_checker_does_not_count),
        cmocka_unit_test(a_disabled_check_is_healthy_before_it_is_inverted),
        cmocka_unit_test(calculated_checks_count_their_healthy_children),
        cmocka_unit_test(a_posted_check_is_what_was_posted),
        cmocka_unit_test(an_override_wins_over_all_while_it_is_renewed),
        cmocka_unit_test(an_override_of_a_number_that_was_seen_lasts_no_longer),
        cmocka_unit_test(an_override_ends_when_its_time_has_come_by_the_clock_too),
        cmocka_unit_test(an_override_may_call_a_failed_check_healthy_even_where_nobody_votes),
        cmocka_unit_test(a_state_is_held_down_from_its_last_change_on),
        cmocka_unit_test(without_hold_down_each_second_may_change_all_and_flaps_are_counted),
        cmocka_unit_test(a_new_plan_keeps_what_is_known),
        cmocka_unit_test(votes_about_checks_of_no_plan_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
