// SPDX-License-Identifier: Apache-2.0
// A fleet in one test: its keys, a control that serves pointers and chunks, and a node whose agent
// runs in a process of its own, while the test plays its supervisor and its dns role.
#ifndef TEST_NODE_FLEET_H
#define TEST_NODE_FLEET_H

#include "base/settings.h"
#include "feed/feed.h"
#include "kit.h"
#include "net/identity.h"
#include "node/node.h"

#include <sys/types.h>

enum { FLEET_NOTES = 256, FLEET_CONTROL = 0, FLEET_DNS = 1 };

/** The keys of a fleet, and its only control. */
struct fleet {
    struct loop *loop;
    struct arena arena;
    struct signing_key *root_key;
    struct slice root_pem;
    struct signing_key *release_key;
    struct slice release_pem;

    struct kit *kit; /* where chunks come from */
    int listen_fd;
    struct net_address address;
    struct net_tls *tls;
    struct feed_server *server; /* NULL: control is down */
    struct slice pointer;
    uint64_t epoch;
    uint64_t sequence;
    struct arena report_arena;
    struct release_report report; /* the newest */
    size_t report_count;
};

void fleet_init(struct fleet *f, struct loop *loop, struct kit *kit);
void fleet_fini(struct fleet *f);
void fleet_stop_control(struct fleet *f);

/** Signs a pointer; with `node_id` that node is in the wave. */
struct slice fleet_sign(struct fleet *f, uint64_t sequence, const struct chunk_hash *stable,
                        const struct chunk_hash *candidate, const char *node_id);
/** Publishes the next sequence with this root as stable and candidate. */
void fleet_publish(struct fleet *f, const struct chunk_hash *root);
/** Publishes any bytes as the pointer. */
void fleet_publish_bytes(struct fleet *f, struct slice bytes, uint64_t sequence);

/** A node of it. */
struct test_node {
    struct fleet *fleet;
    struct kit kit; /* its data directory */
    struct settings settings;
    const char *control[1];
    const char *peer[1];
    struct node node;
    struct net_identity identity;
    pid_t pid; /* of the agent; 0: it does not run */
    struct channel supervisor;
    struct channel role;
    struct channel_message said[FLEET_NOTES]; /* by the agent, to both */
    size_t said_count;
};

/** Makes data directory, identity and sockets; `ops` are the dns role's, which loads names. */
void test_node_init(struct test_node *n, struct fleet *f, const struct role_release_ops *ops);
void test_node_fini(struct test_node *n);
/** The URL of its --peer-listen. */
const char *test_node_peer_url(struct test_node *n);
void test_node_start(struct test_node *n);
/** Sends a signal to the agent and answers how it ended. */
int test_node_end(struct test_node *n, int signo);

/** The kinds of objects that the dns role loads; from the next start on. */
void test_node_set_kinds(unsigned kinds);

/** What supervisor and dns role say. */
void test_node_tell(struct test_node *n, enum channel_kind kind, int64_t pid, const char *text);
void test_node_applied(struct test_node *n, int64_t pid, const struct chunk_hash *root);

/** Waits until the agent has said this (of the root, unless NULL), and forgets what it said. */
void test_node_expect(struct test_node *n, enum channel_kind kind, const struct chunk_hash *root);
/** Whether it said so, without waiting. */
bool test_node_has_said(const struct test_node *n, enum channel_kind kind,
                        const struct chunk_hash *root);

/** The status that a page of --admin answers; its text in `a`. */
unsigned test_node_get(struct test_node *n, struct arena *a, const char *path, const char **out);
/** The same, asked by this Host. */
unsigned test_node_get_as(struct test_node *n, struct arena *a, const char *host, const char *path,
                          const char **out);

#endif
