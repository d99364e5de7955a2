// SPDX-License-Identifier: Apache-2.0
// DNS over UDP: one thread for each socket, batches in, batches out.
#ifndef AUTHORITY_UDP_H
#define AUTHORITY_UDP_H

#include "authority/rate_limit.h"
#include "authority/service.h"

struct udp_thread;

struct udp_options {
    struct dns_service *service; /* kept */
    int fd;                      /* kept, made blocking; the supervisor's, never closed here */
    struct net_address bound;
    struct rate_limit_rules rate;
    unsigned index; /* of the thread in the role: heartbeat and slot of counters */
};

/**
 * Starts the thread. It waits for the first world, answers until the service drains, empties the
 * socket once more and ends. Errors: ERR_IO where the socket or the thread cannot be had.
 */
enum err udp_thread_start(const struct udp_options *options, struct udp_thread **out,
                          struct errctx *ec) MUST_USE;

/** Waits for the thread's end, at most the time of a batch once the service drains; frees it. */
void udp_thread_join(struct udp_thread *t);

#endif
