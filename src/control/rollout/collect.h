// SPDX-License-Identifier: Apache-2.0
// The collector: removes chunks that no release needs, and rows of objects that newer ones cover.
// On a thread and store connection of its own, so that nothing waits for it.
#ifndef CONTROL_ROLLOUT_COLLECT_H
#define CONTROL_ROLLOUT_COLLECT_H

#include "control/store/store.h"
#include "os/loop.h"
#include "release/chunk.h"

struct chunk_collector;

/** What to keep. */
struct collect_plan {
    const struct chunk_hash *roots; /* root_count of them; copied */
    size_t root_count;
    size_t whole_count;      /* the first ones must be whole, or nothing is removed */
    int64_t before_unix_ms;  /* younger chunks stay */
    uint64_t forget_version; /* rows that a newer one up to here covers go; 0: none */
};

struct collect_result {
    enum err err;
    struct errctx ec;
    bool is_damaged; /* a root that must be whole is not */
    uint64_t chunks_marked;
    uint64_t chunks_removed;
    uint64_t rows_dropped;
};

/** The rollout's thread, for all. on_done: there, once for each start, but for
 * chunk_collector_free. */
struct chunk_collector *chunk_collector_new(struct loop *loop, struct store *store,
                                            void (*on_done)(void *user,
                                                            const struct collect_result *result),
                                            void *user) MUST_USE;

/** False while one is under way. */
bool chunk_collector_start(struct chunk_collector *c, const struct collect_plan *plan);

/** Cuts short what is under way. NULL is fine. */
void chunk_collector_free(struct chunk_collector *c);

#endif
