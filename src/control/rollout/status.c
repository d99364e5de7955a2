// SPDX-License-Identifier: Apache-2.0
// What the rollout shows: status as JSON, gauges. Written on the rollout's thread, once a second
// and after each publication; read from any.
#include "base/json_write.h"
#include "base/time.h"
#include "control/rollout/rollout_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <arpa/inet.h>

static const char *const phase_names[] = {
    [CORE_IDLE] = "idle", [CORE_READY] = "ready",     [CORE_TRY] = "trial",
    [CORE_WAVE] = "wave", [CORE_REFUSED] = "refused",
};

/** A root's hash; null before the first. */
static void write_root(struct buf *out, const char *key, const struct chunk_hash *root)
{
    if (chunk_hash_is_zero(root))
        json_write_null(out, key);
    else
        json_write_hex(out, key, slice_of(root->bytes, sizeof(root->bytes)));
}

static void write_roles(struct buf *out, const char *roles)
{
    struct slice rest = slice_str(roles);
    struct slice role;
    json_write_open(out, "Roles", '[');
    while (rest.len > 0 && slice_split(&rest, ',', &role))
        json_write_text(out, NULL, role);
    json_write_close(out, ']');
}

static void write_addresses(struct buf *out, const char *key,
                            const struct roster_address *addresses, size_t count)
{
    json_write_open(out, key, '[');
    for (size_t i = 0; i < count; i++) {
        int family = addresses[i].len == 4 ? AF_INET : AF_INET6;
        char text[INET6_ADDRSTRLEN] = "";
        (void)inet_ntop(family, addresses[i].bytes, text, sizeof(text));
        json_write_str(out, NULL, text);
    }
    json_write_close(out, ']');
}

static void write_presence(struct buf *out, const struct roster_node *n)
{
    json_write_str(out, "Pop", n->pop);
    json_write_str(out, "Location", n->location);
    write_addresses(out, "Addresses", n->addresses, n->address_count);
}

static void write_node(struct buf *out, const struct core *c, const struct roster_node *n,
                       int64_t now_ns)
{
    json_write_open(out, n->id, '{');
    if (n->is_heard) {
        json_write_u64(out, "HeardMsAgo", (uint64_t)((now_ns - n->heard_at_ns) / NS_PER_MS));
        write_roles(out, n->roles);
        json_write_str(out, "Version", n->version);
        json_write_u64(out, "Epoch", n->at.epoch);
        json_write_u64(out, "Sequence", n->at.sequence);
        write_root(out, "Applied", &n->applied);
        write_root(out, "Tried", &n->tried);
        write_root(out, "Proven", &n->proven);
        write_root(out, "Rejected", &n->rejected);
        json_write_str(out, "RejectedReason", n->reason);
        json_write_bool(out, "RejectsStable", core_rejects_stable(c, n, now_ns));
    }
    if (n->pop[0] != '\0')
        write_presence(out, n);
    if (n->is_checker && n->state == STORE_NODE_ADMITTED)
        write_addresses(out, "ProbeAddresses", n->probe_addresses, n->probe_address_count);
    json_write_bool(out, "Pinned", n->is_pinned);
    json_write_close(out, '}');
}

static void write_nodes(struct buf *out, const struct core *c, int64_t now_ns)
{
    json_write_open(out, "Nodes", '{');
    for (size_t i = 0; i < c->roster.count; i++)
        write_node(out, c, c->roster.nodes[i], now_ns);
    json_write_close(out, '}');
}

static void write_held(struct buf *out, const struct held_set *held)
{
    size_t shown = min_size(held->count, ROLLOUT_STATUS_HELD_MAX);
    json_write_u64(out, "HeldCount", held->count);
    json_write_open(out, "Held", '[');
    for (size_t i = 0; i < shown; i++) {
        const struct store_held *row = &held->rows[i];
        json_write_open(out, NULL, '{');
        json_write_u64(out, "Kind", row->kind);
        json_write_str(out, "Group", row->group);
        json_write_u64(out, "AtVersion", row->at_version);
        json_write_u64(out, "ChangeVersion", row->change_version);
        json_write_str(out, "Reason", row->reason);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static void write_invalidations(struct buf *out, const struct invalidations *i)
{
    struct invalidations_state state = invalidations_state(i);
    json_write_open(out, "Invalidations", '{');
    json_write_u64(out, "Epoch", state.newest.epoch);
    json_write_u64(out, "Number", state.newest.number);
    json_write_u64(out, "Completed", state.completed);
    json_write_u64(out, "Followers", state.counts.followers);
    json_write_u64(out, "SilentFollowers", state.counts.silent);
    json_write_close(out, '}');
}

static void write_status(const struct rollout *r, struct buf *out)
{
    const struct core *c = r->core;
    bool is_offered = c->phase == CORE_TRY || c->phase == CORE_WAVE;
    json_write_open(out, NULL, '{');
    json_write_bool(out, "Leads", c->is_leader);
    json_write_str(out, "Phase", phase_names[c->phase]);
    json_write_u64(out, "Epoch", r->pointer_at.epoch);
    json_write_u64(out, "Sequence", r->pointer_at.sequence);
    write_root(out, "StableRoot", &c->stable.root);
    write_root(out, "CandidateRoot", is_offered ? &c->candidate.root : &c->stable.root);
    json_write_u64(out, "StableVersion", c->stable.version);
    json_write_u64(out, "InsyncVersion", core_insync_version(c, time_monotonic_ns()));
    json_write_u64(out, "NewestVersion", c->newest_version);
    write_held(out, &r->stable_held);
    write_invalidations(out, r->invalidations);
    write_nodes(out, c, time_monotonic_ns());
    json_write_close(out, '}');
}

void rollout_write_status(struct rollout *r)
{
    pthread_mutex_lock(&r->status_lock);
    buf_clear(&r->status_text);
    write_status(r, &r->status_text);
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

/** Nodes that INSYNC waits for and that reject the stable release. */
static size_t count_rejecting(const struct core *c, int64_t now_ns)
{
    size_t count = 0;
    for (size_t i = 0; i < c->roster.count; i++)
        count += core_rejects_stable(c, c->roster.nodes[i], now_ns);
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
    metrics_set(METRIC_ROLLOUT_REJECTING_NODES, count_rejecting(c, time_monotonic_ns()));
    count_changes(r);
}
