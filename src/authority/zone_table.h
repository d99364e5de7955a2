// SPDX-License-Identifier: Apache-2.0
// The hosted zones of one root by apex, and which of them a client sees. Built by the builder
// thread (or in a trial) from the trie of zones; shared by all roots in which that trie is the
// same; read by every thread that answers.
#ifndef AUTHORITY_ZONE_TABLE_H
#define AUTHORITY_ZONE_TABLE_H

#include "base/map.h"
#include "metrics/zones.h"
#include "release/objects.h"

/** An IP address as views compare it. */
struct view_address {
    uint8_t bytes[16];
    uint8_t len; /* 4 or 16; 0: not known */
};

/** What selects the zones that a query may see: never anything that the query itself says. */
struct view {
    struct view_address local;  /* asked; its delegation set */
    struct view_address source; /* of the client; its private networks */
};

/** One hosted zone. */
struct zone {
    const char *id;
    uint64_t hash; /* of the id: the first half of the keys of its names */
    struct slice apex;
    unsigned apex_labels;
    uint64_t order;
    bool is_private;
    bool is_certain;                /* whoever asks for a name within it is answered from it */
    struct view_address *addresses; /* of its delegation set; none: every address */
    size_t address_count;
    struct release_prefix *sources; /* of a private zone's clients */
    size_t source_count;
    const struct release_transfer *transfer; /* NULL: the zone is not transferred */
    uint32_t counter;                        /* its slot of metrics/zones.h */
    struct slice encoded;                    /* as in the release, to tell what changed */
    struct zone *next;                       /* the next younger one of this apex */
};

/** Owner: counted references, all held by the builder thread. Unchanged once loaded. */
struct zone_table {
    uint32_t refs;
    struct chunk_hash trie;   /* the top chunk that it was made of */
    struct arena arena;       /* of zones and what they point to */
    struct map by_apex;       /* the oldest zone of each apex */
    struct map set_addresses; /* that any zone names; a mark: the zone */
    struct zone **zones;      /* by hash */
    size_t zone_count;
    unsigned labels_max; /* of all apexes: no suffix with more needs a look */
    bool has_private;
    struct metrics_zones *counters; /* that gave slots to the zones; NULL: none did */
};

/**
 * The table of the trie at `trie`, with one reference: `before` itself (NULL at first) where it was
 * made of the same. Errors: the source's, ERR_CORRUPT.
 */
enum err zone_table_load(const struct trie_ref *trie, const struct trie_seed *seed,
                         const struct chunk_source *source, struct zone_table *before,
                         struct zone_table **out, struct errctx *ec) MUST_USE;

/** Gives each zone its counters, unless that was done; `counters` (NULL: none) outlives the table.
 */
void zone_table_count(struct zone_table *table, struct metrics_zones *counters);

/** Gives a reference back; NULL is fine. */
void zone_table_unref(struct zone_table *table);

/**
 * The zone that answers for `name` (wire form, lower case) in the view: of the private ones that
 * know the source the deepest, else the deepest of the public ones that the local address shows. A
 * zone is shown at the addresses that it names, and everywhere where it names none; an address that
 * no zone names shows all. Of one apex a zone that names the address comes first, then the oldest.
 * NULL: none. Cost: one hash look-up for each suffix until one fits.
 */
const struct zone *zone_table_find(const struct zone_table *table, struct slice name,
                                   const struct view *view);

/** Whether zone_table_find gives this zone for the name, whatever the view: a quick yes where no
 *  other zone can answer; a no says nothing. */
static inline bool zone_is_certain(const struct zone *zone, struct slice name)
{
    size_t at = 0; /* of a label of the name */
    while (name.len - at > zone->apex.len)
        at += 1U + name.data[at];
    return zone->is_certain && slice_equal(slice_of(name.data + at, name.len - at), zone->apex);
}

/** Whether the address lies in one of the networks. */
bool view_address_is_in(const struct view_address *address, const struct release_prefix *prefixes,
                        size_t count);

/** The zone whose id hashes so; NULL: none. */
const struct zone *zone_table_by_hash(const struct zone_table *table, uint64_t hash);

#endif
