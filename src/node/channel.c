// SPDX-License-Identifier: Apache-2.0
// Channels between the processes of a node. Called on the main thread of each of them.
#include "node/channel.h"

#include "base/check.h"
#include "node/limits.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void channel_pair(int *out_a, int *out_b)
{
    int fds[2];
    int failed = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds);
    CHECK_MSG(failed == 0, "no socket pair for the processes of the node");
    int bytes = (int)sizeof(struct channel_message) * NODE_CHANNEL_WAITING;
    for (int i = 0; i < 2; i++)
        (void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
    *out_a = fds[0];
    *out_b = fds[1];
}

void channel_send(int fd, const struct channel_message *message)
{
    ssize_t sent = send(fd, message, sizeof(*message), MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* a full channel means a stuck receiver, which the watchdog ends */
}

static void channel_readable(struct loop_io *io, unsigned events)
{
    (void)events;
    struct channel *c = io->user;
    for (int i = 0; i < NODE_CHANNEL_WAITING && io->loop != NULL; i++) {
        struct channel_message message;
        ssize_t got = recv(c->fd, &message, sizeof(message), MSG_DONTWAIT);
        if (got == 0) { /* the supervisor keeps both ends, so it is gone, and we go with it */
            channel_stop(c);
            return;
        }
        if (got != (ssize_t)sizeof(message))
            return;
        message.text[CHANNEL_TEXT_SIZE - 1] = '\0';
        c->on_message(c->user, &message);
    }
}

void channel_start(struct loop *l, struct channel *c)
{
    CHECK(c->on_message != NULL);
    c->io.on_ready = channel_readable;
    c->io.user = c;
    loop_io_set(l, &c->io, c->fd, LOOP_READ);
}

void channel_stop(struct channel *c)
{
    loop_io_stop(&c->io);
}
