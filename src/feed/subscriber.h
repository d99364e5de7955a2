// SPDX-License-Identifier: Apache-2.0
// Follows the invalidations of one control, and acknowledges them. All functions and callbacks: the
// loop's thread.
#ifndef FEED_SUBSCRIBER_H
#define FEED_SUBSCRIBER_H

#include "feed/feed.h"
#include "feed/invalidation.h"

/** Callbacks may acknowledge, but not free the subscriber. */
struct feed_subscriber_handler {
    /** A frame arrived, decoded; borrowed. It is to take effect before return. */
    void (*on_invalidation)(void *user, const struct feed_invalidation *i);
    /** As feed_client_handler.on_state. */
    void (*on_state)(void *user, bool is_up, const struct errctx *why);
    void *user;
};

/** Reconnects by itself with back-off. options: after_epoch 0: nothing is held. */
struct feed_subscriber;
struct feed_subscriber *feed_subscriber_new(struct loop *loop,
                                            const struct feed_client_options *options,
                                            const struct feed_subscriber_handler *handler) MUST_USE;
/** Ends everything under way without a further callback. NULL is fine. */
void feed_subscriber_free(struct feed_subscriber *s);
bool feed_subscriber_is_up(const struct feed_subscriber *s);

/**
 * All up to here has taken effect: it is not asked for again, and control is told where the stream
 * is up (else the next stream begins with it). Bounds: an epoch.
 */
void feed_subscriber_applied(struct feed_subscriber *s, struct feed_position at);

#endif
