// SPDX-License-Identifier: Apache-2.0
// The admin page: /healthz, /metrics and /status over plain HTTP on loopback. Part of the agent, on
// its only thread; it shows and changes nothing.
#include "node/agent_priv.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/json_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct admin {
    struct agent *agent;
    struct http_server_options options;
    struct http_server *server;
};

/* ---- what it shows */

/** A root's name, empty for none. */
static void write_root(struct buf *out, const char *key, const struct chunk_hash *root)
{
    size_t len = chunk_hash_is_zero(root) ? 0 : sizeof(root->bytes);
    json_write_hex(out, key, slice_of(root->bytes, len));
}

/* Why /healthz says 503; empty where all is well. */
static void write_health(const struct agent *a, struct buf *out)
{
    const struct agent_state *s = &a->state;
    if (a->is_draining) {
        buf_append_str(out, "draining\n");
        return;
    }
    if (a->is_ordered_out)
        buf_append_str(out, "drained by an operator\n");
    uint64_t limit_s = a->node->settings->unready_after_s;
    if (limit_s > 0 && agent_stale_s(a) >= limit_s)
        buf_printf(out, "no word from control for %ju s\n", (uintmax_t)agent_stale_s(a));
    bool has_root = agent_state_has_first_root(s);
    for (size_t i = 0; i < s->role_count; i++) {
        const struct agent_role *role = &s->roles[i];
        if (role->is_ready)
            continue;
        const char *why = role->has_release && !has_root ? "waits for a first release"
                          : role->is_running             ? "starts"
                                                         : "does not run";
        buf_printf(out, "%s %s\n", role->name, why);
    }
    if (!has_root && buf_len(out) > 0 && feeds_fleet_root(a->feeds).len == 0)
        buf_append_str(out, "the fleet root's certificate is missing\n");
}

static const char *step_name(enum node_root_step step)
{
    static const char *const names[] = {
        [NODE_ROOT_FETCHED] = "fetched", [NODE_ROOT_TRYING] = "trying",
        [NODE_ROOT_TRIED] = "tried",     [NODE_ROOT_APPLIED] = "applied",
        [NODE_ROOT_PROVEN] = "proven",   [NODE_ROOT_REJECTED] = "rejected",
    };
    CHECK((size_t)step < ARRAY_LEN(names) && names[step] != NULL);
    return names[step];
}

static void show_roles(const struct agent_state *s, struct buf *out)
{
    json_write_open(out, "roles", '[');
    for (size_t i = 0; i < s->role_count; i++) {
        const struct agent_role *role = &s->roles[i];
        json_write_open(out, NULL, '{');
        json_write_str(out, "name", role->name);
        json_write_bool(out, "running", role->is_running);
        json_write_bool(out, "ready", role->is_ready);
        json_write_u64(out, "pid", role->is_running ? (uint64_t)role->pid : 0);
        if (role->has_release)
            write_root(out, "applied", &role->applied);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static void show_roots(const struct agent_state *s, struct buf *out)
{
    json_write_open(out, "roots", '[');
    for (size_t i = 0; i < s->fact_count; i++) {
        const struct node_root *root = &s->facts[i].root;
        char time[TIME_ISO8601_SIZE];
        if (s->facts[i].is_forgotten)
            continue;
        time_format_iso8601(root->at_unix_ms, time);
        json_write_open(out, NULL, '{');
        write_root(out, "root", &root->hash);
        json_write_str(out, "step", step_name(root->step));
        json_write_bool(out, "proven", root->was_proven);
        json_write_u64(out, "epoch", root->at_epoch);
        json_write_u64(out, "sequence", root->at_sequence);
        json_write_str(out, "at", time);
        if (root->reason[0] != '\0')
            json_write_str(out, "reason", root->reason);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static void show_feeds(const struct agent *a, struct buf *out)
{
    struct feeds_server server;
    json_write_open(out, "feeds", '[');
    for (size_t i = 0; feeds_server_at(a->feeds, i, &server); i++) {
        json_write_open(out, NULL, '{');
        json_write_str(out, "url", server.url);
        json_write_str(out, "kind", server.is_control ? "control" : "peer");
        json_write_bool(out, "up", server.is_up);
        if (server.why[0] != '\0')
            json_write_str(out, "reason", server.why);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

/* Health checks as this node's votes say: of the name server, or else of control. */
static void show_checks(struct buf *out)
{
    enum metrics_role role = METRICS_DNS;
    if (metrics_read(role, METRIC_HEALTH_CHECKS) + metrics_read(role, METRIC_HEALTH_CHECKERS) == 0)
        role = METRICS_CONTROL;
    json_write_open(out, "checks", '{');
    json_write_u64(out, "count", metrics_read(role, METRIC_HEALTH_CHECKS));
    json_write_u64(out, "unhealthy", metrics_read(role, METRIC_HEALTH_UNHEALTHY));
    json_write_u64(out, "frozen", metrics_read(role, METRIC_HEALTH_FROZEN));
    json_write_u64(out, "checkers", metrics_read(role, METRIC_HEALTH_CHECKERS));
    json_write_u64(out, "checkers_fresh", metrics_read(role, METRIC_HEALTH_CHECKERS_FRESH));
    json_write_u64(out, "outliers", metrics_read(role, METRIC_HEALTH_OUTLIERS));
    json_write_close(out, '}');
}

static void write_status(const struct agent *a, struct buf *out)
{
    const struct agent_state *s = &a->state;
    AUTO_ARENA struct arena arena = {0};
    struct release_report report = {0};
    agent_state_report(s, &arena, &report);
    json_write_open(out, NULL, '{');
    json_write_str(out, "node", a->identity.node_id);
    json_write_str(out, "version", WEIR_VERSION);
    json_write_u64(out, "pid", (uint64_t)getpid());
    json_write_u64(out, "epoch", s->epoch);
    json_write_u64(out, "sequence", s->sequence);
    json_write_bool(out, "in_wave", s->is_in_wave);
    write_root(out, "stable", &s->stable);
    write_root(out, "candidate", &s->candidate);
    write_root(out, "serving", &s->serving);
    write_root(out, "applied", &s->applied);
    write_root(out, "proven", &report.proven);
    write_root(out, "tried", &report.tried);
    write_root(out, "rejected", &report.rejected);
    json_write_str(out, "rejected_reason", report.rejected_reason);
    write_root(out, "pin", &s->pin);
    json_write_bool(out, "bad_pin", a->has_bad_pin);
    json_write_str(out, "disk_reason", a->disk_reason);
    json_write_bool(out, "fetching", fetch_is_active(a->fetch));
    json_write_bool(out, "trying", a->trial != NULL);
    json_write_bool(out, "draining", a->is_draining || a->is_ordered_out);
    show_roles(s, out);
    show_roots(s, out);
    show_checks(out);
    show_feeds(a, out);
    json_write_close(out, '}');
    buf_append_byte(out, '\n');
}

/** Gauges that are only worth computing when somebody looks. */
static void set_gauges(const struct agent *a)
{
    const struct agent_state *s = &a->state;
    struct feeds_server server;
    uint64_t up = 0;
    for (size_t i = 0; feeds_server_at(a->feeds, i, &server); i++)
        up += server.is_up;
    uint64_t held = 0;
    for (size_t i = 0; i < s->fact_count; i++)
        held += agent_fact_is_held(s, &s->facts[i]);
    int64_t age_ns = chunk_hash_is_zero(&s->serving) ? 0 : loop_now_ns(a->loop) - a->served_ns;
    metrics_set(METRIC_POINTER_EPOCH, s->epoch);
    metrics_set(METRIC_POINTER_SEQUENCE, s->sequence);
    metrics_set(METRIC_SERVING_AGE, (uint64_t)(age_ns / NS_PER_S));
    metrics_set(METRIC_STALE, agent_stale_s(a));
    metrics_set(METRIC_ROOTS_HELD, held);
    metrics_set(METRIC_FEEDS_UP, up);
    metrics_set(METRIC_IS_PINNED, !chunk_hash_is_zero(&s->pin));
}

/* ---- the pages */

static void reply(struct http_exchange *x, unsigned status, const char *type,
                  const struct buf *body)
{
    struct http_fields fields = {0};
    http_fields_add_str(http_exchange_arena(x), &fields, "Content-Type", type);
    http_fields_add_str(http_exchange_arena(x), &fields, "Cache-Control", "no-store");
    http_reply(x, status, &fields, buf_slice(body));
}

static void show_health(struct http_exchange *x, const struct agent *a)
{
    AUTO_BUF struct buf body = {0};
    write_health(a, &body);
    unsigned status = buf_len(&body) == 0 ? 200 : 503;
    if (status == 200)
        buf_append_str(&body, "ok\n");
    reply(x, status, "text/plain; charset=utf-8", &body);
}

static void show_metrics(struct http_exchange *x, const struct agent *a)
{
    AUTO_BUF struct buf body = {0};
    set_gauges(a);
    metrics_export(&body);
    reply(x, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void show_status(struct http_exchange *x, const struct agent *a)
{
    AUTO_BUF struct buf body = {0};
    write_status(a, &body);
    reply(x, 200, "application/json", &body);
}

static const struct page {
    const char *path;
    void (*show)(struct http_exchange *x, const struct agent *a);
} pages[] = {
    {"/healthz", show_health},
    {"/metrics", show_metrics},
    {"/status", show_status},
};

/**
 * Whether host[:port] is an address or "localhost". A name that a stranger owns may lead a browser
 * here, and its page may then read ours (DNS rebinding); an address cannot be owned so. Programs
 * that speak HTTP/1.0 may name no host at all; browsers always do.
 */
static bool is_own_host(struct slice authority)
{
    bool is_v6 = slice_starts_with(authority, SLICE_LIT("["));
    size_t host_end = is_v6 ? slice_find(authority, ']') + 1 : slice_find(authority, ':');
    struct slice host = slice_sub(authority, 0, host_end);
    char text[NET_ADDRESS_TEXT_SIZE];
    struct net_address address;
    if (authority.len == 0 || slice_equal_nocase(host, SLICE_LIT("localhost")))
        return true;
    int len = snprintf(text, sizeof(text), "%.*s:0", SLICE_FMT(host));
    return len > 0 && (size_t)len < sizeof(text) &&
           net_address_parse(slice_str(text), &address, NULL) == ERR_OK;
}

static void on_request(struct http_exchange *x, void *server_user)
{
    const struct admin *admin = server_user;
    const struct http_request *request = http_exchange_request(x);
    AUTO_BUF struct buf body = {0};
    if (!is_own_host(request->authority)) {
        buf_append_str(&body, "ask by address or as localhost\n");
        reply(x, 403, "text/plain; charset=utf-8", &body);
        return;
    }
    bool is_read = slice_equal(request->method, SLICE_LIT("GET")) ||
                   slice_equal(request->method, SLICE_LIT("HEAD"));
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        if (!slice_equal(request->path, slice_str(pages[i].path)))
            continue;
        if (is_read) {
            pages[i].show(x, admin->agent);
            return;
        }
        buf_append_str(&body, "only GET\n");
        reply(x, 405, "text/plain; charset=utf-8", &body);
        return;
    }
    buf_append_str(&body, "/healthz, /metrics, /status\n");
    reply(x, 404, "text/plain; charset=utf-8", &body);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)x;
    (void)reason; /* nothing belongs to an exchange */
}

struct admin *admin_new(struct agent *a, int listen_fd)
{
    static const struct http_handler handler = {.on_request = on_request, .on_closed = on_closed};
    struct admin *admin = NEW(struct admin);
    admin->agent = a;
    admin->options = (struct http_server_options){
        .limits = HTTP_LIMITS_DEFAULT, .handler = &handler, .user = admin};
    admin->options.limits.connection_count = NODE_ADMIN_CONNECTIONS;
    admin->options.limits.connections_per_client = NODE_ADMIN_CONNECTIONS;
    admin->options.limits.body_bytes = 0;
    admin->server = http_server_new(a->loop, &admin->options);
    http_server_listen(admin->server, listen_fd);
    return admin;
}

void admin_free(struct admin *admin)
{
    if (admin == NULL)
        return;
    http_server_free(admin->server);
    free(admin);
}
