// SPDX-License-Identifier: Apache-2.0
// A whole call on a loop of its own, for tools that may block. Any thread but a loop's.
#include "base/buf.h"
#include "base/check.h"
#include "http/client.h"

/* What on_head, on_body and on_end gather. */
struct waiter {
    struct loop *loop;
    struct arena *arena;
    struct http_answer answer;
    struct buf body;
    enum err result;
    struct errctx failure;
};

static void on_head(void *user, const struct http_response *head)
{
    struct waiter *w = (struct waiter *)user;
    w->answer.status = head->status;
    for (size_t i = 0; i < head->fields.count; i++) {
        const struct http_field *field = &head->fields.items[i];
        http_fields_add(w->arena, &w->answer.fields, arena_copy(w->arena, field->name),
                        arena_copy(w->arena, field->value));
    }
}

static void on_body(void *user, struct slice data)
{
    struct waiter *w = (struct waiter *)user;
    buf_append(&w->body, data);
}

static void on_end(void *user, const struct http_call_end *end)
{
    struct waiter *w = (struct waiter *)user;
    w->result = end->result;
    w->failure = *end->why;
    loop_stop(w->loop);
}

enum err http_call_wait(struct arena *a, const struct http_call_options *options,
                        const struct http_request *request, struct slice body,
                        struct http_answer *out_answer, struct errctx *ec)
{
    static const struct http_call_handler handler = {
        .on_head = on_head, .on_body = on_body, .on_end = on_end};
    struct http_call_options bounded = *options;
    if (bounded.body_limit_bytes == 0)
        bounded.body_limit_bytes = HTTP_WAIT_BODY_BYTES;
    struct waiter w = {.loop = loop_new(false), .arena = a};
    struct http_client *client = http_client_new(w.loop);
    const struct http_call *call = http_call_start(client, &bounded, request, body, &handler, &w);
    CHECK(call != NULL);
    loop_run(w.loop);
    http_client_free(client);
    loop_free(w.loop);
    if (w.result == ERR_OK) {
        w.answer.body = arena_copy(a, buf_slice(&w.body));
        *out_answer = w.answer;
    } else if (ec != NULL) {
        *ec = w.failure;
    }
    buf_fini(&w.body);
    return w.result;
}
