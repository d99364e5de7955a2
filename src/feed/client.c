// SPDX-License-Identifier: Apache-2.0
// The following side of the pointers: one stream that is held open, fetches, reports, each a call
// of its own to the same server. Used by the agent, on its loop's thread.
#include "base/alloc.h"
#include "base/check.h"
#include "feed/feed.h"
#include "feed/follow_priv.h"
#include "feed/frame_priv.h"
#include "feed/limits.h"
#include "feed/post_priv.h"
#include "metrics/counters.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

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

struct feed_client {
    struct remote remote;
    struct feed_client_handler handler;
    struct follow pointers;
    struct fetch fetch;
    struct post report;
};

/* The stream of pointers. */

static enum err on_pointer(void *user, struct slice payload, struct errctx *ec)
{
    (void)ec;
    struct feed_client *c = user;
    metrics_add(METRIC_FEED_POINTERS_RECEIVED, 1);
    c->handler.on_pointer(c->handler.user, payload);
    return ERR_OK;
}

static void on_state(void *user, bool is_up, const struct errctx *why)
{
    struct feed_client *c = user;
    metrics_add(METRIC_FEED_STREAMS, is_up);
    c->handler.on_state(c->handler.user, is_up, why);
}

void feed_client_set_after(struct feed_client *c, uint64_t epoch, uint64_t sequence)
{
    (void)snprintf(c->pointers.target, sizeof(c->pointers.target),
                   "/feed/pointers?after=%" PRIu64 ".%" PRIu64, epoch, sequence);
}

bool feed_client_is_up(const struct feed_client *c)
{
    return c->pointers.told == TOLD_UP;
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
    (void)remote_status_err(head->status, &why);
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
    f->call = remote_call(&c->remote, &o, &calls, c);
}

/* The client. */

void feed_client_report(struct feed_client *c, struct slice encoded_report)
{
    CHECK(encoded_report.len <= RELEASE_REPORT_MAX_BYTES);
    post_send(&c->report, encoded_report);
}

struct feed_client *feed_client_new(struct loop *loop, const struct feed_client_options *options,
                                    const struct feed_client_handler *handler)
{
    struct feed_client *c = NEW(struct feed_client);
    const struct follow_handler frames = {on_pointer, on_state, c};
    c->handler = *handler;
    remote_init(&c->remote, loop, options);
    post_init(&c->report, &c->remote, "/feed/report");
    feed_client_set_after(c, options->after_epoch, options->after_sequence);
    follow_start(&c->pointers, &c->remote, &frames);
    return c;
}

void feed_client_free(struct feed_client *c)
{
    if (c == NULL)
        return;
    remote_fini(&c->remote); /* cancels every call */
    follow_fini(&c->pointers);
    post_fini(&c->report);
    buf_fini(&c->fetch.input);
    free(c);
}
