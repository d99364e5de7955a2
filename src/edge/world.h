// SPDX-License-Identifier: Apache-2.0
// One root as requests see it: distributions by host name, points of presence. A request holds one
// world from its first step to its last, by a reference counted for each thread, so that threads
// share no counter.
#ifndef EDGE_WORLD_H
#define EDGE_WORLD_H

#include "cache/cache.h"
#include "release/distribution.h"

/** A distribution in memory; shared by the worlds that hold the same one. */
struct edge_distribution {
    struct release_distribution config;
    struct cache_scope *scope; /* NULL in a trial */
};

struct edge_world;

/**
 * Loads the root, sharing what `before` (NULL at first) holds already. Builder thread, or the
 * trial's (cache NULL). Errors: the source's, ERR_CORRUPT, ERR_UNSUPPORTED.
 */
enum err edge_world_load(const struct chunk_hash *root, const struct chunk_source *source,
                         const struct edge_world *before, struct cache *cache,
                         struct edge_world **out, struct errctx *ec) MUST_USE;
/** No thread holds it any more. Builder thread. NULL is fine. */
void edge_world_free(struct edge_world *w);

/**
 * The distribution for a host (any case, without port): exact name first, then the longest
 * wildcard; NULL: none.
 */
const struct edge_distribution *edge_world_find(const struct edge_world *w, struct slice host);

/** The behaviour for a viewer's path: the first pattern that matches, else the default. */
const struct release_behavior *edge_behavior_find(const struct edge_distribution *d,
                                                  struct slice path);

/** Whether an address (4 or 16 bytes) is one of a point of presence of ours. */
bool edge_world_has_pop_address(const struct edge_world *w, struct slice address);

/** References of a thread: plain counters, each its own cache line. */
void edge_world_ref(struct edge_world *w, unsigned thread_index);
void edge_world_unref(struct edge_world *w, unsigned thread_index);

#endif
