// SPDX-License-Identifier: Apache-2.0
// One stream that is held open, as its follower sees it. Used by the clients of this room, on their
// loop's thread.
//
//     +--> WAITING -- time --> CONNECTING -- head 200 --> UP
//     |       (back-off)            |                      |
//     +------- any failure ---------+------- or silence ---+
//
// 1. WAITING: `call` is NULL and the retry timer runs; else `call` is set and the timer is not
//    running.
// 2. The back-off starts again at its first step with the first frame of a stream that its owner
//    takes, so a server that accepts and then fails is not asked more and more often.
// 3. Silence needs no timer here: http/ ends a call that waits longer than silence_ns for bytes.
#include "feed/follow_priv.h"

#include "base/check.h"
#include "feed/frame_priv.h"

/* The stream is gone: tells the owner once, and waits before the next attempt. */
static void go_down(struct follow *f, const struct errctx *why)
{
    f->call = NULL;
    buf_fini(&f->input);
    backoff_wait(&f->backoff, f->remote);
    bool is_news = f->told != TOLD_DOWN;
    f->told = TOLD_DOWN;
    if (is_news)
        f->handler.on_state(f->handler.user, false, why);
}

static void cancel(struct follow *f, const struct errctx *why)
{
    http_call_cancel(f->call);
    go_down(f, why);
}

static bool is_right_server(const struct follow *f)
{
    uint8_t key[ED25519_PUBLIC_BYTES];
    return f->server_key == NULL ||
           (http_call_peer_key(f->call, key) && memcmp(key, f->server_key, sizeof(key)) == 0);
}

static void on_head(void *user, const struct http_response *head)
{
    struct follow *f = user;
    struct errctx why = {0};
    enum err e = ERR_OK;
    if (!is_right_server(f))
        e = err_set(&why, ERR_DENIED, "a server with another key answered");
    else if (head->status != 200)
        e = remote_status_err(head->status, &why);
    if (e != ERR_OK) {
        cancel(f, &why);
        return;
    }
    f->told = TOLD_UP;
    f->handler.on_state(f->handler.user, true, NULL);
}

/* Hands over the whole frames that came. */
static enum err take_frames(struct follow *f, struct errctx *ec)
{
    struct slice payload;
    enum feed_frame frame;
    while ((frame = feed_frame_peek(&f->input, &payload)) == FEED_FRAME_WHOLE) {
        enum err err = ERR_OK;
        if (payload.len > 0)
            err = f->handler.on_frame(f->handler.user, payload, ec);
        if (err != ERR_OK)
            return err;
        f->backoff.next_ns = 0;
        feed_frame_consume(&f->input, payload);
    }
    return frame == FEED_FRAME_BAD ? err_set(ec, ERR_CORRUPT, "a frame longer than any may be")
                                   : ERR_OK;
}

static void on_body(void *user, struct slice data)
{
    struct follow *f = user;
    struct errctx why = {0};
    if (f->call == NULL) /* cancelled, in this turn */
        return;
    buf_append(&f->input, data);
    if (take_frames(f, &why) != ERR_OK)
        cancel(f, &why);
}

static void on_end(void *user, const struct http_call_end *end)
{
    struct follow *f = user;
    struct errctx why = *end->why;
    if (end->result == ERR_OK)
        (void)err_set(&why, ERR_CLOSED, "the server ended the stream");
    go_down(f, &why);
}

static void attempt(struct follow *f)
{
    static const struct http_call_handler handler = {
        .on_head = on_head, .on_body = on_body, .on_end = on_end};
    struct outgoing o = {.method = "GET", .target = f->target, .is_fresh = true};
    f->call = remote_call(f->remote, &o, &handler, f);
}

static void on_time(struct loop_timer *timer)
{
    attempt(timer->user);
}

void follow_start(struct follow *f, struct remote *remote, const struct follow_handler *handler)
{
    CHECK(f->target[0] != '\0');
    f->remote = remote;
    f->handler = *handler;
    f->backoff.timer.on_time = on_time;
    f->backoff.timer.user = f;
    attempt(f);
}

void follow_fini(struct follow *f)
{
    loop_timer_stop(&f->backoff.timer);
    buf_fini(&f->input);
}
