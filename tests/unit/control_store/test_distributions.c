// SPDX-License-Identifier: Apache-2.0
// Distributions, their alternate names, tags.
#include "control/store/distributions.h"

#include "fixture.h"

static struct store_distribution distribution_of(const char *id, const char *reference)
{
    return (struct store_distribution){
        .id = id,
        .account_id = "1",
        .caller_reference = reference,
        .domain_name = "e1.cdn.weir.test",
        .etag = "EA",
        .change_id = "C1",
        .created_unix_ms = 1800000000123,
        .modified_unix_ms = 1800000000124,
        .is_enabled = true,
    };
}

static void add_change(struct fixture *f, const char *id)
{
    const struct store_change change = {
        .id = id,
        .account_id = "1",
        .version = take_version(f),
        .roles = STORE_ROLE_DNS | STORE_ROLE_EDGE,
        .submitted_unix_ms = 5,
    };
    OK(store_change_add(f->conn, &change, EC));
}

static void set_all_insync(struct fixture *f)
{
    const struct store_insync insync = {.upto = {0, INT64_MAX, INT64_MAX, INT64_MAX}};
    OK(store_change_set_insync(f->conn, &insync, EC));
}

static void add(struct fixture *f, const struct store_distribution *d)
{
    begin(f);
    OK(store_distribution_add(f->conn, d, EC));
    commit(f);
}

static int setup(void **state)
{
    int failed = fixture_setup(state);
    if (failed == 0) {
        struct fixture *f = *state;
        begin(f);
        add_change(f, "C1");
        commit(f);
    }
    return failed;
}

static void a_distribution_reads_back_with_the_state_of_its_change(void **state)
{
    struct fixture *f = *state;
    const struct store_distribution made = distribution_of("E1", "r");
    add(f, &made);
    struct store_distribution d = {0};
    OK(store_distribution_get(f->conn, &f->arena, "1", "E1", &d, EC));
    assert_string_equal(d.caller_reference, "r");
    assert_string_equal(d.domain_name, "e1.cdn.weir.test");
    assert_string_equal(d.etag, "EA");
    assert_int_equal(d.created_unix_ms, 1800000000123);
    assert_int_equal(d.modified_unix_ms, 1800000000124);
    assert_true(d.is_enabled);
    assert_false(d.is_deployed);
    begin(f);
    set_all_insync(f);
    commit(f);
    OK(store_distribution_get(f->conn, &f->arena, "1", "E1", &d, EC));
    assert_true(d.is_deployed);
    struct errctx ec = {0};
    assert_int_equal(store_distribution_get(f->conn, &f->arena, "2", "E1", &d, &ec), ERR_NOT_FOUND);
}

static void an_update_is_in_progress_until_its_own_change_is_in_sync(void **state)
{
    struct fixture *f = *state;
    struct store_distribution d = distribution_of("E1", "r");
    add(f, &d);
    begin(f);
    set_all_insync(f);
    add_change(f, "C2");
    d.change_id = "C2";
    d.etag = "EB";
    d.is_enabled = false;
    d.modified_unix_ms = 9;
    OK(store_distribution_update(f->conn, &d, EC));
    commit(f);
    OK(store_distribution_get(f->conn, &f->arena, "1", "E1", &d, EC));
    assert_string_equal(d.etag, "EB");
    assert_int_equal(d.modified_unix_ms, 9);
    assert_false(d.is_enabled);
    assert_false(d.is_deployed);
    d.id = "E2";
    struct errctx ec = {0};
    begin(f);
    assert_int_equal(store_distribution_update(f->conn, &d, &ec), ERR_NOT_FOUND);
    commit(f);
}

static void a_caller_reference_outlives_its_distribution(void **state)
{
    struct fixture *f = *state;
    struct store_distribution d = distribution_of("E1", "r");
    struct errctx ec = {0};
    add(f, &d);
    begin(f);
    OK(store_distribution_remove(f->conn, "E1", EC));
    assert_int_equal(store_distribution_remove(f->conn, "E1", &ec), ERR_NOT_FOUND);
    d.id = "E2";
    assert_int_equal(store_distribution_add(f->conn, &d, &ec), ERR_EXISTS);
    d.account_id = "2";
    OK(store_distribution_add(f->conn, &d, EC));
    commit(f);
    uint64_t count = 9;
    OK(store_distribution_count(f->conn, "1", &count, EC));
    assert_int_equal(count, 0);
    OK(store_distribution_count(f->conn, "2", &count, EC));
    assert_int_equal(count, 1);
}

static void a_listing_goes_on_behind_an_id(void **state)
{
    struct fixture *f = *state;
    static const char *const ids[] = {"E3", "E1", "E2"};
    for (size_t i = 0; i < 3; i++) {
        const struct store_distribution d = distribution_of(ids[i], ids[i]);
        add(f, &d);
    }
    struct store_distribution *list = NULL;
    size_t count = 0;
    struct store_distribution_query query = {.account_id = "1", .after_id = "", .limit = 2};
    OK(store_distribution_list(f->conn, &f->arena, &query, &list, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(list[1].id, "E2");
    query.after_id = "E2";
    OK(store_distribution_list(f->conn, &f->arena, &query, &list, &count, EC));
    assert_int_equal(count, 1);
    assert_string_equal(list[0].id, "E3");
}

static void a_name_belongs_to_one_distribution(void **state)
{
    struct fixture *f = *state;
    static const char *const first[] = {"a.example", "b.example"};
    static const char *const second[] = {"c.example", "b.example"};
    const struct store_distribution one = distribution_of("E1", "r1");
    const struct store_distribution two = distribution_of("E2", "r2");
    add(f, &one);
    add(f, &two);
    begin(f);
    OK(store_alias_replace(f->conn, "E1", first, 2, EC));
    OK(store_alias_replace(f->conn, "E1", first, 2, EC));
    struct errctx ec = {0};
    assert_int_equal(store_alias_replace(f->conn, "E2", second, 2, &ec), ERR_EXISTS);
    OK(store_alias_replace(f->conn, "E1", first, 1, EC));
    OK(store_alias_replace(f->conn, "E2", second, 2, EC));
    OK(store_distribution_remove(f->conn, "E1", EC));
    OK(store_alias_replace(f->conn, "E2", first, 2, EC));
    commit(f);
    assert_int_equal(fixture_sql_number(f, "SELECT COUNT(*) FROM distribution_alias"), 2);
}

static void tags_are_replaced_by_name_and_listed_in_order(void **state)
{
    struct fixture *f = *state;
    begin(f);
    OK(store_tag_put(f->conn, "arn:1", &(struct store_tag){"b", "1"}, EC));
    OK(store_tag_put(f->conn, "arn:1", &(struct store_tag){"a", NULL}, EC));
    OK(store_tag_put(f->conn, "arn:1", &(struct store_tag){"b", ""}, EC));
    OK(store_tag_put(f->conn, "arn:2", &(struct store_tag){"z", "1"}, EC));
    commit(f);
    struct store_tag *tags = NULL;
    size_t count = 0;
    OK(store_tag_list(f->conn, &f->arena, "arn:1", &tags, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(tags[0].name, "a");
    assert_null(tags[0].value);
    assert_string_equal(tags[1].value, "");
    begin(f);
    OK(store_tag_remove(f->conn, "arn:1", "b", EC));
    OK(store_tag_remove(f->conn, "arn:1", "not there", EC));
    OK(store_tag_remove_all(f->conn, "arn:2", EC));
    commit(f);
    OK(store_tag_list(f->conn, &f->arena, "arn:1", &tags, &count, EC));
    assert_int_equal(count, 1);
    OK(store_tag_list(f->conn, &f->arena, "arn:2", &tags, &count, EC));
    assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_distribution_reads_back_with_the_state_of_its_change),
        TEST(an_update_is_in_progress_until_its_own_change_is_in_sync),
        TEST(a_caller_reference_outlives_its_distribution),
        TEST(a_listing_goes_on_behind_an_id),
        TEST(a_name_belongs_to_one_distribution),
        TEST(tags_are_replaced_by_name_and_listed_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
