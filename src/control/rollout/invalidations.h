// SPDX-License-Identifier: Apache-2.0
// Invalidations on their way: from rows of the store to every node that follows, and back as
// completed. The rollout's thread.
#ifndef CONTROL_ROLLOUT_INVALIDATIONS_H
#define CONTROL_ROLLOUT_INVALIDATIONS_H

#include "control/rollout/completion.h"
#include "feed/feed.h"

struct rollout;
struct invalidations;

/**
 * Reads what the store has; the rollout's connections are open. Errors: the store's.
 */
enum err invalidations_new(struct rollout *r, struct invalidations **out, struct errctx *ec)
    MUST_USE;
/** After the feed server. NULL is fine. */
void invalidations_free(struct invalidations *i);

/** Adds to the source of the feed server what it asks about invalidations. */
void invalidations_serve(const struct invalidations *i, struct feed_source *source);

/** Something was committed: takes over what is new, and tells it to those who follow. Whether there
 *  was anything; it leaves once the callback that calls this has returned. */
bool invalidations_read(struct invalidations *i);
/** About once a second: what nobody woke us for; gauges. */
void invalidations_tick(struct invalidations *i);

/** For the status. */
struct invalidations_state {
    struct feed_position newest;
    uint64_t completed; /* up to here, in this control's eyes */
    struct completion_counts counts;
};
struct invalidations_state invalidations_state(const struct invalidations *i);

#endif
