// SPDX-License-Identifier: Apache-2.0
// Invalidations: numbers, what is in progress, what the feed reads.
#include "control/store/invalidations.h"

#include "control/store/distributions.h"
#include "control/store/limits.h"
#include "fixture.h"

#include <stdio.h>

static void add_distribution(struct fixture *f, const char *id)
{
    const struct store_distribution d = {.id = id,
                                         .account_id = "1",
                                         .caller_reference = id,
                                         .domain_name = "e.cdn.weir.test",
                                         .etag = "EA",
                                         .change_id = "C1"};
    begin(f);
    OK(store_distribution_add(f->conn, &d, EC));
    commit(f);
}

static int setup(void **state)
{
    int failed = fixture_setup(state);
    if (failed == 0) {
        add_distribution(*state, "E1");
        add_distribution(*state, "E2");
    }
    return failed;
}

static const char *two_paths[] = {"/a", "/b*"};

static struct store_invalidation invalidation_of(const char *id, const char *distribution_id)
{
    return (struct store_invalidation){.id = id,
                                       .distribution_id = distribution_id,
                                       .caller_reference = id,
                                       .created_unix_ms = 1800000000123,
                                       .paths = two_paths,
                                       .path_count = 2,
                                       .wildcard_count = 1};
}

static uint64_t add(struct fixture *f, const char *id, const char *distribution_id)
{
    const struct store_invalidation i = invalidation_of(id, distribution_id);
    uint64_t number = 0;
    begin(f);
    OK(store_invalidation_add(f->conn, &i, &number, EC));
    commit(f);
    return number;
}

static void complete(struct fixture *f, uint64_t upto, uint64_t expected)
{
    uint64_t changed = 99;
    begin(f);
    OK(store_invalidation_complete(f->conn, upto, &changed, EC));
    commit(f);
    assert_int_equal(changed, expected);
}

static void an_invalidation_reads_back_whole(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, "I1", "E1"), 1);
    struct store_invalidation i = {0};
    OK(store_invalidation_get(f->conn, &f->arena, "E1", "I1", &i, EC));
    assert_int_equal(i.number, 1);
    assert_int_equal(i.created_unix_ms, 1800000000123);
    assert_int_equal(i.path_count, 2);
    assert_string_equal(i.paths[0], "/a");
    assert_string_equal(i.paths[1], "/b*");
    assert_int_equal(i.wildcard_count, 1);
    assert_false(i.is_completed);
    struct errctx ec = {0};
    assert_int_equal(store_invalidation_get(f->conn, &f->arena, "E2", "I1", &i, &ec),
                     ERR_NOT_FOUND);
    OK(store_invalidation_by_reference(f->conn, &f->arena, "E1", "I1", &i, EC));
    assert_string_equal(i.paths[1], "/b*");
}

static void numbers_rise_over_all_distributions_and_are_not_reused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(add(f, "I1", "E1"), 1);
    assert_int_equal(add(f, "I2", "E2"), 2);
    begin(f);
    OK(store_distribution_remove(f->conn, "E2", EC));
    commit(f);
    fixture_reopen(f);
    assert_int_equal(add(f, "I3", "E1"), 3);
    struct store_invalidation_position position = {0};
    OK(store_invalidation_position(f->conn, &position, EC));
    assert_int_equal(position.number, 3);
    assert_int_equal(position.forgotten, 0);
    assert_true(position.epoch > 0);
}

static void a_caller_reference_is_of_its_distribution(void **state)
{
    struct fixture *f = *state;
    add(f, "I1", "E1");
    struct store_invalidation again = invalidation_of("I2", "E1");
    again.caller_reference = "I1";
    struct errctx ec = {0};
    uint64_t number = 0;
    begin(f);
    assert_int_equal(store_invalidation_add(f->conn, &again, &number, &ec), ERR_EXISTS);
    again.distribution_id = "E2";
    OK(store_invalidation_add(f->conn, &again, &number, EC));
    commit(f);
    assert_int_equal(number, 2);
}

static void note_commit(void *user)
{
    ++*(unsigned *)user;
}

static void a_commit_with_an_invalidation_calls_the_listener(void **state)
{
    struct fixture *f = *state;
    unsigned calls = 0;
    fixture_close(f);
    OK(store_open("sqlite", f->dir, &f->store, EC));
    store_on_commit(f->store, note_commit, &calls);
    OK(store_connect(f->store, &f->conn, EC));
    add(f, "I1", "E1");
    assert_int_equal(calls, 1);
    complete(f, 1, 1);
    assert_int_equal(calls, 1);
}

static void what_is_in_progress_is_counted_by_kind_of_path(void **state)
{
    struct fixture *f = *state;
    struct store_invalidation_load load = {0};
    OK(store_invalidation_in_progress(f->conn, "E1", &load, EC));
    assert_int_equal(load.batches + load.exact_paths + load.wildcard_paths, 0);
    add(f, "I1", "E1");
    add(f, "I2", "E1");
    add(f, "I3", "E2");
    complete(f, 1, 1);
    OK(store_invalidation_in_progress(f->conn, "E1", &load, EC));
    assert_int_equal(load.batches, 1);
    assert_int_equal(load.exact_paths, 1);
    assert_int_equal(load.wildcard_paths, 1);
}

static void a_listing_is_newest_first_without_paths(void **state)
{
    struct fixture *f = *state;
    add(f, "I1", "E1");
    add(f, "I2", "E2");
    add(f, "I3", "E1");
    add(f, "I4", "E1");
    struct store_invalidation *list = NULL;
    size_t count = 0;
    struct store_invalidation_query query = {.distribution_id = "E1", .limit = 2};
    OK(store_invalidation_list(f->conn, &f->arena, &query, &list, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id, "I4");
    assert_string_equal(list[1].id, "I3");
    assert_null(list[0].paths);
    query.before_number = list[1].number;
    OK(store_invalidation_list(f->conn, &f->arena, &query, &list, &count, EC));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, "I1");
}

struct walk {
    char ids[64];
    enum err answer;
};

static enum err note_visit(void *user, const struct store_invalidation *i, struct errctx *ec)
{
    struct walk *walk = user;
    (void)ec;
    strcat(walk->ids, i->id);
    assert_int_equal(i->path_count, 2);
    assert_string_equal(i->paths[1], "/b*");
    return walk->answer;
}

static void the_feed_walks_rows_by_number(void **state)
{
    struct fixture *f = *state;
    add(f, "I1", "E1");
    add(f, "I2", "E2");
    add(f, "I3", "E1");
    struct walk walk = {0};
    const struct store_invalidation_visitor visitor = {note_visit, &walk};
    OK(store_invalidation_visit(f->conn, 1, 10, &visitor, EC));
    assert_string_equal(walk.ids, "I2I3");
    OK(store_invalidation_visit(f->conn, 0, 1, &visitor, EC));
    assert_string_equal(walk.ids, "I2I3I1");
    walk.answer = ERR_LIMIT;
    struct errctx ec = {0};
    assert_int_equal(store_invalidation_visit(f->conn, 0, 9, &visitor, &ec), ERR_LIMIT);
    struct store_invalidation_newest *newest = NULL;
    size_t count = 0;
    const struct store_invalidation_range range = {.after = 0, .upto = 2};
    OK(store_invalidation_newest_by_distribution(f->conn, &f->arena, &range, &newest, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(newest[0].distribution_id, "E1");
    assert_int_equal(newest[0].number, 1);
    assert_int_equal(newest[1].number, 2);
}

static void the_backlog_tells_its_oldest(void **state)
{
    struct fixture *f = *state;
    struct store_invalidation_backlog backlog = {0};
    OK(store_invalidation_pending(f->conn, &backlog, EC));
    assert_int_equal(backlog.count + backlog.oldest_number, 0);
    add(f, "I1", "E1");
    add(f, "I2", "E1");
    add(f, "I3", "E1");
    complete(f, 1, 1);
    complete(f, 1, 0);
    OK(store_invalidation_pending(f->conn, &backlog, EC));
    assert_int_equal(backlog.count, 2);
    assert_int_equal(backlog.oldest_number, 2);
    assert_int_equal(backlog.oldest_unix_ms, 1800000000123);
}

static void old_completed_ones_are_dropped_and_that_is_noted(void **state)
{
    struct fixture *f = *state;
    char id[24];
    uint64_t number = 0;
    begin(f);
    for (unsigned i = 0; i < STORE_INVALIDATIONS_KEPT + 2; i++) {
        snprintf(id, sizeof(id), "I%u", i);
        struct store_invalidation row = invalidation_of(id, "E1");
        row.is_completed = i != 0;
        OK(store_invalidation_add(f->conn, &row, &number, EC));
    }
    commit(f);
    struct store_invalidation_position position = {0};
    OK(store_invalidation_position(f->conn, &position, EC));
    assert_int_equal(position.forgotten, 2); /* the first is still in progress and stays */
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM invalidation"),
                     STORE_INVALIDATIONS_KEPT + 1);
    assert_int_equal(fixture_sql_number(f, "SELECT MIN(number) FROM invalidation"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_invalidation_reads_back_whole),
        TEST(numbers_rise_over_all_distributions_and_are_not_reused),
        TEST(a_caller_reference_is_of_its_distribution),
        TEST(a_commit_with_an_invalidation_calls_the_listener),
        TEST(what_is_in_progress_is_counted_by_kind_of_path),
        TEST(a_listing_is_newest_first_without_paths),
        TEST(the_feed_walks_rows_by_number),
        TEST(the_backlog_tells_its_oldest),
        TEST(old_completed_ones_are_dropped_and_that_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
