// SPDX-License-Identifier: Apache-2.0
// Change batches: Route 53's own checks and messages, and what a batch makes of the record sets
// that are there. Pure but for the caller's look-up of current sets. Called by the API on a worker,
// within its write transaction.
// Source: Route 53 API Reference, ChangeResourceRecordSets, and the messages that its clients
// parse.
#ifndef AWS_R53_CHANGE_H
#define AWS_R53_CHANGE_H

#include "aws/r53_sets.h"

/** The zone that a batch is for. */
struct r53_change_zone {
    const char *id;
    struct dns_name apex;
    struct dns_name cdn_apex; /* of the zone of distributions (R53_CDN_ZONE_ID) */
};

/** One owner name that a batch looks at. */
struct r53_owner {
    struct dns_name name;
    struct slice sort_key; /* dns_name_sort_key: the member of its STORE_NAME object */
    struct r53_sets sets;  /* before the batch as loaded, then as the batch leaves them, sorted */
    size_t count_before;   /* sets before the batch */
    bool is_changed;
};

/** What a look for a CIDR location finds. */
enum r53_cidr_finding { R53_CIDR_FOUND, R53_CIDR_NO_COLLECTION, R53_CIDR_NO_LOCATION };

/** Where the current sets come from. */
struct r53_change_source {
    /**
     * Sets owner->sets for name and sort_key in this zone (the batch's, another one that find_zone
     * found, or that of distributions), in the arena of the batch; leaves none untouched.
     */
    enum err (*load)(void *user, const char *zone_id, struct r53_owner *owner, struct errctx *ec);
    /** The apex of a public hosted zone of the account, where it has one of this id. */
    enum err (*find_zone)(void *user, const char *zone_id, struct dns_name *out_apex,
                          bool *out_is_there, struct errctx *ec);
    /** Whether the account has the collection, and it the location ("*": every one has it). */
    enum err (*find_cidr)(void *user, const struct r53_cidr_routing_config *config,
                          enum r53_cidr_finding *out, struct errctx *ec);
    /** Whether the account has a health check of this id. */
    enum err (*find_health_check)(void *user, const char *id, bool *out_is_there,
                                  struct errctx *ec);
    void *user;
};

/** What a batch changed. */
struct r53_change_result {
    struct r53_owner **changed; /* owners with is_changed, in the order of their first change */
    size_t count;
};

/**
 * Applies the changes one after the other, all or nothing. Everything lives in the fault's arena.
 * Errors: InvalidInput for members that do not go together or are not available in this version;
 * InvalidChangeBatch, its message being "[" + all findings joined by ", " + "]" and, where a CNAME
 * at the apex was among them, a hint behind; InternalFailure where load failed.
 */
enum aws_error r53_change_apply(const struct r53_change_zone *zone,
                                const struct r53_change_batch *batch,
                                const struct r53_change_source *source,
                                struct r53_change_result *out, struct aws_fault *fault) MUST_USE;

#endif
