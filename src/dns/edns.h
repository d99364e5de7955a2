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
