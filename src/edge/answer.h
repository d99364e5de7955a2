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

/** Longest text of Cache-Status behind "weir; ". */
#define EDGE_CACHE_STATUS_BYTES 96

/** An answer from the cache or the origin, as far as its head is concerned. */
struct edge_answer {
    enum edge_result result;
    uint16_t status;
    const struct http_fields *fields; /* as cache_stored_fields gives them; borrowed */
    enum http_body_kind body_kind;
    uint64_t body_length;
    bool has_age;
    uint32_t age_s;
    const char *cache_status; /* what Cache-Status says behind "weir; ": "hit; ttl=30" */
};

/** The head for the viewer, in `a`; it borrows the answer's fields. */
void edge_answer_head(const struct edge_identity *identity, const struct edge_viewer *viewer,
                      const struct edge_answer *answer, struct arena *a, struct http_response *out);

/** An answer of our own: a refusal, a redirect, a failure. */
struct edge_own_answer {
    enum edge_result result;
    uint16_t status;
    const char *reason;       /* for the page: a class, never an address */
    struct slice location;    /* of a redirect; else empty */
    unsigned retry_after_s;   /* 0: none */
    const char *cache_status; /* NULL: none */
};

/** Head and body, in `a`. */
void edge_answer_own(const struct edge_identity *identity, const struct edge_viewer *viewer,
                     const struct edge_own_answer *answer, struct arena *a,
                     struct http_response *out, struct slice *out_body);

/** What a decision to REFUSE or REDIRECT is answered with. */
void edge_answer_decision(const struct edge_decision *decision, struct edge_own_answer *out);

#endif
