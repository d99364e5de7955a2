// SPDX-License-Identifier: Apache-2.0
// What a world knows of its transferred zones besides their names: whether they can be offered, and
// how they changed over the last serials. Made by the builder thread with each root, read by the
// TCP thread.
#ifndef AUTHORITY_TRANSFER_BOOK_H
#define AUTHORITY_TRANSFER_BOOK_H

#include "authority/limits.h"
#include "authority/zone_text.h"
#include "dns/name.h"

/** From one serial to the next, as IXFR tells it (RFC 1995 section 4): the old SOA, records that
 * go, the new SOA, records that come. */
struct transfer_delta {
    uint32_t refs; /* books; the builder thread alone counts */
    uint32_t from;
    uint32_t to;
    struct buf text; /* zone_text.h */
};

/** One transferred zone. */
struct transfer_zone {
    const struct zone *zone; /* of the book's world */
    size_t policies;         /* names with each trait of zone_text.h */
    size_t outsides;
    struct dns_name *trees; /* the names with an alias or a policy */
    size_t tree_count;
    bool has_too_many_trees;                            /* not all of them are listed */
    struct transfer_delta *deltas[TRANSFER_DELTAS_MAX]; /* oldest first, without a gap */
    size_t delta_count;
    size_t delta_bytes;
};

/** Owner: its world. */
struct transfer_book {
    size_t count;
    struct transfer_zone zones[]; /* by hash of the zone */
};

/**
 * The book of a world that is loaded whole; NULL where no zone is transferred. What changed since
 * `before` (NULL at first) becomes deltas; what names with aliases and policies come to is compared
 * each time, because it changes with other names of the zone. Builder thread.
 * Cost: of zones that are new here, all their names; else what differs between the worlds.
 */
struct transfer_book *transfer_book_make(const struct world *w, const struct world *before);
void transfer_book_free(struct transfer_book *book); /* NULL is fine */

/** The zone's page; NULL: none. book may be NULL. */
const struct transfer_zone *transfer_book_find(const struct transfer_book *book, uint64_t hash);

#endif
