// SPDX-License-Identifier: Apache-2.0
// A message of which only the newest counts (a report, an acknowledgement), sent to the server by
// POST until it is answered. Private to feed/; the loop's thread.
#ifndef FEED_POST_PRIV_H
#define FEED_POST_PRIV_H

#include "base/buf.h"
#include "feed/remote_priv.h"

/**
 * Owner: whoever calls post_init; embedded, zeroed before. remote_fini comes before post_fini.
 */
struct post {
    struct remote *remote;
    const char *target;     /* kept */
    struct http_call *call; /* NULL: none */
    struct buf sent;        /* of the call */
    struct buf waiting;     /* empty: none */
    unsigned status;        /* of the answer; 0 before */
    struct backoff backoff;
};
void post_init(struct post *p, struct remote *remote, const char *target);
void post_fini(struct post *p);

/**
 * The newest replaces one that waits. One that could not be delivered is sent again with back-off
 * until a newer comes, also where the server is overloaded; one that it refuses is dropped.
 */
void post_send(struct post *p, struct slice message);

#endif
