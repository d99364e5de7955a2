// SPDX-License-Identifier: Apache-2.0
// Geolocation and IP-based groups: the members that the client's network matches. Called by
// routing.c on the answer path.
#include "routing/policy_priv.h"

#include "base/check.h"

#include "places/places.h"

#define IP_BASED_DEFAULT 0

static void match_places(struct routing_call *call, struct routing_matches *out)
{
    const struct routing_group *group = call->group;
    uint16_t around[ROUTING_PLACES_MAX]; /* the client's place and those around it */
    uint16_t found[ROUTING_PLACES_MAX];
    unsigned levels = 0;
    uint16_t place = routing_client_place(call->client)->place;
    for (; place != PLACE_NOWHERE; place = place_get(place)->parent) {
        CHECK(levels < ROUTING_PLACES_MAX - 1);
        around[levels++] = place;
    }
    around[levels++] = PLACE_NOWHERE;
    for (unsigned level = 0; level < levels; level++)
        found[level] = ROUTING_NO_MEMBER;
    for (unsigned i = 0; i < group->count; i++) {
        for (unsigned level = 0; level < levels; level++) {
            if (group->members[i].place == around[level])
                found[level] = (uint16_t)i;
        }
    }
    for (unsigned level = 0; level < levels; level++) {
        if (found[level] != ROUTING_NO_MEMBER)
            out->members[out->count++] = found[level];
    }
}

/* The set of the client's location, else the default one: never both. */
static void match_block(struct routing_call *call, struct routing_matches *out)
{
    const struct routing_group *group = call->group;
    struct routing_client *client = call->client;
    uint32_t location = IP_BASED_DEFAULT;
    if (group->collection != NULL) {
        uint8_t reach = 0;
        (void)net_table_find(group->collection, &client->network, &location, &reach);
        client->scope = reach > client->scope ? reach : client->scope;
    }
    uint16_t match = ROUTING_NO_MEMBER;
    for (unsigned i = 0; i < group->count; i++) {
        uint32_t own = group->members[i].location;
        if (own == location || (own == IP_BASED_DEFAULT && match == ROUTING_NO_MEMBER))
            match = (uint16_t)i;
    }
    if (match != ROUTING_NO_MEMBER)
        out->members[out->count++] = match;
}

void routing_match(struct routing_call *call, struct routing_matches *out)
{
    out->count = 0;
    if (call->group->policy == ROUTING_GEOLOCATION)
        match_places(call, out);
    else
        match_block(call, out);
}

enum routing_outcome routing_choose_match(struct routing_call *call, struct routing_choice *out)
{
    struct routing_matches matches;
    routing_match(call, &matches);
    if (matches.count == 0) {
        out->count = 0;
        return ROUTING_NO_MATCH;
    }
    for (unsigned i = 0; i < matches.count; i++) {
        if (routing_asks_health(call, matches.members[i]))
            return routing_one(out, matches.members[i], ROUTING_CHOSEN);
    }
    return routing_one(out, matches.members[0], ROUTING_LAST);
}
