// SPDX-License-Identifier: Apache-2.0
// The client under test, with what its callbacks heard.
#ifndef TESTS_HTTP_CALLER_H
#define TESTS_HTTP_CALLER_H

#include "base/buf.h"
#include "http/client.h"
#include "script.h"

#define NO_BODY SLICE_LIT("")

/** What came of a call, and the client under test. */
struct caller {
    struct loop *loop;
    struct http_client *client;
    struct http_call_options options;
    struct http_call *call; /* the last one started; NULL when it has ended */
    unsigned status;
    unsigned heads;
    unsigned ends;
    unsigned peer_port; /* that the server saw */
    const struct http_response *head;
    char server[16];               /* the Server field, read with each piece of the body */
    enum http_body_kind body_kind; /* of the request; not NONE: caller_start gives no body */
    uint64_t body_length;
    struct slice piece;    /* given in on_writable until it says to wait */
    unsigned piece_count;  /* how often */
    unsigned pieces_given; /* so far */
    unsigned waits;        /* times that http_call_send said to wait */
    unsigned rooms;        /* calls of on_writable */
    struct buf body;
    enum err result;
    enum http_stage stage;
    struct errctx failure;
    bool cancels_on_body;
    bool pauses_on_body;
    struct loop_timer timer;
};

void caller_init(struct caller *c, const struct net_address *address);
void caller_fini(struct caller *c);

/** Starts a call; it has not called back when this returns. */
void caller_start(struct caller *c, const char *method, const char *target, struct slice body);

/** As caller_start, and runs the loop until the end. */
enum err caller_run(struct caller *c, const char *method, const char *target, struct slice body);

/** One call to a server that plays the steps; its result, with status and body in `c`. */
enum err scripted(struct caller *c, const struct script_step *steps, const char *method);

#endif
