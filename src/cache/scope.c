// SPDX-License-Identifier: Apache-2.0
// Scopes: what the cache keeps of distributions over all releases. Readers (look-ups, on serving
// threads) take no lock; writers (the feed, unsafe requests) take the scope's.
//
// Invariants
//  1. `generation` is released after the entries that it counts: a reader who sees it sees them.
//  2. An entry counts for every object whose stamp is below its generation, for ever: entries that
//     make room for newer ones leave their generation in `all_generation`, for every uri.
//  3. A scope lives while anybody counts it: worlds, objects, fetches. So a distribution that is
//     not in the map has nothing in the cache that an invalidation could concern.
#include "cache/scope_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/scope_table_priv.h"
#include "os/rcu.h"

#include <stdlib.h>

struct cache_scope {
    struct cache *cache;
    char *id;
    _Atomic unsigned refs; /* its last one goes under the cache's scopes_lock */

    _Atomic uint64_t generation;
    _Atomic uint64_t all_generation; /* of the newest invalidation of everything */
    _Atomic uint64_t number;         /* of the feed */
    struct scope_table *table;       /* NULL: no entries; RCU */

    pthread_mutex_t lock; /* held by the one writer */
};

static struct cache_scope *scope_new(struct cache *c, const char *distribution_id)
{
    struct cache_scope *s = NEW(struct cache_scope);
    s->cache = c;
    s->id = mem_strdup(distribution_id);
    atomic_init(&s->refs, 1);
    atomic_init(&s->number, c->feed_number);
    (void)pthread_mutex_init(&s->lock, NULL);
    const void *before = map_put(&c->scopes, slice_str(s->id), s);
    CHECK(before == NULL);
    return s;
}

static void scope_free(struct cache_scope *s)
{
    scope_table_free(s->table);
    (void)pthread_mutex_destroy(&s->lock);
    free(s->id);
    free(s);
}

/* The scope with one more reference, or NULL. scopes_lock is held. */
static struct cache_scope *find_locked(struct cache *c, const char *distribution_id)
{
    struct cache_scope *s = map_get(&c->scopes, slice_str(distribution_id));
    return s == NULL ? NULL : scope_ref(s);
}

struct cache_scope *cache_scope_find(struct cache *c, const char *distribution_id)
{
    (void)pthread_mutex_lock(&c->scopes_lock);
    struct cache_scope *s = find_locked(c, distribution_id);
    (void)pthread_mutex_unlock(&c->scopes_lock);
    return s;
}

struct cache_scope *cache_scope_get(struct cache *c, const char *distribution_id)
{
    (void)pthread_mutex_lock(&c->scopes_lock);
    struct cache_scope *s = find_locked(c, distribution_id);
    if (s == NULL)
        s = scope_new(c, distribution_id);
    (void)pthread_mutex_unlock(&c->scopes_lock);
    return s;
}

struct cache_scope *scope_ref(struct cache_scope *s)
{
    unsigned before = atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    CHECK(before > 0);
    return s;
}

void cache_scope_unref(struct cache_scope *s)
{
    if (s == NULL)
        return;
    unsigned refs = atomic_load(&s->refs);
    while (refs > 1) {
        if (atomic_compare_exchange_weak(&s->refs, &refs, refs - 1))
            return;
    }
    struct cache *c = s->cache;
    (void)pthread_mutex_lock(&c->scopes_lock);
    bool is_last = atomic_fetch_sub(&s->refs, 1) == 1;
    const void *removed = is_last ? map_remove(&c->scopes, slice_str(s->id)) : s;
    CHECK(removed == s);
    (void)pthread_mutex_unlock(&c->scopes_lock);
    if (is_last)
        scope_free(s);
}

const char *scope_id(const struct cache_scope *s)
{
    return s->id;
}

uint64_t scope_generation(const struct cache_scope *s)
{
    return atomic_load_explicit(&s->generation, memory_order_acquire);
}

uint64_t scope_last_match(const struct cache_scope *s, struct slice uri)
{
    const struct scope_table *t = rcu_read_ptr(&s->table);
    uint64_t all = atomic_load_explicit(&s->all_generation, memory_order_acquire);
    uint64_t found = t == NULL ? 0 : scope_table_match(t, uri);
    return found > all ? found : all;
}

uint64_t cache_scope_number(const struct cache_scope *s)
{
    return atomic_load_explicit(&s->number, memory_order_acquire);
}

/* Readers use the new table (or NULL) from now on. */
static void replace_table(struct cache_scope *s, struct scope_table *t)
{
    struct scope_table *before = rcu_swap_ptr(&s->table, t);
    if (before != NULL)
        reclaim_retire(&s->cache->reclaim, &before->retired, scope_table_cost(before));
}

/* Everything that began before `generation` is outdated; entries are not needed for that. */
static void invalidate_everything(struct cache_scope *s, uint64_t generation)
{
    atomic_store_explicit(&s->all_generation, generation, memory_order_release);
    replace_table(s, NULL);
}

/* Where half the entries, the older ones, end. Generations are spread evenly, but for long
 * invalidations, so halving the distance gets there soon. */
static uint64_t middle_generation(const struct scope_table *t, uint64_t from, uint64_t to)
{
    uint64_t middle = from;
    while (middle < to && scope_table_count(t, middle) > CACHE_SCOPE_ENTRIES_MAX / 2)
        middle += (to - middle + 1) / 2;
    return middle;
}

/* A table with more room: larger, or without its older half; false where everything was
 * invalidated instead. */
static bool make_room(struct cache_scope *s, uint64_t generation)
{
    const struct scope_table *t = s->table;
    size_t capacity = t == NULL ? CACHE_SCOPE_SLOTS_MIN : t->capacity * 2;
    uint64_t after = atomic_load_explicit(&s->all_generation, memory_order_relaxed);
    if (capacity > 2 * CACHE_SCOPE_ENTRIES_MAX) {
        capacity = t->capacity;
        after = middle_generation(t, after, generation);
    }
    struct scope_table *roomier =
        scope_table_new(&s->cache->memory, s->cache->scope_base, capacity);
    if (roomier == NULL) {
        invalidate_everything(s, generation);
        return false;
    }
    if (t != NULL)
        scope_table_copy(roomier, t, after);
    atomic_store_explicit(&s->all_generation, after, memory_order_release);
    replace_table(s, roomier);
    return true;
}

/* The uri, or all that begins like it. The lock is held. */
static void add(struct cache_scope *s, struct slice text, bool is_prefix, uint64_t generation)
{
    if (s->table != NULL && scope_table_put(s->table, text, is_prefix, generation))
        return;
    if (!make_room(s, generation))
        return;
    bool has_room = scope_table_put(s->table, text, is_prefix, generation);
    CHECK(has_room);
}

/* One path; `*` stands for all that begins like it. */
static void invalidate_path(struct cache_scope *s, struct slice path, uint64_t generation)
{
    if (atomic_load_explicit(&s->all_generation, memory_order_relaxed) == generation)
        return; /* a path before this one did it for all */
    bool is_prefix = slice_ends_with(path, SLICE_LIT("*"));
    if (is_prefix)
        path.len = min_size(path.len - 1, CACHE_PREFIX_MAX_BYTES);
    if (is_prefix && (path.len == 0 || slice_equal(path, SLICE_LIT("/"))))
        invalidate_everything(s, generation);
    else
        add(s, path, is_prefix, generation);
}

/* The lock is held. */
static void invalidate(struct cache_scope *s, const struct slice *paths, size_t count)
{
    uint64_t generation = atomic_load_explicit(&s->generation, memory_order_relaxed) + 1;
    for (size_t i = 0; i < count; i++)
        invalidate_path(s, paths[i], generation);
    atomic_store_explicit(&s->generation, generation, memory_order_release);
}

void cache_scope_invalidate(struct cache_scope *s, uint64_t number, const struct slice *paths,
                            size_t path_count)
{
    struct cache *c = s->cache;
    (void)pthread_mutex_lock(&s->lock);
    invalidate(s, paths, path_count);
    atomic_store_explicit(&s->number, number, memory_order_release);
    (void)pthread_mutex_unlock(&s->lock);
    atomic_fetch_add_explicit(&c->counts.invalidated, path_count, memory_order_relaxed);

    (void)pthread_mutex_lock(&c->scopes_lock);
    c->feed_number = number > c->feed_number ? number : c->feed_number;
    (void)pthread_mutex_unlock(&c->scopes_lock);
}

void cache_scope_touch(struct cache_scope *s, struct slice uri)
{
    if (!presence_has(s->cache, presence_slot(s->cache, s->id, uri)))
        return; /* nothing of it is here: noting it would only crowd out what matters */
    (void)pthread_mutex_lock(&s->lock);
    uint64_t generation = atomic_load_explicit(&s->generation, memory_order_relaxed) + 1;
    add(s, uri, false, generation);
    atomic_store_explicit(&s->generation, generation, memory_order_release);
    (void)pthread_mutex_unlock(&s->lock);
}

void cache_invalidate_all(struct cache *c, uint64_t number)
{
    const struct slice all = SLICE_LIT("*");
    (void)pthread_mutex_lock(&c->scopes_lock);
    c->feed_number = number;
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&c->scopes, &cursor)) != NULL) {
        struct cache_scope *s = entry->value;
        (void)pthread_mutex_lock(&s->lock);
        invalidate(s, &all, 1);
        atomic_store_explicit(&s->number, number, memory_order_release);
        (void)pthread_mutex_unlock(&s->lock);
    }
    (void)pthread_mutex_unlock(&c->scopes_lock);
    count(&c->counts.invalidated);
}
