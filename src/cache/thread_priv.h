// SPDX-License-Identifier: Apache-2.0
// A serving thread's part of the cache: mail from other threads, run on its loop. However much is
// in it, at most one post is on its way to the loop.
#ifndef CACHE_THREAD_PRIV_H
#define CACHE_THREAD_PRIV_H

#include "cache/cache.h"

#include <pthread.h>

struct cache_thread {
    struct cache *cache;
    struct loop *loop;
    struct list in_cache; /* of all threads, for cache_free; guarded by the cache's threads_lock */

    /* what it still has to end; its own */
    unsigned waiters;
    unsigned fetches;
    unsigned fills;
    unsigned readers;

    pthread_mutex_t lock; /* guards all below; the last one taken */
    struct list mail;     /* struct cache_mail, oldest first */
    unsigned mail_count;
    bool is_posted; /* a post is on its way */
    bool is_gone;   /* cache_thread_free: kept until cache_free for a post that is on its way */
};

/** Queues a message where it is not queued yet. Any thread that keeps the receiver from freeing
 *  it (by the lock under which it is registered). */
void thread_mail(struct cache_thread *t, struct cache_mail *m);
/** Takes it out again; its own thread. */
void thread_unmail(struct cache_thread *t, struct cache_mail *m);

#endif
