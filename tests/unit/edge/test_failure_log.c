// SPDX-License-Identifier: Apache-2.0
#include "edge/failure_log.h"

// cmocka.h comes after what it needs.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void a_failure_is_said_once_in_a_while_with_the_number_that_was_not(void **state)
{
    (void)state;
    struct edge_failure_log log = {0};
    uint64_t unsaid = 7;
    assert_true(edge_failure_log_is_due(&log, "E1", "o", 3, 1, &unsaid));
    assert_int_equal(unsaid, 0);
    for (int i = 0; i < 1000; i++)
        assert_false(edge_failure_log_is_due(&log, "E1", "o", 3, 2 + i, &unsaid));
    assert_true(edge_failure_log_is_due(&log, "E1", "o", 3, 1 + EDGE_FAILURE_EVERY_NS, &unsaid));
    assert_int_equal(unsaid, 1000);
}

static void one_origin_that_fails_hides_no_other_and_no_other_class(void **state)
{
    (void)state;
    struct edge_failure_log log = {0};
    uint64_t unsaid;
    assert_true(edge_failure_log_is_due(&log, "E1", "o", 3, 1, &unsaid));
    assert_true(edge_failure_log_is_due(&log, "E1", "o", 4, 2, &unsaid));
    assert_true(edge_failure_log_is_due(&log, "E1", "p", 3, 2, &unsaid));
    assert_true(edge_failure_log_is_due(&log, "E2", "o", 3, 2, &unsaid));
    assert_false(edge_failure_log_is_due(&log, "E1", "o", 3, 2, &unsaid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_is_said_once_in_a_while_with_the_number_that_was_not),
        cmocka_unit_test(one_origin_that_fails_hides_no_other_and_no_other_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
