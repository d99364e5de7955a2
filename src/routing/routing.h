// SPDX-License-Identifier: Apache-2.0
// Which record set of one name and type a client gets: a routing policy as a function of the group
// of sets, the client's network, health and chance. Pure, no allocation; any thread.
// Source: Route 53 Developer Guide, "Choosing a routing policy" and "How Amazon Route 53 chooses
// records when health checking is configured".
#ifndef ROUTING_ROUTING_H
#define ROUTING_ROUTING_H

#include "routing/atlas.h"

enum routing_policy {
    ROUTING_SIMPLE,
    ROUTING_WEIGHTED,
    ROUTING_LATENCY,
    ROUTING_FAILOVER,
    ROUTING_GEOLOCATION,
    ROUTING_GEOPROXIMITY,
    ROUTING_MULTIVALUE,
    ROUTING_IP_BASED,
};

/* Sets of one name and type that a decision looks at; sets that one multivalue answer holds. */
#define ROUTING_MEMBERS_MAX 256
#define ROUTING_MULTIVALUE_MAX 8

/** What the group's policy needs to know of one record set: the field that the policy names. */
struct routing_member {
    union {
        uint8_t weight;    /* WEIGHTED: 0..255 */
        uint16_t region;   /* LATENCY: number of places/region.h */
        bool is_secondary; /* FAILOVER */
        uint16_t place;    /* GEOLOCATION: places/places.h; PLACE_NOWHERE: the default */
        uint32_t location; /* IP_BASED: a value of the collection, which has no 0; 0: default `*` */
        struct {           /* GEOPROXIMITY */
            struct point point;
            int8_t bias; /* -99..99 */
        } proximity;
    };
};

struct routing_group {
    enum routing_policy policy;
    const struct routing_member *members; /* in the order of their identifiers */
    unsigned count;                       /* 1..ROUTING_MEMBERS_MAX */
    const struct net_table *collection;   /* IP_BASED: blocks to locations; NULL: it has none */
};

/** Whom an answer is for. `scope` starts at 0 and rises with each look-up that depended on it. */
struct routing_client {
    struct net_key network;
    const struct atlas *atlas; /* borrowed */
    uint8_t scope;             /* bits of the network, RFC 7871 section 7.1.2 */
    bool has_place;            /* `place` was looked up */
    struct atlas_place place;
};

/** Tells whether a member may answer; asked lazily, at most once a member and call. */
struct routing_health {
    bool (*is_healthy)(void *user, unsigned member);
    void *user;
};

enum routing_outcome {
    ROUTING_CHOSEN,   /* healthy */
    ROUTING_LAST,     /* nothing that this client may receive is healthy: as if all of it were */
    ROUTING_NO_MATCH, /* no location matched, and there is no default */
};

struct routing_choice {
    unsigned count; /* 1, or more for MULTIVALUE; 0 for NO_MATCH */
    uint16_t members[ROUTING_MULTIVALUE_MAX];
};

/**
 * Chooses by the group's policy. Each row of the table "Choosing among record sets of one name and
 * type" of docs/route53.md, its rule when all candidates are unhealthy included.
 * random  64 even bits; each call for one query gets its own
 */
enum routing_outcome routing_choose(const struct routing_group *group,
                                    struct routing_client *client,
                                    const struct routing_health *health, uint64_t random,
                                    struct routing_choice *out);

/**
 * Whether the group is healthy for this client: any set that it may receive is (of geolocation and
 * IP-based groups those that match it, of the others all).
 */
bool routing_is_healthy(const struct routing_group *group, struct routing_client *client,
                        const struct routing_health *health);

#endif
