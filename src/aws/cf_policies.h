// SPDX-License-Identifier: Apache-2.0
// What a cache behaviour asks for in one form: managed policies by id, or the legacy
// ForwardedValues with its TTLs. Pure; any thread.
#ifndef AWS_CF_POLICIES_H
#define AWS_CF_POLICIES_H

#include "aws/cloudfront.h"
#include "base/arena.h"

/** Which names of a kind (query strings, header fields, cookies) are taken. */
enum cf_select {
    CF_SELECT_NONE = 1,
    CF_SELECT_ALL,
    CF_SELECT_LISTED,     /* those in `names` */
    CF_SELECT_ALL_EXCEPT, /* all but those in `names` */
    CF_SELECT_ALL_AND,    /* header fields: all of the viewer's, and CloudFront-* `names` */
};

struct cf_selection {
    enum cf_select mode;
    const char **names; /* sorted, each once; header fields lower-case, others as written */
    size_t name_count;
};

/** What is in the cache key, and for how long an answer is kept. */
struct cf_cache_rules {
    uint64_t min_ttl_s;
    uint64_t default_ttl_s;
    uint64_t max_ttl_s;
    bool accepts_gzip; /* in the normalised Accept-Encoding of the key */
    bool accepts_brotli;
    struct cf_selection headers;
    struct cf_selection cookies;
    struct cf_selection queries;
};

/** What the origin gets besides what the key names. */
struct cf_forward_rules {
    bool is_legacy; /* ForwardedValues: other header fields pass, but for a fixed list */
    struct cf_selection headers;
    struct cf_selection cookies;
    struct cf_selection queries;
};

struct cf_behavior_rules {
    struct cf_cache_rules cache;
    struct cf_forward_rules forward;
};

enum cf_resolution {
    CF_RESOLVED,
    CF_NO_RULES,                 /* neither CachePolicyId nor ForwardedValues */
    CF_NO_CACHE_POLICY,          /* an id that no cache policy has */
    CF_NO_ORIGIN_REQUEST_POLICY, /* an id that no origin request policy has */
};

/**
 * The rules of a behaviour. Ids are compared without regard to case; an empty one is none. Where a
 * cache policy is named, ForwardedValues and the TTLs are not looked at.
 * ForwardedValues: its names are in the key and so forwarded; with QueryStringCacheKeys all query
 * strings are forwarded; with the header `*` all header fields are, and nothing is cached. MinTTL
 * is 0 where absent, DefaultTTL a day and MaxTTL a year, or what they must not be below.
 * Source: CloudFront API Reference, CacheBehavior and ForwardedValues.
 */
enum cf_resolution cf_behavior_resolve(struct arena *a, const struct cf_cache_behavior *behavior,
                                       struct cf_behavior_rules *out) MUST_USE;

/** The name of the managed response headers policy with this id; NULL where there is none. */
const char *cf_response_headers_policy_name(const char *id);

#endif
