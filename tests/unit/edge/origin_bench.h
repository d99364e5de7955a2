// SPDX-License-Identifier: Apache-2.0
// A client of origins on a loop of its own, with all that the callbacks of its calls heard.
#ifndef TESTS_EDGE_ORIGIN_BENCH_H
#define TESTS_EDGE_ORIGIN_BENCH_H

#include "edge/origin_call.h"
#include "http/script.h"
#include "net/dead_end.h"
#include "net/responder.h"

/** Length of the seconds in which timeouts of origins count here. */
#define BENCH_SECOND_NS (20 * NS_PER_MS)

struct bench {
    struct loop *loop;
    struct responder names;
    struct network_list *forbidden;
    struct origin_client_options options;
    struct origin_client *client;
    struct release_origin origin;
    bool is_https;
    enum http_body_kind body_kind;
    uint64_t body_length;
    const char *host; /* the Host field */
};

/** From which of its callbacks a call is cancelled. */
enum cancels { NEVER, ON_HEAD, ON_BODY, ON_WRITABLE };

/** What one call heard. */
struct heard {
    struct bench *bench;
    struct origin_call *call; /* NULL once it has ended */
    unsigned status;
    unsigned heads;
    unsigned ends;
    unsigned rooms; /* calls of on_writable */
    struct buf body;
    enum origin_failure failure;
    struct errctx why;
    char server[16]; /* the Server field of the head, read at each piece of the body */
    const struct http_response *head;

    enum cancels cancels;
    bool pauses; /* after each piece of the body, for a turn */
    struct loop_timer resume;
    struct slice piece;   /* sent until told to wait, and on */
    unsigned piece_count; /* how often */
    unsigned pieces_given;
    unsigned waits; /* times that it was told to wait */
};

/** Names that resolve; limits can be set before bench_open. */
void bench_init(struct bench *b, const struct responder_rule *rules);
void bench_open(struct bench *b);
void bench_close(struct bench *b);

/** Where the origin of the next calls is: a name or literal, and a port. */
void bench_aim(struct bench *b, const char *domain_name, uint16_t port);
/** At an address. */
void bench_aim_at(struct bench *b, const struct net_address *address);

/** Starts a call; it has not called back when this returns. */
void bench_start(struct bench *b, struct heard *h, const char *method, const char *target);
/** Runs until the call has ended. */
void bench_finish(struct heard *h);
/** Both. */
enum origin_failure bench_run(struct bench *b, struct heard *h, const char *method);
/** Lets the loop run for a while. */
void bench_pass(struct bench *b, int64_t ns);
/** Sends pieces until told to wait; at the end of them the body ends. */
void bench_feed(struct heard *h);
void heard_fini(struct heard *h);

#endif
