// SPDX-License-Identifier: Apache-2.0
// A choice by whichever policy a group has. Called by authority/ for each group on an answer's way.
#include "routing/routing.h"

#include "base/check.h"
#include "routing/policy_priv.h"

const struct atlas_place *routing_client_place(struct routing_client *client)
{
    if (!client->has_place) {
        client->place = atlas_find_place(client->atlas, &client->network, &client->scope);
        client->has_place = true;
    }
    return &client->place;
}

static void check_group(const struct routing_group *group)
{
    CHECK(group->count >= 1 && group->count <= ROUTING_MEMBERS_MAX);
    CHECK(group->policy != ROUTING_SIMPLE || group->count == 1);
}

enum routing_outcome routing_choose(const struct routing_group *group,
                                    struct routing_client *client,
                                    const struct routing_health *health, uint64_t random,
                                    struct routing_choice *out)
{
    check_group(group);
    struct routing_call call = {
        .group = group, .client = client, .health = health, .random = random};
    switch (group->policy) {
    case ROUTING_WEIGHTED:
        return routing_choose_weighted(&call, out);
    case ROUTING_LATENCY:
        return routing_choose_latency(&call, out);
    case ROUTING_FAILOVER:
        return routing_choose_failover(&call, out);
    case ROUTING_GEOPROXIMITY:
        return routing_choose_geoproximity(&call, out);
    case ROUTING_MULTIVALUE:
        return routing_choose_multivalue(&call, out);
    case ROUTING_GEOLOCATION:
    case ROUTING_IP_BASED:
        return routing_choose_match(&call, out);
    case ROUTING_SIMPLE:
    default:
        break;
    }
    bool is_healthy = routing_asks_health(&call, 0);
    return routing_one(out, 0, is_healthy ? ROUTING_CHOSEN : ROUTING_LAST);
}

bool routing_is_healthy(const struct routing_group *group, struct routing_client *client,
                        const struct routing_health *health)
{
    check_group(group);
    struct routing_call call = {.group = group, .client = client, .health = health};
    if (group->policy == ROUTING_GEOLOCATION || group->policy == ROUTING_IP_BASED) {
        struct routing_matches matches;
        routing_match(&call, &matches);
        for (unsigned i = 0; i < matches.count; i++) {
            if (routing_asks_health(&call, matches.members[i]))
                return true;
        }
        return false;
    }
    for (unsigned i = 0; i < group->count; i++) {
        if (routing_asks_health(&call, i))
            return true;
    }
    return false;
}
