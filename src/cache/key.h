// SPDX-License-Identifier: Apache-2.0
// The cache key: what makes two requests the same to the cache. Built from the distribution, the
// raw path and what the cache policy names; pure; any thread.
// Source: CloudFront Developer Guide, understanding-the-cache-key; shared semantics "Cache key".
#ifndef CACHE_KEY_H
#define CACHE_KEY_H

#include "base/arena.h"
#include "http/message.h"
#include "release/distribution.h"

struct cache_key {
    uint64_t hash[2];   /* keyed XXH3-128 of `bytes`; the seed is the process's */
    struct slice bytes; /* all that the key holds, in one canonical form */
    struct slice uri;   /* within bytes: path, and "?query" as far as it is in the key: what
                           invalidations are matched against */
};

struct cache_key_input {
    const char *distribution_id;
    bool is_options; /* has entries of its own */
    const struct release_cache_policy *policy;
    struct slice path;                /* raw, after the default root object */
    struct slice query;               /* raw, without '?' */
    const struct http_fields *fields; /* of the viewer's request; CloudFront-* only as the edge
                                         made them */
};

/** GET and HEAD share a key. Everything in `a`. */
void cache_key_build(struct arena *a, const struct cache_key_input *input, struct cache_key *out);

/** The coding that an Accept-Encoding is normalised to: "br,gzip", "gzip", "br" or "" (RFC 9110
 *  section 12.5.3; weights of 0 and "*" count). */
const char *cache_accept_encoding(const struct release_cache_policy *policy,
                                  const struct http_fields *fields);

/**
 * The part of a query string that a selection takes, in its order and case; names compare as they
 * are written. Of the Cookie fields (all lines as one value): the pairs taken, sorted by name as
 * CloudFront sorts them; pairs of one name keep their order; listed names may hold '*' and '?'.
 * In `a`, or a part of what was given.
 */
struct slice cache_select_query(struct arena *a, const struct release_selection *s,
                                struct slice query);
struct slice cache_select_cookies(struct arena *a, const struct release_selection *s,
                                  const struct http_fields *fields);
/** What either of two selections takes: the one of the key, and the one of what is sent besides. */
struct slice cache_select_query_either(struct arena *a, const struct release_selection *s,
                                       const struct release_selection *other, struct slice query);
struct slice cache_select_cookies_either(struct arena *a, const struct release_selection *s,
                                         const struct release_selection *other,
                                         const struct http_fields *fields);
/** Whether a header field (any case) is taken. CloudFront-* ones only where they are listed: the
 *  viewer has none. */
bool cache_selects_header(const struct release_selection *s, struct slice name);

#endif
