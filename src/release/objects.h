// SPDX-License-Identifier: Apache-2.0
// The objects of a release as structs: what control compiles and what roles load. Decoding checks
// everything that a reader later relies on, so that a loaded object is well-formed.
#ifndef RELEASE_OBJECTS_H
#define RELEASE_OBJECTS_H

#include "release/root.h"

struct release_prefix {
    uint8_t address[16]; /* the first `bytes` count */
    uint8_t bytes;       /* 4 or 16 */
    uint8_t length;      /* bits */
};

/** Who is told of a zone's changes. */
struct release_notify {
    uint8_t address[16]; /* the first `bytes` count */
    uint8_t bytes;       /* 4 or 16 */
    uint16_t port;       /* above 0 */
    struct slice key;    /* name of the TSIG key, wire form; empty: unsigned */
};

/** Who may take a zone by transfer: keys and prefixes both have to fit, where there are any; of
 *  both together there is one at least. */
struct release_transfer {
    uint32_t serial;    /* of the SOA, in place of the one stored */
    struct slice *keys; /* names of TSIG keys, wire form, lower case */
    size_t key_count;
    struct release_prefix *prefixes;
    size_t prefix_count;
    struct release_notify *notify;
    size_t notify_count;
    bool is_flattened; /* sets with a policy are offered by their default branch */
};

struct release_zone {
    const char *id;
    struct slice apex; /* wire form */
    uint64_t order;
    struct slice *addresses; /* 4 or 16 bytes each */
    size_t address_count;
    bool is_private;
    struct release_prefix *sources;
    size_t source_count;
    struct release_transfer *transfer; /* NULL: the zone is not transferred */
};

/** Routing policies; the numbers are sent. */
enum release_policy {
    RELEASE_SIMPLE = 0,
    RELEASE_WEIGHTED = 1,
    RELEASE_LATENCY = 2,
    RELEASE_FAILOVER = 3,
    RELEASE_GEOLOCATION = 4,
    RELEASE_GEOPROXIMITY = 5,
    RELEASE_MULTIVALUE = 6,
    RELEASE_IP_BASED = 7,
};

struct release_set {
    uint16_t type;
    uint32_t ttl_s; /* of records; 0 for an alias */
    struct slice *rdata;
    size_t rdata_count;
    bool is_alias;
    const char *alias_zone_id; /* of a zone, or of the rules of a traffic policy instance */
    struct slice alias_name;
    bool alias_evaluate_health;
    bool alias_is_outside; /* the name is none of ours: nodes resolve it */

    enum release_policy policy;
    const char *identifier;    /* of all policies but simple; told apart bytewise */
    const char *health_check;  /* id; NULL: none */
    uint8_t weight;            /* WEIGHTED */
    const char *region;        /* LATENCY: "eu-central-1" */
    bool is_secondary;         /* FAILOVER */
    const char *geo_continent; /* GEOLOCATION: "EU"; else NULL */
    const char *geo_country;   /* "DE"; "*": the default location */
    const char *geo_subdivision;
    const char *cidr_collection; /* IP_BASED: id */
    const char *cidr_location;   /* name; "*": the default location */
    int16_t latitude_e2;         /* GEOPROXIMITY: hundredths of a degree */
    int16_t longitude_e2;
    int8_t bias; /* -99..99 */
};

struct release_name {
    struct slice owner;
    /* Sorted by type, then identifier. A type has one simple set, or sets of one policy, of which
     * no two have the same identifier. */
    struct release_set *sets;
    size_t set_count;     /* 0: empty non-terminal, which then has children */
    uint32_t child_count; /* names that exist one label below, so that control can prune */
};

struct release_node {
    const char *id;
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    bool is_draining; /* an operator asked it to leave service */
};

/** Named networks for IP-based routing. */
struct release_cidr_location {
    const char *name;
    struct release_prefix *blocks; /* sorted by family, address, length */
    size_t block_count;
};
struct release_cidr_collection {
    const char *id;
    struct release_cidr_location *locations; /* sorted by name */
    size_t location_count;
};

/** Canonical bytes in `a`; the same content, the same bytes. What they CHECK is what decoding asks.
 */
struct slice release_zone_encode(struct arena *a, const struct release_zone *z);
struct slice release_name_encode(struct arena *a, const struct release_name *n);
struct slice release_node_encode(struct arena *a, const struct release_node *n);
struct slice release_cidr_collection_encode(struct arena *a,
                                            const struct release_cidr_collection *c);

/** Errors: ERR_CORRUPT. Everything in `a` or borrowed from `bytes`. */
enum err release_zone_decode(struct arena *a, struct slice bytes, struct release_zone *out,
                             struct errctx *ec) MUST_USE;
enum err release_name_decode(struct arena *a, struct slice bytes, struct release_name *out,
                             struct errctx *ec) MUST_USE;
enum err release_cidr_collection_decode(struct arena *a, struct slice bytes,
                                        struct release_cidr_collection *out, struct errctx *ec)
    MUST_USE;
enum err release_node_decode(struct arena *a, struct slice bytes, struct release_node *out,
                             struct errctx *ec) MUST_USE;

/** The id of a name's trie entry: zone id, '/', owner. In `a`. */
struct slice release_name_id(struct arena *a, const char *zone_id, struct slice owner);

#endif
