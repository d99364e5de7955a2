// SPDX-License-Identifier: Apache-2.0
// A whole edge in the test's process: two serving threads with a cache, one distribution, an
// origin that does what a script says, and blocking viewers.
#ifndef TEST_EDGE_RUN_H
#define TEST_EDGE_RUN_H

#include "base/buf.h"
#include "edge/thread.h"
#include "edge_fixture.h"

#include <pthread.h>

/** A deadline for what must happen; a test that reaches it has failed. */
#define RUN_WAIT_MS 20000

#define RUN_THREADS 2

/** What the origin does with requests for one path. A test may change it between requests. */
struct origin_script {
    const char *path;
    unsigned status;     /* 0: 200 */
    const char *fields;  /* "Name: value" lines; NULL: none */
    uint64_t body_bytes; /* of run_byte */
    bool is_chunked;     /* the length is not told */
    bool revalidates;    /* 304 where If-None-Match comes */
    bool is_early;       /* answers before the body of the request has come */
    bool takes_no_body;  /* the request's body is not read before origin_release */
    bool waits;          /* the head waits for origin_release */
    uint64_t stop_at;    /* of the body: the rest waits for origin_release; 0: never */
    uint64_t cut_at;     /* of the body: the connection is cut; 0: never */
    bool knows_ranges;   /* "Range: bytes=FROM-LAST" is answered with 206 */

    _Atomic unsigned requests; /* whose head came */
    _Atomic uint64_t received; /* bytes of their bodies */
    _Atomic uint64_t sent;     /* bytes of bodies given to http/ */
};

struct origin {
    struct origin_script *scripts; /* ended by one without a path */
    struct loop *loop;
    struct http_server *server;
    int listen_fd;
    struct net_address address;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t ran;
    unsigned runs;         /* of origin_release */
    struct buf last;       /* the last request: "METHOD target" and fields, lines */
    struct list exchanges; /* under way; the loop's thread */
};

struct edge_run {
    struct edge_fixture release;
    struct edge_fixture_distribution *distribution; /* E1, host "e1.cdn.weir.test" */
    struct cache_options cache;
    struct edge_thread_limits limits;
    struct origin origin;
    /* since run_start */
    struct role_context context;
    struct edge_service service;
    struct network_list *forbidden;
    struct edge_thread *threads[RUN_THREADS];
    int fds[RUN_THREADS];
    struct net_address address;
    bool is_drained;
};

/** Starts the origin; the distribution leads to it. What is set until run_start counts. */
void run_init(struct edge_run *r, struct origin_script *scripts);
void run_start(struct edge_run *r);
/** Frees all of it. */
void run_stop(struct edge_run *r);
/** Drains the threads and waits until all said that they are done. */
void run_drain(struct edge_run *r);
struct cache_scope *run_scope(struct edge_run *r);
uint64_t run_metric(enum metric m);
/** Waits until a metric of the edge has risen by `count` since it was `before`. */
void run_wait_metric(enum metric m, uint64_t before, uint64_t count);
void run_wait_requests(const struct origin_script *s, unsigned count);
void run_wait_received(const _Atomic uint64_t *bytes, uint64_t count);

/** Lets all that waits at the origin go on, once. */
void origin_release(struct origin *o);
/** The last request that came. */
const char *origin_last(struct origin *o, struct arena *a);

/** What node/ is asked for; a test program without it of its own says RUN_STAND_IN once. */
#define RUN_STAND_IN                                                                               \
    void role_heartbeat(struct role_context *context, unsigned thread_index)                       \
    {                                                                                              \
        (void)context;                                                                             \
        assert_true(thread_index < RUN_THREADS);                                                   \
    }

/** Byte `i` of every scripted body. */
uint8_t run_byte(uint64_t i);

struct viewer {
    int fd;
    bool is_head; /* the next answer is to HEAD */
    struct buf in;
};

/** What a viewer got. */
struct got {
    unsigned status; /* 0: no whole head came */
    bool is_whole;   /* the body ended as it should */
    struct http_fields fields;
    struct slice body; /* in the arena; of long bodies the first 64 KiB */
    uint64_t body_bytes;
    bool is_right; /* each byte is run_byte of its place, from `from` on */
};

struct viewer viewer_open(const struct edge_run *r);
void viewer_close(struct viewer *v);
void viewer_send(struct viewer *v, struct slice bytes);
/** Sends "METHOD target", the host of the distribution and more fields (lines with CRLF). */
void viewer_ask(struct viewer *v, const char *method_and_target, const char *fields);
/** Reads one answer, whose body begins with byte `from`. */
struct got viewer_read(struct viewer *v, struct arena *a, uint64_t from);
/** Connects, asks, reads, closes. */
struct got run_ask(struct edge_run *r, struct arena *a, const char *method_and_target,
                   const char *fields);
struct got run_get(struct edge_run *r, struct arena *a, const char *target);

/** Fails the test where the field is another; NULL: it must not be there. */
void assert_got_field(const struct got *got, const char *name, const char *value);
/** Status, X-Cache and a whole right body of that length. */
void assert_got(const struct got *got, unsigned status, const char *x_cache, uint64_t body_bytes);

#endif
