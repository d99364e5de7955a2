// SPDX-License-Identifier: Apache-2.0
// A list of networks and addresses, for what origins must not reach. Immutable once made; any
// thread.
#ifndef EDGE_NETWORKS_H
#define EDGE_NETWORKS_H

#include "net/address.h"

struct network_list;

/**
 * Each text: "169.254.0.0/16", "fd00:ec2::254", or with a port "127.0.0.1:5380" (that port alone).
 * Errors: ERR_INVALID, naming the text.
 */
enum err network_list_new(const char *const *texts, size_t count, struct network_list **out,
                          struct errctx *ec) MUST_USE;
void network_list_free(struct network_list *l);
/** Mapped IPv4 addresses count as IPv4; a wildcard address with a port stands for every local
 *  address with that port. */
bool network_list_has(const struct network_list *l, const struct net_address *address);

#endif
