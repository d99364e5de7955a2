// SPDX-License-Identifier: Apache-2.0
// Heads of answers to viewers, and the pages of our own refusals, redirects and errors. Serving
// threads, the trial and tests call the very same functions; pure but for the arena.
#ifndef EDGE_ANSWER_H
#define EDGE_ANSWER_H

#include "edge/decide.h"

/** What X-Cache says. */
enum edge_result {
    EDGE_HIT,
    EDGE_MISS,
    EDGE_REFRESH_HIT,
    EDGE_ERROR,
    EDGE_REDIRECTED,
    EDGE_LIMIT_EXCEEDED,
};

/** Why a request went on to the origin (RFC 9211 section 2.2). */
enum edge_forwarded {
    EDGE_FORWARDED_NOT,
    EDGE_FORWARDED_BYPASS, /* the behaviour caches nothing, or a marker says not to wait */
    EDGE_FORWARDED_METHOD, /* the behaviour does not cache this method */
    EDGE_FORWARDED_MISS,
    EDGE_FORWARDED_STALE,
};

/** What Cache-Status says (RFC 9211). */
struct edge_cache_status {
    bool is_hit;
    enum edge_forwarded forwarded;
    uint16_t origin_status; /* where it says more than the answer's; 0: left out */
    bool is_stored;
    bool is_collapsed;
    bool has_ttl;
    int64_t ttl_s; /* negative: stale since */
};

/** An answer from the cache or the origin, as far as its head is concerned. */
struct edge_answer {
    enum edge_result result;
    uint16_t status;
    const struct http_fields *fields;          /* as cache_stored_fields gives them; borrowed */
    const struct release_cache_policy *policy; /* of the behaviour: what Vary tells viewers */
    enum http_body_kind body_kind;
    uint64_t body_length;
    bool has_age; /* Age is age_s; else that of the fields, if any, stays */
    uint32_t age_s;
    struct edge_cache_status cache_status;
};

/** The head for the viewer, in `a`; it borrows the answer's fields. */
void edge_answer_head(const struct edge_identity *identity, const struct edge_viewer *viewer,
                      const struct edge_answer *answer, struct arena *a, struct http_response *out);

/** An answer of our own: a refusal, a redirect, a failure. */
struct edge_own_answer {
    enum edge_result result;
    uint16_t status;
    const char *reason;     /* for the page: a class, never an address */
    struct slice location;  /* of a redirect; else empty */
    unsigned retry_after_s; /* 0: none */
    struct edge_cache_status cache_status;
};

/** Head and body, in `a`. */
void edge_answer_own(const struct edge_identity *identity, const struct edge_viewer *viewer,
                     const struct edge_own_answer *answer, struct arena *a,
                     struct http_response *out, struct slice *out_body);

/** What a decision to REFUSE, REDIRECT or ALIVE is answered with. */
void edge_answer_decision(const struct edge_decision *decision, struct edge_own_answer *out);

#endif
