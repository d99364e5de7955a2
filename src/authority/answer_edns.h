// SPDX-License-Identifier: Apache-2.0
// The options of one query and of its answer (RFC 6891 section 6.1.2): client subnet, cookie, name
// of the server, time of idle TCP connections, extended error. Called by answer(); any thread, no
// allocation.
#ifndef AUTHORITY_ANSWER_EDNS_H
#define AUTHORITY_ANSWER_EDNS_H

#include "authority/answer.h"
#include "dns/edns_subnet.h"
#include "dns/message.h"
#include "routing/routing.h"

/* Options of one query that are looked at; more of them make it FORMERR. */
#define EDNS_OPTIONS_MAX 16

/* Options of one answer, bytes with their heads. */
#define EDNS_OUT_MAX_BYTES 256

/** Zeroed for each query. */
struct answer_edns {
    bool has_subnet;
    bool has_cookie;
    uint16_t idle_ds; /* told to a TCP client that asks; 0: not */
    enum answer_cookie cookie;
    uint8_t cookie_bytes; /* of both cookies in the answer; 0: none */
    uint8_t cookies[COOKIE_CLIENT_BYTES + COOKIE_SERVER_BYTES];
    struct dns_edns_subnet subnet;
    struct slice nsid; /* of the answer; empty: not asked for, or none */
};

/**
 * Reads the query's options, checks and makes cookies. NOERROR, or the RCODE that the query is
 * answered with instead.
 */
enum dns_rcode answer_edns_read(const struct scene *scene, const struct answer_request *request,
                                const struct dns_query *query, struct answer_edns *out);

/** Whom the answer is for: the client subnet where the query has one, else who asks. */
void answer_edns_client(const struct answer_edns *edns, const struct answer_request *request,
                        const struct scene *scene, struct routing_client *out);

/** Bytes that the answer's options take without an extended error; known before anything is looked
 *  up. */
size_t answer_edns_bytes(const struct answer_edns *edns);

/** What is only known once everything was looked up. */
struct answer_edns_late {
    const struct routing_client *client;
    uint16_t ede;      /* enum dns_ede */
    size_t room_bytes; /* for the options; no less than answer_edns_bytes */
};

/** Writes the answer's options: answer_edns_bytes of them, then the extended error if it fits. */
struct slice answer_edns_write(const struct answer_edns *edns, const struct answer_edns_late *late,
                               uint8_t out[EDNS_OUT_MAX_BYTES]);

#endif
