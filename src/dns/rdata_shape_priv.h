// SPDX-License-Identifier: Apache-2.0
// The shape of each hosted type's data, field by field: the one table behind parsing, formatting,
// checking and compression. Used by the rdata files of this room, on any thread.
#ifndef DNS_RDATA_SHAPE_PRIV_H
#define DNS_RDATA_SHAPE_PRIV_H

#include "dns/limits.h"
#include "dns/problem_priv.h"
#include "dns/types.h"

enum rdata_field {
    RDATA_IPV4,
    RDATA_IPV6,
    RDATA_U8,
    RDATA_U16,
    RDATA_U32,
    RDATA_NAME,
    RDATA_STRING,  /* one character string */
    RDATA_STRINGS, /* one or more character strings, to the end */
    RDATA_TAG,     /* a CAA tag behind its length */
    RDATA_VALUE,   /* text to the end, in quotes */
    RDATA_HEX,     /* one or more bytes to the end, in hexadecimal */
    RDATA_PARAMS,  /* service parameters to the end, perhaps none (RFC 9460 section 2.2) */
};

struct rdata_shape {
    uint8_t field_count;
    uint8_t fields[DNS_RDATA_FIELD_MAX_COUNT]; /* enum rdata_field */
    uint8_t first_name_at; /* bytes before the first name, if there is one; NAPTR: before strings */
    bool has_name;
    bool is_compressible;         /* RFC 3597 section 4 */
    enum dns_problem field_error; /* of a text with more or fewer fields */
};

/** The shape of a hosted type; NULL of any other. */
const struct rdata_shape *rdata_shape_of(uint16_t type);

#endif
