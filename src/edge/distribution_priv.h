// SPDX-License-Identifier: Apache-2.0
// Making and counting distributions in memory. Builder thread, or a trial's.
#ifndef EDGE_DISTRIBUTION_PRIV_H
#define EDGE_DISTRIBUTION_PRIV_H

#include "edge/world.h"

/**
 * Decodes one; with one reference. `bytes` is borrowed until return. `cache` NULL: without scope.
 * Errors: ERR_CORRUPT.
 */
enum err edge_distribution_new(struct slice bytes, struct cache *cache,
                               struct edge_distribution **out, struct errctx *ec) MUST_USE;
void edge_distribution_ref(struct edge_distribution *d);
void edge_distribution_unref(struct edge_distribution *d);

#endif
