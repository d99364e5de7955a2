// SPDX-License-Identifier: Apache-2.0
// A small name server on loopback, UDP and TCP, for tests of whoever resolves names.
#ifndef TESTS_NET_RESPONDER_H
#define TESTS_NET_RESPONDER_H

#include "net/address.h"

#include <pthread.h>

enum { RESPONDER_A = 1, RESPONDER_AAAA = 28 };

/** What is answered to a question. */
enum responder_verb {
    RESPONDER_NODATA, /* what no rule names */
    RESPONDER_ANSWER,
    RESPONDER_CNAME, /* an alias of TTL 1 to alias.test, which has the addresses */
    RESPONDER_NXDOMAIN,
    RESPONDER_SERVFAIL,
    RESPONDER_SILENT,
    RESPONDER_TRUNCATED, /* over UDP: the answer comes by TCP */
    RESPONDER_GARBAGE,
};

struct responder_rule {
    const char *name; /* lower-case */
    int type;
    enum responder_verb verb;
    uint32_t ttl_s;
    const char *addresses; /* separated by spaces */
};

struct responder {
    int udp_fd;
    int tcp_fd;
    int stop_fd;      /* eventfd */
    char servers[32]; /* "127.0.0.1:PORT" */
    pthread_t thread;
    pthread_mutex_t lock;               /* of what follows */
    const struct responder_rule *rules; /* up to one without a name */
    _Atomic unsigned questions;         /* received, of both types */
    _Atomic unsigned tcp_questions;
};

void responder_start(struct responder *r, const struct responder_rule *rules);
/** From now on these rules. */
void responder_set(struct responder *r, const struct responder_rule *rules);
void responder_stop(struct responder *r);

#endif
