// SPDX-License-Identifier: Apache-2.0
// A serving thread of the edge: a loop with listeners of its own, its viewers' connections, its
// connections to origins, its part of the cache.
#ifndef EDGE_THREAD_H
#define EDGE_THREAD_H

#include "edge/service.h"
#include "http/limits.h"

struct edge_thread;

/** Durations and counts that tests shorten; zero means the one of limits.h. */
struct edge_thread_limits {
    uint32_t connections;            /* of one listener kind of a thread */
    uint32_t connections_per_client; /* of them, from one address */
    int64_t viewer_write_timeout_ns;
    int64_t viewer_idle_timeout_ns;
};

struct edge_thread_options {
    struct edge_service *service; /* kept */
    unsigned index;               /* of the thread in the role: heartbeat, counters, worlds */
    const int *http_fds;          /* listening sockets of this thread alone; copied, never closed */
    size_t http_count;
    const int *https_fds;
    size_t https_count;
    const struct net_tls *tls; /* what the HTTPS listeners show; kept */
    struct edge_thread_limits limits;
};

/** Starts the thread; it accepts nothing before edge_thread_open. Errors: ERR_IO. */
enum err edge_thread_start(const struct edge_thread_options *options, struct edge_thread **out,
                           struct errctx *ec) MUST_USE;

/** There is a world to serve: accept. Any thread; posts to the thread's loop. */
void edge_thread_open(struct edge_thread *t);

/**
 * Accepts no more, closes what is idle, finishes the rest, then says edge_service_thread_done.
 * Any thread; posts to the thread's loop.
 */
void edge_thread_drain(struct edge_thread *t);

/** Ends the thread at once, cuts what is left and frees it. Not on that thread. NULL is fine. */
void edge_thread_free(struct edge_thread *t);

#endif
