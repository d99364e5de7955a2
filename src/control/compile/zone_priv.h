// SPDX-License-Identifier: Apache-2.0
// Zones: a stored body becomes what a release holds, and transferred ones get their serial.
#ifndef CONTROL_COMPILE_ZONE_PRIV_H
#define CONTROL_COMPILE_ZONE_PRIV_H

#include "control/store/objects.h"
#include "release/objects.h"

/** The zone of a STORE_ZONE object that exists; in `a`. Errors: ERR_CORRUPT. */
enum err zone_read(struct arena *a, const struct store_object *object, struct release_zone *out,
                   struct errctx *ec) MUST_USE;

/** What serials come from; everything borrowed. */
struct zone_serials {
    const struct trie_seed *seed;
    const struct trie_ref *trie; /* of zones, before */
    const struct chunk_source *source;
    uint64_t version; /* of the content after */
};

/**
 * Gives a transferred zone that was touched its serial: the low 32 bits of the content's version,
 * or one above the serial that it had before where that is not newer (RFC 1982), which is so when
 * an object is held or released without a new version. Other zones are left as they are.
 * Errors: the source's, ERR_CORRUPT.
 */
enum err zone_number(struct arena *a, const struct zone_serials *serials, struct release_zone *zone,
                     struct errctx *ec) MUST_USE;

#endif
