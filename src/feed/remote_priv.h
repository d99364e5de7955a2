// SPDX-License-Identifier: Apache-2.0
// The server that a client talks to, as its streams and calls share it: how to reach it, how long
// to wait, with which pauses to try again. Private to feed/; the loop's thread.
#ifndef FEED_REMOTE_PRIV_H
#define FEED_REMOTE_PRIV_H

#include "base/random.h"
#include "feed/feed.h"

/**
 * Owner: remote_init fills one in place, remote_fini takes it back; not moved in between.
 */
struct remote {
    struct loop *loop;
    struct feed_client_options options; /* every time is set */
    struct http_client *http;
    struct prng prng;
    char host[NET_ADDRESS_TEXT_SIZE];
};
void remote_init(struct remote *r, struct loop *loop, const struct feed_client_options *options);
/** Cancels every call, without a callback. */
void remote_fini(struct remote *r);

/** One request to the server; all borrowed until return. */
struct outgoing {
    const char *method;
    const char *target;
    struct slice body;
    uint64_t answer_limit_bytes; /* 0: none */
    bool is_fresh;               /* over a connection of its own */
};
struct http_call *remote_call(struct remote *r, const struct outgoing *o,
                              const struct http_call_handler *handler, void *user) MUST_USE;

/** What a status other than the wanted one means: always a failure. */
enum err remote_status_err(unsigned status, struct errctx *ec);

/**
 * Waits that double, each cut by a random part, so that a fleet does not come back at once. The
 * timer's function is set by its owner.
 */
struct backoff {
    int64_t next_ns; /* 0: the first */
    struct loop_timer timer;
};
/** Arms the timer for the next attempt, and doubles the wait after it. */
void backoff_wait(struct backoff *b, struct remote *r);
static inline bool backoff_is_waiting(const struct backoff *b)
{
    return b->timer.loop != NULL;
}

#endif
