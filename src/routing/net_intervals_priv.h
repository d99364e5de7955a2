// SPDX-License-Identifier: Apache-2.0
// The keys of one address family cut into intervals of one value each: what a table of networks
// says of full addresses. Made in rising order, then immutable; any thread reads.
#ifndef ROUTING_NET_INTERVALS_PRIV_H
#define ROUTING_NET_INTERVALS_PRIV_H

#include "base/macros.h"

#include <stdbool.h>

/**
 * Interval i reaches from its start to before that of i + 1, the last one to the end of all keys.
 * Interval 0 starts at key 0; neighbours differ in value.
 */
struct net_intervals {
    uint32_t *starts32; /* IPv4: the upper half of the keys; NULL of IPv6 */
    uint64_t *starts64; /* IPv6; NULL of IPv4 */
    uint32_t *values;
    size_t count; /* at least 1 */
    size_t capacity;

    /* Slot s: the last interval that starts at or before base + (s << shift); one slot more at the
     * end, which is the last interval. Keys below the base are in slot 0. */
    uint32_t *slots;
    size_t slot_count;
    uint64_t base;
    unsigned shift;
};

/** One interval of NET_TABLE_NONE. */
void net_intervals_init(struct net_intervals *n, bool is_v6);
void net_intervals_fini(struct net_intervals *n);

/** From `start` on, which is not below the last start, the value is this one. */
void net_intervals_append(struct net_intervals *n, uint64_t start, uint32_t value);

/** Makes the index; nothing is appended afterwards. */
void net_intervals_seal(struct net_intervals *n);

/** The interval of a key. */
size_t net_intervals_find(const struct net_intervals *n, uint64_t key);

/** Length of the widest network around the key inside the interval. */
unsigned net_intervals_reach(const struct net_intervals *n, size_t interval, uint64_t key);

size_t net_intervals_bytes(const struct net_intervals *n);

#endif
