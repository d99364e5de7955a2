// SPDX-License-Identifier: Apache-2.0
// Tables of invalidations. A hash is a polynomial over the bytes, modulo the prime 2^61 - 1, so the
// hashes of all prefixes of a uri come from one pass over it. Called by scope.c.
#include "cache/scope_table_priv.h"

#include "base/check.h"
#include "cache/memory_priv.h"

#define PRIME ((UINT64_C(1) << 61) - 1)

static size_t table_bytes(size_t capacity)
{
    return sizeof(struct scope_table) + capacity * sizeof(struct scope_slot);
}

static void release_retired(struct cache_retired *retired)
{
    scope_table_free(CONTAINER_OF(retired, struct scope_table, retired));
}

struct scope_table *scope_table_new(struct cache_memory *m, uint64_t base, size_t capacity)
{
    CHECK(capacity >= CACHE_SCOPE_SLOTS_MIN && (capacity & (capacity - 1)) == 0);
    struct scope_table *t = memory_new(m, table_bytes(capacity));
    if (t == NULL)
        return NULL;
    t->memory = m;
    t->base = base % (PRIME - 1) + 1;
    t->capacity = capacity;
    t->retired.release = release_retired;
    return t;
}

void scope_table_free(struct scope_table *t)
{
    if (t != NULL)
        memory_free(t->memory, t, table_bytes(t->capacity));
}

size_t scope_table_cost(const struct scope_table *t)
{
    return memory_cost(table_bytes(t->capacity));
}

/* The hash of a text that is one byte longer. */
static uint64_t hash_step(uint64_t hash, uint64_t base, uint8_t byte)
{
    unsigned __int128 product = (unsigned __int128)hash * base + byte + 1;
    uint64_t sum = (uint64_t)(product & PRIME) + (uint64_t)(product >> 61);
    return sum >= PRIME ? sum - PRIME : sum;
}

/* What stands in a slot; never 0. */
static uint64_t slot_hash(uint64_t hash, bool is_prefix)
{
    return (hash << 1 | (is_prefix ? 1 : 0)) + 1;
}

/* Its slot, or the free one where it would go. */
static size_t slot_of(const struct scope_table *t, uint64_t hash)
{
    const uint64_t spread = UINT64_C(0x9e3779b97f4a7c15);
    size_t slot = (size_t)((hash * spread) >> 32) & (t->capacity - 1);
    while (true) { /* ends: half of the table is free */
        uint64_t there = atomic_load_explicit(&t->slots[slot].hash, memory_order_acquire);
        if (there == hash || there == 0)
            return slot;
        slot = (slot + 1) & (t->capacity - 1);
    }
}

static bool put_hash(struct scope_table *t, uint64_t hash, uint64_t generation)
{
    struct scope_slot *slot = &t->slots[slot_of(t, hash)];
    bool is_new = atomic_load_explicit(&slot->hash, memory_order_relaxed) == 0;
    if (is_new && t->count >= t->capacity / 2)
        return false;
    atomic_store_explicit(&slot->generation, generation, memory_order_relaxed);
    if (is_new) {
        atomic_store_explicit(&slot->hash, hash, memory_order_release);
        t->count++;
    }
    return true;
}

bool scope_table_put(struct scope_table *t, struct slice text, bool is_prefix, uint64_t generation)
{
    CHECK(!is_prefix || (text.len > 0 && text.len <= CACHE_PREFIX_MAX_BYTES));
    uint64_t hash = 0;
    for (size_t i = 0; i < text.len; i++)
        hash = hash_step(hash, t->base, text.data[i]);
    if (!put_hash(t, slot_hash(hash, is_prefix), generation))
        return false;
    if (is_prefix)
        atomic_fetch_or_explicit(&t->lengths[text.len / 64], UINT64_C(1) << (text.len % 64),
                                 memory_order_release);
    return true;
}

void scope_table_copy(struct scope_table *t, const struct scope_table *from, uint64_t after)
{
    CHECK(t->base == from->base);
    for (size_t i = 0; i < from->capacity; i++) {
        uint64_t hash = atomic_load_explicit(&from->slots[i].hash, memory_order_relaxed);
        uint64_t generation =
            atomic_load_explicit(&from->slots[i].generation, memory_order_relaxed);
        bool is_copied = hash != 0 && generation > after;
        bool has_room = !is_copied || put_hash(t, hash, generation);
        CHECK(has_room);
    }
    for (size_t i = 0; i < SCOPE_LENGTH_WORDS; i++)
        t->lengths[i] = atomic_load_explicit(&from->lengths[i], memory_order_relaxed);
}

size_t scope_table_count(const struct scope_table *t, uint64_t after)
{
    size_t entries = 0;
    for (size_t i = 0; i < t->capacity; i++) {
        if (atomic_load_explicit(&t->slots[i].hash, memory_order_relaxed) != 0 &&
            atomic_load_explicit(&t->slots[i].generation, memory_order_relaxed) > after)
            entries++;
    }
    return entries;
}

static uint64_t generation_of(const struct scope_table *t, uint64_t hash)
{
    const struct scope_slot *slot = &t->slots[slot_of(t, hash)];
    if (atomic_load_explicit(&slot->hash, memory_order_acquire) != hash)
        return 0;
    return atomic_load_explicit(&slot->generation, memory_order_relaxed);
}

static bool has_length(const struct scope_table *t, size_t length)
{
    if (length > CACHE_PREFIX_MAX_BYTES)
        return false;
    uint64_t word = atomic_load_explicit(&t->lengths[length / 64], memory_order_acquire);
    return (word >> (length % 64) & 1) != 0;
}

uint64_t scope_table_match(const struct scope_table *t, struct slice uri)
{
    uint64_t newest = 0;
    uint64_t hash = 0;
    for (size_t i = 0; i < uri.len; i++) {
        hash = hash_step(hash, t->base, uri.data[i]);
        if (!has_length(t, i + 1))
            continue;
        uint64_t found = generation_of(t, slot_hash(hash, true));
        newest = found > newest ? found : newest;
    }
    uint64_t found = generation_of(t, slot_hash(hash, false));
    return found > newest ? found : newest;
}
