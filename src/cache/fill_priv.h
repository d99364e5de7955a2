// SPDX-License-Identifier: Apache-2.0
// The filling of a body by the thread that leads its fetch.
#ifndef CACHE_FILL_PRIV_H
#define CACHE_FILL_PRIV_H

#include "cache/cache.h"

struct cache_fill {
    struct cache_object *object; /* a reference */
    struct cache_body *body;     /* the object's */
    struct cache_thread *thread; /* the leader's */
    struct cache_fill_handler handler;
    struct loop_timer stall_timer; /* while it is short: looks who holds it up */
    bool can_send_away;            /* viewers can fetch the rest by themselves */
    unsigned sent_away;            /* how many were */
    bool has_told;                 /* on_abandoned was called */

    /* body lock */
    size_t reserved_bytes; /* taken from the memory, not yet used */
    bool is_ahead;         /* waits for its fastest viewer */
    bool is_short;         /* waits for memory */
    bool is_abandoned;     /* nothing is taken any more */
    int64_t short_since_ns;

    bool is_in_waiting; /* this and the next: the memory's lock */
    struct list in_waiting;
    struct cache_mail mail;
};

/** A fill of the object's body, which is new; NULL where no memory for its first bytes can be
 *  had. */
struct cache_fill *fill_new(struct cache_thread *t, struct cache_body *b) MUST_USE;
/** It fills for this object from now on; takes a reference. */
void fill_start(struct cache_fill *f, struct cache_object *o);
/** Undoes fill_new; it did not start. */
void fill_drop(struct cache_fill *f);

/** Its leader looks whether it can go on, soon. Under the body's lock or the memory's. */
void fill_look_again(struct cache_fill *f);
/** A viewer moved to `position` (UINT64_MAX: it left): where the fill waits for that, its leader
 *  looks again. `given`: cost of slices that were given up, which the fill keeps or gives back.
 * Body lock. */
void fill_viewers_moved(struct cache_fill *f, uint64_t position, size_t given);

#endif
