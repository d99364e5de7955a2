// SPDX-License-Identifier: Apache-2.0
// Where in a zone a name leads (RFC 1034 section 4.3.2, RFC 4592): to itself, to a delegation above
// it, to a wildcard, or nowhere. Pure; any thread.
#ifndef AUTHORITY_LOOKUP_H
#define AUTHORITY_LOOKUP_H

#include "authority/world.h"

enum lookup_found {
    LOOKUP_NAME,       /* the name itself, or the wildcard that covers it; it may hold no sets */
    LOOKUP_DELEGATION, /* the name is delegated; the record holds NS */
    LOOKUP_NXDOMAIN,   /* no such name */
};

/**
 * name   in or below the zone's apex, wire form, lower case
 * key    world_key of it
 * qtype  DS at a delegation is the parent's, so there the delegation's own name is the answer
 * *out   is set unless NXDOMAIN; borrowed from the world
 * Relies on the compiler's empty non-terminals: what stands above an existing name exists.
 * Cost: one look-up for each label between the name and the apex, one more for a wildcard.
 */
enum lookup_found lookup_name(const struct world *w, const struct zone *zone, struct slice name,
                              const struct name_key *key, uint16_t qtype, struct name_record *out);

#endif
