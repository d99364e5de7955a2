// SPDX-License-Identifier: Apache-2.0
// The supervisor: locks the data directory, binds, starts the agent and the roles, keeps them
// alive, drains. Single-threaded; the process that `weir up` is.
//
//   STARTING --agent has a tried root, addresses bound--> SERVING
//       |                                                    |
//       +-------------------- SIGTERM, SIGINT --------------+--> DRAINING --all ended--> exit 0
//
// Invariants:
// 1. Roles that serve releases are started only after their sockets are bound, which happens only
//    after a root passed its trial (design, invariant 1).
// 2. ready.json exists exactly while every role is ready.
// 3. A socket once bound stays open until the supervisor ends, whatever happens to its role.
#include "base/check.h"
#include "metrics/log.h"
#include "net/identity.h"
#include "node/bind_priv.h"
#include "node/feeds.h"
#include "node/presence.h"
#include "node/ready_priv.h"
#include "node/reopen_priv.h"
#include "node/supervisor_priv.h"
#include "os/file.h"
#include "os/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/** A disk that takes no writes is tried again with the next look at the children. */
static void set_ready(struct supervisor *s, bool is_ready)
{
    struct errctx ec = {0};
    if (s->is_ready == is_ready)
        return;
    if ((is_ready ? ready_write(&s->node, &ec) : ready_remove(&s->node, &ec)) == ERR_OK) {
        LOG(LOG_INFO, is_ready ? "every role serves" : "not every role serves");
        s->is_ready = is_ready;
    } else if (!s->has_ready_failed) {
        LOG(LOG_ERROR, "ready.json", LOG_ERR(&ec));
    }
    s->has_ready_failed = s->is_ready != is_ready;
}

static bool all_roles_ready(const struct supervisor *s)
{
    for (size_t i = 0; i < s->node.role_count; i++) {
        if (!s->roles[i].is_ready)
            return false;
    }
    return true;
}

void supervisor_settle(struct supervisor *s)
{
    set_ready(s, s->state == SUPERVISOR_SERVING && all_roles_ready(s));
    if (s->state != SUPERVISOR_DRAINING || children_any_role(s))
        return;
    if (s->agent.pid != 0)
        child_signal(&s->agent, SIGTERM);
    else
        loop_stop(s->loop);
}

/** Binds the sockets of a role that are not bound; says whether they all are. */
static bool bind_role(const struct node_role *role, struct child *c)
{
    struct errctx ec = {0};
    if (role->socket_count == 0 || role->sockets[0].fd_count != 0)
        return true;
    if (bind_role_sockets(role->sockets, role->socket_count, role->thread_count, &ec) == ERR_OK)
        return true;
    if (strcmp(c->bind_reason, ec.text) != 0)
        LOG(LOG_ERROR, "address not bound, tried again", LOG_STR("process", c->name), LOG_ERR(&ec));
    (void)snprintf(c->bind_reason, sizeof(c->bind_reason), "%s", ec.text);
    return false;
}

/**
 * Starts each role whose service addresses can be bound, and tries the others again: an address
 * that one role cannot have is no reason for the others to be silent.
 */
static void start_bound_roles(struct supervisor *s)
{
    bool is_bound = true;
    for (size_t i = 0; i < s->node.role_count; i++) {
        struct child *c = &s->roles[i];
        if (c->is_wanted)
            continue;
        c->is_wanted = bind_role(&s->node.roles[i], c);
        is_bound = is_bound && c->is_wanted;
        child_start(c); /* does nothing unless wanted */
    }
    if (!is_bound)
        loop_timer_set(s->loop, &s->bind_timer, NODE_BIND_RETRY_NS, 0);
}

/** A tried root exists: the roles may serve. */
static void start_serving(struct supervisor *s)
{
    s->state = SUPERVISOR_SERVING;
    start_bound_roles(s);
    supervisor_settle(s);
}

static void bind_due(struct loop_timer *timer)
{
    struct supervisor *s = timer->user;
    if (s->state == SUPERVISOR_SERVING)
        start_bound_roles(s);
}

static void message_from_agent(void *user, const struct channel_message *m)
{
    struct supervisor *s = user;
    if (m->kind == CHANNEL_FIRST_ROOT && s->state == SUPERVISOR_STARTING)
        start_serving(s);
}

static void message_from_role(void *user, const struct channel_message *m)
{
    struct child *c = user;
    bool is_current = m->number == (int64_t)c->pid; /* not a late word of the process before it */
    if (m->kind != CHANNEL_ROLE_READY || !is_current)
        return;
    c->is_ready = true;
    child_tell_ready(c);
    supervisor_settle(c->supervisor);
}

static void drain_over(struct loop_timer *timer)
{
    struct supervisor *s = timer->user;
    LOG(LOG_WARNING, "drain time is over");
    for (size_t i = 0; i < s->node.role_count; i++)
        child_signal(&s->roles[i], SIGKILL);
    child_signal(&s->agent, SIGKILL);
}

/**
 * The roles take no new connections any more, and we hold their sockets: a client that is refused
 * at once goes elsewhere, one in the backlog would wait until we end.
 */
static void stop_listening(const struct node *node)
{
    for (size_t r = 0; r < node->role_count; r++) {
        for (size_t i = 0; i < node->roles[r].socket_count; i++) {
            const struct role_socket *socket = &node->roles[r].sockets[i];
            bool is_listening = socket->kind != ROLE_SOCKET_UDP_THREAD;
            for (unsigned k = 0; is_listening && k < socket->fd_count; k++)
                (void)shutdown(socket->fds[k], SHUT_RD);
        }
    }
}

static void begin_drain(struct supervisor *s)
{
    s->state = SUPERVISOR_DRAINING;
    s->drain_began_ns = time_monotonic_ns();
    LOG(LOG_INFO, "draining");
    struct channel_message m = {.kind = CHANNEL_SHUTDOWN, .role = -1};
    channel_send(s->node.supervisor_agent_fd, &m);
    for (size_t i = 0; i < s->node.role_count; i++) {
        s->roles[i].is_wanted = false;
        child_signal(&s->roles[i], SIGTERM);
    }
    s->agent.is_wanted = false;
    stop_listening(&s->node);
    int64_t after_ns = (int64_t)s->node.settings->drain_ms * NS_PER_MS + NS_PER_S;
    s->drain_timer.on_time = drain_over;
    s->drain_timer.user = s;
    loop_timer_set(s->loop, &s->drain_timer, after_ns, NS_PER_S);
    supervisor_settle(s);
}

static void signal_term(struct loop_signal *sig, int signo)
{
    (void)signo;
    struct supervisor *s = sig->user;
    if (s->state != SUPERVISOR_DRAINING)
        begin_drain(s);
    else if (time_monotonic_ns() - s->drain_began_ns >= NODE_IMPATIENCE_NS)
        drain_over(&s->drain_timer); /* asked again: at once */
}

static void signal_hup(struct loop_signal *sig, int signo)
{
    struct supervisor *s = sig->user;
    node_reopen_log();
    child_signal(&s->agent, signo);
    for (size_t i = 0; i < s->node.role_count; i++)
        child_signal(&s->roles[i], signo);
}

static void signal_child(struct loop_signal *sig, int signo)
{
    (void)signo;
    children_reap((struct supervisor *)sig->user);
}

static void watch_due(struct loop_timer *timer)
{
    struct supervisor *s = timer->user;
    children_watch(s);
    supervisor_settle(s);
}

static void init_child(struct supervisor *s, struct child *c, const char *name, int role_index)
{
    c->supervisor = s;
    c->name = name;
    c->role_index = role_index;
    c->channel.fd =
        role_index < 0 ? s->node.supervisor_agent_fd : s->node.roles[role_index].supervisor_fd;
    c->channel.on_message = role_index < 0 ? message_from_agent : message_from_role;
    c->channel.user = role_index < 0 ? (void *)s : (void *)c;
    channel_start(s->loop, &c->channel);
}

static void init_loop(struct supervisor *s)
{
    s->loop = loop_new(true);
    init_child(s, &s->agent, "agent", -1);
    for (size_t i = 0; i < s->node.role_count; i++)
        init_child(s, &s->roles[i], s->node.roles[i].role->name, (int)i);
    struct {
        struct loop_signal *watcher;
        int signo;
        void (*handler)(struct loop_signal *, int);
    } signals[] = {
        {&s->on_child, SIGCHLD, signal_child},
        {&s->on_term, SIGTERM, signal_term},
        {&s->on_int, SIGINT, signal_term},
        {&s->on_hup, SIGHUP, signal_hup},
    };
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        signals[i].watcher->on_signal = signals[i].handler;
        signals[i].watcher->user = s;
        loop_signal_set(s->loop, signals[i].watcher, signals[i].signo);
    }
    s->watch_timer.on_time = watch_due;
    s->watch_timer.user = s;
    s->watched_ns = time_monotonic_ns();
    loop_timer_set(s->loop, &s->watch_timer, NODE_WATCH_NS, NODE_WATCH_NS);
    s->bind_timer.on_time = bind_due;
    s->bind_timer.user = s;
}

/**
 * The agent, and the roles that serve without releases, start at once; a node that has no other
 * ones serves from the start.
 */
static enum err start_first(struct supervisor *s, struct errctx *ec)
{
    bool waits_for_root = false;
    s->agent.is_wanted = true;
    child_start(&s->agent);
    for (size_t i = 0; i < s->node.role_count; i++) {
        struct node_role *role = &s->node.roles[i];
        waits_for_root = waits_for_root || role->role->release != NULL;
        if (role->role->release != NULL)
            continue;
        enum err e = bind_role_sockets(role->sockets, role->socket_count, role->thread_count, ec);
        if (e != ERR_OK)
            return e;
        s->roles[i].is_wanted = true;
        child_start(&s->roles[i]);
    }
    if (!waits_for_root)
        start_serving(s);
    return ERR_OK;
}

static enum err add_role(struct node *node, const struct role *role, struct errctx *ec)
{
    for (size_t i = 0; i < node->role_count; i++) {
        if (node->roles[i].role == role)
            return err_set(ec, ERR_INVALID, "--roles: '%s' is named twice", role->name);
    }
    struct node_role *entry = &node->roles[node->role_count];
    *entry = (struct node_role){.role = role};
    enum err e =
        role->plan(node->settings, &entry->sockets, &entry->socket_count, &entry->thread_count, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "role %s", role->name);
    entry->samples = sample_ring_new();
    entry->heartbeats = heartbeats_new();
    channel_pair(&entry->supervisor_fd, &entry->role_fd);
    channel_pair(&entry->agent_fd, &entry->role_agent_fd);
    node->role_count++;
    return ERR_OK;
}

static enum err check_presence(const struct settings *settings, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct presence presence;
    return presence_of(settings, &arena, &presence, ec);
}

/** Fills the node's table with the roles that the settings name. */
static enum err choose_roles(struct node *node, const struct role *const *roles, struct errctx *ec)
{
    const struct settings_list *names = &node->settings->roles;
    for (size_t n = 0; n < names->count; n++) {
        const struct role *const *role = roles;
        while (*role != NULL && strcmp((*role)->name, names->items[n]) != 0)
            role++;
        if (*role == NULL)
            return err_set(ec, ERR_INVALID, "--roles: there is no role '%s'", names->items[n]);
        enum err e = add_role(node, *role, ec);
        if (e != ERR_OK)
            return e;
        node->has_control = node->has_control || strcmp((*role)->name, "control") == 0;
    }
    return ERR_OK;
}

/** Listeners that are no role's: those of the agent, and control's for other nodes. */
static enum err bind_own_listeners(struct node *node, struct errctx *ec)
{
    const struct settings *settings = node->settings;
    struct net_address address;
    enum err e = net_address_parse(slice_str(settings->admin), &address, ec);
    if (e == ERR_OK && !net_address_is_loopback(&address))
        e = err_set(ec, ERR_INVALID, "%s is no loopback address", settings->admin);
    if (e == ERR_OK)
        e = bind_listener(settings->admin, &node->admin_fd, &node->admin_bound, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "--admin");
    if (settings->peer_listen != NULL) {
        e = bind_listener(settings->peer_listen, &node->peer_fd, &node->peer_bound, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--peer-listen");
    }
    if (node->has_control) {
        /* Without --nodes the node's own agent still comes in by this door. */
        const char *nodes = settings->nodes != NULL ? settings->nodes : "127.0.0.1:0";
        e = bind_listener(nodes, &node->nodes_fd, &node->nodes_bound, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--nodes");
    }
    return ERR_OK;
}

static int prepare_in_child(const struct node *node)
{
    struct errctx ec = {0};
    struct net_identity identity = {0};
    enum err e = net_identity_open(node->settings->data, time_unix_ms() / MS_PER_S, &identity, &ec);
    net_identity_fini(&identity);
    for (size_t i = 0; i < node->role_count && e == ERR_OK; i++) {
        if (node->roles[i].role->prepare != NULL)
            e = node->roles[i].role->prepare(node->settings, &ec);
    }
    if (e != ERR_OK)
        LOG(LOG_ERROR, "not prepared", LOG_ERR(&ec));
    return e == ERR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/** Keys are made in a process of its own, so that the supervisor never holds one. */
static enum err prepare(const struct node *node, struct errctx *ec)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(prepare_in_child(node));
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return err_errno(ec, "prepare");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
        return err_set(ec, ERR_INTERNAL, "the data directory could not be prepared (see above)");
    return ERR_OK;
}

static enum err set_up(struct node *node, const struct role *const *roles, struct errctx *ec)
{
    enum err e = choose_roles(node, roles, ec);
    if (e == ERR_OK)
        e = feeds_check(node->settings, ec);
    if (e == ERR_OK)
        e = check_presence(node->settings, ec);
    if (e == ERR_OK)
        e = prepare(node, ec);
    if (e == ERR_OK)
        e = bind_own_listeners(node, ec);
    if (e == ERR_OK)
        e = ready_remove(node, ec);
    return e;
}

static int supervise(struct supervisor *s, const struct role *const *roles)
{
    struct errctx ec = {0};
    enum err e = set_up(&s->node, roles, &ec);
    if (e == ERR_OK) {
        channel_pair(&s->node.supervisor_agent_fd, &s->node.agent_supervisor_fd);
        s->node.agent_heartbeats = heartbeats_new();
        init_loop(s);
        e = start_first(s, &ec);
    }
    if (e != ERR_OK) {
        LOG(LOG_ERROR, "node not started", LOG_ERR(&ec));
        s->exit_status = EXIT_FAILURE;
        if (s->loop == NULL)
            return s->exit_status;
        begin_drain(s);
    }
    if (process_drop_capabilities(true, &ec) != ERR_OK)
        LOG(LOG_WARNING, "capabilities kept", LOG_ERR(&ec));
    loop_run(s->loop);
    LOG(LOG_INFO, "node ended");
    return s->exit_status;
}

/**
 * Takes the data directory for this process alone; the lock lives as long as the process and its
 * children. Those of a supervisor that was killed die at once, so a lock that is held is tried
 * again for a moment.
 */
static enum err take_directory(const char *dir, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    int lock_fd = -1;
    enum err e = dir_make(dir, 0700, ec);
    if (e != ERR_OK)
        return e;
    const char *path = arena_printf(&a, "%s/lock", dir);
    int64_t give_up_ns = time_monotonic_ns() + NODE_LOCK_WAIT_NS;
    struct timespec pause = {.tv_nsec = NODE_LOCK_RETRY_NS};
    while ((e = file_lock(path, &lock_fd, ec)) == ERR_CONFLICT && time_monotonic_ns() < give_up_ns)
        nanosleep(&pause, NULL);
    return e;
}

/** A signal that comes before the loop reads them waits for it. */
static void hold_signals(void)
{
    sigset_t held;
    sigemptyset(&held);
    sigaddset(&held, SIGTERM);
    sigaddset(&held, SIGINT);
    sigaddset(&held, SIGHUP);
    CHECK(pthread_sigmask(SIG_BLOCK, &held, NULL) == 0);
}

int node_supervise(const struct settings *settings, const struct role *const *roles)
{
    struct errctx ec = {0};
    hold_signals();
    enum err e = take_directory(settings->data, &ec);
    if (e != ERR_OK) {
        (void)fprintf(stderr, "weir: data directory: %s\n", ec.text);
        return EXIT_FAILURE;
    }
    process_set_name("supervisor");
    log_set_role("supervisor");
    crash_report_install(log_fd(), "supervisor");
    if (process_raise_descriptors(&ec) != ERR_OK)
        LOG(LOG_WARNING, "few descriptors", LOG_ERR(&ec));
    metrics_init_shared();
    metrics_bind_thread(METRICS_SUPERVISOR, 0);
    AUTO_ARENA struct arena a = {0};
    static struct supervisor s; /* the children inherit it */
    s.node.settings = settings;
    s.node.admin_fd = s.node.peer_fd = s.node.nodes_fd = -1;
    s.node.fleet_root_path = settings->fleet_root != NULL
                                 ? settings->fleet_root
                                 : arena_printf(&a, "%s/fleet-root.pem", settings->data);
    return supervise(&s, roles);
}
