// SPDX-License-Identifier: Apache-2.0
// A server that plays a script, plain or TLS: for tests of clients that must bear anything.
#ifndef TESTS_HTTP_SCRIPT_H
#define TESTS_HTTP_SCRIPT_H

#include "base/buf.h"
#include "net/address.h"
#include "net/tls.h"

#include <pthread.h>

#define OK_TEXT "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

/** What the server does with each request, whose head it reads, in order over all connections. A
 * TLS connection without a request, of a client that refuses the certificate, uses up a step, too.
 */
enum script_verb {
    SCRIPT_END,
    SCRIPT_ANSWER,       /* sends the text, goes on */
    SCRIPT_ANSWER_CLOSE, /* sends the text, closes, accepts the next */
    SCRIPT_SILENT,       /* sends the text, reads until the client closes */
    SCRIPT_DRIP,         /* sends the text a byte each SCRIPT_DRIP_MS, until the client closes */
    SCRIPT_STUCK,        /* reads nothing, until the client closes; plain */
    SCRIPT_SINK,         /* reads no head, only bytes until the client closes; plain */
    SCRIPT_RESET,        /* closes with a reset */
};

enum { SCRIPT_DRIP_MS = 5 };

struct script_step {
    enum script_verb verb;
    const char *text; /* NULL: nothing */
};

struct script {
    const struct script_step *steps;
    const struct net_tls *tls; /* NULL: plain */
    int listen_fd;
    struct net_address address;
    pthread_t thread;
    bool is_joined;
    _Atomic unsigned connections;
    struct buf requests; /* all bytes that were read; after script_join */
};

/**
 * Starts a server on a thread of its own, which ends with the last step. `at` is where it listens,
 * "127.0.0.1:0" by default (NULL).
 */
void script_start(struct script *s, const struct script_step *steps, const struct net_tls *tls,
                  const char *at);
/** Waits for the last step. */
void script_join(struct script *s);
/** Frees; waits where nobody has. */
void script_stop(struct script *s);

#endif
