// SPDX-License-Identifier: Apache-2.0
// One connection of a server: bytes in, exchanges one after the other, bytes out. Run by its
// watcher, its timer and the server's kick, on the loop's thread.
//
//              accepted                                 beyond the limit: 503
//                 |                                              |
//                 v        head complete: on_request             v
//     +-------> HEAD ------------------------> EXCHANGE         LAST
//     |           | bad head: 4xx, 5xx          |   |            ^ | sent
//     |           +-----------------------------|---|------------+ v
//     |    on_closed; keep-alive                |   |          LINGER ---> DEAD
//     +-----------------------------------------+   |            ^           ^
//                                                   +------------+           |
//                 any state: reset, deadline, abort       last answer sent   |
//                 +----------------------------------------------------------+
//
// 1. on_closed is called exactly when EXCHANGE is left, and the state is another one by then, so
//    that a handler's calls from on_closed do nothing.
// 2. At most one exchange: the next head is parsed only in HEAD. What arrives meanwhile waits in
//    `in`, which never holds more than in_limit(); past that the socket is not read.
// 3. While there is room in `in` the socket is read even if nobody waits for it, so that the
//    peer's close is noticed. Its orderly end may be half a close: an answer under way goes on, as
//    long as the peer takes it (half_close_timeout_ns).
// 4. Callbacks run inside http_conn_run only. What they call changes state and queues bytes;
//    nothing is freed until the run ends.
// 5. LAST and LINGER discard input up to HTTP_LINGER_BYTES: closing a socket with unread input
//    would reset it and take the answer away from the peer.
// 6. The timer never fires later than the earliest deadline; it may fire earlier, and is set anew.
#include "base/alloc.h"
#include "base/check.h"
#include "http/server_priv.h"
#include "metrics/counters.h"

#include <stdlib.h>
#include <sys/socket.h>

/* No deadline. */
#define NEVER_NS INT64_MAX

static int64_t now_ns(const struct http_conn *c)
{
    return loop_now_ns(c->server->loop);
}

static const struct http_handler *handler(const struct http_conn *c)
{
    return c->server->options.handler;
}

static const struct http_limits *limits(const struct http_conn *c)
{
    return &c->server->options.limits;
}

/* Bytes that `in` may hold: a whole head, or a read. */
static size_t in_limit(const struct http_conn *c)
{
    return max_size(limits(c)->head_bytes, HTTP_READ_BYTES);
}

/* Leaves EXCHANGE for `next`, if the connection is there. */
static void exchange_close(struct http_conn *c, enum http_close_reason reason,
                           enum http_conn_state next)
{
    bool was_open = c->state == HTTP_CONN_EXCHANGE;
    c->state = next;
    if (was_open)
        handler(c)->on_closed(&c->exchange, reason);
}

/* The connection is of no use any more. */
static void conn_lose(struct http_conn *c, enum http_close_reason reason)
{
    exchange_close(c, reason, HTTP_CONN_DEAD);
}

/* As conn_lose, with a reset: the peer must not take what it has for a whole answer. */
static void conn_cut(struct http_conn *c, enum http_close_reason reason)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(net_stream_fd(c->stream), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    conn_lose(c, reason);
}

/* Everything is sent: ends our side in order and waits for the peer's end. */
static void conn_end(struct http_conn *c)
{
    net_stream_shutdown(c->stream);
    c->state = c->is_input_closed ? HTTP_CONN_DEAD : HTTP_CONN_LINGER;
    c->since_ns = now_ns(c);
    buf_clear(&c->in);
}

/* Sends what waits. */
static bool conn_flush(struct http_conn *c)
{
    bool has_moved = false;
    while (buf_len(&c->out) > 0) {
        size_t count;
        enum net_io io = net_stream_write(c->stream, buf_slice(&c->out), &count);
        if (io == NET_IO_AGAIN) {
            c->write_wants = net_stream_wants(c->stream);
            break;
        }
        if (io != NET_IO_OK) {
            conn_lose(c, HTTP_CLOSE_PEER);
            return true;
        }
        buf_consume(&c->out, count);
        c->write_since_ns = now_ns(c);
        metrics_add(METRIC_HTTP_SENT_BYTES, count);
        has_moved = true;
    }
    return has_moved;
}

/* Reads once; true when bytes, the end or a failure came. */
static bool conn_fill(struct http_conn *c)
{
    size_t room = in_limit(c) - min_size(in_limit(c), buf_len(&c->in));
    if (!c->may_read || c->is_input_closed || room == 0)
        return false;
    size_t size = min_size(room, HTTP_READ_BYTES);
    size_t count;
    switch (net_stream_read(c->stream, buf_reserve(&c->in, size), size, &count)) {
    case NET_IO_OK:
        buf_extend(&c->in, count);
        /* After a short read the socket is empty, as a rule; the loop tells of the rest. */
        c->may_read = count == size || net_stream_has_pending(c->stream);
        c->has_new_input = true;
        metrics_add(METRIC_HTTP_RECEIVED_BYTES, count);
        return true;
    case NET_IO_AGAIN:
        c->may_read = false;
        c->read_wants = net_stream_wants(c->stream);
        return false;
    case NET_IO_CLOSED:
        c->is_input_closed = true;
        c->closed_since_ns = now_ns(c);
        return true;
    case NET_IO_FAILED:
        break;
    }
    conn_lose(c, HTTP_CLOSE_PEER);
    return true;
}

/* Throws input away; too much of it ends the connection. */
static bool conn_discard(struct http_conn *c)
{
    c->linger_bytes += buf_len(&c->in);
    buf_clear(&c->in);
    if (c->linger_bytes > HTTP_LINGER_BYTES) {
        conn_lose(c, HTTP_CLOSE_PEER);
        return true;
    }
    return conn_fill(c);
}

/* Hands the arrived bytes to `head`, where the request's slices point; what follows stays. */
static void head_keep(struct http_conn *c, size_t head_bytes)
{
    struct buf arrived = c->in;
    c->in = c->head;
    c->head = arrived;
    buf_clear(&c->in);
    buf_append(&c->in, slice_sub(buf_slice(&c->head), head_bytes, buf_len(&c->head)));
}

/* The request is whole: tells the handler, unless it has answered already. */
static void request_complete(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;
    x->is_complete = true;
    if (handler(c)->on_request_end != NULL && x->answer != HTTP_ANSWER_ENDED && !x->is_aborted)
        handler(c)->on_request_end(x);
}

static void exchange_begin(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;
    metrics_add(METRIC_HTTP_REQUESTS, 1);
    c->request_count++;
    if (c->request_count >= limits(c)->request_count || !x->request.keep_alive)
        c->is_last = true;
    c->state = HTTP_CONN_EXCHANGE;
    c->since_ns = now_ns(c);
    x->body_since_ns = c->since_ns;
    c->has_begun_head = false;
    http_body_init(&x->body, x->request.body_kind, x->request.body_length, limits(c)->body_bytes);
    x->wants_continue = x->request.expects_continue && x->request.body_kind != HTTP_BODY_NONE;
    x->is_complete = x->request.body_kind == HTTP_BODY_NONE;
    handler(c)->on_request(x, c->server->options.user);
    if (x->is_complete)
        request_complete(c);
}

/* Tries the bytes that arrived as a head. */
static bool head_try(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;
    struct http_parse_result result;
    http_exchange_clear(x);
    enum http_parse found =
        http_parse_request(&x->arena, buf_slice(&c->in), limits(c), &x->request, &result);
    if (found == HTTP_PARSE_MORE)
        return false;
    if (found == HTTP_PARSE_BAD) {
        metrics_add(METRIC_HTTP_MALFORMED, 1);
        http_conn_refuse(c, result.status, result.reason);
        return true;
    }
    head_keep(c, result.head_bytes);
    if (slice_equal(x->request.method, SLICE_LIT("CONNECT")))
        http_conn_refuse(c, 501, "CONNECT is not served");
    else if (x->request.body_length > limits(c)->body_bytes)
        http_conn_refuse(c, 413, "the request body is too large");
    else
        exchange_begin(c);
    return true;
}

static bool step_head(struct http_conn *c)
{
    if (c->needs_handshake) {
        enum net_io io = net_stream_handshake(c->stream);
        if (io == NET_IO_AGAIN) {
            c->may_read = false;
            c->read_wants = net_stream_wants(c->stream);
            return false;
        }
        if (io != NET_IO_OK) {
            metrics_add(METRIC_HTTP_TLS_FAILURES, 1);
            conn_lose(c, HTTP_CLOSE_PEER);
            return false;
        }
        c->needs_handshake = false;
        c->may_read = true;
        c->since_ns = now_ns(c);
    }
    if (c->has_new_input) {
        c->has_new_input = false;
        if (!c->has_begun_head) {
            c->has_begun_head = true;
            c->since_ns = now_ns(c);
        }
        if (head_try(c))
            return true;
    }
    if (conn_fill(c))
        return true;
    if (c->is_input_closed || (c->is_last && !c->has_begun_head)) {
        conn_end(c);
        return true;
    }
    return false;
}

/* The request body cannot be read to its end: says so if nothing was answered yet. */
static void body_refuse(struct http_conn *c, enum http_close_reason close_reason, unsigned status,
                        const char *reason)
{
    bool has_answer = c->exchange.answer != HTTP_ANSWER_NONE;
    exchange_close(c, close_reason, HTTP_CONN_LAST);
    if (has_answer)
        conn_cut(c, close_reason);
    else
        http_conn_refuse(c, status, reason);
}

/* One step over the request body; true while something moved. */
static bool body_step(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;
    struct slice data;
    size_t used;
    enum http_body_step step = http_body_next(&x->body, buf_slice(&c->in), &used, &data);
    switch (step) {
    case HTTP_BODY_DATA:
        c->since_ns = now_ns(c);
        x->wants_continue = false;
        if (handler(c)->on_body != NULL)
            handler(c)->on_body(x, data);
        break;
    case HTTP_BODY_MORE:
        buf_consume(&c->in, used);
        return http_exchange_continue(x);
    case HTTP_BODY_END:
        request_complete(c);
        break;
    case HTTP_BODY_BAD:
        metrics_add(METRIC_HTTP_MALFORMED, 1);
        body_refuse(c, HTTP_CLOSE_ERROR, 400, "the request body is not framed as announced");
        return true;
    case HTTP_BODY_LIMIT:
        body_refuse(c, HTTP_CLOSE_ERROR, 413, "the request body is too large");
        return true;
    }
    buf_consume(&c->in, used);
    return true;
}

/* The answer has left: on to the next request, or to the end. */
static void exchange_finish(struct http_conn *c)
{
    bool is_last = c->is_last || !c->exchange.is_complete;
    exchange_close(c, HTTP_CLOSE_DONE, is_last ? HTTP_CONN_LAST : HTTP_CONN_HEAD);
    http_exchange_clear(&c->exchange);
    if (is_last)
        return;
    c->since_ns = now_ns(c);
    c->has_new_input = buf_len(&c->in) > 0;
    if (!c->has_new_input) { /* idle: keep no buffers */
        buf_fini(&c->in);
        buf_fini(&c->head);
        buf_fini(&c->out);
    }
}

static bool step_exchange(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;
    if (x->is_aborted) {
        conn_cut(c, HTTP_CLOSE_ERROR);
        return true;
    }
    if (x->answer == HTTP_ANSWER_ENDED) {
        if (buf_len(&c->out) == 0) {
            exchange_finish(c);
            return true;
        }
        return x->is_complete ? conn_fill(c) : conn_discard(c);
    }
    if (http_exchange_has_room(x)) {
        x->wants_room = false;
        if (handler(c)->on_writable != NULL)
            handler(c)->on_writable(x);
        return true;
    }
    if (!x->is_complete && !x->is_paused && body_step(c))
        return true;
    if (conn_fill(c))
        return true;
    if (c->is_input_closed && !x->is_complete && !x->is_paused)
        conn_lose(c, HTTP_CLOSE_PEER); /* the body will never be whole */
    return false;
}

/* Goes on by one step; true when something moved, so that another may follow. */
static bool conn_step(struct http_conn *c)
{
    bool has_sent = conn_flush(c);
    switch (c->state) {
    case HTTP_CONN_HEAD:
        return step_head(c) || has_sent;
    case HTTP_CONN_EXCHANGE:
        return step_exchange(c) || has_sent;
    case HTTP_CONN_LAST:
        if (buf_len(&c->out) == 0) {
            conn_end(c);
            return true;
        }
        return conn_discard(c) || has_sent;
    case HTTP_CONN_LINGER:
        if (!c->is_input_closed)
            return conn_discard(c);
        c->state = HTTP_CONN_DEAD;
        break;
    case HTTP_CONN_DEAD:
        break;
    }
    return false;
}

/* When the answer must have moved on. */
static int64_t write_deadline_ns(const struct http_conn *c)
{
    return buf_len(&c->out) == 0 ? NEVER_NS : c->write_since_ns + limits(c)->write_timeout_ns;
}

/* When a peer that ended its side counts as gone. */
static int64_t closed_deadline_ns(const struct http_conn *c)
{
    if (!c->is_input_closed || c->state != HTTP_CONN_EXCHANGE)
        return NEVER_NS;
    int64_t since_ns =
        c->write_since_ns > c->closed_since_ns ? c->write_since_ns : c->closed_since_ns;
    return since_ns + limits(c)->half_close_timeout_ns;
}

/* When more of the request body must have come, and when all of it. */
static int64_t body_deadline_ns(const struct http_conn *c)
{
    int64_t more_ns = c->since_ns + limits(c)->body_timeout_ns;
    int64_t all_ns = c->exchange.body_since_ns + limits(c)->body_total_timeout_ns;
    return more_ns < all_ns ? more_ns : all_ns;
}

/* When the peer must have sent what the state waits for. */
static int64_t state_deadline_ns(const struct http_conn *c)
{
    const struct http_exchange *x = &c->exchange;
    switch (c->state) {
    case HTTP_CONN_HEAD:
        if (c->needs_handshake || c->has_begun_head)
            return c->since_ns + limits(c)->head_timeout_ns;
        return c->since_ns + limits(c)->idle_timeout_ns;
    case HTTP_CONN_EXCHANGE:
        if (x->is_complete || x->is_paused || x->answer == HTTP_ANSWER_ENDED)
            return NEVER_NS;
        return body_deadline_ns(c);
    case HTTP_CONN_LINGER:
        return c->since_ns + limits(c)->linger_timeout_ns;
    case HTTP_CONN_LAST:
    case HTTP_CONN_DEAD:
        break;
    }
    return NEVER_NS;
}

/* The peer did not send in time what the state waits for. */
static void state_expire(struct http_conn *c)
{
    if (c->state == HTTP_CONN_EXCHANGE) {
        metrics_add(METRIC_HTTP_TIMEOUTS_BODY, 1);
        body_refuse(c, HTTP_CLOSE_TIMEOUT, 408, "the request body did not come in time");
    } else if (c->state == HTTP_CONN_HEAD && c->has_begun_head) {
        metrics_add(METRIC_HTTP_TIMEOUTS_HEAD, 1);
        http_conn_refuse(c, 408, "the request did not come in time");
    } else if (c->state == HTTP_CONN_HEAD) {
        metrics_add(METRIC_HTTP_TIMEOUTS_IDLE, 1);
        net_stream_shutdown(c->stream);
        c->state = HTTP_CONN_DEAD;
    } else {
        c->state = HTTP_CONN_DEAD;
    }
}

static void on_deadline(struct loop_timer *timer)
{
    struct http_conn *c = (struct http_conn *)timer->user;
    int64_t now = now_ns(c);
    if (now >= write_deadline_ns(c)) {
        metrics_add(METRIC_HTTP_TIMEOUTS_WRITE, 1);
        conn_cut(c, HTTP_CLOSE_TIMEOUT);
    } else if (now >= closed_deadline_ns(c)) {
        conn_cut(c, HTTP_CLOSE_PEER);
    } else if (now >= state_deadline_ns(c)) {
        state_expire(c);
    }
    http_conn_run(c);
}

static void on_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    struct http_conn *c = (struct http_conn *)io->user;
    c->may_read = true;
    http_conn_run(c);
}

/* Watches for what can move the connection on, and for its earliest deadline. */
static void conn_arm(struct http_conn *c)
{
    unsigned events = 0;
    if (!c->is_input_closed && buf_len(&c->in) < in_limit(c))
        events |= c->read_wants;
    if (buf_len(&c->out) > 0)
        events |= c->write_wants;
    loop_io_set(c->server->loop, &c->io, net_stream_fd(c->stream), events);

    int64_t due_ns = state_deadline_ns(c);
    if (write_deadline_ns(c) < due_ns)
        due_ns = write_deadline_ns(c);
    if (closed_deadline_ns(c) < due_ns)
        due_ns = closed_deadline_ns(c);
    if (due_ns == NEVER_NS || (c->timer.loop != NULL && c->timer_due_ns <= due_ns))
        return;
    c->timer_due_ns = due_ns;
    loop_timer_set(c->server->loop, &c->timer, due_ns - now_ns(c), 0);
}

void http_conn_run(struct http_conn *c)
{
    CHECK(!c->is_running);
    list_remove(&c->kicked);
    c->is_running = true;
    int rounds = 0;
    while (c->state != HTTP_CONN_DEAD && conn_step(c)) {
        if (++rounds == HTTP_ROUNDS_PER_TURN) {
            http_server_kick(c->server, c); /* the others' turn */
            break;
        }
    }
    c->is_running = false;
    if (c->state == HTTP_CONN_DEAD)
        http_conn_free(c, HTTP_CLOSE_DONE);
    else
        conn_arm(c);
}

void http_conn_start(struct http_server *s, int fd, const struct net_address *peer, bool is_shed)
{
    struct http_conn *c = NEW(struct http_conn);
    c->server = s;
    c->peer = *peer;
    c->stream = net_stream_new(fd, s->options.tls, true, NULL);
    c->needs_handshake = s->options.tls != NULL;
    c->state = HTTP_CONN_HEAD;
    c->io.on_ready = on_ready;
    c->io.user = c;
    c->timer.on_time = on_deadline;
    c->timer.user = c;
    c->read_wants = LOOP_READ;
    c->write_wants = LOOP_WRITE;
    c->may_read = true;
    c->since_ns = now_ns(c);
    c->is_shed = is_shed;
    c->exchange.conn = c;
    arena_init(&c->exchange.arena);
    list_init(&c->kicked);
    list_push_back(&s->conns, &c->node);
    if (is_shed)
        s->shed_count++;
    else
        http_server_count(s, peer);
    if (is_shed)
        http_conn_refuse(c, 503, "too many connections");
    http_conn_run(c);
}

void http_conn_drain(struct http_conn *c)
{
    c->is_last = true;
    http_server_kick(c->server, c);
}

void http_conn_free(struct http_conn *c, enum http_close_reason reason)
{
    CHECK(!c->is_running);
    exchange_close(c, reason, HTTP_CONN_DEAD);
    struct http_server *s = c->server;
    loop_io_stop(&c->io);
    loop_timer_stop(&c->timer);
    list_remove(&c->kicked);
    list_remove(&c->node);
    if (c->is_shed)
        s->shed_count--;
    else
        http_server_uncount(s, &c->peer);
    metrics_add(METRIC_HTTP_CONNECTIONS_CLOSED, 1);
    if (s->is_draining && list_is_empty(&s->conns) && s->kick.loop == NULL)
        loop_timer_set(s->loop, &s->kick, 0, 0); /* tells on_drained */
    net_stream_free(c->stream);
    buf_fini(&c->in);
    buf_fini(&c->head);
    buf_fini(&c->out);
    arena_fini(&c->exchange.arena);
    free(c);
}
