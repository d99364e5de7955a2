// SPDX-License-Identifier: Apache-2.0
// What parser, formatter and check of record data share. Any thread.
#ifndef DNS_RDATA_PRIV_H
#define DNS_RDATA_PRIV_H

#include "dns/name_priv.h"
#include "dns/rdata_shape_priv.h"

/**
 * Bytes of the field at the start of `rest`; 0 where it is broken or cut short, and of an empty
 * RDATA_VALUE.
 */
size_t rdata_field_bytes(enum rdata_field field, struct slice rest);

/** Whether the bytes may be a CAA tag: letters and digits (RFC 8659 section 4.1). */
bool rdata_is_tag(struct slice tag);

#endif
