// SPDX-License-Identifier: Apache-2.0
// The rest of an object for one viewer who is so slow that the cache gave up the slice it was at:
// fetched by Range and If-Range, checked, and passed on. The origin must still have the very same
// bytes; whoever gets others is cut, for what came before cannot be taken back.
#include "base/alloc.h"
#include "base/check.h"
#include "edge/pipeline_priv.h"
#include "metrics/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct edge_rest {
    struct edge_request *request;
    struct arena arena;
    struct origin_call *call; /* NULL: it has ended */
    struct slice etag;        /* of the object */
    uint64_t total_bytes;     /* likewise */
    uint64_t from;            /* next byte expected */
    uint64_t to;              /* first byte that is not wanted */
    bool is_right;            /* the head is that of the range asked for */
};

/* "bytes FROM-LAST/TOTAL", exactly as asked. */
static bool range_is_right(const struct edge_rest *rest, const struct http_response *head)
{
    const struct slice *range = http_fields_get(&head->fields, "content-range");
    char want[sizeof("bytes -/") + (size_t)3 * 20];
    int len = snprintf(want, sizeof(want), "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, rest->from,
                       rest->to - 1, rest->total_bytes);
    return range != NULL && slice_equal(*range, slice_of(want, (size_t)len));
}

static void on_head(void *user, const struct http_response *head)
{
    struct edge_rest *rest = user;
    rest->is_right = head->status == 206 && range_is_right(rest, head) &&
                     slice_equal(cache_strong_etag(&head->fields), rest->etag);
    if (!rest->is_right)
        edge_rest_failed(rest->request);
}

static void on_body(void *user, struct slice data)
{
    struct edge_rest *rest = user;
    data = slice_sub(data, 0,
                     (size_t)(rest->to - rest->from < data.len ? rest->to - rest->from : data.len));
    rest->from += data.len;
    if (data.len > 0 && !http_send_body(rest->request->exchange, data))
        origin_call_pause(rest->call, true);
}

static void on_end(void *user, enum origin_failure failure, const struct errctx *why)
{
    (void)why;
    struct edge_rest *rest = user;
    rest->call = NULL;
    if (failure == ORIGIN_OK && rest->is_right && rest->from == rest->to)
        edge_rest_done(rest->request);
    else
        edge_rest_failed(rest->request);
}

static const struct origin_call_handler call_handler = {
    .on_head = on_head,
    .on_body = on_body,
    .on_end = on_end,
};

/* The request of the viewer's, for the range alone. */
static void make_request(struct edge_rest *rest, struct http_request *out)
{
    struct arena *a = &rest->arena;
    *out = rest->request->decision.sent;
    out->fields = (struct http_fields){0};
    const struct http_fields *sent = &rest->request->decision.sent.fields;
    for (size_t i = 0; i < sent->count; i++)
        http_fields_add(a, &out->fields, sent->items[i].name, sent->items[i].value);
    char *range = arena_printf(a, "bytes=%" PRIu64 "-%" PRIu64, rest->from, rest->to - 1);
    http_fields_add_str(a, &out->fields, "Range", range);
    http_fields_add(a, &out->fields, SLICE_LIT("If-Range"), rest->etag);
}

struct edge_rest *edge_rest_start(struct edge_request *r, struct cache_object *o, uint64_t from,
                                  uint64_t to)
{
    struct edge_rest *rest = NEW(struct edge_rest);
    arena_init(&rest->arena);
    rest->request = r;
    rest->etag = arena_copy(&rest->arena, cache_strong_etag(&cache_object_head(o)->fields));
    rest->from = from;
    rest->to = to;
    bool has_length = cache_object_length(o, &rest->total_bytes);
    CHECK(has_length && rest->etag.len > 0 && from < to && to <= rest->total_bytes);
    struct http_request request;
    edge_request_forward(r);
    make_request(rest, &request);
    struct origin_call_options options = {.origin = r->decision.origin,
                                          .is_https = r->decision.is_https_origin};
    rest->call = origin_call_start(r->thread->origins, &options, &request, &call_handler, rest);
    metrics_add(METRIC_EDGE_RESTS, 1);
    return rest;
}

void edge_rest_resume(struct edge_rest *rest)
{
    if (rest->call != NULL)
        origin_call_pause(rest->call, false);
}

void edge_rest_stop(struct edge_rest *rest)
{
    if (rest == NULL)
        return;
    if (rest->call != NULL)
        origin_call_cancel(rest->call);
    arena_fini(&rest->arena);
    free(rest);
}
