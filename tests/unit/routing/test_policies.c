// SPDX-License-Identifier: Apache-2.0
// Each row of the table of policies: what is chosen, and what where all candidates are unhealthy.
// Bounds of statistics: six and a half standard deviations, which chance passes once in 10^10.

#include "networks.h"
#include "places/places.h"
#include "routing/routing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DRAWS 20000
#define NOBODY UINT64_MAX /* all members are unhealthy */

/* Members whose bit is set are unhealthy; how often each was asked. */
struct bench {
    uint64_t unhealthy;
    unsigned asked[64];
    struct routing_health health;
};

static bool is_healthy(void *user, unsigned member)
{
    struct bench *b = user;
    b->asked[member]++;
    return (b->unhealthy >> member & 1) == 0;
}

static enum routing_outcome choose(const struct routing_group *g, struct routing_client *c,
                                   uint64_t unhealthy, uint64_t random, struct routing_choice *out)
{
    struct bench b = {.unhealthy = unhealthy};
    b.health = (struct routing_health){is_healthy, &b};
    enum routing_outcome outcome = routing_choose(g, c, &b.health, random, out);
    for (unsigned i = 0; i < g->count && i < ARRAY_LEN(b.asked); i++)
        assert_true(b.asked[i] <= 1);
    return outcome;
}

static bool group_is_healthy(const struct routing_group *g, struct routing_client *c,
                             uint64_t unhealthy)
{
    struct bench b = {.unhealthy = unhealthy};
    b.health = (struct routing_health){is_healthy, &b};
    return routing_is_healthy(g, c, &b.health);
}

/* One member is chosen, with this outcome. */
static void assert_chooses(const struct routing_group *g, const char *client,
                           const struct atlas *atlas, uint64_t unhealthy,
                           enum routing_outcome outcome, unsigned member)
{
    struct routing_client c = {.network = net_of(client), .atlas = atlas};
    struct routing_choice choice = {0};
    assert_int_equal(choose(g, &c, unhealthy, 1, &choice), outcome);
    assert_int_equal(choice.count, outcome == ROUTING_NO_MATCH ? 0 : 1);
    if (choice.count == 1)
        assert_int_equal(choice.members[0], member);
}

static void assert_share(unsigned hits, double share)
{
    double deviation = sqrt(DRAWS * share * (1 - share));
    assert_true(fabs(hits - DRAWS * share) <= 6.5 * deviation);
}

/* Draws often; the members' shares are these, and all outcomes the one given. */
static void assert_shares(const struct routing_group *g, uint64_t unhealthy,
                          enum routing_outcome outcome, const double *shares)
{
    struct prng random;
    prng_init_fixed(&random, 4);
    unsigned hits[ROUTING_MEMBERS_MAX] = {0};
    for (unsigned i = 0; i < DRAWS; i++) {
        struct routing_client c = {.network = net_of("192.0.2.1")};
        struct routing_choice choice = {0};
        assert_int_equal(choose(g, &c, unhealthy, prng_next(&random), &choice), outcome);
        assert_int_equal(c.scope, 0);
        for (unsigned k = 0; k < choice.count; k++)
            hits[choice.members[k]]++;
    }
    for (unsigned i = 0; i < g->count; i++)
        assert_share(hits[i], shares[i]);
}

static struct routing_group group_of(enum routing_policy policy, const struct routing_member *m,
                                     unsigned count)
{
    return (struct routing_group){.policy = policy, .members = m, .count = count};
}

static void simple_sets_answer_alone(void **state)
{
    (void)state;
    struct routing_member m[1] = {0};
    struct routing_group g = group_of(ROUTING_SIMPLE, m, 1);
    assert_chooses(&g, "192.0.2.1", NULL, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "192.0.2.1", NULL, 1, ROUTING_LAST, 0);
}

static void weights_are_shares_of_the_healthy(void **state)
{
    (void)state;
    struct routing_member m[] = {{.weight = 10}, {.weight = 30}, {.weight = 60}, {.weight = 0}};
    struct routing_group g = group_of(ROUTING_WEIGHTED, m, 4);
    assert_shares(&g, 0, ROUTING_CHOSEN, (double[]){.1, .3, .6, 0});
    assert_shares(&g, 1 << 2, ROUTING_CHOSEN, (double[]){.25, .75, 0, 0});
    assert_shares(&g, 1 << 0 | 1 << 1, ROUTING_CHOSEN, (double[]){0, 0, 1, 0});
}

static void zero_weights_answer_once_no_positive_one_is_healthy(void **state)
{
    (void)state;
    struct routing_member m[] = {{.weight = 255}, {.weight = 0}, {.weight = 0}, {.weight = 1}};
    struct routing_group g = group_of(ROUTING_WEIGHTED, m, 4);
    assert_shares(&g, 1 << 0, ROUTING_CHOSEN, (double[]){0, 0, 0, 1});
    assert_shares(&g, 1 << 0 | 1 << 3, ROUTING_CHOSEN, (double[]){0, .5, .5, 0});
    assert_shares(&g, 1 << 0 | 1 << 3 | 1 << 1, ROUTING_CHOSEN, (double[]){0, 0, 1, 0});
}

static void all_unhealthy_weights_share_as_if_healthy(void **state)
{
    (void)state;
    struct routing_member m[] = {{.weight = 20}, {.weight = 80}, {.weight = 0}};
    struct routing_group g = group_of(ROUTING_WEIGHTED, m, 3);
    assert_shares(&g, NOBODY, ROUTING_LAST, (double[]){.2, .8, 0});
}

static void all_zero_weights_have_equal_shares(void **state)
{
    (void)state;
    struct routing_member m[4] = {0};
    struct routing_group g = group_of(ROUTING_WEIGHTED, m, 4);
    assert_shares(&g, 0, ROUTING_CHOSEN, (double[]){.25, .25, .25, .25});
    assert_shares(&g, NOBODY, ROUTING_LAST, (double[]){.25, .25, .25, .25});
}

static void failover_prefers_the_primary_then_the_secondary(void **state)
{
    (void)state;
    struct routing_member m[] = {{.is_secondary = true}, {.is_secondary = false}};
    struct routing_group g = group_of(ROUTING_FAILOVER, m, 2);
    assert_chooses(&g, "192.0.2.1", NULL, 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "192.0.2.1", NULL, 1 << 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "192.0.2.1", NULL, 1 << 1, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "192.0.2.1", NULL, NOBODY, ROUTING_LAST, 1);
    g = group_of(ROUTING_FAILOVER, m, 1); /* the secondary alone */
    assert_chooses(&g, "192.0.2.1", NULL, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "192.0.2.1", NULL, NOBODY, ROUTING_LAST, 0);
}

static void multivalue_gives_up_to_eight_healthy_sets_at_random(void **state)
{
    (void)state;
    struct routing_member m[20] = {0};
    struct routing_group g = group_of(ROUTING_MULTIVALUE, m, 20);
    double all[20];
    for (unsigned i = 0; i < 20; i++)
        all[i] = 8.0 / 20;
    assert_shares(&g, 0, ROUTING_CHOSEN, all);
    assert_shares(&g, NOBODY, ROUTING_LAST, all);
    double half[20];
    for (unsigned i = 0; i < 20; i++)
        half[i] = i < 10 ? 0 : 8.0 / 10;
    assert_shares(&g, 0x3ff, ROUTING_CHOSEN, half);
    double few[20] = {[17] = 1, [19] = 1};
    assert_shares(&g, 0x5ffff, ROUTING_CHOSEN, few);
}

static void multivalue_names_no_set_twice(void **state)
{
    (void)state;
    struct routing_member m[9] = {0};
    for (unsigned count = 1; count <= 9; count++) {
        struct routing_group g = group_of(ROUTING_MULTIVALUE, m, count);
        for (uint64_t random = 0; random < 200; random++) {
            struct routing_client c = {.network = net_of("192.0.2.1")};
            struct routing_choice choice = {0};
            uint64_t unhealthy = random % 3 == 0 ? NOBODY : 0;
            choose(&g, &c, unhealthy, random, &choice);
            assert_int_equal(choice.count, count < 8 ? count : 8);
            uint64_t seen = 0;
            for (unsigned i = 0; i < choice.count; i++) {
                assert_int_equal(seen >> choice.members[i] & 1, 0);
                seen |= 1ULL << choice.members[i];
            }
        }
    }
}

/* --- geography --- */

static uint16_t region_of(const char *code)
{
    return (uint16_t)region_number(region_find(slice_str(code)));
}

static void add_place(struct atlas_builder *b, const char *network, uint16_t place)
{
    struct net_key key = net_of(network);
    struct atlas_place p = {.place = place};
    atlas_builder_add_place(b, &key, &p);
}

static void add_point(struct atlas_builder *b, const char *network, double latitude,
                      double longitude)
{
    struct net_key key = net_of(network);
    struct atlas_place p = {.has_point = true, .point = point_of_degrees(latitude, longitude)};
    atlas_builder_add_place(b, &key, &p);
}

static struct atlas *countries(void)
{
    struct atlas_builder *b = atlas_builder_new();
    add_place(b, "10.1.0.0/16", place_subdivision(slice_str("US"), slice_str("WA")));
    add_place(b, "10.2.0.0/16", place_country(slice_str("US")));
    add_place(b, "10.3.0.0/16", place_country(slice_str("MX")));
    add_place(b, "10.4.0.0/16", place_country(slice_str("DE")));
    add_place(b, "10.5.0.0/16", place_continent(slice_str("NA")));
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    return a;
}

static void geolocation_takes_the_narrowest_healthy_location(void **state)
{
    (void)state;
    struct atlas *a = countries();
    struct routing_member m[] = {
        {.place = PLACE_NOWHERE},
        {.place = place_continent(slice_str("NA"))},
        {.place = place_country(slice_str("US"))},
        {.place = place_subdivision(slice_str("US"), slice_str("WA"))},
    };
    struct routing_group g = group_of(ROUTING_GEOLOCATION, m, 4);
    assert_chooses(&g, "10.1.0.1", a, 0, ROUTING_CHOSEN, 3);
    assert_chooses(&g, "10.2.0.1", a, 0, ROUTING_CHOSEN, 2);
    assert_chooses(&g, "10.3.0.1", a, 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.5.0.1", a, 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.4.0.1", a, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "192.0.2.1", a, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.1.0.1", NULL, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.1.0.1", a, 1 << 3, ROUTING_CHOSEN, 2);
    assert_chooses(&g, "10.1.0.1", a, 1 << 3 | 1 << 2, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.1.0.1", a, 1 << 3 | 1 << 2 | 1 << 1, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.1.0.1", a, NOBODY, ROUTING_LAST, 3);
    assert_chooses(&g, "10.4.0.1", a, NOBODY, ROUTING_LAST, 0);
    atlas_free(a);
}

static void geolocation_without_a_default_may_match_nothing(void **state)
{
    (void)state;
    struct atlas *a = countries();
    struct routing_member m[] = {{.place = place_country(slice_str("US"))},
                                 {.place = place_country(slice_str("DE"))}};
    struct routing_group g = group_of(ROUTING_GEOLOCATION, m, 2);
    assert_chooses(&g, "10.3.0.1", a, 0, ROUTING_NO_MATCH, 0);
    assert_chooses(&g, "192.0.2.1", a, 0, ROUTING_NO_MATCH, 0);
    assert_chooses(&g, "10.1.0.1", a, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.4.0.1", a, 1 << 1, ROUTING_LAST, 1);
    struct routing_client c = {.network = net_of("10.3.0.1"), .atlas = a};
    assert_false(group_is_healthy(&g, &c, 0));
    assert_int_equal(c.scope, 16); /* nothing matched, and that depended on the client, too */
    atlas_free(a);
}

static void geoproximity_takes_the_nearest(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_point(b, "10.0.0.0/8", 0, 30);
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    struct routing_member m[] = {{.proximity = {.point = point_of_degrees(0, 0)}},
                                 {.proximity = {.point = point_of_degrees(0, 70)}}};
    struct routing_group g = group_of(ROUTING_GEOPROXIMITY, m, 2);
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.0.0.1", a, 1 << 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.0.0.1", a, NOBODY, ROUTING_LAST, 0);
    /* 30 degrees to one, 40 to the other: the edge lies at a bias of 25, and at -25. */
    m[1].proximity.bias = 24;
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 0);
    m[1].proximity.bias = 26;
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 1);
    m[1].proximity.bias = 0;
    m[0].proximity.bias = -24;
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 0);
    m[0].proximity.bias = -26;
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 1);
    m[0].proximity.bias = -99;
    m[1].proximity.bias = 99;
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 1);
    atlas_free(a);
}

static void add_latency(struct atlas_builder *b, const char *network, const char *region,
                        uint16_t latency_ms)
{
    struct net_key key = net_of(network);
    atlas_builder_add_latency(b, &key, region_of(region), latency_ms);
}

static void latency_takes_the_quickest_region(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_latency(b, "10.0.0.0/8", "eu-central-1", 30);
    add_latency(b, "10.0.0.0/8", "us-east-1", 29);
    add_latency(b, "10.0.0.0/8", "sa-east-1", 200);
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    struct routing_member m[] = {{.region = region_of("eu-central-1")},
                                 {.region = region_of("sa-east-1")},
                                 {.region = region_of("us-east-1")}};
    struct routing_group g = group_of(ROUTING_LATENCY, m, 3);
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 2);
    assert_chooses(&g, "10.0.0.1", a, 1 << 2, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.0.0.1", a, 1 << 2 | 1 << 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.0.0.1", a, NOBODY, ROUTING_LAST, 2);
    atlas_free(a);
}

static void distance_stands_in_for_latencies_that_are_not_known(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    add_point(b, "10.0.0.0/8", 52.52, 13.40); /* Berlin */
    add_latency(b, "10.2.0.0/16", "us-east-1", 3);
    add_latency(b, "10.3.0.0/16", "us-east-1", 90);
    add_latency(b, "11.0.0.0/8", "us-east-1", 900);
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    struct routing_member m[] = {{.region = region_of("us-east-1")},
                                 {.region = region_of("eu-central-1")},
                                 {.region = region_of("ap-northeast-1")}};
    struct routing_group g = group_of(ROUTING_LATENCY, m, 3);
    assert_chooses(&g, "10.0.0.1", a, 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.0.0.1", a, 1 << 1, ROUTING_CHOSEN, 0);
    /* Frankfurt is 420 km away, about 6 ms. */
    assert_chooses(&g, "10.2.0.1", a, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.3.0.1", a, 0, ROUTING_CHOSEN, 1);
    /* Nothing but one latency: what is known goes before what is not. */
    assert_chooses(&g, "11.0.0.1", a, 0, ROUTING_CHOSEN, 0);
    atlas_free(a);
}

/* Ties, and clients of whom nothing is known: the same set for a network each time, all sets over
 * all networks, and the loss of one set moves no network between the others. */
static void ties_are_stable_for_a_network(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    static const char *const codes[] = {"eu-central-1", "eu-west-1", "us-east-1"};
    for (uint64_t i = 0; i < 256; i++) {
        struct net_key key = {.bits = 10ULL << 56 | i << 40, .length = 24};
        for (size_t r = 0; r < ARRAY_LEN(codes); r++)
            atlas_builder_add_latency(b, &key, region_of(codes[r]), (uint16_t)(10 + i));
    }
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    struct routing_member m[3];
    for (size_t r = 0; r < ARRAY_LEN(codes); r++)
        m[r] = (struct routing_member){.region = region_of(codes[r])};
    struct routing_group g = group_of(ROUTING_LATENCY, m, 3);
    unsigned hits[3] = {0};
    for (uint64_t i = 0; i < 256; i++) {
        struct routing_client c = {
            .network = {.bits = 10ULL << 56 | i << 40 | 1ULL << 32, .length = 32}, .atlas = a};
        struct routing_choice first;
        struct routing_choice again;
        assert_int_equal(choose(&g, &c, 0, i, &first), ROUTING_CHOSEN);
        assert_int_equal(choose(&g, &c, 0, i + 1000, &again), ROUTING_CHOSEN);
        assert_int_equal(first.members[0], again.members[0]);
        assert_int_equal(c.scope, 24);
        hits[first.members[0]]++;
        assert_int_equal(choose(&g, &c, 1 << 2, i, &again), ROUTING_CHOSEN);
        assert_true(first.members[0] == 2 || again.members[0] == first.members[0]);
    }
    for (size_t r = 0; r < ARRAY_LEN(codes); r++)
        assert_true(hits[r] > 256 / 3 / 2);
    atlas_free(a);
}

static void nothing_known_is_still_a_stable_choice(void **state)
{
    (void)state;
    struct routing_member m[] = {{.region = region_of("eu-central-1")},
                                 {.region = region_of("eu-west-1")}};
    struct routing_group g = group_of(ROUTING_LATENCY, m, 2);
    struct routing_choice first = {0};
    struct routing_client c = {.network = net_of("192.0.2.1")};
    assert_int_equal(choose(&g, &c, 0, 1, &first), ROUTING_CHOSEN);
    assert_int_equal(c.scope, 0);
    for (unsigned i = 0; i < 50; i++) {
        struct routing_client other = {.network = {.bits = (uint64_t)i << 56, .length = 32}};
        struct routing_choice choice = {0};
        assert_int_equal(choose(&g, &other, 0, i, &choice), ROUTING_CHOSEN);
        assert_int_equal(choice.members[0], first.members[0]);
    }
    assert_chooses(&g, "192.0.2.1", NULL, 1ULL << first.members[0], ROUTING_CHOSEN,
                   1U - first.members[0]);
    assert_chooses(&g, "192.0.2.1", NULL, NOBODY, ROUTING_LAST, first.members[0]);
}

/* --- IP-based --- */

static void ip_based_takes_the_longest_block_and_no_wider_one(void **state)
{
    (void)state;
    struct net_table_entry blocks[] = {
        {net_of("10.0.0.0/8"), 1}, {net_of("10.1.0.0/16"), 2}, {net_of("10.2.0.0/16"), 3}};
    struct net_table *t = net_table_new(blocks, ARRAY_LEN(blocks));
    struct routing_member m[] = {{.location = 2}, {.location = 0}, {.location = 1}};
    struct routing_group g = group_of(ROUTING_IP_BASED, m, 3);
    g.collection = t;
    assert_chooses(&g, "10.1.0.1", NULL, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.1.0.0/16", NULL, 0, ROUTING_CHOSEN, 0);
    assert_chooses(&g, "10.1.0.0/15", NULL, 0, ROUTING_CHOSEN, 2);
    assert_chooses(&g, "10.9.0.1", NULL, 0, ROUTING_CHOSEN, 2);
    assert_chooses(&g, "192.0.2.1", NULL, 0, ROUTING_CHOSEN, 1);
    assert_chooses(&g, "10.2.0.1", NULL, 0, ROUTING_CHOSEN, 1); /* its location has no set */
    assert_chooses(&g, "10.1.0.1", NULL, 1 << 0, ROUTING_LAST, 0);
    assert_chooses(&g, "192.0.2.1", NULL, 1 << 1, ROUTING_LAST, 1);
    struct routing_client c = {.network = net_of("10.1.0.1")};
    assert_false(group_is_healthy(&g, &c, 1 << 0));
    assert_true(group_is_healthy(&g, &c, 1 << 1 | 1 << 2));
    assert_int_equal(c.scope, 16);
    m[1].location = 9;
    assert_chooses(&g, "192.0.2.1", NULL, 0, ROUTING_NO_MATCH, 0);
    g.collection = NULL;
    assert_chooses(&g, "10.1.0.1", NULL, 0, ROUTING_NO_MATCH, 0);
    net_table_free(t);
}

/* --- the health of a group --- */

static void a_group_is_healthy_by_what_the_client_may_receive(void **state)
{
    (void)state;
    struct atlas *a = countries();
    struct routing_member m[] = {{.place = PLACE_NOWHERE},
                                 {.place = place_country(slice_str("US"))},
                                 {.place = place_country(slice_str("DE"))}};
    struct routing_group g = group_of(ROUTING_GEOLOCATION, m, 3);
    struct routing_client us = {.network = net_of("10.1.0.1"), .atlas = a};
    assert_true(group_is_healthy(&g, &us, 1 << 1));
    assert_false(group_is_healthy(&g, &us, 1 << 0 | 1 << 1));
    assert_true(group_is_healthy(&g, &us, 1 << 0 | 1 << 2));
    static const enum routing_policy others[] = {ROUTING_WEIGHTED, ROUTING_FAILOVER,
                                                 ROUTING_MULTIVALUE, ROUTING_LATENCY};
    struct routing_member any[3] = {0};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct routing_group other = group_of(others[i], any, 3);
        assert_true(group_is_healthy(&other, &us, 1 << 0 | 1 << 1));
        assert_false(group_is_healthy(&other, &us, NOBODY));
    }
    atlas_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple_sets_answer_alone),
        cmocka_unit_test(weights_are_shares_of_the_healthy),
        cmocka_unit_test(zero_weights_answer_once_no_positive_one_is_healthy),
        cmocka_unit_test(all_unhealthy_weights_share_as_if_healthy),
        cmocka_unit_test(all_zero_weights_have_equal_shares),
        cmocka_unit_test(failover_prefers_the_primary_then_the_secondary),
        cmocka_unit_test(multivalue_gives_up_to_eight_healthy_sets_at_random),
        cmocka_unit_test(multivalue_names_no_set_twice),
        cmocka_unit_test(geolocation_takes_the_narrowest_healthy_location),
        cmocka_unit_test(geolocation_without_a_default_may_match_nothing),
        cmocka_unit_test(geoproximity_takes_the_nearest),
        cmocka_unit_test(latency_takes_the_quickest_region),
        cmocka_unit_test(distance_stands_in_for_latencies_that_are_not_known),
        cmocka_unit_test(ties_are_stable_for_a_network),
        cmocka_unit_test(nothing_known_is_still_a_stable_choice),
        cmocka_unit_test(ip_based_takes_the_longest_block_and_no_wider_one),
        cmocka_unit_test(a_group_is_healthy_by_what_the_client_may_receive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
