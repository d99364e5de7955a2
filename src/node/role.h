// SPDX-License-Identifier: Apache-2.0
// What node/ knows of a role: a small table of callbacks. cmd/ fills the tables; the supervisor
// starts a process for each, the agent's trial asks the release callbacks, the role's own
// process serves.
#ifndef NODE_ROLE_H
#define NODE_ROLE_H

#include "base/settings.h"
#include "metrics/counters.h"
#include "net/address.h"
#include "node/sample.h"
#include "os/loop.h"
#include "release/root.h"

/** A socket that the supervisor binds, and keeps over restarts of the role. */
enum role_socket_kind {
    ROLE_SOCKET_TCP,        /* one listening socket */
    ROLE_SOCKET_TCP_THREAD, /* one listening socket for each thread of the role (SO_REUSEPORT) */
    ROLE_SOCKET_UDP_THREAD, /* one UDP socket for each thread, as net_bind_udp makes it */
};

/** Sockets of one address that a role wants. */
struct role_socket {
    const char *label; /* key in ready.json: "dns", "api"; sockets may share one */
    int *fds;          /* fd_count of them, set by the supervisor */
    unsigned fd_count; /* 1, or the role's threads */
    enum role_socket_kind kind;
    /* port 0: any free one; sockets of one label and address get the same */
    struct net_address wanted;
    struct net_address bound; /* set by the supervisor */
};

/** A loaded root of a role: whatever its load callback gives. */
struct role_release;

/** Where the agent's trial and the role's builder thread read a root from. */
struct role_root {
    const struct chunk_hash *hash;
    const struct chunk_source *source; /* chunks are verified when they are read */
};

/**
 * How a role uses releases. The same code runs in the trial and in the role's builder thread.
 */
struct role_release_ops {
    /**
     * Loads a root for serving, sharing what `before` (NULL at first) already holds. Builder
     * thread. Errors: ERR_CORRUPT, ERR_IO: the root is not applied.
     */
    enum err (*load)(void *role_state, const struct role_root *root, struct role_release *before,
                     struct role_release **out_loaded, struct errctx *ec);

    /**
     * Makes a loaded root the one that is served, waits until no reader holds the one before, and
     * frees that. Builder thread.
     */
    void (*apply)(void *role_state, struct role_release *loaded);

    /**
     * The root that was applied last is the fleet's stable one, not a candidate that may be taken
     * back. May come again. Builder thread. May be NULL.
     */
    void (*settle)(void *role_state);

    /**
     * The trial's questions about everything that differs between two roots, and the sample of
     * recent traffic, answered from `after` by the code that serves. `before->hash` is NULL for a
     * first root. Loads on demand. Runs in a process of its own: it may crash, hang or grow, and
     * that is an answer, too. Errors: ERR_INVALID with what went wrong, e.g.
     * "www.example.com. TXT: answer became SERVFAIL".
     */
    enum err (*try_root)(const struct role_root *before, const struct role_root *after,
                         const struct sample_ring *samples, struct errctx *ec);
};

struct role_context;

/** One role. Static tables, made by cmd/. */
struct role {
    const char *name; /* "control", "dns": as in --roles */
    enum metrics_role metrics_role;
    const struct role_release_ops *release; /* NULL: serves without releases (control) */
    unsigned kinds; /* of a release's objects that it loads, bits: the node fetches no others */

    /**
     * In the supervisor, before any fork: which sockets and how many threads. The array is the
     * role's and stays valid. May be called once only.
     */
    enum err (*plan)(const struct settings *settings, struct role_socket **out_sockets,
                     size_t *out_count, unsigned *out_threads, struct errctx *ec);

    /**
     * In a short-lived process, before the agent and the roles start: makes files that others wait
     * for (keys). May be NULL.
     */
    enum err (*prepare)(const struct settings *settings, struct errctx *ec);

    /**
     * In the role's own process, on its main thread. Starts threads and servers on the sockets of
     * the context; calls role_ready when it serves (a role with releases: once its first root
     * is applied, which role_process.c does for it).
     */
    enum err (*start)(struct role_context *context, void **out_state, struct errctx *ec);

    /** SIGTERM: stop taking work, finish what is there, then call role_drained. Main thread. */
    void (*drain)(void *state);

    /** After role_drained or the drain time: the process exits next. */
    void (*stop)(void *state);
};

/** What a role's process knows; valid for the life of the process. */
struct role_context {
    const struct settings *settings;
    struct loop *loop; /* of the main thread */
    struct role_socket *sockets;
    size_t socket_count;
    unsigned thread_count;
    struct sample_ring *samples; /* where the role puts a sample of its traffic */
    int nodes_fd;                /* listening for the nodes of the fleet; control's, else -1 */
    struct net_address nodes_bound;
    bool has_control;                    /* this node runs one, which listens at nodes_bound */
    const char *fleet_root_path;         /* the certificate that this node pins */
    const struct net_address *listeners; /* all that this node's processes listen on */
    size_t listener_count;
    void *impl; /* role_process.c's */
};

/** The role serves. Main thread, once. */
void role_ready(struct role_context *context);
/** The drain is complete. Main thread, once. */
void role_drained(struct role_context *context);
/**
 * A sign of life for the watchdog. Each serving thread calls it at least once a second with its
 * index, below its thread count + 1 (the main loop's own is done by role_process.c). Any thread;
 * one relaxed store.
 */
void role_heartbeat(struct role_context *context, unsigned thread_index);

#endif
