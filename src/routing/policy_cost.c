// SPDX-License-Identifier: Apache-2.0
// Latency and geoproximity groups: the member of the least cost for the client. Called by routing.c
// on the answer path.
#include "routing/policy_priv.h"

#include "base/check.h"
#include "routing/limits.h"

#include <float.h>

/*
 * Where only the distance to a region is known, beside others of known latency: light in fibre
 * travels 200 km a millisecond, there and back, on ways half as long again as the great circle.
 */
#define KM_PER_MS 67.0f

/* Dearer than any known latency or distance. */
#define UNKNOWN_COST FLT_MAX

struct candidate {
    uint64_t tie; /* 0: not yet known */
    float cost;
    uint16_t member;
    uint16_t identity; /* what ties are broken by: the same while other members come and go */
};

/*
 * What breaks ties: even over networks, the same for all addresses within the scope so far (so
 * that the scope stays true), and independent from member to member (so that one that is lost
 * changes nothing between the others).
 */
static uint64_t tie_key(const struct routing_client *client)
{
    unsigned length = client->scope;
    uint64_t kept = length == 0 ? 0 : client->network.bits & UINT64_MAX << (NET_KEY_BITS - length);
    return routing_mix(kept + client->network.is_v6);
}

/* Remembered: where many are unhealthy, it is asked for in each turn. */
static uint64_t tie_of(uint64_t key, struct candidate *c)
{
    if (c->tie == 0)
        c->tie = routing_mix(key ^ (c->identity + 1U));
    return c->tie;
}

static bool is_better(struct candidate *a, struct candidate *b, uint64_t key)
{
    return a->cost < b->cost || (a->cost <= b->cost && tie_of(key, a) < tie_of(key, b));
}

/*
 * The first healthy one in the order of cost; of none the first one. Reorders `candidates`. All
 * look-ups are made before, so that the scope of the client is what it will be.
 */
static enum routing_outcome choose_least(struct routing_call *call, struct candidate *candidates,
                                         unsigned count, struct routing_choice *out)
{
    uint64_t key = tie_key(call->client);
    uint16_t first = ROUTING_NO_MEMBER;
    while (count > 0) {
        unsigned best = 0;
        for (unsigned i = 1; i < count; i++) {
            if (is_better(&candidates[i], &candidates[best], key))
                best = i;
        }
        uint16_t member = candidates[best].member;
        if (first == ROUTING_NO_MEMBER)
            first = member;
        if (routing_asks_health(call, member))
            return routing_one(out, member, ROUTING_CHOSEN);
        candidates[best] = candidates[--count];
    }
    return routing_one(out, first, ROUTING_LAST);
}

/*
 * How far a region is: milliseconds, to compare with latencies of others; else only in the order
 * of distance, which costs less. UNKNOWN_COST where the client's point is not known.
 */
static float cost_by_distance(struct routing_client *client, uint16_t region, bool is_ms)
{
    const struct atlas_place *place = routing_client_place(client);
    if (!place->has_point)
        return UNKNOWN_COST;
    struct point there = atlas_region_point(client->atlas, region);
    if (!is_ms)
        return point_chord_squared(place->point, there);
    return point_distance_km(place->point, there) / KM_PER_MS;
}

enum routing_outcome routing_choose_latency(struct routing_call *call, struct routing_choice *out)
{
    struct candidate candidates[ROUTING_MEMBERS_MAX];
    uint16_t regions[ROUTING_MEMBERS_MAX];
    uint16_t latencies_ms[ROUTING_MEMBERS_MAX];
    struct routing_client *client = call->client;
    unsigned count = call->group->count;
    CHECK(count > 0);
    for (unsigned i = 0; i < count; i++)
        regions[i] = call->group->members[i].region;
    bool is_known = atlas_find_latency(client->atlas, &client->network, regions, count,
                                       latencies_ms, &client->scope);
    for (unsigned i = 0; i < count; i++) {
        bool has_latency = is_known && latencies_ms[i] != UINT16_MAX;
        candidates[i].cost =
            has_latency ? latencies_ms[i] : cost_by_distance(client, regions[i], is_known);
        candidates[i].tie = 0;
        candidates[i].member = (uint16_t)i;
        candidates[i].identity = regions[i];
    }
    return choose_least(call, candidates, count, out);
}

/* What a bias makes of a distance. */
static float biased(float distance_km, int bias)
{
    float share = (float)bias / 100;
    return bias >= 0 ? distance_km * (1 - share) : distance_km / (1 + share);
}

static bool has_bias(const struct routing_group *group)
{
    for (unsigned i = 0; i < group->count; i++) {
        if (group->members[i].proximity.bias != 0)
            return true;
    }
    return false;
}

enum routing_outcome routing_choose_geoproximity(struct routing_call *call,
                                                 struct routing_choice *out)
{
    struct candidate candidates[ROUTING_MEMBERS_MAX];
    const struct routing_group *group = call->group;
    const struct atlas_place *place = routing_client_place(call->client);
    bool is_biased = has_bias(group);
    for (unsigned i = 0; i < group->count; i++) {
        const struct routing_member *m = &group->members[i];
        float cost = UNKNOWN_COST;
        if (place->has_point && is_biased)
            cost = biased(point_distance_km(place->point, m->proximity.point), m->proximity.bias);
        else if (place->has_point)
            cost = point_chord_squared(place->point, m->proximity.point);
        candidates[i] =
            (struct candidate){.cost = cost, .member = (uint16_t)i, .identity = (uint16_t)i};
    }
    return choose_least(call, candidates, group->count, out);
}
