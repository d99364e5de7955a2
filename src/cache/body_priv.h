// SPDX-License-Identifier: Apache-2.0
// A body: slices filled front to back by one fill, read by any number of readers on any thread.
//
//                      append                         end (whole)
//     FILLING, settled: no ------> FILLING ---------------------------> WHOLE, settled
//        | short of memory: front given up |   end (cut, or short)
//        v                                 v------------------------> CUT, settled
//     FILLING, passing: is_lost ----------------------------------> WHOLE, not settled
//
// Invariants
//  1. Bytes below `filled` never change nor move; they stay at least until every registered reader
//     has passed them.
//  2. Until it is settled, every reader is registered, and all but `filled` is guarded by `lock`.
//     Once it is settled nothing changes any more, and readers need neither.
//  3. Slices are given up from the front only, only whole ones, and only once is_passing; then
//     is_lost keeps the body from being found.
//  4. held_bytes is what its slices cost in the memory; nothing else counts them.
//  5. A claim (of a waiter that was told and did not yet begin to read) is like a reader at 0.
#ifndef CACHE_BODY_PRIV_H
#define CACHE_BODY_PRIV_H

#include "cache/cache.h"

#include <pthread.h>

/** Some bytes of a body. */
struct cache_piece {
    struct cache_piece *next; /* release and acquire: settled readers walk without the lock */
    uint64_t start;           /* of its first byte in the body */
    size_t capacity;
    uint8_t data[];
};

enum body_state { BODY_FILLING, BODY_WHOLE, BODY_CUT };

struct cache_body {
    struct cache *cache;
    _Atomic unsigned refs;   /* of objects; a fill holds its object */
    _Atomic uint64_t filled; /* released by the leader */
    _Atomic int state;       /* enum body_state */
    _Atomic bool is_settled;
    _Atomic bool is_lost; /* not to be found: cut, or without its front */

    pthread_mutex_t lock; /* guards all below until it is settled */
    bool has_length;
    bool is_passing; /* gives up what everybody passed: it is not to be kept */
    uint64_t length;
    struct cache_piece *first; /* NULL: none */
    struct cache_piece *last;
    uint64_t front;      /* bytes below were given up */
    uint64_t epoch;      /* rises when slices are given up: what readers remember may be gone */
    size_t held_bytes;   /* cost of the pieces */
    struct list readers; /* struct cache_reader.in_body */
    struct list waiting; /* struct cache_reader.in_waiting */
    unsigned claims;
    bool had_viewers;
    uint64_t fastest;        /* furthest that any viewer came */
    struct cache_fill *fill; /* while it fills */

    size_t piece_count;
    struct cache_piece **index; /* all pieces, once it is settled, if they are many; or NULL */
};

/** One reference, filling, nothing in it. NULL where no memory can be had. */
struct cache_body *body_new(struct cache *c, bool has_length, uint64_t length) MUST_USE;
void body_ref(struct cache_body *b);
void body_unref(struct cache_body *b);

/** Adds an empty piece behind the last, whose cost the caller took. Lock held. */
void body_add_piece(struct cache_body *b, size_t capacity);
size_t body_piece_cost(size_t capacity);
/** Bytes that the last piece still takes. Lock held. */
size_t body_room(const struct cache_body *b);
/** Puts bytes into the last piece, which has room for them. Lock held. */
void body_put(struct cache_body *b, struct slice data);

/** Whether anybody reads it or is about to. Lock held. */
bool body_has_viewers(const struct cache_body *b);
/** Lowest position that a viewer still needs; `filled` where there is none. Lock held. */
uint64_t body_slowest(struct cache_body *b);
/**
 * Gives up slices that every viewer passed, where the body is passing; where its fill is short,
 * also the last one, which is not full. Returns their cost, which is the caller's to give back.
 * Lock held.
 */
size_t body_give_up(struct cache_body *b) MUST_USE;
/** Mails the readers that wait for what is there now. Lock held. */
void body_wake_readers(struct cache_body *b);
/** What follows from a viewer that moved to `position`, or left (UINT64_MAX). Lock held, not
 *  settled. */
void body_viewer_moved(struct cache_body *b, uint64_t position, bool may_give_up);
/** Nobody needs the lock any more. Lock held. */
void body_settle(struct cache_body *b);

/** Holds the front for somebody who is about to read. Takes the lock. */
void body_claim(struct cache_body *b);
void body_unclaim(struct cache_body *b);

/** The piece that holds the position, or NULL. Lock held, or settled. `hint` is tried first. */
struct cache_piece *body_find_piece(const struct cache_body *b, struct cache_piece *hint,
                                    uint64_t position);

#endif
