// SPDX-License-Identifier: Apache-2.0
// Master files (RFC 1035 section 5): the text of a zone to record sets and back. Reading is done
// by ldns; every record then passes our own codec.
#ifndef TOOL_ZONE_TEXT_H
#define TOOL_ZONE_TEXT_H

#include "base/buf.h"
#include "tool/zone_sets.h"

/** Who hears of lines: borrowed by whoever is given one. */
struct zone_listener {
    void (*say)(void *user, unsigned line, const char *text); /* line 0: of the whole file */
    void *user;
};

/** A text that was read. */
struct zone_text {
    struct zone_sets sets;  /* none where there are errors */
    unsigned error_count;   /* each was said */
    unsigned signing_count; /* records left out, of the zone's own signing: RRSIG, NSEC, ... */
};

/**
 * Reads all record sets of a zone's text.
 * origin    what names without a final dot are below, until $ORIGIN; NULL: nothing
 * $TTL and $ORIGIN are followed, in any case; $INCLUDE and $GENERATE are errors. A record without
 * TTL, where no $TTL came before it, has the last one that was given, else SOA's minimum.
 * A record that stands twice is taken once. Sets live in `a`.
 * Errors: ERR_INVALID once all that is wrong was said; *out holds the counts then.
 */
enum err zone_text_read(struct arena *a, struct slice text, const struct dns_name *origin,
                        const struct zone_listener *listener, struct zone_text *out,
                        struct errctx *ec) MUST_USE;

/** Appends the lines of a plain set: absolute names, one record a line, in canonical order. */
void zone_text_write_set(struct arena *a, const struct zone_set *set, struct buf *out);

/**
 * Appends the whole zone: the apex's SOA first, then all in the order of listings. What no master
 * file can say becomes comments: aliases, and sets with policies as the API has them.
 */
void zone_text_write(struct arena *a, const struct zone_sets *sets, struct buf *out);

#endif
