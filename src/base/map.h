// SPDX-License-Identifier: Apache-2.0
// A hash map from byte strings to pointers: open addressing, keyed XXH3 (a random seed per map,
// so that no peer can choose colliding keys).
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/macros.h"
#include "base/slice.h"

struct map_entry {
    struct slice key; /* kept by the map: a copy of its own */
    void *value;
    uint64_t hash;
    bool is_used;
};

/**
 * Owner:   whoever called map_init; embedded by value. The map owns its copies of the keys, the
 *          caller owns the values.
 * Threads: one at a time, or any number of readers while nobody writes.
 */
struct map {
    struct map_entry *entries; /* `capacity` of them, a power of two; NULL while empty */
    size_t capacity;
    size_t count;
    uint64_t seed;
};

void map_init(struct map *m);
void map_fini(struct map *m);

/** The value of the key, or NULL. */
void *map_get(const struct map *m, struct slice key);

/** Sets the value (not NULL); returns the one that was there, or NULL. */
void *map_put(struct map *m, struct slice key, void *value);

/** Takes the key out; returns its value, or NULL. */
void *map_remove(struct map *m, struct slice key);

/**
 * Walks all entries in no particular order: start with *cursor = 0. Returns NULL at the end.
 * The map must not change meanwhile.
 */
const struct map_entry *map_next(const struct map *m, size_t *cursor);

#define AUTO_MAP CLEANUP(map_fini)

#endif
