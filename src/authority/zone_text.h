// SPDX-License-Identifier: Apache-2.0
// What a zone's names come to in a transfer: plain records, whatever stands behind a name. A
// function of the world alone, so that every node offers the same. Any thread.
#ifndef AUTHORITY_ZONE_TEXT_H
#define AUTHORITY_ZONE_TEXT_H

#include "authority/world.h"

/** One record of a transfer; borrowed from the text. */
struct zone_text_record {
    struct slice owner;
    const uint8_t *record; /* name_record.h: TYPE to RDATA */
};

/** Appends a record to a text: length of the owner (1), owner, record. */
void zone_text_put(struct buf *text, struct slice owner, const uint8_t *record);

/** Cuts the first record off the text; false at its end. */
bool zone_text_next(struct slice *text, struct zone_text_record *out);

/** What stands in the way of a name's transfer, as bits. */
enum zone_text_trait {
    ZONE_TEXT_TREE = 1,    /* an alias or a policy: the records depend on other names */
    ZONE_TEXT_POLICY = 2,  /* offered only where the zone says flatten */
    ZONE_TEXT_OUTSIDE = 4, /* leads out of the zone: never offered */
};

/** The traits of a name of the zone. */
unsigned zone_text_traits(const struct zone *zone, const struct name_record *name);

/**
 * Appends the records of a name, but for the SOA: sets as they are; an alias by the records of its
 * target, a policy by the branch that an unknown client gets while all checks are healthy.
 */
void zone_text_name(const struct world *w, const struct name_record *name, struct buf *text);

/** Appends the zone's SOA with its serial of transfers; false where the zone has none. */
bool zone_text_soa(const struct world *w, const struct zone *zone, struct buf *text);

/** Writes the serial into SOA data, whose last fields it begins. */
void zone_soa_set_serial(uint8_t *rdata_end, uint32_t serial);

#endif
