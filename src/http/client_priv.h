// SPDX-License-Identifier: Apache-2.0
// The client side's inside: client.c owns calls and the pool of idle connections, call.c runs one
// call. All on the loop's thread.
#ifndef HTTP_CLIENT_PRIV_H
#define HTTP_CLIENT_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "http/client.h"
#include "http/parse.h"
#include "net/stream.h"

struct http_client {
    struct loop *loop;
    struct list calls; /* all of struct http_call */
    struct list idle;  /* of struct http_link, the longest idle first */
    size_t idle_count;
};

/** A connection of a client: of one call at a time, or idle in the pool. */
struct http_link {
    struct http_client *client;
    struct list node; /* in client.idle while idle */
    struct net_address address;
    const struct net_tls *tls;
    char *server_name; /* NULL where none was asked for */
    struct net_stream *stream;
    struct loop_io io;       /* its callback is the call's, or the pool's while idle */
    struct loop_timer timer; /* of the pool, while idle */
    bool is_reused;          /* it has carried a whole answer before */
};

/** See the diagram in call.c. */
enum http_call_state {
    HTTP_CALL_CONNECT,   /* TCP */
    HTTP_CALL_HANDSHAKE, /* TLS */
    HTTP_CALL_HEAD,      /* the request leaves, the head of the answer is awaited */
    HTTP_CALL_BODY,      /* the answer's body arrives */
    HTTP_CALL_ENDED,     /* `result` is what on_end will be told */
};

struct http_call {
    struct http_client *client;
    struct list node; /* in client.calls */
    struct http_call_options options;
    char *server_name; /* options.server_name, kept */
    struct http_call_handler handler;
    void *user;

    struct http_link *link; /* NULL before the connection and after the end */
    struct loop_timer timer;
    enum http_call_state state;
    int64_t since_ns;   /* begun, or last progress */
    struct buf out;     /* the whole request, kept for a second try */
    size_t sent_bytes;  /* of `out` */
    struct buf in;      /* arrived, not yet consumed */
    struct arena arena; /* of the head */
    struct http_response response;
    struct http_body body;
    int info_count; /* 1xx heads passed over */
    unsigned read_wants;
    unsigned write_wants;
    bool is_head;       /* the method is HEAD */
    bool is_idempotent; /* may be sent twice */
    bool is_paused;
    bool has_input;    /* a byte of an answer arrived */
    bool may_read;     /* the socket or TLS may hold bytes */
    bool has_new_head; /* `in` grew since a head was last tried */
    bool cannot_send;  /* the server takes no more; what it says may still be read */
    bool is_running;   /* inside call_run */
    bool is_cancelled; /* by the caller, from a callback */
    enum err result;
    struct errctx failure;
};

/* client.c */

/** Takes the longest unused idle connection of the call's kind out of the pool; NULL: none. */
struct http_link *http_link_take(struct http_client *c, const struct http_call *call);

/** Begins a connection for the call. */
enum err http_link_connect(struct http_client *c, const struct http_call *call,
                           struct http_link **out_link, struct errctx *ec) MUST_USE;

/** Puts a connection that carried a whole answer into the pool. */
void http_link_keep(struct http_link *link);

/** Closes a connection that is not in the pool; NULL is fine. */
void http_link_free(struct http_link *link);

/* call.c */

/** Frees the call without a callback and closes its connection. */
void http_call_free(struct http_call *call);

#endif
