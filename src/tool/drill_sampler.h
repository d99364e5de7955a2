// SPDX-License-Identifier: Apache-2.0
// Samples of a drill: each interval a query to the name server, what a resolver makes of it, and a
// request as a client of that resolver makes it. All on the loop of the command.
#ifndef TOOL_DRILL_SAMPLER_H
#define TOOL_DRILL_SAMPLER_H

#include "net/address.h"
#include "os/loop.h"
#include "tool/drill_target.h"

/** The requests that a drill sends: plain HTTP, GET. */
struct drill_http {
    bool is_on;
    uint16_t port;
    const char *path;
    const char *host; /* of the Host field */
};

struct drill_sampler;

/** Everything is kept until drill_sampler_free. */
struct drill_sampler_options {
    struct loop *loop;
    const struct drill_target *target;
    struct net_address server;
    struct drill_http http;
    bool is_direct; /* requests to the primary itself, too */
    int64_t interval_ns;
    struct drill_timeline *timeline;
    void (*on_interval)(void *user); /* once an interval, after its samples were begun */
    void (*on_full)(void *user);     /* no more samples fit: none are taken any more */
    void *user;
};

/** Starts at once. Errors: those of the socket. */
enum err drill_sampler_new(const struct drill_sampler_options *options, struct drill_sampler **out,
                           struct errctx *ec) MUST_USE;
/** What is under way ends without a result. Not from a callback. NULL is fine. */
void drill_sampler_free(struct drill_sampler *s);

/** The resolver forgets what it holds, and asks at the next interval. */
void drill_sampler_ask_anew(struct drill_sampler *s);

/** One query and its answer, which blocks. Errors: ERR_TIMEOUT, those of the socket. */
enum err drill_ask(const struct drill_target *target, const struct net_address *server,
                   struct drill_answer *out, struct errctx *ec) MUST_USE;

/** One request to the address, which blocks; false where it fails. */
bool drill_request(const struct drill_http *http, const struct drill_address *address,
                   uint16_t type);

#endif
