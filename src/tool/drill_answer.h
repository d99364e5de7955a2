// SPDX-License-Identifier: Apache-2.0
// DNS as a drill sees it: the query that it sends, what an answer holds, and a resolver that
// honours TTLs, for what clients get. Pure; times are the caller's.
#ifndef TOOL_DRILL_ANSWER_H
#define TOOL_DRILL_ANSWER_H

#include "dns/name.h"
#include "tool/limits.h"

/** An IPv4 or IPv6 address; the type that was asked for tells which. */
struct drill_address {
    uint8_t bytes[16]; /* of IPv4 the first four, the rest zero */
};

/** Addresses, each once; by value. */
struct drill_addresses {
    struct drill_address items[TOOL_DRILL_ADDRESSES_MAX];
    size_t count;
};

/** Adds the address where it is not there yet; what does not fit is left out. */
void drill_addresses_add(struct drill_addresses *list, const struct drill_address *address);
bool drill_addresses_have(const struct drill_addresses *list, const struct drill_address *address);
/** Whether the lists have an address in common. */
bool drill_addresses_meet(const struct drill_addresses *a, const struct drill_addresses *b);

/** What a name server said. */
struct drill_answer {
    unsigned rcode;
    uint32_t ttl_s; /* the shortest of the answer's records; without addresses, how long a resolver
                       remembers that there are none (RFC 2308 section 5) */
    struct drill_addresses addresses; /* in the order of the answer, behind CNAMEs too */
};

/** Bytes of a query at most: header, question, OPT. */
#define DRILL_QUERY_SIZE (DNS_HEADER_BYTES + DNS_NAME_MAX_BYTES + 4 + 11)

/** A query of class IN without RD, with EDNS; returns its length. */
size_t drill_query_write(uint8_t out[DRILL_QUERY_SIZE], uint16_t id, const struct dns_name *name,
                         uint16_t type);

/**
 * Reads a response; `type` is DNS_TYPE_A or DNS_TYPE_AAAA. False for bytes that are no response,
 * and for one that answers another question.
 */
bool drill_answer_read(struct slice message, const struct dns_name *name, uint16_t type,
                       uint16_t *out_id, struct drill_answer *out);

/**
 * A resolver with one name in its cache. Zeroed: nothing cached. It keeps an answer for as long as
 * its TTL says, and no longer; failures (SERVFAIL and the like) are not kept.
 */
struct drill_resolver {
    bool has_answer;
    int64_t until_ns;
    struct drill_answer answer;
};

/** What clients get now without another query; NULL: the resolver has to ask. */
const struct drill_answer *drill_resolver_get(const struct drill_resolver *r, int64_t now_ns);

/** Takes what a name server answered, where the resolver has to ask at `now_ns`. */
void drill_resolver_take(struct drill_resolver *r, const struct drill_answer *answer,
                         int64_t now_ns);

#endif
