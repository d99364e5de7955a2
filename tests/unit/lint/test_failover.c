// SPDX-License-Identifier: Apache-2.0
#include "lint/failover.h"
#include "lint/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* The codes of all findings, each followed by a space. */
static const char *codes(struct arena *a, const struct lint_findings *findings)
{
    const char *text = "";
    for (size_t i = 0; i < findings->count; i++)
        text = arena_printf(a, "%s%s ", text, findings->items[i].code);
    return text;
}

static void a_primary_that_nothing_can_fail_is_pointed_out(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const struct lint_check check = {.id = "c", .probe = LINT_PROBE_NONE};
    struct lint_set set = {.name = "www.example.com.", .identifier = "a", .is_primary = true};
    struct lint_findings found = {0};
    lint_set(&a, &set, &found);
    assert_string_equal(codes(&a, &found), "failover-without-check ");
    assert_string_equal(
        found.items[0].text,
        "www.example.com. 'a' is PRIMARY without a health check: it never fails over.");
    found = (struct lint_findings){0};
    set.is_evaluating = true; /* its target's health fails it */
    lint_set(&a, &set, &found);
    set.is_evaluating = false;
    set.check = &check;
    lint_set(&a, &set, &found);
    set.check = NULL;
    set.is_primary = false; /* a secondary, or another policy */
    lint_set(&a, &set, &found);
    assert_int_equal(found.count, 0);
}

static void detection_and_ttl_are_added_up(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct lint_check check = {
        .id = "c", .probe = LINT_PROBE_HTTP, .interval_s = 10, .threshold = 3};
    struct lint_set set = {.name = "n", .identifier = "a", .ttl_s = 23, .check = &check};
    struct lint_findings found = {0};
    assert_int_equal(lint_detection_s(&check), 37); /* 3 x 10, 6 for the probe, 1 for the vote */
    lint_set(&a, &set, &found);
    assert_int_equal(found.count, 0);
    set.ttl_s = 24;
    lint_set(&a, &set, &found);
    assert_string_equal(codes(&a, &found), "slow-recovery ");
    assert_string_equal(found.items[0].text,
                        "n 'a': clients may see a failure for 61 s: 37 s until it is detected, "
                        "and a TTL of 24 s.");
    check.probe = LINT_PROBE_HTTP_MATCH;
    assert_int_equal(lint_detection_s(&check), 39);
    check.probe = LINT_PROBE_TCP;
    assert_int_equal(lint_detection_s(&check), 41);
    check.probe = LINT_PROBE_NONE;
    assert_int_equal(lint_detection_s(&check), 0);
}

static void a_path_that_looks_behind_the_server_is_pointed_out(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    static const char *const good[] = {"/", "/health", "/status?quick=1", "/ping.html", NULL};
    static const char *const bad[] = {"/health/deep", "/Dependencies", "/check?with=database"};
    struct lint_check check = {.id = "c", .probe = LINT_PROBE_HTTP};
    struct lint_findings found = {0};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        check.path = good[i];
        lint_check(&a, &check, &found);
    }
    assert_int_equal(found.count, 0);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        check.path = bad[i];
        lint_check(&a, &check, &found);
        assert_int_equal(found.count, i + 1);
        assert_string_equal(found.items[i].code, "check-of-dependencies");
    }
    check.probe = LINT_PROBE_TCP; /* which asks for no path */
    lint_check(&a, &check, &found);
    assert_int_equal(found.count, ARRAY_LEN(bad));
}

static void findings_past_the_limit_are_dropped(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const struct lint_set set = {.name = "n", .identifier = "a", .is_primary = true};
    struct lint_findings found = {0};
    for (unsigned i = 0; i < LINT_FINDINGS_MAX + 3; i++)
        lint_set(&a, &set, &found);
    assert_int_equal(found.count, LINT_FINDINGS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_primary_that_nothing_can_fail_is_pointed_out),
        cmocka_unit_test(detection_and_ttl_are_added_up),
        cmocka_unit_test(a_path_that_looks_behind_the_server_is_pointed_out),
        cmocka_unit_test(findings_past_the_limit_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
