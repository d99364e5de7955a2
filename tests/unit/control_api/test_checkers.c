// SPDX-License-Identifier: Apache-2.0
// The service weir: which nodes probe, and whose votes an operator does not trust.
#include "control/store/checkers.h"
#include "control/store/objects.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define WEIR "/weir/2026-01-01/"

static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *f = *state;
    struct errctx ec = {0};
    struct store_checker checker = {.node_id = "abc",
                                    .address = {192, 0, 2, 1},
                                    .address_bytes = 4,
                                    .port = 5391,
                                    .region = "eu-central-2"};
    struct store_object object = {.kind = STORE_CHECKER, .group = "abc"};
    object.body = store_checker_encode(&f->arena, &checker);
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_object_put(f->conn, &object, &ec), ERR_OK);
    checker.address_bytes = 16;
    object.group = "def";
    object.body = store_checker_encode(&f->arena, &checker);
    assert_int_equal(store_object_put(f->conn, &object, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    return 0;
}

static void checkers_are_listed_with_where_their_votes_are(void **state)
{
    struct fixture *f = *state;
    const char *text = fixture_post(f, WEIR "ListCheckers", "{}", 200);
    assert_holds(text, "\"Id\":\"abc\"");
    assert_holds(text, "\"Votes\":\"192.0.2.1:5391\"");
    assert_holds(text, "\"Region\":\"eu-central-2\"");
    assert_holds(text, "\"Votes\":\"[c000:201::]:5391\"");
    assert_holds(text, "\"Excluded\":false");
    assert_null(strstr(text, "\"Excluded\":true"));
}

static bool is_excluded(struct fixture *f)
{
    struct store_checker *checkers = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    assert_int_equal(store_checker_list(f->conn, &f->arena, 10, &checkers, &count, &ec), ERR_OK);
    assert_int_equal(count, 2);
    assert_false(checkers[1].is_excluded);
    return checkers[0].is_excluded;
}

static void a_checker_is_excluded_and_included(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    uint64_t before;
    uint64_t after;
    fixture_post(f, WEIR "ExcludeChecker", "{\"Id\": \"abc\"}", 200);
    assert_true(is_excluded(f));
    assert_int_equal(store_version(f->conn, &before, &ec), ERR_OK);
    fixture_post(f, WEIR "ExcludeChecker", "{\"Id\": \"abc\"}", 200);
    assert_int_equal(store_version(f->conn, &after, &ec), ERR_OK);
    assert_int_equal(before, after);
    assert_holds(fixture_post(f, WEIR "ListCheckers", "{}", 200), "\"Excluded\":true");
    fixture_post(f, WEIR "IncludeChecker", "{\"Id\": \"abc\"}", 200);
    assert_false(is_excluded(f));
}

static void what_is_no_checker_is_said_to_be_none(void **state)
{
    struct fixture *f = *state;
    assert_holds(fixture_post(f, WEIR "ExcludeChecker", "{\"Id\": \"nope\"}", 404), "NoSuchNode");
    assert_holds(fixture_post(f, WEIR "IncludeChecker", "{}", 400), "A text 'Id' is expected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(checkers_are_listed_with_where_their_votes_are, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_checker_is_excluded_and_included, setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_checker_is_said_to_be_none, setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
