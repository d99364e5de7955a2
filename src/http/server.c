// SPDX-License-Identifier: Apache-2.0
// A server: its listeners, the limits on connections, draining. Called by roles on their loop.
#include "base/alloc.h"
#include "base/check.h"
#include "http/server_priv.h"
#include "metrics/counters.h"
#include "net/socket.h"

#include <stdlib.h>
#include <unistd.h>

void http_server_kick(struct http_server *s, struct http_conn *c)
{
    if (list_is_empty(&c->kicked))
        list_push_back(&s->kicked, &c->kicked);
    if (s->kick.loop == NULL)
        loop_timer_set(s->loop, &s->kick, 0, 0);
}

const char *http_server_date(struct http_server *s)
{
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    if (now_unix_s != s->date_unix_s) {
        time_format_http(now_unix_s, s->date);
        s->date_unix_s = now_unix_s;
    }
    return s->date;
}

/* Runs what was kicked; what is kicked meanwhile waits for the next turn. */
static void on_kick(struct loop_timer *timer)
{
    struct http_server *s = (struct http_server *)timer->user;
    struct list batch;
    list_push_back(&s->kicked, &batch);
    list_remove(&s->kicked);
    while (!list_is_empty(&batch))
        http_conn_run(LIST_FIRST(&batch, struct http_conn, kicked));
    if (s->is_draining && list_is_empty(&s->conns) && s->on_drained != NULL) {
        void (*on_drained)(void *user) = s->on_drained;
        s->on_drained = NULL;
        on_drained(s->drained_user); /* may free the server */
    }
}

struct http_server *http_server_new(struct loop *loop, const struct http_server_options *options)
{
    CHECK(options->handler->on_request != NULL && options->handler->on_closed != NULL);
    struct http_server *s = NEW(struct http_server);
    s->loop = loop;
    s->options = *options;
    list_init(&s->listeners);
    list_init(&s->conns);
    list_init(&s->kicked);
    map_init(&s->origins);
    s->kick.on_time = on_kick;
    s->kick.user = s;
    return s;
}

static struct http_origin *find_origin(const struct http_server *s, const struct net_address *peer)
{
    uint8_t client[NET_ADDRESS_CLIENT_BYTES];
    return map_get(&s->origins, slice_of(client, net_address_client(peer, client)));
}

void http_server_count(struct http_server *s, const struct net_address *peer)
{
    uint8_t client[NET_ADDRESS_CLIENT_BYTES];
    struct http_origin *origin = find_origin(s, peer);
    if (origin == NULL) {
        origin = NEW(struct http_origin);
        (void)map_put(&s->origins, slice_of(client, net_address_client(peer, client)), origin);
    }
    origin->conn_count++;
    s->conn_count++;
}

void http_server_uncount(struct http_server *s, const struct net_address *peer)
{
    uint8_t client[NET_ADDRESS_CLIENT_BYTES];
    struct http_origin *origin = find_origin(s, peer);
    CHECK(origin != NULL && origin->conn_count > 0);
    s->conn_count--;
    if (--origin->conn_count == 0)
        free(map_remove(&s->origins, slice_of(client, net_address_client(peer, client))));
}

/* Whether a connection more is past a limit; counts it as turned away then. */
static bool server_is_full(const struct http_server *s, const struct net_address *peer)
{
    const struct http_limits *limits = &s->options.limits;
    const struct http_origin *origin = find_origin(s, peer);
    bool is_full = s->conn_count >= limits->connection_count;
    bool has_many = origin != NULL && origin->conn_count >= limits->connections_per_client;
    if (is_full)
        metrics_add(METRIC_HTTP_SHED, 1);
    else if (has_many)
        metrics_add(METRIC_HTTP_SHED_CLIENT, 1);
    return is_full || has_many;
}

/* Takes an accepted descriptor, as a connection, as one to be told 503, or not at all. */
static void server_take(struct http_server *s, int fd, const struct net_address *peer)
{
    bool is_full = server_is_full(s, peer);
    metrics_add(METRIC_HTTP_CONNECTIONS, 1);
    if (is_full && s->shed_count >= HTTP_SHED_CONNECTIONS) {
        metrics_add(METRIC_HTTP_CONNECTIONS_CLOSED, 1);
        (void)close(fd);
        return;
    }
    http_conn_start(s, fd, peer, is_full);
}

static void on_acceptable(struct loop_io *io, unsigned events)
{
    (void)events;
    struct http_listener *l = (struct http_listener *)io->user;
    for (int i = 0; i < HTTP_ACCEPTS_PER_TURN; i++) {
        int fd;
        struct net_address peer;
        enum err e = net_accept(l->fd, &fd, &peer, NULL);
        if (e != ERR_OK) {
            /* Descriptors or memory ran out: others must close first, and a readable listener
             * would keep the loop busy meanwhile. */
            metrics_add(METRIC_HTTP_ACCEPT_FAILURES, 1);
            loop_io_stop(&l->io);
            loop_timer_set(l->server->loop, &l->pause, HTTP_ACCEPT_PAUSE_MS * NS_PER_MS, 0);
            return;
        }
        if (fd < 0)
            return;
        server_take(l->server, fd, &peer);
    }
}

static void on_pause_over(struct loop_timer *timer)
{
    struct http_listener *l = (struct http_listener *)timer->user;
    loop_io_set(l->server->loop, &l->io, l->fd, LOOP_READ);
}

void http_server_listen(struct http_server *s, int listen_fd)
{
    CHECK(!s->is_draining);
    struct http_listener *l = NEW(struct http_listener);
    l->server = s;
    l->fd = listen_fd;
    l->io.on_ready = on_acceptable;
    l->io.user = l;
    l->pause.on_time = on_pause_over;
    l->pause.user = l;
    list_push_back(&s->listeners, &l->node);
    loop_io_set(s->loop, &l->io, listen_fd, LOOP_READ);
}

static void server_stop_listening(struct http_server *s)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->listeners) {
        struct http_listener *l = LIST_ENTRY(node, struct http_listener, node);
        loop_io_stop(&l->io);
        loop_timer_stop(&l->pause);
        list_remove(&l->node);
        free(l);
    }
}

void http_server_drain(struct http_server *s, void (*on_drained)(void *user), void *user)
{
    server_stop_listening(s);
    s->is_draining = true;
    s->on_drained = on_drained;
    s->drained_user = user;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->conns)
        http_conn_drain(LIST_ENTRY(node, struct http_conn, node));
    if (s->kick.loop == NULL)
        loop_timer_set(s->loop, &s->kick, 0, 0);
}

void http_server_free(struct http_server *s)
{
    if (s == NULL)
        return;
    server_stop_listening(s);
    s->on_drained = NULL;
    while (!list_is_empty(&s->conns))
        http_conn_free(LIST_FIRST(&s->conns, struct http_conn, node), HTTP_CLOSE_DRAIN);
    loop_timer_stop(&s->kick);
    CHECK(s->conn_count == 0 && s->origins.count == 0);
    map_fini(&s->origins);
    free(s);
}
