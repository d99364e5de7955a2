// SPDX-License-Identifier: Apache-2.0
// What parser, formatter and check of record data share. Any thread.
#ifndef DNS_RDATA_PRIV_H
#define DNS_RDATA_PRIV_H

#include "dns/name_priv.h"
#include "dns/rdata_shape_priv.h"

/** A space or a tab, which separate the fields of a value. */
static inline bool rdata_is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/** Reads the byte that stands at text[*at], perhaps escaped; moves *at behind it. */
enum dns_problem rdata_read_quoted_byte(struct slice text, size_t *at, uint8_t *out_byte);

/** Writes a byte as it stands in quotes, at most 4 characters; returns the end. */
char *rdata_write_quoted_byte(char *to, uint8_t c, enum dns_text style);

/** Folds the names of well-formed data to lower case, in place. */
void rdata_fold_names(const struct rdata_shape *shape, uint8_t *data, size_t len);

/** Why records of the type are not hosted; NONE where they are. */
enum dns_problem rdata_hosting_problem(uint16_t type);

/**
 * Bytes of the field at the start of `rest`; 0 where it is broken or cut short, and of an empty
 * RDATA_VALUE.
 */
size_t rdata_field_bytes(enum rdata_field field, struct slice rest);

/** Which rule the fields of well-formed data break together: digest lengths and the like. */
enum dns_problem rdata_broken_rule(uint16_t type, struct slice rdata);

/** Whether the bytes may be a CAA tag: letters and digits (RFC 8659 section 4.1), and, as
 * in Route 53's own example, hyphens. */
bool rdata_is_tag(struct slice tag);

#endif
