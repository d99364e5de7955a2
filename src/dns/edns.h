// SPDX-License-Identifier: Apache-2.0
// Options of EDNS (RFC 6891 section 6.1.2). Inline, called by the answering code per query.
#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include "base/slice.h"

/** One option; the data points into the message. */
struct dns_edns_option {
    uint16_t code; /* IANA "DNS EDNS0 Option Codes" */
    struct slice data;
};

#define DNS_EDNS_OPTION_FIXED_BYTES 4 /* code and length */

/** Option codes; that of the client subnet stands in dns/edns_subnet.h. */
enum {
    DNS_EDNS_NSID = 3,       /* RFC 5001 */
    DNS_EDNS_COOKIE = 10,    /* RFC 7873 */
    DNS_EDNS_KEEPALIVE = 11, /* RFC 7828 */
    DNS_EDNS_ERROR = 15,     /* RFC 8914 */
};

/** Extended errors (RFC 8914 section 4, and its IANA registry) that Weir says; 0 is none of them.
 */
enum dns_ede {
    DNS_EDE_NONE = 0,
    DNS_EDE_BLOCKED = 15,
    DNS_EDE_PROHIBITED = 18,
    DNS_EDE_NOT_AUTHORITATIVE = 20,
    DNS_EDE_NOT_SUPPORTED = 21,
    DNS_EDE_NO_REACHABLE_AUTHORITY = 22,
    DNS_EDE_NETWORK_ERROR = 23,
};

/**
 * Cuts the next option off the front of *rest: start with dns_query.edns_options. False at the end,
 * and where the rest is no whole option (*rest is then not empty).
 */
static inline bool dns_edns_next(struct slice *rest, struct dns_edns_option *out)
{
    const uint8_t *p = rest->data;
    if (rest->len < DNS_EDNS_OPTION_FIXED_BYTES)
        return false;
    size_t len = (size_t)p[2] << 8 | p[3];
    if (rest->len - DNS_EDNS_OPTION_FIXED_BYTES < len)
        return false;
    out->code = (uint16_t)(p[0] << 8 | p[1]);
    out->data = slice_of(p + DNS_EDNS_OPTION_FIXED_BYTES, len);
    *rest = slice_of(out->data.data + len, rest->len - DNS_EDNS_OPTION_FIXED_BYTES - len);
    return true;
}

#endif
