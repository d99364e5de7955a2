// SPDX-License-Identifier: Apache-2.0
// A response read back, by code that shares nothing with the writer: the trial and the tests judge
// answers with it. Pure; any thread.
#ifndef AUTHORITY_RESPONSE_H
#define AUTHORITY_RESPONSE_H

#include "dns/message.h"

/** One record; the data points into the message, its names still compressed. */
struct response_record {
    enum dns_section section;
    struct dns_name owner; /* as written, its case kept */
    uint16_t type;
    uint16_t class; /* of OPT: the sender's UDP size */
    uint32_t ttl_s; /* of OPT: high bits of the rcode, version, flags */
    struct slice rdata;
};

/** Head of a response, and where reading goes on. */
struct response {
    struct slice message;
    uint16_t id;
    uint16_t flags;
    unsigned rcode;        /* with the high bits of OPT */
    struct slice question; /* empty where there is none */
    uint16_t counts[4];    /* by enum dns_section */
    bool has_edns;
};

/**
 * Checks the whole message: header, at most one question, records of all sections with well-formed
 * names (pointers lead backwards only) and data of the right form, at most one OPT, and nothing
 * behind them. False where anything is wrong.
 */
bool response_parse(struct slice message, struct response *out);

/**
 * The next record: start with *at = 0. False at the end. `r` was filled by response_parse.
 * *index counts the records read; start with 0.
 */
bool response_next(const struct response *r, size_t *at, unsigned *index,
                   struct response_record *out);

/** The name at `at` of the message, pointers followed; the offset behind it, 0 where broken. */
size_t response_name(struct slice message, size_t at, struct dns_name *out);

#endif
