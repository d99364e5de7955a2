// SPDX-License-Identifier: Apache-2.0
// The connections of a client: begun, kept idle, found again, closed. Called by calls, on the
// thread of the client's loop.
//
// 1. An idle connection is in client.idle, in the list of its key, and watched: whatever arrives on
//    it, its end or bytes that nobody asked for, closes it.
// 2. A list of a key is there as long as it is not empty.
// 3. The shortest idle one is taken first, so that the others come to their end.
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "http/client_priv.h"
#include "metrics/counters.h"
#include "net/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>

/* Takes the link out of the pool. */
static void link_wake(struct http_link *link)
{
    struct http_client *c = link->client;
    struct http_idle *idle = (struct http_idle *)map_get(&c->idle_for, buf_slice(&link->key));
    CHECK(idle != NULL && c->idle_count > 0);
    list_remove(&link->node);
    list_remove(&link->peer);
    if (list_is_empty(&idle->links)) {
        (void)map_remove(&c->idle_for, buf_slice(&link->key));
        free(idle);
    }
    c->idle_count--;
    loop_io_stop(&link->io);
    loop_timer_stop(&link->timer);
}

/* Takes it out of the pool and closes it. */
static void link_drop(struct http_link *link)
{
    link_wake(link);
    http_link_free(link);
}

static void key_add_name(struct buf *key, const char *name)
{
    buf_append(key, name == NULL ? SLICE_LIT("-") : slice_str(name));
    buf_append_byte(key, '\0');
}

/* Who may use a connection: the same address, TLS context and names. */
static void key_make(struct buf *key, const struct http_call_options *options)
{
    char address[NET_ADDRESS_TEXT_SIZE];
    net_address_format(&options->address, address);
    buf_printf(key, "%s %" PRIu64 " ", address, net_tls_id(options->tls));
    key_add_name(key, options->server_name);
    key_add_name(key, options->other_name);
}

/* Whether nothing has arrived on an idle connection: neither its end nor stray bytes. */
static bool link_is_quiet(const struct http_link *link)
{
    char byte;
    ssize_t count = recv(net_stream_fd(link->stream), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && errno == EAGAIN && !net_stream_has_pending(link->stream);
}

/* How long a connection may have been idle that carries what cannot be sent twice. */
static int64_t unsafe_idle_ns(const struct http_call_options *options)
{
    return options->unsafe_idle_ns > 0 ? options->unsafe_idle_ns
                                       : HTTP_CLIENT_UNSAFE_IDLE_MS * NS_PER_MS;
}

struct http_link *http_link_take(struct http_client *c, const struct http_call *call)
{
    AUTO_BUF struct buf key = {0};
    key_make(&key, &call->options);
    int64_t idle_max_ns = call->is_repeatable ? INT64_MAX : unsafe_idle_ns(&call->options);
    const struct http_idle *idle;
    while ((idle = (const struct http_idle *)map_get(&c->idle_for, buf_slice(&key))) != NULL) {
        struct http_link *link = LIST_ENTRY(idle->links.prev, struct http_link, peer);
        if (time_monotonic_ns() - link->idle_since_ns >= idle_max_ns)
            return NULL; /* and the others are older */
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
    const struct http_call_options *options = &call->options;
    int fd;
    enum err e = net_connect_tcp(&options->address, &fd, ec);
    if (e != ERR_OK)
        return e;
    struct http_link *link = NEW(struct http_link);
    link->client = c;
    list_init(&link->node);
    list_init(&link->peer);
    key_make(&link->key, options);
    link->stream = net_stream_new(fd, options->tls, false, options->server_name);
    if (options->other_name != NULL)
        net_stream_accept_name(link->stream, options->other_name);
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

/* The list of idle connections with the link's key. */
static struct http_idle *idle_for(struct http_client *c, const struct http_link *link)
{
    struct http_idle *idle = (struct http_idle *)map_get(&c->idle_for, buf_slice(&link->key));
    if (idle == NULL) {
        idle = NEW(struct http_idle);
        list_init(&idle->links);
        CHECK(map_put(&c->idle_for, buf_slice(&link->key), idle) == NULL);
    }
    return idle;
}

void http_link_keep(struct http_link *link, int64_t keep_ns)
{
    struct http_client *c = link->client;
    if (c->idle_count >= c->idle_limit && c->idle_count > 0) /* the longest idle goes */
        link_drop(LIST_ENTRY(c->idle.next, struct http_link, node));
    link->is_reused = true;
    link->idle_since_ns = time_monotonic_ns();
    list_push_back(&idle_for(c, link)->links, &link->peer);
    list_push_back(&c->idle, &link->node);
    c->idle_count++;
    loop_io_stop(&link->io);
    link->io.on_ready = on_idle_ready;
    link->io.user = link;
    link->timer.on_time = on_idle_over;
    link->timer.user = link;
    loop_io_set(c->loop, &link->io, net_stream_fd(link->stream), LOOP_READ);
    loop_timer_set(c->loop, &link->timer, keep_ns, 0);
}

void http_link_free(struct http_link *link)
{
    if (link == NULL)
        return;
    loop_io_stop(&link->io);
    loop_timer_stop(&link->timer);
    net_stream_free(link->stream);
    buf_fini(&link->key);
    free(link);
}

void http_link_reset(struct http_link *link)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(net_stream_fd(link->stream), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    http_link_free(link);
}

void http_pool_clear(struct http_client *c)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->idle)
        link_drop(LIST_ENTRY(node, struct http_link, node));
}
