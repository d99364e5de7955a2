// SPDX-License-Identifier: Apache-2.0
// The agent's process: one loop, one thread. Events of the feeds, the roles, the supervisor and the
// operator go into the decision core; what follows is carried out by agent_act.c.
#include "node/agent_priv.h"

#include "base/check.h"
#include "base/fault.h"
#include "base/random.h"
#include "base/settings.h"
#include "metrics/log.h"
#include "node/reopen_priv.h"
#include "os/file.h"
#include "os/process.h"

#include <signal.h>
#include <stdlib.h>

struct agent_now agent_now(const struct agent *a)
{
    return (struct agent_now){.ns = loop_now_ns(a->loop), .unix_ms = time_unix_ms()};
}

/* ---- pointers */

static void take_pointer(struct agent *a, const struct release_pointer *p,
                         struct slice signed_pointer)
{
    arena_fini(&a->pointer_arena);
    a->signed_pointer = arena_copy(&a->pointer_arena, signed_pointer);
    a->pointer = release_pointer_encode(&a->pointer_arena, p);
    a->is_pointer_stored = false;
    agent_state_set_pointer(&a->state, p);
    feeds_set_position(a->feeds, p->epoch, p->sequence);
    LOG(LOG_INFO, "pointer followed", LOG_U64("epoch", p->epoch), LOG_U64("sequence", p->sequence),
        LOG_BOOL("in_wave", a->state.is_in_wave));
    agent_act(a);
    if (a->peers != NULL && a->is_pointer_stored)
        feed_server_announce(a->peers);
}

static enum err verify_pointer(struct agent *a, struct arena *arena, struct slice signed_pointer,
                               struct release_pointer *out, struct errctx *ec)
{
    if (signed_pointer.len > NODE_POINTER_MAX_BYTES)
        return err_set(ec, ERR_LIMIT, "signed pointer: %zu bytes", signed_pointer.len);
    return release_pointer_verify(arena, signed_pointer, feeds_fleet_root(a->feeds),
                                  time_unix_ms() / MS_PER_S, out, ec);
}

static void pointer_arrived(void *user, struct slice signed_pointer)
{
    struct agent *a = user;
    AUTO_ARENA struct arena arena = {0};
    struct errctx ec = {0};
    struct release_pointer p = {0};
    if (verify_pointer(a, &arena, signed_pointer, &p, &ec) != ERR_OK) {
        metrics_add(METRIC_POINTERS_UNVERIFIED, 1);
        LOG(LOG_ERROR, "pointer refused", LOG_ERR(&ec));
        return;
    }
    switch (agent_state_judge(&a->state, &p)) {
    case AGENT_POINTER_SAME:
        return;
    case AGENT_POINTER_LOWER:
        metrics_add(METRIC_POINTERS_LOWER, 1);
        LOG(LOG_WARNING, "pointer refused", LOG_STR("reason", "lower than the one held"),
            LOG_U64("epoch", p.epoch), LOG_U64("sequence", p.sequence));
        return;
    case AGENT_POINTER_NEWER:
        metrics_add(METRIC_POINTERS_FOLLOWED, 1);
        take_pointer(a, &p, signed_pointer);
        return;
    }
}

/* ---- roles and supervisor */

static bool is_role(const struct agent *a, const struct channel_message *m)
{
    return m->role >= 0 && (size_t)m->role < a->state.role_count;
}

/* What roles label the socket with that they serve votes on, and viewers. */
#define VOTES_LABEL "votes"
#define HTTP_LABEL "http"

/* A checker's votes are served from now on: the next report says where. */
static void find_votes(struct agent *a, const struct net_address *votes)
{
    struct errctx ec = {0};
    a->checker = (struct presence_checker){0};
    arena_reset(&a->checker_arena);
    if (presence_checker_of(a->node->settings, votes, &a->checker_arena, &a->checker, &ec) !=
        ERR_OK)
        LOG(LOG_WARNING, "votes are not announced", LOG_ERR(&ec));
    else if (a->checker.votes_port == 0)
        LOG(LOG_WARNING, "votes are not announced: --votes is a wildcard, and --advertise names "
                         "no address");
}

/* Where a role's first socket is bound, as others are told. */
static void find_service(struct agent *a, size_t role, const char *bound)
{
    const struct node_role *entry = &a->node->roles[role];
    struct net_address address;
    if (entry->socket_count == 0 || net_address_parse(slice_str(bound), &address, NULL) != ERR_OK)
        return;
    if (strcmp(entry->sockets[0].label, VOTES_LABEL) == 0)
        find_votes(a, &address);
    else if (strcmp(entry->sockets[0].label, HTTP_LABEL) == 0)
        a->http_port = net_address_port(&address);
    a->state.is_report_due = true;
}

static void role_is_ready(struct agent *a, size_t role, const struct channel_message *m)
{
    agent_state_role_ready(&a->state, role, m->number);
    find_service(a, role, m->text);
}

static void message_from_supervisor(void *user, const struct channel_message *m)
{
    struct agent *a = user;
    if (m->kind == CHANNEL_SHUTDOWN)
        a->is_draining = true;
    if (!is_role(a, m))
        return;
    size_t role = (size_t)m->role;
    if (m->kind == CHANNEL_ROLE_STARTED)
        agent_state_role_started(&a->state, role, m->number);
    else if (m->kind == CHANNEL_ROLE_READY)
        role_is_ready(a, role, m);
    else if (m->kind == CHANNEL_ROLE_ENDED)
        agent_state_role_ended(&a->state, role, m->number);
    else if (m->kind == CHANNEL_ROLE_CRASHED)
        agent_state_role_crashed(&a->state, role, m->number, m->text, agent_now(a));
    agent_act(a);
}

static void role_failed(struct agent *a, size_t role, const struct channel_message *m)
{
    metrics_add(METRIC_APPLY_FAILURES, 1);
    LOG(LOG_ERROR, "release not applied", LOG_STR("process", a->state.roles[role].name),
        LOG_STR("reason", m->text));
    if (chunk_hash_equal(&m->root, &a->state.serving))
        agent_check_disk(a, &m->root);
    agent_state_role_failed(&a->state, role, &m->root, m->text, agent_now(a));
}

static void message_from_role(void *user, const struct channel_message *m)
{
    const struct agent_role_link *link = user;
    struct agent *a = link->agent;
    if (m->kind == CHANNEL_ROLE_HELLO)
        agent_state_role_hello(&a->state, link->index, m->number);
    else if (m->kind == CHANNEL_APPLIED)
        agent_state_role_applied(&a->state, link->index, m->number, &m->root, agent_now(a));
    else if (m->kind == CHANNEL_APPLY_FAILED)
        role_failed(a, link->index, m);
    agent_act(a);
}

static void listen_to_node(struct agent *a)
{
    a->supervisor = (struct channel){
        .fd = a->node->agent_supervisor_fd, .on_message = message_from_supervisor, .user = a};
    channel_start(a->loop, &a->supervisor);
    for (size_t i = 0; i < a->node->role_count; i++) {
        a->links[i] = (struct agent_role_link){.agent = a, .index = i};
        a->roles[i] = (struct channel){.fd = a->node->roles[i].agent_fd,
                                       .on_message = message_from_role,
                                       .user = &a->links[i]};
        channel_start(a->loop, &a->roles[i]);
    }
}

/* ---- the operator's pin: DIR/pin, a root's hash in hex, written by `weir node pin` */

static enum err read_pin(const struct agent *a, struct chunk_hash *out, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice text;
    size_t len = 0;
    const char *path = arena_printf(&arena, "%s/pin", a->node->settings->data);
    enum err e = file_read(&arena, path, NODE_PIN_MAX_BYTES, &text, ec);
    if (e == ERR_NOT_FOUND) {
        *out = (struct chunk_hash){0};
        return ERR_OK;
    }
    if (e != ERR_OK)
        return e;
    while (text.len > 0 && (text.data[text.len - 1] == '\n' || text.data[text.len - 1] == '\r'))
        text.len--;
    struct chunk_hash hash;
    if (!slice_unhex(slice_trim(text), hash.bytes, sizeof(hash.bytes), &len) ||
        len != sizeof(hash.bytes))
        return err_set(ec, ERR_INVALID, "%s: no hash of a root in hex", path);
    *out = hash;
    return ERR_OK;
}

/** A pin that cannot be read changes nothing: what held before holds. */
static void look_at_pin(struct agent *a)
{
    struct chunk_hash pin;
    struct errctx ec = {0};
    if (read_pin(a, &pin, &ec) != ERR_OK) {
        if (!a->has_bad_pin)
            LOG(LOG_ERROR, "pin ignored", LOG_ERR(&ec));
        a->has_bad_pin = true;
        return;
    }
    a->has_bad_pin = false;
    if (chunk_hash_equal(&pin, &a->state.pin))
        return;
    LOG(LOG_INFO, chunk_hash_is_zero(&pin) ? "pin taken away" : "pinned");
    agent_state_set_pin(&a->state, &pin);
}

/* ---- time and signals */

uint64_t agent_stale_s(const struct agent *a)
{
    return (uint64_t)((loop_now_ns(a->loop) - a->current_ns) / NS_PER_S);
}

static void tick_due(struct loop_timer *timer)
{
    struct agent *a = timer->user;
    struct agent_now now = agent_now(a);
    if (a->node->agent_heartbeats != NULL)
        atomic_fetch_add_explicit(&a->node->agent_heartbeats->beats[0], 1, memory_order_relaxed);
    feeds_tick(a->feeds);
    if (feeds_are_heard(a->feeds) && !fetch_is_active(a->fetch))
        a->current_ns = loop_now_ns(a->loop);
    look_at_pin(a);
    agent_state_tick(&a->state, now);
    agent_state_forget(&a->state, now);
    a->state.is_report_due = true;
    agent_act(a);
}

static void retry_due(struct loop_timer *timer)
{
    agent_act((struct agent *)timer->user);
}

static void signal_term(struct loop_signal *sig, int signo)
{
    (void)signo;
    struct agent *a = sig->user;
    loop_stop(a->loop);
}

static void signal_hup(struct loop_signal *sig, int signo)
{
    (void)sig;
    (void)signo;
    node_reopen_log();
}

static void watch_time_and_signals(struct agent *a)
{
    a->on_term = (struct loop_signal){.on_signal = signal_term, .user = a};
    loop_signal_set(a->loop, &a->on_term, SIGTERM);
    a->on_hup = (struct loop_signal){.on_signal = signal_hup, .user = a};
    loop_signal_set(a->loop, &a->on_hup, SIGHUP);
    a->retry = (struct loop_timer){.on_time = retry_due, .user = a};
    a->tick = (struct loop_timer){.on_time = tick_due, .user = a};
    loop_timer_set(a->loop, &a->tick, 0, NODE_TICK_NS);
}

/* ---- start */

/** What the node holds of a release: what its roles load, and whom it may serve as peers. */
static unsigned kinds_of(const struct node *node)
{
    unsigned kinds = RELEASE_KIND_BIT(RELEASE_NODE);
    for (size_t i = 0; i < node->role_count; i++)
        kinds |= node->roles[i].role->kinds;
    return kinds;
}

static void init_state(struct agent *a)
{
    a->kinds = kinds_of(a->node);
    struct agent_options options = {
        .node_id = a->identity.node_id,
        .proven_ns = (int64_t)a->node->settings->proven_ms * NS_PER_MS,
        .held_grace_ms = FAULT("collect-at-once") ? 0 : NODE_HELD_GRACE_MS,
        .held_max = NODE_HELD_MAX,
    };
    agent_state_init(&a->state, &options);
    for (size_t i = 0; i < a->node->role_count; i++) {
        const struct role *role = a->node->roles[i].role;
        agent_state_add_role(&a->state, role->name, role->release != NULL);
    }
}

/**
 * The pointer that the disk holds was verified before it was stored; the fleet root's certificate,
 * which may be gone, is not asked again.
 */
static enum err load_pointer(struct agent *a, struct arena *arena, struct release_pointer *out,
                             struct errctx *ec)
{
    enum err e =
        node_db_fact(a->db, &a->pointer_arena, NODE_FACT_SIGNED_POINTER, &a->signed_pointer, ec);
    if (e == ERR_OK)
        e = node_db_fact(a->db, &a->pointer_arena, NODE_FACT_POINTER, &a->pointer, ec);
    if (e == ERR_OK)
        e = release_pointer_decode_unverified(arena, a->pointer, out, ec);
    return e;
}

/* A start writes nothing: a node whose disk is full still starts and serves. */
static enum err load_version(struct agent *a, bool *out_is_upgraded, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice version = {0};
    enum err e = node_db_fact(a->db, &arena, NODE_FACT_VERSION, &version, ec);
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    a->is_version_stored = e == ERR_OK && slice_equal(version, SLICE_LIT(WEIR_VERSION));
    *out_is_upgraded = e == ERR_OK && !a->is_version_stored;
    return ERR_OK;
}

static enum err load_serving(struct agent *a, struct chunk_hash *out, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct slice value;
    enum err e = node_db_fact(a->db, &arena, NODE_FACT_SERVING, &value, ec);
    if (e == ERR_NOT_FOUND)
        return ERR_OK;
    if (e == ERR_OK && !chunk_hash_from(value, out))
        e = err_set(ec, ERR_CORRUPT, "node.db: the served root is no hash");
    return e;
}

/** Which of these roots lack something that the roles of now need; in the arena. */
static const bool *find_partial(struct agent *a, struct arena *arena, const struct node_root *roots,
                                size_t count)
{
    bool *is_partial = arena_array(arena, count, sizeof(*is_partial));
    for (size_t i = 0; i < count; i++) {
        is_partial[i] =
            roots[i].step != NODE_ROOT_REJECTED && !fetch_is_whole(a->db, &roots[i].hash, a->kinds);
        if (is_partial[i])
            LOG(LOG_INFO, "a root lacks what a role needs, and is fetched again when it is wanted",
                LOG_U64("sequence", roots[i].at_sequence));
    }
    return is_partial;
}

static enum err load_memory(struct agent *a, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct agent_memory memory = {0};
    struct release_pointer pointer;
    struct node_root *roots;
    enum err e = load_version(a, &memory.is_upgraded, ec);
    if (e == ERR_OK)
        e = load_serving(a, &memory.serving, ec);
    if (e == ERR_OK)
        e = node_db_list_roots(a->db, &arena, &roots, &memory.root_count, ec);
    if (e != ERR_OK)
        return e;
    memory.roots = roots;
    memory.is_partial = find_partial(a, &arena, roots, memory.root_count);
    e = load_pointer(a, &arena, &pointer, ec);
    if (e == ERR_OK)
        memory.pointer = &pointer;
    if (e != ERR_OK && e != ERR_NOT_FOUND)
        return e;
    agent_state_load(&a->state, &memory, agent_now(a));
    a->is_pointer_stored = true;
    a->is_serving_stored = true;
    return ERR_OK;
}

/** Opens what this node knows; a file that turns out to be damaged is set aside. */
static enum err open_memory(struct agent *a, struct errctx *ec)
{
    const char *dir = a->node->settings->data;
    enum err e = node_db_open(dir, true, &a->db, ec);
    if (e == ERR_OK)
        e = load_memory(a, ec);
    if (e == ERR_CORRUPT) {
        LOG(LOG_ERROR, "node.db is damaged and set aside", LOG_ERR(ec));
        node_db_close(a->db);
        a->db = NULL;
        e = node_db_set_aside(dir, ec);
        if (e == ERR_OK)
            e = node_db_open(dir, true, &a->db, ec);
        if (e == ERR_OK)
            e = load_memory(a, ec);
    }
    return e;
}

static enum err start_feeds(struct agent *a, struct errctx *ec)
{
    struct feeds_options options = {
        .loop = a->loop,
        .node = a->node,
        .identity = &a->identity,
        .after_epoch = a->state.epoch,
        .after_sequence = a->state.sequence,
        .on_pointer = pointer_arrived,
        .user = a,
    };
    return feeds_new(&options, &a->feeds, ec);
}

/** A node whose roles load distributions is a point of presence, or part of one; of any other only
 *  where it is counts. */
static enum err find_presence(struct agent *a, struct errctx *ec)
{
    bool is_edge = (a->kinds & RELEASE_KIND_BIT(RELEASE_DISTRIBUTION)) != 0;
    enum err e = presence_of(a->node->settings, &a->arena, &a->presence, ec);
    if (e == ERR_OK && !is_edge)
        a->presence = (struct presence){.pop = "", .location = a->presence.location};
    if (e == ERR_OK && is_edge && a->presence.address_count == 0)
        LOG(LOG_WARNING,
            "viewers are not sent here: --http is a wildcard, and --advertise names no "
            "address");
    return e;
}

static enum err start(struct agent *a, struct errctx *ec)
{
    random_bytes(&a->boot, sizeof(a->boot));
    enum err e =
        net_identity_open(a->node->settings->data, time_unix_ms() / MS_PER_S, &a->identity, ec);
    if (e != ERR_OK)
        return e;
    init_state(a);
    e = find_presence(a, ec);
    if (e != ERR_OK)
        return e;
    look_at_pin(a); /* before the facts: it is no new offer */
    e = open_memory(a, ec);
    if (e == ERR_OK)
        e = start_feeds(a, ec);
    if (e == ERR_OK && a->node->peer_fd >= 0)
        e = peers_start(a, a->node->peer_fd, ec);
    if (e != ERR_OK)
        return e;
    agent_act_start(a);
    if (a->node->admin_fd >= 0)
        a->admin = admin_new(a, a->node->admin_fd);
    listen_to_node(a);
    watch_time_and_signals(a);
    return ERR_OK;
}

static void stop(struct agent *a)
{
    struct errctx ec = {0};
    trial_free(a->trial);
    admin_free(a->admin);
    peers_stop(a);
    feeds_free(a->feeds);
    fetch_free(a->fetch);
    node_collector_free(a->collector);
    if (node_db_commit(a->db, &ec) != ERR_OK)
        LOG(LOG_ERROR, "node.db failed", LOG_ERR(&ec));
    node_db_close(a->db);
    net_identity_fini(&a->identity);
    arena_fini(&a->checker_arena);
    arena_fini(&a->pointer_arena);
    arena_fini(&a->arena);
}

void node_agent_main(const struct node *node)
{
    static struct agent a;
    struct errctx ec = {0};
    a.node = node;
    a.loop = loop_new(true);
    a.served_ns = loop_now_ns(a.loop);
    a.current_ns = a.served_ns;
    if (start(&a, &ec) != ERR_OK) {
        LOG(LOG_ERROR, "agent not started", LOG_ERR(&ec));
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    agent_act(&a);
    loop_run(a.loop);
    stop(&a);
    LOG(LOG_INFO, "agent ended");
    exit(EXIT_SUCCESS); /* NOLINT(concurrency-mt-unsafe): one thread */
}
