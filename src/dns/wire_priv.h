// SPDX-License-Identifier: Apache-2.0
// Integers in network order at any address. Inline, for the readers and writers of this room.
#ifndef DNS_WIRE_PRIV_H
#define DNS_WIRE_PRIV_H

#include "base/macros.h"

#include <endian.h>
#include <string.h>

static inline uint16_t dns_get_u16(const uint8_t *from)
{
    uint16_t value_be;
    memcpy(&value_be, from, sizeof(value_be));
    return be16toh(value_be);
}

static inline uint32_t dns_get_u32(const uint8_t *from)
{
    uint32_t value_be;
    memcpy(&value_be, from, sizeof(value_be));
    return be32toh(value_be);
}

static inline void dns_put_u16(uint8_t *to, uint16_t value)
{
    uint16_t value_be = htobe16(value);
    memcpy(to, &value_be, sizeof(value_be));
}

static inline void dns_put_u32(uint8_t *to, uint32_t value)
{
    uint32_t value_be = htobe32(value);
    memcpy(to, &value_be, sizeof(value_be));
}

/* Header fields, bytes from the start of a message (RFC 1035 section 4.1.1). */
enum {
    DNS_AT_ID = 0,
    DNS_AT_FLAGS = 2,
    DNS_AT_COUNTS = 4,
};

/* The flags' bits for the opcode, and for the low part of the response code. */
enum { DNS_OPCODE_SHIFT = 11, DNS_OPCODE_MASK = 0xf, DNS_RCODE_MASK = 0xf };

/* Two bits that make a length byte a pointer, and the pointer's reach. */
enum { DNS_POINTER_BITS = 0xc0, DNS_POINTER_MAX = 0x3fff };

/* TYPE, CLASS, TTL and RDLENGTH of a record, behind its owner. */
enum { DNS_RECORD_FIXED_BYTES = 10 };

/* The DO bit in the low half of an OPT record's TTL (RFC 3225). */
enum { DNS_EDNS_DO = 0x8000 };

#endif
