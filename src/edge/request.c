// SPDX-License-Identifier: Apache-2.0
// A viewer's request from its head to its end: decided, looked up, led or waited for, answered.
//
//              refused, redirected
//     BEGUN ------------------------------------------------------> ANSWERED
//       |  fresh, or stale and allowed                                 ^ ^
//       +------------------------------> READING <--> RESUMING --------+ |
//       |  another fetches it             ^  ^                           |
//       +-------> WAITING ----------------+  | object                    |
//       |            | released              |                           |
//       |            v                       |                           |
//       +-------> ASKING --------------------+---> PASSING --------------+
//          leads, alone, or past the cache      not storable
//
// 1. A request has at most one of: a waiter that waits, a trip, a reader, a rest.
// 2. It holds its world and its stale object from on_request to on_closed.
// 3. It waits for others at most twice, so that it comes to an end whatever they are told.
// 4. Its request to the origin is made when the first needs it: most hits do without.
// 5. Whoever cannot begin to read what it found looks for it a bounded number of times.
#include "edge/pipeline_priv.h"

#include "base/check.h"
#include "edge/limits.h"
#include "edge/sample_request.h"
#include "edge/use.h"
#include "metrics/counters.h"
#include "os/rcu.h"

static struct cache_request cache_request_of(const struct edge_request *r)
{
    return (struct cache_request){.key = &r->decision.key,
                                  .scope = r->decision.distribution->scope,
                                  .sent = r->decision.has_sent ? &r->decision.sent.fields : NULL,
                                  .is_head = r->decision.method == RELEASE_HEAD,
                                  .now_ns = loop_now_ns(r->thread->loop),
                                  .stale = r->stale};
}

void edge_request_forward(struct edge_request *r)
{
    if (!r->decision.has_sent)
        edge_decide_forward(&r->thread->service->identity, &r->viewer,
                            http_exchange_arena(r->exchange), &r->decision);
}

/* Keeps the object to fall back on. */
static void keep_stale(struct edge_request *r, struct cache_object *o)
{
    cache_object_unref(r->stale);
    cache_object_ref(o);
    r->stale = o;
}

static void start_trip(struct edge_request *r, struct cache_fetch *fetch)
{
    struct edge_trip_options options = {.viewer = r, .fetch = fetch, .stale = r->stale};
    /* What comes for this viewer alone may be what its own conditions ask for. */
    options.passes_conditions = fetch == NULL && r->stale == NULL;
    r->stage = EDGE_STAGE_ASKING;
    r->trip = edge_trip_start(r, &options);
}

void edge_request_go_alone(struct edge_request *r)
{
    r->was_released = true;
    start_trip(r, NULL);
}

static void look_up(struct edge_request *r);

/* The fetch that it waited for gave an object. One that was never fresh is validated first. */
static void take_object(struct edge_request *r, struct cache_object *o)
{
    enum edge_forwarded forwarded = r->stale == NULL ? EDGE_FORWARDED_MISS : EDGE_FORWARDED_STALE;
    struct edge_delivery delivery = {
        .result = EDGE_HIT, .cache_status = {.forwarded = forwarded, .is_collapsed = true}};
    if (cache_verdict_was_fresh(&cache_object_head(o)->verdict)) {
        bool has_begun = edge_deliver(r, o, &delivery);
        CHECK(has_begun); /* its front is held until the callback returns */
        return;
    }
    metrics_add(METRIC_EDGE_RELEASED, 1);
    keep_stale(r, o);
    edge_request_go_alone(r);
}

static void on_outcome(struct cache_waiter *w, const struct cache_outcome_info *info)
{
    struct edge_request *r = w->user;
    r->stage = EDGE_STAGE_BEGUN;
    switch (info->outcome) {
    case CACHE_FETCH_OBJECT:
        take_object(r, info->object);
        return;
    case CACHE_FETCH_RELEASED:
        metrics_add(METRIC_EDGE_RELEASED, 1);
        if (r->was_released) {
            edge_request_go_alone(r);
            return;
        }
        /* There may be a fetch of its own variant by now, or a copy to validate. */
        r->was_released = true;
        look_up(r);
        return;
    case CACHE_FETCH_FAILED:
        edge_request_fail(r, (uint16_t)info->status, info->reason);
        return;
    }
}

/* Leads the fetch, or waits for the one who does. Nobody waits for what he may not share. */
static void fetch(struct edge_request *r)
{
    bool waits =
        r->decision.collapses &&
        (r->stale == NULL || cache_verdict_was_fresh(&cache_object_head(r->stale)->verdict));
    /* Where nothing but errors would be kept, a viewer's own conditions do more good. */
    if (!r->decision.collapses && edge_has_conditions(&r->viewer.request->fields)) {
        edge_request_go_alone(r);
        return;
    }
    edge_request_forward(r);
    struct cache_request request = cache_request_of(r);
    struct cache_fetch *led;
    r->waiter = (struct cache_waiter){.on_outcome = on_outcome, .user = r};
    if (!cache_fetch_join(r->thread->cache, &request, &r->waiter, &led)) {
        start_trip(r, led);
    } else if (waits) {
        metrics_add(METRIC_EDGE_COLLAPSED, 1);
        r->stage = EDGE_STAGE_WAITING;
    } else {
        cache_waiter_cancel(&r->waiter);
        edge_request_go_alone(r);
    }
}

/* Begins to refresh what was just served, unless somebody does already. */
static void refresh_behind(struct edge_request *r)
{
    edge_request_forward(r);
    struct cache_request request = cache_request_of(r);
    struct cache_waiter nobody = {.on_outcome = on_outcome};
    struct cache_fetch *led;
    if (cache_fetch_join(r->thread->cache, &request, &nobody, &led)) {
        cache_waiter_cancel(&nobody);
        return;
    }
    struct edge_trip_options options = {.fetch = led, .stale = r->stale};
    (void)edge_trip_start(r, &options);
}

/* Serves what was found, as far as its age allows. False: its body could not be begun. */
static bool serve(struct edge_request *r, struct cache_object *o)
{
    int64_t now_ns = loop_now_ns(r->thread->loop);
    const struct cache_verdict *v = &cache_object_head(o)->verdict;
    uint32_t age_s = cache_object_age_s(o, now_ns);
    struct edge_delivery delivery = {
        .result = EDGE_HIT,
        .cache_status = {.is_hit = true, .has_ttl = true, .ttl_s = edge_use_ttl_s(v, age_s)}};
    switch (edge_use_of(v, age_s, cache_object_held_until_ns(o) > now_ns)) {
    case EDGE_USE_FRESH:
        break;
    case EDGE_USE_HELD:
        metrics_add(METRIC_EDGE_STALE_ERROR, 1);
        break;
    case EDGE_USE_REFRESH:
        keep_stale(r, o);
        if (!edge_deliver(r, o, &delivery))
            return false;
        metrics_add(METRIC_EDGE_STALE_REFRESH, 1);
        refresh_behind(r);
        return true;
    case EDGE_USE_ASK:
        keep_stale(r, o);
        fetch(r);
        return true;
    }
    return edge_deliver(r, o, &delivery);
}

/* Most requests find what does not vary, and need no request to the origin to be made for that. */
static void look_up(struct edge_request *r)
{
    for (unsigned tries = 0; tries < EDGE_LOOK_UPS_MAX; tries++) {
        struct cache_request request = cache_request_of(r);
        struct cache_object *o;
        enum cache_found found = cache_find(r->thread->cache, &request, &o);
        if (found == CACHE_OBJECT) {
            if (serve(r, o))
                return;
        } else if (request.sent == NULL) {
            edge_request_forward(r); /* now with what varies */
        } else if (found == CACHE_MISS) {
            fetch(r);
            return;
        } else {
            break;
        }
    }
    edge_request_go_alone(r);
}

static void drop_stale(struct edge_request *r)
{
    cache_object_unref(r->stale);
    r->stale = NULL;
}

void edge_request_fail(struct edge_request *r, uint16_t status, int reason)
{
    if (r->stale != NULL) {
        int64_t now_ns = loop_now_ns(r->thread->loop);
        const struct cache_verdict *v = &cache_object_head(r->stale)->verdict;
        uint32_t age_s = cache_object_age_s(r->stale, now_ns);
        struct edge_delivery delivery = {.result = EDGE_HIT,
                                         .cache_status = {.forwarded = EDGE_FORWARDED_STALE,
                                                          .origin_status = status,
                                                          .has_ttl = true,
                                                          .ttl_s = edge_use_ttl_s(v, age_s)}};
        if (edge_use_on_error(v, age_s) && edge_deliver(r, r->stale, &delivery)) {
            metrics_add(METRIC_EDGE_STALE_ERROR, 1);
            return;
        }
    }
    struct edge_cache_status cache_status = {.forwarded = edge_forwarded_of(r)};
    if (reason != EDGE_FAILED_HAS_STALE) {
        edge_respond_failure(r, status, reason, &cache_status);
        return;
    }
    drop_stale(r); /* the leader had a copy; this one has none, or none that can be read */
    edge_request_go_alone(r);
}

static void begin(struct edge_request *r)
{
    const struct edge_identity *identity = &r->thread->service->identity;
    struct arena *a = http_exchange_arena(r->exchange);
    struct edge_decision *d = &r->decision;
    edge_decide(r->world, identity, &r->viewer, a, d);
    if (d->action == EDGE_REFUSE || d->action == EDGE_REDIRECT || d->action == EDGE_ALIVE) {
        struct edge_own_answer answer;
        edge_answer_decision(d, &answer);
        edge_respond_own(r, &answer);
        return;
    }
    if (d->action == EDGE_LOOK_UP) {
        look_up(r);
        return;
    }
    start_trip(r, NULL);
}

/* ---- what http/ calls */

/* A thread's first requests, later one now and then: a quiet ring is filled, a busy one costs
 * little.
 */
static void take_sample(struct edge_thread *t, const struct edge_viewer *viewer)
{
    uint64_t count = t->sample_count++;
    if (count < EDGE_SAMPLE_EAGER || count % EDGE_SAMPLE_STEP == 0)
        sample_request_put(t->service->context->samples, viewer->request, viewer->peer,
                           viewer->is_tls);
}

static void on_request(struct http_exchange *x, void *server_user)
{
    struct edge_thread *t = server_user;
    struct edge_request *r = ARENA_NEW(http_exchange_arena(x), struct edge_request);
    http_exchange_set_user(x, r);
    r->thread = t;
    r->exchange = x;
    r->world = rcu_read_ptr(&t->service->world);
    edge_world_ref(r->world, t->options.index);
    edge_id_next(&t->ids, r->id);
    r->viewer = (struct edge_viewer){.request = http_exchange_request(x),
                                     .peer = http_exchange_peer(x),
                                     .request_id = r->id,
                                     .is_tls = http_exchange_is_tls(x)};
    take_sample(t, &r->viewer);
    metrics_add(METRIC_EDGE_REQUESTS, 1);
    metrics_set(METRIC_EDGE_REQUESTS_UNDER_WAY, ++t->request_count);
    begin(r);
}

static void on_body(struct http_exchange *x, struct slice data)
{
    struct edge_request *r = http_exchange_user(x);
    if (r->trip != NULL && !edge_trip_upload(r->trip, data))
        http_pause_body(x, true);
}

static void on_request_end(struct http_exchange *x)
{
    struct edge_request *r = http_exchange_user(x);
    if (r->trip != NULL)
        edge_trip_upload_end(r->trip);
}

static void on_writable(struct http_exchange *x)
{
    struct edge_request *r = http_exchange_user(x);
    r->is_blocked = false;
    if (r->stage == EDGE_STAGE_PASSING)
        edge_trip_resume(r->trip);
    else
        edge_deliver_more(r);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    struct edge_request *r = http_exchange_user(x);
    struct edge_thread *t = r->thread;
    if (reason != HTTP_CLOSE_DONE)
        metrics_add(METRIC_EDGE_VIEWERS_LOST, 1);
    cache_waiter_cancel(&r->waiter);
    if (r->trip != NULL)
        edge_trip_leave(r->trip);
    edge_deliver_stop(r);
    drop_stale(r);
    edge_world_unref(r->world, t->options.index);
    metrics_set(METRIC_EDGE_REQUESTS_UNDER_WAY, --t->request_count);
}

const struct http_handler edge_request_handler = {
    .on_request = on_request,
    .on_body = on_body,
    .on_request_end = on_request_end,
    .on_writable = on_writable,
    .on_closed = on_closed,
};
