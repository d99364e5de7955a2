// SPDX-License-Identifier: Apache-2.0
// What the rollout shows: status as JSON, gauges. Written on the rollout's thread, once a second
// and after each publication; read from any.
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

static const char *const phase_names[] = {
    [CORE_IDLE] = "idle", [CORE_READY] = "ready",     [CORE_TRY] = "trial",
    [CORE_WAVE] = "wave", [CORE_REFUSED] = "refused",
};

/** A JSON string (RFC 8259 section 7); bytes beyond ASCII, which no text here has, become '?'. */
static void put_string(struct buf *out, const char *text)
{
    buf_append_byte(out, '"');
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            buf_printf(out, "\\%c", *c);
        else if (*c >= ' ' && *c <= '~')
            buf_append_byte(out, (uint8_t)*c);
        else
            buf_append_byte(out, '?');
    }
    buf_append_byte(out, '"');
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    put_string(out, name);
    buf_append_byte(out, ':');
    put_string(out, text);
    buf_append_byte(out, ',');
}

/** A root's hash; null before the first. */
static void put_root(struct buf *out, const char *name, const struct chunk_hash *root)
{
    char hex[SHA256_HEX_SIZE];
    slice_hex(slice_of(root->bytes, sizeof(root->bytes)), hex);
    if (chunk_hash_is_zero(root))
        buf_printf(out, "\"%s\":null,", name);
    else
        put_text(out, name, hex);
}

static void put_number(struct buf *out, const char *name, uint64_t number)
{
    buf_printf(out, "\"%s\":%llu,", name, (unsigned long long)number);
}

static void put_roles(struct buf *out, const char *roles)
{
    struct slice rest = slice_str(roles);
    struct slice role;
    const char *separator = "";
    buf_append_str(out, "\"Roles\":[");
    while (rest.len > 0 && slice_split(&rest, ',', &role)) {
        buf_printf(out, "%s\"%.*s\"", separator, SLICE_FMT(role));
        separator = ",";
    }
    buf_append_str(out, "],");
}

static void put_node(struct buf *out, const struct roster_node *n, int64_t now_ns)
{
    put_string(out, n->id);
    buf_append_str(out, ":{");
    if (n->is_heard) {
        put_number(out, "HeardMsAgo", (uint64_t)((now_ns - n->heard_at_ns) / NS_PER_MS));
        put_roles(out, n->roles);
        put_text(out, "Version", n->version);
        put_number(out, "Epoch", n->at.epoch);
        put_number(out, "Sequence", n->at.sequence);
        put_root(out, "Applied", &n->applied);
        put_root(out, "Tried", &n->tried);
        put_root(out, "Proven", &n->proven);
        put_root(out, "Rejected", &n->rejected);
        put_text(out, "RejectedReason", n->reason);
    }
    buf_printf(out, "\"Pinned\":%s}", n->is_pinned ? "true" : "false");
}

static void put_nodes(struct buf *out, const struct roster *roster, int64_t now_ns)
{
    buf_append_str(out, "\"Nodes\":{");
    for (size_t i = 0; i < roster->count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        put_node(out, roster->nodes[i], now_ns);
    }
    buf_append_byte(out, '}');
}

static void put_held(struct buf *out, const struct held_set *held)
{
    size_t shown = min_size(held->count, ROLLOUT_STATUS_HELD_MAX);
    put_number(out, "HeldCount", held->count);
    buf_append_str(out, "\"Held\":[");
    for (size_t i = 0; i < shown; i++) {
        const struct store_held *row = &held->rows[i];
        buf_append_str(out, i > 0 ? ",{" : "{");
        put_number(out, "Kind", row->kind);
        put_text(out, "Group", row->group);
        put_number(out, "AtVersion", row->at_version);
        put_number(out, "ChangeVersion", row->change_version);
        buf_append_str(out, "\"Reason\":");
        put_string(out, row->reason);
        buf_append_byte(out, '}');
    }
    buf_append_str(out, "],");
}

static void put_status(const struct rollout *r, struct buf *out)
{
    const struct core *c = r->core;
    bool is_offered = c->phase == CORE_TRY || c->phase == CORE_WAVE;
    buf_printf(out, "{\"Leads\":%s,", c->is_leader ? "true" : "false");
    put_text(out, "Phase", phase_names[c->phase]);
    put_number(out, "Epoch", r->pointer_at.epoch);
    put_number(out, "Sequence", r->pointer_at.sequence);
    put_root(out, "StableRoot", &c->stable.root);
    put_root(out, "CandidateRoot", is_offered ? &c->candidate.root : &c->stable.root);
    put_number(out, "StableVersion", c->stable.version);
    put_number(out, "InsyncVersion", c->insync_version);
    put_number(out, "NewestVersion", c->newest_version);
    put_held(out, &r->stable_held);
    put_nodes(out, &c->roster, time_monotonic_ns());
    buf_append_byte(out, '}');
}

void rollout_write_status(struct rollout *r)
{
    pthread_mutex_lock(&r->status_lock);
    buf_clear(&r->status_text);
    put_status(r, &r->status_text);
    pthread_mutex_unlock(&r->status_lock);
}

struct slice rollout_status(struct rollout *r, struct arena *a)
{
    pthread_mutex_lock(&r->status_lock);
    struct slice text = arena_copy(a, buf_slice(&r->status_text));
    pthread_mutex_unlock(&r->status_lock);
    return text;
}

/** How many changes wait, and for how long the oldest that is not held. */
static void count_changes(struct rollout *r)
{
    AUTO_ARENA struct arena arena = {0};
    struct store_change *changes = NULL;
    size_t count = 0;
    struct errctx ec = {0};
    const struct store_pending_query query = {.limit = ROLLOUT_PENDING_CHANGES_MAX};
    if (store_change_list_pending(r->writer, &arena, &query, &changes, &count, &ec) != ERR_OK) {
        LOG(LOG_WARNING, "pending changes cannot be counted", LOG_ERR(&ec));
        return;
    }
    int64_t lag_ms = 0;
    for (size_t i = 0; i < count && lag_ms == 0; i++) {
        if (changes[i].held_reason == NULL)
            lag_ms = time_unix_ms() - changes[i].submitted_unix_ms;
    }
    metrics_set(METRIC_ROLLOUT_PENDING_CHANGES, count);
    metrics_set(METRIC_ROLLOUT_INSYNC_LAG_MS, lag_ms < 0 ? 0 : (uint64_t)lag_ms);
}

/** Admitted nodes that INSYNC no longer waits for. */
static size_t count_stale(const struct core *c, int64_t now_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        bool is_silent = !n->is_heard || now_ns - n->heard_at_ns > c->limits.insync_heard_ns;
        count += n->state == STORE_NODE_ADMITTED && is_silent;
    }
    return count;
}

void rollout_count(struct rollout *r)
{
    const struct core *c = r->core;
    const struct roster *roster = &c->roster;
    metrics_set(METRIC_ROLLOUT_LEADS, c->is_leader);
    metrics_set(METRIC_ROLLOUT_BEHIND, core_is_behind(c));
    metrics_set(METRIC_ROLLOUT_EPOCH, r->pointer_at.epoch);
    metrics_set(METRIC_ROLLOUT_SEQUENCE, r->pointer_at.sequence);
    metrics_set(METRIC_ROLLOUT_HELD, r->stable_held.count);
    metrics_set(METRIC_ROLLOUT_NODES_ADMITTED, roster_count_state(roster, STORE_NODE_ADMITTED));
    metrics_set(METRIC_ROLLOUT_NODES_PENDING, roster_count_state(roster, STORE_NODE_PENDING));
    metrics_set(METRIC_ROLLOUT_NODES_CORDONED, roster_count_state(roster, STORE_NODE_CORDONED));
    metrics_set(METRIC_ROLLOUT_NODES_DRAINING, roster_count_state(roster, STORE_NODE_DRAINING));
    metrics_set(METRIC_ROLLOUT_STALE_NODES, count_stale(c, time_monotonic_ns()));
    count_changes(r);
}
