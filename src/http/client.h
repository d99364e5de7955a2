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

/** Keeps idle connections by (address, TLS context). One loop thread. */
struct http_client;

struct http_client *http_client_new(struct loop *loop) MUST_USE;
/** Cancels all calls (no callback) and closes all connections. */
void http_client_free(struct http_client *c);

/** One request under way. Valid until on_end or http_call_cancel. */
struct http_call;

struct http_call_handler {
    /** The final response head; 1xx are passed over. May be NULL. */
    void (*on_head)(void *user, const struct http_response *head);
    /** A piece of the body, borrowed until return. */
    void (*on_body)(void *user, struct slice data);
    /**
     * The end, exactly once unless cancelled: ERR_OK, or why it failed (ERR_TIMEOUT, ERR_CLOSED,
     * ERR_UNAVAILABLE: no connection, ERR_INVALID: malformed answer, ERR_LIMIT).
     */
    void (*on_end)(void *user, enum err result, const struct errctx *ec);
};

struct http_call_options {
    struct net_address address;
    const struct net_tls *tls;   /* NULL: plain; kept while the call runs */
    const char *server_name;     /* TLS: name to check and SNI, where the context asks for it */
    int64_t connect_timeout_ns;  /* TCP and TLS */
    int64_t response_timeout_ns; /* until the head, and between pieces of the body */
    uint64_t body_limit_bytes;   /* of the response; 0 = no limit (a stream without end) */
    bool is_fresh;               /* do not reuse a kept connection */
};

/**
 * Starts a call. `request`: method, target, fields (Host is the caller's; Content-Length is added);
 * `body` is copied. A call that dies on a reused connection before any byte of the answer is
 * tried once more on a fresh one when its method is idempotent.
 */
struct http_call *http_call_start(struct http_client *c, const struct http_call_options *options,
                                  const struct http_request *request, struct slice body,
                                  const struct http_call_handler *handler, void *user) MUST_USE;

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
