// SPDX-License-Identifier: Apache-2.0
// What the files of a cache share: its options with defaults filled in, and its parts. Fixed after
// cache_new but for the parts, which have locks of their own.
//
// Locks, in the order in which they are taken:
//   shard (index), body, memory (fills that wait), thread (mail); and by themselves: scope, scopes,
//   threads, reclaim.
#ifndef CACHE_CACHE_PRIV_H
#define CACHE_CACHE_PRIV_H

#include "base/map.h"
#include "cache/cache.h"
#include "cache/index_priv.h"
#include "cache/memory_priv.h"
#include "cache/presence_priv.h"
#include "cache/reclaim_priv.h"

/** Events of all threads since cache_note_metrics was last called. */
struct cache_counts {
    _Atomic uint64_t stored;      /* objects put into the index */
    _Atomic uint64_t evictions;   /* objects that left it for lack of memory */
    _Atomic uint64_t outdated;    /* objects that left it because of an invalidation */
    _Atomic uint64_t markers;     /* set */
    _Atomic uint64_t collapsed;   /* waiters that joined a fetch */
    _Atomic uint64_t fills;       /* begun */
    _Atomic uint64_t abandoned;   /* fills that nobody read and that could not be kept */
    _Atomic uint64_t passed;      /* bodies that gave up their front and passed through */
    _Atomic uint64_t gone;        /* readers sent away */
    _Atomic uint64_t cut;         /* readers cut because they held a fill up */
    _Atomic uint64_t refusals;    /* answers not stored because no memory could be had */
    _Atomic uint64_t invalidated; /* paths */
};

static inline void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

struct cache {
    size_t slice_bytes;
    size_t ahead_bytes;
    size_t body_max_bytes;   /* what one body may hold that is to be kept */
    size_t window_max_bytes; /* and one that passes through */
    int64_t marker_ns;
    int64_t fill_stall_ns;
    unsigned variant_limit;

    struct cache_memory memory;
    struct cache_reclaim reclaim;
    struct cache_index index;
    struct cache_presence presence;

    pthread_mutex_t scopes_lock; /* guards the two below, and the last reference of a scope */
    struct map scopes;           /* id of a distribution -> struct cache_scope */
    uint64_t feed_number;        /* newest that was applied to any of them */
    uint64_t scope_base;         /* secret of their hashes */

    pthread_mutex_t threads_lock;
    struct list threads; /* struct cache_thread, also those that are gone */

    _Atomic uint64_t object_count; /* all that exist, in the index or not */
    struct cache_counts counts;
};

#endif
