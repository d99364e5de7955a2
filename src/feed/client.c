// SPDX-License-Identifier: Apache-2.0
// The following side of the feeds: one held stream of pointers, fetches, reports, each a call of
// its own to the same server. Used by the agent, on its loop's thread.
//
// The stream:
//
//     +--> WAITING -- time --> CONNECTING -- head 200 --> UP
//     |       (back-off)            |                      |
//     +------- any failure ---------+------- or silence ---+
//
// 1. WAITING: `stream` is NULL and the retry timer runs; else `stream` is set and the timer is not
//    running.
// 2. The back-off starts again at its first step with the first frame of a stream, so a server
//    that accepts and then fails is not asked more and more often.
// 3. Silence needs no timer here: http/ ends a call that waits longer than silence_ns for bytes.
#include "base/alloc.h"
#include "base/check.h"
#include "base/random.h"
#include "feed/feed.h"
#include "feed/frame_priv.h"
#include "feed/limits.h"
#include "metrics/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/** What the owner was told last. */
enum told { TOLD_NOTHING, TOLD_UP, TOLD_DOWN };

/** Waits that double, each cut by a random part, so that a fleet does not come back at once. */
struct backoff {
    int64_t next_ns; /* 0: the first */
    struct loop_timer timer;
};

/** The fetch under way. */
struct fetch {
    struct http_call *call; /* NULL: none */
    struct feed_fetch_handler handler;
    struct chunk_hash hashes[FEED_FETCH_MAX_CHUNKS];
    size_t count;
    size_t answered; /* frames that came */
    size_t missing;  /* of them, empty ones */
    struct buf input;
};

/** The report under way and the one that waits. */
struct report {
    struct http_call *call; /* NULL: none */
    struct buf sent;        /* of the call */
    struct buf waiting;     /* empty: none */
    unsigned status;        /* of the answer; 0 before */
    struct backoff backoff;
};

struct feed_client {
    struct loop *loop;
    struct feed_client_options options;
    struct feed_client_handler handler;
    struct http_client *http;
    struct prng prng;
    char host[NET_ADDRESS_TEXT_SIZE];

    struct http_call *stream;
    struct buf input; /* of the stream: a frame that has not wholly come */
    struct backoff backoff;
    enum told told;

    struct fetch fetch;
    struct report report;
};

/* Arms the timer for the next attempt, and doubles the wait after it. */
static void backoff_wait(struct feed_client *c, struct backoff *b)
{
    int64_t wait_ns = b->next_ns > 0 ? b->next_ns : c->options.backoff_first_ns;
    int64_t last_ns = c->options.backoff_last_ns;
    b->next_ns = wait_ns < last_ns / 2 ? wait_ns * 2 : last_ns;
    uint64_t cut_ns = prng_next(&c->prng) % ((uint64_t)wait_ns / 2 + 1);
    loop_timer_set(c->loop, &b->timer, wait_ns - (int64_t)cut_ns, 0);
}

/** One request to the server. */
struct outgoing {
    const char *method;
    const char *target;
    struct slice body;
    uint64_t answer_limit_bytes; /* 0: none */
    bool is_fresh;
};

static struct http_call *start(struct feed_client *c, const struct outgoing *o,
                               const struct http_call_handler *handler)
{
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = slice_str(o->method), .target = slice_str(o->target)};
    http_fields_add_str(&a, &request.fields, "Host", c->host);
    struct http_call_options options = {.address = c->options.address,
                                        .tls = c->options.tls,
                                        .connect_timeout_ns = FEED_CONNECT_TIMEOUT_NS,
                                        .response_timeout_ns = c->options.silence_ns,
                                        .body_limit_bytes = o->answer_limit_bytes,
                                        .is_fresh = o->is_fresh};
    return http_call_start(c->http, &options, &request, o->body, handler, c);
}

/* What a status other than the wanted one means. */
static enum err status_err(struct errctx *ec, unsigned status)
{
    switch (status) {
    case 403:
        return err_set(ec, ERR_DENIED, "the server does not admit this node");
    case 503:
        return err_set(ec, ERR_UNAVAILABLE, "the server is overloaded");
    default:
        return err_set(ec, ERR_INVALID, "the server answered with status %u", status);
    }
}

/* The stream of pointers. */

/* The stream is gone: tells the owner once, and waits before the next attempt. */
static void stream_down(struct feed_client *c, const struct errctx *why)
{
    c->stream = NULL;
    buf_fini(&c->input);
    backoff_wait(c, &c->backoff);
    bool is_news = c->told != TOLD_DOWN;
    c->told = TOLD_DOWN;
    if (is_news)
        c->handler.on_state(c->handler.user, false, why);
}

static void stream_cancel(struct feed_client *c, const struct errctx *why)
{
    http_call_cancel(c->stream);
    stream_down(c, why);
}

static void on_stream_head(void *user, const struct http_response *head)
{
    struct feed_client *c = user;
    if (head->status != 200) {
        struct errctx why = {0};
        (void)status_err(&why, head->status);
        stream_cancel(c, &why);
        return;
    }
    metrics_add(METRIC_FEED_STREAMS, 1);
    c->told = TOLD_UP;
    c->handler.on_state(c->handler.user, true, NULL);
}

static void on_stream_body(void *user, struct slice data)
{
    struct feed_client *c = user;
    if (c->stream == NULL) /* cancelled, in this turn */
        return;
    buf_append(&c->input, data);
    struct slice payload;
    enum feed_frame frame;
    while ((frame = feed_frame_peek(&c->input, &payload)) == FEED_FRAME_WHOLE) {
        c->backoff.next_ns = 0;
        if (payload.len > 0) {
            metrics_add(METRIC_FEED_POINTERS_RECEIVED, 1);
            c->handler.on_pointer(c->handler.user, payload);
        }
        feed_frame_consume(&c->input, payload);
    }
    if (frame == FEED_FRAME_BAD) {
        struct errctx why = {0};
        (void)err_set(&why, ERR_CORRUPT, "a frame longer than any pointer");
        stream_cancel(c, &why);
    }
}

static void on_stream_end(void *user, const struct http_call_end *end)
{
    struct feed_client *c = user;
    struct errctx why = *end->why;
    if (end->result == ERR_OK)
        (void)err_set(&why, ERR_CLOSED, "the server ended the stream");
    stream_down(c, &why);
}

static void stream_start(struct feed_client *c)
{
    static const struct http_call_handler handler = {
        .on_head = on_stream_head, .on_body = on_stream_body, .on_end = on_stream_end};
    char target[96];
    (void)snprintf(target, sizeof(target), "/feed/pointers?after=%" PRIu64 ".%" PRIu64,
                   c->options.after_epoch, c->options.after_sequence);
    struct outgoing o = {.method = "GET", .target = target, .is_fresh = true};
    c->stream = start(c, &o, &handler);
}

static void on_stream_time(struct loop_timer *timer)
{
    stream_start(timer->user);
}

/* Fetches. */

/* The fetch is over: its slot is free before the owner hears of it. */
static void fetch_done(struct feed_client *c, enum err result, const struct errctx *ec)
{
    c->fetch.call = NULL;
    buf_fini(&c->fetch.input);
    c->fetch.handler.on_done(c->fetch.handler.user, result, ec);
}

static void fetch_cancel(struct feed_client *c, const struct errctx *why)
{
    http_call_cancel(c->fetch.call);
    fetch_done(c, why->code, why);
}

static void on_fetch_head(void *user, const struct http_response *head)
{
    struct feed_client *c = user;
    if (head->status == 200)
        return;
    struct errctx why = {0};
    (void)status_err(&why, head->status);
    fetch_cancel(c, &why);
}

static void on_fetch_body(void *user, struct slice data)
{
    struct feed_client *c = user;
    struct fetch *f = &c->fetch;
    if (f->call == NULL)
        return;
    buf_append(&f->input, data);
    struct slice payload;
    enum feed_frame frame;
    while ((frame = feed_frame_peek(&f->input, &payload)) == FEED_FRAME_WHOLE &&
           f->answered < f->count) {
        const struct chunk_hash *hash = &f->hashes[f->answered++];
        if (payload.len == 0)
            f->missing++;
        else
            f->handler.on_chunk(f->handler.user, hash, payload);
        metrics_add(METRIC_FEED_CHUNKS_RECEIVED, payload.len > 0);
        feed_frame_consume(&f->input, payload);
    }
    if (frame == FEED_FRAME_BAD || (f->answered == f->count && buf_len(&f->input) > 0)) {
        struct errctx why = {0};
        (void)err_set(&why, ERR_CORRUPT, "the server answered with more than was asked");
        fetch_cancel(c, &why);
    }
}

static void on_fetch_end(void *user, const struct http_call_end *end)
{
    struct feed_client *c = user;
    struct errctx why = *end->why;
    enum err result = end->result;
    if (result == ERR_OK && c->fetch.answered < c->fetch.count)
        result = err_set(&why, ERR_CLOSED, "the answer ended after %zu of %zu chunks",
                         c->fetch.answered, c->fetch.count);
    if (result == ERR_OK && c->fetch.missing > 0)
        result = err_set(&why, ERR_NOT_FOUND, "the server lacks %zu of %zu chunks",
                         c->fetch.missing, c->fetch.count);
    fetch_done(c, result, &why);
}

void feed_client_fetch(struct feed_client *c, const struct chunk_hash *hashes, size_t count,
                       const struct feed_fetch_handler *handler)
{
    static const struct http_call_handler calls = {
        .on_head = on_fetch_head, .on_body = on_fetch_body, .on_end = on_fetch_end};
    struct fetch *f = &c->fetch;
    CHECK(f->call == NULL);
    CHECK(count > 0 && count <= FEED_FETCH_MAX_CHUNKS);
    memcpy(f->hashes, hashes, count * sizeof(*hashes));
    f->handler = *handler;
    f->count = count;
    f->answered = 0;
    f->missing = 0;
    struct outgoing o = {.method = "POST",
                         .target = "/feed/chunks",
                         .body = slice_of(f->hashes, count * sizeof(*hashes)),
                         .answer_limit_bytes =
                             count * (FEED_FRAME_HEAD_BYTES + (uint64_t)FEED_FRAME_MAX_BYTES)};
    f->call = start(c, &o, &calls);
}

/* Reports. */

static void on_report_head(void *user, const struct http_response *head)
{
    struct feed_client *c = user;
    c->report.status = head->status;
}

static void report_send(struct feed_client *c);

static void on_report_end(void *user, const struct http_call_end *end)
{
    struct feed_client *c = user;
    struct report *r = &c->report;
    r->call = NULL;
    if (r->status == 204)
        metrics_add(METRIC_FEED_REPORTS_SENT, 1);
    else
        metrics_add(METRIC_FEED_REPORTS_FAILED, 1);
    bool is_answered = end->result == ERR_OK || r->status != 0;
    bool has_newer = buf_len(&r->waiting) > 0;
    if (!is_answered && !has_newer)
        buf_append(&r->waiting, buf_slice(&r->sent));
    if (is_answered)
        r->backoff.next_ns = 0;
    if (!is_answered)
        backoff_wait(c, &r->backoff);
    else if (has_newer)
        report_send(c);
}

/* Sends what waits, unless a report is under way or the server is given time. */
static void report_send(struct feed_client *c)
{
    static const struct http_call_handler handler = {.on_head = on_report_head,
                                                     .on_end = on_report_end};
    struct report *r = &c->report;
    if (r->call != NULL || r->backoff.timer.loop != NULL || buf_len(&r->waiting) == 0)
        return;
    struct buf empty = r->sent;
    r->sent = r->waiting;
    r->waiting = empty;
    buf_clear(&r->waiting);
    r->status = 0;
    struct outgoing o = {.method = "POST",
                         .target = "/feed/report",
                         .body = buf_slice(&r->sent),
                         .answer_limit_bytes = FEED_REQUEST_MAX_BYTES};
    r->call = start(c, &o, &handler);
}

static void on_report_time(struct loop_timer *timer)
{
    report_send(timer->user);
}

void feed_client_report(struct feed_client *c, struct slice encoded_report)
{
    CHECK(encoded_report.len > 0 && encoded_report.len <= RELEASE_REPORT_MAX_BYTES);
    buf_clear(&c->report.waiting);
    buf_append(&c->report.waiting, encoded_report);
    report_send(c);
}

/* The client. */

static int64_t or_default(int64_t wanted_ns, int64_t default_ns)
{
    return wanted_ns > 0 ? wanted_ns : default_ns;
}

struct feed_client *feed_client_new(struct loop *loop, const struct feed_client_options *options,
                                    const struct feed_client_handler *handler)
{
    struct feed_client *c = NEW(struct feed_client);
    struct feed_client_options *o = &c->options;
    c->loop = loop;
    c->handler = *handler;
    *o = *options;
    o->silence_ns = or_default(o->silence_ns, FEED_SILENCE_NS);
    o->backoff_first_ns = or_default(o->backoff_first_ns, FEED_BACKOFF_FIRST_NS);
    o->backoff_last_ns = or_default(o->backoff_last_ns, FEED_BACKOFF_LAST_NS);
    CHECK(o->backoff_first_ns <= o->backoff_last_ns);
    c->http = http_client_new(loop);
    prng_init(&c->prng);
    net_address_format(&o->address, c->host);
    c->backoff.timer.on_time = on_stream_time;
    c->backoff.timer.user = c;
    c->report.backoff.timer.on_time = on_report_time;
    c->report.backoff.timer.user = c;
    stream_start(c);
    return c;
}

void feed_client_free(struct feed_client *c)
{
    if (c == NULL)
        return;
    http_client_free(c->http); /* cancels every call */
    loop_timer_stop(&c->backoff.timer);
    loop_timer_stop(&c->report.backoff.timer);
    buf_fini(&c->input);
    buf_fini(&c->fetch.input);
    buf_fini(&c->report.sent);
    buf_fini(&c->report.waiting);
    free(c);
}

bool feed_client_is_up(const struct feed_client *c)
{
    return c->told == TOLD_UP;
}

void feed_client_set_after(struct feed_client *c, uint64_t epoch, uint64_t sequence)
{
    c->options.after_epoch = epoch;
    c->options.after_sequence = sequence;
}
