// SPDX-License-Identifier: Apache-2.0
// The byte budget of a cache, counted at the granularity of the allocator. Whoever allocates takes
// the cost first; where there is none, nothing is allocated. Any thread, no lock but for those who
// wait.
#ifndef CACHE_MEMORY_PRIV_H
#define CACHE_MEMORY_PRIV_H

#include "base/list.h"
#include "base/macros.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct cache_fill;
struct cache_reclaim;

struct cache_memory {
    struct cache_reclaim *reclaim; /* asked to evict when little is free */
    size_t limit_bytes;
    size_t reserve_bytes; /* the reclaimer keeps so much free */
    _Atomic size_t used_bytes;

    _Atomic bool is_exhausted; /* the reclaimer found nothing to evict, and little is free */

    _Atomic unsigned waiting_count; /* of `waiting` */
    pthread_mutex_t lock;           /* guards the list; taken before the lock of a thread's mail */
    struct list waiting;            /* struct cache_fill that wait for room */
};

void memory_init(struct cache_memory *m, size_t limit_bytes, struct cache_reclaim *reclaim);
void memory_fini(struct cache_memory *m);

/** What an allocation of `size` bytes costs. */
size_t memory_cost(size_t size);

/** Takes `cost` bytes of the budget; false where they are not there. Asks the reclaimer to evict
 *  when little is left. */
bool memory_take(struct cache_memory *m, size_t cost) MUST_USE;
/** Gives them back and wakes the fills that wait. */
void memory_give(struct cache_memory *m, size_t cost);

/** `size` zeroed bytes within the budget, or NULL. */
void *memory_new(struct cache_memory *m, size_t size) MUST_USE;
/** What memory_new gave. NULL is fine. */
void memory_free(struct cache_memory *m, void *p, size_t size);

/** Bytes for a slice, not cleared, whose cost the caller took. Large ones are mapped by themselves,
 * so that what is given back leaves the process. */
void *memory_slice_new(size_t size) MUST_USE;
void memory_slice_free(void *p, size_t size);

/** So little is free that the reclaimer should evict. */
bool memory_is_low(const struct cache_memory *m);

/** The fill hears (fill_look_again) of each give until it waits no longer. False: it waits
 *  already. */
bool memory_wait(struct cache_memory *m, struct cache_fill *f);
void memory_wait_end(struct cache_memory *m, struct cache_fill *f);
/** Tells all that wait to look again. */
void memory_wake(struct cache_memory *m);

#endif
