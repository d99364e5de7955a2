// SPDX-License-Identifier: Apache-2.0
// dnstap. dnstap_put runs on the threads that answer; the socket belongs to libfstrm's thread.
//
// Frames are encoded into places of a pool that each answering thread owns:
//
//     free ring --take--> encode --> libfstrm's queue --> its thread writes --give back--> free
//     ring
//
// The ring has one producer (libfstrm's thread) and one consumer (the answering thread). It is as
// large as the pool, so it is never full. A frame that no place is large enough for (an answer over
// TCP) gets memory of its own.
#include "authority/dnstap.h"

#include "authority/dnstap.pb-c.h"
#include "authority/limits.h"
#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "metrics/counters.h"
#include "os/tsan.h"

#include <errno.h>
#include <fstrm.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define TARGET_PREFIX "unix:"
#define CONTENT_TYPE "protobuf:dnstap.Dnstap"

/* The reader's socket; of libfstrm's thread, but for is_open. */
struct tap_socket {
    struct sockaddr_un address;
    int fd; /* -1: closed */
    _Atomic bool is_open;
};

struct tap_pool;

struct tap_frame {
    struct tap_pool *pool;
    uint8_t bytes[DNSTAP_FRAME_BYTES];
};

/* Of one answering thread. */
struct tap_pool {
    struct fstrm_iothr_queue *queue;
    struct tap_frame *frames;
    struct tap_frame *ring[DNSTAP_FRAMES];
    uint32_t taken;
    uint8_t apart[CACHE_LINE_BYTES]; /* from what libfstrm's thread writes */
    _Atomic uint32_t given;          /* by that thread */
    uint8_t apart_next[CACHE_LINE_BYTES];
};

struct dnstap {
    struct dnstap_options options;
    struct fstrm_iothr *iothr;
    struct tap_socket socket;
    struct tap_pool *pools;
};

/* ---- the socket, on libfstrm's thread */

static fstrm_res socket_open(void *obj)
{
    struct tap_socket *s = obj;
    const struct timeval wait = {.tv_sec = DNSTAP_WAIT_S};
    s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return fstrm_res_failure;
    bool is_open = setsockopt(s->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) == 0 &&
                   setsockopt(s->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) == 0 &&
                   connect(s->fd, (struct sockaddr *)&s->address, sizeof(s->address)) == 0;
    if (!is_open) {
        (void)close(s->fd);
        s->fd = -1;
        return fstrm_res_failure;
    }
    atomic_store_explicit(&s->is_open, true, memory_order_relaxed);
    return fstrm_res_success;
}

static fstrm_res socket_close(void *obj)
{
    struct tap_socket *s = obj;
    atomic_store_explicit(&s->is_open, false, memory_order_relaxed);
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    return fstrm_res_success;
}

static fstrm_res socket_read(void *obj, void *data, size_t count)
{
    struct tap_socket *s = obj;
    size_t have = 0;
    while (have < count) { /* ends: each turn reads something, or the read fails in time */
        ssize_t n = recv(s->fd, (uint8_t *)data + have, count - have, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return fstrm_res_failure;
        have += (size_t)n;
    }
    return fstrm_res_success;
}

static fstrm_res socket_write(void *obj, const struct iovec *iov, int iovcnt)
{
    struct tap_socket *s = obj;
    tsan_acquire(s); /* libfstrm's queue orders what it hands over, unseen */
    for (int i = 0; i < iovcnt; i++) {
        size_t done = 0;
        while (done < iov[i].iov_len) { /* ends: as above */
            bool is_last = i + 1 == iovcnt;
            ssize_t n = send(s->fd, (const uint8_t *)iov[i].iov_base + done, iov[i].iov_len - done,
                             MSG_NOSIGNAL | (is_last ? 0 : MSG_MORE));
            if (n < 0 && errno == EINTR)
                continue;
            if (n <= 0)
                return fstrm_res_failure;
            done += (size_t)n;
        }
    }
    return fstrm_res_success;
}

static fstrm_res socket_destroy(void *obj)
{
    (void)obj; /* the tap's own */
    return fstrm_res_success;
}

/* ---- start and end */

static struct fstrm_writer *make_writer(struct dnstap *d)
{
    struct fstrm_writer_options *options = fstrm_writer_options_init();
    fstrm_res result =
        fstrm_writer_options_add_content_type(options, CONTENT_TYPE, sizeof(CONTENT_TYPE) - 1);
    CHECK(result == fstrm_res_success);
    struct fstrm_rdwr *rdwr = fstrm_rdwr_init(&d->socket);
    fstrm_rdwr_set_open(rdwr, socket_open);
    fstrm_rdwr_set_close(rdwr, socket_close);
    fstrm_rdwr_set_read(rdwr, socket_read);
    fstrm_rdwr_set_write(rdwr, socket_write);
    fstrm_rdwr_set_destroy(rdwr, socket_destroy);
    struct fstrm_writer *writer = fstrm_writer_init(options, &rdwr);
    fstrm_writer_options_destroy(&options);
    return writer;
}

static enum err start_thread(struct dnstap *d, struct errctx *ec)
{
    struct fstrm_writer *writer = make_writer(d);
    struct fstrm_iothr_options *options = fstrm_iothr_options_init();
    (void)fstrm_iothr_options_set_num_input_queues(options, d->options.threads);
    (void)fstrm_iothr_options_set_input_queue_size(options, DNSTAP_FRAMES);
    (void)fstrm_iothr_options_set_queue_model(options, FSTRM_IOTHR_QUEUE_MODEL_SPSC);
    (void)fstrm_iothr_options_set_reopen_interval(options, DNSTAP_REOPEN_S);
    d->iothr = writer == NULL ? NULL : fstrm_iothr_init(options, &writer);
    fstrm_iothr_options_destroy(&options);
    fstrm_writer_destroy(&writer);
    return d->iothr == NULL ? err_set(ec, ERR_IO, "--dnstap: no thread for it") : ERR_OK;
}

static void init_pool(struct tap_pool *pool, struct fstrm_iothr *iothr, unsigned index)
{
    pool->queue = fstrm_iothr_get_input_queue_idx(iothr, index);
    CHECK(pool->queue != NULL);
    pool->frames = mem_new(DNSTAP_FRAMES, sizeof(struct tap_frame));
    for (uint32_t i = 0; i < DNSTAP_FRAMES; i++) {
        pool->frames[i].pool = pool;
        pool->ring[i] = &pool->frames[i];
    }
    atomic_store_explicit(&pool->given, DNSTAP_FRAMES, memory_order_relaxed);
}

static enum err read_target(const char *target, struct sockaddr_un *out, struct errctx *ec)
{
    struct slice text = slice_str(target);
    struct slice path = slice_sub(text, sizeof(TARGET_PREFIX) - 1, text.len);
    if (!slice_starts_with(text, SLICE_LIT(TARGET_PREFIX)) || path.len == 0 ||
        path.len >= sizeof(out->sun_path))
        return err_set(ec, ERR_INVALID, "--dnstap: '%s' is not unix:PATH", target);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(out->sun_path, path.data, path.len);
    return ERR_OK;
}

enum err dnstap_check(const char *target, struct errctx *ec)
{
    struct sockaddr_un address;
    return read_target(target, &address, ec);
}

enum err dnstap_new(const struct dnstap_options *options, struct dnstap **out, struct errctx *ec)
{
    struct sockaddr_un address;
    enum err e = read_target(options->target, &address, ec);
    if (e != ERR_OK)
        return e;
    struct dnstap *d = NEW(struct dnstap);
    d->options = *options;
    d->socket = (struct tap_socket){.address = address, .fd = -1};
    d->pools = mem_new(options->threads, sizeof(struct tap_pool));
    e = start_thread(d, ec);
    if (e != ERR_OK) {
        dnstap_free(d);
        return e;
    }
    for (unsigned i = 0; i < options->threads; i++)
        init_pool(&d->pools[i], d->iothr, i);
    *out = d;
    return ERR_OK;
}

void dnstap_free(struct dnstap *d)
{
    if (d == NULL)
        return;
    fstrm_iothr_destroy(&d->iothr);
    for (unsigned i = 0; i < d->options.threads; i++)
        free(d->pools[i].frames);
    free(d->pools);
    free(d);
}

/* ---- frames */

/* On libfstrm's thread: the frame was written, or dropped because the reader has gone. */
static void give_back(void *bytes, void *user)
{
    (void)bytes;
    struct tap_frame *frame = user;
    struct tap_pool *pool = frame->pool;
    uint32_t given = atomic_load_explicit(&pool->given, memory_order_relaxed);
    pool->ring[given % DNSTAP_FRAMES] = frame;
    atomic_store_explicit(&pool->given, given + 1, memory_order_release);
}

static void free_bytes(void *bytes, void *user)
{
    (void)user;
    free(bytes);
}

static struct tap_frame *take(struct tap_pool *pool)
{
    if (atomic_load_explicit(&pool->given, memory_order_acquire) == pool->taken)
        return NULL;
    return pool->ring[pool->taken++ % DNSTAP_FRAMES];
}

static void untake(struct tap_pool *pool)
{
    pool->taken--; /* its place of the ring still holds it */
}

/* False: there is no room. */
static bool put_small(struct dnstap *d, struct tap_pool *pool, const Dnstap__Dnstap *frame)
{
    struct tap_frame *to = take(pool);
    if (to == NULL)
        return false;
    size_t len = dnstap__dnstap__pack(frame, to->bytes);
    tsan_release(&d->socket);
    if (fstrm_iothr_submit(d->iothr, pool->queue, to->bytes, len, give_back, to) ==
        fstrm_res_success)
        return true;
    untake(pool);
    return false;
}

static bool put_large(struct dnstap *d, struct tap_pool *pool, const Dnstap__Dnstap *frame,
                      size_t len)
{
    uint8_t *bytes = mem_new(1, len);
    (void)dnstap__dnstap__pack(frame, bytes);
    tsan_release(&d->socket);
    if (fstrm_iothr_submit(d->iothr, pool->queue, bytes, len, free_bytes, NULL) ==
        fstrm_res_success)
        return true;
    free(bytes);
    return false;
}

/* protobuf-c only reads what it packs, but its type says otherwise. */
static ProtobufCBinaryData bytes_of(const void *data, size_t len)
{
    union {
        const void *read;
        uint8_t *write;
    } bytes = {.read = data};
    return (ProtobufCBinaryData){.data = bytes.write, .len = len};
}

static void put_message(struct dnstap *d, unsigned thread, Dnstap__Message *message)
{
    static const uint8_t version[] = "weir " WEIR_VERSION;
    Dnstap__Dnstap frame = DNSTAP__DNSTAP__INIT;
    struct tap_pool *pool = &d->pools[thread];
    const struct slice identity = d->options.identity;
    frame.has_identity = identity.len > 0;
    frame.identity = bytes_of(identity.data, identity.len);
    frame.has_version = true;
    frame.version = bytes_of(version, sizeof(version) - 1);
    frame.message = message;
    frame.type = DNSTAP__DNSTAP__TYPE__MESSAGE;
    size_t len = dnstap__dnstap__get_packed_size(&frame);
    bool is_put =
        len <= DNSTAP_FRAME_BYTES ? put_small(d, pool, &frame) : put_large(d, pool, &frame, len);
    metrics_add(is_put ? METRIC_DNSTAP_QUEUED : METRIC_DNSTAP_DROPPED_FULL, 1);
}

void dnstap_put(struct dnstap *d, unsigned thread, const struct dnstap_query *q)
{
    bool has_answer = q->answer.len > 0;
    CHECK(thread < d->options.threads);
    if (!atomic_load_explicit(&d->socket.is_open, memory_order_relaxed)) {
        metrics_add(METRIC_DNSTAP_DROPPED_READER, has_answer ? 2 : 1);
        return;
    }
    const struct view_address *source = &q->view->source;
    const struct view_address *local = &q->view->local;
    Dnstap__Message m = DNSTAP__MESSAGE__INIT;
    m.type = DNSTAP__MESSAGE__TYPE__AUTH_QUERY;
    m.has_socket_family = true;
    m.socket_family = source->len == 4 ? DNSTAP__SOCKET_FAMILY__INET : DNSTAP__SOCKET_FAMILY__INET6;
    m.has_socket_protocol = true;
    m.socket_protocol = q->is_tcp ? DNSTAP__SOCKET_PROTOCOL__TCP : DNSTAP__SOCKET_PROTOCOL__UDP;
    m.has_query_address = true;
    m.query_address = bytes_of(source->bytes, source->len);
    m.has_response_address = local->len > 0;
    m.response_address = bytes_of(local->bytes, local->len);
    m.has_query_port = true;
    m.query_port = q->source_port;
    m.has_response_port = true;
    m.response_port = q->local_port;
    m.has_query_time_sec = true;
    m.query_time_sec = (uint64_t)(q->now_unix_ms / MS_PER_S);
    m.has_query_time_nsec = true;
    m.query_time_nsec = (uint32_t)(q->now_unix_ms % MS_PER_S * NS_PER_MS);
    m.has_query_message = true;
    m.query_message = bytes_of(q->query.data, q->query.len);
    put_message(d, thread, &m);
    if (!has_answer)
        return;
    m.type = DNSTAP__MESSAGE__TYPE__AUTH_RESPONSE;
    m.has_query_message = false;
    m.has_response_time_sec = true;
    m.response_time_sec = m.query_time_sec;
    m.has_response_time_nsec = true;
    m.response_time_nsec = m.query_time_nsec;
    m.has_response_message = true;
    m.response_message = bytes_of(q->answer.data, q->answer.len);
    put_message(d, thread, &m);
}
