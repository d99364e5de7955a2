// SPDX-License-Identifier: Apache-2.0
// The world that is served, and those before it that requests still hold. The builder thread loads
// and swaps; the main thread sweeps now and then; a lock keeps the two apart, because worlds share
// parts whose counts are plain numbers.
#ifndef EDGE_WORLDS_H
#define EDGE_WORLDS_H

#include "edge/world.h"

struct edge_worlds;

struct edge_worlds_options {
    struct edge_world **place; /* where serving threads read the world, by os/rcu.h; kept */
    struct cache *cache;       /* kept */
    size_t retired_max;        /* 0: EDGE_RETIRED_MAX */
};

struct edge_worlds *edge_worlds_new(const struct edge_worlds_options *options) MUST_USE;
/** When no thread serves any more: frees all worlds, the served one too. NULL is fine. */
void edge_worlds_free(struct edge_worlds *s);

/** Loads a root beside the served one. Builder thread. Errors: as edge_world_load. */
enum err edge_worlds_load(struct edge_worlds *s, const struct chunk_hash *root,
                          const struct chunk_source *source, struct edge_world **out,
                          struct errctx *ec) MUST_USE;

/**
 * Serves the world; the one before it is kept until no request holds it. Builder thread. Where more
 * than retired_max are held it waits for one of them, or for edge_worlds_give_up.
 */
void edge_worlds_serve(struct edge_worlds *s, struct edge_world *w);
/** From now on edge_worlds_serve waits no more: the role ends. Any thread. */
void edge_worlds_give_up(struct edge_worlds *s);

/** Frees what nobody holds; at once back where the builder is at work. Not on a serving thread. */
void edge_worlds_sweep(struct edge_worlds *s);
/** How many are retired and still held. Any thread. */
size_t edge_worlds_retired(const struct edge_worlds *s);

#endif
