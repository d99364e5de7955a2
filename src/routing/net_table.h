// SPDX-License-Identifier: Apache-2.0
// Networks and what holds in each, looked up by longest match, with the truth about how far an
// answer reaches. Immutable once made; any thread reads. Pure.
#ifndef ROUTING_NET_TABLE_H
#define ROUTING_NET_TABLE_H

#include "base/macros.h"

#include <stdbool.h>

/**
 * A network of either family, its first 64 bits left-aligned: of IPv6, what lies behind them is
 * not told apart (Route 53 has blocks to /48, client subnets end at /64).
 * Bits behind `length` are zero.
 */
struct net_key {
    uint64_t bits;
    uint8_t length; /* 0..32 of IPv4, 0..64 of IPv6 */
    bool is_v6;
};

/** From address bytes (4 or 16) and a length in bits, which is cut to 64. */
struct net_key net_key_of(const uint8_t *address, size_t address_bytes, unsigned length);

struct net_table;

/* Networks of one table, two intervals of each numbered with 32 bits: the full table of the
 * internet has about 1.3 million, files of cities some ten million. */
#define NET_TABLE_NETWORKS_MAX ((size_t)100000000)

/** The one number that is no value. */
#define NET_TABLE_NONE UINT32_MAX

struct net_table_entry {
    struct net_key network;
    uint32_t value; /* not NET_TABLE_NONE */
};

/**
 * Networks in any order, at most NET_TABLE_NETWORKS_MAX; of those that are given twice the last one
 * stands. Already sorted ones (IPv4 first, by bits, then length) take no further memory to sort.
 * Owner: the caller; entries borrowed.
 */
struct net_table *net_table_new(const struct net_table_entry *entries, size_t count);

/**
 * The same for look-ups that take of a client its first address alone, as geography is looked up:
 * a third of the memory, and a client that is wider than a network finds it, with a scope that is
 * longer than the client's own length.
 */
struct net_table *net_table_new_by_address(const struct net_table_entry *entries, size_t count);
void net_table_free(struct net_table *t); /* NULL is fine */

/**
 * The value of the longest network that contains `client` whole; false where none does, and then
 * *out_value is untouched.
 * *out_scope  the length of the widest network around the client's first address in which every
 *             address has this very outcome, found or not: 0..32, 0..64. Longer than the client's
 *             where not all of its addresses have it (RFC 7871 section 7.1.2: the subnet given was
 *             not specific enough)
 * Cost: an index of at most 2^16 slots and a binary search behind it, about 30 ns in a table of a
 * million networks; of a client that is no full address a second search. No allocation.
 */
bool net_table_find(const struct net_table *t, const struct net_key *client, uint32_t *out_value,
                    uint8_t *out_scope);

/** Networks that it was made of, and bytes of memory. */
size_t net_table_count(const struct net_table *t);
size_t net_table_bytes(const struct net_table *t);

#endif
