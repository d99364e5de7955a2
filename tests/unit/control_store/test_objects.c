// SPDX-License-Identifier: Apache-2.0
// Versioned objects: reading at versions, listing, changes in a range, forgetting; changes and what
// is held.
#include "control/store/objects.h"

#include "base/time.h"
#include "control/store/limits.h"
#include "fixture.h"

#include <stdio.h>

static void assert_body(struct fixture *f, const char *name, const char *body)
{
    struct store_object object;
    const struct store_object which = {
        .kind = STORE_NAME, .group = "Z1", .member = slice_str(name)};
    OK(store_object_get(f->conn, &f->arena, &which, &object, EC));
    assert_true(slice_equal(object.body, slice_str(body)));
    assert_true(slice_equal(object.member, slice_str(name)));
    assert_string_equal(object.group, "Z1");
    assert_int_equal(object.kind, STORE_NAME);
    assert_false(object.is_deleted);
}

/** body NULL: there is nothing at this version. */
static void assert_body_at(struct fixture *f, const char *name, uint64_t version, const char *body)
{
    const struct store_object which = {
        .kind = STORE_NAME, .group = "Z1", .member = slice_str(name)};
    struct store_object object = {.version = 77};
    struct errctx ec = {0};
    enum err err = store_object_get_at(f->conn, &f->arena, &which, version, &object, &ec);
    assert_int_equal(err, body == NULL ? ERR_NOT_FOUND : ERR_OK);
    if (body != NULL)
        assert_true(slice_equal(object.body, slice_str(body)));
    else
        assert_int_equal(object.version, 77);
}

static void assert_nothing(struct fixture *f, enum store_kind kind, const char *group)
{
    const struct store_object which = {.kind = kind, .group = group, .member = SLICE_LIT("a")};
    struct store_object object;
    struct errctx ec = {0};
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, &ec), ERR_NOT_FOUND);
}

static void the_newest_row_counts(void **state)
{
    struct fixture *f = *state;
    put_name(f, "Z1", "a", "1");
    assert_body(f, "a", "1");
    put_name(f, "Z1", "a", "2");
    assert_body(f, "a", "2");
    assert_nothing(f, STORE_NAME, "Z2");
    assert_nothing(f, STORE_ZONE, "Z1");
    delete_name(f, "Z1", "a");
    assert_nothing(f, STORE_NAME, "Z1");
    put_name(f, "Z1", "a", "4");
    assert_body(f, "a", "4");
}

static void every_version_can_be_read(void **state)
{
    struct fixture *f = *state;
    put_name(f, "Z1", "other", "x");
    put_name(f, "Z1", "a", "2");
    delete_name(f, "Z1", "a");
    put_name(f, "Z1", "a", "4");
    assert_body_at(f, "a", 0, NULL);
    assert_body_at(f, "a", 1, NULL);
    assert_body_at(f, "a", 2, "2");
    assert_body_at(f, "a", 3, NULL);
    assert_body_at(f, "a", 4, "4");
    assert_body_at(f, "a", UINT64_MAX, "4");
}

static void the_second_put_of_a_transaction_stands(void **state)
{
    struct fixture *f = *state;
    struct store_object object = {.kind = STORE_NAME, .group = "Z1", .member = SLICE_LIT("a")};
    put_name(f, "Z1", "a", "1");
    begin(f);
    object.is_deleted = true;
    OK(store_object_put(f->conn, &object, EC));
    object.is_deleted = false;
    object.body = SLICE_LIT("2");
    OK(store_object_put(f->conn, &object, EC));
    commit(f);
    assert_body(f, "a", "2");
    assert_body_at(f, "a", 1, "1");
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM object"), 2);
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM object WHERE replaced_at IS NULL"),
                     1);
}

static void assert_listed(struct fixture *f, const char *from, size_t limit, const char *expected)
{
    struct store_object *objects = NULL;
    size_t count = 99;
    const struct store_object_query query = {
        .kind = STORE_NAME, .group = "Z1", .from_member = slice_str(from), .limit = limit};
    OK(store_object_list(f->conn, &f->arena, &query, &objects, &count, EC));
    const char *found = "";
    for (size_t i = 0; i < count; i++)
        found = arena_printf(&f->arena, "%s%.*s=%.*s ", found, SLICE_FMT(objects[i].member),
                             SLICE_FMT(objects[i].body));
    assert_string_equal(found, expected);
}

static void listings_hold_what_exists_by_member(void **state)
{
    struct fixture *f = *state;
    assert_listed(f, "", 10, "");
    put_name(f, "Z1", "c", "1");
    put_name(f, "Z1", "a", "2");
    put_name(f, "Z1", "ab", "3");
    put_name(f, "Z1", "b", "4");
    put_name(f, "Z1", "a", "5");
    put_name(f, "Z2", "a", "6");
    put_name(f, "Z0", "z", "7");
    delete_name(f, "Z1", "b");
    assert_listed(f, "", 10, "a=5 ab=3 c=1 ");
    assert_listed(f, "a", 2, "a=5 ab=3 ");
    assert_listed(f, "aa", 2, "ab=3 c=1 ");
    assert_listed(f, "c", 2, "c=1 ");
    assert_listed(f, "d", 2, "");
    assert_listed(f, "", 0, "");
}

struct seen {
    struct fixture *f;
    const char *text;
    size_t limit; /* visits until the visitor fails */
};

static enum err see(void *user, const struct store_object *object, struct errctx *ec)
{
    struct seen *seen = (struct seen *)user;
    if (seen->limit-- == 0)
        return err_set(ec, ERR_LIMIT, "enough");
    const char *body = object->is_deleted ? "-" : arena_str(&seen->f->arena, object->body);
    seen->text = arena_printf(&seen->f->arena, "%s%s/%.*s@%d=%s ", seen->text, object->group,
                              SLICE_FMT(object->member), (int)object->version, body);
    return ERR_OK;
}

static void assert_changes(struct fixture *f, uint64_t after, uint64_t upto, const char *expected)
{
    struct seen seen = {.f = f, .text = "", .limit = SIZE_MAX};
    const struct store_object_visitor visitor = {.visit = see, .user = &seen};
    OK(store_object_changes(f->conn, after, upto, &visitor, EC));
    assert_string_equal(seen.text, expected);
}

static void changes_are_the_newest_rows_of_the_range(void **state)
{
    struct fixture *f = *state;
    put_name(f, "Z2", "b", "1");
    put_name(f, "Z1", "a", "2");
    put_name(f, "Z1", "a", "3");
    delete_name(f, "Z2", "b");
    put_name(f, "Z1", "c", "5");
    assert_changes(f, 0, 0, "");
    assert_changes(f, 0, 1, "Z2/b@1=1 ");
    assert_changes(f, 0, 2, "Z1/a@2=2 Z2/b@1=1 ");
    assert_changes(f, 0, 5, "Z1/a@3=3 Z1/c@5=5 Z2/b@4=- ");
    assert_changes(f, 0, UINT64_MAX, "Z1/a@3=3 Z1/c@5=5 Z2/b@4=- ");
    assert_changes(f, 1, 2, "Z1/a@2=2 ");
    assert_changes(f, 1, 3, "Z1/a@3=3 ");
    assert_changes(f, 2, 4, "Z1/a@3=3 Z2/b@4=- ");
    assert_changes(f, 3, 5, "Z1/c@5=5 Z2/b@4=- ");
    assert_changes(f, 5, 5, "");
    assert_changes(f, 5, 99, "");
}

static void a_visitor_may_stop_and_may_use_the_connection(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    put_name(f, "Z1", "a", "1");
    put_name(f, "Z1", "b", "2");
    struct seen seen = {.f = f, .text = "", .limit = 1};
    const struct store_object_visitor visitor = {.visit = see, .user = &seen};
    assert_int_equal(store_object_changes(f->conn, 0, 2, &visitor, &ec), ERR_LIMIT);
    assert_string_equal(seen.text, "Z1/a@1=1 ");
    assert_changes(f, 0, 2, "Z1/a@1=1 Z1/b@2=2 ");
}

static uint64_t forget(struct fixture *f, uint64_t version)
{
    uint64_t dropped = 99;
    begin(f);
    OK(store_object_forget(f->conn, version, &dropped, EC));
    commit(f);
    return dropped;
}

static void forgetting_keeps_what_later_releases_need(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    put_name(f, "Z1", "a", "1");
    put_name(f, "Z1", "a", "2");
    put_name(f, "Z1", "gone", "3");
    delete_name(f, "Z1", "gone");
    put_name(f, "Z1", "a", "5");
    assert_int_equal(forget(f, 1), 0);
    assert_int_equal(forget(f, 4), 3); /* a@1, gone@3, gone@4 */
    assert_body_at(f, "a", 4, "2");
    assert_body_at(f, "a", 5, "5");
    assert_body_at(f, "gone", 4, NULL);
    assert_changes(f, 0, 4, "Z1/a@2=2 ");
    assert_changes(f, 4, 5, "Z1/a@5=5 ");
    struct seen seen = {.f = f, .text = "", .limit = SIZE_MAX};
    const struct store_object_visitor visitor = {.visit = see, .user = &seen};
    assert_int_equal(store_object_changes(f->conn, 3, 5, &visitor, &ec), ERR_CONFLICT);
    assert_int_equal(forget(f, 2), 0); /* lower than before: no harm */
    put_name(f, "Z1", "gone", "back");
    assert_changes(f, 5, 6, "Z1/gone@6=back ");
}

static void hold(struct fixture *f, const struct store_held *held, size_t count)
{
    begin(f);
    OK(store_held_replace(f->conn, held, count, EC));
    commit(f);
}

static void forgetting_keeps_what_held_objects_stand_at(void **state)
{
    struct fixture *f = *state;
    const struct store_held held = {
        .kind = STORE_NAME,
        .group = "Z1",
        .member = SLICE_LIT("a"),
        .at_version = 2,
        .change_version = 3,
        .reason = "crash",
    };
    put_name(f, "Z1", "a", "1");
    put_name(f, "Z1", "a", "2");
    put_name(f, "Z1", "a", "3");
    delete_name(f, "Z1", "a");
    hold(f, &held, 1);
    assert_int_equal(forget(f, 4), 2); /* a@1, a@3 */
    assert_body_at(f, "a", 2, "2");
    assert_changes(f, 0, 4, "Z1/a@4=- ");
    hold(f, NULL, 0);
    assert_int_equal(forget(f, 4), 2); /* a@2, a@4 */
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM object"), 0);
}

static void forgetting_is_bounded(void **state)
{
    struct fixture *f = *state;
    char name[16];
    for (int round = 0; round < 2; round++) {
        begin(f);
        for (int i = 0; i <= STORE_FORGET_ROWS_MAX; i++) {
            (void)snprintf(name, sizeof(name), "%d", i);
            const struct store_object object = {
                .kind = STORE_NAME, .group = "Z1", .member = slice_str(name)};
            OK(store_object_put(f->conn, &object, EC));
        }
        commit(f);
    }
    assert_int_equal(forget(f, 2), STORE_FORGET_ROWS_MAX);
    assert_int_equal(forget(f, 2), 1);
    assert_int_equal(forget(f, 2), 0);
}

static int64_t best_listing_ns(struct fixture *f, const char *from)
{
    const struct store_object_query query = {
        .kind = STORE_NAME, .group = "Z1", .from_member = slice_str(from), .limit = 100};
    int64_t best_ns = INT64_MAX;
    for (int i = 0; i < 50; i++) {
        struct store_object *objects = NULL;
        size_t count = 0;
        arena_reset(&f->arena);
        int64_t start_ns = time_monotonic_ns();
        OK(store_object_list(f->conn, &f->arena, &query, &objects, &count, EC));
        int64_t took_ns = time_monotonic_ns() - start_ns;
        assert_int_equal(count, 100);
        best_ns = took_ns < best_ns ? took_ns : best_ns;
    }
    return best_ns;
}

/** Writes names [0, count) in one change. */
static void put_many(struct fixture *f, int count, bool is_deleted)
{
    begin(f);
    for (int i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%06d", i);
        const struct store_object object = {
            .kind = STORE_NAME, .group = "Z1", .member = slice_str(name), .is_deleted = is_deleted};
        OK(store_object_put(f->conn, &object, EC));
    }
    commit(f);
}

static void a_listing_costs_its_length_not_the_zones(void **state)
{
    struct fixture *f = *state;
    put_many(f, 100, false);
    int64_t small_ns = best_listing_ns(f, "");
    put_many(f, 10000, false);
    int64_t large_ns = best_listing_ns(f, "005000");
    put_many(f, 9900, true);
    int64_t deleted_ns = best_listing_ns(f, "");
    /* Ten times leaves room for deeper trees and busy machines; walking 5,000 rows would be 50. */
    assert_true(large_ns < 10 * small_ns);
    assert_true(deleted_ns < 10 * small_ns);
}

static void groups_of_a_kind_are_listed_in_order(void **state)
{
    struct fixture *f = *state;
    static const char *const groups[] = {"P2", "P1", "P3"};
    struct store_object *objects = NULL;
    size_t count = 0;
    begin(f);
    (void)take_version(f);
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        const struct store_object object = {
            .kind = STORE_POP, .group = groups[i], .body = slice_str(groups[i])};
        OK(store_object_put(f->conn, &object, EC));
    }
    commit(f);
    begin(f);
    (void)take_version(f);
    const struct store_object gone = {.kind = STORE_POP, .group = "P1", .is_deleted = true};
    const struct store_object changed = {
        .kind = STORE_POP, .group = "P2", .body = SLICE_LIT("new")};
    OK(store_object_put(f->conn, &gone, EC));
    OK(store_object_put(f->conn, &changed, EC));
    commit(f);
    const struct store_object_groups_query query = {.kind = STORE_POP, .limit = 9};
    OK(store_object_list_groups(f->conn, &f->arena, &query, &objects, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(objects[0].group, "P2");
    assert_true(slice_equal(objects[0].body, SLICE_LIT("new")));
    assert_string_equal(objects[1].group, "P3");
}

static void add_change_of(struct fixture *f, const char *id, uint64_t version, unsigned roles)
{
    const struct store_change change = {
        .id = id,
        .account_id = "1",
        .version = version,
        .roles = roles,
        .submitted_unix_ms = 5,
        .comment = version == 1 ? "first" : NULL,
    };
    begin(f);
    OK(store_change_add(f->conn, &change, EC));
    commit(f);
}

static void add_change(struct fixture *f, const char *id, uint64_t version)
{
    add_change_of(f, id, version, STORE_ROLE_DNS);
}

/* What nodes of each role have, as in sync; inside a write transaction. */
static void set_insync(struct fixture *f, uint64_t dns, uint64_t edge)
{
    const struct store_insync insync = {
        .upto = {[STORE_ROLE_DNS] = dns,
                 [STORE_ROLE_EDGE] = edge,
                 [STORE_ROLE_DNS | STORE_ROLE_EDGE] = dns < edge ? dns : edge}};
    OK(store_change_set_insync(f->conn, &insync, EC));
}

static struct store_change get_change(struct fixture *f, const char *id)
{
    struct store_change change;
    OK(store_change_get(f->conn, &f->arena, "1", id, &change, EC));
    return change;
}

static void a_change_is_pending_until_insync_for_good(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    add_change(f, "C1", 1);
    add_change(f, "C2", 2);
    struct store_change change = get_change(f, "C1");
    assert_false(change.is_insync);
    assert_string_equal(change.comment, "first");
    assert_null(change.held_reason);
    assert_int_equal(change.version, 1);
    assert_int_equal(change.submitted_unix_ms, 5);
    begin(f);
    set_insync(f, 1, 0);
    assert_int_equal(store_change_add(f->conn, &change, &ec), ERR_EXISTS);
    commit(f);
    assert_true(get_change(f, "C1").is_insync);
    assert_false(get_change(f, "C2").is_insync);
    assert_null(get_change(f, "C2").comment);
    assert_int_equal(store_change_get(f->conn, &f->arena, "2", "C1", &change, &ec), ERR_NOT_FOUND);
    assert_int_equal(store_change_get(f->conn, &f->arena, "1", "C3", &change, &ec), ERR_NOT_FOUND);
}

static void a_change_is_insync_once_all_roles_have_it_that_it_concerns(void **state)
{
    struct fixture *f = *state;
    add_change_of(f, "C1", 1, STORE_ROLE_DNS);
    add_change_of(f, "C2", 2, STORE_ROLE_EDGE);
    add_change_of(f, "C3", 3, STORE_ROLE_DNS | STORE_ROLE_EDGE);
    assert_int_equal(get_change(f, "C3").roles, STORE_ROLE_DNS | STORE_ROLE_EDGE);
    begin(f);
    set_insync(f, 9, 0); /* no edge is there */
    commit(f);
    assert_true(get_change(f, "C1").is_insync);
    assert_false(get_change(f, "C2").is_insync);
    assert_false(get_change(f, "C3").is_insync);
    begin(f);
    set_insync(f, 9, 2);
    commit(f);
    assert_true(get_change(f, "C2").is_insync);
    assert_false(get_change(f, "C3").is_insync);
    begin(f);
    set_insync(f, 3, 3);
    commit(f);
    assert_true(get_change(f, "C3").is_insync);
}

static void assert_pending(struct fixture *f, uint64_t after, size_t limit, const char *expected)
{
    const struct store_pending_query query = {.after = after, .limit = limit};
    struct store_change *changes = NULL;
    size_t count = 99;
    OK(store_change_list_pending(f->conn, &f->arena, &query, &changes, &count, EC));
    const char *found = "";
    for (size_t i = 0; i < count; i++)
        found = arena_printf(&f->arena, "%s%s ", found, changes[i].id);
    assert_string_equal(found, expected);
}

static void pending_changes_come_by_version(void **state)
{
    struct fixture *f = *state;
    add_change(f, "C9", 1);
    add_change(f, "C8", 2);
    add_change(f, "C7", 3);
    begin(f);
    set_insync(f, 1, 0);
    commit(f);
    assert_pending(f, 0, 9, "C8 C7 ");
    assert_pending(f, 0, 1, "C8 ");
    assert_pending(f, 2, 9, "C7 ");
    assert_pending(f, 3, 9, "");
}

static void held_changes_say_why_and_do_not_become_insync(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    const struct store_held held[] = {
        {STORE_NAME, "Z1", SLICE_LIT("b"), 0, 3, "later"},
        {STORE_NAME, "Z1", SLICE_LIT("a"), 1, 2, "crash"},
        {STORE_NAME, "Z1", SLICE_LIT("a"), 1, 3, "later"},
    };
    struct store_held *listed = NULL;
    size_t count = 0;
    add_change(f, "C1", 1);
    add_change(f, "C2", 2);
    add_change(f, "C3", 3);
    begin(f);
    set_insync(f, 1, 0);
    commit(f);
    hold(f, held, ARRAY_LEN(held));
    OK(store_held_list(f->conn, &f->arena, &listed, &count, EC));
    assert_int_equal(count, 3);
    assert_true(slice_equal(listed[0].member, SLICE_LIT("a")));
    assert_int_equal(listed[0].at_version, 1);
    assert_int_equal(listed[0].change_version, 2);
    assert_string_equal(listed[0].reason, "crash");
    assert_int_equal(listed[1].change_version, 3);
    assert_int_equal(listed[2].at_version, 0);
    begin(f);
    set_insync(f, 9, 0);
    commit(f);
    assert_string_equal(get_change(f, "C2").held_reason, "crash");
    assert_string_equal(get_change(f, "C3").held_reason, "later");
    assert_false(get_change(f, "C2").is_insync);
    hold(f, held, 1);
    assert_null(get_change(f, "C2").held_reason);
    assert_string_equal(get_change(f, "C3").held_reason, "later");
    begin(f);
    set_insync(f, 9, 0);
    commit(f);
    assert_true(get_change(f, "C2").is_insync);
    assert_false(get_change(f, "C3").is_insync);
    const struct store_held twice[] = {held[0], held[0]};
    begin(f);
    assert_int_equal(store_held_replace(f->conn, twice, 2, &ec), ERR_EXISTS);
    store_rollback(f->conn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_row_counts),
        TEST(every_version_can_be_read),
        TEST(the_second_put_of_a_transaction_stands),
        TEST(listings_hold_what_exists_by_member),
        TEST(changes_are_the_newest_rows_of_the_range),
        TEST(a_visitor_may_stop_and_may_use_the_connection),
        TEST(forgetting_keeps_what_later_releases_need),
        TEST(forgetting_keeps_what_held_objects_stand_at),
        TEST(forgetting_is_bounded),
        TEST(a_listing_costs_its_length_not_the_zones),
        TEST(groups_of_a_kind_are_listed_in_order),
        TEST(a_change_is_pending_until_insync_for_good),
        TEST(a_change_is_insync_once_all_roles_have_it_that_it_concerns),
        TEST(pending_changes_come_by_version),
        TEST(held_changes_say_why_and_do_not_become_insync),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
