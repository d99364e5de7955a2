// SPDX-License-Identifier: Apache-2.0
// The supervisor's state, shared by its files: supervisor.c (the life of the node) and children.c
// (the life of its processes).
#ifndef NODE_SUPERVISOR_PRIV_H
#define NODE_SUPERVISOR_PRIV_H

#include "node/node.h"
#include "node/watch_priv.h"

#include <sys/types.h>

/** One process of the node: the agent, or a role. */
struct child {
    struct supervisor *supervisor;
    const char *name;
    int role_index; /* -1: the agent */
    pid_t pid;      /* 0 while it does not run */
    bool is_wanted; /* started, and started again when it ends */
    bool is_ready;
    int64_t started_ns;
    int64_t backoff_ns;
    char bind_reason[ERRCTX_TEXT_SIZE]; /* why its addresses were not bound; said once each */
    const char *kill_reason;            /* why the supervisor itself ends it; NULL: it does not */
    int64_t killed_ns;                  /* since when */
    struct loop_timer restart;
    struct watch watch;
    struct channel channel;
};

enum supervisor_state {
    SUPERVISOR_STARTING, /* no tried root yet: the sockets of release roles are not bound */
    SUPERVISOR_SERVING,
    SUPERVISOR_DRAINING, /* SIGTERM: roles drain, then the agent ends, then we do */
};

struct supervisor {
    struct node node;
    struct loop *loop;
    enum supervisor_state state;
    int64_t drain_began_ns; /* while DRAINING */
    bool is_ready;          /* ready.json stands */
    bool has_ready_failed;  /* it could not be written or removed; said once */
    int exit_status;
    struct child agent;
    struct child roles[NODE_ROLES_MAX];
    struct loop_signal on_child;
    struct loop_signal on_term;
    struct loop_signal on_int;
    struct loop_signal on_hup;
    struct loop_timer watch_timer;
    struct loop_timer drain_timer;
    struct loop_timer bind_timer; /* tries again to bind service addresses */
    int64_t watched_ns;           /* when the hearts were last looked at */
};

/** Starts a wanted process now. Returns in the parent only. */
void child_start(struct child *c);

/** Takes note of every process that ended, and starts again what is wanted. */
void children_reap(struct supervisor *s);

/** Looks at heartbeats and memory, and ends what failed with SIGABRT. */
void children_watch(struct supervisor *s);

/** Sends a signal to a running process. */
void child_signal(const struct child *c, int signo);

/** Tells the agent that the role serves, and where its first socket is. */
void child_tell_ready(const struct child *c);

/** Whether any role's process runs. */
bool children_any_role(const struct supervisor *s);

/** Called by children.c when something changed that ready.json or the drain depend on. */
void supervisor_settle(struct supervisor *s);

#endif
