// SPDX-License-Identifier: Apache-2.0
// Invalidations of one distribution, as the other files of the cache ask for them.
#ifndef CACHE_SCOPE_PRIV_H
#define CACHE_SCOPE_PRIV_H

#include "cache/cache.h"

/** One more reference; returns the scope. */
struct cache_scope *scope_ref(struct cache_scope *s);

/** The distribution's id; borrowed. */
const char *scope_id(const struct cache_scope *s);

/** Rises with each invalidation; those that it counts are visible to scope_last_match. */
uint64_t scope_generation(const struct cache_scope *s);

/** The generation of the newest invalidation that names the uri, 0: none does. Online. Cost: one
 *  pass over the uri. */
uint64_t scope_last_match(const struct cache_scope *s, struct slice uri);

#endif
