// SPDX-License-Identifier: Apache-2.0
// When results change a checker's mind.
#include "health/streak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/** Adds '+' (passed) and '-' (failed) in turn; the states after each as 'u', 'h', 's' (sick). */
static void expect(unsigned threshold, const char *results, const char *states)
{
    struct streak s = {0};
    assert_int_equal(strlen(results), strlen(states));
    for (size_t i = 0; results[i] != '\0'; i++) {
        streak_add(&s, threshold, results[i] == '+');
        if ("uhs"[s.state] != states[i])
            fail_msg("threshold %u, %s: state %zu is not %c", threshold, results, i, states[i]);
    }
}

static void nothing_is_said_before_threshold_results_in_a_row(void **state)
{
    (void)state;
    expect(1, "+", "h");
    expect(1, "-", "s");
    expect(3, "++", "uu");
    expect(3, "+++", "uuh");
    expect(3, "---", "uus");
    expect(3, "++-+-++-", "uuuuuuuu");
    expect(10, "----------", "uuuuuuuuus");
}

static void threshold_results_in_a_row_change_it_both_ways(void **state)
{
    (void)state;
    expect(1, "+-+--+", "hshssh");
    expect(3, "+++--+--+---+-++-+++", "uuhhhhhhhhhssssssssh");
    expect(2, "--+-++-", "usssshh");
}

static void a_long_row_is_counted_no_further(void **state)
{
    (void)state;
    struct streak s = {0};
    for (int i = 0; i < 1000; i++)
        streak_add(&s, 10, true);
    assert_int_equal(s.state, VOTE_HEALTHY);
    for (int i = 0; i < 9; i++)
        streak_add(&s, 10, false);
    assert_int_equal(s.state, VOTE_HEALTHY);
    streak_add(&s, 10, false);
    assert_int_equal(s.state, VOTE_UNHEALTHY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_before_threshold_results_in_a_row),
        cmocka_unit_test(threshold_results_in_a_row_change_it_both_ways),
        cmocka_unit_test(a_long_row_is_counted_no_further),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
