// SPDX-License-Identifier: Apache-2.0
// One distribution in memory. Called by worlds and their tables, on the builder thread or in a
// trial; the count is theirs alone.
#include "base/alloc.h"
#include "base/check.h"
#include "edge/distribution_priv.h"

#include <stdlib.h>

enum err edge_distribution_new(struct slice bytes, struct cache *cache,
                               struct edge_distribution **out, struct errctx *ec)
{
    struct edge_distribution *d = NEW(struct edge_distribution);
    d->refs = 1;
    arena_init(&d->arena);
    enum err e =
        release_distribution_decode(&d->arena, arena_copy(&d->arena, bytes), &d->config, ec);
    if (e == ERR_OK && cache != NULL)
        d->scope = cache_scope_get(cache, d->config.id);
    if (e != ERR_OK) {
        edge_distribution_unref(d);
        return e;
    }
    *out = d;
    return ERR_OK;
}

void edge_distribution_ref(struct edge_distribution *d)
{
    CHECK(d->refs > 0);
    d->refs++;
}

void edge_distribution_unref(struct edge_distribution *d)
{
    CHECK(d->refs > 0);
    if (--d->refs > 0)
        return;
    if (d->scope != NULL)
        cache_scope_unref(d->scope);
    arena_fini(&d->arena);
    free(d);
}
