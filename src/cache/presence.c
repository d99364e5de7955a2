// SPDX-License-Identifier: Apache-2.0
// The counting filter of presence_priv.h. Counters alone, no lock; any thread.
#include "cache/presence_priv.h"

#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/limits.h"

#include <string.h>

#include <xxhash.h>

static size_t table_bytes(const struct cache_presence *p)
{
    return (p->mask + 1) * sizeof(*p->counts);
}

void presence_init(struct cache *c)
{
    struct cache_presence *p = &c->presence;
    size_t slots = CACHE_PRESENCE_SLOTS_MIN;
    while (slots < c->memory.limit_bytes / CACHE_PRESENCE_SLOT_BYTES)
        slots *= 2;
    p->mask = slots - 1;
    p->counts = memory_new(&c->memory, table_bytes(p));
    CHECK(p->counts != NULL); /* 4 bytes of each 1,024 */
}

void presence_fini(struct cache *c)
{
    memory_free(&c->memory, c->presence.counts, table_bytes(&c->presence));
}

size_t presence_slot(const struct cache *c, const char *distribution_id, struct slice uri)
{
    uint64_t seed = XXH3_64bits_withSeed(distribution_id, strlen(distribution_id), c->scope_base);
    return XXH3_64bits_withSeed(uri.data, uri.len, seed) & c->presence.mask;
}

void presence_add(struct cache *c, size_t slot)
{
    atomic_fetch_add(&c->presence.counts[slot], 1);
}

void presence_remove(struct cache *c, size_t slot)
{
    uint32_t before = atomic_fetch_sub(&c->presence.counts[slot], 1);
    CHECK(before > 0);
}

bool presence_has(const struct cache *c, size_t slot)
{
    return atomic_load(&c->presence.counts[slot]) > 0;
}
