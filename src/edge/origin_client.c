// SPDX-License-Identifier: Apache-2.0
// A thread's client of origins: who may have a connection to which origin, and who waits for one.
// On the thread's loop.
//
// 1. A place is kept while calls are in it, and as long as there is room afterwards.
// 2. running <= connections_per_origin, queued <= queue_per_origin; nobody waits for longer than
//    queue_timeout_ns.
#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "edge/origin_priv.h"
#include "metrics/counters.h"

#include <stdlib.h>

static const struct http_limits answer_limits = {
    .head_bytes = ORIGIN_HEAD_MAX_BYTES,
    .field_count = ORIGIN_FIELDS_MAX,
};

static void options_fill(struct origin_client_options *o)
{
    if (o->connections_per_origin == 0)
        o->connections_per_origin = ORIGIN_CONNECTIONS_MAX;
    if (o->queue_per_origin == 0)
        o->queue_per_origin = ORIGIN_QUEUE_MAX;
    if (o->queue_timeout_ns == 0)
        o->queue_timeout_ns = ORIGIN_QUEUE_TIMEOUT_NS;
    if (o->second_ns == 0)
        o->second_ns = NS_PER_S;
    if (o->limits == NULL)
        o->limits = &answer_limits;
}

enum err origin_client_new(struct loop *loop, const struct origin_client_options *options,
                           struct origin_client **out, struct errctx *ec)
{
    struct origin_client *c = NEW(struct origin_client);
    enum err e = resolver_new(loop, &options->resolver, &c->resolver, ec);
    if (e != ERR_OK) {
        free(c);
        return e;
    }
    c->loop = loop;
    c->options = *options;
    options_fill(&c->options);
    c->http = http_client_new(loop);
    http_client_set_idle_limit(c->http, ORIGIN_IDLE_MAX);
    map_init(&c->places_by_key);
    list_init(&c->places);
    list_init(&c->calls);
    *out = c;
    return ERR_OK;
}

static void gauges_set(const struct origin_client *c)
{
    metrics_set(METRIC_ORIGIN_RUNNING, c->running);
    metrics_set(METRIC_ORIGIN_QUEUED, c->queued);
}

static void place_free(struct origin_client *c, struct origin_place *p)
{
    CHECK(p->running == 0 && p->queued == 0);
    CHECK(map_remove(&c->places_by_key, slice_str(p->key)) == p);
    list_remove(&p->node);
    free(p->key);
    free(p);
}

void origin_client_free(struct origin_client *c)
{
    if (c == NULL)
        return;
    c->is_closing = true;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->calls)
        origin_call_free(LIST_ENTRY(node, struct origin_call, node));
    LIST_FOR_EACH (node, after, &c->places)
        place_free(c, LIST_ENTRY(node, struct origin_place, node));
    CHECK(c->running == 0 && c->queued == 0);
    http_client_free(c->http);
    resolver_free(c->resolver);
    map_fini(&c->places_by_key);
    free(c);
}

/* Makes room for one more place; false where calls are in each. */
static bool places_make_room(struct origin_client *c)
{
    if (c->places_by_key.count < ORIGIN_PLACES_MAX)
        return true;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->places) {
        struct origin_place *p = LIST_ENTRY(node, struct origin_place, node);
        if (p->running == 0 && p->queued == 0) {
            place_free(c, p);
            return true;
        }
    }
    return false;
}

static struct origin_place *place_new(struct origin_client *c, const char *key)
{
    struct origin_place *p = NEW(struct origin_place);
    p->key = mem_strdup(key);
    list_init(&p->queue);
    random_bytes(&p->next, sizeof(p->next)); /* threads and nodes spread over the addresses */
    list_push_back(&c->places, &p->node);
    CHECK(map_put(&c->places_by_key, slice_str(key), p) == NULL);
    return p;
}

/* The place of the call's origin, as the most recently used one; NULL: no room for it. */
static struct origin_place *place_of(struct origin_call *call)
{
    struct origin_client *c = call->client;
    const struct release_origin *origin = call->options.origin;
    const char *key = arena_printf(&call->arena, "%s %s %u",
                                   call->options.is_https ? "https" : "http", origin->domain_name,
                                   call->options.is_https ? origin->https_port : origin->http_port);
    struct origin_place *p = (struct origin_place *)map_get(&c->places_by_key, slice_str(key));
    if (p == NULL)
        return places_make_room(c) ? place_new(c, key) : NULL;
    list_remove(&p->node);
    list_push_back(&c->places, &p->node);
    return p;
}

static void call_run(struct origin_call *call)
{
    call->place->running++;
    call->client->running++;
    call->is_running = true;
    gauges_set(call->client);
    origin_call_begin(call);
}

static void call_wait(struct origin_call *call)
{
    call->state = ORIGIN_QUEUED;
    list_push_back(&call->place->queue, &call->queue);
    call->place->queued++;
    call->client->queued++;
    gauges_set(call->client);
    loop_timer_set(call->client->loop, &call->timer, call->client->options.queue_timeout_ns, 0);
}

void origin_client_admit(struct origin_call *call)
{
    const struct origin_client_options *options = &call->client->options;
    call->place = place_of(call);
    if (call->place == NULL) {
        (void)err_set(&call->why, ERR_LIMIT, "too many origins have calls under way");
        origin_call_fail(call, ORIGIN_BUSY);
    } else if (call->place->running < options->connections_per_origin) {
        call_run(call);
    } else if (call->place->queued < options->queue_per_origin) {
        call_wait(call);
    } else {
        (void)err_set(&call->why, ERR_LIMIT, "%u calls run and %u wait", call->place->running,
                      call->place->queued);
        origin_call_fail(call, ORIGIN_BUSY);
    }
}

/* Takes the call out of its queue; nothing where it is in none. */
static void queue_leave(struct origin_call *call)
{
    if (list_is_empty(&call->queue))
        return;
    list_remove(&call->queue);
    loop_timer_stop(&call->timer);
    call->place->queued--;
    call->client->queued--;
}

void origin_client_release(struct origin_call *call)
{
    struct origin_client *c = call->client;
    struct origin_place *p = call->place;
    queue_leave(call);
    if (call->is_running) {
        call->is_running = false;
        p->running--;
        c->running--;
    }
    gauges_set(c);
    if (c->is_closing || p == NULL || list_is_empty(&p->queue) ||
        p->running >= c->options.connections_per_origin)
        return;
    struct origin_call *next = LIST_FIRST(&p->queue, struct origin_call, queue);
    queue_leave(next);
    call_run(next);
}
