// SPDX-License-Identifier: Apache-2.0
// See endpoint.h. Connections are dealt with one after the other; those that are held stay open
// until the end.
#include "endpoint.h"

#include "base/alloc.h"
#include "base/check.h"
#include "net/socket.h"
#include "net/stream.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HELD_MAX = 256, PATIENCE_MS = 5000 };

/** Waits for the stream; false at the end of the patience. */
static bool wait_for(const struct net_stream *stream, short events)
{
    struct pollfd p = {.fd = net_stream_fd(stream), .events = events};
    return poll(&p, 1, PATIENCE_MS) > 0;
}

/** Reads until `end` came, or anything where it is empty. */
static void hear(struct net_stream *stream, const char *end, struct buf *heard)
{
    for (;;) {
        size_t count = 0;
        uint8_t *at = buf_reserve(heard, 4096);
        enum net_io io = net_stream_read(stream, at, 4096, &count);
        if (io == NET_IO_OK)
            buf_extend(heard, count);
        else if (io != NET_IO_AGAIN || !wait_for(stream, POLLIN))
            return;
        struct slice all = buf_slice(heard);
        if (all.len > 0 && memmem(all.data, all.len, end, strlen(end)) != NULL)
            return;
    }
}

static void say(struct net_stream *stream, struct slice text)
{
    while (text.len > 0) {
        size_t count = 0;
        enum net_io io = net_stream_write(stream, text, &count);
        if (io == NET_IO_OK)
            text = slice_sub(text, count, text.len);
        else if (io != NET_IO_AGAIN || !wait_for(stream, POLLOUT))
            return;
    }
}

/** Whether the connection is over. */
static bool treat(struct endpoint *e, struct net_stream *stream)
{
    AUTO_BUF struct buf heard = {0};
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    enum endpoint_verb verb = e->verb;
    const char *text = e->text;
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
    hear(stream, verb == ENDPOINT_LISTEN ? "" : "\r\n\r\n", &heard);
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    if (buf_len(&heard) > 0) {
        buf_clear(&e->heard);
        buf_append(&e->heard, buf_slice(&heard));
    }
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
    if (verb == ENDPOINT_ANSWER || verb == ENDPOINT_HOLD)
        say(stream, slice_str(text));
    if (verb == ENDPOINT_RESET) {
        struct linger reset = {.l_onoff = 1, .l_linger = 0};
        CHECK(setsockopt(net_stream_fd(stream), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
    }
    if (verb == ENDPOINT_ANSWER)
        net_stream_shutdown(stream);
    return verb == ENDPOINT_ANSWER || verb == ENDPOINT_RESET;
}

static void *endpoint_run(void *arg)
{
    struct endpoint *e = arg;
    struct net_stream *held[HELD_MAX];
    size_t held_count = 0;
    struct pollfd waits[] = {{.fd = e->listen_fd, .events = POLLIN},
                             {.fd = e->stop_fd, .events = POLLIN}};
    while (poll(waits, ARRAY_LEN(waits), -1) > 0 && waits[1].revents == 0) {
        int fd = -1;
        struct net_address peer;
        CHECK(net_accept(e->listen_fd, &fd, &peer, NULL) == ERR_OK);
        if (fd < 0)
            continue;
        CHECK(pthread_mutex_lock(&e->lock) == 0);
        e->peer = peer;
        CHECK(pthread_mutex_unlock(&e->lock) == 0);
        e->connections++;
        struct net_stream *stream = net_stream_new(fd, e->tls, true, NULL);
        if (treat(e, stream) || held_count == HELD_MAX)
            net_stream_free(stream);
        else
            held[held_count++] = stream;
    }
    while (held_count > 0)
        net_stream_free(held[--held_count]);
    return NULL;
}

void endpoint_start(struct endpoint *e, const char *at, const struct net_tls *tls)
{
    struct net_address address;
    *e = (struct endpoint){.tls = tls, .text = ""};
    CHECK(net_address_parse(slice_str(at), &address, NULL) == ERR_OK);
    CHECK(net_listen_tcp(&address, &(struct net_listen_options){0}, &e->listen_fd, &e->address,
                         NULL) == ERR_OK);
    e->stop_fd = eventfd(0, EFD_CLOEXEC);
    CHECK(e->stop_fd >= 0);
    CHECK(pthread_mutex_init(&e->lock, NULL) == 0);
    CHECK(pthread_create(&e->thread, NULL, endpoint_run, e) == 0);
}

void endpoint_set(struct endpoint *e, enum endpoint_verb verb, const char *text)
{
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    e->verb = verb;
    e->text = text;
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
}

char *endpoint_heard(struct endpoint *e)
{
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    struct slice heard = buf_slice(&e->heard);
    char *text = mem_strndup((const char *)heard.data, heard.len);
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
    return text;
}

bool endpoint_has_heard(struct endpoint *e, const char *text)
{
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    struct slice heard = buf_slice(&e->heard);
    bool is_there = memmem(heard.data, heard.len, text, strlen(text)) != NULL;
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
    return is_there;
}

struct net_address endpoint_peer(struct endpoint *e)
{
    CHECK(pthread_mutex_lock(&e->lock) == 0);
    struct net_address peer = e->peer;
    CHECK(pthread_mutex_unlock(&e->lock) == 0);
    return peer;
}

void endpoint_stop(struct endpoint *e)
{
    CHECK(eventfd_write(e->stop_fd, 1) == 0);
    CHECK(pthread_join(e->thread, NULL) == 0);
    (void)close(e->stop_fd);
    (void)close(e->listen_fd);
    (void)pthread_mutex_destroy(&e->lock);
    buf_fini(&e->heard);
}
