// SPDX-License-Identifier: Apache-2.0
// The server that tests talk to; see fixture.h. Paths:
//   /hello     answers at once            /echo    sends the request body back, in chunks
//   /count     tells the body's length    /later   answers from a loop_post of another thread
//   /hold      never answers              /early   answers before the body is read
//   /stream    sends query= bytes         /short   promises more than it sends
//   /abort     cuts after a part          /none    204
//   /pause     holds the body back        /evil    a field value with a line break
//   /close     sends no length            /dated   Date, Server, Connection of its own
#include "fixture.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "http/parse.h"
#include "net/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { STREAM_PIECE_BYTES = 10000 };

/** State of one exchange. */
struct work {
    const struct path_rule *rule;
    size_t left_bytes; /* of /stream */
    size_t body_bytes; /* received */
};

/** What a path does at each call; NULL: nothing. */
struct path_rule {
    const char *path;
    void (*on_request)(struct http_exchange *x);
    void (*on_body)(struct http_exchange *x, struct slice data);
    void (*on_end)(struct http_exchange *x);
};

static struct fixture *fixture_of(const struct http_exchange *x)
{
    return (struct fixture *)http_exchange_server_user(x);
}

static struct work *work_of(const struct http_exchange *x)
{
    return (struct work *)http_exchange_user(x);
}

static void say_hello(struct http_exchange *x)
{
    struct http_fields fields = {0};
    char peer[16];
    (void)snprintf(peer, sizeof(peer), "%u", net_address_port(http_exchange_peer(x)));
    http_fields_add_str(http_exchange_arena(x), &fields, "X-Peer-Port",
                        arena_strdup(http_exchange_arena(x), peer));
    http_reply(x, 200, &fields, SLICE_LIT("hello"));
}

static void begin_chunked(struct http_exchange *x)
{
    http_respond(x, &(struct http_response){.status = 200, .body_kind = HTTP_BODY_CHUNKED});
}

static void echo_body(struct http_exchange *x, struct slice data)
{
    (void)http_send_body(x, data);
}

static void count_body(struct http_exchange *x)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%zu", work_of(x)->body_bytes);
    http_reply(x, 200, NULL, slice_str(text));
}

static void post_hello(void *arg)
{
    say_hello((struct http_exchange *)arg);
}

static void *answer_elsewhere(void *arg)
{
    struct http_exchange *x = (struct http_exchange *)arg;
    loop_post(fixture_of(x)->loop, post_hello, x);
    return NULL;
}

static void answer_later(struct http_exchange *x)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, answer_elsewhere, x) == 0);
    CHECK(pthread_detach(thread) == 0);
}

static void hold(struct http_exchange *x)
{
    fixture_of(x)->held = x;
}

static void pause_body(struct http_exchange *x)
{
    hold(x);
    http_pause_body(x, true);
}

static void answer_early(struct http_exchange *x)
{
    http_reply(x, 403, NULL, SLICE_LIT("no"));
}

/** Sends until it is told to wait, or all is sent. */
static void stream_on(struct http_exchange *x)
{
    static const uint8_t piece[STREAM_PIECE_BYTES];
    struct fixture *f = fixture_of(x);
    struct work *w = work_of(x);
    bool has_room = true;
    size_t produced = 0;
    while (has_room && w->left_bytes > 0) {
        size_t size = min_size(w->left_bytes, sizeof(piece));
        has_room = http_send_body(x, slice_of(piece, size));
        w->left_bytes -= size;
        produced += size;
    }
    pthread_mutex_lock(&f->lock);
    f->produced_bytes += produced;
    f->waiting += has_room ? 0 : 1;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (w->left_bytes == 0)
        http_end(x);
}

static void stream_begin(struct http_exchange *x)
{
    uint64_t size = 0;
    CHECK(slice_parse_u64(http_exchange_request(x)->query, SIZE_MAX, &size));
    work_of(x)->left_bytes = (size_t)size;
    begin_chunked(x);
    stream_on(x);
}

static void promise_more(struct http_exchange *x)
{
    http_respond(x, &(struct http_response){
                        .status = 200, .body_kind = HTTP_BODY_LENGTH, .body_length = 10});
    (void)http_send_body(x, SLICE_LIT("short"));
    http_end(x);
}

static void cut_off(struct http_exchange *x)
{
    begin_chunked(x);
    (void)http_send_body(x, SLICE_LIT("part"));
    http_abort(x);
}

static void answer_none(struct http_exchange *x)
{
    http_respond(x, &(struct http_response){.status = 204});
    http_end(x);
}

static void answer_until_close(struct http_exchange *x)
{
    http_respond(x, &(struct http_response){.status = 200, .body_kind = HTTP_BODY_UNTIL_CLOSE});
    (void)http_send_body(x, SLICE_LIT("all of it"));
    http_end(x);
}

static void answer_with_fields(struct http_exchange *x, const char *const *pairs, size_t count)
{
    struct http_fields fields = {0};
    for (size_t i = 0; i + 1 < count; i += 2)
        http_fields_add_str(http_exchange_arena(x), &fields, pairs[i], pairs[i + 1]);
    http_reply(x, 200, &fields, SLICE_LIT("x"));
}

static void answer_evil(struct http_exchange *x)
{
    static const char *const pairs[] = {"X-Name", "a\r\nSet-Cookie: b", "X\r\nY", "c"};
    answer_with_fields(x, pairs, ARRAY_LEN(pairs));
}

static void answer_dated(struct http_exchange *x)
{
    static const char *const pairs[] = {"Date",           "Sat, 31 Jan 2026 12:00:00 GMT",
                                        "Server",         "other",
                                        "Connection",     "close",
                                        "Content-Length", "7"};
    answer_with_fields(x, pairs, ARRAY_LEN(pairs));
}

static const struct path_rule rules[] = {
    {"/hello", NULL, NULL, say_hello},
    {"/echo", begin_chunked, echo_body, http_end},
    {"/count", NULL, NULL, count_body},
    {"/later", NULL, NULL, answer_later},
    {"/hold", hold, NULL, NULL},
    {"/early", answer_early, NULL, NULL},
    {"/stream", stream_begin, NULL, NULL},
    {"/short", NULL, NULL, promise_more},
    {"/abort", NULL, NULL, cut_off},
    {"/none", NULL, NULL, answer_none},
    {"/pause", pause_body, NULL, count_body},
    {"/evil", NULL, NULL, answer_evil},
    {"/close", NULL, NULL, answer_until_close},
    {"/dated", NULL, NULL, answer_dated},
};

static void on_request(struct http_exchange *x, void *server_user)
{
    struct fixture *f = (struct fixture *)server_user;
    struct work *w = NEW(struct work);
    http_exchange_set_user(x, w);
    pthread_mutex_lock(&f->lock);
    f->opened++;
    f->has_peer_key = http_exchange_peer_key(x, f->peer_key);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        if (slice_equal(http_exchange_request(x)->path, slice_str(rules[i].path)))
            w->rule = &rules[i];
    }
    if (w->rule == NULL)
        http_reply(x, 404, NULL, SLICE_LIT("no such path"));
    else if (w->rule->on_request != NULL)
        w->rule->on_request(x);
}

static void on_body(struct http_exchange *x, struct slice data)
{
    struct fixture *f = fixture_of(x);
    struct work *w = work_of(x);
    w->body_bytes += data.len;
    pthread_mutex_lock(&f->lock);
    f->received_bytes += data.len;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (w->rule->on_body != NULL)
        w->rule->on_body(x, data);
}

static void on_request_end(struct http_exchange *x)
{
    struct work *w = work_of(x);
    if (w->rule->on_end != NULL)
        w->rule->on_end(x);
}

static void on_closed(struct http_exchange *x, enum http_close_reason reason)
{
    struct fixture *f = fixture_of(x);
    free(work_of(x));
    http_exchange_set_user(x, NULL);
    http_reply(x, 200, NULL, SLICE_LIT("too late")); /* must do nothing */
    pthread_mutex_lock(&f->lock);
    f->closed[reason]++;
    if (f->held == x)
        f->held = NULL;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static const struct http_handler handler = {.on_request = on_request,
                                            .on_body = on_body,
                                            .on_request_end = on_request_end,
                                            .on_writable = stream_on,
                                            .on_closed = on_closed};

void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.limits = HTTP_LIMITS_INIT};
    CHECK(pthread_mutex_init(&f->lock, NULL) == 0);
    CHECK(pthread_cond_init(&f->changed, NULL) == 0);
}

static void *fixture_run(void *arg)
{
    struct fixture *f = (struct fixture *)arg;
    loop_run(f->loop);
    return NULL;
}

void fixture_start(struct fixture *f)
{
    struct net_address any;
    CHECK(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL) == ERR_OK);
    CHECK(net_listen_tcp(&any, &(struct net_listen_options){0}, &f->listen_fd, &f->address, NULL) ==
          ERR_OK);
    f->loop = loop_new(false);
    struct http_server_options options = {
        .limits = f->limits, .tls = f->tls, .server_field = "test", .handler = &handler, .user = f};
    f->server = http_server_new(f->loop, &options);
    http_server_listen(f->server, f->listen_fd);
    CHECK(pthread_create(&f->thread, NULL, fixture_run, f) == 0);
}

static void stop_on_loop(struct fixture *f)
{
    http_server_free(f->server);
    loop_stop(f->loop);
}

void fixture_stop(struct fixture *f)
{
    fixture_call(f, stop_on_loop);
    CHECK(pthread_join(f->thread, NULL) == 0);
    loop_free(f->loop);
    (void)close(f->listen_fd);
    unsigned closed = 0;
    for (int i = 0; i < FIXTURE_CLOSE_REASONS; i++)
        closed += f->closed[i];
    CHECK(closed == f->opened); /* on_closed exactly once for each on_request */
    CHECK(pthread_mutex_destroy(&f->lock) == 0);
    CHECK(pthread_cond_destroy(&f->changed) == 0);
}

int fixture_setup(void **state)
{
    struct fixture *f = NEW(struct fixture);
    fixture_init(f);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = (struct fixture *)*state;
    fixture_stop(f);
    free(f);
    return 0;
}

/** A call on its way to the server's thread. */
struct fixture_post {
    struct fixture *f;
    void (*fn)(struct fixture *f);
    _Atomic unsigned is_done;
};

static void run_post(void *arg)
{
    struct fixture_post *p = (struct fixture_post *)arg;
    struct fixture *f = p->f;
    p->fn(f);
    pthread_mutex_lock(&f->lock);
    p->is_done = 1;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

void fixture_call(struct fixture *f, void (*fn)(struct fixture *f))
{
    struct fixture_post p = {.f = f, .fn = fn};
    loop_post(f->loop, run_post, &p);
    fixture_wait(f, &p.is_done, 1);
}

void fixture_wait(struct fixture *f, const _Atomic unsigned *counter, unsigned count)
{
    struct timespec until;
    CHECK(clock_gettime(CLOCK_REALTIME, &until) == 0);
    until.tv_sec += FIXTURE_WAIT_S;
    pthread_mutex_lock(&f->lock);
    int result = 0;
    while (*counter < count && result == 0)
        result = pthread_cond_timedwait(&f->changed, &f->lock, &until);
    CHECK_MSG(*counter >= count, "waited for %u, have %u", count, *counter);
    pthread_mutex_unlock(&f->lock);
}

int fixture_dial(const struct fixture *f)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval timeout = {.tv_sec = FIXTURE_WAIT_S};
    CHECK(fd >= 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) == 0);
    CHECK(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)) == 0);
    CHECK(connect(fd, &f->address.sa, f->address.len) == 0);
    return fd;
}

void fixture_send(int fd, const char *text)
{
    size_t len = strlen(text);
    CHECK(send(fd, text, len, MSG_NOSIGNAL) == (ssize_t)len);
}

struct client client_open(const struct fixture *f)
{
    return (struct client){.fd = fixture_dial(f)};
}

void client_close(struct client *c)
{
    (void)close(c->fd);
    buf_fini(&c->in);
}

/** Reads some; false at the end. */
static bool client_fill(struct client *c)
{
    uint8_t *at = buf_reserve(&c->in, HTTP_READ_BYTES);
    ssize_t count = recv(c->fd, at, HTTP_READ_BYTES, 0);
    CHECK_MSG(count >= 0 || errno != EAGAIN, "no answer in time");
    if (count <= 0)
        return false;
    buf_extend(&c->in, (size_t)count);
    return true;
}

/** Reads the body that the head announces; false where it does not come whole. */
static bool client_read_body(struct client *c, const struct http_response *head, struct buf *out)
{
    struct http_body body;
    http_body_init(&body, head->body_kind, head->body_length, UINT64_MAX);
    for (;;) {
        struct slice data;
        size_t used;
        enum http_body_step step = http_body_next(&body, buf_slice(&c->in), &used, &data);
        if (step == HTTP_BODY_DATA)
            buf_append(out, data);
        buf_consume(&c->in, used);
        if (step == HTTP_BODY_END)
            return true;
        if (step == HTTP_BODY_BAD || step == HTTP_BODY_LIMIT)
            return false;
        if (step == HTTP_BODY_MORE && !client_fill(c))
            return head->body_kind == HTTP_BODY_UNTIL_CLOSE;
    }
}

struct answer client_read(struct client *c, struct arena *a)
{
    static const struct http_limits limits = HTTP_LIMITS_INIT;
    struct http_response head;
    struct http_parse_result result;
    for (;;) {
        struct slice bytes = arena_copy(a, buf_slice(&c->in));
        enum http_parse found = http_parse_response(a, bytes, c->is_head, &limits, &head, &result);
        CHECK(found != HTTP_PARSE_BAD);
        if (found == HTTP_PARSE_DONE)
            break;
        if (!client_fill(c))
            return (struct answer){0};
    }
    buf_consume(&c->in, result.head_bytes);
    AUTO_BUF struct buf body = {0};
    struct answer answer = {
        .status = head.status, .keep_alive = head.keep_alive, .fields = head.fields};
    if (!client_read_body(c, &head, &body))
        return (struct answer){0};
    answer.body = arena_copy(a, buf_slice(&body));
    return answer;
}

struct answer client_ask(struct client *c, struct arena *a, const char *text)
{
    fixture_send(c->fd, text);
    return client_read(c, a);
}

bool client_sees_end(struct client *c)
{
    char byte;
    return buf_len(&c->in) == 0 && recv(c->fd, &byte, 1, 0) == 0;
}
