// SPDX-License-Identifier: Apache-2.0
// Tables of networks: longest match, clients that are networks, the reach of an answer.

#include "networks.h"
#include "routing/net_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NOT_FOUND NET_TABLE_NONE

struct row {
    const char *network;
    uint32_t value;
};

static struct net_table *table_of(const struct row *rows, size_t count)
{
    struct net_table_entry entries[16];
    assert_true(count <= ARRAY_LEN(entries));
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct net_table_entry){net_of(rows[i].network), rows[i].value};
    return net_table_new(entries, count);
}

static void assert_finds(const struct net_table *t, const char *client, uint32_t value,
                         unsigned scope)
{
    struct net_key key = net_of(client);
    uint32_t found = NOT_FOUND;
    uint8_t reach = 99;
    bool is_found = net_table_find(t, &key, &found, &reach);
    assert_int_equal(is_found, value != NOT_FOUND);
    assert_int_equal(found, value);
    assert_int_equal(reach, scope);
}

static void keys_keep_the_first_64_bits(void **state)
{
    (void)state;
    assert_int_equal(net_of("10.1.2.3").bits, 0x0a01020300000000);
    assert_int_equal(net_of("10.1.2.3").length, 32);
    assert_int_equal(net_of("10.1.2.3/20").bits, 0x0a01000000000000);
    assert_int_equal(net_of("2001:db8:1:2:3::4").bits, 0x20010db800010002);
    assert_int_equal(net_of("2001:db8:1:2:3::4").length, 64);
    assert_int_equal(net_of("2001:db8:1:2:3::4/0").bits, 0);
}

static void the_longest_network_wins(void **state)
{
    (void)state;
    static const struct row rows[] = {{"10.0.0.0/8", 1}, {"10.1.0.0/16", 2}, {"10.1.2.0/24", 3}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.1.2.3", 3, 24);
    assert_finds(t, "10.1.3.3", 2, 24);
    assert_finds(t, "10.2.0.1", 1, 15);
    assert_finds(t, "10.129.0.1", 1, 9);
    assert_finds(t, "11.0.0.1", NOT_FOUND, 8);
    assert_finds(t, "192.0.2.1", NOT_FOUND, 1);
    assert_finds(t, "2001:db8::1", NOT_FOUND, 0);
    assert_int_equal(net_table_count(t), 3);
    net_table_free(t);
}

/* A matched /8 with a nested /16 elsewhere must not answer scope 8. */
static void the_scope_stops_before_nested_networks(void **state)
{
    (void)state;
    static const struct row rows[] = {{"10.0.0.0/8", 1}, {"10.255.0.0/16", 2}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.0.0.1", 1, 9);
    assert_finds(t, "10.254.0.1", 1, 16);
    assert_finds(t, "10.255.0.1", 2, 16);
    net_table_free(t);
}

static void a_client_wider_than_a_network_does_not_match_it(void **state)
{
    (void)state;
    static const struct row rows[] = {{"10.0.0.0/8", 1}, {"10.1.0.0/24", 2}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.1.0.0/24", 2, 24);
    assert_finds(t, "10.1.0.0/25", 2, 24);
    /* Its first addresses get the other answer: it was not specific enough. */
    assert_finds(t, "10.1.0.0/23", 1, 24);
    assert_finds(t, "10.0.0.0/8", 1, 16);
    assert_finds(t, "10.0.0.0/7", NOT_FOUND, 16);
    assert_finds(t, "0.0.0.0/0", NOT_FOUND, 5);
    net_table_free(t);
}

/* Both halves lead to one value, the whole matches neither: no address of it fares as it does. */
static void halves_of_one_value_are_one_interval_but_two_networks(void **state)
{
    (void)state;
    static const struct row rows[] = {{"10.0.0.0/9", 7}, {"10.128.0.0/9", 7}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.0.0.1", 7, 8);
    assert_finds(t, "10.200.0.1", 7, 8);
    assert_finds(t, "10.0.0.0/9", 7, 8);
    assert_finds(t, "10.0.0.0/8", NOT_FOUND, 9);
    net_table_free(t);
}

/* A merged interval does not tell whose network it is: one at its left end has another parent. */
static void clients_climb_from_their_own_networks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"10.0.0.0/23", 1}, {"10.0.1.0/24", 9}, {"10.0.2.0/23", 2}, {"10.0.2.0/24", 9}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.0.2.0/23", 2, 24);
    assert_finds(t, "10.0.0.0/23", 1, 24);
    assert_finds(t, "10.0.2.77", 9, 24);
    net_table_free(t);
}

static void a_table_by_address_takes_a_clients_first_address(void **state)
{
    (void)state;
    struct net_table_entry entries[] = {{net_of("10.1.0.0/24"), 2}, {net_of("10.0.0.0/8"), 1}};
    struct net_table *t = net_table_new_by_address(entries, ARRAY_LEN(entries));
    assert_finds(t, "10.1.0.0/16", 2, 24);
    assert_finds(t, "10.0.0.0/8", 1, 16);
    assert_finds(t, "10.1.0.9", 2, 24);
    assert_int_equal(net_table_count(t), 2);
    net_table_free(t);
}

static void the_last_of_equal_networks_stands(void **state)
{
    (void)state;
    static const struct row rows[] = {{"10.0.0.0/8", 1}, {"::/0", 5}, {"10.0.0.0/8", 2}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "10.0.0.1", 2, 8);
    assert_finds(t, "2001:db8::1", 5, 0);
    assert_int_equal(net_table_count(t), 2);
    net_table_free(t);
}

static void edges_of_the_key_space_are_kept(void **state)
{
    (void)state;
    static const struct row rows[] = {{"0.0.0.0/32", 1},
                                      {"255.255.255.255/32", 2},
                                      {"::/64", 3},
                                      {"ffff:ffff:ffff:ffff::/64", 4}};
    struct net_table *t = table_of(rows, ARRAY_LEN(rows));
    assert_finds(t, "0.0.0.0", 1, 32);
    assert_finds(t, "0.0.0.1", NOT_FOUND, 32);
    assert_finds(t, "255.255.255.255", 2, 32);
    assert_finds(t, "255.255.255.254", NOT_FOUND, 32);
    assert_finds(t, "::1", 3, 64);
    assert_finds(t, "ffff:ffff:ffff:ffff:1::", 4, 64);
    assert_finds(t, "8000::", NOT_FOUND, 2);
    net_table_free(t);
}

static void an_empty_table_says_no_to_everyone(void **state)
{
    (void)state;
    struct net_table *t = net_table_new(NULL, 0);
    assert_finds(t, "10.0.0.1", NOT_FOUND, 0);
    assert_finds(t, "2001:db8::/48", NOT_FOUND, 0);
    assert_int_equal(net_table_count(t), 0);
    assert_true(net_table_bytes(t) < 1024);
    net_table_free(t);
}

/* The naive way: all networks, the longest that contains the client. */
static uint32_t find_slowly(const struct net_table_entry *entries, size_t count,
                            const struct net_key *client)
{
    uint32_t value = NOT_FOUND;
    int longest = -1;
    for (size_t i = 0; i < count; i++) {
        const struct net_key *n = &entries[i].network;
        if (n->is_v6 != client->is_v6 || n->length > client->length || n->length < longest)
            continue;
        if (net_cut(*client, n->length).bits == n->bits) {
            value = entries[i].value;
            longest = n->length;
        }
    }
    return value;
}

static uint32_t find_at(const struct net_table *t, const struct net_key *client, uint8_t *scope)
{
    uint32_t value = NOT_FOUND;
    bool is_found = net_table_find(t, client, &value, scope);
    assert_int_equal(is_found, value != NOT_FOUND);
    return value;
}

static void assert_scope_is_true(const struct net_table *t, struct prng *random,
                                 const struct net_key *client, uint32_t value, uint8_t scope)
{
    unsigned full = client->is_v6 ? 64 : 32;
    assert_true(scope <= full);
    uint8_t other = 0;
    struct net_key reach = net_cut(*client, scope);
    for (unsigned i = 0; scope <= client->length && i < 4; i++) {
        struct net_key address = net_random_within(random, &reach);
        assert_int_equal(find_at(t, &address, &other), value);
        assert_int_equal(other, scope);
        struct net_key last = net_cut(reach, full);
        last.bits |= scope == 64 ? 0 : (UINT64_MAX >> scope & UINT64_MAX << (64 - full));
        assert_int_equal(find_at(t, &last, &other), value);
    }
}

static void random_tables_agree_with_the_naive_way(void **state)
{
    (void)state;
    struct prng random;
    prng_init_fixed(&random, 20240611);
    for (unsigned round = 0; round < 400; round++) {
        struct net_table_entry entries[64];
        size_t count = prng_below(&random, ARRAY_LEN(entries) + 1);
        for (size_t i = 0; i < count; i++) {
            entries[i].network = net_random(&random, prng_below(&random, 2) == 0);
            entries[i].value = prng_below(&random, 4);
        }
        struct net_table *t = net_table_new(entries, count);
        struct net_table *by_address = net_table_new_by_address(entries, count);
        for (unsigned i = 0; i < 200; i++) {
            struct net_key client = net_random(&random, prng_below(&random, 2) == 0);
            struct net_key address = net_cut(client, client.is_v6 ? 64 : 32);
            uint8_t scope = 0;
            uint32_t value = find_at(t, &client, &scope);
            assert_int_equal(value, find_slowly(entries, count, &client));
            assert_scope_is_true(t, &random, &client, value, scope);
            value = find_at(by_address, &client, &scope);
            assert_int_equal(value, find_slowly(entries, count, &address));
            assert_scope_is_true(by_address, &random, &address, value, scope);
        }
        net_table_free(t);
        net_table_free(by_address);
    }
}

/* The scope is not only true but the widest that is: one bit less holds another outcome. */
static void scopes_are_as_wide_as_they_can_be(void **state)
{
    (void)state;
    struct prng random;
    prng_init_fixed(&random, 7);
    for (unsigned round = 0; round < 200; round++) {
        struct net_table_entry entries[8];
        for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
            entries[i].network = net_cut(net_random(&random, false), prng_below(&random, 17));
            entries[i].value = prng_below(&random, 3);
        }
        struct net_table *t = net_table_new(entries, ARRAY_LEN(entries));
        struct net_key client = net_cut(net_random(&random, false), 32);
        uint8_t scope = 0;
        uint32_t value = find_at(t, &client, &scope);
        assert_true(scope <= 16);
        bool is_widest = scope == 0;
        struct net_key wider = net_cut(client, scope == 0 ? 0 : scope - 1U);
        for (uint64_t i = 0; !is_widest && i < 1ULL << (17 - scope); i++) {
            struct net_key address = net_cut(wider, 32);
            address.bits |= i << 48;
            uint8_t other = 0;
            is_widest = find_at(t, &address, &other) != value;
        }
        assert_true(is_widest);
        net_table_free(t);
    }
}

static void many_networks_stay_compact_and_findable(void **state)
{
    (void)state;
    enum { MANY = 300000 };
    static struct net_table_entry entries[MANY];
    for (size_t i = 0; i < MANY; i++) {
        struct net_key key = {.bits = (uint64_t)i << 40 | 0x2000000000000000, .length = 24};
        entries[i] = (struct net_table_entry){key, (uint32_t)i};
    }
    struct net_table *t = net_table_new_by_address(entries, MANY);
    for (size_t i = 0; i < MANY; i++) {
        struct net_key client = net_cut(entries[i].network, 32);
        uint8_t scope = 0;
        assert_int_equal(find_at(t, &client, &scope), i);
        assert_int_equal(scope, 24);
    }
    assert_true(net_table_bytes(t) < MANY * 10 + 300000);
    net_table_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_keep_the_first_64_bits),
        cmocka_unit_test(the_longest_network_wins),
        cmocka_unit_test(the_scope_stops_before_nested_networks),
        cmocka_unit_test(a_client_wider_than_a_network_does_not_match_it),
        cmocka_unit_test(halves_of_one_value_are_one_interval_but_two_networks),
        cmocka_unit_test(clients_climb_from_their_own_networks),
        cmocka_unit_test(a_table_by_address_takes_a_clients_first_address),
        cmocka_unit_test(the_last_of_equal_networks_stands),
        cmocka_unit_test(edges_of_the_key_space_are_kept),
        cmocka_unit_test(an_empty_table_says_no_to_everyone),
        cmocka_unit_test(random_tables_agree_with_the_naive_way),
        cmocka_unit_test(scopes_are_as_wide_as_they_can_be),
        cmocka_unit_test(many_networks_stay_compact_and_findable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
