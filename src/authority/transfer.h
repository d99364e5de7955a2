// SPDX-License-Identifier: Apache-2.0
// Zones to secondaries: AXFR (RFC 5936) and IXFR (RFC 1995) over TCP, message by message, from one
// world that the transfer pins. Who may have a zone, and what of it. The TCP thread; transfer_judge
// any thread that answers.
#ifndef AUTHORITY_TRANSFER_H
#define AUTHORITY_TRANSFER_H

#include "authority/answer.h"
#include "authority/transfer_book.h"
#include "dns/edns.h"
#include "dns/message.h"

/**
 * Whether the client may have the zone: NONE, else why not. A key that the zone asks for has to
 * have signed the query, and the address has to lie in a network that it names, where it names any.
 * zone    NULL: there is none
 * signer  key that signed the query and was found good; NULL: none
 */
enum dns_ede transfer_judge(const struct world *w, const struct zone *zone,
                            const struct view_address *client, const struct dns_name *signer);

/** The zone whose apex is the question's name; NULL: none. */
const struct zone *transfer_zone_asked(const struct world *w, const struct dns_query *query,
                                       const struct view *view);

/** Whether the client of an IXFR has the zone as it is; also where it does not say what it has. */
bool transfer_is_current(const struct zone *zone, const struct answer_request *request,
                         const struct dns_query *query);

struct transfer;

/**
 * Begins what a query over TCP asks for: AXFR, or IXFR from a serial that is not the present one.
 * NULL: it asks for something else, or may not: answer() answers it, with the reason. The TCP
 * thread, as a reader of the scene. Owner: the caller, who frees it.
 */
struct transfer *transfer_begin(const struct scene *scene, const struct answer_request *request);

/**
 * The next message, signed where the query was; its length, 0 at the end.
 * out  DNS_MESSAGE_MAX_BYTES
 */
size_t transfer_next(struct transfer *t, uint8_t *out, int64_t now_unix_s);

/** Ends the transfer, wherever it stands: counts it, logs it, lets its world go. NULL is fine. */
void transfer_free(struct transfer *t, int64_t now_ns);

#endif
