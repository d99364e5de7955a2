// SPDX-License-Identifier: Apache-2.0
#include "edge_run.h"

#include "base/check.h"
#include "base/time.h"
#include "http/parse.h"
#include "http/server.h"
#include "net/socket.h"
#include "os/rcu.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

uint8_t run_byte(uint64_t i)
{
    return (uint8_t)(i ^ i >> 8 ^ i >> 13 ^ i >> 21);
}

static void nap(void)
{
    struct timespec ms = {.tv_nsec = NS_PER_MS};
    (void)nanosleep(&ms, NULL);
}

/* ---- the origin */

/* One request under way. */
struct scripted {
    struct list node;
    struct origin *origin;
    struct origin_script *script;
    struct http_exchange *x;
    bool was_released;
    bool is_request_over;
    bool has_head;
    bool is_blocked;
    uint64_t at; /* next byte of the body */
    uint64_t end;
};

static struct origin_script *script_of(const struct origin *o, struct slice path)
{
    for (struct origin_script *s = o->scripts; s->path != NULL; s++) {
        if (slice_equal(slice_str(s->path), path))
            return s;
    }
    return NULL;
}

static void add_fields(struct arena *a, struct http_fields *out, const char *lines)
{
    struct slice rest = slice_str(lines);
    struct slice line;
    while (slice_split(&rest, '\n', &line)) {
        size_t colon = slice_find(line, ':');
        if (line.len > 0)
            http_fields_add(a, out, slice_sub(line, 0, colon),
                            slice_trim(slice_sub(line, colon + 1, line.len)));
    }
}

/* The range asked for, where the script knows ranges. */
static bool take_range(struct scripted *e, const struct http_request *request,
                       struct http_response *head)
{
    const struct slice *range = http_fields_get(&request->fields, "range");
    if (!e->script->knows_ranges || range == NULL)
        return false;
    uint64_t last;
    char *text = arena_str(http_exchange_arena(e->x), *range);
    if (sscanf(text, "bytes=%" SCNu64 "-%" SCNu64, &e->at, &last) != 2)
        return false;
    e->end = last + 1;
    head->status = 206;
    http_fields_add_str(http_exchange_arena(e->x), &head->fields, "Content-Range",
                        arena_printf(http_exchange_arena(e->x),
                                     "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, e->at, last,
                                     e->script->body_bytes));
    return true;
}

static void respond(struct scripted *e)
{
    const struct http_request *request = http_exchange_request(e->x);
    struct origin_script *s = e->script;
    struct http_response head = {.status = s->status == 0 ? 200 : (uint16_t)s->status};
    if (s->fields != NULL)
        add_fields(http_exchange_arena(e->x), &head.fields, s->fields);
    e->end = s->body_bytes;
    (void)take_range(e, request, &head);
    bool is_unchanged =
        s->revalidates && http_fields_get(&request->fields, "if-none-match") != NULL;
    if (is_unchanged) {
        head.status = 304;
        e->end = 0;
    }
    head.body_kind = s->is_chunked && !is_unchanged ? HTTP_BODY_CHUNKED : HTTP_BODY_LENGTH;
    head.body_length = e->end - e->at;
    if (is_unchanged)
        head.body_kind = HTTP_BODY_NONE;
    if (slice_equal(request->method, SLICE_LIT("HEAD")))
        e->at = e->end;
    e->has_head = true;
    http_respond(e->x, &head);
}

/* Goes on as far as the script and the edge let it. */
static void go_on(struct scripted *e)
{
    const struct origin_script *s = e->script;
    bool may_answer = (e->is_request_over || s->is_early) && (!s->waits || e->was_released);
    if (!e->has_head && may_answer)
        respond(e);
    if (!e->has_head)
        return;
    while (!e->is_blocked && e->at < e->end) {
        uint8_t piece[16 * 1024];
        uint64_t limit = e->end;
        if (s->stop_at != 0 && !e->was_released && s->stop_at < limit)
            limit = s->stop_at;
        if (s->cut_at != 0 && s->cut_at < limit)
            limit = s->cut_at;
        size_t len = min_size(sizeof(piece), (size_t)(limit - e->at));
        if (len == 0)
            break;
        for (size_t i = 0; i < len; i++)
            piece[i] = run_byte(e->at + i);
        e->at += len;
        atomic_fetch_add(&e->script->sent, len);
        e->is_blocked = !http_send_body(e->x, slice_of(piece, len));
    }
    if (s->cut_at != 0 && e->at == s->cut_at)
        http_abort(e->x);
    else if (e->at == e->end)
        http_end(e->x);
}

static void note_last(struct origin *o, const struct http_request *request)
{
    pthread_mutex_lock(&o->lock);
    buf_clear(&o->last);
    buf_printf(&o->last, "%.*s %.*s\n", SLICE_FMT(request->method), SLICE_FMT(request->target));
    for (size_t i = 0; i < request->fields.count; i++)
        buf_printf(&o->last, "%.*s: %.*s\n", SLICE_FMT(request->fields.items[i].name),
                   SLICE_FMT(request->fields.items[i].value));
    pthread_mutex_unlock(&o->lock);
}

static void origin_on_request(struct http_exchange *x, void *user)
{
    struct origin *o = user;
    const struct http_request *request = http_exchange_request(x);
    struct scripted *e = ARENA_NEW(http_exchange_arena(x), struct scripted);
    e->origin = o;
    e->x = x;
    e->script = script_of(o, request->path);
    http_exchange_set_user(x, e);
    list_push_back(&o->exchanges, &e->node);
    note_last(o, request);
    CHECK_MSG(e->script != NULL, "no script for %.*s", SLICE_FMT(request->path));
    atomic_fetch_add(&e->script->requests, 1);
    if (e->script->takes_no_body)
        http_pause_body(x, true);
    go_on(e);
}

static void origin_on_body(struct http_exchange *x, struct slice data)
{
    struct scripted *e = http_exchange_user(x);
    atomic_fetch_add(&e->script->received, data.len);
}

static void origin_on_request_end(struct http_exchange *x)
{
    struct scripted *e = http_exchange_user(x);
    e->is_request_over = true;
    go_on(e);
}

static void origin_on_writable(struct http_exchange *x)
{
    struct scripted *e = http_exchange_user(x);
    e->is_blocked = false;
    go_on(e);
}

static void origin_on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    (void)reason;
    struct scripted *e = http_exchange_user(x);
    list_remove(&e->node);
}

static const struct http_handler origin_handler = {
    .on_request = origin_on_request,
    .on_body = origin_on_body,
    .on_request_end = origin_on_request_end,
    .on_writable = origin_on_writable,
    .on_closed = origin_on_closed,
};

static void release_all(void *arg)
{
    struct origin *o = arg;
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &o->exchanges) {
        struct scripted *e = LIST_ENTRY(node, struct scripted, node);
        e->was_released = true;
        http_pause_body(e->x, false);
        go_on(e);
    }
    pthread_mutex_lock(&o->lock);
    o->runs++;
    pthread_cond_broadcast(&o->ran);
    pthread_mutex_unlock(&o->lock);
}

void origin_release(struct origin *o)
{
    pthread_mutex_lock(&o->lock);
    unsigned before = o->runs;
    loop_post(o->loop, release_all, o);
    while (o->runs == before)
        pthread_cond_wait(&o->ran, &o->lock);
    pthread_mutex_unlock(&o->lock);
}

const char *origin_last(struct origin *o, struct arena *a)
{
    pthread_mutex_lock(&o->lock);
    const char *text = arena_str(a, buf_slice(&o->last));
    pthread_mutex_unlock(&o->lock);
    return text;
}

static void *origin_main(void *arg)
{
    struct origin *o = arg;
    loop_run(o->loop);
    http_server_free(o->server);
    return NULL;
}

static void origin_stop_loop(void *arg)
{
    loop_stop(arg);
}

static void listen_anywhere(bool reuse_port, struct net_address *address, int *out_fd)
{
    struct errctx ec = {0};
    struct net_listen_options options = {.reuse_port = reuse_port};
    struct net_address wanted = *address;
    if (net_listen_tcp(&wanted, &options, out_fd, address, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
}

static struct net_address loopback(void)
{
    struct net_address address;
    assert_int_equal(net_address_parse(SLICE_LIT("127.0.0.1:0"), &address, NULL), ERR_OK);
    return address;
}

static void origin_start(struct origin *o, struct origin_script *scripts)
{
    struct http_limits limits = HTTP_LIMITS_DEFAULT;
    limits.body_bytes = UINT64_MAX;
    limits.output_bytes = 64 * 1024;
    struct http_server_options options = {.limits = limits, .handler = &origin_handler, .user = o};
    o->scripts = scripts;
    o->loop = loop_new(false);
    o->address = loopback();
    list_init(&o->exchanges);
    pthread_mutex_init(&o->lock, NULL);
    pthread_cond_init(&o->ran, NULL);
    listen_anywhere(false, &o->address, &o->listen_fd);
    o->server = http_server_new(o->loop, &options);
    http_server_listen(o->server, o->listen_fd);
    assert_int_equal(pthread_create(&o->thread, NULL, origin_main, o), 0);
}

static void origin_stop(struct origin *o)
{
    loop_post(o->loop, origin_stop_loop, o->loop);
    assert_int_equal(pthread_join(o->thread, NULL), 0);
    loop_free(o->loop);
    (void)close(o->listen_fd);
    buf_fini(&o->last);
    pthread_cond_destroy(&o->ran);
    pthread_mutex_destroy(&o->lock);
}

/* ---- the edge */

void run_init(struct edge_run *r, struct origin_script *scripts)
{
    *r = (struct edge_run){0};
    origin_start(&r->origin, scripts);
    edge_fixture_init(&r->release);
    r->distribution = edge_fixture_distribution(&r->release, "E1", NULL);
    r->distribution->origin.domain_name = "127.0.0.1";
    r->distribution->origin.http_port = net_address_port(&r->origin.address);
    r->cache.memory_bytes = (size_t)64 << 20;
}

static void all_drained(void *arg)
{
    struct edge_run *r = arg;
    r->is_drained = true;
    loop_stop(r->context.loop);
}

void run_start(struct edge_run *r)
{
    struct errctx ec = {0};
    edge_fixture_put(&r->release, r->distribution);
    assert_int_equal(network_list_new(NULL, 0, &r->forbidden, &ec), ERR_OK);
    r->context.loop = loop_new(false);
    r->context.samples = sample_ring_new();
    r->service = (struct edge_service){
        .context = &r->context,
        .cache = cache_new(&r->cache),
        .rules = &cache_rules_cdn,
        .identity = {.via = "1.1 n1.cdn.weir.test (Weir)", .pop = "TST50-P1"},
        .origins = {.forbidden = r->forbidden},
        .busy_threads = RUN_THREADS,
        .on_drained = all_drained,
        .on_drained_arg = r,
    };
    r->service.world = edge_fixture_world(&r->release, NULL, r->service.cache);
    r->address = loopback();
    for (unsigned i = 0; i < RUN_THREADS; i++) {
        listen_anywhere(true, &r->address, &r->fds[i]);
        struct edge_thread_options options = {.service = &r->service,
                                              .index = i,
                                              .http_fds = &r->fds[i],
                                              .http_count = 1,
                                              .limits = r->limits};
        if (edge_thread_start(&options, &r->threads[i], &ec) != ERR_OK)
            fail_msg("%s", ec.text);
        edge_thread_open(r->threads[i]);
    }
}

void run_stop(struct edge_run *r)
{
    for (unsigned i = 0; i < RUN_THREADS; i++)
        edge_thread_free(r->threads[i]);
    assert_false(edge_world_is_held(r->service.world));
    edge_world_free(r->service.world);
    cache_free(r->service.cache);
    network_list_free(r->forbidden);
    loop_free(r->context.loop);
    for (unsigned i = 0; i < RUN_THREADS; i++)
        (void)close(r->fds[i]);
    edge_fixture_fini(&r->release);
    origin_stop(&r->origin);
}

void run_drain(struct edge_run *r)
{
    for (unsigned i = 0; i < RUN_THREADS; i++)
        edge_thread_drain(r->threads[i]);
    loop_run(r->context.loop);
    assert_true(r->is_drained);
}

struct cache_scope *run_scope(struct edge_run *r)
{
    return edge_world_find(r->service.world, SLICE_LIT("e1.cdn.weir.test"))->scope;
}

uint64_t run_metric(enum metric m)
{
    return metrics_read(METRICS_EDGE, m);
}

void run_wait_metric(enum metric m, uint64_t before, uint64_t count)
{
    for (int ms = 0; run_metric(m) - before < count; ms++) {
        if (ms > RUN_WAIT_MS)
            fail_msg("metric %d is %" PRIu64, (int)m, run_metric(m) - before);
        nap();
    }
}

void run_wait_requests(const struct origin_script *s, unsigned count)
{
    for (int ms = 0; atomic_load(&s->requests) < count; ms++) {
        if (ms > RUN_WAIT_MS)
            fail_msg("%s: %u requests", s->path, atomic_load(&s->requests));
        nap();
    }
}

void run_wait_received(const _Atomic uint64_t *bytes, uint64_t count)
{
    for (int ms = 0; atomic_load(bytes) < count; ms++) {
        if (ms > RUN_WAIT_MS)
            fail_msg("%" PRIu64 " bytes", atomic_load(bytes));
        nap();
    }
}

/* ---- viewers */

struct viewer viewer_open(const struct edge_run *r)
{
    struct viewer v = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    assert_true(v.fd >= 0);
    assert_int_equal(connect(v.fd, &r->address.sa, r->address.len), 0);
    return v;
}

void viewer_close(struct viewer *v)
{
    (void)close(v->fd);
    buf_fini(&v->in);
}

void viewer_send(struct viewer *v, struct slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = send(v->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        assert_true(n > 0);
        bytes = slice_sub(bytes, (size_t)n, bytes.len);
    }
}

void viewer_ask(struct viewer *v, const char *method_and_target, const char *fields)
{
    AUTO_BUF struct buf head = {0};
    buf_printf(&head, "%s HTTP/1.1\r\nHost: e1.cdn.weir.test\r\n%s\r\n", method_and_target,
               fields == NULL ? "" : fields);
    v->is_head = slice_starts_with(buf_slice(&head), SLICE_LIT("HEAD "));
    viewer_send(v, buf_slice(&head));
}

/* Reads more; false at the end of the connection. */
static bool viewer_fill(struct viewer *v)
{
    struct pollfd p = {.fd = v->fd, .events = POLLIN};
    if (poll(&p, 1, RUN_WAIT_MS) != 1)
        fail_msg("an answer does not come");
    ssize_t n = recv(v->fd, buf_reserve(&v->in, 65536), 65536, 0);
    if (n <= 0)
        return false;
    buf_extend(&v->in, (size_t)n);
    return true;
}

static void take_body(struct got *got, struct buf *kept, struct slice data, uint64_t from)
{
    for (size_t i = 0; i < data.len; i++)
        got->is_right &= data.data[i] == run_byte(from + got->body_bytes + i);
    got->body_bytes += data.len;
    size_t room = 65536 - min_size(65536, buf_len(kept));
    buf_append(kept, slice_sub(data, 0, room));
}

/* True: it ended as announced. */
static bool read_body(struct viewer *v, const struct http_response *head, struct got *got,
                      struct buf *kept, uint64_t from)
{
    struct http_body body;
    http_body_init(&body, head->body_kind, head->body_length, UINT64_MAX);
    for (;;) {
        struct slice data = {0};
        size_t used;
        enum http_body_step step = http_body_next(&body, buf_slice(&v->in), &used, &data);
        if (step == HTTP_BODY_DATA)
            take_body(got, kept, data, from);
        buf_consume(&v->in, used);
        if (step == HTTP_BODY_END)
            return true;
        if (step == HTTP_BODY_BAD || step == HTTP_BODY_LIMIT)
            return false;
        if (step == HTTP_BODY_MORE && !viewer_fill(v))
            return false;
    }
}

struct got viewer_read(struct viewer *v, struct arena *a, uint64_t from)
{
    static const struct http_limits limits = HTTP_LIMITS_INIT;
    struct got got = {.is_right = true};
    struct http_response head;
    struct http_parse_result result;
    do {
        enum http_parse found = HTTP_PARSE_MORE;
        while (found != HTTP_PARSE_DONE) {
            struct slice bytes = arena_copy(a, buf_slice(&v->in));
            found = http_parse_response(a, bytes, v->is_head, &limits, &head, &result);
            assert_int_not_equal(found, HTTP_PARSE_BAD);
            if (found == HTTP_PARSE_MORE && !viewer_fill(v))
                return got;
        }
        buf_consume(&v->in, result.head_bytes);
    } while (head.status < 200);
    got.status = head.status;
    got.fields = head.fields;
    AUTO_BUF struct buf kept = {0};
    got.is_whole = read_body(v, &head, &got, &kept, from);
    got.body = arena_copy(a, buf_slice(&kept));
    return got;
}

struct got run_ask(struct edge_run *r, struct arena *a, const char *method_and_target,
                   const char *fields)
{
    struct viewer v = viewer_open(r);
    viewer_ask(&v, method_and_target, fields);
    struct got got = viewer_read(&v, a, 0);
    viewer_close(&v);
    return got;
}

struct got run_get(struct edge_run *r, struct arena *a, const char *target)
{
    return run_ask(r, a, arena_printf(a, "GET %s", target), NULL);
}

void assert_got_field(const struct got *got, const char *name, const char *value)
{
    const struct slice *found = http_fields_get(&got->fields, name);
    if (value == NULL && found == NULL)
        return;
    if (found == NULL || value == NULL || !slice_equal(*found, slice_str(value)))
        fail_msg("%s: '%.*s', want '%s'", name, found == NULL ? 0 : (int)found->len,
                 found == NULL ? "" : (const char *)found->data, value);
}

void assert_got(const struct got *got, unsigned status, const char *x_cache, uint64_t body_bytes)
{
    if (got->status != status)
        fail_msg("status %u, want %u: %.*s", got->status, status, SLICE_FMT(got->body));
    assert_got_field(got, "x-cache", x_cache);
    assert_true(got->is_whole);
    assert_int_equal(got->body_bytes, body_bytes);
    assert_true(got->is_right);
}
