// SPDX-License-Identifier: Apache-2.0
// Follows the invalidations of every control that this node knows, applies them to the cache and
// acknowledges them. On the role's main loop. While no control can be reached, the edge goes on
// serving what it has; it catches up before anything else once one is there again.
#ifndef EDGE_INVALIDATION_FEED_H
#define EDGE_INVALIDATION_FEED_H

#include "cache/cache.h"
#include "node/role.h"

struct invalidation_feed;

/**
 * Starts to follow: the node's own control, and those of --control. `context` and `cache` are kept.
 * Errors: ERR_INVALID for a --control that is no URL; those of net_identity_open.
 */
enum err invalidation_feed_new(struct role_context *context, struct cache *cache,
                               struct invalidation_feed **out, struct errctx *ec) MUST_USE;
/** Before the cache. NULL is fine. */
void invalidation_feed_free(struct invalidation_feed *f);

#endif
