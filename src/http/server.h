// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 server side: connections on one loop, requests to a handler, answers streamed back
// with backpressure. The same code serves the APIs, the feeds, the admin page and the edge.
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/limits.h"
#include "http/message.h"
#include "net/address.h"
#include "net/tls.h"
#include "os/loop.h"

struct http_server;

/**
 * One request and its answer.
 * Owner:   the server. Valid from on_request until on_closed returns.
 * Threads: the loop's. A handler that works elsewhere keeps the pointer and comes back to the
 *          loop; after on_closed it must not touch it.
 */
struct http_exchange;

enum http_close_reason {
    HTTP_CLOSE_DONE,    /* answered completely */
    HTTP_CLOSE_PEER,    /* the peer left before the answer was complete */
    HTTP_CLOSE_TIMEOUT, /* a deadline passed */
    HTTP_CLOSE_ERROR,   /* the request body was malformed or too large; the server answers if it can
                         */
    HTTP_CLOSE_DRAIN,   /* the server was freed */
};

/** What a handler does; any but on_request and on_closed may be NULL. All on the loop's thread. */
struct http_handler {
    /** The head is complete. Answer now or later; http_exchange_set_user keeps your state. */
    void (*on_request)(struct http_exchange *x, void *server_user);
    /** A piece of the request body, borrowed until return. Not after the answer has ended. */
    void (*on_body)(struct http_exchange *x, struct slice data);
    /** The request is complete; after on_request at once where it has no body. As on_body. */
    void (*on_request_end)(struct http_exchange *x);
    /** There is room again after http_send_body said to wait. */
    void (*on_writable)(struct http_exchange *x);
    /** The exchange ends; free what belongs to it. Called exactly once for each on_request. */
    void (*on_closed)(struct http_exchange *x, enum http_close_reason reason);
};

struct http_server_options {
    struct http_limits limits;
    const struct net_tls *tls; /* NULL: plain. Kept. */
    const char *server_field;  /* value of the Server field; NULL: none is sent */
    const struct http_handler *handler;
    void *user;
};

/** Options and what they point to are kept until http_server_free. */
struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options)
    MUST_USE;

/** Accepts from a listening socket; the descriptor stays the caller's. */
void http_server_listen(struct http_server *s, int listen_fd);

/**
 * Drains: stops accepting, closes idle connections, answers the rest with "Connection: close".
 * `on_drained(user)` is called once when the last connection is gone.
 */
void http_server_drain(struct http_server *s, void (*on_drained)(void *user), void *user);

/**
 * Closes everything at once (on_closed with HTTP_CLOSE_DRAIN). Not from a handler's callback;
 * on_drained may call it.
 */
void http_server_free(struct http_server *s);

/** The request, as long as the exchange; its slices too. */
const struct http_request *http_exchange_request(const struct http_exchange *x);

/** Memory that lives as long as the exchange. */
struct arena *http_exchange_arena(struct http_exchange *x);
void http_exchange_set_user(struct http_exchange *x, void *user);
void *http_exchange_user(const struct http_exchange *x);
void *http_exchange_server_user(const struct http_exchange *x);
const struct net_address *http_exchange_peer(const struct http_exchange *x);
bool http_exchange_is_tls(const struct http_exchange *x);
/** The client certificate's Ed25519 key; false without one. */
bool http_exchange_peer_key(const struct http_exchange *x, uint8_t out_public[32]);

/** Stops or resumes reading the request body: backpressure towards the client. */
void http_pause_body(struct http_exchange *x, bool is_paused);

/**
 * Sends the head. status and fields are used; Date, Connection, Content-Length or
 * Transfer-Encoding are the server's to add. Body: kind LENGTH with its length, CHUNKED where it
 * is not known, or NONE. Called once for each exchange, status 200 to 599. A Date or Server among
 * the fields replaces ours. HTTP/1.0 clients get a CHUNKED body up to the close of the connection.
 */
void http_respond(struct http_exchange *x, const struct http_response *head);

/**
 * Queues bytes of the body (copied). False: more than limits.output_bytes wait now; go on in
 * on_writable. The bytes were taken in either case.
 */
bool http_send_body(struct http_exchange *x, struct slice data);

/**
 * The body is complete. The exchange ends (on_closed) when it left, at the earliest after return.
 * A body shorter than its LENGTH ends as http_abort does; what was longer has been cut.
 */
void http_end(struct http_exchange *x);

/** Head, whole body and end in one; `fields` as in http_respond, may be NULL. */
void http_reply(struct http_exchange *x, unsigned status, const struct http_fields *fields,
                struct slice body);

/** Cuts the connection without an orderly end, so that the client sees a truncated answer.
 * on_closed follows with HTTP_CLOSE_ERROR. */
void http_abort(struct http_exchange *x);

#endif
