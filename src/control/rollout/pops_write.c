// SPDX-License-Identifier: Apache-2.0
// Points of presence into the store: when what admitted nodes report differs from it, in one
// transaction with the name in DNS that leads to all of them. The rollout's thread.
#include "base/time.h"
#include "control/rollout/pops.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/log.h"

/** One point of presence of the store, as bytes. */
struct stored {
    struct store_object *objects;
    struct pops pops; /* of these, in the same order */
};

static enum err read_stored(struct rollout *r, struct arena *a, struct stored *out,
                            struct errctx *ec)
{
    const struct store_object_groups_query query = {.kind = STORE_POP, .limit = ROLLOUT_POPS_MAX};
    size_t count = 0;
    enum err err = store_object_list_groups(r->writer, a, &query, &out->objects, &count, ec);
    out->pops.items = arena_array(a, count, sizeof(*out->pops.items));
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = release_pop_decode(a, out->objects[i].body, &out->pops.items[out->pops.count++], ec);
    return err;
}

static const struct store_object *find_object(const struct stored *stored, const char *name)
{
    for (size_t i = 0; i < stored->pops.count; i++) {
        if (strcmp(stored->objects[i].group, name) == 0)
            return &stored->objects[i];
    }
    return NULL;
}

/** The objects that differ, to be written; in `a`. */
static struct store_object *find_changes(struct arena *a, const struct stored *stored,
                                         const struct pops *wanted, size_t *out_count)
{
    struct store_object *changes =
        arena_array(a, stored->pops.count + wanted->count, sizeof(*changes));
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = wanted->items[i].name;
        const struct store_object *before = find_object(stored, name);
        struct slice body = release_pop_encode(a, &wanted->items[i]);
        if (before == NULL || !slice_equal(before->body, body))
            changes[count++] =
                (struct store_object){.kind = STORE_POP, .group = name, .body = body};
    }
    for (size_t i = 0; i < stored->pops.count; i++) {
        const char *name = stored->objects[i].group;
        if (pops_find(wanted, name) == NULL)
            changes[count++] =
                (struct store_object){.kind = STORE_POP, .group = name, .is_deleted = true};
    }
    *out_count = count;
    return changes;
}

/** Inside a transaction. */
static enum err put_changes(struct rollout *r, const struct store_object *changes, size_t count,
                            struct errctx *ec)
{
    uint64_t version = 0;
    bool is_changed = false;
    enum err err = store_lease_check(r->writer, r->core->epoch, ec);
    if (err == ERR_OK)
        err = store_take_version(r->writer, &version, ec);
    for (size_t i = 0; i < count && err == ERR_OK; i++)
        err = store_object_put(r->writer, &changes[i], ec);
    if (err == ERR_OK)
        err = compile_builtin_zones(r->writer, &r->options.builtin, &is_changed, ec);
    return err;
}

static enum err write(struct rollout *r, const struct store_object *changes, size_t count,
                      struct errctx *ec)
{
    enum err err = store_begin_write(r->writer, ec);
    if (err != ERR_OK)
        return err;
    err = put_changes(r, changes, count, ec);
    if (err == ERR_OK)
        return store_commit(r->writer, ec);
    store_rollback(r->writer);
    return err;
}

/** Logs once that a node of an older version keeps points of presence out of releases. */
static bool is_lacking(struct rollout *r)
{
    const struct roster_node *lacking = pops_lacking(&r->core->roster);
    if (lacking != NULL && !r->is_lacking_told)
        LOG(LOG_WARNING, "points of presence are not published: a node's version lacks them",
            LOG_STR("node", lacking->id), LOG_STR("version", lacking->version));
    r->is_lacking_told = lacking != NULL;
    return lacking != NULL;
}

static void log_changes(const struct store_object *changes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        LOG(LOG_INFO,
            changes[i].is_deleted ? "point of presence gone" : "point of presence changed",
            LOG_STR("pop", changes[i].group));
}

void rollout_write_pops(struct rollout *r, int64_t now_ns)
{
    AUTO_ARENA struct arena arena = {0};
    struct errctx ec = {0};
    struct stored stored = {0};
    struct pops wanted;
    size_t count = 0;
    bool is_early = r->pops_written_ns != 0 && now_ns - r->pops_written_ns < r->limits.pops_gap_ns;
    r->are_pops_due = false;
    if (!r->core->is_leader || core_is_behind(r->core) || is_early || is_lacking(r))
        return;
    enum err err = read_stored(r, &arena, &stored, &ec);
    if (err == ERR_OK) {
        pops_wanted(&arena, &r->core->roster, &stored.pops, &wanted);
        struct store_object *changes = find_changes(&arena, &stored, &wanted, &count);
        if (count == 0)
            return;
        r->pops_written_ns = now_ns;
        err = write(r, changes, count, &ec);
        if (err == ERR_OK)
            log_changes(changes, count);
    }
    if (err != ERR_OK)
        LOG(LOG_WARNING, "points of presence cannot be written", LOG_ERR(&ec));
}
