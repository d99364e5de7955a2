// SPDX-License-Identifier: Apache-2.0
// Which tables of a checker count: by their numbers and by the receiver's clock.
#include "base/time.h"
#include "health/ballot.h"
#include "health/limits.h"
#include "plans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/** A receiver, and a checker whose clock runs from another start. */
struct stage {
    struct arena arena;
    struct ballot ballot;
    int64_t now_ns;
    int64_t unix_ms;
    int64_t ahead_ns; /* the checker's clock */
    struct vote vote;
};

static void stage_init(struct stage *s)
{
    *s = (struct stage){.now_ns = 1000 * NS_PER_S, .unix_ms = 1000000, .ahead_ns = 77 * NS_PER_S};
    s->vote = (struct vote){.check = id_of(1), .state = VOTE_HEALTHY, .outcome = PROBE_PASSED};
    ballot_init(&s->ballot, true);
}

static void stage_fini(struct stage *s)
{
    ballot_fini(&s->ballot);
    arena_fini(&s->arena);
}

/* A table that was made `old_ns` ago comes. */
static enum ballot_result take(struct stage *s, uint64_t run, uint64_t number, int64_t old_ns)
{
    struct errctx ec = {0};
    int64_t made_ns = s->now_ns + s->ahead_ns - old_ns;
    const struct vote_table t = {.run = run,
                                 .number = number,
                                 .made_ms = (uint64_t)(made_ns / NS_PER_MS),
                                 .votes = &s->vote,
                                 .count = 1};
    const struct ballot_now now = {s->now_ns, s->unix_ms};
    enum ballot_result result = ballot_take(&s->ballot, table_of(&s->arena, &t), &now, &ec);
    assert_int_equal(result == BALLOT_TAKEN, ec.text[0] == '\0');
    return result;
}

static bool is_fresh(const struct stage *s)
{
    return ballot_is_fresh(&s->ballot, s->now_ns);
}

static void a_table_counts_for_three_seconds(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_false(is_fresh(&s));
    assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
    s.now_ns += COLLECTOR_FRESH_NS - 1;
    assert_true(is_fresh(&s));
    s.now_ns += 1;
    assert_false(is_fresh(&s));
    assert_int_equal(take(&s, 1, 2, 0), BALLOT_TAKEN);
    assert_true(is_fresh(&s));
    stage_fini(&s);
}

static void a_table_that_comes_again_keeps_nothing_fresh(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_int_equal(take(&s, 1, 5, 0), BALLOT_TAKEN);
    for (int i = 0; i < 4; i++) {
        s.now_ns += NS_PER_S;
        assert_int_equal(take(&s, 1, 5, 0), BALLOT_REPEATED);
        ballot_connected(&s.ballot); /* nor over a new connection */
        assert_int_equal(take(&s, 1, 4, 0), BALLOT_REPEATED);
    }
    assert_false(is_fresh(&s));
    assert_int_equal(s.ballot.table.number, 5);
    stage_fini(&s);
}

static void a_restarted_checker_counts_at_once_over_a_new_connection_alone(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_int_equal(take(&s, 1, 50, 0), BALLOT_TAKEN);
    assert_int_equal(take(&s, 2, 51, 0), BALLOT_OTHER_RUN);
    assert_int_equal(s.ballot.table.run, 1);
    ballot_connected(&s.ballot);
    assert_int_equal(take(&s, 2, 1, 0), BALLOT_TAKEN);
    assert_int_equal(take(&s, 2, 2, 0), BALLOT_TAKEN);
    assert_int_equal(take(&s, 1, 51, 0), BALLOT_OTHER_RUN);
    stage_fini(&s);
}

static void what_was_held_up_is_refused_and_a_new_connection_measures_anew(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
    s.now_ns += 60 * NS_PER_S; /* this machine stood still; what the checker sent waits for it */
    assert_int_equal(take(&s, 1, 2, 59 * NS_PER_S), BALLOT_LATE);
    assert_int_equal(s.ballot.table.number, 1);
    assert_false(is_fresh(&s));
    assert_int_equal(take(&s, 1, 60, 2 * NS_PER_S), BALLOT_TAKEN);
    s.ahead_ns -= 20 * NS_PER_S; /* the checker's machine stood still */
    assert_int_equal(take(&s, 1, 61, 0), BALLOT_LATE);
    ballot_connected(&s.ballot);
    assert_int_equal(take(&s, 1, 61, 0), BALLOT_TAKEN);
    assert_int_equal(take(&s, 1, 62, 2 * NS_PER_S), BALLOT_TAKEN);
    stage_fini(&s);
}

static void clocks_that_drift_apart_make_nothing_late(void **state)
{
    (void)state;
    enum { DAYS = 2, TABLES = DAYS * 86400 };
    struct stage s;
    stage_init(&s);
    for (uint64_t i = 1; i <= TABLES; i++) {
        s.now_ns += NS_PER_S;
        s.ahead_ns -= NS_PER_S / 2000; /* 500 ppm slower: a minute and a half at the end */
        assert_int_equal(take(&s, 1, i, 0), BALLOT_TAKEN);
        arena_reset(&s.arena);
    }
    for (uint64_t i = 1; i <= TABLES; i++) {
        s.now_ns += NS_PER_S;
        s.ahead_ns += NS_PER_S / 2000;
        assert_int_equal(take(&s, 1, TABLES + i, 0), BALLOT_TAKEN);
        arena_reset(&s.arena);
    }
    stage_fini(&s);
}

static void a_checkers_clock_may_run_from_anywhere(void **state)
{
    (void)state;
    const int64_t starts[] = {-2000 * NS_PER_S, 0, 100LL * 365 * 86400 * NS_PER_S, INT64_MIN + 1};
    for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
        struct stage s;
        stage_init(&s);
        s.ahead_ns = starts[i];
        assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
        s.now_ns += NS_PER_S;
        assert_int_equal(take(&s, 1, 2, 0), BALLOT_TAKEN);
        s.now_ns += 5 * NS_PER_S;
        assert_int_equal(take(&s, 1, 3, 4 * NS_PER_S), BALLOT_LATE);
        stage_fini(&s);
    }
}

static void bytes_that_are_no_table_leave_the_one_before(void **state)
{
    (void)state;
    struct stage s;
    struct errctx ec = {0};
    stage_init(&s);
    assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
    const struct ballot_now now = {s.now_ns, s.unix_ms};
    assert_int_equal(ballot_take(&s.ballot, SLICE_LIT("votes"), &now, &ec), BALLOT_DAMAGED);
    assert_int_equal(ec.code, ERR_CORRUPT);
    assert_true(is_fresh(&s));
    stage_fini(&s);
}

static void a_vote_ages_from_its_probe_on(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.vote.age_ms = 7000;
    assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
    s.now_ns += 2 * NS_PER_S;
    assert_int_equal(ballot_vote_age_ns(&s.ballot, &s.ballot.table.votes[0], s.now_ns),
                     9 * NS_PER_S);
    stage_fini(&s);
}

static void the_newest_failure_stays_known(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_int_equal(take(&s, 1, 1, 0), BALLOT_TAKEN);
    assert_int_equal(s.ballot.failures[0].vote.outcome, PROBE_NONE);
    s.vote.outcome = PROBE_BAD_STATUS;
    s.vote.age_ms = 400;
    assert_int_equal(take(&s, 1, 2, 0), BALLOT_TAKEN);
    s.vote.outcome = PROBE_OWN_FAILURE;
    s.unix_ms += 9000;
    assert_int_equal(take(&s, 1, 3, 0), BALLOT_TAKEN);
    s.vote.outcome = PROBE_PASSED;
    assert_int_equal(take(&s, 1, 4, 0), BALLOT_TAKEN);
    assert_int_equal(s.ballot.failures[0].vote.outcome, PROBE_BAD_STATUS);
    assert_int_equal(s.ballot.failures[0].unix_ms, 1000000 - 400);
    s.vote.check = id_of(2); /* another check has failures of its own */
    assert_int_equal(take(&s, 1, 5, 0), BALLOT_TAKEN);
    assert_int_equal(s.ballot.failures[0].vote.outcome, PROBE_NONE);
    stage_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_counts_for_three_seconds),
        cmocka_unit_test(a_table_that_comes_again_keeps_nothing_fresh),
        cmocka_unit_test(a_restarted_checker_counts_at_once_over_a_new_connection_alone),
        cmocka_unit_test(what_was_held_up_is_refused_and_a_new_connection_measures_anew),
        cmocka_unit_test(clocks_that_drift_apart_make_nothing_late),
        cmocka_unit_test(a_checkers_clock_may_run_from_anywhere),
        cmocka_unit_test(bytes_that_are_no_table_leave_the_one_before),
        cmocka_unit_test(a_vote_ages_from_its_probe_on),
        cmocka_unit_test(the_newest_failure_stays_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
