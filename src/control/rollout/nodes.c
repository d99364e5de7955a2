// SPDX-License-Identifier: Apache-2.0
// Nodes at the door: who may come in, what they are given, what they report. The rollout's thread,
// called by the feed.
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

enum err rollout_read_nodes(struct rollout *r, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_node *rows = NULL;
    size_t count = 0;
    enum err err = store_node_list(r->writer, &arena, &rows, &count, ec);
    if (err != ERR_OK)
        return err;
    roster_update(&r->core->roster, rows, count);
    pending_learn(&r->core->roster, time_monotonic_ns());
    return ERR_OK;
}

/** Adds the row, unless an operator was quicker. Inside a transaction. */
static enum err add_node(struct rollout *r, const struct store_node *row, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_node known;
    struct errctx why = {0};
    enum err err = store_node_get(r->writer, &arena, row->id, &known, &why);
    if (err == ERR_NOT_FOUND)
        return store_node_put(r->writer, row, ec);
    return err == ERR_OK ? ERR_OK : err_set(ec, err, "%s", why.text);
}

/** Ends the transaction, and takes over what it wrote. */
static enum err end_write(struct rollout *r, enum err err, struct errctx *ec)
{
    if (err == ERR_OK)
        err = store_commit(r->writer, ec);
    else
        store_rollback(r->writer);
    return err == ERR_OK ? rollout_read_nodes(r, ec) : err;
}

/** `instead`: the id of a pending node that goes; NULL: none. */
static enum err put_node(struct rollout *r, const struct store_node *row, const char *instead,
                         struct errctx *ec)
{
    enum err err = store_begin_write(r->writer, ec);
    if (err != ERR_OK)
        return err;
    if (instead != NULL)
        err = store_node_drop_pending(r->writer, instead, ec);
    if (err == ERR_OK)
        err = add_node(r, row, ec);
    return end_write(r, err, ec);
}

/** Notes a key that nobody knows, for an operator to admit. */
static void note(struct rollout *r, const char *id, const uint8_t *public_key, const char *instead)
{
    struct errctx ec = {0};
    struct store_node row = {
        .id = id,
        .state = STORE_NODE_PENDING,
        .address = "",
        .first_seen_unix_ms = time_unix_ms(),
    };
    memcpy(row.public_key, public_key, sizeof(row.public_key));
    if (put_node(r, &row, instead, &ec) == ERR_OK)
        LOG(LOG_INFO, "unknown node noted", LOG_STR("node", id));
    else
        LOG(LOG_WARNING, "unknown node cannot be noted", LOG_STR("node", id), LOG_ERR(&ec));
}

static void see_unknown(struct rollout *r, const char *id, const uint8_t *public_key)
{
    const struct pending_limits *limits = &r->limits.pending;
    const struct roster *roster = &r->core->roster;
    const struct roster_node *instead = NULL;
    int64_t now_ns = time_monotonic_ns();
    metrics_add(METRIC_ROLLOUT_UNKNOWN_NODES, 1);
    if (pending_may_note(&r->pending_rate, roster, limits, now_ns, &instead)) {
        note(r, id, public_key, instead == NULL ? NULL : instead->id);
        return;
    }
    metrics_add(METRIC_ROLLOUT_NODES_NOT_NOTED, 1);
    if (pending_must_tell(&r->pending_rate, limits, now_ns))
        LOG(LOG_WARNING, "unknown nodes are not noted: too many of them ask", LOG_STR("node", id),
            LOG_U64("pending", roster_count_state(roster, STORE_NODE_PENDING)));
}

/** Inside a transaction. */
static enum err drop_pending(struct rollout *r, int64_t now_ns, uint64_t *out_count,
                             struct errctx *ec)
{
    const struct roster *roster = &r->core->roster;
    enum err err = ERR_OK;
    uint64_t count = 0;
    for (size_t i = 0; i < roster->count && err == ERR_OK; i++) {
        if (!pending_is_over(roster->nodes[i], &r->limits.pending, now_ns))
            continue;
        err = store_node_drop_pending(r->writer, roster->nodes[i]->id, ec);
        count++;
    }
    if (err == ERR_OK)
        *out_count = count;
    return err;
}

static bool any_is_over(const struct rollout *r, int64_t now_ns)
{
    const struct roster *roster = &r->core->roster;
    for (size_t i = 0; i < roster->count; i++) {
        if (pending_is_over(roster->nodes[i], &r->limits.pending, now_ns))
            return true;
    }
    return false;
}

void rollout_drop_pending(struct rollout *r, int64_t now_ns)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    if (!r->core->is_leader || !any_is_over(r, now_ns))
        return;
    enum err err = store_begin_write(r->writer, &ec);
    if (err == ERR_OK)
        err = end_write(r, drop_pending(r, now_ns, &count, &ec), &ec);
    if (err != ERR_OK) {
        LOG(LOG_WARNING, "pending nodes cannot be dropped", LOG_ERR(&ec));
        return;
    }
    metrics_add(METRIC_ROLLOUT_PENDING_DROPPED, count);
    LOG(LOG_INFO, "pending nodes dropped: they no longer ask", LOG_U64("count", count));
}

static bool is_admitted(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES])
{
    struct rollout *r = user;
    char id[NODE_ID_SIZE];
    node_id_format(public_key, id);
    struct roster_node *n = roster_get(&r->core->roster, id);
    if (n == NULL) {
        see_unknown(r, id, public_key);
        return false;
    }
    pending_asked(n, time_monotonic_ns());
    return roster_is_served(n) && memcmp(n->public_key, public_key, ED25519_PUBLIC_BYTES) == 0;
}

static struct slice newest_pointer(void *user, uint64_t *out_epoch, uint64_t *out_sequence)
{
    const struct rollout *r = user;
    *out_epoch = r->pointer_at.epoch;
    *out_sequence = r->pointer_at.sequence;
    return buf_slice(&r->pointer);
}

static enum err packed_chunk(void *user, struct arena *a, const struct chunk_hash *hash,
                             struct slice *out_packed, struct errctx *ec)
{
    const struct rollout *r = user;
    return store_chunk_get(r->writer, a, hash->bytes, out_packed, ec);
}

static void on_report(void *user, const uint8_t public_key[ED25519_PUBLIC_BYTES],
                      const struct release_report *report)
{
    struct rollout *r = user;
    char id[NODE_ID_SIZE];
    node_id_format(public_key, id);
    struct roster_node *n = roster_get(&r->core->roster, id);
    if (n == NULL || !roster_is_served(n))
        return;
    int64_t now_ns = time_monotonic_ns();
    if (!n->is_heard || now_ns - n->heard_at_ns > r->limits.core.heard_ns)
        LOG(LOG_INFO, "node reports", LOG_STR("node", id), LOG_STR("version", report->version),
            LOG_U64("epoch", report->epoch), LOG_U64("sequence", report->sequence));
    r->are_pops_due = r->are_pops_due || !n->is_heard;
    core_hear(r->core, n, report, now_ns);
    rollout_schedule(r);
}

struct feed_source rollout_feed_source(struct rollout *r)
{
    struct feed_source source = {
        .is_admitted = is_admitted,
        .newest_pointer = newest_pointer,
        .packed_chunk = packed_chunk,
        .on_report = on_report,
        .user = r,
    };
    invalidations_serve(r->invalidations, &source);
    return source;
}
