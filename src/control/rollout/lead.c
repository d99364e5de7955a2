// SPDX-License-Identifier: Apache-2.0
// Who leads: the lease, what a control reads from the store when it gets it, and how one without it
// follows. The rollout's thread.
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/log.h"

void rollout_unlead(struct rollout *r)
{
    core_unlead(r->core);
    chunk_box_clear(&r->box);
}

static void show_pointer(struct rollout *r, const struct store_rollout *row)
{
    const struct position at = {row->epoch, row->sequence};
    if (row->signed_pointer.len == 0 || position_compare(at, r->pointer_at) <= 0)
        return;
    buf_clear(&r->pointer);
    buf_append(&r->pointer, row->signed_pointer);
    r->pointer_at = at;
    feed_server_announce(r->feed);
}

/** Without the lease: what the control that has it published. */
static void follow(struct rollout *r)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_rollout row;
    struct errctx ec = {0};
    enum err err = store_rollout_get(r->writer, &arena, &row, &ec);
    if (err == ERR_OK)
        show_pointer(r, &row);
    else if (err != ERR_NOT_FOUND)
        LOG(LOG_WARNING, "store cannot be read", LOG_ERR(&ec));
}

static enum err load_held(struct rollout *r, struct arena *a, struct errctx *ec)
{
    struct store_held *held = NULL;
    size_t count = 0;
    enum err err = store_held_list(r->writer, a, &held, &count, ec);
    if (err == ERR_OK)
        held_set_assign(&r->stable_held, held, count);
    return err;
}

/** Roots that crashed stay refused for as long as they are listed. */
static enum err load_crashed(struct rollout *r, struct arena *a, struct errctx *ec)
{
    struct store_release *releases = NULL;
    size_t count = 0;
    enum err err = store_release_list(r->writer, a, &releases, &count, ec);
    for (size_t i = 0; i < count && err == ERR_OK; i++) {
        struct release_note note;
        err = release_note_decode(releases[i].note, &note, ec);
        if (err != ERR_OK)
            break;
        struct chunk_hash root;
        memcpy(root.bytes, releases[i].root, sizeof(root.bytes));
        if (note.crash_reason != NULL)
            core_refuse_root(r->core, &root, note.crash_reason);
        release_note_fini(&note);
    }
    return err;
}

/** The first release of a fleet is compared with an empty one, like any other with its stable. */
static enum err make_empty_release(struct rollout *r, struct chunk_hash *out_root,
                                   struct errctx *ec)
{
    const struct compile_job job = {
        .conn = r->reader,
        .seed = r->seed,
        .chunks = chunk_box_chunks(&r->box),
    };
    enum err err = store_begin_read(r->reader, ec);
    if (err != ERR_OK)
        return err;
    chunk_box_clear(&r->box);
    err = compile_release(&job, out_root, ec);
    store_rollback(r->reader);
    return err == ERR_OK ? chunk_box_flush(&r->box, ec) : err;
}

/** *row stays zero before the first publication. */
static enum err load_rollout(struct rollout *r, struct store_rollout *row, struct arena *a,
                             struct core_start *start, struct errctx *ec)
{
    struct errctx why = {0};
    enum err err = store_rollout_get(r->writer, a, row, &why);
    if (err == ERR_NOT_FOUND)
        return make_empty_release(r, &start->stable.root, ec);
    if (err != ERR_OK) {
        *ec = why;
        return err;
    }
    start->published = (struct position){row->epoch, row->sequence};
    start->stable.version = row->stable_version;
    memcpy(start->stable.root.bytes, row->stable_root, sizeof(row->stable_root));
    return ERR_OK;
}

/** A power cut may have taken chunks, an operator their file: they are made again. */
static void ensure_whole(struct rollout *r)
{
    struct chunk_marks marks;
    struct errctx ec = {0};
    chunk_marks_init(&marks);
    enum err err = chunk_marks_add(&marks, r->writer, &r->core->stable.root, &ec);
    chunk_marks_fini(&marks);
    r->stable_is_whole = err == ERR_OK;
    if (err == ERR_OK)
        return;
    LOG(LOG_WARNING, "chunks of the stable release are missing", LOG_ERR(&ec));
    ec = (struct errctx){0};
    if (rollout_rebuild_stable(r, &ec) != ERR_OK)
        LOG(LOG_ERROR, "the stable release cannot be compiled again", LOG_ERR(&ec));
}

static enum err lead(struct rollout *r, uint64_t epoch, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_rollout row = {0};
    struct core_start start = {.epoch = epoch};
    enum err err = load_rollout(r, &row, &arena, &start, ec);
    if (err == ERR_OK)
        err = load_held(r, &arena, ec);
    if (err == ERR_OK)
        err = load_crashed(r, &arena, ec);
    if (err == ERR_OK)
        err = rollout_read_nodes(r, ec);
    if (err == ERR_OK)
        err = store_version(r->writer, &start.newest_version, ec);
    if (err != ERR_OK)
        return err;
    core_lead(r->core, &start, time_monotonic_ns());
    ensure_whole(r);
    show_pointer(r, &row);
    LOG(LOG_INFO, "rollout led from here", LOG_U64("epoch", epoch),
        LOG_U64("sequence", start.published.sequence), LOG_U64("stable", start.stable.version),
        LOG_U64("newest", start.newest_version));
    return ERR_OK;
}

void rollout_renew(struct rollout *r)
{
    uint64_t epoch = 0;
    struct errctx ec = {0};
    enum err err = store_lease_take(r->writer, r->options.holder, time_unix_ms(),
                                    r->limits.lease_ms, &epoch, &ec);
    r->lease_taken_ns = time_monotonic_ns();
    bool is_known = r->core->is_leader && r->core->epoch == epoch;
    if (err == ERR_OK && is_known)
        return;
    if (r->core->is_leader)
        LOG(LOG_WARNING, "the lease of the rollout is lost", LOG_ERR(&ec));
    rollout_unlead(r);
    if (err == ERR_OK)
        err = lead(r, epoch, &ec);
    if (err == ERR_CONFLICT && !r->is_lead_told)
        LOG(LOG_INFO, "another control leads the rollout", LOG_ERR(&ec));
    else if (err != ERR_OK && err != ERR_CONFLICT)
        LOG(LOG_ERROR, "the rollout cannot be led", LOG_ERR(&ec));
    r->is_lead_told = err == ERR_CONFLICT;
    if (err != ERR_OK)
        follow(r);
}
