// SPDX-License-Identifier: Apache-2.0
// What the core decided, done: one durable transaction each, then shown to the nodes, then told to
// the core. Where the transaction fails nothing was done, and the control begins anew from the
// store. The rollout's thread.
#include "base/check.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdio.h>

/** One transaction. What is not set stays as it is in the store. */
struct writing {
    struct core_release stable;
    struct core_release candidate;
    bool has_pointer;             /* a new one is published, with these roots */
    const struct core_wave *wave; /* NULL: nobody */
    const struct held_set *held;
    const struct store_release *releases; /* release_count of them, newest last */
    size_t release_count;
    const struct store_insync *insync; /* NULL: none */
};

static struct slice sign_pointer(struct rollout *r, struct arena *a, const struct writing *w)
{
    const char *wave[STORE_ROLE_COUNT];
    size_t wave_count = w->wave == NULL ? 0 : w->wave->count;
    for (size_t i = 0; i < wave_count; i++)
        wave[i] = w->wave->ids[i];
    struct release_pointer pointer = {
        .epoch = r->core->epoch,
        .sequence = r->core->published.sequence + 1,
        .stable = w->stable.root,
        .candidate = w->candidate.root,
        .wave = wave,
        .wave_count = wave_count,
    };
    memcpy(pointer.fleet, r->fleet, sizeof(pointer.fleet));
    return release_pointer_sign(a, &pointer, r->options.keys->release_key,
                                r->options.keys->release_pem);
}

static enum err write_rows(struct rollout *r, const struct writing *w, struct slice pointer,
                           struct errctx *ec)
{
    struct store_rollout row = {
        .epoch = r->core->epoch,
        .sequence = r->core->published.sequence + (w->has_pointer ? 1 : 0),
        .stable_version = w->stable.version,
        .candidate_version = w->candidate.version,
        .signed_pointer = pointer,
    };
    memcpy(row.stable_root, w->stable.root.bytes, sizeof(row.stable_root));
    memcpy(row.candidate_root, w->candidate.root.bytes, sizeof(row.candidate_root));
    enum err err = store_rollout_put(r->writer, &row, ec);
    for (size_t i = 0; i < w->release_count && err == ERR_OK; i++)
        err = store_release_add(r->writer, &w->releases[i], ec);
    if (err == ERR_OK && w->held != NULL)
        err = store_held_replace(r->writer, w->held->rows, w->held->count, ec);
    if (err == ERR_OK && w->insync != NULL)
        err = store_change_set_insync(r->writer, w->insync, ec);
    return err;
}

/** The transaction, and the pointer to every node. */
static enum err write_durably(struct rollout *r, const struct writing *w, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice pointer = w->has_pointer ? sign_pointer(r, &arena, w) : buf_slice(&r->pointer);
    enum err err = store_begin_write(r->writer, ec);
    if (err != ERR_OK)
        return err;
    err = write_rows(r, w, pointer, ec);
    if (err == ERR_OK)
        err = store_commit(r->writer, ec);
    else
        store_rollback(r->writer);
    if (err != ERR_OK || !w->has_pointer)
        return err;
    buf_clear(&r->pointer);
    buf_append(&r->pointer, pointer);
    r->pointer_at = (struct position){r->core->epoch, r->core->published.sequence + 1};
    feed_server_announce(r->feed);
    return ERR_OK;
}

/** As things are: the stable root for everybody. */
static struct writing writing_of(const struct rollout *r)
{
    return (struct writing){.stable = r->core->stable, .candidate = r->core->stable};
}

static void log_release(const char *event, const struct rollout *r,
                        const struct core_release *release, const char *wave)
{
    char root[SHA256_HEX_SIZE];
    slice_hex(slice_of(release->root.bytes, sizeof(release->root.bytes)), root);
    LOG(LOG_INFO, event, LOG_STR("root", root), LOG_U64("version", release->version),
        LOG_U64("epoch", r->pointer_at.epoch), LOG_U64("sequence", r->pointer_at.sequence),
        LOG_STR("wave", wave));
}

/* ---- one action each */

static void log_offer(const struct rollout *r, const struct writing *w)
{
    char text[STORE_ROLE_COUNT * (NODE_ID_SIZE + 1)] = "-";
    size_t len = 0;
    for (size_t i = 0; i < w->wave->count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i == 0 ? "" : ",",
                                w->wave->ids[i]);
    log_release("release offered", r, &w->candidate, text);
}

static enum err act_offer(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    struct writing w = writing_of(r);
    w.candidate = r->core->candidate;
    w.has_pointer = true;
    w.wave = &action->wave;
    enum err err = chunk_box_flush(&r->box, ec);
    if (err == ERR_OK)
        err = write_durably(r, &w, ec);
    if (err != ERR_OK)
        return err;
    if (r->core->phase == CORE_READY)
        metrics_add(METRIC_ROLLOUT_CUTS, 1);
    log_offer(r, &w);
    return ERR_OK;
}

/** What the candidate holds back is what stable holds back from now on. */
static void adopt_candidate_held(struct rollout *r)
{
    struct held_set before = r->stable_held;
    r->stable_held = r->candidate_held;
    r->candidate_held = before;
}

static enum err act_promote(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    AUTO_BUF struct buf note = {0};
    release_note_encode(&note, &r->candidate_held, NULL);
    const struct core_release next = r->core->candidate;
    struct store_release release = {
        .version = next.version,
        .created_unix_ms = time_unix_ms(),
        .note = buf_slice(&note),
    };
    memcpy(release.root, next.root.bytes, sizeof(release.root));
    bool is_same = held_set_equal(&r->stable_held, &r->candidate_held);
    const struct writing w = {
        .stable = next,
        .candidate = next,
        .has_pointer = true,
        .held = is_same ? NULL : &r->candidate_held,
        .releases = &release,
        .release_count = 1,
        .insync = &action->insync,
    };
    enum err err = write_durably(r, &w, ec);
    if (err != ERR_OK)
        return err;
    adopt_candidate_held(r);
    r->stable_is_whole = true;
    r->releases_since_collect++;
    log_release("release stable", r, &next, "all");
    return ERR_OK;
}

static enum err act_carry(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    struct writing w = writing_of(r);
    w.stable.version = action->version;
    w.candidate.version = action->version;
    w.held = held_set_equal(&r->stable_held, &r->candidate_held) ? NULL : &r->candidate_held;
    w.insync = &action->insync;
    enum err err = write_durably(r, &w, ec);
    if (err == ERR_OK)
        adopt_candidate_held(r);
    return err;
}

/** Withdraws the candidate, where one was offered; holds the version, where it is just one. */
static enum err act_reject(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    struct held_set held;
    held_set_init(&held);
    struct writing w = writing_of(r);
    w.has_pointer = action->kind == CORE_WITHDRAW;
    enum err err = ERR_OK;
    if (action->version > 0) {
        w.stable.version = action->version;
        w.candidate.version = action->version;
        w.held = &held;
        err = rollout_held_with(r, action->version, action->reason, &held, ec);
    }
    if (err == ERR_OK)
        err = write_durably(r, &w, ec);
    if (err == ERR_OK) {
        if (action->version > 0)
            held_set_copy(&r->stable_held, &held);
        metrics_add(METRIC_ROLLOUT_REJECTIONS, 1);
        LOG(LOG_WARNING, action->version > 0 ? "change held" : "release rejected",
            LOG_U64("version", r->core->candidate.version), LOG_STR("reason", action->reason));
    }
    held_set_fini(&held);
    return err;
}

static enum err act_renew(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    (void)action;
    struct writing w = writing_of(r);
    w.has_pointer = true;
    return write_durably(r, &w, ec);
}

static enum err act_insync(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    struct writing w = writing_of(r);
    w.insync = &action->insync;
    bool is_offered = r->core->phase == CORE_TRY || r->core->phase == CORE_WAVE;
    if (is_offered)
        w.candidate = r->core->candidate;
    return write_durably(r, &w, ec);
}

/* ---- rollback */

/** The release to go back to: what the node proved, else the newest; NULL: there is none. */
static const struct store_release *choose(const struct rollout *r, const struct chunk_hash *proven,
                                          const struct store_release *releases, size_t count)
{
    const struct store_release *newest = NULL;
    for (size_t i = 0; i < count; i++) {
        struct release_note note;
        bool is_bad = memcmp(releases[i].root, r->core->stable.root.bytes, SHA256_BYTES) == 0 ||
                      release_note_decode(releases[i].note, &note, NULL) != ERR_OK;
        if (is_bad)
            continue;
        bool has_crashed = note.crash_reason != NULL;
        release_note_fini(&note);
        if (has_crashed)
            continue;
        if (memcmp(releases[i].root, proven->bytes, SHA256_BYTES) == 0)
            return &releases[i];
        newest = newest == NULL ? &releases[i] : newest;
    }
    return newest;
}

/** Publishes `target`, with `held` held, and notes the crash of the stable root. */
static enum err write_rollback(struct rollout *r, const struct store_release *target,
                               const struct held_set *held, const char *reason, struct errctx *ec)
{
    AUTO_BUF struct buf crashed = {0};
    AUTO_BUF struct buf note = {0};
    release_note_encode(&crashed, &r->stable_held, reason);
    release_note_encode(&note, held, NULL);
    struct store_release releases[2] = {
        {.version = r->core->stable.version, .note = buf_slice(&crashed)},
        {.version = r->core->stable.version, .note = buf_slice(&note)},
    };
    releases[0].created_unix_ms = time_unix_ms();
    releases[1].created_unix_ms = releases[0].created_unix_ms;
    memcpy(releases[0].root, r->core->stable.root.bytes, SHA256_BYTES);
    memcpy(releases[1].root, target->root, SHA256_BYTES);
    struct writing w = writing_of(r);
    memcpy(w.stable.root.bytes, target->root, SHA256_BYTES);
    w.candidate = w.stable;
    w.has_pointer = true;
    w.held = held;
    w.releases = releases;
    w.release_count = ARRAY_LEN(releases);
    return write_durably(r, &w, ec);
}

static enum err roll_back_to(struct rollout *r, const struct store_release *target,
                             struct core_action *action, struct errctx *ec)
{
    struct release_note note;
    struct held_set held;
    enum err err = release_note_decode(target->note, &note, ec);
    if (err != ERR_OK)
        return err;
    held_set_init(&held);
    const struct held_since since = {target->version, &note.held, action->reason};
    err = rollout_held_since(r, &since, &held, ec);
    if (err == ERR_OK)
        err = write_rollback(r, target, &held, action->reason, ec);
    if (err == ERR_OK) {
        held_set_copy(&r->stable_held, &held);
        memcpy(action->root.bytes, target->root, SHA256_BYTES);
    }
    held_set_fini(&held);
    release_note_fini(&note);
    return err;
}

static enum err act_rollback(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_release *releases = NULL;
    size_t count = 0;
    enum err err = store_release_list(r->writer, &arena, &releases, &count, ec);
    if (err != ERR_OK)
        return err;
    const struct store_release *target = choose(r, &action->root, releases, count);
    if (target == NULL) {
        LOG(LOG_ERROR, "nothing to roll back to", LOG_STR("reason", action->reason));
        core_no_way_back(r->core);
        action->kind = CORE_NOTHING;
        return ERR_OK;
    }
    err = roll_back_to(r, target, action, ec);
    if (err != ERR_OK)
        return err;
    metrics_add(METRIC_ROLLOUT_ROLLBACKS, 1);
    LOG(LOG_ERROR, "release rolled back", LOG_U64("version", target->version),
        LOG_STR("reason", action->reason));
    return ERR_OK;
}

/** By kind; the others are no transactions. */
static enum err (*const acts[])(struct rollout *, struct core_action *, struct errctx *) = {
    [CORE_CARRY] = act_carry,     [CORE_OFFER] = act_offer,   [CORE_PROMOTE] = act_promote,
    [CORE_WITHDRAW] = act_reject, [CORE_HOLD] = act_reject,   [CORE_ROLLBACK] = act_rollback,
    [CORE_RENEW] = act_renew,     [CORE_INSYNC] = act_insync,
};

enum err rollout_act(struct rollout *r, struct core_action *action, struct errctx *ec)
{
    CHECK(action->kind < ARRAY_LEN(acts) && acts[action->kind] != NULL);
    enum err err = acts[action->kind](r, action, ec);
    if (err == ERR_OK)
        core_done(r->core, action, time_monotonic_ns());
    return err;
}
