// SPDX-License-Identifier: Apache-2.0
// One query on its way through the stages of an answer, and the writing of record sets. Used by
// the files of the answer alone; any thread.
#ifndef AUTHORITY_ANSWER_PRIV_H
#define AUTHORITY_ANSWER_PRIV_H

#include "authority/answer_edns.h"
#include "authority/limits.h"
#include "authority/lookup.h"
#include "authority/resolve.h"
#include "dns/message.h"

#define ANSWER_NAMES_MAX (CNAME_FOLLOWED_MAX + 1)

/** Zeroed for each query; lives on the stack of answer_finish(). */
struct answering {
    const struct scene *scene;
    const struct world *world; /* the scene's */
    const struct answer_request *request;
    const struct answer_begun *begun;
    const struct dns_query *query; /* of `begun` */
    struct dns_writer *w;
    const struct zone *zone;
    struct slice *names; /* ANSWER_NAMES_MAX: the question's, then the end of each CNAME */
    unsigned name_count;
    struct answer_edns edns;
    struct routing_client client;
    struct resolver_state *resolver; /* of a question in a zone */
    unsigned rcode;
    uint64_t kind;         /* of answer_summary */
    bool is_absence_short; /* NO_MATCH: what this client does not get, others may */
    uint16_t ede;          /* enum dns_ede: what the client is told besides, where it has EDNS */
    bool is_truncated;
    bool is_referral;
};

/** The name that is looked for at present. */
static inline struct slice answering_name(const struct answering *a)
{
    return a->names[a->name_count - 1];
}

/**
 * Writes the records whole, those of each set from one that chance picks on, under the owner; of
 * several sets all with the smallest TTL (RFC 2181 section 5.2). False, and nothing is written,
 * where they do not fit.
 */
bool answer_put_records(struct answering *a, enum dns_section section, struct slice owner,
                        const struct resolution *records);

/**
 * What the name's set of the type comes to for this client; NOTHING where it has none. A set that
 * cannot be answered (UNUSABLE) also sets the RCODE, a client that matches nothing the time that
 * this may be believed.
 */
enum resolved answer_find(struct answering *a, const struct name_record *record, uint16_t type,
                          struct resolution *out);

/** The referral to a delegation: its NS, with what glue there is. */
void answer_put_referral(struct answering *a, const struct name_record *delegation);

/** The zone's SOA as an answer; SERVFAIL where it has none. */
void answer_put_soa(struct answering *a);

/** The SOA that says how long the absence of something may be believed (RFC 2308). */
void answer_put_absence(struct answering *a);

/** Whether records of the type have targets for answer_put_targets. */
static inline bool answer_has_targets(uint16_t type)
{
    return type == DNS_TYPE_MX || type == DNS_TYPE_SRV || type == DNS_TYPE_SVCB ||
           type == DNS_TYPE_HTTPS || type == DNS_TYPE_NAPTR;
}

/**
 * What a client of these records asks for next, as far as it is in this zone and fits: addresses of
 * the targets of MX, SRV, SVCB and HTTPS (RFC 9460 section 4.1), and what NAPTR's flags name.
 */
void answer_put_targets(struct answering *a, const struct resolution *records);

#endif
