// SPDX-License-Identifier: Apache-2.0
// The reclaimer's thread:
//
//     wait for retired things or a request to evict
//     evict from the index until enough is free (or nothing can be evicted)
//     wait until each reader was offline or quiescent once
//     release what was retired before that wait
//
// 1. What is retired counts in the memory until it is released.
// 2. The thread is no RCU reader and holds no lock while it waits for readers.
#include "cache/reclaim_priv.h"

#include "base/check.h"
#include "base/time.h"
#include "cache/cache_priv.h"
#include "cache/limits.h"
#include "os/process.h"
#include "os/rcu.h"

#include <time.h>

void reclaim_retire(struct cache_reclaim *r, struct cache_retired *retired, size_t bytes)
{
    retired->bytes = bytes;
    atomic_fetch_add(&r->retired_bytes, bytes);
    (void)pthread_mutex_lock(&r->lock);
    list_push_back(&r->retired, &retired->node);
    (void)pthread_cond_signal(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
}

void reclaim_evict(struct cache_reclaim *r)
{
    if (atomic_load_explicit(&r->is_asked, memory_order_relaxed))
        return;
    (void)pthread_mutex_lock(&r->lock);
    atomic_store(&r->is_asked, true);
    (void)pthread_cond_signal(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
}

static void release_batch(struct cache_reclaim *r, struct list *batch)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, batch) {
        struct cache_retired *retired = LIST_ENTRY(node, struct cache_retired, node);
        list_remove(node);
        size_t bytes = retired->bytes;
        retired->release(retired); /* counted twice for a moment, rather than not at all */
        atomic_fetch_sub(&r->retired_bytes, bytes);
    }
}

/* Moves what is retired to `batch`; true where there was something. The lock is held. */
static bool take_retired(struct cache_reclaim *r, struct list *batch)
{
    list_init(batch);
    if (list_is_empty(&r->retired))
        return false;
    list_push_back(&r->retired, batch); /* takes the place of the list's head */
    list_remove(&r->retired);
    return true;
}

/* What is free, and what will be once readers are done. */
static size_t free_soon(struct cache *c)
{
    const struct cache_memory *m = &c->memory;
    return m->limit_bytes - atomic_load(&m->used_bytes) + atomic_load(&c->reclaim.retired_bytes);
}

/* Evicts down to the reserve. Says so where that cannot be done, since then fills must live on
 * what they have. */
static void evict(struct cache *c)
{
    struct cache_memory *m = &c->memory;
    while (free_soon(c) < 2 * m->reserve_bytes && index_evict(c))
        continue;
    atomic_store(&m->is_exhausted, free_soon(c) < m->reserve_bytes);
}

/* Waits for work; false when the thread ends. While nothing could be evicted, it looks again at
 * times, and requests wait for that. */
static bool wait_for_work(struct cache_reclaim *r, struct list *batch)
{
    (void)pthread_mutex_lock(&r->lock);
    int64_t now_ns = time_monotonic_ns();
    int64_t until_ns = now_ns + CACHE_EXHAUSTED_PAUSE_NS;
    while (!r->is_ending && list_is_empty(&r->retired)) {
        bool is_exhausted = atomic_load(&r->cache->memory.is_exhausted);
        if (!is_exhausted && !atomic_load(&r->is_asked)) {
            (void)pthread_cond_wait(&r->changed, &r->lock);
            continue;
        }
        if (!is_exhausted || now_ns >= until_ns)
            break;
        struct timespec until = {.tv_sec = until_ns / NS_PER_S, .tv_nsec = until_ns % NS_PER_S};
        (void)pthread_cond_clockwait(&r->changed, &r->lock, CLOCK_MONOTONIC, &until);
        now_ns = time_monotonic_ns();
    }
    (void)take_retired(r, batch);
    bool goes_on = !r->is_ending;
    (void)pthread_mutex_unlock(&r->lock);
    return goes_on;
}

/* One round: what `batch` holds was retired before. */
static void run_round(struct cache_reclaim *r, struct list *batch)
{
    struct cache *c = r->cache;
    bool is_asked = atomic_exchange(&r->is_asked, false) || atomic_load(&c->memory.is_exhausted);
    if (is_asked)
        evict(c);

    struct list evicted;
    (void)pthread_mutex_lock(&r->lock);
    bool has_evicted = take_retired(r, &evicted);
    (void)pthread_mutex_unlock(&r->lock);
    if (has_evicted || !list_is_empty(batch))
        rcu_wait_readers();
    release_batch(r, batch);
    release_batch(r, &evicted);
    if (is_asked && atomic_load(&c->memory.waiting_count) > 0)
        memory_wake(&c->memory); /* also where nothing was freed: then they give up what they can */
}

static void *reclaim_run(void *arg)
{
    struct cache_reclaim *r = arg;
    crash_report_thread_start();
    struct list batch;
    while (wait_for_work(r, &batch))
        run_round(r, &batch);
    release_batch(r, &batch); /* it ends only when nobody reads any more */
    return NULL;
}

void reclaim_start(struct cache_reclaim *r, struct cache *c)
{
    r->cache = c;
    list_init(&r->retired);
    (void)pthread_mutex_init(&r->lock, NULL);
    (void)pthread_cond_init(&r->changed, NULL);
    int failed = pthread_create(&r->thread, NULL, reclaim_run, r);
    CHECK_MSG(failed == 0, "no thread for the reclaimer of the cache");
}

void reclaim_stop(struct cache_reclaim *r)
{
    (void)pthread_mutex_lock(&r->lock);
    r->is_ending = true;
    (void)pthread_cond_signal(&r->changed);
    (void)pthread_mutex_unlock(&r->lock);
    (void)pthread_join(r->thread, NULL);
}

void reclaim_all(struct cache_reclaim *r)
{
    struct list batch;
    while (take_retired(r, &batch))
        release_batch(r, &batch);
    (void)pthread_cond_destroy(&r->changed);
    (void)pthread_mutex_destroy(&r->lock);
}
