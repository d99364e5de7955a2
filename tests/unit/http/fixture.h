// SPDX-License-Identifier: Apache-2.0
// A server on a thread of its own, whose handler does what the path asks for, and blocking
// clients for tests. Waits are for conditions, each with a deadline that fails the test.
#ifndef TESTS_HTTP_FIXTURE_H
#define TESTS_HTTP_FIXTURE_H

#include "base/arena.h"
#include "base/buf.h"
#include "http/server.h"

#include <pthread.h>

/** A deadline for what must happen; a test that reaches it has failed. */
#define FIXTURE_WAIT_S 20

enum { FIXTURE_CLOSE_REASONS = HTTP_CLOSE_DRAIN + 1 };

struct fixture {
    struct http_limits limits;
    const struct net_tls *tls;
    struct loop *loop;
    struct http_server *server;
    struct net_address address;
    int listen_fd;
    pthread_t thread;

    pthread_mutex_t lock; /* held while what follows is changed */
    pthread_cond_t changed;
    _Atomic unsigned opened;                        /* calls of on_request */
    _Atomic unsigned closed[FIXTURE_CLOSE_REASONS]; /* calls of on_closed, by reason */
    _Atomic unsigned waiting;                       /* times that http_send_body said to wait */
    _Atomic size_t produced_bytes;                  /* given to http_send_body by /stream */
    _Atomic size_t received_bytes;                  /* of request bodies */
    _Atomic unsigned drained;                       /* calls of on_drained */
    bool has_peer_key;
    uint8_t peer_key[32];
    struct http_exchange *held; /* of /hold and /pause */
};

/** Set limits (http defaults) and tls first. */
void fixture_init(struct fixture *f);
void fixture_start(struct fixture *f);

/** Frees the server and ends the thread. */
void fixture_stop(struct fixture *f);

/** cmocka's setup and teardown of a test that calls fixture_start itself; *state is the fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** Runs `fn(f)` on the server's thread and waits for it. */
void fixture_call(struct fixture *f, void (*fn)(struct fixture *f));

/** Waits until *counter is at least `count`. */
void fixture_wait(struct fixture *f, const _Atomic unsigned *counter, unsigned count);

/** A blocking connection to the server. */
int fixture_dial(const struct fixture *f);
void fixture_send(int fd, const char *text);

/** What a client read: one answer. */
struct answer {
    unsigned status; /* 0: the connection ended before a whole answer */
    bool keep_alive;
    struct http_fields fields;
    struct slice body;
};

/** A client's connection with what it read beyond an answer. */
struct client {
    int fd;
    bool is_head; /* the next answer is to HEAD */
    struct buf in;
};

struct client client_open(const struct fixture *f);
void client_close(struct client *c);

/** Reads one answer. */
struct answer client_read(struct client *c, struct arena *a);

/** Sends the text and reads one answer. */
struct answer client_ask(struct client *c, struct arena *a, const char *text);

/** Reads until the server's end; true when it was an orderly one without a byte. */
bool client_sees_end(struct client *c);

#endif
