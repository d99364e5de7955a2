// SPDX-License-Identifier: Apache-2.0
// What may be done with an answer: stored or not, for how long, how old it is, when it may be
// served although it expired. Pure: bytes and times in, findings out. Source: RFC 9111, RFC 5861,
// RFC 9213, and the table of CDN rules (docs/http.md).
#ifndef CACHE_JUDGE_H
#define CACHE_JUDGE_H

#include "http/message.h"
#include "release/distribution.h"

/** The rules of a mode; a constant. No other code asks for the mode. */
struct cache_rules;
extern const struct cache_rules cache_rules_cdn;

/** What is judged. */
struct cache_answer {
    const struct http_request *sent;      /* the request as it went to the origin */
    const struct http_response *response; /* as it came */
    const struct release_cache_policy *policy;
    uint64_t error_min_ttl_s;      /* ErrorCachingMinTTL of the response's status */
    bool has_authorization_in_key; /* or the origin's own fields set it, the same for all viewers */
    bool forwards_cookies;         /* Cookie went to the origin by policy */
    bool caches_options;           /* OPTIONS is among the behaviour's cached methods */
    int64_t request_unix_ms;       /* when the request left */
    int64_t response_unix_ms;      /* when the head came */
};

struct cache_verdict {
    bool is_storable;       /* false: each request goes to the origin */
    uint32_t lifetime_s;    /* freshness lifetime, from the generation of the answer; where it is
                               not above the age, the answer is validated before each use */
    uint32_t initial_age_s; /* corrected_initial_age (RFC 9111 section 4.2.3) */
    uint32_t stale_while_revalidate_s;
    uint32_t stale_if_error_s;   /* UINT32_MAX: as long as it is held; 0: never */
    bool removes_set_cookie;     /* from what is stored and from what viewers get */
    bool passes_set_cookie_once; /* no-cache="Set-Cookie", and errors, which are kept unasked: to
                                    whom it was sent, but never stored */
    struct slice vary;           /* joined Vary field; empty: none. "*" only where it is storable */
};

/**
 * Whether an answer was fresh when it came. One that was not is stored to be validated and, where
 * it allows it, served stale; but it is nobody's who only waited for it (RFC 9111 section 5.2.2.4):
 * it may be one viewer's page.
 */
static inline bool cache_verdict_was_fresh(const struct cache_verdict *v)
{
    return v->is_storable && v->lifetime_s > v->initial_age_s;
}

/** Judges one answer. *out lives in `a`. */
void cache_judge(const struct cache_rules *rules, const struct cache_answer *answer,
                 struct arena *a, struct cache_verdict *out);

/** The verdict of our own error (502, 504): stored for the error TTL. */
void cache_judge_own_error(uint64_t error_min_ttl_s, struct cache_verdict *out);

/**
 * Fields that a stored answer keeps: Age (it is in the verdict), hop-by-hop, connection-listed and
 * fields that only the edge may set are gone, Set-Cookie where the verdict says so; Date is that of
 * the response where it is missing or malformed. In `a`; texts borrowed from the answer.
 */
void cache_stored_fields(struct arena *a, const struct cache_answer *answer,
                         const struct cache_verdict *verdict, struct http_fields *out);

/**
 * What a 304 makes of stored fields (RFC 9111 section 3.2): all but Content-Length, Content-
 * Encoding, Content-Range and ETag where it is weakly the same. Date is the 304's alone, and its
 * Age is in them: the result, with the stored status, is judged again as an answer that has just
 * come, and cache_stored_fields gives what is stored. In `a`; texts borrowed from both.
 */
void cache_update_fields(struct arena *a, const struct http_fields *stored,
                         const struct http_fields *from_304, struct http_fields *out);

/** The strong validator of an answer, or empty. */
struct slice cache_strong_etag(const struct http_fields *fields);

#endif
