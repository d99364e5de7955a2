// SPDX-License-Identifier: Apache-2.0
// The following side of the votes. Used by the collector of health/, on its loop's thread.
#include "feed/listener.h"

#include "base/alloc.h"
#include "base/check.h"
#include "feed/follow_priv.h"
#include "feed/limits.h"
#include "metrics/counters.h"

#include <stdio.h>
#include <stdlib.h>

struct feed_listener {
    struct remote remote;
    struct feed_listener_handler handler;
    uint8_t server_key[ED25519_PUBLIC_BYTES];
    struct follow stream;
};

static enum err on_frame(void *user, struct slice payload, struct errctx *ec)
{
    struct feed_listener *l = user;
    metrics_add(METRIC_FEED_VOTES_RECEIVED, 1);
    return l->handler.on_votes(l->handler.user, payload, ec);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct feed_listener *l = user;
    l->handler.on_state(l->handler.user, is_up, why);
}

struct feed_listener *feed_listener_new(struct loop *loop,
                                        const struct feed_client_options *options,
                                        const uint8_t server_key[ED25519_PUBLIC_BYTES],
                                        const struct feed_listener_handler *handler)
{
    struct feed_listener *l = NEW(struct feed_listener);
    const struct follow_handler frames = {on_frame, on_state, l};
    struct feed_client_options o = *options;
    CHECK(o.tls != NULL && o.after_epoch == 0 && o.after_sequence == 0);
    if (o.silence_ns == 0)
        o.silence_ns = FEED_VOTES_SILENCE_NS;
    l->handler = *handler;
    memcpy(l->server_key, server_key, sizeof(l->server_key));
    remote_init(&l->remote, loop, &o);
    l->stream.server_key = l->server_key;
    (void)snprintf(l->stream.target, sizeof(l->stream.target), "/feed/votes");
    follow_start(&l->stream, &l->remote, &frames);
    return l;
}

void feed_listener_free(struct feed_listener *l)
{
    if (l == NULL)
        return;
    remote_fini(&l->remote); /* cancels every call */
    follow_fini(&l->stream);
    free(l);
}

bool feed_listener_is_up(const struct feed_listener *l)
{
    return l->stream.told == TOLD_UP;
}
