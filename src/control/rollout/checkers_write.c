// SPDX-License-Identifier: Apache-2.0
// Checkers into the store: when what admitted nodes report differs from it. The rollout's thread.
#include "base/time.h"
#include "control/rollout/checkers.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/log.h"

/** What there is to be written; everything in the arena. */
struct changes {
    struct store_object *objects;
    size_t count;
};

static bool is_same(struct arena *a, const struct store_checker *before,
                    const struct store_checker *after)
{
    return before != NULL &&
           slice_equal(store_checker_encode(a, before), store_checker_encode(a, after));
}

/** The objects that differ from what the nodes say. */
static enum err find_changes(struct rollout *r, struct arena *a, struct changes *out,
                             struct errctx *ec)
{
    struct checkers stored = {0};
    struct checkers wanted;
    enum err err =
        store_checker_list(r->writer, a, RELEASE_CHECKERS_MAX, &stored.items, &stored.count, ec);
    if (err != ERR_OK)
        return err;
    checkers_wanted(a, &r->core->roster, &stored, &wanted);
    out->objects = arena_array(a, stored.count + wanted.count, sizeof(*out->objects));
    out->count = 0;
    for (size_t i = 0; i < wanted.count; i++) {
        const struct store_checker *c = &wanted.items[i];
        if (!is_same(a, checkers_find(&stored, c->node_id), c))
            out->objects[out->count++] = (struct store_object){
                .kind = STORE_CHECKER, .group = c->node_id, .body = store_checker_encode(a, c)};
    }
    for (size_t i = 0; i < stored.count; i++) {
        const char *id = stored.items[i].node_id;
        if (checkers_find(&wanted, id) == NULL)
            out->objects[out->count++] =
                (struct store_object){.kind = STORE_CHECKER, .group = id, .is_deleted = true};
    }
    return ERR_OK;
}

/** Inside a transaction, so that what an operator says meanwhile is not undone. */
static enum err put_changes(struct rollout *r, struct arena *a, struct changes *out,
                            struct errctx *ec)
{
    enum err err = store_lease_check(r->writer, r->core->epoch, ec);
    if (err == ERR_OK)
        err = find_changes(r, a, out, ec);
    for (size_t i = 0; i < out->count && err == ERR_OK; i++)
        err = store_object_put(r->writer, &out->objects[i], ec);
    return err;
}

static enum err write(struct rollout *r, struct arena *a, struct changes *out, struct errctx *ec)
{
    enum err err = store_begin_write(r->writer, ec);
    if (err != ERR_OK)
        return err;
    err = put_changes(r, a, out, ec);
    if (err == ERR_OK)
        return store_commit(r->writer, ec);
    store_rollback(r->writer);
    return err;
}

/** Logs once that a node of an older version keeps checkers out of releases. */
static bool is_lacking(struct rollout *r)
{
    const struct roster_node *lacking = checkers_lacking(&r->core->roster);
    if (lacking != NULL && !r->are_checks_lacking_told)
        LOG(LOG_WARNING, "checkers are not published: a node's version lacks health checks",
            LOG_STR("node", lacking->id), LOG_STR("version", lacking->version));
    r->are_checks_lacking_told = lacking != NULL;
    return lacking != NULL;
}

void rollout_write_checkers(struct rollout *r, int64_t now_ns)
{
    AUTO_ARENA struct arena arena = {0};
    struct errctx ec = {0};
    struct changes changes = {0};
    bool is_early =
        r->checkers_written_ns != 0 && now_ns - r->checkers_written_ns < r->limits.pops_gap_ns;
    if (!r->core->is_leader || core_is_behind(r->core) || is_early || is_lacking(r))
        return;
    enum err err = find_changes(r, &arena, &changes, &ec);
    if (err == ERR_OK && changes.count == 0)
        return;
    if (err == ERR_OK) {
        r->checkers_written_ns = now_ns;
        err = write(r, &arena, &changes, &ec);
    }
    if (err != ERR_OK) {
        LOG(LOG_WARNING, "checkers cannot be written", LOG_ERR(&ec));
        return;
    }
    for (size_t i = 0; i < changes.count; i++)
        LOG(LOG_INFO, changes.objects[i].is_deleted ? "checker gone" : "checker changed",
            LOG_STR("node", changes.objects[i].group));
}
