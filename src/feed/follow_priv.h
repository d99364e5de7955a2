// SPDX-License-Identifier: Apache-2.0
// The following side of a stream that is held open, whatever its frames carry: connects, hands over
// frames, and comes back with back-off. Private to feed/; the loop's thread.
#ifndef FEED_FOLLOW_PRIV_H
#define FEED_FOLLOW_PRIV_H

#include "base/buf.h"
#include "feed/remote_priv.h"

#define FOLLOW_TARGET_SIZE 96

struct follow_handler {
    /** A frame that is not empty; borrowed. A failure ends the stream, and is the reason told. */
    enum err (*on_frame)(void *user, struct slice payload, struct errctx *ec);
    /**
     * The stream is up, or down with the reason. Of several attempts that fail one after the other,
     * the first is told.
     */
    void (*on_state)(void *user, bool is_up, const struct errctx *why);
    void *user;
};

/** What the owner was told last. */
enum told { TOLD_NOTHING, TOLD_UP, TOLD_DOWN };

/**
 * Owner: whoever calls follow_start; embedded, zeroed before. remote_fini comes before follow_fini.
 * Callbacks must not call follow_fini.
 */
struct follow {
    struct remote *remote;
    struct follow_handler handler;
    const uint8_t *server_key;       /* ED25519_PUBLIC_BYTES that the server must show; NULL: any */
    char target[FOLLOW_TARGET_SIZE]; /* of the next attempt; the owner keeps it up to date */
    struct http_call *call;          /* NULL while it waits */
    struct buf input;                /* a frame that has not wholly come */
    struct backoff backoff;
    enum told told;
};

/** Starts the first attempt; `target` is set. */
void follow_start(struct follow *f, struct remote *remote, const struct follow_handler *handler);
void follow_fini(struct follow *f);

#endif
