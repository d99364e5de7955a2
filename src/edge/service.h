// SPDX-License-Identifier: Apache-2.0
// What the serving threads of the edge share: the world that is served, the cache, who this edge
// is. Each thread reads it without a lock.
#ifndef EDGE_SERVICE_H
#define EDGE_SERVICE_H

#include "cache/judge.h"
#include "edge/decide.h"
#include "edge/origin_call.h"
#include "node/role.h"

#include <stdatomic.h>

/**
 * Owner: role.c, which fills it before the first thread starts, and frees it after the last one
 * ended. Everything but the atomics and `world` is fixed then.
 */
struct edge_service {
    struct role_context *context;
    struct cache *cache;
    const struct cache_rules *rules;
    struct edge_identity identity;
    struct origin_client_options origins; /* of each thread's client */

    struct edge_world *world; /* NULL before the first root; by RCU, os/rcu.h. A thread that reads
                                 it takes a counted reference (edge_world_ref) while it is online */
    _Atomic unsigned busy_threads; /* that did not finish draining yet; set to their number */
    void (*on_drained)(void *arg); /* posted to the main loop by the last of them */
    void *on_drained_arg;
};

/** The calling thread has nothing left to do; the last one says so to the main loop. */
void edge_service_thread_done(struct edge_service *s);

#endif
