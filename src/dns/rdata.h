// SPDX-License-Identifier: Apache-2.0
// Record data: Route 53's value texts to canonical wire form and back, and the check of wire form
// from anywhere else. Pure. Only hosted types (dns/types.def).
//
// Each type also takes the form of RFC 3597 section 5, `\# 4 0A000001`, which is the only one of
// types that this room knows by number alone; their data is any bytes.
#ifndef DNS_RDATA_H
#define DNS_RDATA_H

#include "dns/name.h"

#define DNS_RDATA_MAX_BYTES 65535

/**
 * One value as the API takes it (`10 mail.example.com.`, `"text" "more"`, `0 issue "ca.example"`)
 * to uncompressed wire form in `a`, names in lower case (canonical form, RFC 4034 section 6.2).
 * Errors: ERR_INVALID; the context holds what a client of the API reads, in Route 53's words
 * where it has them, e.g. "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address
 * (Value is not a valid IPv4 address) encountered with '1.2.3''".
 */
enum err dns_rdata_parse(struct arena *a, uint16_t type, struct slice text, struct slice *out_rdata,
                         struct errctx *ec) MUST_USE;

/** The text of wire data, in the same form. `rdata` must have passed dns_rdata_check. */
struct slice dns_rdata_format(struct arena *a, uint16_t type, struct slice rdata);

/**
 * The text as a master file has it (RFC 1035 section 5.1), and readers of such files in general
 * take it: service parameters with escapes, on which they differ, in the form of RFC 3597.
 */
struct slice dns_rdata_format_master(struct arena *a, uint16_t type, struct slice rdata);

/**
 * Data of any origin in canonical form: checked, and its names in lower case; in `a`. ERR_INVALID
 * where it is not well-formed or its type is not hosted; the context says why.
 */
enum err dns_rdata_canonical(struct arena *a, uint16_t type, struct slice rdata,
                             struct slice *out_rdata, struct errctx *ec) MUST_USE;

/** Whether the bytes are well-formed, uncompressed data of a hosted type. ERR_CORRUPT where not. */
enum err dns_rdata_check(uint16_t type, struct slice rdata, struct errctx *ec) MUST_USE;

/**
 * Where the data's one domain name starts that may be compressed in an answer (RFC 3597 section
 * 4: NS, CNAME, PTR, MX, SOA) or that additional records are looked up for (also SRV, NAPTR, SVCB,
 * HTTPS). The answer is rdata.len where the type has none. `*out_is_compressible` tells the two
 * apart.
 */
size_t dns_rdata_name_offset(uint16_t type, struct slice rdata, bool *out_is_compressible);

/** SOA fields, from checked wire data. */
struct dns_soa {
    struct slice mname;
    struct slice rname;
    uint32_t serial;
    uint32_t refresh_s;
    uint32_t retry_s;
    uint32_t expire_s;
    uint32_t minimum_s;
};
void dns_soa_read(struct slice rdata, struct dns_soa *out);

#endif
