// SPDX-License-Identifier: Apache-2.0
// A client and what its callers do with calls: start, feed, pause, cancel. Called on the thread of
// its loop.
#include "http/client.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "http/client_priv.h"
#include "http/write.h"
#include "metrics/counters.h"

#include <inttypes.h>
#include <stdlib.h>

/* RFC 9110 section 9.2.2. */
static const char *const idempotent_methods[] = {"GET",   "HEAD", "OPTIONS",
                                                 "TRACE", "PUT",  "DELETE"};
/* Methods whose request says that it has no body (RFC 9110 section 8.6). */
static const char *const body_methods[] = {"POST", "PUT", "PATCH"};

/* What http_call_start adds itself. */
static const char *const own_fields[] = {"content-length", "transfer-encoding"};

static bool is_one_of(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(text, slice_str(list[i])))
            return true;
    }
    return false;
}

struct http_client *http_client_new(struct loop *loop)
{
    struct http_client *c = NEW(struct http_client);
    c->loop = loop;
    c->idle_limit = HTTP_CLIENT_IDLE;
    list_init(&c->calls);
    list_init(&c->idle);
    map_init(&c->idle_for);
    return c;
}

void http_client_free(struct http_client *c)
{
    if (c == NULL)
        return;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->calls)
        http_call_free(LIST_ENTRY(node, struct http_call, node));
    http_pool_clear(c);
    map_fini(&c->idle_for);
    free(c);
}

void http_client_set_idle_limit(struct http_client *c, size_t count)
{
    c->idle_limit = count;
}

/* Adds the fields that frame the body. */
static void framing_add(struct http_call *call, const struct http_request *request,
                        struct slice body, struct http_fields *fields)
{
    bool is_whole = request->body_kind == HTTP_BODY_NONE;
    bool has_length = request->body_kind == HTTP_BODY_LENGTH || body.len > 0 ||
                      is_one_of(request->method, body_methods, ARRAY_LEN(body_methods));
    uint64_t length = is_whole ? body.len : request->body_length;
    if (request->body_kind == HTTP_BODY_CHUNKED)
        http_fields_add_str(&call->arena, fields, "Transfer-Encoding", "chunked");
    else if (has_length)
        http_fields_add_str(&call->arena, fields, "Content-Length",
                            arena_printf(&call->arena, "%" PRIu64, length));
}

/* The request as bytes, with what frames its body. */
static void request_write(struct http_call *call, const struct http_request *request,
                          struct slice body)
{
    struct http_request sent = {
        .method = request->method, .target = request->target, .minor_version = 1};
    for (size_t i = 0; i < request->fields.count; i++) {
        const struct http_field *field = &request->fields.items[i];
        if (!is_one_of(field->name, own_fields, ARRAY_LEN(own_fields)))
            http_fields_add(&call->arena, &sent.fields, field->name, field->value);
    }
    framing_add(call, request, body, &sent.fields);
    http_write_request(&call->out, &sent);
    buf_append(&call->out, body);
}

static char *name_keep(const char *name)
{
    return name == NULL ? NULL : mem_strdup(name);
}

static struct http_call *call_new(struct http_client *c, const struct http_call_options *options,
                                  const struct http_call_handler *handler, void *user)
{
    struct http_call *call = NEW(struct http_call);
    call->client = c;
    call->options = *options;
    call->server_name = name_keep(options->server_name);
    call->other_name = name_keep(options->other_name);
    call->options.server_name = call->server_name;
    call->options.other_name = call->other_name;
    call->handler = *handler;
    call->user = user;
    call->timer.on_time = http_call_on_timer;
    call->timer.user = call;
    call->since_ns = time_monotonic_ns(); /* the loop may not run yet */
    arena_init(&call->arena);
    list_push_back(&c->calls, &call->node);
    metrics_add(METRIC_HTTP_CLIENT_CALLS, 1);
    return call;
}

struct http_call *http_call_start(struct http_client *c, const struct http_call_options *options,
                                  const struct http_request *request, struct slice body,
                                  const struct http_call_handler *handler, void *user)
{
    CHECK(request->body_kind != HTTP_BODY_UNTIL_CLOSE);
    CHECK(request->body_kind == HTTP_BODY_NONE || body.len == 0);
    struct http_call *call = call_new(c, options, handler, user);
    call->is_head = slice_equal(request->method, SLICE_LIT("HEAD"));
    call->upload = (struct http_upload){.kind = request->body_kind,
                                        .left_bytes = request->body_length,
                                        .has_ended = request->body_kind == HTTP_BODY_NONE,
                                        .wants_room = request->body_kind != HTTP_BODY_NONE};
    call->is_repeatable =
        request->body_kind == HTTP_BODY_NONE && body.len == 0 &&
        is_one_of(request->method, idempotent_methods, ARRAY_LEN(idempotent_methods));
    if (http_request_is_sendable(request)) {
        request_write(call, request, body);
        http_call_begin(call);
    } else {
        (void)http_call_end(
            call, err_set(&call->failure, ERR_INVALID, "no valid method or target to send"));
    }
    http_call_arm(call, false);
    return call;
}

/* Whether bytes of the body are of no use any more: they are dropped. */
static bool is_upload_over(const struct http_call *call)
{
    return call->state == HTTP_CALL_ENDED || call->is_cut_short;
}

/* Appends to the request that leaves; where all had left, the wait for the caller is over. */
static void upload_append(struct http_call *call, struct slice data, bool is_last)
{
    bool was_waiting = call->state == HTTP_CALL_HEAD && buf_len(&call->out) == 0;
    bool is_chunked = call->upload.kind == HTTP_BODY_CHUNKED;
    if (data.len > 0 && is_chunked)
        buf_printf(&call->out, "%zx\r\n", data.len);
    buf_append(&call->out, data);
    if (data.len > 0 && is_chunked)
        buf_append_str(&call->out, "\r\n");
    if (is_last && is_chunked)
        buf_append_str(&call->out, "0\r\n\r\n");
    if (was_waiting)
        call->since_ns = loop_now_ns(call->client->loop);
    if (!call->is_running)
        http_call_arm(call, false);
}

bool http_call_send(struct http_call *call, struct slice data)
{
    struct http_upload *upload = &call->upload;
    CHECK(upload->kind != HTTP_BODY_NONE && !upload->has_ended);
    if (upload->kind == HTTP_BODY_LENGTH) {
        CHECK(data.len <= upload->left_bytes);
        upload->left_bytes -= data.len;
    }
    if (data.len == 0 || is_upload_over(call))
        return true;
    upload_append(call, data, false);
    bool has_room = buf_len(&call->out) < HTTP_UPLOAD_BYTES;
    upload->wants_room = upload->wants_room || !has_room;
    return has_room;
}

void http_call_send_end(struct http_call *call)
{
    struct http_upload *upload = &call->upload;
    CHECK(upload->kind != HTTP_BODY_NONE && !upload->has_ended);
    CHECK(upload->kind != HTTP_BODY_LENGTH || upload->left_bytes == 0);
    upload->has_ended = true;
    upload->wants_room = false;
    if (!is_upload_over(call))
        upload_append(call, SLICE_LIT(""), true);
}

void http_call_pause(struct http_call *call, bool is_paused)
{
    if (call->is_paused == is_paused)
        return;
    call->is_paused = is_paused;
    if (call->state == HTTP_CALL_BODY)
        call->since_ns = loop_now_ns(call->client->loop);
    if (!call->is_running)
        http_call_arm(call, !is_paused);
}

void http_call_cancel(struct http_call *call)
{
    if (call->is_running)
        call->is_cancelled = true;
    else
        http_call_free(call);
}

void http_call_free(struct http_call *call)
{
    CHECK(!call->is_running);
    loop_timer_stop(&call->timer);
    list_remove(&call->node);
    if (call->link != NULL && call->state >= HTTP_CALL_HEAD && !http_call_is_sent(call))
        http_link_reset(call->link);
    else
        http_link_free(call->link);
    buf_fini(&call->out);
    buf_fini(&call->in);
    buf_fini(&call->head);
    arena_fini(&call->arena);
    free(call->server_name);
    free(call->other_name);
    free(call);
}

bool http_call_peer_key(const struct http_call *call, uint8_t out_public[32])
{
    return call->link != NULL && net_stream_peer_key(call->link->stream, out_public);
}
