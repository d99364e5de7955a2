// SPDX-License-Identifier: Apache-2.0
// The agent's parts, shared by its files: agent.c (start, events, the loop), agent_act.c (carrying
// out what the decision core wants), admin.c (the page that shows it), peers.c (serving others).
#ifndef NODE_AGENT_PRIV_H
#define NODE_AGENT_PRIV_H

#include "node/agent_state.h"
#include "node/collect.h"
#include "node/feeds.h"
#include "node/fetch.h"
#include "node/presence.h"
#include "node/trial.h"
#include "release/objects.h"

struct admin;

struct agent {
    const struct node *node;
    struct loop *loop;
    struct net_identity identity;
    uint64_t boot; /* random at each start */
    struct node_db *db;
    unsigned kinds;             /* bits: of a release's objects that this node holds */
    struct arena arena;         /* of what lives as long as the agent */
    struct presence presence;   /* of a node that serves viewers; else only its location */
    uint16_t http_port;         /* of a node that serves viewers, once the role is ready; else 0 */
    struct arena checker_arena; /* of the one below */
    struct presence_checker checker; /* of a node that probes, once the role is ready; else zero */
    struct agent_state state;

    struct feeds *feeds;
    struct fetch *fetch;
    struct trial *trial; /* NULL: none runs */
    struct node_collector *collector;
    struct feed_server *peers; /* NULL without --peer-listen */
    struct net_tls *peers_tls;
    struct admin *admin;

    struct arena pointer_arena;         /* of the two below */
    struct slice signed_pointer;        /* the newest; empty before the first */
    struct slice pointer;               /* the same, verified and without its signature */
    bool is_pointer_stored;             /* it is in node.db */
    bool is_serving_stored;             /* state.serving is */
    bool is_version_stored;             /* WEIR_VERSION is */
    char disk_reason[ERRCTX_TEXT_SIZE]; /* why node.db takes no writes; "" where it does */
    bool is_acting;                     /* agent_act is on the stack */
    bool must_act;                      /* something changed meanwhile */
    bool is_draining;                   /* the supervisor ends the node */
    bool is_ordered_out;                /* the served root says that an operator drains the node */
    struct chunk_hash self_root;        /* the root that says so; zero: none was looked at */
    bool has_bad_pin;
    int64_t checked_ns;   /* when the disk was last read as a whole; 0: never */
    int64_t collected_ns; /* when the last collection began */
    int64_t served_ns;    /* when state.serving became the served root; or the start */

    int64_t current_ns; /* when the node last had what the fleet offers; at first the start */

    struct channel supervisor;
    struct channel roles[NODE_ROLES_MAX];
    struct agent_role_link {
        struct agent *agent;
        size_t index;
    } links[NODE_ROLES_MAX];
    struct loop_signal on_term;
    struct loop_signal on_hup;
    struct loop_timer tick;
    struct loop_timer retry; /* of a store that failed */
};

struct agent_now agent_now(const struct agent *a);

/** Carries out whatever the decision core wants now; after every event. */
void agent_act(struct agent *a);

/** Reads a root that a role could not load, and ends the process where the disk is to blame. */
void agent_check_disk(struct agent *a, const struct chunk_hash *root);

/** Makes what agent_act needs: fetch and collector. */
void agent_act_start(struct agent *a);

/** Seconds since the node last heard the fleet and held all that it was offered. */
uint64_t agent_stale_s(const struct agent *a);

/** Serves /healthz, /metrics and /status on the listening socket. */
struct admin *admin_new(struct agent *a, int listen_fd) MUST_USE;
void admin_free(struct admin *admin);

/**
 * The node of this id as the served root lists it; but for the key and the flags it is gone on
 * return. Errors: ERR_NOT_FOUND, also before the first root; those of node.db.
 */
enum err agent_find_node(struct agent *a, const char *id, struct release_node *out,
                         struct errctx *ec) MUST_USE;

/** Reads what the served root says of this node itself, where it is a new root. */
void agent_look_at_self(struct agent *a);

/** Serves pointer and chunks to peers on the listening socket. */
enum err peers_start(struct agent *a, int listen_fd, struct errctx *ec) MUST_USE;
void peers_stop(struct agent *a);

#endif
