// SPDX-License-Identifier: Apache-2.0
// The inside of a serving thread: viewers' requests, trips to origins, and what they call of each
// other. All on the thread that owns them, which is online for RCU between two waits of its loop.
//
//     viewer --> request ----> cache: fresh object ------------------> deliver --> viewer
//                   |          stale, miss: lead a fetch, or wait         ^
//                   |                        |                            |
//                   |                        v                            |
//                   +--- pass, alone ----> trip --> origin --> fill: object shared by all
//                                            |
//                                            +---> through to its one viewer
#ifndef EDGE_PIPELINE_PRIV_H
#define EDGE_PIPELINE_PRIV_H

#include "base/list.h"
#include "cache/cache.h"
#include "edge/answer.h"
#include "edge/conditions.h"
#include "edge/failure_log.h"
#include "edge/request_id.h"
#include "edge/thread.h"
#include "http/server.h"

#include <pthread.h>

struct edge_thread {
    struct edge_thread_options options;
    struct edge_service *service;
    pthread_t thread;
    struct loop *loop;
    struct http_server *servers[2]; /* plain, TLS; NULL: none */
    int *http_fds;
    int *https_fds;
    struct origin_client *origins;
    struct cache_thread *cache;
    struct edge_id_source ids;
    struct list trips;     /* struct edge_trip, under way */
    uint64_t sample_count; /* requests that may have been put into the ring of samples */
    struct loop_timer beat;
    bool is_draining;
    unsigned draining_servers; /* that did not drain yet */
    uint64_t request_count;    /* under way */
    uint64_t trip_count;       /* under way */
    struct edge_failure_log failures;
};

/** Where a viewer's request stands. */
enum edge_stage {
    EDGE_STAGE_BEGUN,    /* being decided, nothing is under way */
    EDGE_STAGE_WAITING,  /* for the fetch of another: `waiter` */
    EDGE_STAGE_ASKING,   /* its trip is under way, the head has not come */
    EDGE_STAGE_PASSING,  /* its trip's body goes through */
    EDGE_STAGE_READING,  /* the body of an object is sent: `reader` */
    EDGE_STAGE_RESUMING, /* the rest of an object comes from the origin: `rest` */
    EDGE_STAGE_ANSWERED, /* all of the answer is queued, or the viewer is cut */
};

/**
 * One request of a viewer.
 * Owner: its exchange, in whose arena it lies; from on_request to on_closed.
 */
struct edge_request {
    struct edge_thread *thread;
    struct http_exchange *exchange;
    struct edge_world *world; /* counted */
    struct edge_viewer viewer;
    struct edge_decision decision;
    char id[EDGE_REQUEST_ID_SIZE];
    enum edge_stage stage;
    bool was_released; /* by a fetch, or a marker: waits for nobody any more */

    struct cache_object *stale; /* counted; what is being revalidated, to fall back on */
    struct cache_waiter waiter; /* WAITING */
    struct edge_trip *trip;     /* ASKING, PASSING; it knows this request as its viewer */

    struct cache_object *object;   /* counted; READING, RESUMING */
    struct cache_reader reader;    /* READING */
    struct edge_rest *rest;        /* RESUMING */
    const struct edge_part *parts; /* what is not sent yet, in order; the first is being read */
    size_t part_count;
    struct slice trailer; /* bytes of ours behind the last part */
    bool is_blocked;      /* the viewer's connection has no room */
};

/** What a trip does with the body of the answer. */
enum edge_sink {
    EDGE_SINK_NONE, /* the head has not come */
    EDGE_SINK_FILL, /* into the cache */
    EDGE_SINK_PASS, /* through to the viewer */
};

/**
 * One request to an origin. It belongs to the thread: the viewer for whom it began may leave.
 * Owner: thread.trips, until the call has ended.
 */
struct edge_trip {
    struct list node; /* in thread.trips */
    struct edge_thread *thread;
    struct edge_world *world; /* counted */
    struct arena arena;       /* of the decision's copy, of heads */
    struct edge_decision decision;
    struct edge_request *viewer; /* NULL: none, or it left */
    struct origin_call *call;
    struct cache_fetch *fetch;  /* led, not ended yet; NULL: nobody else waits */
    struct cache_object *stale; /* counted; revalidated */
    struct cache_fill *fill;    /* sink FILL */
    enum edge_sink sink;
    bool has_validators;     /* the origin may say 304 of `stale` */
    bool passes_conditions;  /* the viewer's conditions and ranges went along */
    uint64_t uploaded_bytes; /* of the viewer's body, given to the call */
    bool is_upload_over;     /* no more of the viewer's body is wanted, or it has ended */
    bool is_paused;          /* the origin is not read */
    int64_t sent_unix_ms;    /* when the request left */
};

/* request.c */

/** What http/ calls for each viewer's request; server_user is the struct edge_thread. */
extern const struct http_handler edge_request_handler;

/** A reason of a failed fetch beside enum origin_failure: its leader serves its stale copy. */
#define EDGE_FAILED_HAS_STALE (-1)

/** Makes the request to the origin, `r->decision.sent`, where it was not made yet. */
void edge_request_forward(struct edge_request *r);
/** Asks the origin for this viewer alone, waiting for nobody. */
void edge_request_go_alone(struct edge_request *r);
/** The origin gave nothing that can be used: answers with the stale copy, or a page. `reason`: an
 *  enum origin_failure, or EDGE_FAILED_HAS_STALE. */
void edge_request_fail(struct edge_request *r, uint16_t status, int reason);

/* respond.c */

/** Answers with a page of our own. */
void edge_respond_own(struct edge_request *r, const struct edge_own_answer *answer);
/** Answers with a failure: status, and the class in words. `reason`: an enum origin_failure. */
void edge_respond_failure(struct edge_request *r, uint16_t status, int reason,
                          const struct edge_cache_status *cache_status);
/** Begins the answer to a request whose trip goes through: the head, without a body yet. */
void edge_respond_pass(struct edge_request *r, const struct http_response *head,
                       const struct http_fields *fields, uint32_t age_s);

/** Why the request went on to the origin. */
enum edge_forwarded edge_forwarded_of(const struct edge_request *r);
void edge_count_result(enum edge_result result);

/** A failure kept in the cache: an object without a body and with this one field, from which each
 *  viewer's page is made. */
void edge_failure_note(struct arena *a, struct http_fields *out, enum origin_failure failure);
bool edge_failure_read(const struct http_fields *fields, enum origin_failure *out);

/* deliver.c */

/** How an object came to answer a request. */
struct edge_delivery {
    enum edge_result result;
    struct edge_cache_status cache_status;
    const struct cache_head *head; /* instead of the object's own; NULL: that */
};
/**
 * Answers from an object, whole or in part, as the viewer's conditions and ranges ask. False, and
 * nothing happened: the front of its body was given up meanwhile.
 */
bool edge_deliver(struct edge_request *r, struct cache_object *o,
                  const struct edge_delivery *delivery) MUST_USE;
/** Goes on sending: there is room, or bytes came. */
void edge_deliver_more(struct edge_request *r);
/** Lets go of reader and rest. */
void edge_deliver_stop(struct edge_request *r);

/** The rest came, whole; or it did not: the viewer is cut. */
void edge_rest_done(struct edge_request *r);
void edge_rest_failed(struct edge_request *r);

/* rest.c */

/** Fetches [from, to) of an object for one viewer whose slice the cache gave up. The object has a
 *  strong validator and a length. */
struct edge_rest;
struct edge_rest *edge_rest_start(struct edge_request *r, struct cache_object *o, uint64_t from,
                                  uint64_t to);
/** The viewer has room again. */
void edge_rest_resume(struct edge_rest *rest);
/** NULL is fine. */
void edge_rest_stop(struct edge_rest *rest);

/* trip.c */

struct edge_trip_options {
    struct edge_request *viewer; /* for whom; NULL: in the background */
    struct cache_fetch *fetch;   /* taken; NULL: for the viewer alone */
    struct cache_object *stale;  /* to revalidate; NULL: none. Borrowed */
    bool passes_conditions;      /* the viewer's conditions and ranges go along */
};
/** Sends the request of `r` to its origin. Never calls back before it returns. */
struct edge_trip *edge_trip_start(struct edge_request *r, const struct edge_trip_options *options);
/** The viewer left, or needs it no more. May end the trip. */
void edge_trip_leave(struct edge_trip *t);
/** The viewer has room again. */
void edge_trip_resume(struct edge_trip *t);
/** Bytes of the viewer's body; false: pause it. */
bool edge_trip_upload(struct edge_trip *t, struct slice data);
void edge_trip_upload_end(struct edge_trip *t);
/** Ends it at once; those who wait for its fetch are told to try later. */
void edge_trip_abort(struct edge_trip *t);

#endif
