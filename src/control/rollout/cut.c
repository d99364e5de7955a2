// SPDX-License-Identifier: Apache-2.0
// Contents: which objects a release holds back, and the compile of what it does not. The rollout's
// thread.
#include "base/buf.h"
#include "base/check.h"
#include "control/rollout/rollout_priv.h"

#include <stdio.h>

/* ---- compiling */

static enum err touch_object(void *user, const struct store_object *object, struct errctx *ec)
{
    (void)ec;
    held_touch(user, object);
    return ERR_OK;
}

/** What the content up to `version` holds: what stable holds, unless a later change touches it. */
static enum err free_touched(struct rollout *r, uint64_t version, bool *out_frees,
                             struct errctx *ec)
{
    struct held_touch touched;
    enum err err = ERR_OK;
    held_touch_init(&touched, &r->stable_held);
    const struct store_object_visitor visitor = {.visit = touch_object, .user = &touched};
    if (r->stable_held.count > 0)
        err = store_object_changes(r->reader, r->core->stable.version, version, &visitor, ec);
    if (err == ERR_OK) {
        held_touch_free(&touched, &r->candidate_held);
        *out_frees = touched.is_any;
    }
    held_touch_fini(&touched);
    return err;
}

static struct compile_content content_of(struct arena *a, uint64_t version,
                                         const struct held_set *held)
{
    struct compile_content content = {.version = version};
    struct store_held *objects = NULL;
    held_set_objects(held, a, &objects, &content.held_count);
    content.held = objects;
    return content;
}

/** From stable's root, or from nothing. */
static enum err compile_to(struct rollout *r, uint64_t version, const struct held_set *held,
                           bool is_whole, struct chunk_hash *out_root, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct compile_job job = {
        .conn = r->reader,
        .seed = r->seed,
        .chunks = chunk_box_chunks(&r->box),
        .after = content_of(&arena, version, held),
    };
    if (!is_whole && r->core->stable.version > 0) {
        job.before_root = r->core->stable.root;
        job.before = content_of(&arena, r->core->stable.version, &r->stable_held);
    }
    return compile_release(&job, out_root, ec);
}

/** Whether it is the content that is at fault, and not the store. */
static bool is_refusal(enum err err)
{
    return err == ERR_INVALID || err == ERR_UNSUPPORTED || err == ERR_LIMIT ||
           err == ERR_NOT_FOUND || err == ERR_CORRUPT;
}

/**
 * Compiles the step from stable. Where that fails for a damaged or missing chunk, everything is
 * compiled once more from the objects, which brings the chunks back.
 */
static enum err compile_step(struct rollout *r, uint64_t version, struct chunk_hash *out_root,
                             struct errctx *ec)
{
    enum err err = ERR_NOT_FOUND;
    if (r->stable_is_whole)
        err = compile_to(r, version, &r->candidate_held, false, out_root, ec);
    if (err == ERR_NOT_FOUND || err == ERR_CORRUPT)
        err = compile_to(r, version, &r->candidate_held, true, out_root, ec);
    return err;
}

enum err rollout_cut(struct rollout *r, uint64_t version, struct errctx *ec)
{
    struct core_release candidate = {.version = version};
    struct errctx why = {0};
    bool frees = false;
    enum err err = store_begin_read(r->reader, ec);
    if (err != ERR_OK)
        return err;
    chunk_box_clear(&r->box);
    err = free_touched(r, version, &frees, ec);
    if (err == ERR_OK)
        err = compile_step(r, version, &candidate.root, &why);
    store_rollback(r->reader);
    if (err == ERR_OK) {
        core_cut(r->core, &candidate, frees);
    } else if (is_refusal(err) && why.code != ERR_OK) {
        char reason[ROLLOUT_REASON_SIZE];
        int len = snprintf(reason, sizeof(reason), "not served: %s", why.text);
        CHECK(len > 0); /* a long one is cut */
        core_refuse(r->core, version, reason);
    } else if (why.code != ERR_OK) {
        *ec = why;
        return err;
    } else {
        return err;
    }
    return ERR_OK;
}

enum err rollout_rebuild_stable(struct rollout *r, struct errctx *ec)
{
    struct chunk_hash root;
    enum err err = store_begin_read(r->reader, ec);
    if (err != ERR_OK)
        return err;
    chunk_box_clear(&r->box);
    err = compile_to(r, r->core->stable.version, &r->stable_held, true, &root, ec);
    store_rollback(r->reader);
    if (err == ERR_OK)
        err = chunk_box_flush(&r->box, ec);
    if (err == ERR_OK && !chunk_hash_equal(&root, &r->core->stable.root))
        err = err_set(ec, ERR_UNSUPPORTED, "this version compiles another root");
    r->stable_is_whole = err == ERR_OK;
    return err;
}

/* ---- holding */

/** Rows that are to be held. */
struct holding {
    struct rollout *r;
    struct arena arena;
    struct buf rows;  /* struct store_held */
    uint64_t version; /* the change's */
    const char *reason;
};

static void add_row(struct holding *h, const struct store_held *row)
{
    buf_append(&h->rows, slice_of(row, sizeof(*row)));
}

static enum err hold_object(void *user, const struct store_object *object, struct errctx *ec)
{
    (void)ec;
    struct holding *h = user;
    const struct store_held row = {
        .kind = object->kind,
        .group = arena_strdup(&h->arena, object->group),
        .member = arena_copy(&h->arena, object->member),
        .change_version = h->version,
        .reason = h->reason,
    };
    add_row(h, &row);
    return ERR_OK;
}

static enum err hold_version(struct holding *h, uint64_t version, struct errctx *ec)
{
    const struct store_object_visitor visitor = {.visit = hold_object, .user = h};
    h->version = version;
    return store_object_changes(h->r->writer, version - 1, version, &visitor, ec);
}

static void hold_set(struct holding *h, const struct held_set *set)
{
    buf_append(&h->rows, slice_of(set->rows, set->count * sizeof(*set->rows)));
}

/** The version that an object stands at in a content. */
static enum err standing_version(struct store_conn *conn, const struct store_held *object,
                                 const struct held_since *content, uint64_t *out_version,
                                 struct errctx *ec)
{
    const struct store_held *held =
        held_set_find(content->held, object->kind, object->group, object->member);
    if (held != NULL) {
        *out_version = held->at_version;
        return ERR_OK;
    }
    AUTO_ARENA struct arena arena = {0};
    const struct store_object which = {
        .kind = object->kind, .group = object->group, .member = object->member};
    struct store_object found;
    struct errctx why = {0};
    enum err err = store_object_get_at(conn, &arena, &which, content->version, &found, &why);
    if (err == ERR_OK)
        *out_version = found.version;
    else if (err == ERR_NOT_FOUND)
        *out_version = 0;
    else
        *ec = why;
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/** Makes the set of the rows, each object at what it was in the content. */
static enum err make_set(struct holding *h, const struct held_since *content, struct held_set *out,
                         struct errctx *ec)
{
    struct slice all = buf_slice(&h->rows);
    size_t count = all.len / sizeof(struct store_held);
    struct store_held *rows = arena_array(&h->arena, count, sizeof(*rows));
    if (all.data != NULL)
        memcpy(rows, all.data, all.len);
    for (size_t i = 0; i < count; i++) {
        enum err err = standing_version(h->r->writer, &rows[i], content, &rows[i].at_version, ec);
        if (err != ERR_OK)
            return err;
    }
    held_set_assign(out, rows, count);
    return ERR_OK;
}

static void holding_fini(struct holding *h)
{
    buf_fini(&h->rows);
    arena_fini(&h->arena);
}

enum err rollout_held_with(struct rollout *r, uint64_t version, const char *reason,
                           struct held_set *out, struct errctx *ec)
{
    CHECK(version == r->core->stable.version + 1);
    struct holding h = {.r = r, .reason = reason};
    const struct held_since stable = {.version = version - 1, .held = &r->stable_held};
    hold_set(&h, &r->stable_held);
    enum err err = hold_version(&h, version, ec);
    if (err == ERR_OK)
        err = make_set(&h, &stable, out, ec);
    holding_fini(&h);
    return err;
}

enum err rollout_held_since(struct rollout *r, const struct held_since *since, struct held_set *out,
                            struct errctx *ec)
{
    struct holding h = {.r = r, .reason = since->reason};
    enum err err = ERR_OK;
    hold_set(&h, &r->stable_held);
    hold_set(&h, since->held);
    for (uint64_t v = since->version + 1; v <= r->core->stable.version && err == ERR_OK; v++)
        err = hold_version(&h, v, ec);
    if (err == ERR_OK)
        err = make_set(&h, since, out, ec);
    holding_fini(&h);
    return err;
}
