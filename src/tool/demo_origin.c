// SPDX-License-Identifier: Apache-2.0
// The demo's origins. Runs on the loop of the demo's process.
#include "tool/demo_origin.h"

#include "base/alloc.h"
#include "base/time.h"
#include "http/server.h"
#include "net/socket.h"
#include "tool/limits.h"

#include <stdlib.h>
#include <unistd.h>

struct demo_origin {
    const char *name;
    struct loop *loop;
    struct http_server_options options;
    struct http_server *server;
    struct net_address bound;
    int fd;
    uint64_t answered;
};

/** A request whose answer waits. In the exchange's arena. */
struct slow_answer {
    struct http_exchange *exchange;
    struct loop_timer timer;
};

static void answer(struct http_exchange *x)
{
    struct demo_origin *o = http_exchange_server_user(x);
    const struct http_request *request = http_exchange_request(x);
    struct arena *a = http_exchange_arena(x);
    bool is_kept = !slice_starts_with(request->path, SLICE_LIT("/no-store"));
    struct http_fields fields = {0};
    char now[TIME_ISO8601_SIZE];
    time_format_iso8601(time_unix_ms(), now);
    o->answered++;
    http_fields_add_str(a, &fields, "Content-Type", "text/plain; charset=utf-8");
    http_fields_add_str(a, &fields, "Cache-Control", is_kept ? "max-age=3600" : "no-store");
    http_fields_add_str(a, &fields, "ETag",
                        arena_printf(a, "\"%s-%ju\"", o->name, (uintmax_t)o->answered));
    const char *text = arena_printf(a, "The %s origin, answer %ju, at %s: %.*s\n", o->name,
                                    (uintmax_t)o->answered, now, SLICE_FMT(request->target));
    http_reply(x, 200, &fields, slice_str(text));
}

static void slow_time(struct loop_timer *timer)
{
    struct slow_answer *slow = timer->user;
    answer(slow->exchange);
}

static void on_request(struct http_exchange *x, void *user)
{
    struct demo_origin *o = user;
    const struct http_request *request = http_exchange_request(x);
    bool is_read = slice_equal(request->method, SLICE_LIT("GET")) ||
                   slice_equal(request->method, SLICE_LIT("HEAD"));
    if (!is_read) {
        http_reply(x, 405, NULL, SLICE_LIT("only GET and HEAD\n"));
        return;
    }
    if (!slice_starts_with(request->path, SLICE_LIT("/slow"))) {
        answer(x);
        return;
    }
    struct slow_answer *slow = ARENA_NEW(http_exchange_arena(x), struct slow_answer);
    slow->exchange = x;
    slow->timer.on_time = slow_time;
    slow->timer.user = slow;
    http_exchange_set_user(x, slow);
    loop_timer_set(o->loop, &slow->timer, TOOL_DEMO_SLOW_NS, 0);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)reason;
    struct slow_answer *slow = http_exchange_user(x);
    if (slow != NULL)
        loop_timer_stop(&slow->timer);
}

enum err demo_origin_new(struct loop *loop, const char *name, uint16_t port,
                         struct demo_origin **out, struct errctx *ec)
{
    static const struct http_handler handler = {.on_request = on_request, .on_closed = on_closed};
    const struct net_listen_options listen = {0};
    struct net_address address;
    struct demo_origin *o = NEW(struct demo_origin);
    o->fd = -1;
    enum err e = net_address_parse(SLICE_LIT("127.0.0.1:0"), &address, ec);
    net_address_set_port(&address, port);
    if (e == ERR_OK)
        e = net_listen_tcp(&address, &listen, &o->fd, &o->bound, ec);
    if (e != ERR_OK) {
        demo_origin_free(o);
        return e;
    }
    o->name = name;
    o->loop = loop;
    o->options = (struct http_server_options){
        .limits = HTTP_LIMITS_DEFAULT, .server_field = "Weir demo", .handler = &handler, .user = o};
    o->server = http_server_new(loop, &o->options);
    http_server_listen(o->server, o->fd);
    *out = o;
    return ERR_OK;
}

void demo_origin_free(struct demo_origin *o)
{
    if (o == NULL)
        return;
    if (o->server != NULL)
        http_server_free(o->server);
    if (o->fd >= 0)
        close(o->fd);
    free(o);
}

uint16_t demo_origin_port(const struct demo_origin *o)
{
    return net_address_port(&o->bound);
}
