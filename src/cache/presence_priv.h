// SPDX-License-Identifier: Apache-2.0
// Which uris the cache may hold anything of: a counting filter over (distribution, uri). What an
// unsafe request touches is hardly ever cached; where the filter says so, nothing needs to be
// noted, and the invalidations of the distribution stay few. It may say yes of what is not there,
// never no of what is.
//
// Order: who begins a fetch counts it before it reads the generation that stamps it; who touches
// looks after the unsafe request has succeeded. So a fetch that is not seen is sent to the origin
// after that success.
#ifndef CACHE_PRESENCE_PRIV_H
#define CACHE_PRESENCE_PRIV_H

#include "base/slice.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cache;

/** Counters of slots; entries of the index and fetches under way count one each. */
struct cache_presence {
    _Atomic uint32_t *counts; /* mask + 1 of them */
    size_t mask;
};

/** Within the cache's memory, which is set up. */
void presence_init(struct cache *c);
void presence_fini(struct cache *c);

/** The slot of a uri of a distribution. Any thread. */
size_t presence_slot(const struct cache *c, const char *distribution_id, struct slice uri);

/** One more, one less. Any thread. */
void presence_add(struct cache *c, size_t slot);
void presence_remove(struct cache *c, size_t slot);

/** Whether the cache may hold, or be about to hold, something of the slot. Any thread. */
bool presence_has(const struct cache *c, size_t slot);

#endif
