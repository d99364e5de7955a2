// SPDX-License-Identifier: Apache-2.0
// The scope of a decision: for random tables, groups and clients, every address within the answered
// scope gets the same answer.

#include "networks.h"
#include "places/places.h"
#include "routing/routing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
    struct atlas *atlas;
    struct net_table *collection;
    struct routing_member members[12];
    struct routing_group group;
    struct routing_group inner; /* what its first member leads to */
    struct routing_member inner_members[6];
    uint64_t unhealthy;
};

/* Health of the outer group's members; that of the first is the inner group's for the client. */
struct asking {
    const struct world *world;
    struct routing_client *client;
    bool is_inner;
};

static bool is_healthy(void *user, unsigned member)
{
    struct asking *a = user;
    if (member == 0 && !a->is_inner) {
        struct asking inner = {.world = a->world, .client = a->client, .is_inner = true};
        struct routing_health health = {is_healthy, &inner};
        return routing_is_healthy(&a->world->inner, a->client, &health);
    }
    return (a->world->unhealthy >> (member + (a->is_inner ? 16U : 0)) & 1) == 0;
}

static struct atlas *random_atlas(struct prng *random)
{
    struct atlas_builder *b = atlas_builder_new();
    unsigned count = prng_below(random, 30);
    for (unsigned i = 0; i < count; i++) {
        struct net_key network = net_random(random, prng_below(random, 2) == 0);
        struct atlas_place place = {.place = (uint16_t)prng_below(random, place_count())};
        if (prng_below(random, 2) == 0) {
            place.has_point = true;
            place.point = point_of_degrees((int)prng_below(random, 180) - 90,
                                           (int)prng_below(random, 360) - 180);
        }
        atlas_builder_add_place(b, &network, &place);
        network = net_random(random, prng_below(random, 2) == 0);
        atlas_builder_add_latency(b, &network, prng_below(random, 5),
                                  (uint16_t)prng_below(random, 3));
    }
    struct atlas *a = atlas_builder_finish(b);
    atlas_builder_free(b);
    return a;
}

static struct net_table *random_collection(struct prng *random)
{
    struct net_table_entry entries[20];
    size_t count = prng_below(random, ARRAY_LEN(entries));
    for (size_t i = 0; i < count; i++) {
        entries[i].network = net_random(random, prng_below(random, 2) == 0);
        entries[i].value = 1 + prng_below(random, 4);
    }
    return net_table_new(entries, count);
}

static void fill_group(struct prng *random, struct routing_group *g, struct routing_member *members,
                       unsigned max, const struct net_table *collection)
{
    static const enum routing_policy policies[] = {
        ROUTING_WEIGHTED,     ROUTING_LATENCY,    ROUTING_FAILOVER, ROUTING_GEOLOCATION,
        ROUTING_GEOPROXIMITY, ROUTING_MULTIVALUE, ROUTING_IP_BASED};
    *g = (struct routing_group){.policy = policies[prng_below(random, ARRAY_LEN(policies))],
                                .members = members,
                                .count = 1 + prng_below(random, max),
                                .collection = collection};
    for (unsigned i = 0; i < g->count; i++) {
        struct routing_member *m = &members[i];
        *m = (struct routing_member){0};
        if (g->policy == ROUTING_WEIGHTED)
            m->weight = (uint8_t)prng_below(random, 3);
        else if (g->policy == ROUTING_LATENCY)
            m->region = (uint16_t)prng_below(random, 5);
        else if (g->policy == ROUTING_GEOLOCATION)
            m->place = (uint16_t)prng_below(random, place_count());
        else if (g->policy == ROUTING_IP_BASED)
            m->location = i;
        else if (g->policy == ROUTING_GEOPROXIMITY)
            m->proximity.point = point_of_degrees((int)i * 7, (int)i * 20);
    }
}

static enum routing_outcome choose(const struct world *w, const struct net_key *network,
                                   struct routing_choice *out, uint8_t *scope)
{
    struct routing_client client = {.network = *network, .atlas = w->atlas};
    struct asking asking = {.world = w, .client = &client};
    struct routing_health health = {is_healthy, &asking};
    enum routing_outcome outcome = routing_choose(&w->group, &client, &health, 77, out);
    *scope = client.scope;
    return outcome;
}

static void assert_same_choice(const struct routing_choice *a, const struct routing_choice *b)
{
    assert_int_equal(a->count, b->count);
    for (unsigned i = 0; i < a->count; i++)
        assert_int_equal(a->members[i], b->members[i]);
}

static void check_client(const struct world *w, struct prng *random)
{
    struct net_key client = net_random(random, prng_below(random, 2) == 0);
    unsigned full = client.is_v6 ? 64 : 32;
    if (prng_below(random, 2) == 0)
        client = net_cut(client, full);
    struct routing_choice choice = {0};
    uint8_t scope = 0;
    enum routing_outcome outcome = choose(w, &client, &choice, &scope);
    assert_true(scope <= full);
    if (scope > client.length)
        return; /* the client's network was not specific enough: it alone has this answer */
    struct net_key reach = net_cut(client, scope);
    for (unsigned i = 0; i < 6; i++) {
        struct net_key other = net_random_within(random, &reach);
        struct routing_choice same = {0};
        uint8_t same_scope = 0;
        assert_int_equal(choose(w, &other, &same, &same_scope), outcome);
        assert_int_equal(same_scope, scope);
        assert_same_choice(&choice, &same);
    }
}

static void every_address_within_the_scope_gets_the_same_answer(void **state)
{
    (void)state;
    struct prng random;
    prng_init_fixed(&random, 1972);
    for (unsigned round = 0; round < 1500; round++) {
        struct world w = {.unhealthy = prng_next(&random) & prng_next(&random)};
        w.atlas = prng_below(&random, 10) == 0 ? NULL : random_atlas(&random);
        w.collection = random_collection(&random);
        fill_group(&random, &w.group, w.members, ARRAY_LEN(w.members), w.collection);
        fill_group(&random, &w.inner, w.inner_members, ARRAY_LEN(w.inner_members), w.collection);
        for (unsigned i = 0; i < 40; i++)
            check_client(&w, &random);
        atlas_free(w.atlas);
        net_table_free(w.collection);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_within_the_scope_gets_the_same_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
