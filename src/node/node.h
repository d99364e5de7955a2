// SPDX-License-Identifier: Apache-2.0
// A node: one data directory, one identity, one supervisor, one agent, one process per role.
#ifndef NODE_NODE_H
#define NODE_NODE_H

#include "node/channel.h"
#include "node/limits.h"
#include "node/role.h"

#define NODE_ROLES_MAX 8

/**
 * Heartbeats of a role's threads, in shared memory: each cell counts up while its thread lives; 0
 * is a thread that never beat and is not watched.
 */
struct node_heartbeats {
    _Atomic uint32_t beats[NODE_HEARTBEAT_THREADS];
};

/** One role of this node, as supervisor and agent share it. */
struct node_role {
    const struct role *role;
    struct role_socket *sockets;
    size_t socket_count;
    unsigned thread_count;
    struct sample_ring *samples;
    struct node_heartbeats *heartbeats;
    int supervisor_fd; /* supervisor's end of supervisor <-> role */
    int role_fd;       /* role's end of it */
    int agent_fd;      /* agent's end of agent <-> role */
    int role_agent_fd; /* role's end of it */
};

/** What the supervisor prepared before it forks; the children inherit it. */
struct node {
    const struct settings *settings;
    const char *fleet_root_path; /* the certificate that this node pins */
    struct node_role roles[NODE_ROLES_MAX];
    size_t role_count;
    struct node_heartbeats *agent_heartbeats;
    int supervisor_agent_fd; /* supervisor's end of supervisor <-> agent */
    int agent_supervisor_fd;
    int admin_fd; /* listening, for the agent; -1 without */
    struct net_address admin_bound;
    int peer_fd; /* listening, for the agent; -1 without */
    struct net_address peer_bound;
    int nodes_fd;                   /* listening, for control; -1 where this node runs no control */
    struct net_address nodes_bound; /* the agent's own control, where there is one */
    bool has_control;
};

/**
 * `weir up`: locks the data directory, binds, forks, restarts, drains. Returns the exit status of
 * the program once everything ended. `roles`: all that this binary knows, NULL-terminated; those
 * that --roles names are run. Logs.
 */
int node_supervise(const struct settings *settings, const struct role *const *roles);

/** The agent's process; never returns. */
void node_agent_main(const struct node *node) NORETURN;

/** A role's process; never returns. */
void node_role_main(const struct node *node, size_t role_index) NORETURN;

#endif
