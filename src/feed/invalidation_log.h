// SPDX-License-Identifier: Apache-2.0
// The newest invalidations in memory, as frames that all followers share, and what a follower gets
// next. Owned by control; one thread. Pure: no clock, no I/O.
//
// Invariants
//  1. Entries are kept in the order of their numbers; what is above `floor` is kept whole.
//  2. Of what is not kept, the newest number of each distribution is remembered, so that a follower
//     who lacks it drops the distributions concerned and no other; where there are too many of
//     them, or the follower's position is none of ours, it drops everything.
//  3. A follower that was given the last frame of a position has been given all that is at or below
//     it.
#ifndef FEED_INVALIDATION_LOG_H
#define FEED_INVALIDATION_LOG_H

#include "feed/invalidation.h"

struct feed_log;

/** How much is kept. */
struct feed_log_limits {
    size_t paths;         /* of all entries; 0: FEED_LOG_PATHS_MAX */
    size_t bytes;         /* of their frames; 0: FEED_LOG_MAX_BYTES */
    size_t distributions; /* remembered of what is not kept; 0: FEED_LOG_DISTRIBUTIONS_MAX */
};

/** Without a position: nobody is given anything before feed_log_begin. `limits` may be NULL. */
struct feed_log *feed_log_new(const struct feed_log_limits *limits) MUST_USE;
void feed_log_free(struct feed_log *l);

/** Where a log starts, with nothing kept. */
struct feed_log_start {
    uint64_t epoch;
    uint64_t after;     /* entries up to here will not be added, those above will */
    uint64_t given;     /* numbers up to here were given once; not all need be there any more */
    uint64_t forgotten; /* entries up to here are not even remembered */
};
void feed_log_begin(struct feed_log *l, const struct feed_log_start *start);

/** The distribution has invalidations up to this number that will not be kept; in any order. */
void feed_log_remember(struct feed_log *l, struct slice distribution_id, uint64_t number);

/** What is accepted; feed_log_takes it (a CHECK says so). */
struct feed_log_entry {
    uint64_t number; /* above all before */
    struct slice distribution_id;
    const struct slice *paths;
    size_t path_count;
};
/** Whether all of it is as feed_invalidation_decode takes it. */
bool feed_log_takes(const struct feed_log_entry *entry);
void feed_log_add(struct feed_log *l, const struct feed_log_entry *entry);

/** The place of the newest entry, or where the log began; epoch 0 before. */
struct feed_position feed_log_newest(const struct feed_log *l);

/** Where a follower is: embedded, by value. */
struct feed_log_cursor {
    struct feed_position at; /* it has been given all up to here; epoch 0: nothing */
    uint64_t partial;        /* number of an entry of which it was given some frames; 0: none */
    size_t next_frame;       /* of that entry */
    uint64_t dropped_up_to;  /* it was told to drop what has its newest number up to here */
};
/** `after`: what it has; epoch 0: nothing. */
struct feed_log_cursor feed_log_cursor_at(struct feed_position after);

/**
 * The next frame for a follower, which counts as given; false where it has all. Borrowed until the
 * log or the arena changes.
 */
bool feed_log_next(const struct feed_log *l, struct feed_log_cursor *c, struct arena *a,
                   struct slice *out_frame);

/** Whether the position is one of this log: of its epoch, and not beyond what was ever given. */
bool feed_log_has(const struct feed_log *l, struct feed_position p);

#endif
