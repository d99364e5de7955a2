// SPDX-License-Identifier: Apache-2.0
// The following side of the invalidations. Used by the edge, on its main loop's thread.
#include "feed/subscriber.h"

#include "base/alloc.h"
#include "base/check.h"
#include "feed/follow_priv.h"
#include "feed/post_priv.h"
#include "metrics/counters.h"

#include <stdio.h>
#include <stdlib.h>

#define STREAM_TARGET "/feed/invalidations"

struct feed_subscriber {
    struct remote remote;
    struct feed_subscriber_handler handler;
    struct follow stream;
    struct post applied;
};

static enum err on_frame(void *user, struct slice payload, struct errctx *ec)
{
    struct feed_subscriber *s = user;
    AUTO_ARENA struct arena a = {0};
    struct feed_invalidation i;
    enum err err = feed_invalidation_decode(&a, payload, &i, ec);
    if (err != ERR_OK)
        return err;
    metrics_add(METRIC_FEED_INVALIDATIONS_RECEIVED, 1);
    s->handler.on_invalidation(s->handler.user, &i);
    return ERR_OK;
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct feed_subscriber *s = user;
    s->handler.on_state(s->handler.user, is_up, why);
}

/* Sets what the next stream asks for. */
static void set_target(struct feed_subscriber *s, struct feed_position after)
{
    char text[FEED_POSITION_TEXT_SIZE];
    feed_position_format(after, text);
    (void)snprintf(s->stream.target, sizeof(s->stream.target), STREAM_TARGET "%s%s",
                   after.epoch > 0 ? "?after=" : "", after.epoch > 0 ? text : "");
}

struct feed_subscriber *feed_subscriber_new(struct loop *loop,
                                            const struct feed_client_options *options,
                                            const struct feed_subscriber_handler *handler)
{
    struct feed_subscriber *s = NEW(struct feed_subscriber);
    const struct follow_handler frames = {on_frame, on_state, s};
    s->handler = *handler;
    remote_init(&s->remote, loop, options);
    post_init(&s->applied, &s->remote, "/feed/applied");
    set_target(s, (struct feed_position){options->after_epoch, options->after_sequence});
    follow_start(&s->stream, &s->remote, &frames);
    return s;
}

void feed_subscriber_free(struct feed_subscriber *s)
{
    if (s == NULL)
        return;
    remote_fini(&s->remote); /* cancels every call */
    follow_fini(&s->stream);
    post_fini(&s->applied);
    free(s);
}

bool feed_subscriber_is_up(const struct feed_subscriber *s)
{
    return s->stream.told == TOLD_UP;
}

void feed_subscriber_applied(struct feed_subscriber *s, struct feed_position at)
{
    char text[FEED_POSITION_TEXT_SIZE];
    CHECK(at.epoch > 0);
    set_target(s, at);
    feed_position_format(at, text);
    if (feed_subscriber_is_up(s))
        post_send(&s->applied, slice_str(text));
}
