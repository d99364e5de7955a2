// SPDX-License-Identifier: Apache-2.0
// Binding the sockets of a role; the supervisor's, which keeps them over restarts.
#ifndef NODE_BIND_PRIV_H
#define NODE_BIND_PRIV_H

#include "node/role.h"

/**
 * Binds every socket of a role. Sockets of one label and address share one port, also where the
 * kernel picks it. On failure nothing stays bound. Errors: ERR_IO, ERR_EXISTS (in use), ...
 */
enum err bind_role_sockets(struct role_socket *sockets, size_t count, unsigned threads,
                           struct errctx *ec) MUST_USE;

/** One listening TCP socket for "ADDR:PORT". */
enum err bind_listener(const char *text, int *out_fd, struct net_address *out_bound,
                       struct errctx *ec) MUST_USE;

#endif
