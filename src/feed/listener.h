// SPDX-License-Identifier: Apache-2.0
// Follows the votes of one checker. All functions and callbacks: the loop's thread.
#ifndef FEED_LISTENER_H
#define FEED_LISTENER_H

#include "feed/feed.h"

/** Callbacks must not free the listener. */
struct feed_listener_handler {
    /**
     * Votes arrived, from the checker with the key that was asked for; borrowed. A failure ends
     * the stream, which is then opened anew, and is the reason told.
     */
    enum err (*on_votes)(void *user, struct slice votes, struct errctx *ec);
    /** As feed_client_handler.on_state: what comes after "up" comes over a new connection. */
    void (*on_state)(void *user, bool is_up, const struct errctx *why);
    void *user;
};

/**
 * Reconnects by itself with back-off. options: silence_ns 0: FEED_VOTES_SILENCE_NS; after_*: 0.
 * server_key  that the checker must show, else ERR_DENIED
 */
struct feed_listener;
struct feed_listener *feed_listener_new(struct loop *loop,
                                        const struct feed_client_options *options,
                                        const uint8_t server_key[ED25519_PUBLIC_BYTES],
                                        const struct feed_listener_handler *handler) MUST_USE;
/** Ends everything under way without a further callback. NULL is fine. */
void feed_listener_free(struct feed_listener *l);
bool feed_listener_is_up(const struct feed_listener *l);

#endif
