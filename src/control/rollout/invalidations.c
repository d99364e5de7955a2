// SPDX-License-Identifier: Apache-2.0
// The log of invalidations and who has applied it, as I/O: rows in, frames out, acknowledgements
// in, completed rows out. The rollout's thread, called by its loop and by the feed.
//
// What is acknowledged to a client is a row; this file only reads rows and marks them. So a kill at
// any moment loses nothing: the next start reads the same rows, nodes come back with their place,
// and what they lack is told again.
#include "control/rollout/invalidations.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "control/store/invalidations.h"
#include "feed/limits.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdlib.h>

struct invalidations {
    struct rollout *rollout;
    struct feed_log *log;
    struct completion completion;
    uint64_t announced;         /* followers were told of what is up to here */
    uint64_t completed;         /* marked in the store up to here */
    struct loop_timer complete; /* looks for what is complete */
};

static const struct slice everything = SLICE_LIT("/*");

/* ---- rows become entries */

static enum err add_row(void *user, const struct store_invalidation *row, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct invalidations *i = user;
    struct slice *paths = arena_array(&a, row->path_count, sizeof(*paths));
    for (size_t n = 0; n < row->path_count; n++)
        paths[n] = slice_str(row->paths[n]);
    struct feed_log_entry entry = {.number = row->number,
                                   .distribution_id = slice_str(row->distribution_id),
                                   .paths = paths,
                                   .path_count = row->path_count};
    if (!feed_log_takes(&entry)) {
        LOG(LOG_ERROR, "an invalidation is damaged: all of its distribution is invalidated",
            LOG_STR("id", row->id), LOG_STR("distribution", row->distribution_id));
        entry.paths = &everything;
        entry.path_count = 1;
    }
    if (!feed_log_takes(&entry))
        return err_set(ec, ERR_CORRUPT, "invalidation %s of distribution '%s'", row->id,
                       row->distribution_id);
    feed_log_add(i->log, &entry);
    return ERR_OK;
}

/** Reads what comes after the newest entry; *out_is_done: there is no more. */
static enum err read_some(struct invalidations *i, bool *out_is_done, struct errctx *ec)
{
    const struct store_invalidation_visitor visitor = {.visit = add_row, .user = i};
    uint64_t before = feed_log_newest(i->log).number;
    enum err err = store_invalidation_visit(i->rollout->writer, before,
                                            ROLLOUT_INVALIDATIONS_PER_READ, &visitor, ec);
    *out_is_done = feed_log_newest(i->log).number == before;
    return err;
}

static enum err read_all(struct invalidations *i, struct errctx *ec)
{
    bool is_done = false;
    enum err err = ERR_OK;
    for (unsigned n = 0; n < ROLLOUT_INVALIDATION_READS_MAX && !is_done && err == ERR_OK; n++)
        err = read_some(i, &is_done, ec);
    completion_see(&i->completion, feed_log_newest(i->log), time_monotonic_ns());
    return err;
}

bool invalidations_read(struct invalidations *i)
{
    struct errctx ec = {0};
    if (read_all(i, &ec) != ERR_OK)
        LOG(LOG_WARNING, "invalidations cannot be read", LOG_ERR(&ec));
    if (feed_log_newest(i->log).number == i->announced)
        return false;
    i->announced = feed_log_newest(i->log).number;
    feed_server_announce(i->rollout->feed);
    return true;
}

/* ---- at the start */

/**
 * Remembers the distributions of rows that are not loaded. Old rows of one that has newer ones may
 * be gone: so each counts up to the place where the log begins, or its newest row before.
 */
static enum err remember(struct invalidations *i, const struct store_invalidation_range *range,
                         struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct store_invalidation_newest *rows = NULL;
    size_t count = 0;
    uint64_t begin = feed_log_newest(i->log).number;
    enum err err =
        store_invalidation_newest_by_distribution(i->rollout->writer, &a, range, &rows, &count, ec);
    for (size_t n = 0; n < count && err == ERR_OK && begin > 0; n++) {
        uint64_t number = rows[n].number < begin ? rows[n].number : begin;
        if (strlen(rows[n].distribution_id) > FEED_DISTRIBUTION_ID_MAX_BYTES)
            return err_set(ec, ERR_CORRUPT, "distribution '%s'", rows[n].distribution_id);
        feed_log_remember(i->log, slice_str(rows[n].distribution_id), number);
    }
    return err;
}

static uint64_t lowered(uint64_t number, uint64_t by)
{
    return number > by ? number - by : 0;
}

static enum err load(struct invalidations *i, struct errctx *ec)
{
    struct store_invalidation_position at = {0};
    struct store_invalidation_backlog backlog = {0};
    struct store_conn *conn = i->rollout->writer;
    enum err err = store_invalidation_position(conn, &at, ec);
    if (err == ERR_OK && at.epoch == 0)
        err = err_set(ec, ERR_CORRUPT, "invalidations have no epoch");
    if (err == ERR_OK)
        err = store_invalidation_pending(conn, &backlog, ec);
    if (err != ERR_OK)
        return err;
    const struct store_invalidation_range range = {
        lowered(at.number, ROLLOUT_INVALIDATIONS_REMEMBERED), at.number};
    const struct feed_log_start start = {.epoch = at.epoch,
                                         .after = lowered(at.number, ROLLOUT_INVALIDATIONS_LOADED),
                                         .given = at.number,
                                         .forgotten = range.after};
    feed_log_begin(i->log, &start);
    i->completed = backlog.count > 0 ? backlog.oldest_number - 1 : at.number;
    err = remember(i, &range, ec);
    return err == ERR_OK ? read_all(i, ec) : err;
}

/* ---- what is complete */

static enum err mark(struct invalidations *i, uint64_t upto, struct errctx *ec)
{
    struct store_conn *conn = i->rollout->writer;
    uint64_t count = 0;
    enum err err = store_begin_write(conn, ec);
    if (err != ERR_OK)
        return err;
    err = store_invalidation_complete(conn, upto, &count, ec);
    if (err == ERR_OK)
        err = store_commit(conn, ec);
    else
        store_rollback(conn);
    if (err == ERR_OK) {
        i->completed = upto;
        metrics_add(METRIC_INVALIDATIONS_COMPLETED, count);
    }
    return err;
}

static void on_complete(struct loop_timer *timer)
{
    struct invalidations *i = timer->user;
    struct rollout *r = i->rollout;
    struct errctx ec = {0};
    int64_t now_ns = time_monotonic_ns();
    if (!r->core->is_leader || i->completed >= feed_log_newest(i->log).number)
        return;
    struct completion_verdict verdict = completion_judge(&i->completion, &r->core->roster, now_ns);
    if (verdict.upto > i->completed && mark(i, verdict.upto, &ec) != ERR_OK)
        LOG(LOG_WARNING, "invalidations cannot be marked as completed", LOG_ERR(&ec));
    if (verdict.again_at_ns < INT64_MAX)
        loop_timer_set(r->loop, &i->complete,
                       verdict.again_at_ns > now_ns ? verdict.again_at_ns - now_ns : 0, 0);
}

/** Once the callback that calls this has returned: what came with it counts together. */
static void look_for_complete(struct invalidations *i)
{
    loop_timer_set(i->rollout->loop, &i->complete, 0, 0);
}

/* ---- nodes */

static void come(struct invalidations *i, const char *node_id, struct feed_position after)
{
    struct feed_position newest = feed_log_newest(i->log);
    struct errctx ec = {0};
    /* Another control was quicker to read the store that both share: it is no restored one. */
    if (after.epoch == newest.epoch && after.number > newest.number && read_all(i, &ec) != ERR_OK)
        LOG(LOG_WARNING, "invalidations cannot be read", LOG_ERR(&ec));
    bool is_ours = feed_log_has(i->log, after);
    if (after.epoch > 0 && !is_ours)
        LOG(LOG_WARNING, "a node's place is not one of this store: it drops all that it has",
            LOG_STR("node", node_id), LOG_U64("epoch", after.epoch),
            LOG_U64("number", after.number));
    completion_come(&i->completion, node_id, is_ours ? after : (struct feed_position){0},
                    time_monotonic_ns());
    look_for_complete(i);
}

static void on_follower(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                        const struct feed_position *after)
{
    struct rollout *r = user;
    char id[NODE_ID_SIZE];
    node_id_format(public_key, id);
    if (after != NULL)
        come(r->invalidations, id, *after);
    else
        completion_go(&r->invalidations->completion, id, time_monotonic_ns());
}

static void on_applied(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                       const struct feed_position *at)
{
    struct rollout *r = user;
    char id[NODE_ID_SIZE];
    node_id_format(public_key, id);
    if (!feed_log_has(r->invalidations->log, *at))
        return; /* of a time before a restore */
    completion_applied(&r->invalidations->completion, id, *at, time_monotonic_ns());
    look_for_complete(r->invalidations);
}

void invalidations_serve(const struct invalidations *i, struct feed_source *source)
{
    source->invalidations = i->log;
    source->on_follower = on_follower;
    source->on_applied = on_applied;
}

/* ---- time, and what is shown */

static void count(struct invalidations *i)
{
    struct store_invalidation_backlog backlog = {0};
    struct errctx ec = {0};
    struct completion_counts counts = completion_count(&i->completion, time_monotonic_ns());
    metrics_set(METRIC_INVALIDATIONS_NEWEST, feed_log_newest(i->log).number);
    metrics_set(METRIC_INVALIDATION_FOLLOWERS, counts.followers);
    metrics_set(METRIC_INVALIDATION_SILENT_NODES, counts.silent);
    if (store_invalidation_pending(i->rollout->writer, &backlog, &ec) != ERR_OK) {
        LOG(LOG_WARNING, "invalidations in progress cannot be counted", LOG_ERR(&ec));
        return;
    }
    uint64_t now_unix_ms = (uint64_t)time_unix_ms();
    bool has_age = backlog.count > 0 && backlog.oldest_unix_ms < now_unix_ms;
    metrics_set(METRIC_INVALIDATIONS_PENDING, backlog.count);
    metrics_set(METRIC_INVALIDATIONS_PENDING_MS,
                has_age ? now_unix_ms - backlog.oldest_unix_ms : 0);
}

void invalidations_tick(struct invalidations *i)
{
    (void)invalidations_read(i);
    completion_tidy(&i->completion, time_monotonic_ns());
    look_for_complete(i);
    count(i);
}

struct invalidations_state invalidations_state(const struct invalidations *i)
{
    return (struct invalidations_state){
        .newest = feed_log_newest(i->log),
        .completed = i->completed,
        .counts = completion_count(&i->completion, time_monotonic_ns()),
    };
}

/* ---- life */

enum err invalidations_new(struct rollout *r, struct invalidations **out, struct errctx *ec)
{
    struct invalidations *i = NEW(struct invalidations);
    i->rollout = r;
    i->log = feed_log_new(NULL);
    i->complete = (struct loop_timer){.on_time = on_complete, .user = i};
    completion_init(&i->completion, &r->limits.completion, time_monotonic_ns());
    enum err err = load(i, ec);
    if (err != ERR_OK) {
        invalidations_free(i);
        return err;
    }
    *out = i;
    return ERR_OK;
}

void invalidations_free(struct invalidations *i)
{
    if (i == NULL)
        return;
    loop_timer_stop(&i->complete);
    completion_fini(&i->completion);
    feed_log_free(i->log);
    free(i);
}
