// SPDX-License-Identifier: Apache-2.0
// Atlases: places of networks, latencies of networks, what wider networks lend to nested ones.

#include "networks.h"
#include "places/places.h"
#include "routing/atlas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct atlas_place place_of(const char *country)
{
    return (struct atlas_place){.place = place_country(slice_str(country))};
}

static void add_place(struct atlas_builder *b, const char *network, struct atlas_place place)
{
    struct net_key key = net_of(network);
    atlas_builder_add_place(b, &key, &place);
}

static void add_latency(struct atlas_builder *b, const char *network, const char *region,
                        uint16_t latency_ms)
{
    struct net_key key = net_of(network);
    atlas_builder_add_latency(b, &key, region_number(region_find(slice_str(region))), latency_ms);
}

static void assert_place(const struct atlas *a, const char *client, const char *country,
                         unsigned scope)
{
    struct net_key key = net_of(client);
    uint8_t reach = 0;
    struct atlas_place found = atlas_find_place(a, &key, &reach);
    assert_string_equal(place_get(found.place)->code, country);
    assert_int_equal(reach, scope);
}

/* Latency to Frankfurt, then to Ireland. */
static void assert_latency(const struct atlas *a, const char *client, int frankfurt, int ireland,
                           unsigned scope)
{
    struct net_key key = net_of(client);
    uint16_t regions[] = {(uint16_t)region_number(region_find(slice_str("eu-central-1"))),
                          (uint16_t)region_number(region_find(slice_str("eu-west-1")))};
    uint16_t found_ms[] = {1, 1};
    uint8_t reach = 0;
    bool is_found = atlas_find_latency(a, &key, regions, 2, found_ms, &reach);
    assert_int_equal(reach, scope);
    assert_int_equal(is_found, frankfurt >= 0);
    if (is_found) {
        assert_int_equal(found_ms[0], frankfurt);
        assert_int_equal(found_ms[1], ireland);
    }
}

static void places_are_found_by_the_longest_network(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_place(b, "192.0.2.0/24", place_of("DE"));
    add_place(b, "192.0.2.128/25", place_of("FR"));
    add_place(b, "2001:db8::/32", place_of("US"));
    struct atlas *a = atlas_builder_finish(b);
    assert_place(a, "192.0.2.1", "DE", 25);
    assert_place(a, "192.0.2.0/24", "DE", 25);
    assert_place(a, "192.0.2.129", "FR", 25);
    assert_place(a, "2001:db8:1::/48", "US", 32);
    assert_place(a, "198.51.100.1", "*", 6);
    assert_int_equal(atlas_place_count(a), 3);
    assert_int_equal(atlas_latency_count(a), 0);
    assert_true(atlas_bytes(a) > 0);
    atlas_free(a);
    atlas_builder_free(b);
}

static void points_are_kept_and_told_apart(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    struct atlas_place berlin = place_of("DE");
    berlin.has_point = true;
    berlin.point = point_of_degrees(52.52, 13.40);
    add_place(b, "192.0.2.0/25", berlin);
    add_place(b, "192.0.2.128/25", place_of("DE"));
    struct atlas *a = atlas_builder_finish(b);
    struct net_key key = net_of("192.0.2.7");
    uint8_t scope = 0;
    struct atlas_place found = atlas_find_place(a, &key, &scope);
    assert_true(found.has_point);
    assert_true(point_distance_km(found.point, berlin.point) < 0.01F);
    key = net_of("192.0.2.200");
    assert_false(atlas_find_place(a, &key, &scope).has_point);
    assert_int_equal(scope, 25);
    atlas_free(a);
    atlas_builder_free(b);
}

static void look_ups_only_raise_the_scope(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_place(b, "10.0.0.0/8", place_of("DE"));
    add_latency(b, "10.0.0.0/12", "eu-west-1", 20);
    struct atlas *a = atlas_builder_finish(b);
    struct net_key key = net_of("10.0.0.1");
    uint8_t scope = 10;
    (void)atlas_find_place(a, &key, &scope);
    assert_int_equal(scope, 10);
    uint16_t region = 0;
    uint16_t latency_ms = 0;
    assert_true(atlas_find_latency(a, &key, &region, 1, &latency_ms, &scope));
    assert_int_equal(scope, 12);
    assert_int_equal(latency_ms, UINT16_MAX);
    atlas_free(a);
    atlas_builder_free(b);
}

static void nested_networks_inherit_what_they_do_not_say(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_latency(b, "10.1.0.0/16", "eu-west-1", 5);
    add_latency(b, "10.0.0.0/8", "eu-west-1", 30);
    add_latency(b, "10.0.0.0/8", "eu-central-1", 10);
    add_latency(b, "10.0.0.0/8", "eu-central-1", 11); /* the last one stands */
    add_latency(b, "10.1.1.0/24", "eu-central-1", 0);
    add_latency(b, "11.0.0.0/8", "eu-central-1", 44);
    struct atlas *a = atlas_builder_finish(b);
    assert_latency(a, "10.2.0.1", 11, 30, 15);
    assert_latency(a, "10.1.0.1", 11, 5, 24);
    assert_latency(a, "10.1.1.1", 0, 5, 24);
    assert_latency(a, "11.0.0.1", 44, UINT16_MAX, 8);
    assert_latency(a, "12.0.0.1", -1, -1, 6);
    assert_int_equal(atlas_latency_count(a), 4);
    atlas_free(a);
    atlas_builder_free(b);
}

static void networks_of_equal_rows_are_one_answer(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_latency(b, "10.0.0.0/9", "eu-west-1", 5);
    add_latency(b, "10.128.0.0/9", "eu-west-1", 5);
    struct atlas *a = atlas_builder_finish(b);
    assert_latency(a, "10.1.0.1", UINT16_MAX, 5, 8);
    atlas_free(a);
    atlas_builder_free(b);
}

static void an_atlas_of_nothing_knows_nobody(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    struct atlas *a = atlas_builder_finish(b);
    assert_place(a, "192.0.2.1", "*", 0);
    assert_latency(a, "192.0.2.1", -1, -1, 0);
    assert_place(NULL, "192.0.2.1", "*", 0);
    assert_latency(NULL, "192.0.2.1", -1, -1, 0);
    /* The builder can be filled again. */
    add_place(b, "192.0.2.0/24", place_of("DE"));
    struct atlas *next = atlas_builder_finish(b);
    assert_place(next, "192.0.2.1", "DE", 24);
    atlas_free(a);
    atlas_free(next);
    atlas_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places_are_found_by_the_longest_network),
        cmocka_unit_test(points_are_kept_and_told_apart),
        cmocka_unit_test(look_ups_only_raise_the_scope),
        cmocka_unit_test(nested_networks_inherit_what_they_do_not_say),
        cmocka_unit_test(networks_of_equal_rows_are_one_answer),
        cmocka_unit_test(an_atlas_of_nothing_knows_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
