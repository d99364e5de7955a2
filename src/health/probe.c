// SPDX-License-Identifier: Apache-2.0
// One probe from its start to its end. Called by prober.c and by the loop, on its thread.
//
//   start --(by name)--> RESOLVING --address--> CONNECTING --(TCP)----------------> passed
//     |                                             ^   |
//     +-----------------(by address)----------------+   +--> [TLS] --> ASKED --head--> BODY
//
// 1. A probe is in one queue of prober.waiting from CONNECTING on: its time limit runs. While
//    RESOLVING the resolver's runs.
// 2. Each state ends the probe when its limit is over; but first the connection is looked at once
//    more, because the process may have stood still while the answer lay there.
// 3. What lacks here (descriptors, ports, memory of the kernel) ends a probe without a result.
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "health/limits.h"
#include "health/probe_http.h"
#include "health/prober_priv.h"
#include "metrics/counters.h"
#include "net/socket.h"
#include "net/stream.h"
#include "os/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

enum probe_state { RESOLVING, CONNECTING, HANDSHAKING, ASKED, READING };

/** Owner: itself, from probe_start to probe_end or probe_free. */
struct probe {
    struct target *target;
    struct list node; /* in target.probes */
    struct list wait; /* in prober.waiting, or alone */
    enum probe_state state;
    int64_t deadline_ns; /* monotonic */
    int64_t began_ns;    /* the connection; monotonic */
    struct resolver_query query;
    int fd; /* while CONNECTING, then the stream's; -1: none */
    struct net_stream *stream;
    struct loop_io io;
    struct buf request; /* what of it was not sent */
    struct probe_http answer;
    struct probe_result result;
};

static void probe_free(struct probe *p)
{
    struct prober *prober = p->target->prober;
    list_remove(&p->node);
    list_remove(&p->wait);
    resolver_cancel(&p->query);
    loop_io_stop(&p->io);
    if (p->stream != NULL && net_stream_is_tls(p->stream))
        net_stream_shutdown(p->stream);
    net_stream_free(p->stream);
    if (p->stream == NULL && p->fd >= 0)
        (void)close(p->fd);
    buf_fini(&p->request);
    probe_http_fini(&p->answer);
    p->target->probe_count--;
    prober->probe_count--;
    free(p);
}

/* The probe is gone afterwards. */
static void probe_end(struct probe *p, enum probe_outcome outcome, unsigned detail)
{
    struct target *t = p->target;
    p->result.outcome = outcome;
    p->result.detail = (uint16_t)detail;
    struct probe_result result = p->result;
    probe_free(p);
    prober_note(t, &result);
}

/* Milliseconds since the connection began, at least 1, so that 0 means never. */
static uint16_t elapsed_ms(const struct probe *p)
{
    int64_t ms = (time_monotonic_ns() - p->began_ns + NS_PER_MS - 1) / NS_PER_MS;
    return (uint16_t)(ms < 1 ? 1 : ms > UINT16_MAX ? UINT16_MAX : ms);
}

/* From now on its time limit is that of the queue. */
static void wait_in(struct probe *p, enum probe_wait queue, int64_t limit_ns)
{
    list_remove(&p->wait);
    list_push_back(&p->target->prober->waiting[queue], &p->wait);
    p->deadline_ns = time_monotonic_ns() + limit_ns;
}

static void watch(struct probe *p, unsigned events)
{
    loop_io_set(p->target->prober->loop, &p->io, p->fd, events);
}

/* ---- reading and writing; each answers whether the probe goes on, else it is gone */

static bool take(struct probe *p, struct slice bytes)
{
    if (p->result.first_byte_ms == 0)
        p->result.first_byte_ms = elapsed_ms(p);
    const struct slice search = slice_str(p->target->check->search);
    enum probe_outcome outcome = probe_http_take(&p->answer, search, bytes);
    if (outcome != PROBE_NONE) {
        bool is_by_status = outcome == PROBE_PASSED || outcome == PROBE_BAD_STATUS;
        probe_end(p, outcome, is_by_status ? p->answer.status : 0);
        return false;
    }
    if (p->state == ASKED && p->answer.status != 0) {
        p->state = READING;
        wait_in(p, PROBE_WAIT_BODY, p->target->prober->limits.body_ns);
    }
    return true;
}

static bool read_answer(struct probe *p)
{
    uint8_t *input = p->target->prober->input;
    for (int n = 0; n < PROBE_READS_PER_TURN || net_stream_has_pending(p->stream); n++) {
        size_t count = 0;
        switch (net_stream_read(p->stream, input, PROBE_READ_BYTES, &count)) {
        case NET_IO_OK:
            if (!take(p, slice_of(input, count)))
                return false;
            break;
        case NET_IO_AGAIN:
            watch(p, net_stream_wants(p->stream));
            return true;
        case NET_IO_CLOSED:
            probe_end(p, probe_http_close(&p->answer), 0);
            return false;
        case NET_IO_FAILED:
            probe_end(p, PROBE_CLOSED, 0);
            return false;
        }
    }
    watch(p, LOOP_READ);
    return true;
}

static bool send_request(struct probe *p)
{
    while (buf_len(&p->request) > 0) { /* each turn sends some of it, or returns */
        size_t count = 0;
        enum net_io io = net_stream_write(p->stream, buf_slice(&p->request), &count);
        if (io == NET_IO_AGAIN) {
            watch(p, net_stream_wants(p->stream));
            return true;
        }
        if (io != NET_IO_OK) {
            probe_end(p, PROBE_CLOSED, 0);
            return false;
        }
        buf_consume(&p->request, count);
    }
    return read_answer(p);
}

static bool shake_hands(struct probe *p)
{
    switch (net_stream_handshake(p->stream)) {
    case NET_IO_AGAIN:
        watch(p, net_stream_wants(p->stream));
        return true;
    case NET_IO_CLOSED:
    case NET_IO_FAILED:
        probe_end(p, PROBE_TLS_FAILED, 0);
        return false;
    case NET_IO_OK:
        break;
    }
    if (net_stream_is_tls(p->stream))
        p->result.tls_ms = elapsed_ms(p);
    p->state = ASKED;
    wait_in(p, PROBE_WAIT_HEAD, p->target->prober->limits.head_ns);
    probe_http_request(&p->request, p->target->check);
    return send_request(p);
}

/* The name that goes into the handshake and, where certificates are verified, must be in them: the
 * check's, or the address that is asked. */
static const char *server_name(const struct probe *p, char out[INET6_ADDRSTRLEN])
{
    const struct release_health_check *check = p->target->check;
    if (check->host[0] != '\0' || !p->target->prober->is_strict)
        return check->host[0] == '\0' ? NULL : check->host;
    int family = check->address_bytes == 4 ? AF_INET : AF_INET6;
    return inet_ntop(family, check->address, out, INET6_ADDRSTRLEN);
}

/* Whether a failed call means that this machine lacks something. */
static bool is_own_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM ||
           error == EADDRNOTAVAIL;
}

static void connect_failed(struct probe *p, int error)
{
    if (is_own_lack(error))
        probe_end(p, PROBE_OWN_FAILURE, (unsigned)error);
    else if (error == ETIMEDOUT)
        probe_end(p, PROBE_CONNECT_TIMEOUT, 0);
    else
        probe_end(p, PROBE_CONNECT_FAILED, (unsigned)error);
}

static bool connected(struct probe *p)
{
    struct errctx ec = {0};
    const struct release_health_check *check = p->target->check;
    char text[INET6_ADDRSTRLEN];
    if (net_connect_result(p->fd, &ec) != ERR_OK) {
        connect_failed(p, ec.sys_errno);
        return false;
    }
    p->result.connect_ms = elapsed_ms(p);
    if (check->kind == RELEASE_CHECK_TCP) {
        probe_end(p, PROBE_PASSED, 0);
        return false;
    }
    bool is_tls = check->kind == RELEASE_CHECK_HTTPS;
    const struct net_tls *tls = is_tls ? p->target->prober->tls[check->is_sni] : NULL;
    p->stream = net_stream_new(p->fd, tls, false, is_tls ? server_name(p, text) : NULL);
    p->state = HANDSHAKING;
    return shake_hands(p);
}

/* Goes on as far as the connection lets it. */
static bool go_on(struct probe *p)
{
    switch (p->state) {
    case RESOLVING:
        break;
    case CONNECTING:
        return connected(p);
    case HANDSHAKING:
        return shake_hands(p);
    case ASKED:
        return send_request(p);
    case READING:
        return read_answer(p);
    }
    return true;
}

static void on_ready(struct loop_io *io, unsigned events)
{
    struct probe *p = io->user;
    (void)events;
    if (io->loop == NULL)
        probe_end(p, PROBE_OWN_FAILURE, 0);
    else
        (void)go_on(p);
}

/* ---- start */

/* The source of this family, or NULL. */
static const struct net_address *source_of(const struct prober *prober,
                                           const struct net_address *to)
{
    const struct net_address *source = &prober->sources[to->sa.sa_family == AF_INET6];
    return source->len == 0 ? NULL : source;
}

static void connect_to(struct probe *p, const struct net_address *address)
{
    struct prober *prober = p->target->prober;
    struct errctx ec = {0};
    p->state = CONNECTING;
    p->began_ns = time_monotonic_ns();
    if (net_connect_tcp_from(source_of(prober, address), address, &p->fd, &ec) != ERR_OK) {
        connect_failed(p, ec.sys_errno);
        return;
    }
    if (p->target->check->kind == RELEASE_CHECK_TCP)
        wait_in(p, PROBE_WAIT_TCP, prober->limits.tcp_connect_ns);
    else
        wait_in(p, PROBE_WAIT_CONNECT, prober->limits.connect_ns);
    watch(p, LOOP_WRITE);
}

/* IPv4 comes first in an answer, so that IPv6 is asked where there is nothing else. */
static void on_answer(struct resolver_query *q, const struct resolver_answer *answer)
{
    struct probe *p = q->user;
    if (answer->count == 0) {
        probe_end(p, PROBE_NOT_RESOLVED, 0);
        return;
    }
    struct net_address to = answer->addresses[0];
    net_address_set_port(&to, p->target->check->port);
    connect_to(p, &to);
}

static struct net_address address_of(const struct release_health_check *check)
{
    struct net_address a = {0};
    if (check->address_bytes == 4) {
        a.len = sizeof(a.in);
        a.in.sin_family = AF_INET;
        memcpy(&a.in.sin_addr, check->address, sizeof(a.in.sin_addr));
    } else {
        a.len = sizeof(a.in6);
        a.in6.sin6_family = AF_INET6;
        memcpy(&a.in6.sin6_addr, check->address, sizeof(a.in6.sin6_addr));
    }
    net_address_set_port(&a, check->port);
    return a;
}

void probe_start(struct target *t)
{
    struct prober *prober = t->prober;
    if (t->probe_count >= PROBES_OF_CHECK_MAX || prober->probe_count >= PROBES_MAX) {
        metrics_add(METRIC_PROBES_LATE, 1);
        return;
    }
    struct probe *p = NEW(struct probe);
    p->target = t;
    p->fd = -1;
    p->io = (struct loop_io){.on_ready = on_ready, .user = p};
    p->query = (struct resolver_query){.on_answer = on_answer, .user = p};
    list_init(&p->wait);
    list_push_back(&t->probes, &p->node);
    t->probe_count++;
    prober->probe_count++;
    if (t->check->address_bytes == 0) {
        (void)resolver_ask(prober->resolver, &p->query, t->check->host);
        return;
    }
    const struct net_address to = address_of(t->check);
    connect_to(p, &to);
}

void probe_drop_all(struct target *t)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &t->probes)
        probe_free(LIST_ENTRY(node, struct probe, node));
}

/* ---- time limits */

static void time_over(struct probe *p)
{
    switch (p->state) {
    case RESOLVING: /* has none here */
        break;
    case CONNECTING:
        probe_end(p, PROBE_CONNECT_TIMEOUT, 0);
        break;
    case HANDSHAKING:
        probe_end(p, PROBE_TLS_FAILED, 0);
        break;
    case ASKED:
        probe_end(p, PROBE_RESPONSE_TIMEOUT, 0);
        break;
    case READING:
        probe_end(p, PROBE_BODY_TIMEOUT, 0);
        break;
    }
}

/* Whether the probe went on meanwhile, so that a new time limit runs, or ended. */
static bool moves_on(struct probe *p)
{
    enum probe_state before = p->state;
    struct pollfd ready = {.fd = p->fd, .events = POLLIN | POLLOUT};
    if (before == CONNECTING && poll(&ready, 1, 0) != 1)
        return false;
    if (!go_on(p))
        return true;
    if (before == CONNECTING && p->state == HANDSHAKING)
        wait_in(p, PROBE_WAIT_CONNECT, p->target->prober->limits.connect_ns);
    return p->state != before;
}

void probe_time_out(struct prober *p, int64_t now_ns)
{
    for (size_t i = 0; i < PROBE_WAITS; i++) {
        struct list *node;
        struct list *after;
        LIST_FOR_EACH (node, after, &p->waiting[i]) { /* what goes on stands behind the others */
            struct probe *first = LIST_ENTRY(node, struct probe, wait);
            if (first->deadline_ns > now_ns)
                break;
            if (!moves_on(first))
                time_over(first);
        }
    }
}
