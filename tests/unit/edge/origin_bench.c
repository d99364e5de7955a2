// SPDX-License-Identifier: Apache-2.0
// What tests of calls to origins share; see origin_bench.h.
#include "origin_bench.h"

#include "base/check.h"
#include "base/time.h"

#include <errno.h>
#include <stdio.h>

enum { WAIT_S = 20 };

static void resume(struct loop_timer *timer)
{
    struct heard *h = (struct heard *)timer->user;
    origin_call_pause(h->call, false);
}

static void cancel(struct heard *h)
{
    origin_call_cancel(h->call);
    h->call = NULL;
    loop_stop(h->bench->loop);
}

static void on_head(void *user, const struct http_response *head)
{
    struct heard *h = (struct heard *)user;
    h->status = head->status;
    h->head = head;
    h->heads++;
    if (h->cancels == ON_HEAD)
        cancel(h);
}

static void on_body(void *user, struct slice data)
{
    struct heard *h = (struct heard *)user;
    const struct slice *server = http_fields_get(&h->head->fields, "server");
    if (server != NULL)
        (void)snprintf(h->server, sizeof(h->server), "%.*s", SLICE_FMT(*server));
    buf_append(&h->body, data);
    if (h->cancels == ON_BODY) {
        cancel(h);
    } else if (h->pauses) {
        origin_call_pause(h->call, true);
        h->resume.on_time = resume;
        h->resume.user = h;
        loop_timer_set(h->bench->loop, &h->resume, 0, 0);
    }
}

void bench_feed(struct heard *h)
{
    bool has_room = true;
    while (has_room && h->pieces_given < h->piece_count) {
        has_room = origin_call_send(h->call, h->piece);
        h->pieces_given++;
        h->waits += has_room ? 0 : 1;
    }
    if (h->pieces_given == h->piece_count)
        origin_call_send_end(h->call);
}

static void on_writable(void *user)
{
    struct heard *h = (struct heard *)user;
    h->rooms++;
    if (h->cancels == ON_WRITABLE)
        cancel(h);
    else if (h->pieces_given < h->piece_count)
        bench_feed(h);
}

static void on_end(void *user, enum origin_failure failure, const struct errctx *why)
{
    struct heard *h = (struct heard *)user;
    h->ends++;
    h->failure = failure;
    h->why = *why;
    h->call = NULL;
    loop_timer_stop(&h->resume);
    loop_stop(h->bench->loop);
}

void bench_init(struct bench *b, const struct responder_rule *rules)
{
    static const struct responder_rule no_rules[] = {{0}};
    *b = (struct bench){.host = "example.com"};
    b->loop = loop_new(false);
    responder_start(&b->names, rules == NULL ? no_rules : rules);
    b->options.resolver.servers = b->names.servers;
    b->options.second_ns = BENCH_SECOND_NS;
    b->origin = (struct release_origin){.id = "o",
                                        .path = "",
                                        .connection_attempts = 3,
                                        .connection_timeout_s = 1000,
                                        .response_timeout_s = 1000,
                                        .keepalive_timeout_s = 1000};
}

void bench_open(struct bench *b)
{
    struct errctx ec = {0};
    CHECK_MSG(origin_client_new(b->loop, &b->options, &b->client, &ec) == ERR_OK, "%s", ec.text);
}

void bench_close(struct bench *b)
{
    origin_client_free(b->client);
    network_list_free(b->forbidden);
    responder_stop(&b->names);
    loop_free(b->loop);
}

void bench_aim(struct bench *b, const char *domain_name, uint16_t port)
{
    b->origin.domain_name = domain_name;
    b->origin.http_port = port;
    b->origin.https_port = port;
}

void bench_aim_at(struct bench *b, const struct net_address *address)
{
    static char text[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(address, text);
    bench_aim(b, text, net_address_port(address));
}

void bench_start(struct bench *b, struct heard *h, const char *method, const char *target)
{
    static const struct origin_call_handler handler = {
        .on_head = on_head, .on_body = on_body, .on_writable = on_writable, .on_end = on_end};
    AUTO_ARENA struct arena a = {0};
    struct http_request request = {.method = slice_str(method),
                                   .target = slice_str(target),
                                   .body_kind = b->body_kind,
                                   .body_length = b->body_length};
    struct origin_call_options options = {.origin = &b->origin, .is_https = b->is_https};
    http_fields_add_str(&a, &request.fields, "Host", b->host);
    h->bench = b;
    unsigned ends = h->ends;
    h->call = origin_call_start(b->client, &options, &request, &handler, h);
    CHECK(h->ends == ends && h->call != NULL);
}

static void give_up(struct loop_timer *timer)
{
    (void)timer;
    CHECK_MSG(false, "waited for too long");
}

void bench_finish(struct heard *h)
{
    struct loop *loop = h->bench->loop;
    struct loop_timer limit = {.on_time = give_up};
    loop_timer_set(loop, &limit, WAIT_S * NS_PER_S, 0);
    while (h->call != NULL)
        loop_run(loop);
    loop_timer_stop(&limit);
}

enum origin_failure bench_run(struct bench *b, struct heard *h, const char *method)
{
    *h = (struct heard){0};
    bench_start(b, h, method, "/");
    bench_finish(h);
    return h->failure;
}

static void stop_loop(struct loop_timer *timer)
{
    loop_stop((struct loop *)timer->user);
}

void bench_pass(struct bench *b, int64_t ns)
{
    struct loop_timer timer = {.on_time = stop_loop, .user = b->loop};
    loop_timer_set(b->loop, &timer, ns, 0);
    while (timer.loop != NULL)
        loop_run(b->loop);
}

void heard_fini(struct heard *h)
{
    buf_fini(&h->body);
}
