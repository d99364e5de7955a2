// SPDX-License-Identifier: Apache-2.0
// The inside of calls to origins: origin_client.c owns calls and says who may run, origin_call.c
// runs one, origin_failure.c names what went wrong. All on the loop's thread.
#ifndef EDGE_ORIGIN_PRIV_H
#define EDGE_ORIGIN_PRIV_H

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "edge/limits.h"
#include "edge/origin_call.h"

struct origin_client {
    struct loop *loop;
    struct origin_client_options options; /* nothing left at 0 but what may be */
    struct http_client *http;
    struct resolver *resolver;
    struct map places_by_key; /* of struct origin_place */
    struct list places;       /* all of them, the least recently used first */
    struct list calls;        /* all of struct origin_call */
    size_t running;
    size_t queued;
    bool is_closing; /* nobody moves up in a queue */
};

/** What the calls to one origin share: it is told by scheme, name and port. */
struct origin_place {
    struct list node;        /* in client.places */
    char *key;               /* "https example.com 443" */
    uint32_t running;        /* calls that hold one of its connections */
    uint32_t queued;         /* in `queue` */
    struct list queue;       /* of struct origin_call, who waits longest first */
    struct net_address good; /* the last that answered */
    bool has_good;
    uint32_t next; /* where to begin among the addresses while none is known to be good */
};

/** See the diagram in origin_call.c. */
enum origin_state {
    ORIGIN_QUEUED,
    ORIGIN_RESOLVING,
    ORIGIN_ATTEMPT, /* an HTTP call is under way */
    ORIGIN_ENDED,   /* on_end is due */
};

/** The request's body before there is a connection for it. */
struct origin_upload {
    struct buf waiting; /* at most HTTP_UPLOAD_BYTES and one piece */
    bool is_open;       /* the HTTP call takes it from now on */
    bool has_ended;     /* origin_call_send_end was called */
    bool wants_room;    /* on_writable is owed */
};

struct origin_call {
    struct origin_client *client;
    struct list node;           /* in client.calls */
    struct list queue;          /* in place.queue while queued */
    struct origin_place *place; /* NULL: there was no room for it */
    struct origin_call_options options;
    struct origin_call_handler handler;
    void *user;

    struct arena arena;
    struct http_request request; /* a copy */
    const char *server_name;     /* TLS: SNI, and a name to check */
    const char *other_name;      /* another name that will do, or NULL */
    struct origin_upload upload;

    enum origin_state state;
    struct resolver_query query;
    struct net_address *addresses; /* that may be connected to, with ports; in the arena */
    size_t address_count;
    size_t first;            /* where among them the attempts begin */
    uint32_t attempt;        /* of connection_attempts, from 0 */
    struct http_call *http;  /* of the attempt */
    struct loop_timer timer; /* while queued its end; once ended due at once */
    enum origin_failure failure;
    struct errctx why;
    bool is_running; /* counted in place.running */
    bool is_paused;
    bool has_head;
    bool may_repeat; /* GET, HEAD */
};

/* origin_call.c */

/** Begins the call, which has a connection's place. */
void origin_call_begin(struct origin_call *call);

/** The call has failed before anything was under way; on_end comes in the next turn. */
void origin_call_fail(struct origin_call *call, enum origin_failure failure);

/** Frees the call without a callback. */
void origin_call_free(struct origin_call *call);

/* origin_client.c */

/** Gives the call its origin's place and begins it, or lets it wait or fail. */
void origin_client_admit(struct origin_call *call);

/** The call leaves its place; whoever waits longest moves up. */
void origin_client_release(struct origin_call *call);

/* origin_failure.c */

/** The class of an HTTP call's end. */
enum origin_failure origin_failure_of(const struct http_call_end *end);

/** Counts it. */
void origin_failure_count(enum origin_failure failure);

#endif
