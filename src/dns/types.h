// SPDX-License-Identifier: Apache-2.0
// Numbers of the DNS protocol: types, classes, response codes, opcodes, header bits.
#ifndef DNS_TYPES_H
#define DNS_TYPES_H

#include "base/slice.h"

enum dns_type {
#define DNS_TYPE_DEF(name, number, hosting) DNS_TYPE_##name = (number),
#include "dns/types.def"
#undef DNS_TYPE_DEF
};

/** Whether records of a type are hosted, and why they are not. */
enum dns_hosting {
    DNS_HOSTED,     /* by its own form, or as bytes (RFC 3597) */
    DNS_NOT_DATA,   /* a type of questions and messages alone (RFC 6895 section 3.1), or reserved */
    DNS_NOT_SIGNED, /* speaks of a zone's own signatures or digest, which Weir would not keep true
                     */
    DNS_NOT_DNAME,  /* redirects a whole subtree (RFC 6672) */
};

enum dns_class { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3, DNS_CLASS_ANY = 255 };

/** RFC 1035 section 4.1.1, RFC 6895; BADVERS needs EDNS (RFC 6891). */
enum dns_rcode {
    DNS_RCODE_NOERROR = 0,
    DNS_RCODE_FORMERR = 1,
    DNS_RCODE_SERVFAIL = 2,
    DNS_RCODE_NXDOMAIN = 3,
    DNS_RCODE_NOTIMP = 4,
    DNS_RCODE_REFUSED = 5,
    DNS_RCODE_NOTAUTH = 9, /* RFC 8945 */
    DNS_RCODE_BADVERS = 16,
    DNS_RCODE_BADCOOKIE = 23, /* RFC 7873 */
};

enum dns_opcode { DNS_OPCODE_QUERY = 0, DNS_OPCODE_NOTIFY = 4, DNS_OPCODE_UPDATE = 5 };

enum {
    DNS_FLAG_QR = 0x8000,
    DNS_FLAG_AA = 0x0400,
    DNS_FLAG_TC = 0x0200,
    DNS_FLAG_RD = 0x0100,
    DNS_FLAG_RA = 0x0080,
    DNS_FLAG_CD = 0x0010,
};

#define DNS_HEADER_BYTES 12
#define DNS_NAME_MAX_BYTES 255 /* RFC 1035 section 2.3.4, wire form with the root label */
#define DNS_LABEL_MAX_BYTES 63
#define DNS_LABEL_MAX_COUNT 127 /* labels of one byte, without the root */
#define DNS_MESSAGE_MAX_BYTES 65535
#define DNS_UDP_PLAIN_BYTES 512 /* what every client takes: RFC 1035 section 4.2.1 */

/** "AAAA", or "TYPE65280" (RFC 3597) in `buffer` for a type without a name. */
#define DNS_TYPE_TEXT_SIZE 10
const char *dns_type_text(uint16_t type, char buffer[DNS_TYPE_TEXT_SIZE]);

/** Number of a type by name (any case) or RFC 3597 form; false where it is unknown. */
bool dns_type_parse(struct slice text, uint16_t *out_type);

/** Whether records of the type are hosted; if not, why. */
enum dns_hosting dns_type_hosting(uint16_t type);

/** Whether Weir hosts records of the type. */
static inline bool dns_type_is_hosted(uint16_t type)
{
    return dns_type_hosting(type) == DNS_HOSTED;
}

/** "NXDOMAIN"; "OTHER" for a code that Weir never sends. Static storage. */
const char *dns_rcode_text(unsigned rcode);

#endif
