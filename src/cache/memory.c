// SPDX-License-Identifier: Apache-2.0
// Taking and giving of the byte budget, and the fills that wait for room in it. Called on every
// thread.
//
// A fill that waits misses no give: it enters the list and then tries once more; a giver lowers
// used_bytes and then looks at waiting_count (both sequentially consistent).
#include "cache/memory_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "cache/fill_priv.h"
#include "cache/limits.h"
#include "cache/reclaim_priv.h"
#include "os/sanitizer.h"

#include <stdlib.h>
#include <sys/mman.h>

void memory_init(struct cache_memory *m, size_t limit_bytes, struct cache_reclaim *reclaim)
{
    m->reclaim = reclaim;
    m->limit_bytes = limit_bytes;
    m->reserve_bytes = min_size(limit_bytes / CACHE_RESERVE_SHARE, CACHE_RESERVE_MAX_BYTES) +
                       CACHE_RESERVE_MIN_BYTES;
    (void)pthread_mutex_init(&m->lock, NULL);
    list_init(&m->waiting);
}

void memory_fini(struct cache_memory *m)
{
    CHECK(list_is_empty(&m->waiting));
    (void)pthread_mutex_destroy(&m->lock);
}

size_t memory_cost(size_t size)
{
    /* As glibc's malloc: a header word, 16 bytes granularity, 32 at least; large ones in pages. */
    if (size >= CACHE_MAPPED_BYTES)
        return (size + 16 + CACHE_PAGE_BYTES - 1) / CACHE_PAGE_BYTES * CACHE_PAGE_BYTES;
    return max_size((size + 8 + 15) / 16 * 16, 32);
}

bool memory_take(struct cache_memory *m, size_t cost)
{
    size_t used = atomic_load(&m->used_bytes);
    bool is_taken = false;
    do
        is_taken = cost <= m->limit_bytes - used;
    while (is_taken && !atomic_compare_exchange_weak(&m->used_bytes, &used, used + cost));
    if (memory_is_low(m) || !is_taken)
        reclaim_evict(m->reclaim);
    return is_taken;
}

void memory_give(struct cache_memory *m, size_t cost)
{
    if (cost == 0)
        return;
    size_t before = atomic_fetch_sub(&m->used_bytes, cost);
    CHECK(before >= cost);
    if (atomic_load(&m->waiting_count) > 0)
        memory_wake(m);
}

void *memory_new(struct cache_memory *m, size_t size)
{
    return memory_take(m, memory_cost(size)) ? mem_new(1, size) : NULL;
}

void memory_free(struct cache_memory *m, void *p, size_t size)
{
    if (p == NULL)
        return;
    free(p);
    memory_give(m, memory_cost(size));
}

/* A sanitizer watches what malloc gave. */
static bool is_mapped(size_t size)
{
    return size >= CACHE_MAPPED_BYTES && !HAS_SANITIZER;
}

void *memory_slice_new(size_t size)
{
    if (!is_mapped(size))
        return mem_alloc(size);
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK_MSG(p != MAP_FAILED, "out of memory: %zu bytes", size);
    return p;
}

void memory_slice_free(void *p, size_t size)
{
    if (!is_mapped(size)) {
        free(p);
        return;
    }
    int failed = munmap(p, size);
    CHECK(failed == 0);
}

bool memory_is_low(const struct cache_memory *m)
{
    return m->limit_bytes - atomic_load(&m->used_bytes) < m->reserve_bytes;
}

bool memory_wait(struct cache_memory *m, struct cache_fill *f)
{
    (void)pthread_mutex_lock(&m->lock);
    bool is_new = !f->is_in_waiting;
    if (is_new) {
        f->is_in_waiting = true;
        list_push_back(&m->waiting, &f->in_waiting);
        atomic_fetch_add(&m->waiting_count, 1);
    }
    (void)pthread_mutex_unlock(&m->lock);
    return is_new;
}

void memory_wait_end(struct cache_memory *m, struct cache_fill *f)
{
    (void)pthread_mutex_lock(&m->lock);
    if (f->is_in_waiting) {
        f->is_in_waiting = false;
        list_remove(&f->in_waiting);
        atomic_fetch_sub(&m->waiting_count, 1);
    }
    (void)pthread_mutex_unlock(&m->lock);
}

void memory_wake(struct cache_memory *m)
{
    (void)pthread_mutex_lock(&m->lock);
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &m->waiting)
        fill_look_again(LIST_ENTRY(node, struct cache_fill, in_waiting));
    (void)pthread_mutex_unlock(&m->lock);
}
