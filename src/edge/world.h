// SPDX-License-Identifier: Apache-2.0
// One root as requests see it: distributions by host name. A request holds one
// world from its first step to its last, by a reference counted for each thread, so that threads
// share no counter. Worlds share what they hold alike, so that one that only an hour-long request
// still holds costs what its release changed.
#ifndef EDGE_WORLD_H
#define EDGE_WORLD_H

#include "base/arena.h"
#include "cache/cache.h"
#include "release/distribution.h"

/** A distribution in memory; shared by the worlds that hold the same one. */
struct edge_distribution {
    struct release_distribution config;
    struct cache_scope *scope; /* NULL in a trial */
    size_t refs;               /* of tables; the builder thread's */
    struct arena arena;        /* of config */
};

struct edge_world;

/**
 * Loads the root, sharing what `before` (NULL at first) holds already. Builder thread, or the
 * trial's (cache NULL). Errors: the source's, ERR_CORRUPT, ERR_UNSUPPORTED.
 */
enum err edge_world_load(const struct chunk_hash *root, const struct chunk_source *source,
                         const struct edge_world *before, struct cache *cache,
                         struct edge_world **out, struct errctx *ec) MUST_USE;

/**
 * For a trial: a world of those distributions of the root that `other` (NULL: none) does not hold
 * likewise, `limit` of them at most. Errors: as edge_world_load.
 */
enum err edge_world_load_changed(const struct chunk_hash *root, const struct chunk_hash *other,
                                 const struct chunk_source *source, size_t limit,
                                 struct edge_world **out, struct errctx *ec) MUST_USE;

/** No thread holds it any more. Builder thread. NULL is fine. */
void edge_world_free(struct edge_world *w);

/**
 * The distribution for a host, as edge_host_normalize gives it: exact name first, then the longest
 * wildcard; NULL: none. Cost: one hash for each label.
 */
const struct edge_distribution *edge_world_find(const struct edge_world *w, struct slice host);

/** How many distributions there are. */
uint64_t edge_world_count(const struct edge_world *w);

/** Walks all distributions, in no particular order: start with a zeroed cursor; NULL at the end. */
struct edge_world_cursor {
    size_t place[2];
};
const struct edge_distribution *edge_world_next(const struct edge_world *w,
                                                struct edge_world_cursor *cursor);

/** The behaviour for a viewer's path: the first pattern that matches, else the default. */
const struct release_behavior *edge_behavior_find(const struct edge_distribution *d,
                                                  struct slice path);

/**
 * References of a thread (index below EDGE_THREADS_MAX): plain counters, each its own cache line.
 * A thread that is online (os/rcu.h) takes one to what it read there; it gives back its own.
 */
void edge_world_ref(struct edge_world *w, unsigned thread_index);
void edge_world_unref(struct edge_world *w, unsigned thread_index);
/** Whether a thread holds it. Of use once no thread finds it any more (rcu_wait_readers). */
bool edge_world_is_held(const struct edge_world *w);

#endif
