// SPDX-License-Identifier: Apache-2.0
// Mark and sweep over the chunks in the store, in transactions of a few milliseconds each. Its own
// worker thread; start and end on the rollout's.
#include "control/rollout/collect.h"

#include "base/alloc.h"
#include "base/check.h"
#include "control/rollout/chunks.h"
#include "control/rollout/limits.h"
#include "control/store/limits.h"
#include "control/store/objects.h"
#include "metrics/counters.h"
#include "os/pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

struct chunk_collector {
    struct store *store;
    struct pool *pool;
    struct pool_job job;
    void (*on_done)(void *user, const struct collect_result *result);
    void *user;
    bool is_busy;
    _Atomic bool is_cancelled;

    /* The worker's while is_busy. */
    struct collect_plan plan;
    struct chunk_hash *roots;
    struct collect_result result;
};

/** Between transactions; false once it is cancelled. */
static bool pause_briefly(const struct chunk_collector *c)
{
    const struct timespec pause = {.tv_nsec = ROLLOUT_COLLECT_PAUSE_NS};
    (void)nanosleep(&pause, NULL);
    return !atomic_load(&c->is_cancelled);
}

static enum err mark(struct chunk_collector *c, struct store_conn *conn, struct chunk_marks *marks)
{
    for (size_t i = 0; i < c->plan.root_count; i++) {
        enum err err = chunk_marks_add(marks, conn, &c->roots[i], &c->result.ec);
        bool is_damaged = err == ERR_NOT_FOUND || err == ERR_CORRUPT;
        if (is_damaged && i >= c->plan.whole_count) {
            c->result.ec = (struct errctx){0};
            continue;
        }
        c->result.is_damaged = is_damaged;
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static bool is_marked(void *user, const uint8_t hash[32])
{
    return chunk_marks_has(user, hash);
}

static enum err sweep_some(struct store_conn *conn, struct store_chunk_sweep *sweep,
                           struct collect_result *result, bool *out_is_done)
{
    uint64_t removed = 0;
    enum err err = store_begin_write(conn, &result->ec);
    if (err != ERR_OK)
        return err;
    err = store_chunk_sweep(conn, sweep, &removed, out_is_done, &result->ec);
    if (err == ERR_OK)
        err = store_commit(conn, &result->ec);
    else
        store_rollback(conn);
    if (err == ERR_OK)
        result->chunks_removed += removed;
    return err;
}

static enum err sweep(struct chunk_collector *c, struct store_conn *conn, struct chunk_marks *marks)
{
    struct store_chunk_sweep sweep = {
        .is_marked = is_marked,
        .user = marks,
        .before_unix_ms = c->plan.before_unix_ms,
        .limit = ROLLOUT_SWEEP_ROWS,
    };
    bool is_done = false;
    enum err err = ERR_OK;
    while (err == ERR_OK && !is_done && pause_briefly(c))
        err = sweep_some(conn, &sweep, &c->result, &is_done);
    return err;
}

static enum err forget_some(struct chunk_collector *c, struct store_conn *conn,
                            uint64_t *out_dropped)
{
    struct errctx *ec = &c->result.ec;
    enum err err = store_begin_write(conn, ec);
    if (err != ERR_OK)
        return err;
    err = store_object_forget(conn, c->plan.forget_version, out_dropped, ec);
    if (err == ERR_OK)
        err = store_commit(conn, ec);
    else
        store_rollback(conn);
    return err;
}

static enum err forget(struct chunk_collector *c, struct store_conn *conn)
{
    uint64_t dropped = STORE_FORGET_ROWS_MAX;
    enum err err = ERR_OK;
    for (unsigned i = 0; i < ROLLOUT_FORGET_ROUNDS_MAX && err == ERR_OK; i++) {
        if (dropped < STORE_FORGET_ROWS_MAX || !pause_briefly(c))
            break;
        err = forget_some(c, conn, &dropped);
        c->result.rows_dropped += err == ERR_OK ? dropped : 0;
    }
    return err;
}

static void run(struct pool_job *job, void *worker_state)
{
    (void)worker_state;
    struct chunk_collector *c = CONTAINER_OF(job, struct chunk_collector, job);
    struct store_conn *conn = NULL;
    struct chunk_marks marks;
    metrics_bind_thread(METRICS_CONTROL, ROLLOUT_COLLECT_METRICS_SLOT);
    chunk_marks_init(&marks);
    marks.is_cancelled = &c->is_cancelled;
    enum err err = store_connect(c->store, &conn, &c->result.ec);
    if (err == ERR_OK)
        err = mark(c, conn, &marks);
    c->result.chunks_marked = marks.hashes.count;
    if (err == ERR_OK)
        err = sweep(c, conn, &marks);
    if (err == ERR_OK && c->plan.forget_version > 0)
        err = forget(c, conn);
    c->result.err = err;
    chunk_marks_fini(&marks);
    store_disconnect(conn);
}

static void done(struct pool_job *job)
{
    struct chunk_collector *c = CONTAINER_OF(job, struct chunk_collector, job);
    c->is_busy = false;
    mem_cleanup(&c->roots);
    c->roots = NULL;
    if (!atomic_load(&c->is_cancelled))
        c->on_done(c->user, &c->result);
}

struct chunk_collector *
chunk_collector_new(struct loop *loop, struct store *store,
                    void (*on_done)(void *user, const struct collect_result *result), void *user)
{
    struct chunk_collector *c = NEW(struct chunk_collector);
    c->store = store;
    c->on_done = on_done;
    c->user = user;
    c->job = (struct pool_job){.run = run, .on_done = done};
    const struct pool_options options = {.thread_count = 1, .queue_limit = 1};
    c->pool = pool_new(loop, &options);
    return c;
}

bool chunk_collector_start(struct chunk_collector *c, const struct collect_plan *plan)
{
    if (c->is_busy)
        return false;
    CHECK(plan->whole_count <= plan->root_count);
    c->plan = *plan;
    c->roots = mem_new(plan->root_count + 1, sizeof(*c->roots));
    if (plan->root_count > 0)
        memcpy(c->roots, plan->roots, plan->root_count * sizeof(*c->roots));
    c->result = (struct collect_result){0};
    c->is_busy = pool_submit(c->pool, &c->job);
    CHECK(c->is_busy); /* it is the only job */
    return true;
}

void chunk_collector_free(struct chunk_collector *c)
{
    if (c == NULL)
        return;
    atomic_store(&c->is_cancelled, true);
    pool_free(c->pool);
    mem_cleanup(&c);
}
