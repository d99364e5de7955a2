// SPDX-License-Identifier: Apache-2.0
// A cache as a whole: made, measured, ended. Called by the edge role.
#include "cache/cache.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "cache/cache_priv.h"
#include "cache/limits.h"
#include "cache/thread_priv.h"
#include "metrics/counters.h"

#include <stdlib.h>

static size_t or_default(size_t value, size_t otherwise)
{
    return value > 0 ? value : otherwise;
}

/* Options, defaults for what is 0, and what follows from the size of the memory. */
static void set_sizes(struct cache *c, const struct cache_options *o)
{
    size_t limit = o->memory_bytes;
    size_t small = max_size(limit / CACHE_SLICES_PER_MEMORY, CACHE_SLICE_MIN_BYTES);
    c->slice_bytes = min_size(or_default(o->slice_bytes, CACHE_SLICE_BYTES), small);
    c->body_max_bytes = limit / CACHE_BODY_SHARE;
    c->ahead_bytes = min_size(or_default(o->ahead_bytes, CACHE_AHEAD_BYTES), limit / 8);
    c->window_max_bytes = min_size(c->body_max_bytes, CACHE_WINDOW_AHEADS * c->ahead_bytes);
    c->marker_ns = o->marker_ns > 0 ? o->marker_ns : CACHE_MARKER_NS;
    c->fill_stall_ns = o->fill_stall_ns > 0 ? o->fill_stall_ns : CACHE_STALL_NS;
    c->variant_limit = o->variant_limit > 0 ? o->variant_limit : CACHE_VARIANTS_MAX;
}

struct cache *cache_new(const struct cache_options *options)
{
    CHECK(options->memory_bytes >= CACHE_MEMORY_MIN_BYTES);
    struct cache *c = NEW(struct cache);
    set_sizes(c, options);
    memory_init(&c->memory, options->memory_bytes, &c->reclaim);
    index_init(c);
    presence_init(c);
    (void)pthread_mutex_init(&c->scopes_lock, NULL);
    map_init(&c->scopes);
    random_bytes(&c->scope_base, sizeof(c->scope_base));
    (void)pthread_mutex_init(&c->threads_lock, NULL);
    list_init(&c->threads);
    reclaim_start(&c->reclaim, c);
    return c;
}

static void free_threads(struct cache *c)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->threads) {
        struct cache_thread *t = LIST_ENTRY(node, struct cache_thread, in_cache);
        CHECK(t->is_gone);
        (void)pthread_mutex_destroy(&t->lock);
        free(t);
    }
}

void cache_free(struct cache *c)
{
    if (c == NULL)
        return;
    reclaim_stop(&c->reclaim);
    free_threads(c);
    index_clear(c);
    reclaim_all(&c->reclaim);
    index_fini(c);
    presence_fini(c);
    CHECK_MSG(atomic_load(&c->object_count) == 0, "%lu objects are still counted",
              (unsigned long)atomic_load(&c->object_count));
    CHECK(c->scopes.count == 0);
    CHECK_MSG(cache_memory_bytes(c) == 0, "%zu bytes are still taken", cache_memory_bytes(c));
    map_fini(&c->scopes);
    memory_fini(&c->memory);
    (void)pthread_mutex_destroy(&c->scopes_lock);
    (void)pthread_mutex_destroy(&c->threads_lock);
    free(c);
}

size_t cache_memory_bytes(const struct cache *c)
{
    return atomic_load(&c->memory.used_bytes);
}

size_t cache_memory_limit_bytes(const struct cache *c)
{
    return c->memory.limit_bytes;
}
