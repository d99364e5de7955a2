// SPDX-License-Identifier: Apache-2.0
// A bounded pool of worker threads: jobs run on a worker, their completion on the loop.
#ifndef OS_POOL_H
#define OS_POOL_H

#include "os/loop.h"

struct pool;

/** One job; embedded by the caller, who keeps it alive until on_done. */
struct pool_job {
    void (*run)(struct pool_job *job, void *worker_state); /* on a worker thread */
    void (*on_done)(struct pool_job *job);                 /* on the loop's thread */
    struct pool_job *next;                                 /* the pool's while queued */
};

struct pool_options {
    unsigned thread_count;
    unsigned queue_limit;                              /* jobs waiting, beyond those that run */
    void *(*worker_start)(void *user, unsigned index); /* on the worker; NULL for no state */
    void (*worker_stop)(void *worker_state);           /* on the worker; may be NULL */
    void *user;
};

/**
 * Threads start at once. `loop` receives the completions; it is kept until pool_free. Workers
 * leave every signal but those of a crash to the main thread.
 */
struct pool *pool_new(struct loop *loop, const struct pool_options *options) MUST_USE;

/** False when the queue is full; the caller then answers "overloaded". Loop thread. */
bool pool_submit(struct pool *p, struct pool_job *job);

/**
 * Lets queued jobs finish, joins the threads, runs the last completions; a submit from one of these
 * is refused. Loop thread, not from an on_done. NULL is fine.
 */
void pool_free(struct pool *p);

#endif
