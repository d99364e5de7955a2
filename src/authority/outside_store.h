// SPDX-License-Identifier: Apache-2.0
// The last good addresses of outside targets as the text of a file, so that a node which starts
// while no name server answers still has them. Pure.
#ifndef AUTHORITY_OUTSIDE_STORE_H
#define AUTHORITY_OUTSIDE_STORE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/** Addresses that were learned of one target. */
struct outside_learned {
    uint16_t type;            /* DNS_TYPE_A or DNS_TYPE_AAAA */
    struct slice name;        /* wire form, lower case; borrowed */
    int64_t learned_unix_s;   /* when; their TTL runs from then */
    uint32_t ttl_s;           /* as learned */
    unsigned count;           /* 1..RESOLVER_ADDRESSES_MAX */
    const uint8_t *addresses; /* 4 or 16 bytes each, as the type has; borrowed */
};

/**
 * The text of a file:
 *
 *     weir outside addresses 1
 *     A lb.example.net. 1700000000 60 192.0.2.1 192.0.2.2
 *     end SHA-256 of all lines before, in hex
 */
void outside_store_begin(struct buf *out);
void outside_store_add(struct buf *out, const struct outside_learned *learned);
void outside_store_end(struct buf *out);

/**
 * Reads the text: whole and unaltered, or not at all. *out_items in `a`. Errors: ERR_CORRUPT.
 */
enum err outside_store_read(struct arena *a, struct slice text, struct outside_learned **out_items,
                            size_t *out_count, struct errctx *ec) MUST_USE;

#endif
