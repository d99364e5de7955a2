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

struct net_table_entry {
    struct net_key network;
    uint32_t value;
};

/** Of networks that are given twice the last one stands. Owner: the caller; entries borrowed. */
struct net_table *net_table_new(const struct net_table_entry *entries, size_t count);
void net_table_free(struct net_table *t); /* NULL is fine */

/**
 * The value of the longest network that contains `client` whole; false where none does, and then
 * *out_value is untouched.
 * *out_scope  the length of the widest network around the client's first address in which every
 *             address has this very outcome, found or not: 0..32, 0..64
 * Cost: an index by the first 16 bits and a binary search behind it; no allocation.
 */
bool net_table_find(const struct net_table *t, const struct net_key *client, uint32_t *out_value,
                    uint8_t *out_scope);

/** Networks that it was made of, and bytes of memory. */
size_t net_table_count(const struct net_table *t);
size_t net_table_bytes(const struct net_table *t);

#endif
