// SPDX-License-Identifier: Apache-2.0
// From an object to a viewer: what of it is sent, and how its body follows as it comes.
//
//     READING: reader --bytes--> viewer        blocked: until on_writable
//        |  ^                                  bytes are missing: until on_ready
//        |  | the part is complete
//        v  |
//     RESUMING: rest --bytes--> viewer         the cache gave up the slice this viewer was at
//
// What is small and whole goes out at once, without a reader.
#include "base/check.h"
#include "edge/limits.h"
#include "edge/pipeline_priv.h"
#include "metrics/counters.h"

static void finish(struct edge_request *r)
{
    edge_deliver_stop(r);
    r->stage = EDGE_STAGE_ANSWERED;
    http_end(r->exchange);
}

static void cut(struct edge_request *r)
{
    edge_deliver_stop(r);
    r->stage = EDGE_STAGE_ANSWERED;
    metrics_add(METRIC_EDGE_CUT, 1);
    http_abort(r->exchange);
}

/* ---- reading */

static void on_ready(struct cache_reader *reader)
{
    edge_deliver_more(reader->user);
}

/* Ranges come in rising order, so that one reader serves them all. */
static void set_part(struct edge_request *r)
{
    r->reader.position = r->parts->from;
    r->reader.end = r->parts->to;
    r->stage = EDGE_STAGE_READING;
}

/* Reads the first of the parts that are left. False: its front was given up. */
static bool begin_part(struct edge_request *r)
{
    r->reader = (struct cache_reader){.on_ready = on_ready, .user = r};
    if (!cache_reader_init(&r->reader, r->thread->cache, r->object))
        return false;
    set_part(r);
    return true;
}

static void send_bytes(struct edge_request *r, struct slice data)
{
    if (data.len > 0 && !http_send_body(r->exchange, data))
        r->is_blocked = true;
}

/* The part is sent: on to the next, or to the end. */
static void end_part(struct edge_request *r)
{
    r->parts++;
    r->part_count--;
    if (r->part_count == 0) {
        send_bytes(r, r->trailer);
        finish(r);
        return;
    }
    send_bytes(r, r->parts->before);
    if (r->reader.object != NULL)
        set_part(r);
    else if (!begin_part(r)) /* behind a rest */
        cut(r);
}

/* The rest of the part comes from the origin, where the object can be told from another. */
static void resume_from_origin(struct edge_request *r)
{
    uint64_t length;
    bool can_resume = cache_object_length(r->object, &length) &&
                      cache_strong_etag(&cache_object_head(r->object)->fields).len > 0;
    uint64_t from = r->reader.position;
    uint64_t to = can_resume && r->reader.end > length ? length : r->reader.end;
    if (!can_resume || from >= to) {
        cut(r);
        return;
    }
    cache_reader_fini(&r->reader);
    r->stage = EDGE_STAGE_RESUMING;
    r->rest = edge_rest_start(r, r->object, from, to);
}

static void read_on(struct edge_request *r)
{
    while (r->stage == EDGE_STAGE_READING && !r->is_blocked) {
        struct slice data;
        switch (cache_reader_next(&r->reader, &data)) {
        case CACHE_READ_DATA:
            data = slice_sub(data, 0, EDGE_OUTPUT_BYTES);
            send_bytes(r, data);
            cache_reader_consume(&r->reader, data.len);
            metrics_add(METRIC_EDGE_CACHED_BYTES, data.len);
            break;
        case CACHE_READ_WAIT:
            return;
        case CACHE_READ_END:
            end_part(r);
            break;
        case CACHE_READ_CUT:
            cut(r);
            break;
        case CACHE_READ_GONE:
            resume_from_origin(r);
            break;
        }
    }
}

void edge_deliver_more(struct edge_request *r)
{
    if (r->stage == EDGE_STAGE_RESUMING && !r->is_blocked)
        edge_rest_resume(r->rest);
    else
        read_on(r);
}

void edge_rest_done(struct edge_request *r)
{
    edge_rest_stop(r->rest);
    r->rest = NULL;
    r->stage = EDGE_STAGE_READING;
    end_part(r);
    read_on(r);
}

void edge_rest_failed(struct edge_request *r)
{
    cut(r);
}

void edge_deliver_stop(struct edge_request *r)
{
    cache_reader_fini(&r->reader);
    edge_rest_stop(r->rest);
    r->rest = NULL;
    cache_object_unref(r->object);
    r->object = NULL;
}

/* ---- the head */

static void respond(struct edge_request *r, struct cache_object *o, const struct cache_head *head,
                    const struct edge_delivery *delivery, const struct edge_selected *selected)
{
    uint32_t age_s = head == delivery->head ? head->verdict.initial_age_s /* it has just come */
                                            : cache_object_age_s(o, loop_now_ns(r->thread->loop));
    struct edge_answer answer = {.result = head->status >= 400 ? EDGE_ERROR : delivery->result,
                                 .status = selected->status,
                                 .fields = &selected->fields,
                                 .policy = &r->decision.behavior->cache,
                                 .body_kind = selected->body_kind,
                                 .body_length = selected->body_length,
                                 .age_s = age_s,
                                 .cache_status = delivery->cache_status};
    answer.has_age = delivery->result != EDGE_MISS || answer.age_s > 0;
    struct http_response out;
    edge_answer_head(&r->thread->service->identity, &r->viewer, &answer,
                     http_exchange_arena(r->exchange), &out);
    edge_count_result(answer.result);
    http_respond(r->exchange, &out);
}

/* All parts out of a body that is whole and in one piece. */
static void send_whole(struct edge_request *r, struct slice whole)
{
    for (; r->part_count > 0; r->parts++, r->part_count--) {
        uint64_t to = r->parts->to < whole.len ? r->parts->to : whole.len;
        CHECK(r->parts->from <= to);
        struct slice data = slice_sub(whole, (size_t)r->parts->from, (size_t)(to - r->parts->from));
        send_bytes(r, r->parts->before);
        send_bytes(r, data);
        metrics_add(METRIC_EDGE_CACHED_BYTES, data.len);
    }
    send_bytes(r, r->trailer);
}

/* What of the object the viewer's request selects. */
static void select_parts(struct edge_request *r, struct cache_object *o,
                         const struct cache_head *head, struct edge_selected *out)
{
    struct edge_stored stored = {
        .status = head->status, .fields = &head->fields, .has_body = !head->is_head_only};
    stored.has_length = cache_object_length(o, &stored.length_bytes);
    edge_select(http_exchange_arena(r->exchange), r->viewer.request, &stored,
                slice_of(r->id, EDGE_REQUEST_ID_SIZE - 1), out);
    r->parts = out->parts;
    r->part_count = out->part_count;
    r->trailer = out->trailer;
}

/* Whether what is sent fits into one piece; *out_whole is the body then. */
static bool is_small(struct cache_object *o, const struct edge_selected *selected,
                     struct slice *out_whole)
{
    if (selected->part_count == 0)
        return true;
    if (selected->body_kind != HTTP_BODY_LENGTH || selected->body_length > EDGE_SMALL_BODY_BYTES)
        return false;
    *out_whole = cache_object_whole(o);
    return out_whole->data != NULL;
}

bool edge_deliver(struct edge_request *r, struct cache_object *o,
                  const struct edge_delivery *delivery)
{
    const struct cache_head *head = delivery->head != NULL ? delivery->head : cache_object_head(o);
    enum origin_failure failure;
    if (edge_failure_read(&head->fields, &failure)) {
        edge_respond_failure(r, head->status, (int)failure, &delivery->cache_status);
        return true;
    }
    struct edge_selected selected;
    struct slice whole = {0};
    select_parts(r, o, head, &selected);
    if (is_small(o, &selected, &whole)) {
        respond(r, o, head, delivery, &selected);
        send_whole(r, whole);
        finish(r);
        return true;
    }
    r->object = o;
    cache_object_ref(o);
    if (!begin_part(r)) {
        edge_deliver_stop(r);
        r->stage = EDGE_STAGE_BEGUN;
        return false;
    }
    respond(r, o, head, delivery, &selected);
    send_bytes(r, r->parts->before);
    read_on(r);
    return true;
}
