// SPDX-License-Identifier: Apache-2.0
// The EDNS Client Subnet option (RFC 7871 section 6). Pure.
#ifndef DNS_EDNS_SUBNET_H
#define DNS_EDNS_SUBNET_H

#include "dns/edns.h"

#define DNS_EDNS_SUBNET 8            /* option code */
#define DNS_EDNS_SUBNET_MAX_BYTES 20 /* family, both lengths, an IPv6 address */

/** A client subnet as a query says it. */
struct dns_edns_subnet {
    uint16_t family; /* 1 IPv4, 2 IPv6 (IANA address family numbers); 0 where both lengths are 0 */
    uint8_t source_length; /* bits; 0: the client wants none of its address used */
    uint8_t address[16];   /* 4 or 16 bytes by family, zero behind source_length */
};

/** Reads the option's data; false: FORMERR (RFC 7871 section 7.1.1), and *out is untouched. */
bool dns_edns_subnet_read(struct slice data, struct dns_edns_subnet *out);

/** The option's data for the answer: the query's with the scope set. Returns its length. */
size_t dns_edns_subnet_write(const struct dns_edns_subnet *subnet, uint8_t scope_length,
                             uint8_t out[DNS_EDNS_SUBNET_MAX_BYTES]);

#endif
