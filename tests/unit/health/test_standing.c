// SPDX-License-Identifier: Apache-2.0
// What lasts over restarts; checkers that are against all others.
#include "base/time.h"
#include "health/limits.h"
#include "stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What one quorum knows goes to the next through bytes, `later_s` after. */
static void restart(struct stage *s, int64_t later_s)
{
    AUTO_BUF struct buf text = {0};
    struct quorum_now now = {s->now_ns, s->unix_s};
    quorum_encode(s->quorum, &now, &text);
    assert_false(quorum_is_changed(s->quorum));
    quorum_free(s->quorum);
    s->states = (struct check_states){0};
    s->quorum = quorum_new();
    s->unix_s += later_s;
    s->now_ns = 3 * NS_PER_S; /* the machine booted */
    now = (struct quorum_now){s->now_ns, s->unix_s};
    assert_int_equal(quorum_restore(s->quorum, buf_slice(&text), &now, NULL), ERR_OK);
    quorum_set_plan(s->quorum, s->plan);
    for (size_t i = 0; i < s->voter_count; i++) {
        ballot_fini(&s->ballots[i]);
        ballot_init(&s->ballots[i], false);
    }
}

static void states_last_over_a_restart_while_all_checkers_are_away(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check checks[] = {http, http, http, http};
    checks[3].is_inverted = true;
    stage_init(&s, 2, checks, 4);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    all_vote(&s, 1, VOTE_HEALTHY);
    all_vote(&s, 3, VOTE_HEALTHY);
    second(&s);
    assert_true(quorum_is_changed(s.quorum));
    s.is_silent[0] = s.is_silent[1] = true;
    restart(&s, 100);
    seconds(&s, 10);
    assert_true(!HEALTHY(&s, 0) && FROZEN(&s, 0));
    assert_true(HEALTHY(&s, 1) && FROZEN(&s, 1));
    assert_true(HEALTHY(&s, 2) && !FROZEN(&s, 2)); /* nobody ever voted on it */
    assert_true(!HEALTHY(&s, 3) && FROZEN(&s, 3));
    assert_int_equal(s.states.changed_count, 0);
    assert_false(quorum_is_changed(s.quorum));
    stage_fini(&s);
}

static void hold_down_lasts_over_a_restart_but_not_longer_where_the_clock_was_set_back(void **state)
{
    (void)state;
    const struct {
        int64_t later_s;
        unsigned left_s;
    } cases[] = {{10, 20}, {100, 1}, {-1000000, 30}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct stage s;
        struct release_health_check check = http;
        check.hold_down_s = 30;
        stage_init(&s, 1, &check, 1);
        all_vote(&s, 0, VOTE_HEALTHY);
        second(&s);
        all_vote(&s, 0, VOTE_UNHEALTHY);
        second(&s);
        restart(&s, cases[i].later_s);
        all_vote(&s, 0, VOTE_HEALTHY);
        seconds(&s, cases[i].left_s - 1);
        assert_false(s.states.plan != NULL && HEALTHY(&s, 0));
        second(&s);
        assert_true(HEALTHY(&s, 0));
        stage_fini(&s);
    }
}

static void a_text_that_was_changed_is_refused(void **state)
{
    (void)state;
    struct stage s;
    AUTO_BUF struct buf text = {0};
    stage_init(&s, 1, &http, 1);
    all_vote(&s, 0, VOTE_UNHEALTHY);
    second(&s);
    const struct quorum_now now = {s.now_ns, s.unix_s};
    quorum_encode(s.quorum, &now, &text);
    struct quorum *other = quorum_new();
    for (size_t i = 0; i < buf_len(&text); i++) {
        text.data[text.start + i] ^= 1;
        assert_int_equal(quorum_restore(other, buf_slice(&text), &now, NULL), ERR_CORRUPT);
        text.data[text.start + i] ^= 1;
        assert_int_equal(quorum_restore(other, slice_of(text.data, i), &now, NULL), ERR_CORRUPT);
    }
    assert_int_equal(quorum_restore(other, buf_slice(&text), &now, NULL), ERR_OK);
    quorum_free(other);
    stage_fini(&s);
}

/* The look at one voter, after so many seconds of this. */
static bool is_outlier(struct stage *s, size_t voter, unsigned count)
{
    struct outlier o = {0};
    bool is = false;
    for (unsigned i = 0; i < count; i++) {
        second(s);
        is = outlier_look(&o, &s->voters[voter], s->now_ns);
    }
    return is;
}

static void who_is_against_all_others_for_half_a_minute_is_an_outlier(void **state)
{
    (void)state;
    struct stage s;
    struct release_health_check checks[30];
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        checks[i] = http;
    stage_init(&s, 3, checks, 30);
    for (size_t i = 0; i < 30; i++)
        all_vote(&s, i, VOTE_HEALTHY);
    assert_false(is_outlier(&s, 0, 40));
    for (size_t i = 0; i < 9; i++)
        vote(&s, 0, i, VOTE_UNHEALTHY);
    assert_false(is_outlier(&s, 0, 40)); /* 9 of 30 */
    assert_int_equal(s.voters[0].shared, 30);
    assert_int_equal(s.voters[0].disagreements, 9);
    vote(&s, 0, 9, VOTE_UNHEALTHY);
    assert_false(is_outlier(&s, 0, 30));
    assert_true(is_outlier(&s, 0, 31));  /* 10 for 30 s */
    assert_false(is_outlier(&s, 1, 31)); /* the others are against one, not against all */
    vote(&s, 1, 9, VOTE_UNHEALTHY);      /* the others are not of one mind */
    assert_false(is_outlier(&s, 0, 31));
    stage_fini(&s);
}

static void of_two_checkers_none_is_an_outlier(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s, 3, &http, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    vote(&s, 0, 0, VOTE_UNHEALTHY);
    assert_true(is_outlier(&s, 0, 31)); /* the only check there is */
    vote(&s, 2, 0, VOTE_UNKNOWN);
    assert_false(is_outlier(&s, 0, 31));
    assert_false(is_outlier(&s, 1, 31));
    stage_fini(&s);
}

static void an_outlier_that_comes_to_reason_begins_anew(void **state)
{
    (void)state;
    struct stage s;
    struct outlier o = {0};
    stage_init(&s, 3, &http, 1);
    all_vote(&s, 0, VOTE_HEALTHY);
    for (unsigned i = 0; i < 100; i++) {
        vote(&s, 0, 0, i % 25 == 24 ? VOTE_HEALTHY : VOTE_UNHEALTHY);
        second(&s);
        assert_false(outlier_look(&o, &s.voters[0], s.now_ns));
    }
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_last_over_a_restart_while_all_checkers_are_away),
        cmocka_unit_test(
            hold_down_lasts_over_a_restart_but_not_longer_where_the_clock_was_set_back),
        cmocka_unit_test(a_text_that_was_changed_is_refused),
        cmocka_unit_test(who_is_against_all_others_for_half_a_minute_is_an_outlier),
        cmocka_unit_test(of_two_checkers_none_is_an_outlier),
        cmocka_unit_test(an_outlier_that_comes_to_reason_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
