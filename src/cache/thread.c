// SPDX-License-Identifier: Apache-2.0
// Mail between serving threads. A sender holds the lock under which the receiver is registered (of
// a shard, a body or the memory), so the receiver cannot be freed before the post is made.
#include "cache/thread_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "cache/cache_priv.h"

#include <stdlib.h>

struct cache_thread *cache_thread_new(struct cache *c, struct loop *loop)
{
    struct cache_thread *t = NEW(struct cache_thread);
    t->cache = c;
    t->loop = loop;
    list_init(&t->mail);
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_mutex_lock(&c->threads_lock);
    list_push_back(&c->threads, &t->in_cache);
    (void)pthread_mutex_unlock(&c->threads_lock);
    return t;
}

void cache_thread_free(struct cache_thread *t)
{
    if (t == NULL)
        return;
    CHECK_MSG(t->waiters + t->fetches + t->fills + t->readers == 0,
              "%u waiters, %u fetches, %u fills, %u readers are left", t->waiters, t->fetches,
              t->fills, t->readers);
    (void)pthread_mutex_lock(&t->lock);
    CHECK(list_is_empty(&t->mail));
    t->is_gone = true;
    (void)pthread_mutex_unlock(&t->lock);
}

/* On the loop. What is mailed meanwhile comes with a post of its own. */
static void run_mail(void *arg)
{
    struct cache_thread *t = arg;
    (void)pthread_mutex_lock(&t->lock);
    t->is_posted = false;
    for (unsigned left = t->mail_count; left > 0 && !list_is_empty(&t->mail); left--) {
        struct cache_mail *m = LIST_FIRST(&t->mail, struct cache_mail, node);
        list_remove(&m->node);
        m->is_queued = false;
        t->mail_count--;
        (void)pthread_mutex_unlock(&t->lock);
        m->run(m);
        (void)pthread_mutex_lock(&t->lock);
    }
    (void)pthread_mutex_unlock(&t->lock);
}

void thread_mail(struct cache_thread *t, struct cache_mail *m)
{
    (void)pthread_mutex_lock(&t->lock);
    CHECK(!t->is_gone);
    if (!m->is_queued) {
        m->is_queued = true;
        list_push_back(&t->mail, &m->node);
        t->mail_count++;
        if (!t->is_posted)
            loop_post(t->loop, run_mail, t);
        t->is_posted = true;
    }
    (void)pthread_mutex_unlock(&t->lock);
}

void thread_unmail(struct cache_thread *t, struct cache_mail *m)
{
    (void)pthread_mutex_lock(&t->lock);
    if (m->is_queued) {
        m->is_queued = false;
        list_remove(&m->node);
        t->mail_count--;
    }
    (void)pthread_mutex_unlock(&t->lock);
}
