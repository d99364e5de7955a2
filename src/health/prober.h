// SPDX-License-Identifier: Apache-2.0
// Probes all checks of a plan, spread evenly over their intervals, and keeps this checker's votes.
// All functions: the loop's thread.
#ifndef HEALTH_PROBER_H
#define HEALTH_PROBER_H

#include "health/plan.h"
#include "net/address.h"
#include "os/loop.h"

struct prober;

struct prober_options {
    struct loop *loop;
    const char *servers;      /* of the stub resolver, as --resolver; NULL: the system's */
    int64_t fast_interval_ns; /* of checks that probe each 10 s; 30 s ones: three times it */
    bool is_strict;           /* HTTPS certificates are verified */
    const struct net_address *sources; /* probes come from these, one of each family; none: any */
    size_t source_count;
};

enum err prober_new(const struct prober_options *options, struct prober **out, struct errctx *ec)
    MUST_USE;
/** Ends all probes under way. NULL is fine. */
void prober_free(struct prober *p);

/** From now on these checks; what is known of those that did not change stays. Takes a reference
 *  of its own. */
void prober_set_plan(struct prober *p, struct health_plan *plan);

/** The votes of now, in `a`: one for each check of the plan that has an endpoint; `run` and
 *  `number` are the caller's to set. */
void prober_votes(const struct prober *p, struct arena *a, struct vote_table *out);

#endif
