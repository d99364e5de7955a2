// SPDX-License-Identifier: Apache-2.0
// The builder thread of a role's process. The main loop puts the wanted root into one place, the
// builder takes it, loads it through a read connection of its own to node.db, swaps it in and
// posts the outcome back.
#include "node/builder_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "node/db.h"
#include "os/process.h"

#include <pthread.h>
#include <stdlib.h>

/** What the loop asked for last. */
struct builder_work {
    bool has_wanted;
    bool has_stable;
    struct chunk_hash wanted;
    struct chunk_hash stable;
};

struct builder {
    struct builder_options options; /* set before the thread starts */
    struct loop *loop;
    pthread_t thread;

    pthread_mutex_t lock; /* guards the members up to the next empty line */
    pthread_cond_t changed;
    struct builder_work next;
    bool is_ending;

    struct role_release *serving;   /* builder thread's: what was applied last, or NULL */
    struct chunk_hash serving_root; /* its root */
};

/** One outcome on its way to the loop. */
struct posted_result {
    struct builder *builder;
    struct builder_result result;
};

static void deliver(void *arg)
{
    struct posted_result *p = arg;
    struct builder *b = p->builder;
    b->options.on_result(b->options.user, &p->result);
    free(p);
}

/** Loads the root through a connection of its own: the file may have been made anew meanwhile. */
static enum err load(struct builder *b, const struct chunk_hash *hash, struct role_release **out,
                     struct errctx *ec)
{
    struct node_db *db = NULL;
    enum err e = node_db_open(b->options.data_dir, false, &db, ec);
    if (e != ERR_OK)
        return e;
    struct chunk_source source = node_db_source(db);
    struct role_root root = {.hash = hash, .source = &source};
    e = b->options.ops->load(b->options.role_state, &root, b->serving, out, ec);
    node_db_close(db);
    return e;
}

static enum err load_and_apply(struct builder *b, const struct chunk_hash *hash, struct errctx *ec)
{
    if (b->serving != NULL && chunk_hash_equal(hash, &b->serving_root))
        return ERR_OK; /* a repeated word of the agent */
    struct role_release *loaded = NULL;
    enum err e = load(b, hash, &loaded, ec);
    if (e != ERR_OK)
        return e;
    b->options.ops->apply(b->options.role_state, loaded);
    b->serving = loaded;
    b->serving_root = *hash;
    return ERR_OK;
}

/** Waits for something to do; false when the builder ends. */
static bool take_work(struct builder *b, struct builder_work *out)
{
    pthread_mutex_lock(&b->lock);
    while (!b->next.has_wanted && !b->next.has_stable && !b->is_ending)
        pthread_cond_wait(&b->changed, &b->lock);
    bool is_taken = !b->is_ending;
    *out = b->next;
    b->next = (struct builder_work){0};
    pthread_mutex_unlock(&b->lock);
    return is_taken;
}

static void build(struct builder *b, const struct chunk_hash *root)
{
    struct posted_result *p = NEW(struct posted_result);
    p->builder = b;
    p->result.root = *root;
    p->result.result = load_and_apply(b, root, &p->result.ec);
    loop_post(b->loop, deliver, p);
}

static void settle(struct builder *b, const struct chunk_hash *root)
{
    bool is_served = b->serving != NULL && chunk_hash_equal(root, &b->serving_root);
    if (is_served && b->options.ops->settle != NULL)
        b->options.ops->settle(b->options.role_state);
}

static void *builder_run(void *arg)
{
    struct builder *b = arg;
    crash_report_thread_start();
    struct builder_work work;
    while (take_work(b, &work)) {
        if (work.has_wanted)
            build(b, &work.wanted);
        if (work.has_stable)
            settle(b, &work.stable);
    }
    return NULL;
}

struct builder *builder_new(struct loop *loop, const struct builder_options *options)
{
    struct builder *b = NEW(struct builder);
    b->options = *options;
    b->loop = loop;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    int failed = pthread_create(&b->thread, NULL, builder_run, b);
    CHECK_MSG(failed == 0, "no builder thread");
    return b;
}

void builder_apply(struct builder *b, const struct chunk_hash *root)
{
    pthread_mutex_lock(&b->lock);
    b->next.wanted = *root;
    b->next.has_wanted = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void builder_settle(struct builder *b, const struct chunk_hash *root)
{
    pthread_mutex_lock(&b->lock);
    b->next.stable = *root;
    b->next.has_stable = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
}

void builder_free(struct builder *b)
{
    if (b == NULL)
        return;
    pthread_mutex_lock(&b->lock);
    b->is_ending = true;
    pthread_cond_signal(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->changed);
    free(b);
}
