// SPDX-License-Identifier: Apache-2.0
// One request to an origin with all that it may take: addresses of its name, networks that origins
// must not reach, limits of the origin, connection attempts, timeouts, and the retries that its
// method allows. Each serving thread has one client; all on that thread's loop.
#ifndef EDGE_ORIGIN_CALL_H
#define EDGE_ORIGIN_CALL_H

#include "edge/networks.h"
#include "http/client.h"
#include "net/resolver.h"
#include "release/distribution.h"

/** A thread's connections and addresses of origins. */
struct origin_client;

struct origin_client_options {
    struct resolver_options resolver;
    const struct network_list *forbidden; /* checked on the address really connected to; kept */
    const struct net_tls *tls;            /* client context for HTTPS origins; kept */
    uint32_t connections_per_origin;      /* 0: limits.h */
    uint32_t queue_per_origin;            /* 0: limits.h */
    int64_t queue_timeout_ns;             /* 0: limits.h */
    int64_t second_ns;                    /* in which an origin's timeouts count; 0: a second */
    const struct http_limits *limits; /* head_bytes, field_count of answers; NULL: limits.h; kept */
};
enum err origin_client_new(struct loop *loop, const struct origin_client_options *options,
                           struct origin_client **out, struct errctx *ec) MUST_USE;
/** Calls under way are dropped without a callback. NULL is fine. */
void origin_client_free(struct origin_client *c);

/** Why a call failed, by class: it decides the status and is told to the viewer. */
enum origin_failure {
    ORIGIN_OK,
    ORIGIN_NO_ADDRESS,       /* the name does not resolve: 502 */
    ORIGIN_FORBIDDEN,        /* the address is in a network that origins must not reach: 502 */
    ORIGIN_REFUSED,          /* no connection: 502 */
    ORIGIN_TLS,              /* handshake or certificate: 502 */
    ORIGIN_CONNECT_TIMEOUT,  /* 504 */
    ORIGIN_RESPONSE_TIMEOUT, /* before the head, or between packets: 504 */
    ORIGIN_MALFORMED,        /* what came is no HTTP: 502 */
    ORIGIN_CLOSED,           /* closed before its answer was whole: 502 before the head */
    ORIGIN_BUSY,             /* limits of this origin: 503 */
    ORIGIN_FAILURE_COUNT
};
unsigned origin_failure_status(enum origin_failure failure);
/** The class in words for an error page, never an address: "the origin did not answer in time". */
const char *origin_failure_text(enum origin_failure failure);

struct origin_call;

/** on_end is the last; NULL allowed for others. */
struct origin_call_handler {
    /** The final head. Valid until on_end is called. */
    void (*on_head)(void *user, const struct http_response *head);
    void (*on_body)(void *user, struct slice data);
    /** There is room for more of the request body. */
    void (*on_writable)(void *user);
    /** `why` for the log. After on_head a failure means that the body was cut. */
    void (*on_end)(void *user, enum origin_failure failure, const struct errctx *why);
};

struct origin_call_options {
    const struct release_origin *origin; /* kept while the call runs */
    bool is_https;
    uint64_t body_limit_bytes; /* of the answer; 0: none */
};

/**
 * Starts a call; never calls back before it returns. `request`: method, target, fields with Host;
 * body_kind NONE, or LENGTH or CHUNKED and then the body follows by origin_call_send. A request
 * with a body is never sent twice.
 */
struct origin_call *origin_call_start(struct origin_client *c,
                                      const struct origin_call_options *options,
                                      const struct http_request *request,
                                      const struct origin_call_handler *handler, void *user)
    MUST_USE;
/** Queues bytes of the request body (copied). False: 64 KiB wait; go on in on_writable. */
bool origin_call_send(struct origin_call *call, struct slice data);
void origin_call_send_end(struct origin_call *call);
/** Backpressure towards the origin. */
void origin_call_pause(struct origin_call *call, bool is_paused);
/** No callback any more. */
void origin_call_cancel(struct origin_call *call);

#endif
