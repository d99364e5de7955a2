// SPDX-License-Identifier: Apache-2.0
// What the collector may remove: which releases stay listed, which roots any node may need, and
// how far back rows of objects are needed for a rollback. The rollout's thread.
#include "base/alloc.h"
#include "base/buf.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdlib.h>

/** Roots that nodes have, or that are offered. */
struct needed {
    struct map hashes;
    struct buf roots; /* struct chunk_hash, each once */
};

static void need(struct needed *n, const struct chunk_hash *root)
{
    struct slice key = slice_of(root->bytes, sizeof(root->bytes));
    if (chunk_hash_is_zero(root) || map_put(&n->hashes, key, n) != NULL)
        return;
    buf_append(&n->roots, key);
}

/** Stable and candidate first: those must be whole. */
static size_t need_offered(struct needed *n, const struct core *c)
{
    need(n, &c->stable.root);
    if (c->phase == CORE_TRY || c->phase == CORE_WAVE)
        need(n, &c->candidate.root);
    return n->hashes.count;
}

static void need_reported(struct needed *n, const struct roster *roster)
{
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_node *node = roster->nodes[i];
        need(n, &node->applied);
        need(n, &node->proven);
        for (size_t k = 0; k < node->held_count; k++)
            need(n, &node->held[k]);
    }
}

/** Lowers *version to what a rollback to the release reads. Crashed ones are none. */
static enum err keep_rows_of(const struct store_release *release, uint64_t *version,
                             bool *out_has_crashed, struct errctx *ec)
{
    struct release_note note;
    enum err err = release_note_decode(release->note, &note, ec);
    if (err != ERR_OK)
        return err;
    *out_has_crashed = note.crash_reason != NULL;
    if (!*out_has_crashed) {
        uint64_t oldest = held_set_oldest(&note.held);
        *version = release->version < *version ? release->version : *version;
        *version = oldest < *version ? oldest : *version;
    }
    release_note_fini(&note);
    return ERR_OK;
}

/** Takes releases off the list that nobody needs; the rest is needed. Inside a transaction. */
static enum err sort_releases(struct rollout *r, struct needed *n, uint64_t *version,
                              struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_release *releases = NULL;
    size_t count = 0;
    enum err err = store_release_list(r->writer, &arena, &releases, &count, ec);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct slice key = slice_of(releases[i].root, sizeof(releases[i].root));
        if (i >= r->limits.releases_kept && map_get(&n->hashes, key) == NULL) {
            err = store_release_remove(r->writer, releases[i].root, ec);
            continue;
        }
        bool has_crashed = false;
        err = keep_rows_of(&releases[i], version, &has_crashed, ec);
        struct chunk_hash root;
        memcpy(root.bytes, releases[i].root, sizeof(root.bytes));
        if (err == ERR_OK && !has_crashed)
            need(n, &root);
    }
    return err;
}

static enum err plan(struct rollout *r, struct needed *n, uint64_t *version, struct errctx *ec)
{
    enum err err = store_begin_write(r->writer, ec);
    if (err != ERR_OK)
        return err;
    err = sort_releases(r, n, version, ec);
    if (err == ERR_OK)
        return store_commit(r->writer, ec);
    store_rollback(r->writer);
    return err;
}

static void start(struct rollout *r, struct needed *n, size_t whole_count, uint64_t version)
{
    struct slice all = buf_slice(&n->roots);
    struct chunk_hash *roots = mem_new(n->hashes.count + 1, sizeof(*roots));
    if (all.data != NULL)
        memcpy(roots, all.data, all.len);
    const struct collect_plan collect = {
        .roots = roots,
        .root_count = n->hashes.count,
        .whole_count = whole_count,
        .before_unix_ms = time_unix_ms() - r->limits.chunk_grace_ms,
        .forget_version = version,
    };
    (void)chunk_collector_start(r->collector, &collect); /* one under way: the next time */
    free(roots);
}

void rollout_collect_if_due(struct rollout *r, int64_t now_ns)
{
    bool is_due = now_ns - r->collected_ns >= r->limits.collect_ns ||
                  r->releases_since_collect >= r->limits.collect_releases;
    if (!is_due || !r->core->is_leader)
        return;
    r->collected_ns = now_ns;
    r->releases_since_collect = 0;
    struct needed n = {0};
    struct errctx ec = {0};
    uint64_t version = r->core->stable.version;
    map_init(&n.hashes);
    size_t whole_count = need_offered(&n, r->core);
    need_reported(&n, &r->core->roster);
    if (plan(r, &n, &version, &ec) == ERR_OK)
        start(r, &n, whole_count, version);
    else
        LOG(LOG_WARNING, "nothing is collected", LOG_ERR(&ec));
    map_fini(&n.hashes);
    buf_fini(&n.roots);
}

void rollout_collected(void *user, const struct collect_result *result)
{
    struct rollout *r = user;
    struct errctx ec = {0};
    metrics_add(METRIC_ROLLOUT_CHUNKS_REMOVED, result->chunks_removed);
    metrics_set(METRIC_ROLLOUT_CHUNKS, result->chunks_marked);
    if (result->err == ERR_OK)
        return;
    LOG(LOG_WARNING, "collection of chunks failed", LOG_ERR(&result->ec));
    if (result->is_damaged && r->core->is_leader && r->core->phase == CORE_IDLE &&
        rollout_rebuild_stable(r, &ec) != ERR_OK)
        LOG(LOG_ERROR, "the stable release cannot be compiled again", LOG_ERR(&ec));
}
