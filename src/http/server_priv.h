// SPDX-License-Identifier: Apache-2.0
// The server side's inside: server.c accepts and drains, connection.c runs the state machine,
// exchange.c turns a handler's calls into bytes. All on the loop's thread.
#ifndef HTTP_SERVER_PRIV_H
#define HTTP_SERVER_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "base/time.h"
#include "http/parse.h"
#include "http/server.h"
#include "net/stream.h"

/** See the diagram in connection.c. */
enum http_conn_state {
    HTTP_CONN_HEAD,     /* no exchange: TLS handshake, idle, or a head arrives */
    HTTP_CONN_EXCHANGE, /* between on_request and on_closed */
    HTTP_CONN_LAST,     /* no exchange: the last bytes leave */
    HTTP_CONN_LINGER,   /* our side is shut; input is discarded until the peer closes */
    HTTP_CONN_DEAD,     /* freed at the end of the run */
};

/** How far a handler is with its answer. */
enum http_answer_state {
    HTTP_ANSWER_NONE,
    HTTP_ANSWER_BODY,  /* the head is queued */
    HTTP_ANSWER_ENDED, /* all bytes are queued */
};

struct http_exchange {
    struct http_conn *conn;
    struct arena arena; /* reset between requests */
    struct http_request request;
    struct http_body body; /* decoder of the request body */
    void *user;
    enum http_answer_state answer;
    enum http_body_kind answer_kind; /* how the answer's length is told */
    uint64_t answer_left_bytes;      /* for HTTP_BODY_LENGTH */
    bool is_complete;                /* the request body has ended */
    bool is_paused;                  /* http_pause_body */
    bool wants_continue;             /* 100 Continue is owed before the body */
    bool wants_room;                 /* http_send_body said to wait */
    bool is_body_suppressed;         /* HEAD, 204, 304 */
    bool is_aborted;                 /* http_abort */
    int64_t body_since_ns;           /* the body began; moved on by what the handler paused it */
    int64_t paused_ns;               /* when is_paused was set */
};

/** Whoever has connections open: one address, or one /64 (net_address_client). */
struct http_origin {
    uint32_t conn_count; /* > 0, without those being shed */
};

struct http_conn {
    struct http_server *server;
    struct list node;   /* in server.conns */
    struct list kicked; /* in server.kicked while a run is due */
    struct net_stream *stream;
    struct net_address peer;
    struct loop_io io;
    struct loop_timer timer;
    int64_t timer_due_ns; /* when the running timer fires; it may be earlier than the deadline */

    struct buf in;   /* arrived, not yet consumed */
    struct buf head; /* the bytes that the current request's slices point to */
    struct buf out;  /* to be sent */
    struct http_exchange exchange;

    enum http_conn_state state;
    uint32_t request_count;
    uint64_t linger_bytes;   /* discarded behind the last answer */
    int64_t since_ns;        /* of the state's deadline: accepted, idle, head begun, last body byte,
                                lingering */
    int64_t write_since_ns;  /* last progress of a write, or when output began to wait */
    int64_t closed_since_ns; /* when the peer ended its side */
    unsigned read_wants;     /* LOOP_... for the next read */
    unsigned write_wants;    /* LOOP_... for the next write */
    bool is_running;         /* inside http_conn_run: callbacks must not run it again */
    bool may_read;           /* the socket or TLS may hold bytes */
    bool has_new_input;      /* `in` grew since a head was last tried */
    bool needs_handshake;    /* TLS is not established yet */
    bool is_input_closed;    /* the peer ended its side */
    bool is_last;            /* no request after this one */
    bool is_shed;            /* beyond a limit of connections */
    bool has_begun_head;     /* since_ns is of the first byte of a head */
};

/** A listening socket that is accepted from. */
struct http_listener {
    struct http_server *server;
    struct list node;
    struct loop_io io;
    struct loop_timer pause; /* runs while descriptors have run out */
    int fd;                  /* the caller's */
};

struct http_server {
    struct loop *loop;
    struct http_server_options options;
    struct list listeners;
    struct list conns;
    struct list kicked;     /* connections to run in the next turn */
    struct loop_timer kick; /* due at once while `kicked` is not empty */
    struct map origins;     /* net_address_client -> struct http_origin, of conn_count */
    uint32_t conn_count;    /* without those being shed */
    uint32_t shed_count;
    bool is_draining;
    void (*on_drained)(void *user);
    void *drained_user;
    int64_t date_unix_s; /* of `date` */
    char date[TIME_HTTP_SIZE];
};

/* server.c */

/** Runs the connection in the next turn of the loop. */
void http_server_kick(struct http_server *s, struct http_conn *c);

/** Counts a connection that is not shed, and takes it back. */
void http_server_count(struct http_server *s, const struct net_address *peer);
void http_server_uncount(struct http_server *s, const struct net_address *peer);

/** The text of the Date field, made once a second. */
const char *http_server_date(struct http_server *s);

/* connection.c */

/** Takes the accepted descriptor. */
void http_conn_start(struct http_server *s, int fd, const struct net_address *peer, bool is_shed);

/** Goes on as far as it can without waiting; may free the connection. Not from a callback. */
void http_conn_run(struct http_conn *c);

/** Stops taking requests: closes an idle connection, lets an exchange end. */
void http_conn_drain(struct http_conn *c);

/** Closes at once; on_closed is told the reason where an exchange is under way. */
void http_conn_free(struct http_conn *c, enum http_close_reason reason);

/* exchange.c */

/** Resets what one request leaves behind; the arena keeps its memory. */
void http_exchange_clear(struct http_exchange *x);

/** Queues a whole answer of the server's own and lets no request follow. `reason` is static. */
void http_conn_refuse(struct http_conn *c, unsigned status, const char *reason);

/** Queues "100 Continue" where it is owed and nothing was answered; says whether it did. */
bool http_exchange_continue(struct http_exchange *x);

/** Whether the answer has room again, so that on_writable is due. */
bool http_exchange_has_room(const struct http_exchange *x);

#endif
