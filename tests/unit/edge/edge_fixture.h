// SPDX-License-Identifier: Apache-2.0
// Releases of distributions in memory, for the tests of the edge.
#ifndef TEST_EDGE_FIXTURE_H
#define TEST_EDGE_FIXTURE_H

#include "edge/world.h"
#include "release/memory_store.h"

#define EDGE_FIXTURE_BEHAVIORS_MAX 8

struct edge_fixture {
    struct arena arena;
    struct memory_store store;
    struct release_root root; /* as built last */
};

/** A distribution that a test may change before edge_fixture_put; its parts are its own. */
struct edge_fixture_distribution {
    struct release_distribution config;
    struct release_origin origin;
    struct release_behavior behaviors[EDGE_FIXTURE_BEHAVIORS_MAX]; /* the default is [0] */
};

void edge_fixture_init(struct edge_fixture *f);
void edge_fixture_fini(struct edge_fixture *f);

/**
 * One origin, one default behaviour that caches by path. Names: "id.cdn.weir.test" in lower case
 * and the aliases, NULL-terminated, kept. Lives as long as the fixture.
 */
struct edge_fixture_distribution *edge_fixture_distribution(struct edge_fixture *f, const char *id,
                                                            const char *const *aliases);
/** One more behaviour, in front of the default one: a copy of that. */
struct release_behavior *edge_fixture_behavior(struct edge_fixture_distribution *d,
                                               const char *path_pattern);

/** Puts it into the release, or takes it out. */
void edge_fixture_put(struct edge_fixture *f, const struct edge_fixture_distribution *d);
void edge_fixture_remove(struct edge_fixture *f, const char *id);

/** The root of what was put so far. */
struct chunk_hash edge_fixture_root(struct edge_fixture *f);

/** The root of it, loaded. */
struct edge_world *edge_fixture_world(struct edge_fixture *f, const struct edge_world *before,
                                      struct cache *cache);

#endif
