// SPDX-License-Identifier: Apache-2.0
// The client side's inside: client.c starts and ends calls, call.c runs one, pool.c keeps
// connections. All on the loop's thread.
#ifndef HTTP_CLIENT_PRIV_H
#define HTTP_CLIENT_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "http/client.h"
#include "http/parse.h"
#include "net/stream.h"

struct http_client {
    struct loop *loop;
    struct list calls;   /* all of struct http_call */
    struct list idle;    /* of struct http_link, the longest idle first */
    struct map idle_for; /* key of links -> struct http_idle of those idle, never empty */
    size_t idle_count;
    size_t idle_limit;
};

/** Idle connections of one kind. */
struct http_idle {
    struct list links; /* of struct http_link, by `peer`; the longest idle first */
};

/** A connection of a client: of one call at a time, or idle in the pool. */
struct http_link {
    struct http_client *client;
    struct list node; /* in client.idle while idle */
    struct list peer; /* in the http_idle of its key while idle */
    struct buf key;   /* address, TLS context and names: who may use it */
    struct net_stream *stream;
    struct loop_io io;       /* its callback is the call's, or the pool's while idle */
    struct loop_timer timer; /* of the pool, while idle */
    int64_t idle_since_ns;
    bool is_reused; /* it has carried a whole answer before */
};

/** See the diagram in call.c. */
enum http_call_state {
    HTTP_CALL_CONNECT,   /* TCP */
    HTTP_CALL_HANDSHAKE, /* TLS */
    HTTP_CALL_HEAD,      /* the request leaves, the head of the answer is awaited */
    HTTP_CALL_BODY,      /* the answer's body arrives */
    HTTP_CALL_ENDED,     /* `result` is what on_end will be told */
};

/** The request body that follows by http_call_send. */
struct http_upload {
    enum http_body_kind kind; /* NONE: there is none, or it is in `out` from the start */
    uint64_t left_bytes;      /* of a LENGTH, not yet given */
    bool has_ended;           /* all was given */
    bool wants_room;          /* on_writable is owed */
};

struct http_call {
    struct http_client *client;
    struct list node; /* in client.calls */
    struct http_call_options options;
    char *server_name; /* options.server_name, kept */
    char *other_name;  /* options.other_name, kept */
    struct http_call_handler handler;
    void *user;

    struct http_link *link; /* NULL before the connection and after the end */
    struct loop_timer timer;
    enum http_call_state state;
    int64_t since_ns;   /* begun, or last progress */
    struct buf out;     /* of the request: all of it for a second try, else what did not leave */
    size_t sent_bytes;  /* of `out` */
    struct buf in;      /* arrived, not yet consumed */
    struct arena arena; /* of the head */
    struct buf head;    /* the bytes that the head's slices point to */
    struct http_response response;
    struct http_body body;
    struct http_upload upload;
    int info_count; /* 1xx heads passed over */
    unsigned read_wants;
    unsigned write_wants;
    bool is_head;       /* the method is HEAD */
    bool is_repeatable; /* may be sent twice: idempotent and without a body */
    bool is_paused;
    bool has_input;    /* a byte of an answer arrived */
    bool may_read;     /* the socket or TLS may hold bytes */
    bool has_new_head; /* `in` grew since a head was last tried */
    bool is_cut_short; /* the request: the server takes no more, or has answered before its end */
    bool is_running;   /* inside http_call_run */
    bool is_cancelled; /* by the caller, from a callback */
    struct http_call_end end;
    struct errctx failure;
};

/* pool.c */

/** Takes the connection of the call's kind that was idle for the shortest time; NULL: none that
 *  the call may use. */
struct http_link *http_link_take(struct http_client *c, const struct http_call *call);

/** Begins a connection for the call. */
enum err http_link_connect(struct http_client *c, const struct http_call *call,
                           struct http_link **out_link, struct errctx *ec) MUST_USE;

/** Puts a connection that carried a whole answer into the pool, for keep_ns at most. */
void http_link_keep(struct http_link *link, int64_t keep_ns);

/** Closes a connection that is not in the pool; NULL is fine. */
void http_link_free(struct http_link *link);

/** Closes one at once, with what its kernel buffer still holds: the server knows that the request
 *  was cut, and what it does not read takes no memory. */
void http_link_reset(struct http_link *link);

/** Closes all that are idle. */
void http_pool_clear(struct http_client *c);

/* call.c */

/** Begins the connection, or takes a kept one. */
void http_call_begin(struct http_call *call);

/** Whether all of the request has left. */
bool http_call_is_sent(const struct http_call *call);

/** Ends the call; on_end follows when the run ends. `e` is also what this returns. */
enum err http_call_end(struct http_call *call, enum err e);

/** Watches for what moves the call on. `is_due`: it can go on at once, in the next turn. */
void http_call_arm(struct http_call *call, bool is_due);

/** What the call's timer does. */
void http_call_on_timer(struct loop_timer *timer);

/* client.c */

/** Frees the call without a callback and closes its connection. */
void http_call_free(struct http_call *call);

#endif
