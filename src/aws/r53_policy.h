// SPDX-License-Identifier: Apache-2.0
// Routing policies of record sets: which one a set has, what is wrong with its members, and how
// nodes see it. Pure; called by the API and the compiler.
// Source: Route 53 API Reference, ResourceRecordSet; Developer Guide, "Values that you specify".
#ifndef AWS_R53_POLICY_H
#define AWS_R53_POLICY_H

#include "aws/route53.h"
#include "base/err.h"

enum r53_policy {
    R53_POLICY_SIMPLE,
    R53_POLICY_WEIGHTED,
    R53_POLICY_LATENCY,
    R53_POLICY_FAILOVER,
    R53_POLICY_GEOLOCATION,
    R53_POLICY_GEOPROXIMITY,
    R53_POLICY_MULTIVALUE,
    R53_POLICY_IP_BASED,
};

/** How many policies the members of a set ask for; *out_policy is one of them, or simple. */
unsigned r53_policies_of(const struct r53_record_set *set, enum r53_policy *out_policy);

/** "weighted"; of simple sets "simple". */
const char *r53_policy_name(enum r53_policy policy);

/** A policy as nodes see it; members of other policies are zero. */
struct r53_wire_policy {
    enum r53_policy kind;
    const char *identifier;   /* NULL: simple */
    const char *health_check; /* NULL: none */
    uint8_t weight;
    const char *region;
    bool is_secondary;
    const char *continent; /* a location has this or a country */
    const char *country;   /* "*": the default location */
    const char *subdivision;
    int16_t latitude_e2; /* hundredths of a degree */
    int16_t longitude_e2;
    int8_t bias;
    const char *cidr_collection;
    const char *cidr_location;
};

/** Errors: ERR_INVALID with words for members that no node could serve. Shares with the set. */
enum err r53_policy_to_wire(const struct r53_record_set *set, struct r53_wire_policy *out,
                            struct errctx *ec) MUST_USE;

/**
 * What distinguishes a set from the others of its group beside its identifier: "PRIMARY", a region,
 * a location. In `a`; NULL: nothing has to.
 */
const char *r53_policy_place(struct arena *a, const struct r53_record_set *set);

/** What is wrong with a member, in words; NULL: nothing. In `a`. */
const char *r53_region_problem(struct arena *a, const char *region);
/** The same of a location: a continent, a country, a country with a subdivision, or `*`. */
const char *r53_geo_problem(struct arena *a, const struct r53_geo_location *location);
/** The same of a place on the globe: a region, a local zone group, or coordinates. */
const char *r53_proximity_problem(struct arena *a, const struct r53_geo_proximity_location *g);

#endif
