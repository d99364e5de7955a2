// SPDX-License-Identifier: Apache-2.0
// Networks from text, and random ones, for the tests of this room.
#ifndef TESTS_ROUTING_NETWORKS_H
#define TESTS_ROUTING_NETWORKS_H

#include "base/random.h"
#include "routing/net_table.h"

/** "10.0.0.0/8", "2001:db8::/32"; without a length a full address. */
struct net_key net_of(const char *text);

/** Every bit of an address from `from`, the first `length` kept. */
struct net_key net_cut(struct net_key from, unsigned length);

/** A full address within the network: its other bits random. */
struct net_key net_random_within(struct prng *random, const struct net_key *network);

/**
 * A network that lies near others: one of few prefixes, lengths that nest, so that random ones
 * overlap, touch and contain one another often.
 */
struct net_key net_random(struct prng *random, bool is_v6);

#endif
