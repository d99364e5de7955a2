// SPDX-License-Identifier: Apache-2.0
// From a query to its answer, as a function: bytes, view and chance in, bytes out. Called by the
// UDP and TCP threads for each query, by the trial for its questions; any thread, no lock, no
// allocation.
#ifndef AUTHORITY_ANSWER_H
#define AUTHORITY_ANSWER_H

#include "authority/scene.h"
#include "dns/message.h"

struct trace;

/** One query; everything borrowed. */
struct answer_request {
    struct slice query; /* the message as received */
    struct view view;
    bool is_tcp;
    bool is_limited;    /* beyond the rate: BADCOOKIE to who knows cookies, else TC, and no more */
    uint64_t random;    /* turns record sets, draws among weighted ones */
    int64_t now_unix_s; /* of cookies */
    uint16_t idle_ds;   /* tenths of seconds that an idle TCP connection is kept; 0: not told */
    uint16_t branch;    /* the trial's: the first group takes its set of this number, from 1 */
    size_t reserved_bytes;         /* of what the answer may take: kept free behind it */
    const struct dns_name *signer; /* key that signed the query; NULL: none, or not looked at yet */
    struct trace *trace; /* where each decision is explained; NULL but for TestDNSAnswer */
};

/** What a query showed of cookies. */
enum answer_cookie {
    ANSWER_COOKIE_NONE,
    ANSWER_COOKIE_CLIENT,  /* the client's own alone */
    ANSWER_COOKIE_VALID,   /* one that this fleet gave this client */
    ANSWER_COOKIE_INVALID, /* another one */
};

/** What was answered, for counters and the trial. */
struct answer_summary {
    unsigned rcode;
    enum answer_cookie cookie;
    uint16_t ede;          /* enum dns_ede, whether or not the client has EDNS */
    uint64_t kind;         /* equal for answers that the rate limit counts together */
    uint16_t qtype;        /* 0: there was no question */
    uint32_t zone_counter; /* slot of the zone that answered; METRICS_ZONE_NONE: none did */
    bool is_truncated;
    bool is_referral;
};

/**
 * Answers the query from the scene.
 * out, out_bytes  where the answer goes: ANSWER_UDP_MAX_BYTES for UDP, DNS_MESSAGE_MAX_BYTES for
 *                 TCP, at least
 * Returns the answer's length; 0 where there is none (the query is too short or a response), and
 * then *out_summary is untouched.
 */
size_t answer(const struct scene *scene, const struct answer_request *request, uint8_t *out,
              size_t out_bytes, struct answer_summary *out_summary);

/**
 * A query between the steps of its answer, for who answers many: all are begun, what they will read
 * is asked of memory together, then each is finished. Borrows the query's bytes and the scene.
 */
struct answer_begun {
    enum dns_parse parsed;
    struct dns_query query;
    const struct zone *zone; /* that the question is for; NULL: none, or there is no question */
    struct name_key key;     /* of the question's name in the zone */
};

/** The first step: reads the query, and finds its zone. `guess`: a zone of the scene that it may
 *  be; NULL: no idea. */
void answer_begin(const struct scene *scene, const struct answer_request *request,
                  const struct zone *guess, struct answer_begun *out);

/** The second, which may be left out: see name_tree_fetch. At most NAME_FETCH_MAX queries. */
void answer_fetch(const struct scene *scene, const struct answer_begun *begun, unsigned count);

/** The last: as `answer`, from a query that was begun with the same scene and request, but for
 *  is_limited. May be called again. */
size_t answer_finish(const struct scene *scene, const struct answer_request *request,
                     const struct answer_begun *begun, uint8_t *out, size_t out_bytes,
                     struct answer_summary *out_summary);

#ifdef WEIR_FAULTS
/** Injected fault "dns-crash-hidden-from-trial": the trial sets it and is spared. */
extern bool answer_is_trial;
#endif

#endif
