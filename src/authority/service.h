// SPDX-License-Identifier: Apache-2.0
// What the threads of the DNS service share: the world that is served, whether to stop, and the
// counting of answers. Each thread reads it without a lock.
#ifndef AUTHORITY_SERVICE_H
#define AUTHORITY_SERVICE_H

#include "authority/answer.h"
#include "authority/dnstap.h"
#include "node/role.h"

#include <pthread.h>
#include <stdatomic.h>

/** Owner: role.c, which frees it after the last thread ended. */
struct dns_service {
    struct role_context *context;
    struct dnstap *dnstap;         /* NULL: off */
    struct scene *scene;           /* NULL before the first root; by RCU, os/rcu.h */
    pthread_mutex_t scene_lock;    /* held by whoever changes the scene */
    struct scene next;             /* the parts that are there already; under scene_lock */
    _Atomic bool is_draining;      /* take no more work, finish what is there */
    _Atomic unsigned busy_threads; /* that did not finish draining yet */
    void (*on_drained)(void *arg); /* posted to the main loop by the last of them */
    void *on_drained_arg;
};

/** Both on the main thread of the role; every field else is the caller's to set. */
void service_init(struct dns_service *s);
void service_fini(struct dns_service *s);

/** Sets one part of a scene to the value that it is given. */
typedef void scene_part_fn(struct scene *scene, const void *value);

/**
 * Replaces one part of the scene, and waits until no query holds the one before: after that the
 * caller frees what it replaced. Nothing is served before the first world. Any thread but those
 * that answer; takes a lock.
 */
void service_set_part(struct dns_service *s, scene_part_fn *set, const void *value);
void scene_set_world(struct scene *scene, const void *world);
void scene_set_settings(struct scene *scene, const void *settings);

/** Makes new secrets of cookies where a new day has come. Any thread but those that answer. */
void service_tick(struct dns_service *s, int64_t now_unix_s);

/** The IP address of a socket address. */
void view_address_of(const struct net_address *address, struct view_address *out);

/** Counts an answer, or that there was none (answer_bytes 0). Serving threads. */
void service_count(size_t answer_bytes, const struct answer_summary *summary);

/** The calling thread has nothing left to do; the last one says so to the main loop. */
void service_thread_done(struct dns_service *s);

/** Whether the service drains. Any thread. */
static inline bool service_is_draining(struct dns_service *s)
{
    return atomic_load_explicit(&s->is_draining, memory_order_acquire);
}

#endif
