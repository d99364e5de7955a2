// SPDX-License-Identifier: Apache-2.0
// Distributions and points of presence as the edge needs them: what the compiler makes of a
// DistributionConfig. Policies are resolved (managed ones and legacy ForwardedValues give the same
// structs), so that the edge knows one form only. Any thread; immutable once decoded.
#ifndef RELEASE_DISTRIBUTION_H
#define RELEASE_DISTRIBUTION_H

#include "release/root.h"

/** Methods as bits. */
enum release_method {
    RELEASE_GET = 1,
    RELEASE_HEAD = 2,
    RELEASE_OPTIONS = 4,
    RELEASE_PUT = 8,
    RELEASE_POST = 16,
    RELEASE_PATCH = 32,
    RELEASE_DELETE = 64,
};

/** Which names of a kind (query strings, header fields, cookies) are taken. Stored numbers. */
enum release_select {
    RELEASE_SELECT_NONE = 1,
    RELEASE_SELECT_ALL = 2,
    RELEASE_SELECT_LISTED = 3,     /* those in `names` */
    RELEASE_SELECT_ALL_EXCEPT = 4, /* all but those in `names` */
    RELEASE_SELECT_ALL_AND = 5, /* header fields: all of the viewer's, and CloudFront-* `names` */
};

struct release_selection {
    enum release_select mode;
    const char **names; /* sorted; header fields lower-case, others as written */
    size_t name_count;
};

/** What is in the cache key, and for how long an answer is kept. */
struct release_cache_policy {
    uint64_t min_ttl_s;
    uint64_t default_ttl_s;
    uint64_t max_ttl_s;
    struct release_selection headers;
    struct release_selection cookies;
    struct release_selection queries;
    bool accepts_gzip;
    bool accepts_brotli;
};

/** What the origin gets besides what the key names. */
struct release_forward_policy {
    bool is_legacy; /* ForwardedValues: other fields pass, but for a fixed list */
    struct release_selection headers;
    struct release_selection cookies;
    struct release_selection queries;
};

enum release_viewer_protocol {
    RELEASE_VIEWER_ALLOW_ALL = 1,
    RELEASE_VIEWER_REDIRECT = 2,
    RELEASE_VIEWER_HTTPS_ONLY = 3,
};

struct release_behavior {
    const char *path_pattern; /* NULL: the default behaviour, which is the last */
    const char *origin_id;    /* of an origin of the distribution */
    enum release_viewer_protocol viewer_protocol;
    unsigned allowed_methods; /* bits of enum release_method */
    unsigned cached_methods;
    bool compress;
    struct release_cache_policy cache;
    struct release_forward_policy forward;
};

enum release_origin_protocol {
    RELEASE_ORIGIN_HTTP_ONLY = 1,
    RELEASE_ORIGIN_MATCH_VIEWER = 2,
    RELEASE_ORIGIN_HTTPS_ONLY = 3,
};

/** TLS versions as bits. */
enum release_tls {
    RELEASE_TLS_1_0 =
        1, /* accepted in configurations; a TLS library without it does not speak it */
    RELEASE_TLS_1_1 = 2,
    RELEASE_TLS_1_2 = 4,
};

struct release_header {
    const char *name;
    const char *value;
};

struct release_origin {
    const char *id;
    const char *domain_name; /* lower-case name or IP literal */
    const char *path;        /* "" or "/..." without a final slash: put before the viewer's path */
    uint16_t http_port;
    uint16_t https_port;
    enum release_origin_protocol protocol;
    unsigned tls_versions;
    uint32_t connection_attempts;  /* 1..3 */
    uint32_t connection_timeout_s; /* 1..10 */
    uint32_t response_timeout_s;   /* 1..120; until the head, and between packets */
    uint32_t keepalive_timeout_s;  /* 1..120 */
    struct release_header *custom_headers;
    size_t custom_header_count;
};

struct release_error_ttl {
    uint16_t status;
    uint64_t min_ttl_s; /* ErrorCachingMinTTL of this status */
};

struct release_distribution {
    const char *id;
    const char *domain_name; /* lower-case, without a final dot */
    const char **aliases;    /* alternate domain names, lower-case; "*.example.com" too */
    size_t alias_count;
    bool is_enabled;
    bool is_ipv6_enabled;
    const char *default_root_object; /* "" for none; without a leading slash */
    struct release_origin *origins;  /* sorted by id */
    size_t origin_count;
    struct release_behavior *behaviors; /* in listed order, the default behaviour last; >= 1 */
    size_t behavior_count;
    struct release_error_ttl *error_ttls; /* sorted by status; others have 10 s */
    size_t error_ttl_count;
};

/** A node of a point of presence, and the addresses under which viewers reach it. */
struct release_pop_node {
    const char *node_id;
    struct slice *addresses; /* 4 or 16 bytes each */
    size_t address_count;
    uint16_t http_port; /* where it serves them over HTTP; 0: it is not probed */
};

/** What a node that serves viewers answers with 200 while it does, whatever the host is, unless a
 *  distribution answers to that. */
#define RELEASE_POP_PROBE_PATH "/.well-known/weir-alive"

struct release_pop {
    const char *name;               /* "ZRH50-P1": X-Amz-Cf-Pop */
    const char *location;           /* "eu-central-2" or "LAT,LON" as its nodes say; "" unknown */
    struct release_pop_node *nodes; /* sorted by node_id */
    size_t node_count;
};

/**
 * What keeps the struct from being a distribution, or NULL: a static text. The bounds are those of
 * release/limits.h. Whoever makes one of what a user wrote asks this before encoding it.
 */
const char *release_distribution_problem(const struct release_distribution *d);
const char *release_pop_problem(const struct release_pop *p);

/** Canonical bytes in `a`; the same content, the same bytes. CHECKs that there is no problem. */
struct slice release_distribution_encode(struct arena *a, const struct release_distribution *d);
struct slice release_pop_encode(struct arena *a, const struct release_pop *p);

/** Errors: ERR_CORRUPT. Everything in `a` or borrowed from `bytes`; what decodes is well-formed:
 *  every behaviour's origin exists, numbers lie in their ranges, the last behaviour is the default.
 */
enum err release_distribution_decode(struct arena *a, struct slice bytes,
                                     struct release_distribution *out, struct errctx *ec) MUST_USE;
enum err release_pop_decode(struct arena *a, struct slice bytes, struct release_pop *out,
                            struct errctx *ec) MUST_USE;

#endif
