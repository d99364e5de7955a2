// SPDX-License-Identifier: Apache-2.0
// The service weir: the local addresses of delegation sets.
#include "aws/r53_sets.h"
#include "base/buf.h"
#include "control/store/limits.h"
#include "control/store/zones.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define WEIR "/weir/2026-01-01/"

/** The set at a position, as the store has it. */
static struct store_delegation_set set_at(struct fixture *f, size_t position)
{
    struct store_delegation_set *sets;
    size_t count;
    assert_int_equal(store_delegation_set_list(f->conn, &f->arena, &sets, &count, NULL), ERR_OK);
    assert_true(position < count);
    return sets[position];
}

/** Asks for addresses, a JSON list, for the set at a position. */
static const char *assign(struct fixture *f, size_t position, const char *addresses,
                          unsigned status)
{
    const char *body = arena_printf(&f->arena, "{\"Id\": \"%s\", \"Addresses\": %s}",
                                    set_at(f, position).id, addresses);
    return fixture_post(f, WEIR "SetDelegationSetAddresses", body, status);
}

/** The addresses that a zone's object names, joined; and at which version. */
static const char *zone_addresses(struct fixture *f, const char *zone_id, uint64_t *out_version)
{
    struct store_object which = {.kind = STORE_ZONE, .group = zone_id};
    struct store_object object;
    struct r53_zone_body body;
    const char *text = "";
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, NULL), ERR_OK);
    assert_int_equal(r53_zone_body_decode(&f->arena, object.body, &body, NULL), ERR_OK);
    for (size_t i = 0; i < body.addresses_count; i++)
        text = arena_printf(&f->arena, "%s%s ", text, body.addresses[i]);
    *out_version = object.version;
    return text;
}

static void sets_are_listed_with_names_and_addresses(void **state)
{
    struct fixture *f = *state;
    const char *text = fixture_post(f, WEIR "ListDelegationSets", "{}", 200);
    assert_holds(text, "\"NameServers\":[\"ns-1.weir.test\",\"ns-2.weir.test\"");
    assert_holds(text, "\"ns-16.weir.test\"],\"Addresses\":[]}]}");
    assign(f, 1, "[\"192.0.2.1\", \"2001:db8::1\"]", 200);
    text = fixture_post(f, WEIR "ListDelegationSets", "", 200);
    assert_holds(text, "\"ns-8.weir.test\"],\"Addresses\":[\"192.0.2.1\",\"2001:db8::1\"]}");
}

static void addresses_reach_the_zones_of_the_set_alone_in_one_version(void **state)
{
    struct fixture *f = *state;
    uint64_t version;
    uint64_t first_version;
    const char *first = fixture_zone(f, "one.test", "1");
    const char *same_set = fixture_zone(f, "two.test", "2");
    const char *second = fixture_zone(f, "one.test", "3"); /* the next set */
    uint64_t before;
    assert_int_equal(store_version(f->conn, &before, NULL), ERR_OK);
    const char *answer = assign(f, 0, "[\"192.0.2.2\", \"192.0.2.1\"]", 200);
    assert_holds(answer, "\"Addresses\":[\"192.0.2.2\",\"192.0.2.1\"]");
    assert_holds(answer, "\"Status\":\"PENDING\"");
    assert_string_equal(zone_addresses(f, first, &first_version), "192.0.2.2 192.0.2.1 ");
    assert_int_equal(first_version, before + 1);
    assert_string_equal(zone_addresses(f, same_set, &version), "192.0.2.2 192.0.2.1 ");
    assert_int_equal(version, first_version);
    assert_string_equal(zone_addresses(f, second, &version), "");
    assert_true(version <= before);
    /* The change can be waited for. */
    const char *id =
        strstr(answer, "\"ChangeInfo\":{\"Id\":\"") + strlen("\"ChangeInfo\":{\"Id\":\"");
    id = arena_str(&f->arena, slice_of(id, strcspn(id, "\"")));
    const char *path = arena_printf(&f->arena, "/2013-04-01/change/%s", id);
    assert_holds(fixture_get(f, path, "", 200), "<Status>PENDING</Status>");
    /* A zone that comes later has them from the start. */
    const char *later = fixture_zone(f, "later.test", "4");
    assert_string_equal(zone_addresses(f, later, &version), "192.0.2.2 192.0.2.1 ");
    assign(f, 0, "[]", 200);
    assert_string_equal(zone_addresses(f, later, &version), "");
}

static void more_zones_than_a_page_are_all_rewritten(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    struct store_delegation_set set = set_at(f, 2);
    uint64_t version;
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_take_version(f->conn, &version, &ec), ERR_OK);
    for (size_t i = 0; i <= API_REWRITE_PAGE_ZONES; i++) {
        const char *id = arena_printf(&f->arena, "Z%zu", i);
        struct store_zone zone = {.id = id,
                                  .account_id = i % 2 == 0 ? FIXTURE_ACCOUNT : "111111111111",
                                  .name = arena_printf(&f->arena, "n%zu.test.", i / 3),
                                  .sort_key = slice_str(id),
                                  .caller_reference = id,
                                  .delegation_set_id = set.id,
                                  .created_version = version};
        struct r53_zone_body body = {
            .id = id, .name = zone.name, .delegation_set_id = set.id, .has_order = true};
        struct store_object object = {
            .kind = STORE_ZONE, .group = id, .body = r53_zone_body_encode(&f->arena, &body)};
        assert_int_equal(store_zone_add(f->conn, &zone, &ec), ERR_OK);
        assert_int_equal(store_object_put(f->conn, &object, &ec), ERR_OK);
    }
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    assign(f, 2, "[\"192.0.2.7\"]", 200);
    for (size_t i = 0; i <= API_REWRITE_PAGE_ZONES; i++)
        assert_string_equal(zone_addresses(f, arena_printf(&f->arena, "Z%zu", i), &version),
                            "192.0.2.7 ");
}

static void an_address_belongs_to_one_set(void **state)
{
    struct fixture *f = *state;
    assign(f, 0, "[\"192.0.2.1\", \"2001:DB8:0::1\"]", 200);
    assert_holds(assign(f, 1, "[\"192.0.2.1\"]", 409), "\"Code\":\"AddressInUse\"");
    assert_holds(assign(f, 1, "[\"2001:db8::0001\"]", 409), set_at(f, 0).id);
    assert_int_equal(set_at(f, 1).address_count, 0);
    assign(f, 0, "[\"2001:db8::1\"]", 200); /* its own, again */
    assign(f, 1, "[\"192.0.2.1\"]", 200);
    assert_string_equal(set_at(f, 0).addresses[0], "2001:db8::1");
}

static void what_is_no_list_of_addresses_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *const operation = WEIR "SetDelegationSetAddresses";
    static const struct {
        const char *addresses;
        const char *words;
    } bad[] = {
        {"null", "A list 'Addresses' is expected"},
        {"\"192.0.2.1\"", "A list 'Addresses' is expected"},
        {"[7]", "Addresses are texts"},
        {"[\"\"]", "'' is not an IP address"},
        {"[\"192.0.2\"]", "is not an IP address"},
        {"[\"192.0.2.1:53\"]", "is not an IP address"},
        {"[\"fe80::1%eth0\"]", "is not an IP address"},
        {"[\"ns-1.weir.test\"]", "is not an IP address"},
        {"[\"0.0.0.0\"]", "not an address that a service can have"},
        {"[\"::\"]", "not an address that a service can have"},
        {"[\"224.0.0.1\"]", "not an address that a service can have"},
        {"[\"ff02::1\"]", "not an address that a service can have"},
        {"[\"::ffff:192.0.2.1\"]", "not an address that a service can have"},
        {"[\"192.0.2.1\", \"192.0.2.1\"]", "192.0.2.1 is named twice"},
        {"[\"2001:db8::1\", \"2001:DB8:0:0::1\"]", "2001:db8::1 is named twice"},
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *answer = assign(f, 0, bad[i].addresses, 400);
        assert_holds(answer, "\"Code\":\"InvalidInput\"");
        assert_holds(answer, bad[i].words);
    }
    assert_int_equal(set_at(f, 0).address_count, 0);
    assert_holds(fixture_post(f, operation, "{\"Id\": \"N404\", \"Addresses\": []}", 400),
                 "\"Code\":\"NoSuchDelegationSet\"");
    assert_holds(fixture_post(f, operation, "{\"Addresses\": []}", 400), "A text 'Id' is expected");
    assign(f, 0, "[\"223.255.255.255\", \"127.0.0.2\"]", 200);
}

/** A JSON list of `count` addresses from 10.N.0.0 on. */
static const char *many(struct fixture *f, unsigned n, size_t count)
{
    AUTO_BUF struct buf text = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%s\"10.%u.%zu.%zu\"", i == 0 ? "[" : ",", n, i / 256, i % 256);
    buf_printf(&text, "]");
    return arena_str(&f->arena, buf_slice(&text));
}

static void there_are_so_many_addresses_and_no_more(void **state)
{
    struct fixture *f = *state;
    assert_holds(assign(f, 0, many(f, 1, STORE_SET_ADDRESSES_MAX + 1), 400), "At most 256");
    assign(f, 0, many(f, 1, STORE_SET_ADDRESSES_MAX), 200);
    assert_holds(assign(f, 1, many(f, 2, 1), 400), "together");
    assign(f, 0, many(f, 1, STORE_SET_ADDRESSES_MAX - 1), 200);
    assign(f, 1, many(f, 2, 1), 200);
}

static enum err refuse_builtin(void *user, struct store_conn *conn, struct errctx *ec)
{
    (void)user;
    uint64_t version;
    enum err err = store_take_version(conn, &version, ec); /* inside the transaction */
    return err == ERR_OK ? err_set(ec, ERR_IO, "no room") : err;
}

static void nothing_is_written_where_the_builtin_zones_are_not(void **state)
{
    struct fixture *f = *state;
    uint64_t before;
    uint64_t after;
    f->options.write_builtin_zones = refuse_builtin;
    assert_int_equal(store_version(f->conn, &before, NULL), ERR_OK);
    assign(f, 0, "[\"192.0.2.1\"]", 500);
    assert_int_equal(set_at(f, 0).address_count, 0);
    assert_int_equal(store_version(f->conn, &after, NULL), ERR_OK);
    assert_int_equal(after, before);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(sets_are_listed_with_names_and_addresses),
        TEST(addresses_reach_the_zones_of_the_set_alone_in_one_version),
        TEST(more_zones_than_a_page_are_all_rewritten),
        TEST(an_address_belongs_to_one_set),
        TEST(what_is_no_list_of_addresses_is_refused),
        TEST(there_are_so_many_addresses_and_no_more),
        TEST(nothing_is_written_where_the_builtin_zones_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
