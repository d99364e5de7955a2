// SPDX-License-Identifier: Apache-2.0
// The way of a request down to the cache as decisions without sockets: whose it is, what rules it
// falls under, what is refused or redirected at once, its cache key, the request to the origin.
// Serving threads, the trial and tests call the very same functions; pure but for the arena.
#ifndef EDGE_DECIDE_H
#define EDGE_DECIDE_H

#include "cache/key.h"
#include "edge/world.h"
#include "net/address.h"

/** Who this edge is, in what it adds to requests and answers. Immutable; its texts are kept. */
struct edge_identity {
    const char *via;              /* "1.1 NODE.CDN-DOMAIN (Weir)": Via, in both directions */
    const char *pop;              /* X-Amz-Cf-Pop: "ZRH50-P1" */
    bool says_cloudfront;         /* X-Cache: "Hit from cloudfront" instead of "Hit from weir" */
    uint16_t https_port;          /* of this node's HTTPS listener, for redirects; 0: none */
    const char *const *tls_names; /* of the certificate shown, lower-case; "*.example.com" too */
    size_t tls_name_count;
};

/** Bytes of a request id with its NUL. */
#define EDGE_REQUEST_ID_SIZE 57

/** What is known of a viewer's request. Borrowed as long as the decision is used. */
struct edge_viewer {
    const struct http_request *request;
    const struct net_address *peer;
    const char *request_id; /* X-Amz-Cf-Id */
    bool is_tls;
};

enum edge_action {
    EDGE_REFUSE,   /* answered with `status` and `reason` */
    EDGE_REDIRECT, /* answered with `status` and `location` */
    EDGE_ALIVE,    /* answered with `status`: a probe of the node itself */
    EDGE_LOOK_UP,  /* the cache may have it, and may keep what the origin answers */
    EDGE_PASS,     /* to the origin and back, past the cache */
};

struct edge_decision {
    enum edge_action action;
    uint16_t status;
    const char *step;      /* static: the step that decided; NULL: went down to the cache */
    const char *reason;    /* static: what a reader of the error page is told */
    struct slice location; /* of a redirect */

    const struct edge_distribution *distribution; /* NULL: refused before it was known */
    const struct release_behavior *behavior;      /* NULL likewise; also of the next two */
    const struct release_origin *origin;
    enum release_method method;
    struct slice path; /* raw, after the default root object */
    bool collapses;    /* LOOK_UP: may wait for another's fetch; else only errors are kept */
    const struct http_fields *fields; /* of LOOK_UP and PASS: edge_viewer_fields */
    struct cache_key key; /* of LOOK_UP and PASS: its uri is what an unsafe method touches */

    /* of LOOK_UP and PASS, made by edge_decide_forward */
    bool has_sent;
    struct http_request sent; /* to the origin; its body's framing is that of the viewer's */
    bool is_https_origin;
};

/** Decides one request. *out lives as long as the world, the viewer's request and `a`. */
void edge_decide(const struct edge_world *w, const struct edge_identity *identity,
                 const struct edge_viewer *viewer, struct arena *a, struct edge_decision *out);

/** Makes the request to the origin: `d->sent`, in `a`. */
void edge_decide_forward(const struct edge_identity *identity, const struct edge_viewer *viewer,
                         struct arena *a, struct edge_decision *d);

/** Whether a body of at least one byte, or of a length yet to come, follows the head. */
static inline bool edge_request_has_body(const struct http_request *request)
{
    return request->body_kind == HTTP_BODY_CHUNKED ||
           (request->body_kind == HTTP_BODY_LENGTH && request->body_length > 0);
}

/** ErrorCachingMinTTL of a status, seconds. */
uint64_t edge_error_ttl_s(const struct edge_distribution *d, unsigned status);

#endif
