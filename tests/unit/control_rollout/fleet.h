// SPDX-License-Identifier: Apache-2.0
// A control over a store in a directory of its own, and nodes that follow it over real TLS: each
// judges a release by what it says of the objects x, y and z.
#ifndef TEST_ROLLOUT_FLEET_H
#define TEST_ROLLOUT_FLEET_H

#include "base/time.h"
#include "control/rollout/rollout.h"
#include "control/rollout/roster.h"
#include "control/store/fleet.h"
#include "feed/feed.h"
#include "shared/temp_dir.h"

#define NODES_MAX 4

/** What a node knows of one release. */
struct seen {
    struct chunk_hash root;
    uint8_t values[3]; /* of x, y and z; 0: not there */
};

struct fake_node {
    struct fleet *fleet;
    struct net_identity identity;
    struct net_tls *tls;
    struct feed_client *client;
    struct loop_timer beat;
    bool is_edge;         /* says that it runs the edge role, too */
    bool is_silent;       /* follows, but reports nothing */
    const char *pop;      /* of an edge; NULL: none */
    const char *ip;       /* under which viewers reach it */
    uint16_t votes_port;  /* of a checker; 0: it is none */
    uint8_t bad_value;    /* fails the trial of a release with it */
    uint8_t deadly_value; /* passes the trial, then crashes */
    struct position at;
    struct seen stable;
    struct seen candidate;
    struct seen applied;
    struct seen proven;
    struct chunk_hash tried;
    struct chunk_hash rejected;
    const char *reason;
    size_t pointer_count;
    enum err down_code;
};

struct fleet {
    char dir[TEMP_DIR_SIZE];
    struct loop *loop;
    struct loop_timer deadline; /* ends fleet_run_for */
    int64_t end_ns;             /* of UNTIL */
    struct arena arena;
    struct control_keys *keys;
    int listen_fd;
    struct net_address address;
    struct store *store;
    struct store_conn *conn;
    _Atomic(struct rollout *) rollout;
    struct rollout_limits limits;
    const char *holder;
    struct fake_node nodes[NODES_MAX]; /* the first has control's own identity */
    size_t node_count;
};

void fleet_init(struct fleet *f);
void fleet_fini(struct fleet *f);
void fleet_start(struct fleet *f);
void fleet_stop(struct fleet *f);

/** A node begins to follow; the first is admitted by itself. */
struct fake_node *fleet_add(struct fleet *f);
/** Takes it away. */
void fleet_remove(struct fleet *f, struct fake_node *n);
/** What `weir node admit` and its like do. */
void fleet_decide(struct fleet *f, const struct fake_node *n, enum store_node_state state);

/**
 * A change with this id that gives objects of "xyz" a value each ("x=1 y=2"; 0 deletes). Returns
 * its version.
 */
uint64_t fleet_change(struct fleet *f, const char *id, const char *assignments);
bool fleet_is_insync(struct fleet *f, const char *id);
/** Why it is held; "" where it is not. */
const char *fleet_held_reason(struct fleet *f, const char *id);
/** The row of the rollout. */
struct store_rollout fleet_rollout(struct fleet *f);

/** The values of x, y and z that the node serves, as "120". */
const char *fleet_serves(const struct fake_node *n);

/** Runs the loop of the nodes until the condition holds; fails after 20 s. */
#define UNTIL(f, condition)                                                                        \
    do {                                                                                           \
        fleet_arm(f);                                                                              \
        while (!(condition))                                                                       \
            fleet_turn(f);                                                                         \
    } while (0)
void fleet_arm(struct fleet *f);
void fleet_turn(struct fleet *f);
/** Runs the loop for a time. */
void fleet_run_for(struct fleet *f, int64_t ns);

#endif
