// SPDX-License-Identifier: Apache-2.0
// Hosted zones and delegation sets.
#include "control/store/zones.h"

#include "fixture.h"

static struct store_delegation_set set_of(const char *id, uint32_t position)
{
    return (struct store_delegation_set){
        .id = id,
        .names = {"ns-1.weir.test.", "ns-2.weir.test.", "ns-3.weir.test.", "ns-4.weir.test."},
        .position = position,
    };
}

/** A zone of account "1" on set N1; the name is its sort key too. */
static struct store_zone zone_of(const char *id, const char *name)
{
    return (struct store_zone){
        .id = id,
        .account_id = "1",
        .name = name,
        .sort_key = slice_str(name),
        .caller_reference = id,
        .delegation_set_id = "N1",
        .created_version = 7,
        .created_unix_ms = 1800000000123,
        .set_count = 2,
    };
}

static void add_set(struct fixture *f, const struct store_delegation_set *set)
{
    begin(f);
    OK(store_delegation_set_add(f->conn, set, EC));
    commit(f);
}

static void add_zone(struct fixture *f, const struct store_zone *zone)
{
    begin(f);
    OK(store_zone_add(f->conn, zone, EC));
    commit(f);
}

static int setup_with_set(void **state)
{
    int failed = fixture_setup(state);
    if (failed == 0) {
        const struct store_delegation_set set = set_of("N1", 1);
        add_set(*state, &set);
    }
    return failed;
}

static void sets_are_listed_by_position_with_their_addresses(void **state)
{
    struct fixture *f = *state;
    static const char *const addresses[] = {"192.0.2.2", "192.0.2.1"};
    struct store_delegation_set first = set_of("N9", 0);
    first.addresses = addresses;
    first.address_count = 2;
    add_set(f, &first);
    struct store_delegation_set *sets = NULL;
    size_t count = 0;
    OK(store_delegation_set_list(f->conn, &f->arena, &sets, &count, EC));
    assert_int_equal(count, 2);
    assert_string_equal(sets[0].id, "N9");
    assert_string_equal(sets[0].names[3], "ns-4.weir.test.");
    assert_int_equal(sets[0].address_count, 2);
    assert_string_equal(sets[0].addresses[0], "192.0.2.2");
    assert_string_equal(sets[0].addresses[1], "192.0.2.1");
    assert_string_equal(sets[1].id, "N1");
    assert_int_equal(sets[1].position, 1);
    assert_int_equal(sets[1].address_count, 0);
}

static void a_set_is_found_by_id_and_added_once(void **state)
{
    struct fixture *f = *state;
    struct store_delegation_set set = set_of("N1", 5);
    struct errctx ec = {0};
    begin(f);
    assert_int_equal(store_delegation_set_add(f->conn, &set, &ec), ERR_EXISTS);
    commit(f);
    OK(store_delegation_set_get(f->conn, &f->arena, "N1", &set, EC));
    assert_int_equal(set.position, 1);
    assert_int_equal(store_delegation_set_get(f->conn, &f->arena, "N2", &set, &ec), ERR_NOT_FOUND);
}

static void the_addresses_of_a_set_are_replaced(void **state)
{
    struct fixture *f = *state;
    static const char *const first[] = {"192.0.2.2", "192.0.2.1"};
    static const char *const second[] = {"2001:db8::1"};
    struct store_delegation_set set;
    struct errctx ec = {0};
    begin(f);
    OK(store_delegation_set_put_addresses(f->conn, "N1", first, 2, EC));
    commit(f);
    OK(store_delegation_set_get(f->conn, &f->arena, "N1", &set, EC));
    assert_int_equal(set.address_count, 2);
    assert_string_equal(set.addresses[0], "192.0.2.2");
    begin(f);
    OK(store_delegation_set_put_addresses(f->conn, "N1", second, 1, EC));
    assert_int_equal(store_delegation_set_put_addresses(f->conn, "N2", second, 1, &ec),
                     ERR_NOT_FOUND);
    assert_int_equal(store_delegation_set_put_addresses(f->conn, "N2", NULL, 0, &ec),
                     ERR_NOT_FOUND);
    commit(f);
    OK(store_delegation_set_get(f->conn, &f->arena, "N1", &set, EC));
    assert_int_equal(set.address_count, 1);
    assert_string_equal(set.addresses[0], "2001:db8::1");
    begin(f);
    OK(store_delegation_set_put_addresses(f->conn, "N1", NULL, 0, EC));
    commit(f);
    OK(store_delegation_set_get(f->conn, &f->arena, "N1", &set, EC));
    assert_int_equal(set.address_count, 0);
}

static void a_new_zone_takes_the_first_set_without_its_name(void **state)
{
    struct fixture *f = *state;
    const struct store_delegation_set second = set_of("N0", 2);
    struct store_delegation_set set;
    struct errctx ec = {0};
    add_set(f, &second);
    OK(store_delegation_set_for(f->conn, &f->arena, "a.test.", &set, EC));
    assert_string_equal(set.id, "N1");
    struct store_zone zone = zone_of("Z1", "a.test.");
    add_zone(f, &zone);
    OK(store_delegation_set_for(f->conn, &f->arena, "a.test.", &set, EC));
    assert_string_equal(set.id, "N0");
    OK(store_delegation_set_for(f->conn, &f->arena, "b.test.", &set, EC));
    assert_string_equal(set.id, "N1");
    zone = zone_of("Z2", "a.test.");
    zone.account_id = "2";
    zone.delegation_set_id = "N0";
    add_zone(f, &zone);
    assert_int_equal(store_delegation_set_for(f->conn, &f->arena, "a.test.", &set, &ec),
                     ERR_CONFLICT);
}

static void a_zone_reads_back_as_it_was_written(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    struct store_zone found;
    zone.comment = "";
    add_zone(f, &zone);
    OK(store_zone_get(f->conn, &f->arena, "1", "Z1", &found, EC));
    assert_string_equal(found.id, "Z1");
    assert_string_equal(found.account_id, "1");
    assert_string_equal(found.name, "a.test.");
    assert_true(slice_equal(found.sort_key, zone.sort_key));
    assert_string_equal(found.caller_reference, "Z1");
    assert_string_equal(found.comment, "");
    assert_string_equal(found.delegation_set_id, "N1");
    assert_false(found.is_private);
    assert_int_equal(found.created_version, 7);
    assert_int_equal(found.created_unix_ms, 1800000000123);
    assert_int_equal(found.set_count, 2);
}

static void a_private_zone_needs_no_set(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    zone.is_private = true;
    zone.delegation_set_id = NULL;
    add_zone(f, &zone);
    OK(store_zone_get(f->conn, &f->arena, "1", "Z1", &zone, EC));
    assert_true(zone.is_private);
    assert_null(zone.delegation_set_id);
    assert_null(zone.comment);
}

static void a_zone_is_its_accounts_alone(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    struct errctx ec = {0};
    uint64_t count = 9;
    add_zone(f, &zone);
    zone.id = "untouched";
    assert_int_equal(store_zone_get(f->conn, &f->arena, "2", "Z1", &zone, &ec), ERR_NOT_FOUND);
    assert_string_equal(zone.id, "untouched");
    OK(store_zone_count(f->conn, "2", &count, EC));
    assert_int_equal(count, 0);
    OK(store_zone_count(f->conn, "1", &count, EC));
    assert_int_equal(count, 1);
}

static void a_caller_reference_is_used_once_for_good(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    struct errctx ec = {0};
    add_zone(f, &zone);
    begin(f);
    OK(store_zone_remove(f->conn, "Z1", EC));
    zone.id = "Z2";
    assert_int_equal(store_zone_add(f->conn, &zone, &ec), ERR_EXISTS);
    zone.account_id = "2";
    OK(store_zone_add(f->conn, &zone, EC)); /* the transaction went on */
    commit(f);
    assert_int_equal(store_zone_get(f->conn, &f->arena, "1", "Z1", &zone, &ec), ERR_NOT_FOUND);
    OK(store_zone_get(f->conn, &f->arena, "2", "Z2", &zone, EC));
}

static void a_zone_on_an_unknown_set_is_refused(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    struct errctx ec = {0};
    zone.delegation_set_id = "N404";
    begin(f);
    assert_int_equal(store_zone_add(f->conn, &zone, &ec), ERR_CONFLICT);
    store_rollback(f->conn);
}

static void comment_and_count_change_and_missing_zones_are_told(void **state)
{
    struct fixture *f = *state;
    struct store_zone zone = zone_of("Z1", "a.test.");
    struct errctx ec = {0};
    add_zone(f, &zone);
    begin(f);
    OK(store_zone_set_comment(f->conn, "Z1", "new", EC));
    OK(store_zone_add_sets(f->conn, "Z1", 5, EC));
    OK(store_zone_add_sets(f->conn, "Z1", -3, EC));
    assert_int_equal(store_zone_set_comment(f->conn, "Z2", "new", &ec), ERR_NOT_FOUND);
    assert_int_equal(store_zone_add_sets(f->conn, "Z2", 1, &ec), ERR_NOT_FOUND);
    assert_int_equal(store_zone_remove(f->conn, "Z2", &ec), ERR_NOT_FOUND);
    commit(f);
    OK(store_zone_get(f->conn, &f->arena, "1", "Z1", &zone, EC));
    assert_string_equal(zone.comment, "new");
    assert_int_equal(zone.set_count, 4);
    begin(f);
    OK(store_zone_set_comment(f->conn, "Z1", NULL, EC));
    OK(store_zone_add_sets(f->conn, "Z1", -4, EC));
    commit(f);
    OK(store_zone_get(f->conn, &f->arena, "1", "Z1", &zone, EC));
    assert_null(zone.comment);
    assert_int_equal(zone.set_count, 0);
    begin(f);
    assert_int_equal(store_zone_add_sets(f->conn, "Z1", -1, &ec), ERR_INVALID);
    store_rollback(f->conn);
}

static void assert_listed(struct fixture *f, const struct store_zone_query *query,
                          const char *expected)
{
    struct store_zone *zones = NULL;
    size_t count = 99;
    OK(store_zone_list(f->conn, &f->arena, query, &zones, &count, EC));
    const char *found = "";
    for (size_t i = 0; i < count; i++)
        found = arena_printf(&f->arena, "%s%s ", found, zones[i].id);
    assert_string_equal(found, expected);
}

/** By id: Z1 b, Z2 a, Z3 c, Z4 a; Z9 is another account's. Z3 and Z4 are on set N2. */
static void add_zones(struct fixture *f)
{
    const struct store_delegation_set second = set_of("N2", 2);
    add_set(f, &second);
    struct store_zone zones[] = {
        zone_of("Z1", "b"), zone_of("Z2", "a"), zone_of("Z3", "c"),
        zone_of("Z4", "a"), zone_of("Z9", "a"),
    };
    zones[2].delegation_set_id = "N2";
    zones[3].delegation_set_id = "N2";
    zones[4].account_id = "2";
    for (size_t i = 0; i < ARRAY_LEN(zones); i++)
        add_zone(f, &zones[i]);
}

static void zones_are_listed_by_id_in_pages(void **state)
{
    struct fixture *f = *state;
    struct store_zone_query query = {.account_id = "1", .limit = 10};
    add_zones(f);
    assert_listed(f, &query, "Z1 Z2 Z3 Z4 ");
    query.limit = 2;
    assert_listed(f, &query, "Z1 Z2 ");
    query.after_id = "Z2";
    assert_listed(f, &query, "Z3 Z4 ");
    query.after_id = "Z4";
    assert_listed(f, &query, "");
    query = (struct store_zone_query){.account_id = "1", .delegation_set_id = "N2", .limit = 10};
    assert_listed(f, &query, "Z3 Z4 ");
    query.limit = 0;
    assert_listed(f, &query, "");
}

static void zones_are_listed_by_name_from_a_name_and_id(void **state)
{
    struct fixture *f = *state;
    struct store_zone_query query = {.account_id = "1", .by_name = true, .limit = 10};
    add_zones(f);
    assert_listed(f, &query, "Z2 Z4 Z1 Z3 ");
    query.from_sort_key = SLICE_LIT("a");
    query.from_id = "Z3";
    assert_listed(f, &query, "Z4 Z1 Z3 ");
    query.from_id = "Z4";
    query.limit = 2;
    assert_listed(f, &query, "Z4 Z1 ");
    query.from_sort_key = SLICE_LIT("aa");
    query.from_id = NULL;
    assert_listed(f, &query, "Z1 Z3 ");
    query.delegation_set_id = "N2";
    assert_listed(f, &query, "Z3 ");
}

static void zones_of_a_set_are_listed_for_all_accounts(void **state)
{
    struct fixture *f = *state;
    struct store_set_zones_query query = {
        .delegation_set_id = "N1", .after_name = "", .after_id = "", .limit = 10};
    struct store_zone *zones = NULL;
    size_t count = 0;
    add_zones(f);
    OK(store_zone_list_of_set(f->conn, &f->arena, &query, &zones, &count, EC));
    assert_int_equal(count, 3);
    assert_string_equal(zones[0].id, "Z2");
    assert_string_equal(zones[1].id, "Z9"); /* the same name, of another account */
    assert_string_equal(zones[2].id, "Z1");
    query.after_name = "a";
    query.after_id = "Z2";
    query.limit = 1;
    OK(store_zone_list_of_set(f->conn, &f->arena, &query, &zones, &count, EC));
    assert_int_equal(count, 1);
    assert_string_equal(zones[0].id, "Z9");
    query.after_name = "b";
    query.after_id = "Z1";
    OK(store_zone_list_of_set(f->conn, &f->arena, &query, &zones, &count, EC));
    assert_int_equal(count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_with_set, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sets_are_listed_by_position_with_their_addresses),
        TEST(a_set_is_found_by_id_and_added_once),
        TEST(the_addresses_of_a_set_are_replaced),
        TEST(a_new_zone_takes_the_first_set_without_its_name),
        TEST(a_zone_reads_back_as_it_was_written),
        TEST(a_private_zone_needs_no_set),
        TEST(a_zone_is_its_accounts_alone),
        TEST(a_caller_reference_is_used_once_for_good),
        TEST(a_zone_on_an_unknown_set_is_refused),
        TEST(comment_and_count_change_and_missing_zones_are_told),
        TEST(zones_are_listed_by_id_in_pages),
        TEST(zones_are_listed_by_name_from_a_name_and_id),
        TEST(zones_of_a_set_are_listed_for_all_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
