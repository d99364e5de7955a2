// SPDX-License-Identifier: Apache-2.0
// The life of the node's processes: fork, watch, reap, start again with back-off. Called by the
// supervisor on its only thread.
#include "base/check.h"
#include "base/settings.h"
#include "metrics/log.h"
#include "node/supervisor_priv.h"
#include "os/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct node_role *role_of(const struct child *c)
{
    return c->role_index < 0 ? NULL : &c->supervisor->node.roles[c->role_index];
}

static struct node_heartbeats *heartbeats_of(const struct child *c)
{
    const struct node_role *role = role_of(c);
    return role != NULL ? role->heartbeats : c->supervisor->node.agent_heartbeats;
}

/** Closes what the sockets of other processes are to this new one. */
static void close_foreign_sockets(const struct child *c)
{
    struct node *node = &c->supervisor->node;
    for (size_t r = 0; r < node->role_count; r++) {
        if ((int)r == c->role_index)
            continue;
        for (size_t i = 0; i < node->roles[r].socket_count; i++) {
            struct role_socket *socket = &node->roles[r].sockets[i];
            for (unsigned k = 0; k < socket->fd_count; k++)
                close(socket->fds[k]);
        }
    }
}

static void become_child(struct child *c, pid_t parent) NORETURN;

static void become_child(struct child *c, pid_t parent)
{
    struct node *node = &c->supervisor->node;
    process_die_with_parent(parent);
    process_unblock_signals();
    process_set_name(c->name);
    log_set_role(c->name);
    crash_report_install(log_fd(), c->name);
    close_foreign_sockets(c);
    struct errctx ec = {0};
    if (process_drop_capabilities(false, &ec) != ERR_OK)
        LOG(LOG_WARNING, "capabilities kept", LOG_ERR(&ec));
    if (c->role_index < 0) {
        metrics_bind_thread(METRICS_AGENT, 0);
        node_agent_main(node);
    }
    metrics_bind_thread(role_of(c)->role->metrics_role, 0);
    node_role_main(node, (size_t)c->role_index);
}

static enum metrics_role metrics_role_of(const struct child *c)
{
    return c->role_index < 0 ? METRICS_AGENT : role_of(c)->role->metrics_role;
}

/** Tells the agent what happened to a role's process. */
static void tell_agent(const struct child *c, enum channel_kind kind, const char *text)
{
    if (c->role_index < 0)
        return;
    struct channel_message m = {.kind = kind, .role = c->role_index, .number = c->pid};
    strncpy(m.text, text, sizeof(m.text) - 1);
    channel_send(c->supervisor->node.supervisor_agent_fd, &m);
}

void child_tell_ready(const struct child *c)
{
    const struct node_role *role = &c->supervisor->node.roles[c->role_index];
    char text[NET_ADDRESS_TEXT_SIZE] = "";
    if (role->socket_count > 0 && role->sockets[0].fd_count > 0)
        net_address_format(&role->sockets[0].bound, text);
    tell_agent(c, CHANNEL_ROLE_READY, text);
}

/** Tells a new agent how things stand; what its predecessor was told died with that. */
static void tell_new_agent(const struct supervisor *s)
{
    for (size_t i = 0; i < s->node.role_count; i++) {
        const struct child *c = &s->roles[i];
        if (c->pid != 0)
            tell_agent(c, CHANNEL_ROLE_STARTED, "");
        if (c->is_ready)
            child_tell_ready(c);
    }
    struct channel_message m = {.kind = CHANNEL_SHUTDOWN, .role = -1};
    if (s->state == SUPERVISOR_DRAINING)
        channel_send(s->node.supervisor_agent_fd, &m);
}

static void restart_due(struct loop_timer *timer)
{
    child_start((struct child *)timer->user);
}

void child_start(struct child *c)
{
    if (c->pid != 0 || !c->is_wanted)
        return;
    CHECK(c->supervisor != NULL);
    struct node_role *role = role_of(c);
    watch_reset(&c->watch, heartbeats_of(c));
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0)
        become_child(c, parent);
    int64_t now_ns = time_monotonic_ns();
    if (pid < 0) {
        LOG(LOG_ERROR, "no new process", LOG_STR("process", c->name), LOG_INT("errno", errno));
        c->restart.on_time = restart_due;
        c->restart.user = c;
        loop_timer_set(c->supervisor->loop, &c->restart, NODE_RESTART_LAST_NS, 0);
        return;
    }
    c->pid = pid;
    c->started_ns = now_ns;
    c->kill_reason = NULL;
    metrics_add_for(metrics_role_of(c), METRIC_PROCESS_STARTS, 1);
    LOG(LOG_INFO, "process started", LOG_STR("process", c->name), LOG_INT("pid", pid));
    if (role == NULL)
        tell_new_agent(c->supervisor);
    else
        tell_agent(c, CHANNEL_ROLE_STARTED, "");
}

static void describe_end(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        (void)snprintf(out, size, "signal %d (%s)", WTERMSIG(status),
                       sigabbrev_np(WTERMSIG(status)));
    else
        (void)snprintf(out, size, "exit %d", WEXITSTATUS(status));
}

static void child_ended(struct child *c, int status)
{
    char how[64];
    describe_end(status, how, sizeof(how));
    bool is_crash = c->kill_reason != NULL || process_status_is_crash(status);
    const char *reason = c->kill_reason != NULL ? c->kill_reason : how;
    int64_t now_ns = time_monotonic_ns();
    bool is_draining = c->supervisor->state == SUPERVISOR_DRAINING;
    LOG(is_crash ? LOG_ERROR : LOG_INFO, is_crash ? "process crashed" : "process ended",
        LOG_STR("process", c->name), LOG_INT("pid", c->pid), LOG_STR("how", how),
        LOG_STR("reason", reason));
    if (is_crash) {
        metrics_add_for(metrics_role_of(c), METRIC_PROCESS_CRASHES, 1);
        tell_agent(c, CHANNEL_ROLE_CRASHED, reason);
    } else {
        tell_agent(c, CHANNEL_ROLE_ENDED, how);
    }
    bool was_calm = now_ns - c->started_ns >= NODE_RESTART_CALM_NS;
    c->backoff_ns = was_calm || c->backoff_ns == 0
                        ? NODE_RESTART_FIRST_NS
                        : (int64_t)min_size((size_t)c->backoff_ns * 2, NODE_RESTART_LAST_NS);
    c->pid = 0;
    c->is_ready = false;
    if (is_draining || !c->is_wanted)
        return;
    c->restart.on_time = restart_due;
    c->restart.user = c;
    loop_timer_set(c->supervisor->loop, &c->restart, c->backoff_ns, 0);
}

static struct child *child_by_pid(struct supervisor *s, pid_t pid)
{
    if (s->agent.pid == pid)
        return &s->agent;
    for (size_t i = 0; i < s->node.role_count; i++) {
        if (s->roles[i].pid == pid)
            return &s->roles[i];
    }
    return NULL;
}

void children_reap(struct supervisor *s)
{
    int status = 0;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        struct child *c = child_by_pid(s, pid);
        if (c != NULL)
            child_ended(c, status);
    }
    supervisor_settle(s);
}

void child_signal(const struct child *c, int signo)
{
    if (c->pid > 0)
        kill(c->pid, signo);
}

bool children_any_role(const struct supervisor *s)
{
    for (size_t i = 0; i < s->node.role_count; i++) {
        if (s->roles[i].pid != 0)
            return true;
    }
    return false;
}

/** Why the process must end; NULL where all is well. */
static const char *judge(struct child *c, int64_t now_ns)
{
    const struct settings *settings = c->supervisor->node.settings;
    bool is_agent = role_of(c) == NULL;
    int64_t silence_ns = (int64_t)settings->watchdog_ms * NS_PER_MS;
    if (is_agent)
        silence_ns *= NODE_AGENT_PATIENCE;
    const char *verdict = watch_verdict(&c->watch, heartbeats_of(c), now_ns, silence_ns);
    if (verdict != NULL || is_agent)
        return verdict;
    size_t limit_bytes = (size_t)settings->role_memory_mib << 20;
    return process_resident_bytes(c->pid) > limit_bytes ? "memory limit" : NULL;
}

static void watch_child(struct child *c, int64_t now_ns)
{
    if (c->pid == 0)
        return;
    if (c->kill_reason != NULL) {
        if (now_ns - c->killed_ns >= NODE_ABORT_WAIT_NS)
            child_signal(c, SIGKILL); /* not even the report of the crash came to an end */
        return;
    }
    const char *verdict = judge(c, now_ns);
    if (verdict == NULL)
        return;
    LOG(LOG_ERROR, "process is ended", LOG_STR("process", c->name), LOG_STR("reason", verdict));
    c->kill_reason = verdict;
    c->killed_ns = now_ns;
    child_signal(c, SIGABRT); /* which leaves a backtrace ... */
    child_signal(c, SIGCONT); /* ... of a stopped process, too */
}

void children_watch(struct supervisor *s)
{
    int64_t now_ns = time_monotonic_ns();
    bool we_slept = now_ns - s->watched_ns > 4 * NODE_WATCH_NS;
    s->watched_ns = now_ns;
    if (we_slept)
        watch_excuse(&s->agent.watch, now_ns);
    watch_child(&s->agent, now_ns);
    for (size_t i = 0; i < s->node.role_count; i++) {
        if (we_slept)
            watch_excuse(&s->roles[i].watch, now_ns);
        watch_child(&s->roles[i], now_ns);
    }
}
