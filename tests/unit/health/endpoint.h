// SPDX-License-Identifier: Apache-2.0
// An endpoint that is probed, on a thread of its own: what it does with each connection can be
// changed at any time.
#ifndef TESTS_HEALTH_ENDPOINT_H
#define TESTS_HEALTH_ENDPOINT_H

#include "base/buf.h"
#include "net/address.h"
#include "net/tls.h"

#include <pthread.h>

enum endpoint_verb {
    ENDPOINT_ANSWER, /* reads the head of a request, sends the text, closes */
    ENDPOINT_HOLD,   /* the same, but does not close */
    ENDPOINT_RESET,  /* reads the head of a request, closes with a reset */
    ENDPOINT_LISTEN, /* reads the first bytes, sends nothing, does not close */
};

struct endpoint {
    const struct net_tls *tls; /* NULL: plain */
    int listen_fd;
    int stop_fd; /* eventfd */
    struct net_address address;
    pthread_t thread;
    _Atomic unsigned connections;
    pthread_mutex_t lock; /* of what follows */
    enum endpoint_verb verb;
    const char *text;
    struct buf heard;        /* of the last connection that said something */
    struct net_address peer; /* of the last connection */
};

/** `at`: "127.0.0.1:0", "[::1]:0". */
void endpoint_start(struct endpoint *e, const char *at, const struct net_tls *tls);
/** From now on connections are treated like this. */
void endpoint_set(struct endpoint *e, enum endpoint_verb verb, const char *text);
/** What the last connection said, with a NUL behind it; the caller frees. */
char *endpoint_heard(struct endpoint *e);
/** Whether the text is in it, whatever else is. */
bool endpoint_has_heard(struct endpoint *e, const char *text);
/** Where the last connection came from. */
struct net_address endpoint_peer(struct endpoint *e);
void endpoint_stop(struct endpoint *e);

#endif
