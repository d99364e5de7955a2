// SPDX-License-Identifier: Apache-2.0
// The reclaimer: one thread of a cache that evicts ahead of need, and frees what was taken out of
// the index once no reader can hold it any more (a grace period of os/rcu.h).
#ifndef CACHE_RECLAIM_PRIV_H
#define CACHE_RECLAIM_PRIV_H

#include "base/list.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct cache;

/** Something that readers may still hold; embedded. */
struct cache_retired {
    struct list node;
    void (*release)(struct cache_retired *r); /* after the grace period; the reclaimer's thread */
    size_t bytes;                             /* of memory that the release will give back */
};

struct cache_reclaim {
    struct cache *cache;
    pthread_t thread;
    _Atomic bool is_asked;        /* to evict */
    _Atomic size_t retired_bytes; /* what the memory will get back without further eviction */

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t changed;
    struct list retired; /* struct cache_retired, oldest first */
    bool is_ending;
};

/** Starts the thread; the cache's memory and index are ready. */
void reclaim_start(struct cache_reclaim *r, struct cache *c);
/** Ends it. */
void reclaim_stop(struct cache_reclaim *r);
/** Releases what is retired, without a grace period: nobody reads any more. After reclaim_stop. */
void reclaim_all(struct cache_reclaim *r);

/** Releases it, and with it about so many bytes, after a grace period. Any thread, under any
 *  lock. */
void reclaim_retire(struct cache_reclaim *r, struct cache_retired *retired, size_t bytes);
/** Asks for eviction. Any thread, under any lock; cheap where it was asked already. */
void reclaim_evict(struct cache_reclaim *r);

#endif
