// SPDX-License-Identifier: Apache-2.0
// Intervals of keys, made by net_table.c on the thread that makes a table, searched by all others.
#include "routing/net_intervals_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "routing/limits.h"
#include "routing/net_table.h"

#include <stdlib.h>
#include <string.h>

#define V4_SHIFT 32

static uint64_t start_of(const struct net_intervals *n, size_t i)
{
    return n->starts32 != NULL ? (uint64_t)n->starts32[i] << V4_SHIFT : n->starts64[i];
}

static void resize(struct net_intervals *n, size_t capacity)
{
    if (n->starts32 != NULL)
        n->starts32 = mem_resize(n->starts32, capacity, sizeof(*n->starts32));
    else
        n->starts64 = mem_resize(n->starts64, capacity, sizeof(*n->starts64));
    n->values = mem_resize(n->values, capacity, sizeof(*n->values));
    n->capacity = capacity;
}

static void push(struct net_intervals *n, uint64_t start, uint32_t value)
{
    if (n->count == n->capacity)
        resize(n, n->capacity + n->capacity / 2 + 1);
    if (n->starts32 != NULL)
        n->starts32[n->count] = (uint32_t)(start >> V4_SHIFT);
    else
        n->starts64[n->count] = start;
    n->values[n->count] = value;
    n->count++;
}

void net_intervals_init(struct net_intervals *n, bool is_v6)
{
    *n = (struct net_intervals){0};
    if (is_v6)
        n->starts64 = mem_new(1, sizeof(*n->starts64));
    else
        n->starts32 = mem_new(1, sizeof(*n->starts32));
    n->values = mem_new(1, sizeof(*n->values));
    n->capacity = 1;
    push(n, 0, NET_TABLE_NONE);
}

void net_intervals_fini(struct net_intervals *n)
{
    free(n->starts32);
    free(n->starts64);
    free(n->values);
    free(n->slots);
    *n = (struct net_intervals){0};
}

void net_intervals_append(struct net_intervals *n, uint64_t start, uint32_t value)
{
    uint64_t last = start_of(n, n->count - 1);
    CHECK(start >= last);
    if (start == last)
        n->count--; /* nothing lay in it */
    if (n->count > 0 && n->values[n->count - 1] == value)
        return;
    push(n, start, value);
}

void net_intervals_seal(struct net_intervals *n)
{
    CHECK(n->slots == NULL && n->count <= UINT32_MAX);
    resize(n, n->count);
    n->base = n->count > 1 ? start_of(n, 1) : 0;
    uint64_t span = start_of(n, n->count - 1) - n->base;
    n->slot_count = 1;
    while (n->slot_count < n->count && n->slot_count < NET_TABLE_SLOTS_MAX)
        n->slot_count *= 2;
    while (span >> n->shift >= n->slot_count)
        n->shift++;
    n->slots = mem_new(n->slot_count + 1, sizeof(*n->slots));
    uint32_t interval = 0;
    for (size_t slot = 1; slot < n->slot_count; slot++) {
        /* Those behind the span, which a power of two has too many, are behind all starts. */
        bool is_behind = slot > span >> n->shift;
        uint64_t start = is_behind ? UINT64_MAX : n->base + ((uint64_t)slot << n->shift);
        while (interval + 1 < n->count && start_of(n, interval + 1) <= start)
            interval++;
        n->slots[slot] = interval;
    }
    n->slots[n->slot_count] = (uint32_t)n->count - 1;
}

/* The last start at or before the key among `count` from `first`, which is at or before it. The
 * comparisons become conditional moves: which way they go cannot be foretold. */
static size_t search32(const uint32_t *starts, size_t first, size_t count, uint32_t key)
{
    while (count > 1) {
        size_t half = count / 2;
        first += starts[first + half] <= key ? half : 0;
        count -= half;
    }
    return first;
}

static size_t search64(const uint64_t *starts, size_t first, size_t count, uint64_t key)
{
    while (count > 1) {
        size_t half = count / 2;
        first += starts[first + half] <= key ? half : 0;
        count -= half;
    }
    return first;
}

size_t net_intervals_find(const struct net_intervals *n, uint64_t key)
{
    size_t slot = key < n->base ? 0 : min_size((key - n->base) >> n->shift, n->slot_count - 1);
    size_t first = n->slots[slot];
    size_t count = n->slots[slot + 1] - first + 1;
    if (n->starts32 != NULL)
        return search32(n->starts32, first, count, (uint32_t)(key >> V4_SHIFT));
    return search64(n->starts64, first, count, key);
}

/* Length of the shortest network around `key` that leaves `other` out. */
static unsigned length_without(uint64_t key, uint64_t other)
{
    return (unsigned)__builtin_clzll(key ^ other) + 1;
}

unsigned net_intervals_reach(const struct net_intervals *n, size_t interval, uint64_t key)
{
    unsigned length = 0;
    if (interval > 0)
        length = length_without(key, start_of(n, interval) - 1);
    if (interval + 1 < n->count) {
        unsigned right = length_without(key, start_of(n, interval + 1));
        length = right > length ? right : length;
    }
    return length;
}

size_t net_intervals_bytes(const struct net_intervals *n)
{
    size_t start_bytes = n->starts32 != NULL ? sizeof(*n->starts32) : sizeof(*n->starts64);
    return n->capacity * (start_bytes + sizeof(*n->values)) +
           (n->slot_count + 1) * sizeof(*n->slots);
}
