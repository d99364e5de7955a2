// SPDX-License-Identifier: Apache-2.0
// Plays scripts; see script.h. Its sockets block, so that each step is one call.
#include "http/script.h"

#include "base/check.h"
#include "net/socket.h"
#include "net/stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/** Reads once into `requests`; false at the end of the connection. */
static bool script_read(struct script *s, struct net_stream *stream)
{
    size_t count;
    uint8_t *at = buf_reserve(&s->requests, 4096);
    if (net_stream_read(stream, at, 4096, &count) != NET_IO_OK)
        return false;
    buf_extend(&s->requests, count);
    return true;
}

/** Reads up to the end of a head; false at the end of the connection. */
static bool script_read_head(struct script *s, struct net_stream *stream)
{
    size_t before = buf_len(&s->requests);
    do {
        if (!script_read(s, stream))
            return false;
    } while (memmem(buf_slice(&s->requests).data + before, buf_len(&s->requests) - before,
                    "\r\n\r\n", 4) == NULL);
    return true;
}

/** False when the client is gone. */
static bool script_write(struct net_stream *stream, struct slice data)
{
    while (data.len > 0) {
        size_t count;
        if (net_stream_write(stream, data, &count) != NET_IO_OK)
            return false;
        data = slice_sub(data, count, data.len);
    }
    return true;
}

/** Whether the client closes within the time. */
static bool sees_close(const struct net_stream *stream, int timeout_ms)
{
    struct pollfd p = {.fd = net_stream_fd(stream), .events = POLLRDHUP};
    return poll(&p, 1, timeout_ms) > 0;
}

static void script_drip(struct net_stream *stream, struct slice data)
{
    for (size_t i = 0; i < data.len && !sees_close(stream, SCRIPT_DRIP_MS); i++) {
        if (!script_write(stream, slice_sub(data, i, 1)))
            return;
    }
    (void)sees_close(stream, -1);
}

static void script_reset(const struct net_stream *stream)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    CHECK(setsockopt(net_stream_fd(stream), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0);
}

/** Plays one step; false when the connection is over, which it may be before the step began. */
static bool script_play(struct script *s, const struct script_step **step,
                        struct net_stream *stream)
{
    const struct script_step *now = *step;
    bool reads_head = now->verb != SCRIPT_STUCK && now->verb != SCRIPT_SINK;
    if (reads_head && !script_read_head(s, stream))
        return false;
    *step = now + 1;
    struct slice text = slice_str(now->text);
    if (now->verb == SCRIPT_DRIP)
        script_drip(stream, text);
    else if (!script_write(stream, text))
        return false;
    if (now->verb == SCRIPT_STUCK)
        (void)sees_close(stream, -1);
    if (now->verb == SCRIPT_RESET)
        script_reset(stream);
    while ((now->verb == SCRIPT_SILENT || now->verb == SCRIPT_SINK) && script_read(s, stream))
        continue;
    if (now->verb == SCRIPT_ANSWER_CLOSE)
        net_stream_shutdown(stream);
    return now->verb == SCRIPT_ANSWER;
}

static void *script_run(void *arg)
{
    struct script *s = (struct script *)arg;
    const struct script_step *step = s->steps;
    while (step->verb != SCRIPT_END) {
        int fd = accept(s->listen_fd, NULL, NULL);
        CHECK(fd >= 0);
        s->connections++;
        bool is_plain = step->verb == SCRIPT_SINK || step->verb == SCRIPT_STUCK;
        struct net_stream *stream = net_stream_new(fd, is_plain ? NULL : s->tls, true, NULL);
        const struct script_step *first = step;
        bool is_up = net_stream_handshake(stream) == NET_IO_OK;
        while (is_up && step->verb != SCRIPT_END && script_play(s, &step, stream))
            continue;
        if (s->tls != NULL && step == first)
            step++; /* the client refused this server */
        net_stream_free(stream);
    }
    return NULL;
}

void script_start(struct script *s, const struct script_step *steps, const struct net_tls *tls,
                  const char *at)
{
    struct net_address address;
    *s = (struct script){.steps = steps, .tls = tls};
    CHECK(net_address_parse(slice_str(at == NULL ? "127.0.0.1:0" : at), &address, NULL) == ERR_OK);
    CHECK(net_listen_tcp(&address, &(struct net_listen_options){0}, &s->listen_fd, &s->address,
                         NULL) == ERR_OK);
    CHECK(fcntl(s->listen_fd, F_SETFL, 0) == 0); /* its thread may block */
    CHECK(pthread_create(&s->thread, NULL, script_run, s) == 0);
}

void script_join(struct script *s)
{
    CHECK(s->is_joined || pthread_join(s->thread, NULL) == 0);
    s->is_joined = true;
}

void script_stop(struct script *s)
{
    script_join(s);
    (void)close(s->listen_fd);
    buf_fini(&s->requests);
}
