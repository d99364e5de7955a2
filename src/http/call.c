// SPDX-License-Identifier: Apache-2.0
// One call of a client, from request to the last byte of the answer. Run by its connection's
// watcher and its own timer, on the loop's thread.
//
//   fresh:  CONNECT -> HANDSHAKE -> HEAD -> BODY -> ENDED: on_end, freed
//   kept:                           HEAD       any failure ----^
//           ^------- once more -----+
//
// 1. Callbacks run inside call_run only, and never from http_call_start: a caller has the pointer
//    before the first callback.
// 2. on_end is the last thing that touches the call's caller; the call is freed and its connection
//    closed or kept before it, so that on_end may start another call or free the client.
// 3. `out` is kept whole until the first byte of an answer, for the second try.
// 4. The answer is read while the request still leaves: a server may answer early.
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "http/client_priv.h"
#include "http/write.h"
#include "metrics/counters.h"
#include "net/socket.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* RFC 9110 section 9.2.2. */
static const char *const idempotent_methods[] = {"GET",   "HEAD", "OPTIONS",
                                                 "TRACE", "PUT",  "DELETE"};
/* Methods whose request says that it has no body (RFC 9110 section 8.6). */
static const char *const body_methods[] = {"POST", "PUT", "PATCH"};

/* What http_call_start adds itself. */
static const char *const own_fields[] = {"content-length", "transfer-encoding"};

static const struct http_limits answer_limits = HTTP_LIMITS_INIT;

static bool is_one_of(struct slice text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(text, slice_str(list[i])))
            return true;
    }
    return false;
}

static int64_t now_ns(const struct http_call *call)
{
    return loop_now_ns(call->client->loop);
}

/* Ends the call; on_end follows when the run ends. */
static void call_end(struct http_call *call, enum err result)
{
    call->state = HTTP_CALL_ENDED;
    call->result = result;
}

static void call_connect(struct http_call *call)
{
    call->state = HTTP_CALL_CONNECT;
    call->read_wants = LOOP_WRITE;
    if (http_link_connect(call->client, call, &call->link, &call->failure) != ERR_OK) {
        call->failure.code = ERR_UNAVAILABLE;
        call_end(call, ERR_UNAVAILABLE);
    }
}

/* Makes ready to send the request over the link. */
static void call_begin_head(struct http_call *call)
{
    call->state = HTTP_CALL_HEAD;
    call->read_wants = LOOP_READ;
    call->write_wants = LOOP_WRITE;
    call->may_read = false;
}

/* The connection is lost. A kept one may just have been closed by the server: tries once more. */
static void call_lose(struct http_call *call, enum err code, const char *why)
{
    bool may_retry = call->link->is_reused && !call->has_input && call->is_idempotent;
    if (!may_retry) {
        call_end(call, err_set(&call->failure, code, "%s", why));
        return;
    }
    metrics_add(METRIC_HTTP_CLIENT_RETRIES, 1);
    http_link_free(call->link);
    call->link = NULL;
    call->sent_bytes = 0;
    call->cannot_send = false;
    call->since_ns = now_ns(call);
    call_connect(call);
}

static bool call_send(struct http_call *call)
{
    bool has_moved = false;
    while (call->sent_bytes < buf_len(&call->out) && !call->cannot_send) {
        size_t count;
        struct slice rest = slice_sub(buf_slice(&call->out), call->sent_bytes, buf_len(&call->out));
        enum net_io io = net_stream_write(call->link->stream, rest, &count);
        if (io == NET_IO_AGAIN) {
            call->write_wants = net_stream_wants(call->link->stream);
            break;
        }
        if (io != NET_IO_OK) { /* reading tells why */
            call->cannot_send = true;
            call->may_read = true;
            break;
        }
        call->sent_bytes += count;
        call->since_ns = now_ns(call);
        has_moved = true;
    }
    return has_moved;
}

/* Everything of the answer has come. */
static void call_complete(struct http_call *call)
{
    bool is_reusable = call->response.keep_alive && buf_len(&call->in) == 0 &&
                       call->sent_bytes == buf_len(&call->out) && !call->cannot_send;
    if (is_reusable) {
        http_link_keep(call->link);
        call->link = NULL;
    }
    call_end(call, ERR_OK);
}

/* The server ended its side. */
static void call_input_end(struct http_call *call)
{
    if (call->state == HTTP_CALL_BODY && call->body.kind == HTTP_BODY_UNTIL_CLOSE)
        call_end(call, ERR_OK);
    else
        call_lose(call, ERR_CLOSED, "the server closed the connection before its answer was whole");
}

/* Reads once; true when something came. */
static bool call_fill(struct http_call *call)
{
    if (!call->may_read || buf_len(&call->in) >= answer_limits.head_bytes)
        return false;
    size_t count;
    uint8_t *at = buf_reserve(&call->in, HTTP_READ_BYTES);
    switch (net_stream_read(call->link->stream, at, HTTP_READ_BYTES, &count)) {
    case NET_IO_OK:
        buf_extend(&call->in, count);
        call->has_input = true;
        call->has_new_head = true;
        call->since_ns = now_ns(call);
        return true;
    case NET_IO_AGAIN:
        call->may_read = false;
        call->read_wants = net_stream_wants(call->link->stream);
        return false;
    case NET_IO_CLOSED:
        call_input_end(call);
        return true;
    case NET_IO_FAILED:
        break;
    }
    call_lose(call, ERR_CLOSED, net_stream_error(call->link->stream));
    return true;
}

/* A final head: tells the caller and makes ready for the body. */
static void head_take(struct http_call *call)
{
    uint64_t limit = call->options.body_limit_bytes;
    http_body_init(&call->body, call->response.body_kind, call->response.body_length,
                   limit == 0 ? UINT64_MAX : limit);
    call->state = HTTP_CALL_BODY;
    if (call->handler.on_head != NULL)
        call->handler.on_head(call->user, &call->response);
}

/* Tries the bytes that arrived as a head; true when one is done with. */
static bool head_try(struct http_call *call)
{
    struct http_parse_result result;
    arena_reset(&call->arena);
    call->has_new_head = false;
    enum http_parse found = http_parse_response(&call->arena, buf_slice(&call->in), call->is_head,
                                                &answer_limits, &call->response, &result);
    if (found == HTTP_PARSE_MORE)
        return false;
    if (found == HTTP_PARSE_BAD) {
        call_end(call, err_set(&call->failure, ERR_INVALID, "malformed answer: %s", result.reason));
        return true;
    }
    bool is_info = call->response.status < 200;
    if (is_info && (call->response.status == 101 || ++call->info_count > HTTP_INFO_ANSWERS)) {
        call_end(call, err_set(&call->failure, ERR_INVALID, "malformed answer: status %u",
                               call->response.status));
        return true;
    }
    if (!is_info)
        head_take(call);
    buf_consume(&call->in, result.head_bytes);
    call->has_new_head = buf_len(&call->in) > 0;
    return true;
}

/* One step over the answer's body; false when more must arrive. */
static bool body_step(struct http_call *call)
{
    struct slice data;
    size_t used;
    enum http_body_step step = http_body_next(&call->body, buf_slice(&call->in), &used, &data);
    if (step == HTTP_BODY_DATA && call->handler.on_body != NULL)
        call->handler.on_body(call->user, data);
    buf_consume(&call->in, used);
    switch (step) {
    case HTTP_BODY_DATA:
        return true;
    case HTTP_BODY_MORE:
        return false;
    case HTTP_BODY_END:
        call_complete(call);
        break;
    case HTTP_BODY_BAD:
        call_end(call, err_set(&call->failure, ERR_INVALID, "malformed answer: broken chunk"));
        break;
    case HTTP_BODY_LIMIT:
        call_end(call, err_set(&call->failure, ERR_LIMIT, "the answer is larger than allowed"));
        break;
    }
    return true;
}

static bool step_handshake(struct http_call *call)
{
    enum net_io io = net_stream_handshake(call->link->stream);
    if (io == NET_IO_AGAIN) {
        call->read_wants = net_stream_wants(call->link->stream);
        return false;
    }
    if (io == NET_IO_OK) {
        call->since_ns = now_ns(call);
        call_begin_head(call);
    } else {
        call_end(call, err_set(&call->failure, ERR_UNAVAILABLE, "%s",
                               net_stream_error(call->link->stream)));
    }
    return true;
}

static bool call_step(struct http_call *call)
{
    switch (call->state) {
    case HTTP_CALL_CONNECT:
    case HTTP_CALL_ENDED:
        return false;
    case HTTP_CALL_HANDSHAKE:
        return step_handshake(call);
    case HTTP_CALL_HEAD:
        if (call_send(call))
            return true;
        if (call->has_new_head && head_try(call))
            return true;
        return call_fill(call);
    case HTTP_CALL_BODY:
        if (call_send(call))
            return true;
        if (call->is_paused)
            return false;
        return body_step(call) || call_fill(call);
    }
    return false;
}

/* The end: everything is given back, then the caller hears of it. */
static void call_finish(struct http_call *call)
{
    struct http_call_handler handler = call->handler;
    void *user = call->user;
    enum err result = call->result;
    struct errctx failure = call->failure;
    if (result == ERR_OK) {
        failure = (struct errctx){0};
    } else {
        metrics_add(METRIC_HTTP_CLIENT_FAILURES, 1);
        char address[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&call->options.address, address);
        (void)err_wrap(&failure, "%s", address);
    }
    http_call_free(call);
    if (handler.on_end != NULL)
        handler.on_end(user, result, &failure);
}

/* When the call has waited too long; INT64_MAX while its caller pauses it. */
static int64_t call_deadline_ns(const struct http_call *call)
{
    bool is_connecting = call->state <= HTTP_CALL_HANDSHAKE;
    if (call->is_paused && !is_connecting)
        return INT64_MAX;
    int64_t timeout_ns =
        is_connecting ? call->options.connect_timeout_ns : call->options.response_timeout_ns;
    return call->since_ns + (timeout_ns > 0 ? timeout_ns : HTTP_CLIENT_TIMEOUT_MS * NS_PER_MS);
}

/* Watches for what moves the call on. `is_due`: it can go on at once, in the next turn. */
static void call_arm(struct http_call *call, bool is_due)
{
    struct loop *loop = call->client->loop;
    unsigned events = 0;
    if (call->link != NULL && call->state != HTTP_CALL_ENDED) {
        bool is_sending = call->state >= HTTP_CALL_HEAD && !call->cannot_send &&
                          call->sent_bytes < buf_len(&call->out);
        if (!call->is_paused || call->state < HTTP_CALL_BODY)
            events |= call->read_wants;
        if (is_sending)
            events |= call->write_wants;
        loop_io_set(loop, &call->link->io, net_stream_fd(call->link->stream), events);
    }
    int64_t deadline_ns = call_deadline_ns(call);
    if (is_due || call->state == HTTP_CALL_ENDED)
        loop_timer_set(loop, &call->timer, 0, 0);
    else if (deadline_ns == INT64_MAX)
        loop_timer_stop(&call->timer);
    else
        loop_timer_set(loop, &call->timer, deadline_ns - now_ns(call), 0);
}

static void on_link_ready(struct loop_io *io, unsigned events);

static void call_run(struct http_call *call)
{
    CHECK(!call->is_running);
    call->is_running = true;
    int rounds = 0;
    while (!call->is_cancelled && rounds < HTTP_ROUNDS_PER_TURN && call_step(call))
        rounds++;
    call->is_running = false;
    if (call->link != NULL) {
        call->link->io.on_ready = on_link_ready;
        call->link->io.user = call;
    }
    if (call->is_cancelled)
        http_call_free(call);
    else if (call->state == HTTP_CALL_ENDED)
        call_finish(call);
    else
        call_arm(call, rounds == HTTP_ROUNDS_PER_TURN);
}

static void on_link_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    struct http_call *call = (struct http_call *)io->user;
    call->may_read = true;
    if (call->state == HTTP_CALL_CONNECT) {
        if (net_connect_result(net_stream_fd(call->link->stream), &call->failure) == ERR_OK) {
            call->state = HTTP_CALL_HANDSHAKE;
        } else {
            call->failure.code = ERR_UNAVAILABLE;
            call_end(call, ERR_UNAVAILABLE);
        }
    }
    call_run(call);
}

static void on_timer(struct loop_timer *timer)
{
    struct http_call *call = (struct http_call *)timer->user;
    if (call->state != HTTP_CALL_ENDED && now_ns(call) >= call_deadline_ns(call)) {
        const char *what =
            call->state <= HTTP_CALL_HANDSHAKE ? "no connection in time" : "no answer in time";
        call_end(call, err_set(&call->failure, ERR_TIMEOUT, "%s", what));
    }
    call_run(call);
}

/* The request as bytes, with its length. */
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
    if (body.len > 0 || is_one_of(request->method, body_methods, ARRAY_LEN(body_methods)))
        http_fields_add_str(&call->arena, &sent.fields, "Content-Length",
                            arena_printf(&call->arena, "%zu", body.len));
    http_write_request(&call->out, &sent);
    buf_append(&call->out, body);
}

struct http_call *http_call_start(struct http_client *c, const struct http_call_options *options,
                                  const struct http_request *request, struct slice body,
                                  const struct http_call_handler *handler, void *user)
{
    struct http_call *call = NEW(struct http_call);
    call->client = c;
    call->options = *options;
    call->server_name = options->server_name == NULL ? NULL : mem_strdup(options->server_name);
    call->options.server_name = call->server_name;
    call->handler = *handler;
    call->user = user;
    call->timer.on_time = on_timer;
    call->timer.user = call;
    call->since_ns = time_monotonic_ns(); /* the loop may not run yet */
    call->is_head = slice_equal(request->method, SLICE_LIT("HEAD"));
    call->is_idempotent =
        is_one_of(request->method, idempotent_methods, ARRAY_LEN(idempotent_methods));
    arena_init(&call->arena);
    list_push_back(&c->calls, &call->node);
    metrics_add(METRIC_HTTP_CLIENT_CALLS, 1);

    if (!http_request_is_sendable(request)) {
        call_end(call, err_set(&call->failure, ERR_INVALID, "no valid method or target"));
    } else {
        request_write(call, request, body);
        call->link = options->is_fresh ? NULL : http_link_take(c, call);
        if (call->link != NULL)
            call_begin_head(call);
        else
            call_connect(call);
    }
    if (call->link != NULL) {
        call->link->io.on_ready = on_link_ready;
        call->link->io.user = call;
    }
    call_arm(call, false);
    return call;
}

void http_call_pause(struct http_call *call, bool is_paused)
{
    if (call->is_paused == is_paused)
        return;
    call->is_paused = is_paused;
    call->since_ns = now_ns(call);
    if (!call->is_running)
        call_arm(call, !is_paused);
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
    http_link_free(call->link);
    buf_fini(&call->out);
    buf_fini(&call->in);
    arena_fini(&call->arena);
    free(call->server_name);
    free(call);
}

bool http_call_peer_key(const struct http_call *call, uint8_t out_public[32])
{
    return call->link != NULL && net_stream_peer_key(call->link->stream, out_public);
}
