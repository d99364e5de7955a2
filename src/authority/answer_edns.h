// SPDX-License-Identifier: Apache-2.0
// The options of one query and of its answer (RFC 6891 section 6.1.2): client subnet, and with
// struct answer_settings what else the protocol offers. Called by answer(); any thread, no
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
    struct dns_edns_subnet subnet;
};

/** Reads the query's options. NOERROR, or the RCODE that the query is answered with instead. */
enum dns_rcode answer_edns_read(const struct dns_query *query, struct answer_edns *out);

/** Whom the answer is for: the client subnet where the query has one, else who asks. */
struct routing_client answer_edns_client(const struct answer_edns *edns,
                                         const struct answer_request *request,
                                         const struct scene *scene);

/** Bytes that the answer's options take, known before anything is looked up. */
size_t answer_edns_bytes(const struct answer_edns *edns);

/** Writes the answer's options, answer_edns_bytes of them. */
struct slice answer_edns_write(const struct answer_edns *edns, const struct routing_client *client,
                               uint8_t out[EDNS_OUT_MAX_BYTES]);

#endif
