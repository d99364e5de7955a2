// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 client side: calls over kept connections, bodies streamed, deadlines for each
// phase. Feeds and tools use it now; origins, shield and probes will.
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/err.h"
#include "http/limits.h"
#include "http/message.h"
#include "net/address.h"
#include "net/tls.h"
#include "os/loop.h"

/** Keeps idle connections by address, TLS context and names. One loop thread. */
struct http_client;

struct http_client *http_client_new(struct loop *loop) MUST_USE;
/** Cancels all calls (no callback) and closes all connections. */
void http_client_free(struct http_client *c);

/** How many idle connections it keeps, all together; HTTP_CLIENT_IDLE until set. */
void http_client_set_idle_limit(struct http_client *c, size_t count);

/** One request under way. Valid until on_end or http_call_cancel. */
struct http_call;

/** How far a call came. */
enum http_stage {
    HTTP_STAGE_CONNECT, /* no TCP connection */
    HTTP_STAGE_TLS,     /* the handshake is not over */
    HTTP_STAGE_WAIT,    /* the request leaves or has left; not a byte of an answer came */
    HTTP_STAGE_HEAD,    /* within the head of the answer, or behind a 1xx */
    HTTP_STAGE_BODY,    /* after on_head */
};

/** How a call ended. */
struct http_call_end {
    /** ERR_OK, or why it failed: ERR_TIMEOUT, ERR_CLOSED, ERR_UNAVAILABLE (no connection, or the
     *  handshake failed), ERR_INVALID (malformed answer), ERR_LIMIT (body_limit_bytes). */
    enum err result;
    enum http_stage stage;    /* that it was in */
    const struct errctx *why; /* names the address; sys_errno where a system call failed */
};

struct http_call_handler {
    /** The final response head; 1xx are passed over. Valid until on_end. May be NULL. */
    void (*on_head)(void *user, const struct http_response *head);
    /** A piece of the body, borrowed until return. May be NULL. */
    void (*on_body)(void *user, struct slice data);
    /** Only with a body that follows: the connection is there and has room for it, for the first
     *  time or after http_call_send said to wait. May be NULL. */
    void (*on_writable)(void *user);
    /** The end, exactly once unless cancelled; `end` borrowed until return. */
    void (*on_end)(void *user, const struct http_call_end *end);
};

struct http_call_options {
    struct net_address address;
    const struct net_tls *tls;   /* NULL: plain; kept while the call runs */
    const char *server_name;     /* TLS: name to check and SNI, where the context asks for it */
    const char *other_name;      /* TLS: a certificate for this one is accepted too; or NULL */
    int64_t connect_timeout_ns;  /* TCP and TLS */
    int64_t response_timeout_ns; /* until the head is whole, and between pieces of the body; without
                                    progress of the request; not while its body is awaited */
    int64_t keep_timeout_ns;     /* how long the connection is kept idle; 0: limits.h */
    int64_t unsafe_idle_ns;      /* of a connection for what cannot be sent twice; 0: limits.h */
    uint64_t body_limit_bytes;   /* of the response; 0 = no limit (a stream without end) */
    const struct http_limits *limits; /* head_bytes and field_count of the answer; NULL: default;
                                         kept while the call runs */
    bool is_fresh;                    /* do not reuse a kept connection */
};

/**
 * Starts a call. `request`: method, target, fields (Host is the caller's; the fields that frame the
 * body are the client's). Its body: body_kind NONE: `body`, copied; LENGTH or CHUNKED: follows by
 * http_call_send, and `body` is empty.
 * What cannot be sent twice (a method that is not idempotent, or any body) goes over a connection
 * that is new or was idle for less than unsafe_idle_ns. Anything else that dies on a
 * reused connection before any byte of the answer is tried once more on a fresh one.
 */
struct http_call *http_call_start(struct http_client *c, const struct http_call_options *options,
                                  const struct http_request *request, struct slice body,
                                  const struct http_call_handler *handler, void *user) MUST_USE;

/**
 * Queues bytes of the request body (copied), of a LENGTH at most what is left of it. False:
 * HTTP_UPLOAD_BYTES wait now; go on in on_writable. The bytes were taken in either case. After a
 * final answer they are dropped: it stops the upload, and the connection is closed at the end.
 */
bool http_call_send(struct http_call *call, struct slice data);

/** The request body is whole; of a LENGTH all has been given. */
void http_call_send_end(struct http_call *call);

/** Pauses or resumes reading the answer: backpressure. */
void http_call_pause(struct http_call *call, bool is_paused);

/** Ends the call without a further callback; its connection is closed. */
void http_call_cancel(struct http_call *call);

/** The server's Ed25519 key, from on_head on; false without TLS. */
bool http_call_peer_key(const struct http_call *call, uint8_t out_public[32]);

/** A whole answer, for callers that may wait. */
struct http_answer {
    unsigned status;
    struct http_fields fields; /* in the caller's arena */
    struct slice body;
};

/**
 * One call from start to end, blocking the thread on a loop of its own. For tools only, never on
 * a role's loop. Errors: as on_end.
 */
enum err http_call_wait(struct arena *a, const struct http_call_options *options,
                        const struct http_request *request, struct slice body,
                        struct http_answer *out_answer, struct errctx *ec) MUST_USE;

#endif
