// SPDX-License-Identifier: Apache-2.0
// Buckets, entries and the eviction queues. Look-ups run on serving threads under RCU; changes
// under the lock of a shard, on any thread.
#include "cache/index_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "cache/cache_priv.h"
#include "cache/limits.h"
#include "cache/object_priv.h"
#include "os/rcu.h"

#include <stdlib.h>

/* The smallest power of two that is at least `n`, within limits that are powers of two. */
static size_t power_between(size_t n, size_t least, size_t most)
{
    size_t power = least;
    while (power < n && power < most)
        power *= 2;
    return power;
}

void index_init(struct cache *c)
{
    struct cache_index *x = &c->index;
    size_t limit = c->memory.limit_bytes;
    size_t buckets = power_between(limit / CACHE_BUCKET_BYTES, CACHE_BUCKETS_MIN, SIZE_MAX / 16);
    size_t shards = power_between(limit / CACHE_SHARD_BYTES, 1, CACHE_SHARDS_MAX);
    x->bucket_mask = buckets - 1;
    x->shard_mask = shards - 1;
    x->buckets = memory_new(&c->memory, buckets * sizeof(struct cache_entry *));
    CHECK(x->buckets != NULL); /* 8 bytes of each 2,048 */
    bool has_room = memory_take(&c->memory, memory_cost(shards * sizeof(struct cache_shard)));
    CHECK(has_room);
    x->shards = aligned_alloc(CACHE_LINE_BYTES, shards * sizeof(struct cache_shard));
    CHECK(x->shards != NULL);
    for (size_t i = 0; i < shards; i++) {
        struct cache_shard *s = &x->shards[i];
        *s = (struct cache_shard){0};
        (void)pthread_mutex_init(&s->lock, NULL);
        list_init(&s->queue);
        s->hand = &s->queue;
    }
}

static struct cache_shard *shard_of_bucket(struct cache *c, size_t bucket)
{
    return &c->index.shards[bucket & c->index.shard_mask];
}

struct cache_shard *index_shard(struct cache *c, const struct cache_key *key)
{
    return shard_of_bucket(c, key->hash[0] & c->index.bucket_mask);
}

static bool entry_is(const struct cache_entry *e, const struct cache_key *key)
{
    return e->hash[0] == key->hash[0] && e->hash[1] == key->hash[1] &&
           slice_equal(slice_of(e->key, e->key_bytes), key->bytes);
}

struct cache_entry *index_find(const struct cache *c, const struct cache_key *key)
{
    struct cache_entry *e = rcu_read_ptr(&c->index.buckets[key->hash[0] & c->index.bucket_mask]);
    while (e != NULL && !entry_is(e, key))
        e = rcu_read_ptr(&e->next);
    return e;
}

static void release_entry(struct cache_retired *retired)
{
    index_entry_free(CONTAINER_OF(retired, struct cache_entry, retired));
}

struct cache_entry *index_entry_new(struct cache *c, const struct cache_key *key,
                                    size_t presence_slot)
{
    struct cache_entry *e = memory_new(&c->memory, sizeof(*e) + key->bytes.len);
    if (e == NULL)
        return NULL;
    e->cache = c;
    e->retired.release = release_entry;
    list_init(&e->fetches);
    e->hash[0] = key->hash[0];
    e->hash[1] = key->hash[1];
    e->bucket = key->hash[0] & c->index.bucket_mask;
    e->presence_slot = presence_slot;
    e->key_bytes = key->bytes.len;
    memcpy(e->key, key->bytes.data, key->bytes.len);
    return e;
}

static size_t entry_cost(size_t key_bytes)
{
    return memory_cost(sizeof(struct cache_entry) + key_bytes);
}

void index_entry_free(struct cache_entry *e)
{
    if (e != NULL)
        memory_free(&e->cache->memory, e, sizeof(*e) + e->key_bytes);
}

void index_entry_link(struct cache *c, struct cache_entry *e)
{
    struct cache_entry **bucket = &c->index.buckets[e->bucket];
    presence_add(c, e->presence_slot);
    e->next = *bucket;
    (void)rcu_swap_ptr(bucket, e);
}

void index_entry_tidy(struct cache_shard *s, struct cache_entry *e)
{
    struct cache *c = e->cache;
    CHECK(shard_of_bucket(c, e->bucket) == s);
    if (e->objects != NULL || !list_is_empty(&e->fetches))
        return;
    struct cache_entry **at = &c->index.buckets[e->bucket];
    while (*at != e)
        at = &(*at)->next;
    (void)rcu_swap_ptr(at, e->next);
    presence_remove(c, e->presence_slot);
    reclaim_retire(&c->reclaim, &e->retired, entry_cost(e->key_bytes));
}

static _Atomic uint64_t *gauge_of(struct cache *c, const struct cache_object *o)
{
    return o->is_marker ? &c->index.marker_count : &c->index.object_count;
}

/* The oldest leave where there are too many. */
static void trim_variants(struct cache_shard *s, struct cache_entry *e)
{
    while (e->object_count > e->cache->variant_limit) {
        struct cache_object *last = e->objects;
        while (last->next != NULL)
            last = last->next;
        index_unlink(s, last);
    }
}

void index_link(struct cache_shard *s, struct cache_entry *e, struct cache_object *o)
{
    CHECK(!o->is_linked && o->entry == NULL);
    o->is_linked = true;
    o->shard = s;
    o->entry = e;
    o->next = e->objects;
    (void)rcu_swap_ptr(&e->objects, o);
    e->object_count++;
    list_push_back(&s->queue, &o->in_queue);
    s->object_count++;
    atomic_fetch_add_explicit(gauge_of(e->cache, o), 1, memory_order_relaxed);
    trim_variants(s, e);
}

void index_unlink(struct cache_shard *s, struct cache_object *o)
{
    struct cache_entry *e = o->entry;
    CHECK(o->is_linked);
    struct cache_object **at = &e->objects;
    while (*at != o)
        at = &(*at)->next;
    (void)rcu_swap_ptr(at, o->next);
    o->is_linked = false;
    o->entry = NULL;
    e->object_count--;
    if (s->hand == &o->in_queue)
        s->hand = o->in_queue.next;
    list_remove(&o->in_queue);
    s->object_count--;
    atomic_fetch_sub_explicit(gauge_of(e->cache, o), 1, memory_order_relaxed);
    reclaim_retire(&e->cache->reclaim, &o->retired, object_cost(o));
}

void index_remove(struct cache_object *o)
{
    if (o->shard == NULL)
        return;
    (void)pthread_mutex_lock(&o->shard->lock);
    struct cache_entry *e = o->entry;
    if (o->is_linked) {
        index_unlink(o->shard, o);
        index_entry_tidy(o->shard, e);
    }
    (void)pthread_mutex_unlock(&o->shard->lock);
}

/*
 * One object of the shard, as SIEVE chooses it: from the oldest to the newest, one that was not
 * visited since the hand passed it last. What somebody else holds would free nothing, and is passed
 * over. The lock is held. Source: Zhang et al., SIEVE is Simpler than LRU, NSDI 2024.
 */
static bool evict_from(struct cache_shard *s, size_t steps)
{
    for (; steps > 0 && !list_is_empty(&s->queue); steps--) {
        if (s->hand == &s->queue)
            s->hand = s->queue.next;
        struct cache_object *o = LIST_ENTRY(s->hand, struct cache_object, in_queue);
        s->hand = s->hand->next;
        bool was_visited = atomic_exchange_explicit(&o->is_visited, false, memory_order_relaxed);
        if (was_visited || atomic_load(&o->refs) > 1)
            continue;
        struct cache_entry *e = o->entry;
        index_unlink(s, o);
        index_entry_tidy(s, e);
        count(&e->cache->counts.evictions);
        return true;
    }
    return false;
}

/* The shard's turn: looked through twice at most (visited bits first), the lock given back now and
 * then. */
static bool evict_from_shard(struct cache_shard *s)
{
    size_t looked = 0;
    size_t objects = 1;
    bool is_evicted = false;
    while (!is_evicted && looked < 2 * objects) {
        (void)pthread_mutex_lock(&s->lock);
        objects = s->object_count;
        is_evicted = evict_from(s, CACHE_EVICT_STEPS);
        (void)pthread_mutex_unlock(&s->lock);
        looked += CACHE_EVICT_STEPS;
    }
    return is_evicted;
}

bool index_evict(struct cache *c)
{
    struct cache_index *x = &c->index;
    bool is_evicted = false;
    for (size_t i = 0; i <= x->shard_mask && !is_evicted; i++)
        is_evicted = evict_from_shard(&x->shards[x->evict_next++ & x->shard_mask]);
    return is_evicted;
}

void index_clear(struct cache *c)
{
    for (size_t i = 0; i <= c->index.shard_mask; i++) {
        struct cache_shard *s = &c->index.shards[i];
        (void)pthread_mutex_lock(&s->lock);
        while (!list_is_empty(&s->queue)) {
            struct cache_object *o = LIST_FIRST(&s->queue, struct cache_object, in_queue);
            struct cache_entry *e = o->entry;
            index_unlink(s, o);
            index_entry_tidy(s, e);
        }
        (void)pthread_mutex_unlock(&s->lock);
    }
}

void index_fini(struct cache *c)
{
    struct cache_index *x = &c->index;
    for (size_t i = 0; i <= x->bucket_mask; i++)
        CHECK(x->buckets[i] == NULL);
    for (size_t i = 0; i <= x->shard_mask; i++)
        (void)pthread_mutex_destroy(&x->shards[i].lock);
    free(x->shards);
    memory_give(&c->memory, memory_cost((x->shard_mask + 1) * sizeof(struct cache_shard)));
    memory_free(&c->memory, x->buckets, (x->bucket_mask + 1) * sizeof(struct cache_entry *));
}
