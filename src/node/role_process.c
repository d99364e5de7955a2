// SPDX-License-Identifier: Apache-2.0
// A role's process: its main loop, which listens to the supervisor's signals and to the agent,
// and the builder thread that loads what the agent names. Forked by the supervisor; the role's
// own threads and servers are its business.
#include "base/check.h"
#include "metrics/log.h"
#include "node/builder_priv.h"
#include "node/node.h"
#include "node/reopen_priv.h"
#include "os/process.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct role_process {
    struct role_context context;
    const struct node_role *entry;
    size_t role_index;
    void *state; /* the role's */
    struct builder *builder;
    bool is_ready;
    bool is_draining;
    struct channel agent;
    struct net_address listeners[NODE_LISTENERS_MAX];
    size_t listener_count;
    struct loop_signal on_term;
    struct loop_signal on_hup;
    struct loop_timer heartbeat;
    struct loop_timer drain_timer;
};

static struct role_process *process_of(struct role_context *context)
{
    return context->impl;
}

static void tell(int fd, enum channel_kind kind, const struct role_process *p,
                 const struct builder_result *result)
{
    struct channel_message m = {
        .kind = kind, .role = (int32_t)p->role_index, .number = (int64_t)getpid()};
    if (result != NULL) {
        m.root = result->root;
        memccpy(m.text, result->ec.text, '\0', sizeof(m.text) - 1);
    }
    channel_send(fd, &m);
}

void role_ready(struct role_context *context)
{
    struct role_process *p = process_of(context);
    if (p->is_ready)
        return;
    p->is_ready = true;
    tell(p->entry->role_fd, CHANNEL_ROLE_READY, p, NULL);
}

void role_drained(struct role_context *context)
{
    loop_stop(context->loop);
}

void role_heartbeat(struct role_context *context, unsigned thread_index)
{
    struct role_process *p = process_of(context);
    CHECK(thread_index + 1 < NODE_HEARTBEAT_THREADS);
    atomic_fetch_add_explicit(&p->entry->heartbeats->beats[thread_index + 1], 1,
                              memory_order_relaxed);
}

static void root_built(void *user, const struct builder_result *result)
{
    struct role_process *p = user;
    if (result->result != ERR_OK) {
        LOG(LOG_ERROR, "release not loaded", LOG_ERR(&result->ec));
        tell(p->entry->role_agent_fd, CHANNEL_APPLY_FAILED, p, result);
        return;
    }
    tell(p->entry->role_agent_fd, CHANNEL_APPLIED, p, result);
    role_ready(&p->context);
}

static void message_from_agent(void *user, const struct channel_message *m)
{
    struct role_process *p = user;
    if (m->kind == CHANNEL_APPLY && p->builder != NULL)
        builder_apply(p->builder, &m->root);
    else if (m->kind == CHANNEL_STABLE && p->builder != NULL)
        builder_settle(p->builder, &m->root);
}

static void drain_over(struct loop_timer *timer)
{
    struct role_process *p = timer->user;
    LOG(LOG_WARNING, "drain time is over");
    loop_stop(p->context.loop);
}

static void signal_term(struct loop_signal *sig, int signo)
{
    (void)signo;
    struct role_process *p = sig->user;
    if (p->is_draining)
        return;
    p->is_draining = true;
    p->drain_timer.on_time = drain_over;
    p->drain_timer.user = p;
    loop_timer_set(p->context.loop, &p->drain_timer,
                   (int64_t)p->context.settings->drain_ms * NS_PER_MS, 0);
    p->entry->role->drain(p->state);
}

static void signal_hup(struct loop_signal *sig, int signo)
{
    (void)sig;
    (void)signo;
    node_reopen_log();
}

static void heartbeat_due(struct loop_timer *timer)
{
    struct role_process *p = timer->user;
    atomic_fetch_add_explicit(&p->entry->heartbeats->beats[0], 1, memory_order_relaxed);
}

static void watch_signals(struct role_process *p)
{
    p->on_term = (struct loop_signal){.on_signal = signal_term, .user = p};
    loop_signal_set(p->context.loop, &p->on_term, SIGTERM);
    p->on_hup = (struct loop_signal){.on_signal = signal_hup, .user = p};
    loop_signal_set(p->context.loop, &p->on_hup, SIGHUP);
    p->heartbeat.on_time = heartbeat_due;
    p->heartbeat.user = p;
    loop_timer_set(p->context.loop, &p->heartbeat, 0, NODE_HEARTBEAT_NS);
}

static void join_agent(struct role_process *p)
{
    struct builder_options options = {
        .data_dir = p->context.settings->data,
        .ops = p->entry->role->release,
        .role_state = p->state,
        .on_result = root_built,
        .user = p,
    };
    if (p->entry->role->release != NULL)
        p->builder = builder_new(p->context.loop, &options);
    p->agent.fd = p->entry->role_agent_fd;
    p->agent.on_message = message_from_agent;
    p->agent.user = p;
    channel_start(p->context.loop, &p->agent);
    tell(p->entry->role_agent_fd, CHANNEL_ROLE_HELLO, p, NULL);
}

static void add_listener(struct role_process *p, const struct net_address *bound)
{
    if (bound->len > 0 && p->listener_count < NODE_LISTENERS_MAX)
        p->listeners[p->listener_count++] = *bound;
}

/** What another role could not bind yet, it will. */
static void gather_listeners(struct role_process *p, const struct node *node)
{
    add_listener(p, &node->admin_bound);
    add_listener(p, &node->peer_bound);
    add_listener(p, &node->nodes_bound);
    for (size_t r = 0; r < node->role_count; r++) {
        for (size_t i = 0; i < node->roles[r].socket_count; i++) {
            const struct role_socket *socket = &node->roles[r].sockets[i];
            bool is_known = socket->fd_count > 0 || net_address_port(&socket->wanted) != 0;
            if (is_known)
                add_listener(p, socket->fd_count > 0 ? &socket->bound : &socket->wanted);
        }
    }
}

void node_role_main(const struct node *node, size_t role_index)
{
    static struct role_process p;
    const struct node_role *entry = &node->roles[role_index];
    p.entry = entry;
    p.role_index = role_index;
    gather_listeners(&p, node);
    p.context = (struct role_context){
        .settings = node->settings,
        .loop = loop_new(true),
        .sockets = entry->sockets,
        .socket_count = entry->socket_count,
        .thread_count = entry->thread_count,
        .samples = entry->samples,
        .nodes_fd = node->nodes_fd,
        .nodes_bound = node->nodes_bound,
        .has_control = node->has_control,
        .fleet_root_path = node->fleet_root_path,
        .listeners = p.listeners,
        .listener_count = p.listener_count,
        .impl = &p,
    };
    watch_signals(&p);
    struct errctx ec = {0};
    if (entry->role->start(&p.context, &p.state, &ec) != ERR_OK) {
        LOG(LOG_ERROR, "role not started", LOG_ERR(&ec));
        exit(EXIT_FAILURE); /* NOLINT(concurrency-mt-unsafe): it started none, or they end here */
    }
    join_agent(&p);
    loop_run(p.context.loop);
    builder_free(p.builder);
    entry->role->stop(p.state);
    LOG(LOG_INFO, "role ended");
    exit(EXIT_SUCCESS); /* NOLINT(concurrency-mt-unsafe): all others are joined */
}
