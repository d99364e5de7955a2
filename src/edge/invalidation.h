// SPDX-License-Identifier: Apache-2.0
// What the invalidations of the feed do to this node's cache. The thread of the feed; the cache is
// any thread's.
//
// Invariants
//  1. Once `at` names a number, all that the feed has up to it has taken effect: no request that
//     begins later is served what is older.
//  2. A number takes effect once, however many controls tell it; the parts of one that are told
//     twice do no harm.
//  3. Before the first place everything is dropped: what was cached until then may lack anything.
//
// A distribution that the cache knows nothing of is passed over: nothing of it is stored nor on its
// way from an origin (cache_scope_find), and what will be fetched is newer than the invalidation.
// So a place is kept only for distributions that have one, and control can make none here.
#ifndef EDGE_INVALIDATION_H
#define EDGE_INVALIDATION_H

#include "cache/cache.h"
#include "feed/invalidation.h"

/** Embedded; zeroed but for the cache. */
struct edge_invalidations {
    struct cache *cache;     /* kept */
    struct feed_position at; /* epoch 0: nothing was told yet */
};

/** Applies a frame. True where the place moved: acknowledge it. */
bool edge_invalidations_apply(struct edge_invalidations *s, const struct feed_invalidation *i);

#endif
