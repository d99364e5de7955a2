// SPDX-License-Identifier: Apache-2.0
// The hash map: linear probing in a table of a power of two, at most three quarters full; a
// removal shifts later entries back, so there are no tombstones. Called by the map's owner.
#include "base/map.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/random.h"

#include <stdlib.h>
#include <xxhash.h>

void map_init(struct map *m)
{
    *m = (struct map){0};
    random_bytes(&m->seed, sizeof(m->seed));
}

void map_fini(struct map *m)
{
    for (size_t i = 0; i < m->capacity; i++)
        mem_cleanup(&m->entries[i].key.data);
    free(m->entries);
    *m = (struct map){0};
}

static uint64_t key_hash(const struct map *m, struct slice key)
{
    return XXH3_64bits_withSeed(key.data, key.len, m->seed);
}

static size_t slot_after(const struct map *m, size_t slot)
{
    return (slot + 1) & (m->capacity - 1);
}

/* The slot of the key, or the free one where it would go. The table must not be empty. */
static size_t slot_find(const struct map *m, struct slice key, uint64_t hash)
{
    size_t slot = hash & (m->capacity - 1);
    while (m->entries[slot].is_used) { /* ends: a quarter of the table is free */
        if (m->entries[slot].hash == hash && slice_equal(m->entries[slot].key, key))
            return slot;
        slot = slot_after(m, slot);
    }
    return slot;
}

void *map_get(const struct map *m, struct slice key)
{
    if (m->count == 0)
        return NULL;
    const struct map_entry *entry = &m->entries[slot_find(m, key, key_hash(m, key))];
    return entry->is_used ? entry->value : NULL;
}

static void grow(struct map *m)
{
    struct map bigger = *m;
    bigger.capacity = max_size(m->capacity * 2, MAP_CAPACITY_MIN);
    bigger.entries = mem_new(bigger.capacity, sizeof(struct map_entry));
    for (size_t i = 0; i < m->capacity; i++) {
        const struct map_entry *entry = &m->entries[i];
        if (entry->is_used)
            bigger.entries[slot_find(&bigger, entry->key, entry->hash)] = *entry;
    }
    free(m->entries);
    *m = bigger;
}

void *map_put(struct map *m, struct slice key, void *value)
{
    CHECK(value != NULL);
    if (m->count >= m->capacity / 4 * 3)
        grow(m);
    uint64_t hash = key_hash(m, key);
    struct map_entry *entry = &m->entries[slot_find(m, key, hash)];
    if (entry->is_used) {
        void *before = entry->value;
        entry->value = value;
        return before;
    }
    const char *copy = mem_strndup((const char *)key.data, key.len);
    *entry = (struct map_entry){
        .key = slice_of(copy, key.len), .value = value, .hash = hash, .is_used = true};
    m->count++;
    CHECK(m->count < m->capacity);
    return NULL;
}

/* Moves entries of the run behind the freed slot back into it, so that probing finds them. */
static void close_gap(struct map *m, size_t gap)
{
    size_t mask = m->capacity - 1;
    for (size_t slot = slot_after(m, gap); m->entries[slot].is_used; slot = slot_after(m, slot)) {
        size_t home = m->entries[slot].hash & mask;
        bool is_reached_from_gap = ((slot - home) & mask) >= ((slot - gap) & mask);
        if (!is_reached_from_gap)
            continue;
        m->entries[gap] = m->entries[slot];
        gap = slot;
    }
    m->entries[gap] = (struct map_entry){0};
}

void *map_remove(struct map *m, struct slice key)
{
    if (m->count == 0)
        return NULL;
    size_t slot = slot_find(m, key, key_hash(m, key));
    struct map_entry *entry = &m->entries[slot];
    if (!entry->is_used)
        return NULL;
    void *value = entry->value;
    mem_cleanup(&entry->key.data);
    m->count--;
    close_gap(m, slot);
    return value;
}

const struct map_entry *map_next(const struct map *m, size_t *cursor)
{
    while (*cursor < m->capacity) {
        const struct map_entry *entry = &m->entries[(*cursor)++];
        if (entry->is_used)
            return entry;
    }
    return NULL;
}
