// SPDX-License-Identifier: Apache-2.0
// Up to which number invalidations have taken effect: on every node that follows them, and one at
// least. Pure; the rollout's thread.
//
//   waited for: a node that has a stream open, or had one up to `grace_ns` ago (it comes back, or
//               is gone), that the feed serves, and that is not silent
//   silent:     told of something new, and without a word for `silent_ns`
//
// Invariants
//  1. Nothing is complete that a node waited for has not acknowledged, nor before an admitted node
//     that is not cordoned has.
//  2. For `settle_ns` after the start nothing is complete while a node that may follow is not
//     there: those that followed before the start are on their way back.
//  3. A node that is not waited for catches up before it follows again: what it was not told, it is
//     told first.
#ifndef CONTROL_ROLLOUT_COMPLETION_H
#define CONTROL_ROLLOUT_COMPLETION_H

#include "base/map.h"
#include "control/rollout/roster.h"
#include "feed/invalidation.h"

/**
 * Owner: completion_init fills one in place, completion_fini takes it back.
 */
struct completion {
    struct completion_limits limits;
    int64_t started_ns;
    struct feed_position newest;
    struct map nodes; /* struct completion_node on the heap, by node id */
};

void completion_init(struct completion *c, const struct completion_limits *limits, int64_t now_ns);
void completion_fini(struct completion *c);

/** Invalidations exist up to here; only rises. */
void completion_see(struct completion *c, struct feed_position newest, int64_t now_ns);

/** A node's stream began, with all up to `after` applied (epoch 0: nothing). Positions are those of
 *  the log, here and below. */
void completion_come(struct completion *c, const char *node_id, struct feed_position after,
                     int64_t now_ns);
/** One of its streams ended. */
void completion_go(struct completion *c, const char *node_id, int64_t now_ns);
/** A node acknowledged. One that never came is not noted. */
void completion_applied(struct completion *c, const char *node_id, struct feed_position at,
                        int64_t now_ns);

/** Forgets nodes that are gone for longer than the grace. About once a second. */
void completion_tidy(struct completion *c, int64_t now_ns);

struct completion_verdict {
    uint64_t upto;       /* numbers up to here are complete; 0: none */
    int64_t again_at_ns; /* when time alone may change it; INT64_MAX: never */
};
struct completion_verdict completion_judge(const struct completion *c, const struct roster *roster,
                                           int64_t now_ns);

/** What the metrics show. */
struct completion_counts {
    size_t followers; /* nodes with a stream */
    size_t silent;    /* of them, those that are not waited for */
};
struct completion_counts completion_count(const struct completion *c, int64_t now_ns);

#endif
