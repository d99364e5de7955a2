// SPDX-License-Identifier: Apache-2.0
// Trips to origins: one request, and what becomes of its answer. A trip leads a fetch of the cache
// for all who want the key, or serves one viewer alone.
//
//              head: storable            body          end
//     NONE ---------------------> FILL -------> ... ------> gone
//       |      304, 5xx and a copy is held: the fetch ends by it
//       |      head: not storable
//       +-----------------------> PASS -------> ... ------> gone
//       | failure before a head
//       +-------------------------------------------------> gone
//
// 1. `fetch` is not NULL exactly while it is led; the head or a failure ends it, once.
// 2. A trip without fetch, and one in PASS, has a viewer; when that leaves, the trip ends.
// 3. While the sink has no room the origin is not read; what was read already is taken.
// 4. In FILL the viewer is one of the readers: the trip no longer knows it.
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "edge/forward.h"
#include "edge/pipeline_priv.h"
#include "edge/trip_priv.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdlib.h>

void edge_trip_end(struct edge_trip *t)
{
    struct edge_thread *thread = t->thread;
    CHECK(t->fetch == NULL && t->fill == NULL && t->viewer == NULL && t->call == NULL);
    list_remove(&t->node);
    cache_object_unref(t->stale);
    edge_world_unref(t->world, thread->options.index);
    arena_fini(&t->arena);
    free(t);
    metrics_set(METRIC_EDGE_TRIPS_UNDER_WAY, --thread->trip_count);
}

void edge_trip_cancel(struct edge_trip *t)
{
    if (t->call != NULL)
        origin_call_cancel(t->call);
    t->call = NULL;
    edge_trip_end(t);
}

struct edge_request *edge_trip_take_viewer(struct edge_trip *t)
{
    struct edge_request *r = t->viewer;
    t->viewer = NULL;
    if (r != NULL)
        r->trip = NULL;
    return r;
}

struct cache_fetch *edge_trip_take_fetch(struct edge_trip *t)
{
    struct cache_fetch *f = t->fetch;
    t->fetch = NULL;
    return f;
}

static void pause_origin(struct edge_trip *t, bool is_paused)
{
    if (t->is_paused == is_paused || t->call == NULL)
        return;
    t->is_paused = is_paused;
    origin_call_pause(t->call, is_paused);
}

/* ---- what the cache calls while a body is filled */

static void on_room(void *user)
{
    pause_origin(user, false);
}

static void on_abandoned(void *user)
{
    struct edge_trip *t = user;
    metrics_add(METRIC_EDGE_ABANDONED, 1);
    cache_fill_end(t->fill, false);
    t->fill = NULL;
    edge_trip_cancel(t);
}

void edge_trip_fill(struct edge_trip *t, struct cache_fill *fill)
{
    t->sink = EDGE_SINK_FILL;
    t->fill = fill;
    if (fill == NULL)
        return;
    struct cache_fill_handler handler = {
        .on_room = on_room, .on_abandoned = on_abandoned, .user = t};
    cache_fill_set_handler(fill, &handler);
}

/* ---- what the origin call calls */

static void on_head(void *user, const struct http_response *head)
{
    struct edge_trip *t = user;
    if (!t->is_upload_over && t->viewer != NULL)
        http_pause_body(t->viewer->exchange, true); /* an early answer stops the upload */
    t->is_upload_over = true;
    edge_trip_take_head(t, head);
}

static void on_body(void *user, struct slice data)
{
    struct edge_trip *t = user;
    bool has_room = true;
    if (t->fill != NULL)
        has_room = cache_fill_append(t->fill, data);
    else if (t->sink == EDGE_SINK_PASS)
        has_room = http_send_body(t->viewer->exchange, data);
    if (!has_room)
        pause_origin(t, true);
}

static void on_writable(void *user)
{
    struct edge_trip *t = user;
    if (!t->is_upload_over && t->viewer != NULL)
        http_pause_body(t->viewer->exchange, false);
}

/* Says why in the log, unless this was said a moment ago. Paths and queries are the viewers' own:
 * the request's id is what their page shows, too. */
static void say_failure(struct edge_trip *t, enum origin_failure failure, const char *why)
{
    const struct edge_decision *d = &t->decision;
    const char *id = d->distribution->config.id;
    uint64_t unsaid;
    if (!edge_failure_log_is_due(&t->thread->failures, id, d->origin->id, failure,
                                 time_monotonic_ns(), &unsaid))
        return;
    LOG(LOG_WARNING, "origin failed", LOG_STR("distribution", id), LOG_STR("origin", d->origin->id),
        LOG_STR("class", origin_failure_text(failure)),
        LOG_STR("request", t->viewer != NULL ? t->viewer->id : ""), LOG_STR("error", why),
        LOG_U64("unsaid", unsaid));
}

static void on_end(void *user, enum origin_failure failure, const struct errctx *why)
{
    struct edge_trip *t = user;
    t->call = NULL;
    if (failure != ORIGIN_OK)
        say_failure(t, failure, why->text);
    if (t->sink == EDGE_SINK_NONE) {
        edge_trip_take_failure(t, failure == ORIGIN_OK ? ORIGIN_MALFORMED : failure);
        return;
    }
    if (t->fill != NULL)
        cache_fill_end(t->fill, failure == ORIGIN_OK);
    t->fill = NULL;
    if (t->sink == EDGE_SINK_PASS) {
        struct edge_request *r = edge_trip_take_viewer(t);
        r->stage = EDGE_STAGE_ANSWERED;
        if (failure == ORIGIN_OK)
            http_end(r->exchange);
        else
            http_abort(r->exchange);
    }
    edge_trip_end(t);
}

static const struct origin_call_handler call_handler = {
    .on_head = on_head,
    .on_body = on_body,
    .on_writable = on_writable,
    .on_end = on_end,
};

/* ---- start */

static void copy_fields(struct arena *a, const struct http_fields *from, struct http_fields *to)
{
    *to = (struct http_fields){0};
    for (size_t i = 0; i < from->count; i++)
        http_fields_add(a, to, arena_copy(a, from->items[i].name),
                        arena_copy(a, from->items[i].value));
}

/* A decision that lives as long as the trip: the viewer's own may go with its exchange. */
static void copy_decision(struct edge_trip *t, const struct edge_decision *from)
{
    struct arena *a = &t->arena;
    struct edge_decision *d = &t->decision;
    *d = *from;
    d->fields = NULL;
    d->path = arena_copy(a, from->path);
    d->key.bytes = arena_copy(a, from->key.bytes);
    d->key.uri = slice_of(d->key.bytes.data + (from->key.uri.data - from->key.bytes.data),
                          from->key.uri.len);
    d->sent.method = arena_copy(a, from->sent.method);
    d->sent.target = arena_copy(a, from->sent.target);
    copy_fields(a, &from->sent.fields, &d->sent.fields);
}

void edge_trip_call(struct edge_trip *t)
{
    struct origin_call_options options = {.origin = t->decision.origin,
                                          .is_https = t->decision.is_https_origin};
    t->sent_unix_ms = time_unix_ms();
    t->call = origin_call_start(t->thread->origins, &options, &t->decision.sent, &call_handler, t);
}

struct edge_trip *edge_trip_start(struct edge_request *r, const struct edge_trip_options *options)
{
    struct edge_thread *thread = r->thread;
    struct edge_trip *t = NEW(struct edge_trip);
    t->thread = thread;
    t->world = r->world;
    edge_world_ref(t->world, thread->options.index);
    arena_init(&t->arena);
    edge_request_forward(r);
    copy_decision(t, &r->decision);
    t->viewer = options->viewer;
    t->fetch = options->fetch;
    const struct http_fields *asked = &r->viewer.request->fields;
    t->passes_conditions = options->passes_conditions && edge_has_conditions(asked);
    if (t->passes_conditions && r->decision.action == EDGE_LOOK_UP)
        edge_forward_conditions(&t->arena, asked, &t->decision.sent.fields);
    if (options->stale != NULL) {
        t->stale = options->stale;
        cache_object_ref(t->stale);
        const struct http_fields *stored = &cache_object_head(t->stale)->fields;
        t->has_validators = edge_forward_validators(&t->arena, stored, &t->decision.sent.fields);
    }
    t->is_upload_over = t->decision.sent.body_kind == HTTP_BODY_NONE;
    list_push_back(&thread->trips, &t->node);
    metrics_set(METRIC_EDGE_TRIPS_UNDER_WAY, ++thread->trip_count);
    metrics_add(METRIC_EDGE_TRIPS, 1);
    edge_trip_call(t);
    return t;
}

/* ---- what the viewer's request calls */

void edge_trip_leave(struct edge_trip *t)
{
    (void)edge_trip_take_viewer(t);
    t->is_upload_over = true;
    bool is_shared = t->fetch != NULL && t->decision.collapses;
    if (is_shared) /* others may wait for it, and what comes may be kept */
        return;
    if (t->fetch != NULL)
        cache_fetch_release(edge_trip_take_fetch(t), false);
    edge_trip_cancel(t);
}

void edge_trip_resume(struct edge_trip *t)
{
    pause_origin(t, false);
}

bool edge_trip_upload(struct edge_trip *t, struct slice data)
{
    if (t->is_upload_over)
        return false;
    t->uploaded_bytes += data.len;
    bool has_room = origin_call_send(t->call, data);
    /* Behind the last byte there is nothing to pause: its end must be noticed before the origin,
     * which has it all, can answer. */
    const struct http_request *sent = &t->decision.sent;
    return has_room ||
           (sent->body_kind == HTTP_BODY_LENGTH && t->uploaded_bytes == sent->body_length);
}

void edge_trip_upload_end(struct edge_trip *t)
{
    if (t->is_upload_over)
        return;
    t->is_upload_over = true;
    origin_call_send_end(t->call);
}

void edge_trip_abort(struct edge_trip *t)
{
    if (t->fetch != NULL)
        cache_fetch_fail(edge_trip_take_fetch(t), 503, ORIGIN_BUSY);
    if (t->fill != NULL)
        cache_fill_end(t->fill, false);
    t->fill = NULL;
    (void)edge_trip_take_viewer(t);
    edge_trip_cancel(t);
}
