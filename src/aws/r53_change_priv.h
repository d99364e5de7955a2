// SPDX-License-Identifier: Apache-2.0
// A batch under way, shared by its stages. Private to aws/.
#ifndef AWS_R53_CHANGE_PRIV_H
#define AWS_R53_CHANGE_PRIV_H

#include "aws/r53_change.h"
#include "base/buf.h"
#include "base/map.h"

struct r53_way;

/** One change, checked and in normal form. */
struct r53_step {
    enum r53_change_action action;
    struct r53_record_set set; /* name and alias target as they are stored */
    struct r53_wire_set wire;
    struct dns_name name;
    bool is_refused; /* a finding was noted: the change is not applied */
};

/**
 * Owner: r53_change_apply, on its stack.
 * Invariant: once `findings` is not empty, no owner's sets are used any more.
 */
struct r53_batch {
    struct arena *arena;
    struct aws_fault *fault;
    const struct r53_change_zone *zone;
    const struct r53_change_source *source;
    const char *zone_name; /* with a final dot, as messages have it */
    struct r53_step *steps;
    size_t step_count;
    struct map owners; /* wire name -> struct r53_owner */
    struct map others; /* "zone id/wire name" -> struct r53_owner, of other zones */
    struct r53_owner **order;
    size_t order_count;
    struct buf findings; /* joined by ", " */
    bool has_apex_cname;
    struct r53_way *way; /* of the alias that is followed; NULL: none was */
};

/** Notes one finding of InvalidChangeBatch. */
void r53_batch_note(struct r53_batch *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Notes it and refuses the step. */
#define R53_REFUSE(batch, step, ...)                                                               \
    (r53_batch_note((batch), __VA_ARGS__), (void)((step)->is_refused = true))

/**
 * Which members go together, and what is not available: InvalidInput for the first finding.
 */
enum aws_error r53_check_members(struct r53_batch *b, const struct r53_change_batch *batch)
    MUST_USE;

/** Whether the alias leads into the zone of distributions. */
bool r53_is_of_distributions(const struct r53_alias_target *target);

/** Whether it names what is none of ours, which nodes resolve. */
bool r53_is_outside(const struct r53_batch *b, const struct r53_alias_target *target);

/** Notes a batch that is too large. */
void r53_check_size(struct r53_batch *b, const struct r53_change_batch *batch);

/** Brings a change into normal form; notes what is wrong with its name and values alone. */
void r53_check_step(struct r53_batch *b, const struct r53_change *change, struct r53_step *step);

/** Notes CIDR collections and locations that are named and not there. */
enum aws_error r53_check_cidr_uses(struct r53_batch *b) MUST_USE;

/** Notes health checks that are named and not there. */
enum aws_error r53_check_health_uses(struct r53_batch *b) MUST_USE;

/** The set of this type and identifier (NULL: simple) at the owner; NULL: there is none. */
struct r53_record_set *r53_find_set(const struct r53_owner *owner,
                                    const struct r53_record_set *like);

/** Which members of the policy go together: InvalidInput, `what` naming the change. */
enum aws_error r53_check_policy(struct r53_batch *b, const struct r53_record_set *set,
                                const char *what) MUST_USE;

/** Notes what a set's policy does not allow of its type and target. */
void r53_check_policy_of_step(struct r53_batch *b, struct r53_step *step);

/** Notes changed names whose sets of one type do not go together. */
void r53_check_groups(struct r53_batch *b);

/** "[name='www.example.com.', type='A', set identifier='x']", as clients parse it. */
const char *r53_describe_set(struct r53_batch *b, const struct r53_record_set *set);

/** A name of a hosted zone with its sets, loaded at the first look; NULL after a failure. */
const struct r53_owner *r53_owner_in(struct r53_batch *b, const char *zone_id,
                                     const struct dns_name *name);

/** Notes aliases whose targets are not there or cannot be targets. */
enum aws_error r53_check_aliases(struct r53_batch *b) MUST_USE;

#endif
