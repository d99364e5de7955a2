// SPDX-License-Identifier: Apache-2.0
// Addresses that connections do not come about with.
#ifndef TESTS_NET_DEAD_END_H
#define TESTS_NET_DEAD_END_H

#include "net/address.h"

/** A listener that does not accept, with a queue that is full: connections to it do not come about.
 */
struct full_listener {
    int fds[8];
    struct net_address address;
};
void full_listener_open(struct full_listener *f);
void full_listener_close(struct full_listener *f);

/** An address where nobody listens. */
struct net_address nobody(void);

#endif
