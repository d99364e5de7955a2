// SPDX-License-Identifier: Apache-2.0
// What the policies share: one call of routing_choose() and its chance, the member that comes first
// by cost, and the members that match a client.
#ifndef ROUTING_POLICY_PRIV_H
#define ROUTING_POLICY_PRIV_H

#include "routing/routing.h"

#define ROUTING_NO_MEMBER UINT16_MAX

/* Locations around one place, itself and the default location included. */
#define ROUTING_PLACES_MAX 4

struct routing_call {
    const struct routing_group *group;
    struct routing_client *client;
    const struct routing_health *health;
    uint64_t random; /* moves on with each draw */
};

/* What matches a client, narrowest first. */
struct routing_matches {
    uint16_t members[ROUTING_PLACES_MAX];
    unsigned count;
};

static inline bool routing_asks_health(const struct routing_call *call, unsigned member)
{
    return call->health->is_healthy(call->health->user, member);
}

/** 64 bits well mixed. Source: Steele et al., "Fast splittable pseudorandom number generators". */
static inline uint64_t routing_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

/** Even over 0..bound-1, for bounds up to 2^16: less than 2^-16 off. */
static inline uint32_t routing_draw(struct routing_call *call, uint32_t bound)
{
    call->random += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((routing_mix(call->random) >> 32) * bound) >> 32);
}

static inline enum routing_outcome routing_one(struct routing_choice *out, unsigned member,
                                               enum routing_outcome outcome)
{
    out->count = 1;
    out->members[0] = (uint16_t)member;
    return outcome;
}

/** The client's place, looked up once for all groups that one query meets. */
const struct atlas_place *routing_client_place(struct routing_client *client);

/* policy_share.c: chance and order, not the client. */
enum routing_outcome routing_choose_weighted(struct routing_call *call, struct routing_choice *out);
enum routing_outcome routing_choose_failover(struct routing_call *call, struct routing_choice *out);
enum routing_outcome routing_choose_multivalue(struct routing_call *call,
                                               struct routing_choice *out);

/* policy_cost.c: the nearest. */
enum routing_outcome routing_choose_latency(struct routing_call *call, struct routing_choice *out);
enum routing_outcome routing_choose_geoproximity(struct routing_call *call,
                                                 struct routing_choice *out);

/* policy_match.c: the sets that the client's network matches. */
void routing_match(struct routing_call *call, struct routing_matches *out);
enum routing_outcome routing_choose_match(struct routing_call *call, struct routing_choice *out);

#endif
