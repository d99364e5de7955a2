// SPDX-License-Identifier: Apache-2.0
// Change batches: Route 53's own checks and messages, and what a batch makes of the record sets
// that are there. Pure: the caller loads the names of the plan and stores those that changed.
//
//   plan (which names)  ->  caller fills in their current sets  ->  apply (new sets or errors)
//
// Source: Route 53 API Reference, ChangeResourceRecordSets; shared wording in dns-semantics.
#ifndef AWS_R53_CHANGE_H
#define AWS_R53_CHANGE_H

#include "aws/r53_sets.h"

/** The zone that a batch is for. */
struct r53_change_zone {
    const char *id;
    struct dns_name apex;
};

/** One owner name that a batch touches or that an alias of it targets. */
struct r53_owner {
    struct dns_name name;
    struct slice sort_key; /* dns_name_sort_key: the member of its STORE_NAME object */
    struct r53_sets sets;  /* the caller fills in the current ones; apply leaves the new ones */
    size_t sets_before;    /* set by apply: how many there were */
    bool is_changed;       /* set by apply */
};

/** What a batch needs to know. Everything in the arena given to r53_change_plan. */
struct r53_change_plan {
    const struct r53_change_zone *zone;
    const struct r53_change_batch *batch;
    struct r53_owner *owners; /* in the order of their sort keys */
    size_t owner_count;
};

/**
 * Checks the form of a batch: limits, names, which fields go together, fields and types of later
 * versions. Errors: InvalidInput or InvalidChangeBatch with all findings in one message.
 */
enum aws_error r53_change_plan(struct arena *a, const struct r53_change_zone *zone,
                               const struct r53_change_batch *batch, struct r53_change_plan *out,
                               struct aws_fault *fault) MUST_USE;

/**
 * Applies the changes in order to the owners' sets, all or nothing. Errors: InvalidChangeBatch,
 * its message being "[" + the errors joined by ", " + "]"; the owners' sets are then undefined.
 */
enum aws_error r53_change_apply(struct arena *a, struct r53_change_plan *plan,
                                struct aws_fault *fault) MUST_USE;

/**
 * The sets of a new zone's apex: SOA and NS (dns-semantics, defaults). Names with a final dot.
 * `platform`: without one, e.g. "weir.test".
 */
void r53_default_sets(struct arena *a, const char *zone_name, const char *const name_servers[4],
                      const char *platform, struct r53_sets *out);

#endif
