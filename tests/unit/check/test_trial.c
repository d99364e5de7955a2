// SPDX-License-Identifier: Apache-2.0
// What a root must stand before its checks are probed.
#include "check/trial.h"

#include "check_roots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define ID(last) "5d0f9cc8-0000-4000-8000-00000000000" last

static struct memory_store store;
static struct check_root before;
static struct check_root after;
static struct errctx ec;

static int setup(void **state)
{
    (void)state;
    ec = (struct errctx){0};
    memory_store_init(&store);
    check_root_init(&before, &store);
    check_root_init(&after, &store);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    check_root_fini(&before);
    check_root_fini(&after);
    memory_store_fini(&store);
    return 0;
}

static enum err run(bool is_first)
{
    const struct role_root none = {.source = &store.source};
    check_root_finish(&before);
    check_root_finish(&after);
    return check_trial_run(is_first ? &none : &before.role_root, &after.role_root, NULL, &ec);
}

static void checks_that_can_be_asked_pass(void **state)
{
    (void)state;
    struct release_health_check check = check_root_http(ID("1"));
    check_root_check(&after, &check);
    check = (struct release_health_check){
        .id = ID("2"), .kind = RELEASE_CHECK_POSTED, .host = "", .path = "", .search = ""};
    check_root_check(&after, &check);
    assert_int_equal(run(true), ERR_OK);
    assert_int_equal(run(false), ERR_OK);
}

static void a_check_that_cannot_be_read_is_named(void **state)
{
    (void)state;
    check_root_put(&after, ID("3"), SLICE_LIT("\xff\xff\xff"));
    assert_int_equal(run(false), ERR_INVALID);
    assert_non_null(strstr(ec.text, "health check " ID("3")));
}

static void what_does_not_differ_is_not_tried_again(void **state)
{
    (void)state;
    check_root_put(&before, ID("3"), SLICE_LIT("\xff\xff\xff"));
    check_root_put(&after, ID("3"), SLICE_LIT("\xff\xff\xff"));
    struct release_health_check check = check_root_http(ID("1"));
    check_root_check(&after, &check);
    assert_int_equal(run(false), ERR_OK);
    assert_int_equal(run(true), ERR_INVALID);
}

static void a_damaged_check_may_be_taken_away(void **state)
{
    (void)state;
    check_root_put(&before, ID("3"), SLICE_LIT("\xff\xff\xff"));
    assert_int_equal(run(false), ERR_OK);
}

static void more_checks_than_a_table_holds_are_refused(void **state)
{
    (void)state;
    struct release_health_check check = check_root_http(ID("1"));
    check_root_check(&after, &check);
    after.root.tries[RELEASE_HEALTH_CHECK].entries = 65537;
    assert_int_equal(run(false), ERR_INVALID);
}

#define TRIAL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIAL_TEST(checks_that_can_be_asked_pass),
        TRIAL_TEST(a_check_that_cannot_be_read_is_named),
        TRIAL_TEST(what_does_not_differ_is_not_tried_again),
        TRIAL_TEST(a_damaged_check_may_be_taken_away),
        TRIAL_TEST(more_checks_than_a_table_holds_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
