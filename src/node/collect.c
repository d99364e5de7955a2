// SPDX-License-Identifier: Apache-2.0
// The collector of unused chunks. Called by the agent on its only thread.
//
//   IDLE --start--> MARKING --all reached, no fetch under way--> SWEEPING --nothing staged--> IDLE
//
// Invariants:
// 1. Everything that a kept root reaches is marked before anything is swept; a root that becomes
//    whole meanwhile is marked as well.
// 2. What is to go is staged at once, in one transaction: from then on no fetch takes it for whole.
// 3. Nothing is swept while a fetch is under way, because that may have seen staged chunks and
//    counts on them; what it needed is unstaged when it ends.
#include "node/collect.h"

#include "base/alloc.h"
#include "base/check.h"
#include "metrics/counters.h"
#include "node/limits.h"
#include "node/tree.h"

#include <stdlib.h>

enum collector_state { COLLECTOR_IDLE, COLLECTOR_MARKING, COLLECTOR_SWEEPING };

struct node_collector {
    struct node_collector_options options;
    enum collector_state state;
    struct tree_queue marked;
    struct loop_timer timer;
};

static void schedule(struct node_collector *c, int64_t after_ns)
{
    loop_timer_set(c->options.loop, &c->timer, after_ns, 0);
}

static void end(struct node_collector *c, enum err result, const struct errctx *ec)
{
    c->state = COLLECTOR_IDLE;
    tree_queue_fini(&c->marked);
    tree_queue_init(&c->marked, c->options.kinds);
    c->options.on_end(c->options.user, result, ec);
}

static enum err mark_one(struct node_collector *c, const struct tree_item *item, struct errctx *ec)
{
    if (item->kind == TREE_PIECE)
        return ERR_OK; /* names nothing: not worth reading */
    AUTO_ARENA struct arena a = {0};
    struct slice plain;
    struct chunk_source source = node_db_source(c->options.db);
    enum err e = source.get(source.user, &a, &item->hash, &plain, ec);
    if (e != ERR_OK)
        return e;
    return tree_queue_push_children(&c->marked, item->kind, plain, ec);
}

/** Marks a few chunks; true when all are. */
static enum err mark_some(struct node_collector *c, bool *out_is_done, struct errctx *ec)
{
    struct tree_item item;
    enum err e = ERR_OK;
    *out_is_done = false;
    for (unsigned i = 0; i < NODE_WALK_PER_TURN && e == ERR_OK; i++) {
        if (!tree_queue_pop(&c->marked, &item)) {
            *out_is_done = true;
            return ERR_OK;
        }
        e = mark_one(c, &item, ec);
    }
    return e;
}

static enum err mark(struct node_collector *c, struct errctx *ec)
{
    bool is_done = false;
    enum err e = mark_some(c, &is_done, ec);
    if (e != ERR_OK)
        return e;
    bool must_wait = is_done && c->options.is_fetching(c->options.user);
    if (is_done && !must_wait) {
        e = node_db_stage_others(c->options.db, &c->marked.seen, ec);
        c->state = COLLECTOR_SWEEPING;
    }
    schedule(c, must_wait ? NODE_COLLECT_WAIT_NS : 0);
    return e;
}

static enum err sweep(struct node_collector *c, struct errctx *ec)
{
    if (c->options.is_fetching(c->options.user)) {
        schedule(c, NODE_COLLECT_WAIT_NS);
        return ERR_OK;
    }
    unsigned removed = 0;
    enum err e = node_db_sweep(c->options.db, NODE_SWEEP_PER_TURN, &removed, ec);
    metrics_add(METRIC_CHUNKS_COLLECTED, removed);
    if (e != ERR_OK)
        return e;
    if (removed == 0)
        end(c, ERR_OK, NULL);
    else
        schedule(c, 0);
    return ERR_OK;
}

static void step(struct loop_timer *timer)
{
    struct node_collector *c = timer->user;
    struct errctx ec = {0};
    enum err e = c->state == COLLECTOR_MARKING ? mark(c, &ec) : sweep(c, &ec);
    if (e == ERR_OK)
        return;
    node_db_rollback(c->options.db);
    loop_timer_stop(&c->timer);
    end(c, e, &ec);
}

struct node_collector *node_collector_new(const struct node_collector_options *options)
{
    struct node_collector *c = NEW(struct node_collector);
    c->options = *options;
    c->timer.on_time = step;
    c->timer.user = c;
    tree_queue_init(&c->marked, options->kinds);
    return c;
}

void node_collector_free(struct node_collector *c)
{
    if (c == NULL)
        return;
    loop_timer_stop(&c->timer);
    tree_queue_fini(&c->marked);
    free(c);
}

void node_collector_start(struct node_collector *c, const struct chunk_hash *roots, size_t count)
{
    CHECK(c->state == COLLECTOR_IDLE);
    c->state = COLLECTOR_MARKING;
    for (size_t i = 0; i < count; i++)
        tree_queue_push(&c->marked, &roots[i], TREE_ROOT);
    schedule(c, 0);
}

void node_collector_keep(struct node_collector *c, const struct chunk_hash *root)
{
    if (c->state == COLLECTOR_MARKING)
        tree_queue_push(&c->marked, root, TREE_ROOT);
}

bool node_collector_is_active(const struct node_collector *c)
{
    return c->state != COLLECTOR_IDLE;
}
