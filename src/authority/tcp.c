// SPDX-License-Identifier: Apache-2.0
// DNS over TCP. Everything here but start, open, drain and free runs on the server's own thread.
//
// A connection reads, answers and writes in turns:
//
//     readable -> read once -> answer each whole query into `out` -> write
//                     ^                |  `out` is full: read no more until it is written
//                     +----------------+
//
// Invariants:
//   1. `in` holds at most one incomplete query and what one read brought.
//   2. `out` holds at most TCP_OUT_MAX_BYTES and one answer.
//   3. The list of connections is sorted by the time of their last progress: the oldest come first.
//   4. A connection with a transfer answers no further query until that has ended.
//   5. The thread is online for RCU only while it answers what one read brought.
#include "authority/tcp.h"

#include "authority/answer_settings.h"
#include "authority/limits.h"
#include "authority/rate_limit.h"
#include "authority/transfer.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "base/random.h"
#include "dns/types.h"
#include "net/socket.h"
#include "os/process.h"
#include "os/rcu.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#define NS_PER_DS (NS_PER_S / 10) /* the unit of RFC 7828 */
#define LENGTH_BYTES 2            /* before each message: RFC 1035 section 4.2.2 */

struct tcp_listener {
    struct loop_io io;
    struct tcp_server *server;
    int fd;
};

struct tcp_connection {
    struct list by_age;
    struct tcp_server *server;
    struct loop_io io;
    int fd;
    struct view view;
    uint16_t source_port;
    uint16_t local_port;
    struct buf in;
    struct buf out;
    int64_t progress_ns;       /* last whole query, or bytes written */
    struct transfer *transfer; /* under way; NULL: none */
    bool is_ending; /* the client sends no more, or the server drains: close once written */
};

struct tcp_server {
    struct tcp_options options;
    pthread_t thread;
    struct loop *loop;
    struct tcp_listener *listeners;
    struct list connections;
    unsigned connection_count;
    struct loop_timer tick;
    struct prng prng;
    struct rate_limit *rate; /* of queries */
    unsigned transfer_count;
    int64_t now_unix_ms; /* of the read whose queries are answered */
    bool is_accepting;
    bool is_draining;
    bool is_done;
    uint8_t answer[DNS_MESSAGE_MAX_BYTES];
};

static void count_connections(const struct tcp_server *s)
{
    metrics_set(METRIC_DNS_TCP_CONNECTIONS, s->connection_count);
}

static void end_transfer(struct tcp_connection *c)
{
    if (c->transfer == NULL)
        return;
    transfer_free(c->transfer, time_monotonic_ns());
    c->transfer = NULL;
    c->server->transfer_count--;
}

static void connection_close(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    end_transfer(c);
    loop_io_stop(&c->io);
    (void)close(c->fd);
    list_remove(&c->by_age);
    buf_fini(&c->in);
    buf_fini(&c->out);
    free(c);
    s->connection_count--;
    count_connections(s);
}

static void note_progress(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    c->progress_ns = loop_now_ns(s->loop);
    list_remove(&c->by_age);
    list_push_back(&s->connections, &c->by_age);
}

/* A drained server's thread has nothing left to do. */
static void end_if_drained(struct tcp_server *s)
{
    if (!s->is_draining || s->connection_count > 0 || s->is_done)
        return;
    s->is_done = true;
    loop_timer_stop(&s->tick);
    loop_stop(s->loop);
    service_thread_done(s->options.service);
}

/* Writes what waits. False: the connection failed. */
static bool write_out(struct tcp_connection *c)
{
    while (buf_len(&c->out) > 0) {
        struct slice rest = buf_slice(&c->out);
        ssize_t n = send(c->fd, rest.data, rest.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        buf_consume(&c->out, (size_t)n);
        note_progress(c);
    }
    buf_fini(&c->out); /* idle connections hold no memory but their own */
    return true;
}

static void tap(const struct tcp_connection *c, struct slice query, size_t answer_bytes)
{
    const struct tcp_server *s = c->server;
    const struct dnstap_query tapped = {.query = query,
                                        .answer = slice_of(s->answer, answer_bytes),
                                        .view = &c->view,
                                        .source_port = c->source_port,
                                        .local_port = c->local_port,
                                        .is_tcp = true,
                                        .now_unix_ms = s->now_unix_ms};
    dnstap_put(s->options.service->dnstap, s->options.index, &tapped);
}

static void append_message(struct tcp_connection *c, size_t len)
{
    const uint8_t length_be[LENGTH_BYTES] = {(uint8_t)(len >> 8), (uint8_t)len};
    buf_append(&c->out, slice_of(length_be, sizeof(length_be)));
    buf_append(&c->out, slice_of(c->server->answer, len));
}

/* Whether two clients are one for the limit: IPv4 address, IPv6 /64. */
static bool is_same_client(const struct view_address *a, const struct view_address *b)
{
    size_t bytes = a->len == 16 ? 8 : a->len;
    return a->len == b->len && memcmp(a->bytes, b->bytes, bytes) == 0;
}

/* Whether the client may begin one more transfer. */
static bool has_transfer_left(const struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    unsigned count = 0;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->connections) {
        struct tcp_connection *other = LIST_ENTRY(node, struct tcp_connection, by_age);
        bool is_his =
            other->transfer != NULL && is_same_client(&other->view.source, &c->view.source);
        count += is_his ? 1 : 0;
    }
    return s->transfer_count < TRANSFERS_MAX && count < TRANSFERS_PER_CLIENT_MAX;
}

/* Begins the transfer that the query asks for; false: it is answered like any other. */
static bool begin_transfer(struct tcp_connection *c, const struct scene *scene,
                           const struct answer_request *request)
{
    if (scene->offered == NULL || !has_transfer_left(c))
        return false;
    c->transfer = transfer_begin(scene, request);
    c->server->transfer_count += c->transfer != NULL ? 1 : 0;
    return c->transfer != NULL;
}

/* Some messages of the transfer into `out`, while that has room: others get their turn, too. */
static void go_on_with_transfer(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    for (unsigned i = 0; i < TRANSFER_MESSAGES_PER_TURN && c->transfer != NULL; i++) {
        if (buf_len(&c->out) >= TCP_OUT_MAX_BYTES)
            return;
        size_t len = transfer_next(c->transfer, s->answer, time_unix_ms() / MS_PER_S);
        if (len > 0)
            append_message(c, len);
        else
            end_transfer(c);
    }
}

/* Answers one query into `out`. False: it is none, and its sender gets no more answers. */
static bool answer_query(struct tcp_connection *c, const struct scene *scene, struct slice query)
{
    struct tcp_server *s = c->server;
    struct answer_summary summary;
    struct answer_request request = {.query = query,
                                     .view = c->view,
                                     .is_tcp = true,
                                     .random = prng_next(&s->prng),
                                     .now_unix_s = s->now_unix_ms / MS_PER_S,
                                     .idle_ds = (uint16_t)(s->options.limits.idle_ns / NS_PER_DS)};
    metrics_add(METRIC_DNS_QUERIES_TCP, 1);
    note_progress(c);
    if (begin_transfer(c, scene, &request))
        return true;
    size_t len = answer(scene, &request, s->answer, sizeof(s->answer), &summary);
    service_count(len, &summary);
    if (s->options.service->dnstap != NULL)
        tap(c, query, len);
    if (len == 0)
        return false;
    append_message(c, len);
    return true;
}

/* Bytes of the query that `in` begins with, as its sender says; 0 where that is not there yet. */
static size_t announced_bytes(struct slice in)
{
    return in.data == NULL || in.len < LENGTH_BYTES ? 0 : (size_t)in.data[0] << 8 | in.data[1];
}

/* The first whole query in `in`; false where there is none yet. */
static bool next_query(const struct tcp_connection *c, struct slice *out)
{
    struct slice in = buf_slice(&c->in);
    size_t len = announced_bytes(in);
    if (in.len < LENGTH_BYTES || in.len - LENGTH_BYTES < len)
        return false;
    *out = slice_of(in.data + LENGTH_BYTES, len);
    return true;
}

/* Whether the client keeps to the rate of queries. False: it has to connect anew. */
static bool may_ask_more(const struct tcp_connection *c, const struct scene *scene)
{
    const struct tcp_server *s = c->server;
    const struct view_address *source = &c->view.source;
    int64_t now_us = loop_now_ns(s->loop) / NS_PER_US;
    if (rate_limit_check(s->rate, rate_limit_key(s->rate, source, 0), now_us) == RATE_PASS ||
        answer_settings_exempt(scene->settings, source))
        return true;
    metrics_add(METRIC_DNS_TCP_CLOSED_QUERIES, 1);
    return false;
}

/* Answers the whole queries in `in` while `out` has room; all from one scene. */
static void answer_all(struct tcp_connection *c)
{
    struct slice query;
    if (c->transfer != NULL || !next_query(c, &query))
        return;
    c->server->now_unix_ms = time_unix_ms();
    rcu_online();
    const struct scene *scene = rcu_read_ptr(&c->server->options.service->scene);
    while (c->transfer == NULL && buf_len(&c->out) < TCP_OUT_MAX_BYTES && next_query(c, &query)) {
        bool is_query = may_ask_more(c, scene) && answer_query(c, scene, query);
        buf_consume(&c->in, is_query ? LENGTH_BYTES + query.len : buf_len(&c->in));
        c->is_ending |= !is_query;
    }
    rcu_offline();
    if (buf_len(&c->in) == 0)
        buf_fini(&c->in);
}

/* One read. False: the connection failed. */
static bool read_in(struct tcp_connection *c)
{
    uint8_t *to = buf_reserve(&c->in, TCP_READ_BYTES);
    ssize_t n = recv(c->fd, to, TCP_READ_BYTES, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    buf_extend(&c->in, (size_t)n);
    c->is_ending |= n == 0;
    return true;
}

/* A query that is too long is not waited for; what came before it was answered. */
static void end_if_too_long(struct tcp_connection *c)
{
    struct slice query;
    bool is_too_long = announced_bytes(buf_slice(&c->in)) > TCP_QUERY_MAX_BYTES;
    if (is_too_long && !next_query(c, &query))
        c->is_ending = true;
}

/* Answers and writes until one of both has to wait; closes what is over. */
static void connection_go_on(struct tcp_connection *c)
{
    struct tcp_server *s = c->server;
    struct slice query;
    bool goes_on = true;
    while (goes_on) { /* each turn answers a query at least; `in` holds a bounded number */
        answer_all(c);
        go_on_with_transfer(c);
        if (!write_out(c)) {
            connection_close(c);
            end_if_drained(s);
            return;
        }
        goes_on =
            c->transfer == NULL && buf_len(&c->out) < TCP_OUT_MAX_BYTES && next_query(c, &query);
    }
    end_if_too_long(c);
    bool has_out = buf_len(&c->out) > 0 || c->transfer != NULL;
    bool is_over = c->is_ending && !has_out;
    bool is_drained = s->is_draining && !has_out && buf_len(&c->in) == 0;
    if (is_over || is_drained) {
        connection_close(c);
        end_if_drained(s);
        return;
    }
    bool may_read = !c->is_ending && c->transfer == NULL && buf_len(&c->out) < TCP_OUT_MAX_BYTES;
    unsigned events = (may_read ? LOOP_READ : 0U) | (has_out ? LOOP_WRITE : 0U);
    loop_io_set(s->loop, &c->io, c->fd, events);
}

static void connection_ready(struct loop_io *io, unsigned events)
{
    struct tcp_connection *c = io->user;
    struct tcp_server *s = c->server;
    bool is_watched = io->loop != NULL;
    bool is_good = is_watched && ((events & LOOP_READ) == 0 || read_in(c));
    if (!is_good) {
        connection_close(c);
        end_if_drained(s);
        return;
    }
    connection_go_on(c);
}

static bool client_has_too_many(struct tcp_server *s, const struct view_address *client)
{
    unsigned count = 0;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &s->connections) {
        struct tcp_connection *c = LIST_ENTRY(node, struct tcp_connection, by_age);
        count += is_same_client(&c->view.source, client) ? 1 : 0;
    }
    return count >= s->options.limits.connections_per_client;
}

static void close_oldest(struct tcp_server *s)
{
    struct tcp_connection *c = LIST_FIRST(&s->connections, struct tcp_connection, by_age);
    if (c == NULL)
        return;
    connection_close(c);
    metrics_add(METRIC_DNS_TCP_CLOSED_LIMIT, 1);
}

static void connection_open(struct tcp_server *s, int fd, const struct net_address *peer)
{
    struct net_address local;
    struct view_address client;
    view_address_of(peer, &client);
    if (client_has_too_many(s, &client) || net_local_address(fd, &local, NULL) != ERR_OK) {
        (void)close(fd);
        metrics_add(METRIC_DNS_TCP_CLOSED_LIMIT, 1);
        return;
    }
    if (s->connection_count >= s->options.limits.connections)
        close_oldest(s);
    struct tcp_connection *c = NEW(struct tcp_connection);
    c->server = s;
    c->fd = fd;
    c->view.source = client;
    view_address_of(&local, &c->view.local);
    c->source_port = net_address_port(peer);
    c->local_port = net_address_port(&local);
    c->io.on_ready = connection_ready;
    c->io.user = c;
    list_init(&c->by_age);
    note_progress(c);
    s->connection_count++;
    count_connections(s);
    metrics_add(METRIC_DNS_TCP_ACCEPTED, 1);
    loop_io_set(s->loop, &c->io, fd, LOOP_READ);
}

static void listener_ready(struct loop_io *io, unsigned events)
{
    (void)events;
    struct tcp_listener *l = io->user;
    for (unsigned i = 0; i < TCP_ACCEPTS_PER_TURN; i++) {
        int fd;
        struct net_address peer;
        enum err e = net_accept(l->fd, &fd, &peer, NULL);
        if (e == ERR_LIMIT)
            close_oldest(l->server); /* descriptors are short: the next turn has one */
        if (e != ERR_OK || fd < 0)
            return;
        connection_open(l->server, fd, &peer);
    }
}

static void listen_all(struct tcp_server *s)
{
    for (size_t i = 0; i < s->options.listen_count; i++) {
        struct tcp_listener *l = &s->listeners[i];
        loop_io_set(s->loop, &l->io, l->fd, s->is_accepting ? LOOP_READ : 0);
    }
}

/* Tells what is served; the gauges are this thread's because the builder has no counters. */
static void publish_gauges(struct tcp_server *s)
{
    rcu_online();
    const struct scene *scene = rcu_read_ptr(&s->options.service->scene);
    if (scene != NULL) {
        metrics_set(METRIC_DNS_ZONES, scene->world->zones->zone_count);
        metrics_set(METRIC_DNS_NAMES, scene->world->name_count);
    }
    rcu_offline();
}

/* This thread is the last in the row; while the role drains, those that ended need a sign, too. */
static void beat(struct tcp_server *s)
{
    for (unsigned i = s->is_draining ? 0 : s->options.index; i <= s->options.index; i++)
        role_heartbeat(s->options.service->context, i);
}

static void tick(struct loop_timer *timer)
{
    struct tcp_server *s = timer->user;
    struct list *node;
    struct list *after;
    int64_t idle_since_ns = loop_now_ns(s->loop) - s->options.limits.idle_ns;
    beat(s);
    publish_gauges(s);
    LIST_FOR_EACH (node, after, &s->connections) {
        struct tcp_connection *c = LIST_ENTRY(node, struct tcp_connection, by_age);
        if (c->progress_ns > idle_since_ns)
            break; /* invariant 3 */
        connection_close(c);
        metrics_add(METRIC_DNS_TCP_CLOSED_IDLE, 1);
    }
    end_if_drained(s);
}

static void *tcp_server_run(void *arg)
{
    struct tcp_server *s = arg;
    crash_report_thread_start();
    metrics_bind_thread(METRICS_DNS, s->options.index + 1);
    metrics_zones_bind_thread(s->options.index);
    rcu_thread_register();
    rcu_offline();
    loop_timer_set(s->loop, &s->tick, 0, TCP_TICK_NS);
    loop_run(s->loop);
    rcu_online();
    rcu_thread_unregister();
    return NULL;
}

static void open_posted(void *arg)
{
    struct tcp_server *s = arg;
    if (s->is_draining)
        return;
    s->is_accepting = true;
    listen_all(s);
}

static void drain_posted(void *arg)
{
    struct tcp_server *s = arg;
    struct list *node;
    struct list *after;
    s->is_draining = true;
    s->is_accepting = false;
    listen_all(s);
    LIST_FOR_EACH (node, after, &s->connections) {
        struct tcp_connection *c = LIST_ENTRY(node, struct tcp_connection, by_age);
        if (buf_len(&c->in) == 0 && buf_len(&c->out) == 0 && c->transfer == NULL)
            connection_close(c);
    }
    end_if_drained(s);
}

static void stop_posted(void *arg)
{
    struct tcp_server *s = arg;
    struct list *node;
    struct list *after;
    s->is_accepting = false;
    listen_all(s);
    loop_timer_stop(&s->tick);
    LIST_FOR_EACH (node, after, &s->connections)
        connection_close(LIST_ENTRY(node, struct tcp_connection, by_age));
    loop_stop(s->loop);
}

static void set_limits(struct tcp_limits *limits)
{
    if (limits->connections == 0)
        limits->connections = TCP_CONNECTIONS_MAX;
    if (limits->connections_per_client == 0)
        limits->connections_per_client = TCP_CONNECTIONS_PER_CLIENT_MAX;
    if (limits->queries_per_client_s == 0)
        limits->queries_per_client_s = TCP_QUERIES_PER_CLIENT_S;
    if (limits->idle_ns == 0)
        limits->idle_ns = TCP_IDLE_NS;
}

static void server_free(struct tcp_server *s)
{
    rate_limit_free(s->rate);
    loop_free(s->loop);
    free(s->listeners);
    free(s);
}

enum err tcp_server_start(const struct tcp_options *options, struct tcp_server **out,
                          struct errctx *ec)
{
    struct tcp_server *s = NEW(struct tcp_server);
    s->options = *options;
    set_limits(&s->options.limits);
    const struct rate_limit_rules rules = {.answers_per_s = s->options.limits.queries_per_client_s,
                                           .threads = 1};
    s->rate = rate_limit_new(&rules);
    s->loop = loop_new(false);
    s->listeners = mem_new(options->listen_count, sizeof(*s->listeners));
    for (size_t i = 0; i < options->listen_count; i++) {
        struct tcp_listener *l = &s->listeners[i];
        l->io.on_ready = listener_ready;
        l->io.user = l;
        l->server = s;
        l->fd = options->listen_fds[i];
    }
    list_init(&s->connections);
    s->tick.on_time = tick;
    s->tick.user = s;
    prng_init(&s->prng);
    errno = pthread_create(&s->thread, NULL, tcp_server_run, s);
    if (errno != 0) {
        enum err e = err_errno(ec, "tcp: thread");
        server_free(s);
        return e;
    }
    *out = s;
    return ERR_OK;
}

void tcp_server_open(struct tcp_server *server)
{
    loop_post(server->loop, open_posted, server);
}

void tcp_server_drain(struct tcp_server *server)
{
    loop_post(server->loop, drain_posted, server);
}

void tcp_server_free(struct tcp_server *server)
{
    loop_post(server->loop, stop_posted, server);
    (void)pthread_join(server->thread, NULL);
    server_free(server);
}
