// SPDX-License-Identifier: Apache-2.0
// DNS over TCP (RFC 7766, RFC 9210): one thread with a loop for all connections of the role.
#ifndef AUTHORITY_TCP_H
#define AUTHORITY_TCP_H

#include "authority/service.h"

struct tcp_server;

/** Durations and counts that tests shorten; zero means the one of limits.h. */
struct tcp_limits {
    unsigned connections;
    unsigned connections_per_client;
    unsigned queries_per_client_s; /* of one network, as rate_limit.h tells them apart */
    int64_t idle_ns;
};

struct tcp_options {
    struct dns_service *service; /* kept */
    const int *listen_fds;       /* copied; the supervisor's, never closed here */
    size_t listen_count;
    unsigned index; /* of the thread in the role: heartbeat and slot of counters */
    struct tcp_limits limits;
};

/** Starts the thread; it accepts nothing before tcp_server_open. Errors: ERR_IO. */
enum err tcp_server_start(const struct tcp_options *options, struct tcp_server **out,
                          struct errctx *ec) MUST_USE;

/** There is a world to answer from: accept. Any thread; posts to the server's. */
void tcp_server_open(struct tcp_server *server);

/**
 * Accepts no more, closes what is idle, finishes the rest, then ends the thread. The service is
 * draining already. Any thread; posts to the server's.
 */
void tcp_server_drain(struct tcp_server *server);

/** Ends the thread at once, closes what is left and frees it. Not on the server's thread. */
void tcp_server_free(struct tcp_server *server);

#endif
