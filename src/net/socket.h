// SPDX-License-Identifier: Apache-2.0
// Making sockets: all non-blocking and close-on-exec.
#ifndef NET_SOCKET_H
#define NET_SOCKET_H

#include "net/address.h"

struct net_listen_options {
    bool reuse_port;   /* SO_REUSEPORT: one socket a thread */
    int backlog;       /* TCP; 0 = 1024 */
    int receive_bytes; /* UDP receive buffer wanted; 0 = the system's */
};

/** Binds and listens; *out_bound is the address with the port really bound. Errors: ERR_IO... */
enum err net_listen_tcp(const struct net_address *address, const struct net_listen_options *options,
                        int *out_fd, struct net_address *out_bound, struct errctx *ec) MUST_USE;

/**
 * Binds a UDP socket for DNS service: path MTU discovery off, so that answers may be fragmented
 * rather than lost, and the local address of each datagram reported (IP_PKTINFO,
 * IPV6_RECVPKTINFO), so that the reply leaves from it.
 */
enum err net_bind_udp(const struct net_address *address, const struct net_listen_options *options,
                      int *out_fd, struct net_address *out_bound, struct errctx *ec) MUST_USE;

/** Starts a TCP connection; it is established once the descriptor is writable. */
enum err net_connect_tcp(const struct net_address *address, int *out_fd, struct errctx *ec)
    MUST_USE;

/** The same from `source` (its port is not looked at; NULL: any address) of the same family. */
enum err net_connect_tcp_from(const struct net_address *source, const struct net_address *address,
                              int *out_fd, struct errctx *ec) MUST_USE;

/** The result of a connection that became writable. */
enum err net_connect_result(int fd, struct errctx *ec) MUST_USE;

/** Accepts one connection; *out_fd is -1 when none waits (or it was reset meanwhile). */
enum err net_accept(int listen_fd, int *out_fd, struct net_address *out_peer, struct errctx *ec)
    MUST_USE;

/** The local address of a connected or bound socket. */
enum err net_local_address(int fd, struct net_address *out, struct errctx *ec) MUST_USE;

#endif
