// SPDX-License-Identifier: Apache-2.0
// Record sets as the store keeps them and as DNS needs them: the XML of one owner's sets, the body
// of a zone, and the wire form of a set. Called by the API and by the compiler, any thread.
#ifndef AWS_R53_SETS_H
#define AWS_R53_SETS_H

#include "aws/error.h"
#include "aws/r53_policy.h"
#include "aws/route53.h"
#include "base/err.h"
#include "dns/name.h"

/** The body of a STORE_NAME object: <ResourceRecordSets> with the sets of one owner. In `a`. */
struct slice r53_sets_encode(struct arena *a, const struct r53_sets *sets);

/** Errors: ERR_CORRUPT. Everything in `a`. The sets are in the order of r53_sets_sort. */
enum err r53_sets_decode(struct arena *a, struct slice text, struct r53_sets *out,
                         struct errctx *ec) MUST_USE;

/** Sorts by type, then set identifier: the order in which the API lists sets of one name. */
void r53_sets_sort(struct r53_sets *sets);

/** The body of a STORE_ZONE object. In `a`. */
struct slice r53_zone_body_encode(struct arena *a, const struct r53_zone_body *body);

/**
 * The addresses that the zone is served on, as texts, copied into `a`; none: at all. A body without
 * any is written as before there were addresses.
 */
void r53_zone_body_set_addresses(struct arena *a, struct r53_zone_body *body,
                                 const char *const *addresses, size_t count);

/** Errors: ERR_CORRUPT. Everything in `a`. */
enum err r53_zone_body_decode(struct arena *a, struct slice text, struct r53_zone_body *out,
                              struct errctx *ec) MUST_USE;

/** One set as DNS answers it. */
struct r53_wire_set {
    uint16_t type;       /* DNS type number */
    uint32_t ttl_s;      /* of a set with values */
    struct slice *rdata; /* canonical wire form, in the order of the values */
    size_t rdata_count;  /* 0 for an alias */
    bool is_alias;
    const char *alias_zone_id;
    struct dns_name alias_name;
    bool alias_evaluate_health;
    struct r53_wire_policy policy;
    bool alias_is_outside; /* the name is none of ours (r53_zone_id_is_outside) */
};

/**
 * Converts a set that the API accepted. Errors: ERR_INVALID with the words of dns_rdata_parse,
 * dns_name_parse or r53_policy_to_wire.
 * Everything in `a`.
 */
enum err r53_set_to_wire(struct arena *a, const struct r53_record_set *set,
                         struct r53_wire_set *out, struct errctx *ec) MUST_USE;

/**
 * The record sets of a new zone's apex: SOA and NS with the defaults of Route 53. Names end in a
 * dot, but for `platform` ("weir.test"), whose ns-1 and hostmaster the SOA names. In `a`.
 */
void r53_default_sets(struct arena *a, const char *zone_name, const char *const name_servers[4],
                      const char *platform, struct r53_sets *out);

/**
 * The record sets of a distribution's name in the zone of distributions: aliases to the addresses
 * of the points of presence. Both names lower case, without a final dot ("cdn.weir.test"). In `a`.
 */
struct r53_distribution_name {
    const char *domain_name;
    const char *cdn_domain;
    bool is_ipv6_enabled;
};
void r53_distribution_sets(struct arena *a, const struct r53_distribution_name *name,
                           struct r53_sets *out);

#endif
