// SPDX-License-Identifier: Apache-2.0
// A serving thread: its loop with listeners, connections to origins and the thread's part of the
// cache. Everything but start, open, drain and free runs on it.
//
// The thread is an RCU reader, online but for the waits of its loop. Once it drains it tells the
// service when its last viewer has gone, and runs on: a body that it fills may still have readers
// on other threads.
#include "base/alloc.h"
#include "base/check.h"
#include "edge/limits.h"
#include "edge/pipeline_priv.h"
#include "metrics/counters.h"
#include "os/process.h"
#include "os/rcu.h"

#include <stdlib.h>

enum { SERVER_PLAIN, SERVER_TLS };

static void on_beat(struct loop_timer *timer)
{
    struct edge_thread *t = timer->user;
    role_heartbeat(t->service->context, t->options.index);
    if (t->options.index == 0)
        cache_note_metrics(t->service->cache);
}

static int64_t or_default(int64_t value, int64_t usual)
{
    return value == 0 ? usual : value;
}

static struct http_limits limits_of(const struct edge_thread_limits *l)
{
    struct http_limits limits = HTTP_LIMITS_DEFAULT;
    limits.target_bytes = EDGE_TARGET_MAX_BYTES;
    limits.head_bytes = EDGE_HEAD_MAX_BYTES;
    limits.long_status = 413;
    limits.body_bytes = EDGE_BODY_MAX_BYTES;
    limits.body_total_timeout_ns = EDGE_BODY_TOTAL_NS;
    limits.output_bytes = EDGE_OUTPUT_BYTES;
    limits.connection_count = l->connections == 0 ? EDGE_CONNECTIONS_MAX : l->connections;
    limits.connections_per_client = l->connections_per_client == 0 ? EDGE_CONNECTIONS_PER_CLIENT_MAX
                                                                   : l->connections_per_client;
    limits.write_timeout_ns = or_default(l->viewer_write_timeout_ns, limits.write_timeout_ns);
    limits.idle_timeout_ns = or_default(l->viewer_idle_timeout_ns, limits.idle_timeout_ns);
    return limits;
}

static void make_server(struct edge_thread *t, unsigned which, const struct net_tls *tls)
{
    struct http_server_options options = {.limits = limits_of(&t->options.limits),
                                          .tls = tls,
                                          .handler = &edge_request_handler,
                                          .user = t};
    t->servers[which] = http_server_new(t->loop, &options);
}

static int *copy_fds(const int *fds, size_t count)
{
    int *out = mem_new(count + 1, sizeof(int));
    if (count > 0)
        memcpy(out, fds, count * sizeof(int));
    return out;
}

static void thread_end(struct edge_thread *t)
{
    for (size_t i = 0; i < ARRAY_LEN(t->servers); i++)
        http_server_free(t->servers[i]);
    while (!list_is_empty(&t->trips))
        edge_trip_abort(LIST_FIRST(&t->trips, struct edge_trip, node));
    loop_timer_stop(&t->beat);
    origin_client_free(t->origins);
    cache_thread_free(t->cache);
}

static void *thread_main(void *arg)
{
    struct edge_thread *t = arg;
    crash_report_thread_start();
    metrics_bind_thread(METRICS_EDGE, t->options.index + 1); /* the main thread has slot 0 */
    rcu_thread_register();
    t->cache = cache_thread_new(t->service->cache, t->loop);
    loop_timer_set(t->loop, &t->beat, 0, EDGE_BEAT_NS);
    loop_run(t->loop);
    thread_end(t);
    rcu_thread_unregister();
    return NULL;
}

static void thread_free(struct edge_thread *t)
{
    loop_free(t->loop);
    free(t->http_fds);
    free(t->https_fds);
    free(t);
}

enum err edge_thread_start(const struct edge_thread_options *options, struct edge_thread **out,
                           struct errctx *ec)
{
    struct edge_thread *t = NEW(struct edge_thread);
    t->options = *options;
    t->service = options->service;
    t->http_fds = copy_fds(options->http_fds, options->http_count);
    t->https_fds = copy_fds(options->https_fds, options->https_count);
    t->loop = loop_new(false);
    loop_set_wait_hooks(t->loop, rcu_offline, rcu_online);
    list_init(&t->trips);
    t->beat.on_time = on_beat;
    t->beat.user = t;
    enum err e = origin_client_new(t->loop, &options->service->origins, &t->origins, ec);
    if (e != ERR_OK) {
        thread_free(t);
        return e;
    }
    make_server(t, SERVER_PLAIN, NULL);
    if (options->tls != NULL)
        make_server(t, SERVER_TLS, options->tls);
    int failed = pthread_create(&t->thread, NULL, thread_main, t);
    CHECK_MSG(failed == 0, "no thread for the edge");
    *out = t;
    return ERR_OK;
}

static void listen_all(void *arg)
{
    struct edge_thread *t = arg;
    if (t->is_draining)
        return;
    for (size_t i = 0; i < t->options.http_count; i++)
        http_server_listen(t->servers[SERVER_PLAIN], t->http_fds[i]);
    for (size_t i = 0; i < t->options.https_count; i++)
        http_server_listen(t->servers[SERVER_TLS], t->https_fds[i]);
}

void edge_thread_open(struct edge_thread *t)
{
    loop_post(t->loop, listen_all, t);
}

static void on_server_drained(void *user)
{
    struct edge_thread *t = user;
    if (--t->draining_servers == 0)
        edge_service_thread_done(t->service);
}

static void drain_all(void *arg)
{
    struct edge_thread *t = arg;
    t->is_draining = true;
    for (size_t i = 0; i < ARRAY_LEN(t->servers); i++)
        t->draining_servers += t->servers[i] != NULL;
    for (size_t i = 0; i < ARRAY_LEN(t->servers); i++) {
        if (t->servers[i] != NULL)
            http_server_drain(t->servers[i], on_server_drained, t);
    }
}

void edge_thread_drain(struct edge_thread *t)
{
    loop_post(t->loop, drain_all, t);
}

static void stop(void *arg)
{
    loop_stop(((struct edge_thread *)arg)->loop);
}

void edge_thread_free(struct edge_thread *t)
{
    if (t == NULL)
        return;
    loop_post(t->loop, stop, t);
    int failed = pthread_join(t->thread, NULL);
    CHECK(failed == 0);
    thread_free(t);
}
