// SPDX-License-Identifier: Apache-2.0
// The edge's ways to the controls. Reconnecting is feed/'s business, what a frame does is
// invalidation.c's; whom to follow and with which certificates is node/'s. The main loop's thread.
#include "edge/invalidation_feed.h"

#include "base/alloc.h"
#include "base/time.h"
#include "edge/invalidation.h"
#include "edge/limits.h"
#include "feed/subscriber.h"
#include "metrics/counters.h"
#include "metrics/log.h"
#include "node/controls.h"

#include <stdio.h>
#include <stdlib.h>

/** One control. */
struct source {
    struct invalidation_feed *feed;
    const struct control_address *control;
    struct feed_subscriber *subscriber; /* NULL until there are certificates */
    bool is_up;
    char why[128]; /* it is down, as it was logged last */
};

struct invalidation_feed {
    struct role_context *context;
    struct arena arena;
    struct net_identity identity;
    struct net_tls *tls;       /* NULL while there is no fleet root */
    bool was_missing;          /* said once */
    struct loop_timer opening; /* looks for the fleet root until it is there */
    struct controls controls;
    struct source sources[CONTROLS_MAX]; /* controls.count of them */
    size_t up_count;
    struct edge_invalidations state;
};

static void on_invalidation(void *user, const struct feed_invalidation *i)
{
    struct source *s = user;
    struct invalidation_feed *f = s->feed;
    if (!edge_invalidations_apply(&f->state, i))
        return;
    for (size_t n = 0; n < f->controls.count; n++)
        feed_subscriber_applied(f->sources[n].subscriber, f->state.at);
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct source *s = user;
    struct invalidation_feed *f = s->feed;
    char reason[sizeof(s->why)];
    (void)snprintf(reason, sizeof(reason), "%.*s", (int)sizeof(reason) - 1,
                   is_up || why == NULL ? "" : why->text);
    if (is_up != s->is_up || strcmp(reason, s->why) != 0) /* a first failure is news, too */
        LOG(is_up ? LOG_INFO : LOG_WARNING,
            is_up ? "feed of invalidations is up" : "feed of invalidations is down",
            LOG_STR("url", s->control->url), LOG_STR("reason", reason));
    f->up_count = f->up_count + is_up - s->is_up;
    s->is_up = is_up;
    memcpy(s->why, reason, sizeof(reason));
    metrics_set(METRIC_INVALIDATION_FEEDS_UP, f->up_count);
}

static void subscribe(struct invalidation_feed *f, size_t index)
{
    struct source *s = &f->sources[index];
    s->feed = f;
    s->control = &f->controls.items[index];
    const struct feed_client_options options = {.address = s->control->address, .tls = f->tls};
    const struct feed_subscriber_handler handler = {on_invalidation, on_state, s};
    s->subscriber = feed_subscriber_new(f->context->loop, &options, &handler);
}

/** Certificates once the fleet root is there; it was not when this node started first. */
static bool open_tls(struct invalidation_feed *f)
{
    struct errctx ec = {0};
    struct slice fleet_root;
    if (controls_open_tls(&f->arena, &f->identity, f->context->fleet_root_path, &f->tls,
                          &fleet_root, &ec) == ERR_OK)
        return true;
    if (!f->was_missing)
        LOG(LOG_WARNING, "waiting for the fleet root's certificate", LOG_ERR(&ec));
    f->was_missing = true;
    return false;
}

static void on_opening(struct loop_timer *timer)
{
    struct invalidation_feed *f = timer->user;
    if (!open_tls(f))
        return;
    loop_timer_stop(timer);
    for (size_t i = 0; i < f->controls.count; i++)
        subscribe(f, i);
}

enum err invalidation_feed_new(struct role_context *context, struct cache *cache,
                               struct invalidation_feed **out, struct errctx *ec)
{
    struct invalidation_feed *f = NEW(struct invalidation_feed);
    f->context = context;
    f->state.cache = cache;
    f->opening = (struct loop_timer){.on_time = on_opening, .user = f};
    enum err err =
        controls_find(&f->arena, context->settings,
                      context->has_control ? &context->nodes_bound : NULL, &f->controls, ec);
    if (err == ERR_OK)
        err =
            net_identity_open(context->settings->data, time_unix_ms() / MS_PER_S, &f->identity, ec);
    if (err != ERR_OK) {
        invalidation_feed_free(f);
        return err;
    }
    loop_timer_set(context->loop, &f->opening, 0, EDGE_FLEET_ROOT_WAIT_NS);
    *out = f;
    return ERR_OK;
}

void invalidation_feed_free(struct invalidation_feed *f)
{
    if (f == NULL)
        return;
    loop_timer_stop(&f->opening);
    for (size_t i = 0; i < f->controls.count; i++)
        feed_subscriber_free(f->sources[i].subscriber);
    net_tls_free(f->tls);
    net_identity_fini(&f->identity);
    arena_fini(&f->arena);
    free(f);
}
