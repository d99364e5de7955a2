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
// 3. `out` is kept whole until the first byte of an answer where the request may be sent twice;
//    else what has left is dropped, and what waits is bounded by what http_call_send says.
// 4. The answer is read while the request still leaves: a server may answer early. A final head
//    that comes before the request's end cuts the request short; such a connection is not kept.
// 5. No deadline runs while the next move is the caller's: the answer is paused, or the request's
//    body is awaited.
#include "base/check.h"
#include "base/time.h"
#include "http/client_priv.h"
#include "metrics/counters.h"
#include "net/socket.h"

/* Waits for the caller. */
#define NEVER_NS INT64_MAX

static const struct http_limits default_limits = HTTP_LIMITS_INIT;

static int64_t now_ns(const struct http_call *call)
{
    return loop_now_ns(call->client->loop);
}

static const struct http_limits *limits(const struct http_call *call)
{
    return call->options.limits == NULL ? &default_limits : call->options.limits;
}

/* How far the call has come. */
static enum http_stage stage_of(const struct http_call *call)
{
    switch (call->state) {
    case HTTP_CALL_CONNECT:
        return HTTP_STAGE_CONNECT;
    case HTTP_CALL_HANDSHAKE:
        return HTTP_STAGE_TLS;
    case HTTP_CALL_HEAD:
        return call->has_input ? HTTP_STAGE_HEAD : HTTP_STAGE_WAIT;
    case HTTP_CALL_BODY:
    case HTTP_CALL_ENDED:
        break;
    }
    return HTTP_STAGE_BODY;
}

enum err http_call_end(struct http_call *call, enum err e)
{
    CHECK(call->state != HTTP_CALL_ENDED);
    call->end = (struct http_call_end){.result = e, .stage = stage_of(call)};
    call->state = HTTP_CALL_ENDED;
    return e;
}

static void on_link_ready(struct loop_io *io, unsigned events);

static void link_use(struct http_call *call)
{
    CHECK(call->link != NULL);
    call->link->io.on_ready = on_link_ready;
    call->link->io.user = call;
}

static void call_connect(struct http_call *call)
{
    call->state = HTTP_CALL_CONNECT;
    call->read_wants = LOOP_WRITE;
    if (http_link_connect(call->client, call, &call->link, &call->failure) == ERR_OK) {
        link_use(call);
    } else {
        call->failure.code = ERR_UNAVAILABLE;
        (void)http_call_end(call, ERR_UNAVAILABLE);
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

void http_call_begin(struct http_call *call)
{
    call->link = call->options.is_fresh ? NULL : http_link_take(call->client, call);
    if (call->link == NULL) {
        call_connect(call);
        return;
    }
    link_use(call);
    call_begin_head(call);
}

/* The connection is lost. A kept one may just have been closed by the server: tries once more. */
static void call_lose(struct http_call *call, enum err code, const char *why)
{
    bool may_retry = call->link->is_reused && !call->has_input && call->is_repeatable;
    if (!may_retry) {
        (void)http_call_end(call, err_set(&call->failure, code, "%s", why));
        return;
    }
    metrics_add(METRIC_HTTP_CLIENT_RETRIES, 1);
    http_link_free(call->link);
    call->link = NULL;
    call->sent_bytes = 0;
    call->is_cut_short = false;
    call->since_ns = now_ns(call);
    call_connect(call);
}

static bool has_unsent(const struct http_call *call)
{
    return !call->is_cut_short && call->sent_bytes < buf_len(&call->out);
}

/* `count` more bytes of `out` have left. */
static void out_sent(struct http_call *call, size_t count)
{
    call->since_ns = now_ns(call);
    if (call->is_repeatable)
        call->sent_bytes += count;
    else
        buf_consume(&call->out, count);
}

static bool call_send(struct http_call *call)
{
    bool has_moved = false;
    while (has_unsent(call)) {
        size_t count;
        struct slice rest = slice_sub(buf_slice(&call->out), call->sent_bytes, buf_len(&call->out));
        enum net_io io = net_stream_write(call->link->stream, rest, &count);
        if (io == NET_IO_AGAIN) {
            call->write_wants = net_stream_wants(call->link->stream);
            break;
        }
        if (io != NET_IO_OK) { /* reading tells why */
            call->is_cut_short = true;
            call->may_read = true;
            break;
        }
        out_sent(call, count);
        has_moved = true;
    }
    return has_moved;
}

/* Tells the caller that there is room for its body; true when it was told. */
static bool room_tell(struct http_call *call)
{
    struct http_upload *upload = &call->upload;
    if (!upload->wants_room || call->is_cut_short || buf_len(&call->out) >= HTTP_UPLOAD_BYTES / 2)
        return false;
    upload->wants_room = false;
    if (call->handler.on_writable != NULL)
        call->handler.on_writable(call->user);
    return true;
}

bool http_call_is_sent(const struct http_call *call)
{
    return call->upload.has_ended && !call->is_cut_short && !has_unsent(call);
}

/* Everything of the answer has come. */
static void call_complete(struct http_call *call)
{
    int64_t keep_ns = call->options.keep_timeout_ns;
    if (call->response.keep_alive && buf_len(&call->in) == 0 && http_call_is_sent(call)) {
        http_link_keep(call->link, keep_ns > 0 ? keep_ns : HTTP_CLIENT_IDLE_MS * NS_PER_MS);
        call->link = NULL;
    }
    (void)http_call_end(call, ERR_OK);
}

/* The server ended its side. */
static void call_input_end(struct http_call *call)
{
    if (call->state == HTTP_CALL_BODY && call->body.kind == HTTP_BODY_UNTIL_CLOSE)
        (void)http_call_end(call, ERR_OK);
    else
        call_lose(call, ERR_CLOSED, "the server closed the connection before its answer was whole");
}

/* Reads once; true when something came. */
static bool call_fill(struct http_call *call)
{
    if (!call->may_read || buf_len(&call->in) >= limits(call)->head_bytes)
        return false;
    size_t count;
    uint8_t *at = buf_reserve(&call->in, HTTP_READ_BYTES);
    switch (net_stream_read(call->link->stream, at, HTTP_READ_BYTES, &count)) {
    case NET_IO_OK:
        buf_extend(&call->in, count);
        call->has_input = true;
        call->has_new_head = true;
        if (call->state == HTTP_CALL_BODY)
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
static void head_take(struct http_call *call, size_t head_bytes)
{
    struct buf arrived = call->in;
    call->in = (struct buf){0};
    buf_append(&call->in, slice_sub(buf_slice(&arrived), head_bytes, buf_len(&arrived)));
    call->head = arrived; /* where the head's slices point */
    uint64_t limit = call->options.body_limit_bytes;
    http_body_init(&call->body, call->response.body_kind, call->response.body_length,
                   limit == 0 ? UINT64_MAX : limit);
    call->is_cut_short = !http_call_is_sent(call);
    call->state = HTTP_CALL_BODY;
    call->since_ns = now_ns(call);
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
                                                limits(call), &call->response, &result);
    if (found == HTTP_PARSE_MORE)
        return false;
    if (found == HTTP_PARSE_BAD) {
        (void)http_call_end(
            call, err_set(&call->failure, ERR_INVALID, "malformed answer: %s", result.reason));
        return true;
    }
    unsigned status = call->response.status;
    if (status >= 200) {
        head_take(call, result.head_bytes);
        return true;
    }
    if (status == 101 || ++call->info_count > HTTP_INFO_ANSWERS) {
        (void)http_call_end(call, err_set(&call->failure, ERR_INVALID, "malformed answer: %s",
                                          status == 101 ? "status 101" : "too many 1xx"));
        return true;
    }
    buf_consume(&call->in, result.head_bytes);
    call->has_new_head = buf_len(&call->in) > 0;
    call->since_ns = now_ns(call);
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
        (void)http_call_end(call,
                            err_set(&call->failure, ERR_INVALID, "malformed answer: broken chunk"));
        break;
    case HTTP_BODY_LIMIT:
        (void)http_call_end(
            call, err_set(&call->failure, ERR_LIMIT, "the answer is larger than allowed"));
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
        (void)http_call_end(call, err_set(&call->failure, ERR_UNAVAILABLE, "%s",
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
        if (call_send(call) || room_tell(call))
            return true;
        if (call->has_new_head && head_try(call))
            return true;
        return call_fill(call);
    case HTTP_CALL_BODY:
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
    struct http_call_end end = call->end;
    struct errctx failure = call->failure;
    if (end.result == ERR_OK) {
        failure = (struct errctx){0};
    } else {
        metrics_add(METRIC_HTTP_CLIENT_FAILURES, 1);
        char address[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&call->options.address, address);
        (void)err_wrap(&failure, "%s", address);
    }
    end.why = &failure;
    http_call_free(call);
    if (handler.on_end != NULL)
        handler.on_end(user, &end);
}

/* Whether the next move is the caller's. */
static bool waits_for_caller(const struct http_call *call)
{
    if (call->state == HTTP_CALL_BODY)
        return call->is_paused;
    return call->state == HTTP_CALL_HEAD && !call->upload.has_ended && !call->is_cut_short &&
           !has_unsent(call);
}

/* When the call has waited too long; NEVER_NS while it waits for its caller. */
static int64_t call_deadline_ns(const struct http_call *call)
{
    if (waits_for_caller(call))
        return NEVER_NS;
    int64_t timeout_ns = call->state <= HTTP_CALL_HANDSHAKE ? call->options.connect_timeout_ns
                                                            : call->options.response_timeout_ns;
    return call->since_ns + (timeout_ns > 0 ? timeout_ns : HTTP_CLIENT_TIMEOUT_MS * NS_PER_MS);
}

void http_call_arm(struct http_call *call, bool is_due)
{
    struct loop *loop = call->client->loop;
    unsigned events = 0;
    if (call->link != NULL && call->state != HTTP_CALL_ENDED) {
        if (!call->is_paused || call->state < HTTP_CALL_BODY)
            events |= call->read_wants;
        bool owes_room = call->upload.wants_room && !call->is_cut_short;
        if (call->state >= HTTP_CALL_HEAD && (has_unsent(call) || owes_room))
            events |= call->write_wants;
        loop_io_set(loop, &call->link->io, net_stream_fd(call->link->stream), events);
    }
    int64_t deadline_ns = call_deadline_ns(call);
    if (is_due || call->state == HTTP_CALL_ENDED)
        loop_timer_set(loop, &call->timer, 0, 0);
    else if (deadline_ns == NEVER_NS)
        loop_timer_stop(&call->timer);
    else
        loop_timer_set(loop, &call->timer, deadline_ns - now_ns(call), 0);
}

static void call_run(struct http_call *call)
{
    CHECK(!call->is_running);
    call->is_running = true;
    int rounds = 0;
    while (!call->is_cancelled && rounds < HTTP_ROUNDS_PER_TURN && call_step(call))
        rounds++;
    call->is_running = false;
    if (call->is_cancelled)
        http_call_free(call);
    else if (call->state == HTTP_CALL_ENDED)
        call_finish(call);
    else
        http_call_arm(call, rounds == HTTP_ROUNDS_PER_TURN);
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
            (void)http_call_end(call, ERR_UNAVAILABLE);
        }
    }
    call_run(call);
}

void http_call_on_timer(struct loop_timer *timer)
{
    struct http_call *call = (struct http_call *)timer->user;
    if (call->state != HTTP_CALL_ENDED && now_ns(call) >= call_deadline_ns(call)) {
        const char *what =
            call->state <= HTTP_CALL_HANDSHAKE ? "no connection in time" : "no answer in time";
        (void)http_call_end(call, err_set(&call->failure, ERR_TIMEOUT, "%s", what));
    }
    call_run(call);
}
