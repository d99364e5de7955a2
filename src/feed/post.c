// SPDX-License-Identifier: Apache-2.0
// One message under way and one that waits. Used by the clients of this room, on their loop's
// thread.
#include "feed/post_priv.h"

#include "base/check.h"
#include "feed/limits.h"
#include "metrics/counters.h"

static void on_head(void *user, const struct http_response *head)
{
    struct post *p = user;
    p->status = head->status;
}

static void send_waiting(struct post *p);

static void on_end(void *user, const struct http_call_end *end)
{
    (void)end;
    struct post *p = user;
    p->call = NULL;
    metrics_add(p->status == 204 ? METRIC_FEED_REPORTS_SENT : METRIC_FEED_REPORTS_FAILED, 1);
    bool is_answered = p->status != 0 && p->status != 503;
    bool has_newer = buf_len(&p->waiting) > 0;
    if (!is_answered && !has_newer)
        buf_append(&p->waiting, buf_slice(&p->sent));
    if (is_answered)
        p->backoff.next_ns = 0;
    if (!is_answered)
        backoff_wait(&p->backoff, p->remote);
    else if (has_newer)
        send_waiting(p);
}

/* Sends what waits, unless a message is under way or the server is given time. */
static void send_waiting(struct post *p)
{
    static const struct http_call_handler handler = {.on_head = on_head, .on_end = on_end};
    if (p->call != NULL || backoff_is_waiting(&p->backoff) || buf_len(&p->waiting) == 0)
        return;
    struct buf empty = p->sent;
    p->sent = p->waiting;
    p->waiting = empty;
    buf_clear(&p->waiting);
    p->status = 0;
    struct outgoing o = {.method = "POST",
                         .target = p->target,
                         .body = buf_slice(&p->sent),
                         .answer_limit_bytes = FEED_REQUEST_MAX_BYTES};
    p->call = remote_call(p->remote, &o, &handler, p);
}

static void on_time(struct loop_timer *timer)
{
    send_waiting(timer->user);
}

void post_init(struct post *p, struct remote *remote, const char *target)
{
    p->remote = remote;
    p->target = target;
    p->backoff.timer.on_time = on_time;
    p->backoff.timer.user = p;
}

void post_send(struct post *p, struct slice message)
{
    CHECK(message.len > 0 && message.len <= FEED_REQUEST_MAX_BYTES);
    buf_clear(&p->waiting);
    buf_append(&p->waiting, message);
    send_waiting(p);
}

void post_fini(struct post *p)
{
    loop_timer_stop(&p->backoff.timer);
    buf_fini(&p->sent);
    buf_fini(&p->waiting);
}
