// SPDX-License-Identifier: Apache-2.0
// The fetch of one root: a walk from its root chunk down, level by level, in batches. Called by
// the agent on its only thread; a few chunks a turn, so that the loop goes on.
//
//   IDLE --wanted--> WALKING --a batch is full, or nothing else to do--> ASKED --answered-->
//   WALKING
//                       |  ^                                               |
//                       |  +------------------- PAUSED <--refused, failed--+
//                       +--nothing left--> IDLE, on_whole
//
// Invariants:
// 1. A chunk that is put into node.db had the right hash.
// 2. A whole chunk is not entered: everything below it is there. A staged one is. So is a whole
//    root: it was brought for the roles of its time, and the tries of others may be missing.
// 3. Chunks are unstaged together, once the walk met no missing one.
// 4. At most one batch is under way. What comes of a batch for a root that is wanted no longer is
//    kept, staged: mostly the next root needs it, too.
#include "node/fetch.h"

#include "base/alloc.h"
#include "base/check.h"
#include "metrics/counters.h"
#include "node/limits.h"
#include "node/tree.h"
#include "release/root.h"

#include <stdlib.h>

enum fetch_state { FETCH_IDLE, FETCH_WALKING, FETCH_PAUSED };

struct fetch {
    struct fetch_options options;
    enum fetch_state state;
    struct chunk_hash root; /* while not idle */
    struct tree_queue queue;
    struct loop_timer timer; /* the next step of the walk, or the end of a pause */
    unsigned turn;
    int64_t backoff_ns; /* 0: the last batch was answered */

    bool is_asked;     /* a batch is under way */
    bool is_abandoned; /* ... for a root that is wanted no longer */
    struct tree_item batch[FEED_FETCH_MAX_CHUNKS];
    bool has_come[FEED_FETCH_MAX_CHUNKS];
    size_t batch_count;
    size_t next; /* where in the batch the next answer is looked for */
};

static void schedule(struct fetch *f, int64_t after_ns)
{
    loop_timer_set(f->options.loop, &f->timer, after_ns, 0);
}

static void go_idle(struct fetch *f)
{
    f->state = FETCH_IDLE;
    loop_timer_stop(&f->timer);
    tree_queue_fini(&f->queue);
    tree_queue_init(&f->queue, f->options.kinds);
    if (!f->is_asked)
        f->batch_count = 0;
}

static void disk_failed(struct fetch *f, const struct errctx *ec)
{
    node_db_rollback(f->options.db);
    go_idle(f);
    f->options.on_disk_error(f->options.user, ec);
}

static void begin_walk(struct fetch *f)
{
    go_idle(f);
    f->is_abandoned = f->is_asked;
    f->state = FETCH_WALKING;
    tree_queue_push(&f->queue, &f->root, TREE_ROOT);
    if (!f->is_asked)
        schedule(f, 0);
}

static void pause_fetch(struct fetch *f)
{
    f->state = FETCH_PAUSED;
    f->turn++;
    f->backoff_ns = f->backoff_ns == 0 ? NODE_FETCH_FIRST_NS : f->backoff_ns * 2;
    if (f->backoff_ns > NODE_FETCH_LAST_NS)
        f->backoff_ns = NODE_FETCH_LAST_NS;
    metrics_add(METRIC_FETCH_PAUSES, 1);
    schedule(f, f->backoff_ns);
}

/** Pushes the children; bytes of the right hash that are no chunk end the fetch for good. */
static bool enter(struct fetch *f, const struct tree_item *item, struct slice plain)
{
    struct errctx ec = {0};
    enum err e = tree_queue_push_children(&f->queue, item->kind, plain, &ec);
    if (e == ERR_OK && tree_queue_seen(&f->queue) > NODE_FETCH_CHUNKS_MAX)
        e = err_set(&ec, ERR_LIMIT, "more than %u chunks", NODE_FETCH_CHUNKS_MAX);
    if (e == ERR_OK)
        return true;
    struct chunk_hash root = f->root;
    go_idle(f);
    f->is_abandoned = f->is_asked;
    f->options.on_unusable(f->options.user, &root, ec.text);
    return false;
}

/** A chunk that an earlier fetch brought: its bytes are here, perhaps not all below it. */
static bool enter_held(struct fetch *f, const struct tree_item *item)
{
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    struct slice plain;
    struct chunk_source source = node_db_source(f->options.db);
    enum err e = source.get(source.user, &a, &item->hash, &plain, &ec);
    if (e != ERR_OK) {
        disk_failed(f, &ec);
        return false;
    }
    return enter(f, item, plain);
}

/** Everything is there: makes it whole. */
static void finish(struct fetch *f)
{
    struct errctx ec = {0};
    struct chunk_hash root = f->root;
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&f->queue.seen, &cursor)) != NULL) {
        struct chunk_hash hash;
        CHECK(chunk_hash_from(entry->key, &hash));
        if (node_db_unstage(f->options.db, &hash, &ec) != ERR_OK) {
            disk_failed(f, &ec);
            return;
        }
    }
    go_idle(f);
    metrics_add(METRIC_FETCH_ROOTS, 1);
    f->options.on_whole(f->options.user, &root);
}

/** Looks at one chunk of the walk; false where the walk does not go on. */
static bool visit(struct fetch *f, const struct tree_item *item)
{
    struct errctx ec = {0};
    enum node_chunk_state state = NODE_CHUNK_ABSENT;
    if (node_db_chunk_state(f->options.db, &item->hash, &state, &ec) != ERR_OK) {
        disk_failed(f, &ec);
        return false;
    }
    if (state == NODE_CHUNK_STAGED || (state == NODE_CHUNK_WHOLE && item->kind == TREE_ROOT))
        return enter_held(f, item);
    if (state == NODE_CHUNK_ABSENT)
        f->batch[f->batch_count++] = *item;
    return true;
}

static void chunk_arrived(void *user, const struct chunk_hash *hash, struct slice packed);
static void batch_done(void *user, enum err result, const struct errctx *ec);

static void ask(struct fetch *f)
{
    struct chunk_hash hashes[FEED_FETCH_MAX_CHUNKS];
    for (size_t i = 0; i < f->batch_count; i++)
        hashes[i] = f->batch[i].hash;
    memset(f->has_come, 0, sizeof(f->has_come));
    f->next = 0;
    struct feed_fetch_handler handler = {
        .on_chunk = chunk_arrived, .on_done = batch_done, .user = f};
    f->is_asked = f->options.ask(f->options.ask_user, f->turn, hashes, f->batch_count, &handler);
    f->is_abandoned = false;
    if (!f->is_asked)
        pause_fetch(f);
}

static void walk(struct loop_timer *timer)
{
    struct fetch *f = timer->user;
    CHECK(!f->is_asked && f->state != FETCH_IDLE);
    f->state = FETCH_WALKING;
    struct tree_item item;
    for (unsigned i = 0; i < NODE_WALK_PER_TURN && f->batch_count < FEED_FETCH_MAX_CHUNKS; i++) {
        if (!tree_queue_pop(&f->queue, &item)) {
            if (f->batch_count > 0)
                ask(f);
            else
                finish(f);
            return;
        }
        if (!visit(f, &item))
            return;
    }
    if (f->batch_count == FEED_FETCH_MAX_CHUNKS)
        ask(f);
    else
        schedule(f, 0);
}

/** The place of an answer in the batch; answers come in the order of the questions. */
static bool find_asked(struct fetch *f, const struct chunk_hash *hash, size_t *out_place)
{
    for (; f->next < f->batch_count; f->next++) {
        if (chunk_hash_equal(&f->batch[f->next].hash, hash)) {
            *out_place = f->next++;
            return true;
        }
    }
    return false;
}

static void chunk_arrived(void *user, const struct chunk_hash *hash, struct slice packed)
{
    struct fetch *f = user;
    AUTO_ARENA struct arena a = {0};
    struct errctx ec = {0};
    struct slice plain;
    size_t place;
    metrics_add(METRIC_FETCH_BYTES, packed.len);
    if (!find_asked(f, hash, &place))
        return;
    if (chunk_unpack(&a, packed, hash, &plain, &ec) != ERR_OK) {
        metrics_add(METRIC_FETCH_DAMAGED, 1);
        return;
    }
    metrics_add(METRIC_FETCH_CHUNKS, 1);
    if (node_db_put_chunk(f->options.db, hash, packed, &ec) != ERR_OK) {
        f->is_abandoned = true;
        disk_failed(f, &ec);
        return;
    }
    f->has_come[place] = true;
    if (!f->is_abandoned)
        (void)enter(f, &f->batch[place], plain);
}

/** Keeps of the batch what did not come; says how many came. */
static size_t drop_answered(struct fetch *f)
{
    size_t kept = 0;
    for (size_t i = 0; i < f->batch_count; i++) {
        if (!f->has_come[i])
            f->batch[kept++] = f->batch[i];
    }
    size_t come = f->batch_count - kept;
    f->batch_count = kept;
    return come;
}

static void batch_done(void *user, enum err result, const struct errctx *why)
{
    (void)why;
    struct fetch *f = user;
    struct errctx ec = {0};
    CHECK(f->is_asked);
    f->is_asked = false;
    size_t come = drop_answered(f);
    if (f->is_abandoned) {
        f->batch_count = 0;
        f->is_abandoned = false;
        if (f->state != FETCH_IDLE)
            schedule(f, 0);
        return;
    }
    if (come >= NODE_FETCH_COMMIT_CHUNKS && node_db_commit(f->options.db, &ec) != ERR_OK) {
        disk_failed(f, &ec);
        return;
    }
    if (f->batch_count > 0 || result != ERR_OK) {
        pause_fetch(f);
        return;
    }
    f->backoff_ns = 0;
    schedule(f, 0);
}

struct fetch *fetch_new(const struct fetch_options *options)
{
    struct fetch *f = NEW(struct fetch);
    f->options = *options;
    f->timer.on_time = walk;
    f->timer.user = f;
    tree_queue_init(&f->queue, options->kinds);
    return f;
}

void fetch_free(struct fetch *f)
{
    if (f == NULL)
        return;
    loop_timer_stop(&f->timer);
    tree_queue_fini(&f->queue);
    free(f);
}

void fetch_want(struct fetch *f, const struct chunk_hash *root)
{
    if (root == NULL) {
        if (f->state != FETCH_IDLE) {
            f->is_abandoned = f->is_asked;
            go_idle(f);
        }
        return;
    }
    if (f->state != FETCH_IDLE && chunk_hash_equal(&f->root, root))
        return;
    f->root = *root;
    f->backoff_ns = 0;
    begin_walk(f);
}

void fetch_restart(struct fetch *f)
{
    if (f->state != FETCH_IDLE)
        begin_walk(f);
}

bool fetch_is_whole(struct node_db *db, const struct chunk_hash *root, unsigned kinds)
{
    AUTO_ARENA struct arena a = {0};
    struct chunk_source source = node_db_source(db);
    struct slice bytes;
    struct release_root r;
    enum err e = source.get(source.user, &a, root, &bytes, NULL);
    if (e == ERR_NOT_FOUND)
        return false;
    if (e != ERR_OK || release_root_decode(&a, bytes, &r, NULL) != ERR_OK)
        return true;
    for (unsigned kind = 1; kind < RELEASE_KIND_COUNT; kind++) {
        enum node_chunk_state state = NODE_CHUNK_WHOLE;
        bool is_needed = (kinds & RELEASE_KIND_BIT(kind)) != 0 && r.tries[kind].entries > 0;
        if (is_needed && node_db_chunk_state(db, &r.tries[kind].chunk, &state, NULL) == ERR_OK &&
            state != NODE_CHUNK_WHOLE)
            return false;
    }
    return true;
}

bool fetch_is_active(const struct fetch *f)
{
    return f->state != FETCH_IDLE;
}
