// SPDX-License-Identifier: Apache-2.0
// Probes all checks of a plan, spread evenly over their intervals, and keeps this checker's votes.
// All functions: the loop's thread.
#ifndef HEALTH_PROBER_H
#define HEALTH_PROBER_H

#include "crypto/siphash.h"
#include "health/plan.h"
#include "net/address.h"
#include "os/loop.h"

struct prober;

/** Time limits of a probe; 0: those of limits.h. */
struct probe_limits {
    int64_t connect_ns;     /* HTTP, HTTPS: until the connection stands, TLS included */
    int64_t tcp_connect_ns; /* TCP: until the connection stands */
    int64_t head_ns;        /* from then on, until the head of the answer is whole */
    int64_t body_ns;        /* from then on, until the string was found */
};

struct prober_options {
    struct loop *loop;
    const char *servers;      /* of the stub resolver, as --resolver; NULL: the system's */
    int64_t fast_interval_ns; /* of checks that probe each 10 s, 200 ms at least; 30 s ones: three
                                 times it */
    bool is_strict;           /* HTTPS certificates are verified */
    const char *authorities;  /* file of those that strict probes trust; NULL: the system's */
    const struct net_address *sources; /* probes come from these, one of each family; none: any */
    size_t source_count;
    uint8_t salt[SIPHASH_KEY_BYTES]; /* the node's: when each check has its turn */
    struct probe_limits limits;
};

/** Errors: ERR_INVALID for servers that are none; strict: those of the file of authorities. */
enum err prober_new(const struct prober_options *options, struct prober **out, struct errctx *ec)
    MUST_USE;
/** Ends all probes under way. NULL is fine. */
void prober_free(struct prober *p);

/** From now on these checks; what is known of those that did not change what they look at stays.
 *  Disabled ones are not probed. Takes a reference of its own. */
void prober_set_plan(struct prober *p, struct health_plan *plan);

/** The votes of now, in `a`: one for each check of the plan that has an endpoint; `run` and
 *  `number` are the caller's to set. A probe that this machine could not make for want of
 *  descriptors, ports or memory is no result: the vote before it grows older. A prober whose thread
 *  stood still for PROBER_GAP_NS begins anew, as after a restart: others may know better by now. */
void prober_votes(struct prober *p, struct arena *a, struct vote_table *out);

#endif
