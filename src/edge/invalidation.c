// SPDX-License-Identifier: Apache-2.0
// Frames of the feed into the cache. Called by invalidation_feed.c on the main loop's thread.
#include "edge/invalidation.h"

#include "metrics/counters.h"

static void drop_all(struct edge_invalidations *s, const struct feed_invalidation *i)
{
    cache_invalidate_all(s->cache, i->at.number);
    metrics_add(METRIC_INVALIDATIONS_OF_ALL, 1);
}

static void drop_paths(struct edge_invalidations *s, const struct feed_invalidation *i)
{
    AUTO_ARENA struct arena a = {0};
    struct cache_scope *scope = cache_scope_find(s->cache, arena_str(&a, i->distribution_id));
    if (scope == NULL)
        return;
    cache_scope_invalidate(scope, i->at.number, i->paths, i->path_count);
    cache_scope_unref(scope);
    metrics_add(METRIC_INVALIDATED_PATHS, i->path_count);
}

bool edge_invalidations_apply(struct edge_invalidations *s, const struct feed_invalidation *i)
{
    bool is_all = i->distribution_id.len == 0;
    if (!is_all && i->at.epoch == s->at.epoch && i->at.number <= s->at.number)
        return false; /* another control was quicker */
    if (is_all)
        drop_all(s, i);
    else
        drop_paths(s, i);
    if (!i->is_last)
        return false;
    s->at = i->at;
    metrics_add(METRIC_INVALIDATIONS_APPLIED, 1);
    metrics_set(METRIC_INVALIDATION_NUMBER, i->at.number);
    return true;
}
