// SPDX-License-Identifier: Apache-2.0
// A client: starts calls and keeps idle connections. Called on the thread of its loop.
#include "http/client.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "http/client_priv.h"
#include "metrics/counters.h"
#include "net/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Takes the link out of the pool. */
static void link_wake(struct http_link *link)
{
    list_remove(&link->node);
    link->client->idle_count--;
    loop_io_stop(&link->io);
    loop_timer_stop(&link->timer);
}

/* Takes it out of the pool and closes it. */
static void link_drop(struct http_link *link)
{
    link_wake(link);
    http_link_free(link);
}

struct http_client *http_client_new(struct loop *loop)
{
    struct http_client *c = NEW(struct http_client);
    c->loop = loop;
    list_init(&c->calls);
    list_init(&c->idle);
    return c;
}

void http_client_free(struct http_client *c)
{
    if (c == NULL)
        return;
    while (!list_is_empty(&c->calls))
        http_call_free(LIST_FIRST(&c->calls, struct http_call, node));
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->idle)
        link_drop(LIST_ENTRY(node, struct http_link, node));
    free(c);
}

static bool names_equal(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return strcmp(a, b) == 0;
}

/* Whether nothing has arrived on an idle connection: neither its end nor stray bytes. */
static bool link_is_quiet(const struct http_link *link)
{
    char byte;
    ssize_t count = recv(net_stream_fd(link->stream), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && errno == EAGAIN && !net_stream_has_pending(link->stream);
}

struct http_link *http_link_take(struct http_client *c, const struct http_call *call)
{
    struct list *node = c->idle.prev;
    while (node != &c->idle) {
        struct http_link *link = LIST_ENTRY(node, struct http_link, node);
        node = node->prev;
        if (link->tls != call->options.tls || !names_equal(link->server_name, call->server_name) ||
            !net_address_equal(&link->address, &call->options.address))
            continue;
        link_wake(link);
        if (link_is_quiet(link)) {
            metrics_add(METRIC_HTTP_CLIENT_REUSES, 1);
            return link;
        }
        http_link_free(link);
    }
    return NULL;
}

enum err http_link_connect(struct http_client *c, const struct http_call *call,
                           struct http_link **out_link, struct errctx *ec)
{
    int fd;
    enum err e = net_connect_tcp(&call->options.address, &fd, ec);
    if (e != ERR_OK)
        return e;
    struct http_link *link = NEW(struct http_link);
    link->client = c;
    list_init(&link->node);
    link->address = call->options.address;
    link->tls = call->options.tls;
    link->server_name = call->server_name == NULL ? NULL : mem_strdup(call->server_name);
    link->stream = net_stream_new(fd, link->tls, false, link->server_name);
    *out_link = link;
    return ERR_OK;
}

/* An idle connection has something to say: its end, or what nobody asked for. */
static void on_idle_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    link_drop((struct http_link *)io->user);
}

static void on_idle_over(struct loop_timer *timer)
{
    link_drop((struct http_link *)timer->user);
}

void http_link_keep(struct http_link *link)
{
    struct http_client *c = link->client;
    if (c->idle_count == HTTP_CLIENT_IDLE) /* the longest idle goes */
        link_drop(LIST_ENTRY(c->idle.next, struct http_link, node));
    link->is_reused = true;
    list_push_back(&c->idle, &link->node);
    c->idle_count++;
    loop_io_stop(&link->io);
    link->io.on_ready = on_idle_ready;
    link->io.user = link;
    link->timer.on_time = on_idle_over;
    link->timer.user = link;
    loop_io_set(c->loop, &link->io, net_stream_fd(link->stream), LOOP_READ);
    loop_timer_set(c->loop, &link->timer, HTTP_CLIENT_IDLE_MS * NS_PER_MS, 0);
}

void http_link_free(struct http_link *link)
{
    if (link == NULL)
        return;
    loop_io_stop(&link->io);
    loop_timer_stop(&link->timer);
    net_stream_free(link->stream);
    free(link->server_name);
    free(link);
}
