// SPDX-License-Identifier: Apache-2.0
// What tests of the client share; see caller.h.
#include "caller.h"

#include "base/check.h"

#include <stdio.h>

static void note_head(void *user, const struct http_response *head)
{
    struct caller *c = (struct caller *)user;
    c->status = head->status;
    c->heads++;
    c->head = head;
    const struct slice *port = http_fields_get(&head->fields, "X-Peer-Port");
    uint64_t number;
    if (port != NULL && slice_parse_u64(*port, UINT16_MAX, &number))
        c->peer_port = (unsigned)number;
}

static void note_room(void *user)
{
    struct caller *c = (struct caller *)user;
    c->rooms++;
    bool has_room = true;
    while (has_room && c->pieces_given < c->piece_count) {
        has_room = http_call_send(c->call, c->piece);
        c->pieces_given++;
        c->waits += has_room ? 0 : 1;
    }
    if (c->pieces_given == c->piece_count && c->piece_count > 0)
        http_call_send_end(c->call);
}

static void resume(struct loop_timer *timer)
{
    struct caller *c = (struct caller *)timer->user;
    http_call_pause(c->call, false);
}

static void note_body(void *user, struct slice data)
{
    struct caller *c = (struct caller *)user;
    const struct slice *server = http_fields_get(&c->head->fields, "Server");
    buf_append(&c->body, data);
    if (server != NULL)
        (void)snprintf(c->server, sizeof(c->server), "%.*s", SLICE_FMT(*server));
    if (c->cancels_on_body) {
        http_call_cancel(c->call);
        loop_stop(c->loop);
    }
    if (c->pauses_on_body) {
        http_call_pause(c->call, true);
        c->timer.on_time = resume;
        c->timer.user = c;
        loop_timer_set(c->loop, &c->timer, 0, 0);
    }
}

static void note_end(void *user, const struct http_call_end *end)
{
    struct caller *c = (struct caller *)user;
    c->result = end->result;
    c->stage = end->stage;
    c->failure = *end->why;
    c->call = NULL;
    c->ends++;
    loop_stop(c->loop);
}

void caller_init(struct caller *c, const struct net_address *address)
{
    *c = (struct caller){.options = {.address = *address}};
    c->loop = loop_new(false);
    c->client = http_client_new(c->loop);
}

void caller_fini(struct caller *c)
{
    http_client_free(c->client);
    loop_free(c->loop);
    buf_fini(&c->body);
}

void caller_start(struct caller *c, const char *method, const char *target, struct slice body)
{
    static const struct http_call_handler handler = {
        .on_head = note_head, .on_body = note_body, .on_writable = note_room, .on_end = note_end};
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = slice_str(method),
                                   .target = slice_str(target),
                                   .body_kind = c->body_kind,
                                   .body_length = c->body_length};
    http_fields_add_str(&a, &request.fields, "Host", "a");
    buf_clear(&c->body);
    c->status = 0;
    c->pieces_given = 0;
    unsigned ends = c->ends;
    c->call = http_call_start(c->client, &c->options, &request, body, &handler, c);
    CHECK(c->ends == ends);
}

enum err caller_run(struct caller *c, const char *method, const char *target, struct slice body)
{
    caller_start(c, method, target, body);
    loop_run(c->loop);
    return c->result;
}

enum err scripted(struct caller *c, const struct script_step *steps, const char *method)
{
    struct script s;
    struct http_call_options options = c->options;
    script_start(&s, steps, NULL, NULL);
    caller_init(c, &s.address);
    options.address = s.address;
    c->options = options;
    enum err result = caller_run(c, method, "/", NO_BODY);
    http_client_free(c->client);
    c->client = NULL;
    script_stop(&s);
    return result;
}
