// SPDX-License-Identifier: Apache-2.0
// What follows from the samples of a drill, and what it does next. Time runs in seconds here; the
// drill starts at second 1.
#include "tool/drill_timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct drill_timeline t;
static struct drill_measures m;
static const char *reason;

/* Looks on for 2 s, settles in 2 s, waits 20 s for answers and 100 s for outages. */
static const struct drill_course course = {.before_ns = 2 * NS_PER_S,
                                           .settle_ns = 2 * NS_PER_S,
                                           .fail_ns = 20 * NS_PER_S,
                                           .outage_ns = 100 * NS_PER_S};

static int fresh(void **state)
{
    (void)state;
    t = (struct drill_timeline){.start_ns = NS_PER_S, .is_override = true, .is_exclusive = true};
    return 0;
}

static int gone(void **state)
{
    (void)state;
    drill_timeline_fini(&t);
    return 0;
}

static struct drill_sample *add(enum drill_lane lane, int64_t at_s)
{
    size_t place;
    assert_true(drill_timeline_add(&t, lane, at_s * NS_PER_S, &place));
    t.end_ns = at_s * NS_PER_S;
    return &t.lanes[lane].items[place];
}

static void answered(enum drill_lane lane, int64_t at_s, enum drill_verdict verdict)
{
    struct drill_sample *s = add(lane, at_s);
    s->verdict = verdict;
    s->ttl_s = 4;
    s->is_ended = true;
}

static void requested(enum drill_lane lane, int64_t at_s, enum drill_verdict verdict, bool is_good)
{
    struct drill_sample *s = add(lane, at_s);
    s->verdict = verdict;
    s->is_good = is_good;
    s->is_ended = true;
}

/* Seconds [from, to): where the name server and the resolver lead; requests follow, and are good.
 */
static void all_lead(int64_t from_s, int64_t to_s, enum drill_verdict authority,
                     enum drill_verdict resolver)
{
    for (int64_t at_s = from_s; at_s < to_s; at_s++) {
        answered(DRILL_AUTHORITY, at_s, authority);
        answered(DRILL_RESOLVER, at_s, resolver);
        requested(DRILL_REQUEST, at_s, resolver, true);
    }
}

static enum drill_step next_at(int64_t at_s)
{
    reason = NULL;
    return drill_next(&course, &t, at_s * NS_PER_S, &reason);
}

/* Fails at 10, answers change at 13, the resolver at 15; back at 20, seen at 21 and 24. */
static void a_whole_drill(void)
{
    all_lead(1, 10, DRILL_PRIMARY, DRILL_PRIMARY);
    t.failed_ns = 10 * NS_PER_S;
    all_lead(10, 13, DRILL_PRIMARY, DRILL_PRIMARY);
    all_lead(13, 15, DRILL_OTHER, DRILL_PRIMARY);
    all_lead(15, 20, DRILL_OTHER, DRILL_OTHER);
    t.back_ns = 20 * NS_PER_S;
    all_lead(20, 21, DRILL_OTHER, DRILL_OTHER);
    all_lead(21, 24, DRILL_PRIMARY, DRILL_OTHER);
    all_lead(24, 27, DRILL_PRIMARY, DRILL_PRIMARY);
}

#define S(seconds) ((seconds)*NS_PER_S)

static void a_drill_is_measured_from_the_failure_and_from_the_return(void **state)
{
    (void)state;
    a_whole_drill();
    drill_measure(&t, &m);
    assert_int_equal(m.changed_ns, S(3));
    assert_int_equal(m.stale_answer_ns, S(4));
    assert_int_equal(m.resolved_ns, S(5));
    assert_int_equal(m.recovered_ns, S(5));
    assert_int_equal(m.returned_ns, S(1));
    assert_int_equal(m.resolver_returned_ns, S(4));
}

static void the_worst_resolver_asked_just_before_the_answers_changed(void **state)
{
    (void)state;
    a_whole_drill();
    drill_measure(&t, &m);
    /* The last stale answer came at 12, and lasts 4 s. */
    assert_int_equal(m.worst_stale_ns, S(6));
    assert_int_equal(m.worst_recovered_ns, S(6));
}

static void requests_to_a_primary_that_is_said_to_have_failed_are_lost(void **state)
{
    (void)state;
    a_whole_drill();
    drill_measure(&t, &m);
    assert_int_equal(m.before.sent, 9);
    assert_int_equal(m.before.lost, 0);
    assert_int_equal(m.failed.sent, 10);
    assert_int_equal(m.failed.lost, 5);
    assert_int_equal(m.failed.failed, 0);
    assert_int_equal(m.failed.from_ns, 0);
    assert_int_equal(m.failed.for_ns, S(5));
    assert_int_equal(m.back.sent, 7);
    assert_int_equal(m.back.lost, 0);
}

static void in_a_real_outage_only_those_that_failed_are_lost(void **state)
{
    (void)state;
    t.is_override = false;
    all_lead(1, 3, DRILL_PRIMARY, DRILL_PRIMARY);
    t.failed_ns = S(3);
    requested(DRILL_REQUEST, 3, DRILL_PRIMARY, false);
    requested(DRILL_REQUEST, 4, DRILL_PRIMARY, true);
    requested(DRILL_REQUEST, 5, DRILL_PRIMARY, false);
    requested(DRILL_REQUEST, 6, DRILL_OTHER, true);
    drill_measure(&t, &m);
    assert_int_equal(m.failed.lost, 2);
    assert_int_equal(m.failed.failed, 2);
    assert_int_equal(m.failed.for_ns, S(3));
}

static void what_never_recovers_has_no_time_of_recovery(void **state)
{
    (void)state;
    all_lead(1, 3, DRILL_PRIMARY, DRILL_PRIMARY);
    t.failed_ns = S(3);
    all_lead(3, 9, DRILL_PRIMARY, DRILL_PRIMARY);
    drill_measure(&t, &m);
    assert_int_equal(m.changed_ns, -1);
    assert_int_equal(m.resolved_ns, -1);
    assert_int_equal(m.recovered_ns, -1);
    assert_int_equal(m.worst_recovered_ns, -1);
    assert_int_equal(m.returned_ns, -1);
    assert_int_equal(m.failed.lost, 6);
    assert_int_equal(m.failed.for_ns, -1);
}

static void an_answer_that_goes_back_for_a_moment_counts_until_the_last(void **state)
{
    (void)state;
    t.failed_ns = S(2);
    answered(DRILL_AUTHORITY, 2, DRILL_OTHER);
    answered(DRILL_AUTHORITY, 3, DRILL_PRIMARY);
    answered(DRILL_AUTHORITY, 4, DRILL_NOWHERE);
    answered(DRILL_AUTHORITY, 5, DRILL_OTHER);
    drill_measure(&t, &m);
    assert_int_equal(m.changed_ns, S(3));
}

static void without_requests_the_resolver_tells_the_recovery(void **state)
{
    (void)state;
    t.failed_ns = S(2);
    answered(DRILL_AUTHORITY, 2, DRILL_PRIMARY);
    answered(DRILL_RESOLVER, 2, DRILL_PRIMARY);
    answered(DRILL_AUTHORITY, 3, DRILL_OTHER);
    answered(DRILL_RESOLVER, 3, DRILL_PRIMARY);
    answered(DRILL_AUTHORITY, 4, DRILL_OTHER);
    answered(DRILL_RESOLVER, 4, DRILL_OTHER);
    drill_measure(&t, &m);
    assert_int_equal(m.recovered_ns, S(2));
    assert_int_equal(m.worst_recovered_ns, S(4));
}

static void samples_under_way_do_not_count(void **state)
{
    (void)state;
    t.failed_ns = S(2);
    (void)add(DRILL_REQUEST, 2);
    (void)add(DRILL_AUTHORITY, 2);
    drill_measure(&t, &m);
    assert_int_equal(m.failed.sent, 0);
    assert_int_equal(m.worst_stale_ns, -1);
}

/* ---- what comes next */

static void nothing_fails_before_all_was_well_for_a_while(void **state)
{
    (void)state;
    all_lead(1, 4, DRILL_PRIMARY, DRILL_PRIMARY);
    assert_int_equal(next_at(2), DRILL_GO_ON);
    assert_int_equal(next_at(3), DRILL_FAIL);
}

static void a_drill_does_not_begin_where_something_fails_already(void **state)
{
    (void)state;
    all_lead(1, 4, DRILL_OTHER, DRILL_OTHER);
    assert_int_equal(next_at(4), DRILL_GIVE_UP);
    assert_non_null(reason);
    drill_timeline_fini(&t);
    all_lead(1, 3, DRILL_PRIMARY, DRILL_PRIMARY);
    requested(DRILL_REQUEST, 3, DRILL_PRIMARY, false);
    assert_int_equal(next_at(4), DRILL_GIVE_UP);
    drill_timeline_fini(&t);
    all_lead(1, 4, DRILL_NOWHERE, DRILL_NOWHERE);
    assert_int_equal(next_at(4), DRILL_GIVE_UP);
    drill_timeline_fini(&t);
    assert_int_equal(next_at(4), DRILL_GIVE_UP);
}

static void of_several_sets_the_one_that_fails_need_not_be_in_each_answer(void **state)
{
    (void)state;
    all_lead(1, 3, DRILL_OTHER, DRILL_OTHER);
    all_lead(3, 4, DRILL_PRIMARY, DRILL_OTHER);
    assert_int_equal(next_at(4), DRILL_GIVE_UP);
    t.is_exclusive = false;
    assert_int_equal(next_at(4), DRILL_FAIL);
}

static void it_is_put_back_once_all_has_settled(void **state)
{
    (void)state;
    all_lead(1, 4, DRILL_PRIMARY, DRILL_PRIMARY);
    t.failed_ns = S(4);
    all_lead(4, 6, DRILL_OTHER, DRILL_PRIMARY);
    assert_int_equal(next_at(6), DRILL_GO_ON);
    all_lead(6, 9, DRILL_OTHER, DRILL_OTHER);
    assert_int_equal(next_at(7), DRILL_GO_ON);
    assert_int_equal(next_at(8), DRILL_RETURN);
}

static void it_is_put_back_when_nothing_changes(void **state)
{
    (void)state;
    t.was_well = true;
    t.failed_ns = S(4);
    all_lead(4, 25, DRILL_PRIMARY, DRILL_PRIMARY);
    assert_int_equal(next_at(23), DRILL_GO_ON);
    assert_int_equal(next_at(24), DRILL_RETURN);
}

static void it_is_over_once_the_primary_is_answered_again(void **state)
{
    (void)state;
    t.failed_ns = S(1);
    t.back_ns = S(2);
    all_lead(2, 4, DRILL_PRIMARY, DRILL_OTHER);
    assert_int_equal(next_at(4), DRILL_GO_ON);
    all_lead(4, 7, DRILL_PRIMARY, DRILL_PRIMARY);
    assert_int_equal(next_at(6), DRILL_FINISH);
    t.is_exclusive = false;
    assert_int_equal(next_at(6), DRILL_FINISH);
}

static void a_return_that_does_not_come_ends_too(void **state)
{
    (void)state;
    t.failed_ns = S(1);
    t.back_ns = S(2);
    all_lead(2, 23, DRILL_OTHER, DRILL_OTHER);
    assert_int_equal(next_at(21), DRILL_GO_ON);
    assert_int_equal(next_at(22), DRILL_FINISH);
}

static void a_real_outage_begins_with_the_first_of_three_failures(void **state)
{
    (void)state;
    t.is_override = false;
    all_lead(1, 4, DRILL_PRIMARY, DRILL_PRIMARY);
    requested(DRILL_DIRECT, 1, DRILL_PRIMARY, true);
    requested(DRILL_DIRECT, 2, DRILL_PRIMARY, false);
    requested(DRILL_DIRECT, 3, DRILL_PRIMARY, true);
    requested(DRILL_DIRECT, 4, DRILL_PRIMARY, false);
    requested(DRILL_DIRECT, 5, DRILL_PRIMARY, false);
    assert_int_equal(next_at(5), DRILL_GO_ON);
    assert_int_equal(t.failed_ns, 0);
    requested(DRILL_DIRECT, 6, DRILL_PRIMARY, false);
    assert_int_equal(next_at(6), DRILL_GO_ON);
    assert_int_equal(t.failed_ns, S(4));
    for (int64_t at_s = 7; at_s < 10; at_s++)
        requested(DRILL_DIRECT, at_s, DRILL_PRIMARY, true);
    assert_int_equal(next_at(9), DRILL_GO_ON);
    assert_int_equal(t.back_ns, S(7));
}

static void without_requests_an_outage_shows_by_the_answers(void **state)
{
    (void)state;
    t.is_override = false;
    for (int64_t at_s = 1; at_s < 9; at_s++)
        answered(DRILL_AUTHORITY, at_s, at_s < 4 ? DRILL_PRIMARY : DRILL_OTHER);
    t.was_well = true;
    assert_int_equal(next_at(8), DRILL_GO_ON);
    assert_int_equal(t.failed_ns, S(6)); /* of the newest three */
}

static void an_outage_that_does_not_come_is_given_up(void **state)
{
    (void)state;
    t.is_override = false;
    t.was_well = true;
    assert_int_equal(next_at(100), DRILL_GO_ON);
    assert_int_equal(next_at(101), DRILL_GIVE_UP);
    t.failed_ns = S(50);
    assert_int_equal(next_at(149), DRILL_GO_ON);
    assert_int_equal(next_at(150), DRILL_FINISH);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_drill_is_measured_from_the_failure_and_from_the_return),
        TEST(the_worst_resolver_asked_just_before_the_answers_changed),
        TEST(requests_to_a_primary_that_is_said_to_have_failed_are_lost),
        TEST(in_a_real_outage_only_those_that_failed_are_lost),
        TEST(what_never_recovers_has_no_time_of_recovery),
        TEST(an_answer_that_goes_back_for_a_moment_counts_until_the_last),
        TEST(without_requests_the_resolver_tells_the_recovery),
        TEST(samples_under_way_do_not_count),
        TEST(nothing_fails_before_all_was_well_for_a_while),
        TEST(a_drill_does_not_begin_where_something_fails_already),
        TEST(of_several_sets_the_one_that_fails_need_not_be_in_each_answer),
        TEST(it_is_put_back_once_all_has_settled),
        TEST(it_is_put_back_when_nothing_changes),
        TEST(it_is_over_once_the_primary_is_answered_again),
        TEST(a_return_that_does_not_come_ends_too),
        TEST(a_real_outage_begins_with_the_first_of_three_failures),
        TEST(without_requests_an_outage_shows_by_the_answers),
        TEST(an_outage_that_does_not_come_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
