// SPDX-License-Identifier: Apache-2.0
// The invalidations of a scope: hash of a uri, or of a prefix, -> generation of its newest
// invalidation. Open addressing; read without a lock while one writer adds. A table holds hashes
// alone: two texts that share one (a chance of 2^-48 at most, under a secret base) make an answer
// needlessly old, never an old one valid.
#ifndef CACHE_SCOPE_TABLE_PRIV_H
#define CACHE_SCOPE_TABLE_PRIV_H

#include "base/slice.h"
#include "cache/limits.h"
#include "cache/reclaim_priv.h"

#include <stdatomic.h>
#include <stdint.h>

struct scope_slot {
    _Atomic uint64_t hash; /* 0: free; released after its generation */
    _Atomic uint64_t generation;
};

#define SCOPE_LENGTH_WORDS (CACHE_PREFIX_MAX_BYTES / 64 + 1)

struct cache_memory;

struct scope_table {
    struct cache_retired retired; /* once another took its place */
    struct cache_memory *memory;
    uint64_t base;
    size_t capacity; /* slots; a power of two, at least twice the entries */
    size_t count;    /* the writer's */
    _Atomic uint64_t lengths[SCOPE_LENGTH_WORDS]; /* of the prefixes that are in it */
    struct scope_slot slots[];
};

/** NULL where no memory can be had. `base`: of the hashes; random. */
struct scope_table *scope_table_new(struct cache_memory *m, uint64_t base, size_t capacity)
    MUST_USE;
void scope_table_free(struct scope_table *t);
/** What that gives back. */
size_t scope_table_cost(const struct scope_table *t);

/** Adds the text, or raises its generation. False: it is new, and the table full. The writer. */
bool scope_table_put(struct scope_table *t, struct slice text, bool is_prefix, uint64_t generation)
    MUST_USE;

/** Copies the entries newer than `after` of another table with the same base. The writer. */
void scope_table_copy(struct scope_table *t, const struct scope_table *from, uint64_t after);

/** Entries newer than `after`. The writer. */
size_t scope_table_count(const struct scope_table *t, uint64_t after);

/** The newest generation of an entry that is the uri or begins it; 0: none. Any thread. */
uint64_t scope_table_match(const struct scope_table *t, struct slice uri);

#endif
