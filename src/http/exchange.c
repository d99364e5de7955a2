// SPDX-License-Identifier: Apache-2.0
// What a handler calls about one exchange: heads and bodies become bytes of the connection's
// output. On the loop's thread; inside a callback or later, from the handler's own work.
#include "base/check.h"
#include "http/server_priv.h"
#include "http/write.h"
#include "metrics/counters.h"

/* An arena that grew beyond this is given back rather than kept for the next exchange. */
enum { HTTP_ARENA_KEPT_BYTES = 16 * 1024 };

/* Fields that are the connection's matter; a handler's are left out. */
static const struct slice own_fields[] = {SLICE_LIT("connection"), SLICE_LIT("content-length"),
                                          SLICE_LIT("keep-alive"), SLICE_LIT("transfer-encoding")};

/* Whether what the handler calls can still reach the peer. */
static bool is_live(const struct http_exchange *x)
{
    return x->conn->state == HTTP_CONN_EXCHANGE && !x->is_aborted && x->answer != HTTP_ANSWER_ENDED;
}

/* Outside a run, lets the connection go on in the next turn. */
static void touch(struct http_exchange *x)
{
    if (!x->conn->is_running)
        http_server_kick(x->conn->server, x->conn);
}

/* The connection's output, to be appended to. */
static struct buf *out_of(struct http_conn *c)
{
    if (buf_len(&c->out) == 0)
        c->write_since_ns = loop_now_ns(c->server->loop);
    return &c->out;
}

static void count_answer(unsigned status)
{
    static const enum metric classes[] = {METRIC_HTTP_RESPONSES_2XX, METRIC_HTTP_RESPONSES_3XX,
                                          METRIC_HTTP_RESPONSES_4XX, METRIC_HTTP_RESPONSES_5XX};
    metrics_add(classes[status / 100 - 2], 1);
}

/* As printf would, which is too slow for each head. */
static void append_number(struct buf *out, uint64_t value)
{
    char digits[20]; /* of UINT64_MAX */
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_append(out, slice_of(digits + at, sizeof(digits) - at));
}

/* Status line and the fields that every answer has. */
static void write_start(struct http_conn *c, unsigned status, bool has_server, bool has_date)
{
    struct buf *out = out_of(c);
    buf_append_str(out, "HTTP/1.1 ");
    append_number(out, status);
    buf_append_byte(out, ' ');
    buf_append_str(out, http_reason(status));
    buf_append_str(out, "\r\n");
    if (!has_date)
        http_write_field(out, SLICE_LIT("Date"), slice_str(http_server_date(c->server)));
    if (!has_server && c->server->options.server_field != NULL)
        http_write_field(out, SLICE_LIT("Server"), slice_str(c->server->options.server_field));
    count_answer(status);
}

void http_exchange_clear(struct http_exchange *x)
{
    struct http_conn *conn = x->conn;
    struct arena arena = x->arena;
    if (arena.total_bytes > HTTP_ARENA_KEPT_BYTES)
        arena_fini(&arena);
    else
        arena_reset(&arena);
    *x = (struct http_exchange){.conn = conn, .arena = arena};
}

void http_conn_refuse(struct http_conn *c, unsigned status, const char *reason)
{
    bool is_head = slice_equal(c->exchange.request.method, SLICE_LIT("HEAD"));
    c->state = HTTP_CONN_LAST;
    c->is_last = true;
    write_start(c, status, false, false);
    struct buf *out = &c->out;
    if (status == 503)
        buf_printf(out, "Retry-After: %d\r\n", HTTP_RETRY_AFTER_S);
    buf_printf(out, "Connection: close\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n\r\n",
               strlen(reason) + 1);
    if (!is_head)
        buf_printf(out, "%s\n", reason);
}

bool http_exchange_continue(struct http_exchange *x)
{
    if (!x->wants_continue || x->answer != HTTP_ANSWER_NONE)
        return false;
    x->wants_continue = false;
    buf_append_str(out_of(x->conn), "HTTP/1.1 100 Continue\r\n\r\n");
    return true;
}

bool http_exchange_has_room(const struct http_exchange *x)
{
    return x->wants_room &&
           buf_len(&x->conn->out) <= x->conn->server->options.limits.output_bytes / 2;
}

/* How the answer's length can be told to this client. */
static enum http_body_kind answer_kind(const struct http_exchange *x,
                                       const struct http_response *head)
{
    if (head->body_kind == HTTP_BODY_CHUNKED && x->request.minor_version == 0)
        return HTTP_BODY_UNTIL_CLOSE;
    return head->body_kind;
}

static bool is_own_field(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(own_fields); i++) {
        if (slice_equal_nocase(name, own_fields[i]))
            return true;
    }
    return false;
}

/* Content-Length or Transfer-Encoding, where the status allows them. */
static void write_framing(struct http_exchange *x, const struct http_response *head)
{
    struct buf *out = &x->conn->out;
    bool is_head = slice_equal(x->request.method, SLICE_LIT("HEAD"));
    bool has_length = x->answer_kind == HTTP_BODY_LENGTH;
    if (head->status == 204)
        return;
    if (has_length) {
        buf_append_str(out, "Content-Length: ");
        append_number(out, head->body_length);
        buf_append_str(out, "\r\n");
    } else if (x->answer_kind == HTTP_BODY_CHUNKED) {
        buf_append_str(out, "Transfer-Encoding: chunked\r\n");
    } else if (x->answer_kind == HTTP_BODY_NONE && !is_head && head->status != 304) {
        buf_append_str(out, "Content-Length: 0\r\n");
    }
}

void http_respond(struct http_exchange *x, const struct http_response *head)
{
    if (!is_live(x))
        return;
    CHECK(x->answer == HTTP_ANSWER_NONE);
    CHECK(head->status >= 200 && head->status <= 599);
    struct http_conn *c = x->conn;
    x->answer = HTTP_ANSWER_BODY;
    x->answer_kind = answer_kind(x, head);
    x->answer_left_bytes = x->answer_kind == HTTP_BODY_LENGTH ? head->body_length : 0;
    x->is_body_suppressed = head->status == 204 || head->status == 304 ||
                            slice_equal(x->request.method, SLICE_LIT("HEAD"));
    bool is_cut_by_close = x->answer_kind == HTTP_BODY_UNTIL_CLOSE && !x->is_body_suppressed;
    /* A client that was not invited to send its body may not send it. */
    if (x->wants_continue || is_cut_by_close)
        c->is_last = true;

    write_start(c, head->status, http_fields_get(&head->fields, "server") != NULL,
                http_fields_get(&head->fields, "date") != NULL);
    for (size_t i = 0; i < head->fields.count; i++) {
        const struct http_field *field = &head->fields.items[i];
        if (!is_own_field(field->name))
            http_write_field(&c->out, field->name, field->value);
    }
    write_framing(x, head);
    if (c->is_last)
        buf_append_str(&c->out, "Connection: close\r\n");
    else if (x->request.minor_version == 0)
        buf_append_str(&c->out, "Connection: keep-alive\r\n");
    buf_append_str(&c->out, "\r\n");
    touch(x);
}

bool http_send_body(struct http_exchange *x, struct slice data)
{
    if (!is_live(x))
        return false;
    CHECK(x->answer == HTTP_ANSWER_BODY);
    if (x->answer_kind == HTTP_BODY_LENGTH || x->answer_kind == HTTP_BODY_NONE) {
        if (data.len > x->answer_left_bytes)
            data.len = (size_t)x->answer_left_bytes;
        x->answer_left_bytes -= data.len;
    }
    if (data.len == 0 || x->is_body_suppressed)
        return true;
    struct buf *out = out_of(x->conn);
    bool is_chunked = x->answer_kind == HTTP_BODY_CHUNKED;
    if (is_chunked)
        buf_printf(out, "%zx\r\n", data.len);
    buf_append(out, data);
    if (is_chunked)
        buf_append_str(out, "\r\n");
    touch(x);
    x->wants_room = buf_len(out) > x->conn->server->options.limits.output_bytes;
    return !x->wants_room;
}

void http_end(struct http_exchange *x)
{
    if (!is_live(x))
        return;
    CHECK(x->answer == HTTP_ANSWER_BODY);
    if (x->answer_left_bytes > 0 && !x->is_body_suppressed) {
        http_abort(x);
        return;
    }
    if (x->answer_kind == HTTP_BODY_CHUNKED && !x->is_body_suppressed)
        buf_append_str(out_of(x->conn), "0\r\n\r\n");
    x->answer = HTTP_ANSWER_ENDED;
    touch(x);
}

void http_reply(struct http_exchange *x, unsigned status, const struct http_fields *fields,
                struct slice body)
{
    struct http_response head = {
        .status = (uint16_t)status, .body_kind = HTTP_BODY_LENGTH, .body_length = body.len};
    if (fields != NULL)
        head.fields = *fields;
    if (is_live(x) && !x->is_complete)
        x->conn->is_last = true; /* the rest of the request is not worth reading */
    http_respond(x, &head);
    (void)http_send_body(x, body);
    http_end(x);
}

void http_abort(struct http_exchange *x)
{
    if (x->conn->state != HTTP_CONN_EXCHANGE)
        return;
    x->is_aborted = true;
    touch(x);
}

void http_pause_body(struct http_exchange *x, bool is_paused)
{
    if (x->is_paused == is_paused || x->conn->state != HTTP_CONN_EXCHANGE)
        return;
    int64_t now_ns = loop_now_ns(x->conn->server->loop);
    x->is_paused = is_paused;
    if (is_paused) {
        x->paused_ns = now_ns;
    } else {
        x->body_since_ns += now_ns - x->paused_ns;
        x->conn->since_ns = now_ns;
        touch(x);
    }
}

const struct http_request *http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

struct arena *http_exchange_arena(struct http_exchange *x)
{
    return &x->arena;
}

void http_exchange_set_user(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_exchange_user(const struct http_exchange *x)
{
    return x->user;
}

void *http_exchange_server_user(const struct http_exchange *x)
{
    return x->conn->server->options.user;
}

const struct net_address *http_exchange_peer(const struct http_exchange *x)
{
    return &x->conn->peer;
}

bool http_exchange_is_tls(const struct http_exchange *x)
{
    return net_stream_is_tls(x->conn->stream);
}

bool http_exchange_peer_key(const struct http_exchange *x, uint8_t out_public[32])
{
    return net_stream_peer_key(x->conn->stream, out_public);
}
