// SPDX-License-Identifier: Apache-2.0
// Binding the sockets of a role. Called by the supervisor on its only thread.
#include "node/bind_priv.h"

#include "base/alloc.h"
#include "net/socket.h"
#include "node/limits.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void close_socket(struct role_socket *s)
{
    for (unsigned i = 0; i < s->fd_count; i++)
        close(s->fds[i]);
    free(s->fds);
    s->fds = NULL;
    s->fd_count = 0;
}

/** Binds all descriptors of one socket, the second and later to the port of the first. */
static enum err bind_socket(struct role_socket *s, const struct net_address *address,
                            unsigned threads, struct errctx *ec)
{
    unsigned wanted = s->kind == ROLE_SOCKET_TCP ? 1 : threads;
    struct net_listen_options options = {.reuse_port = s->kind != ROLE_SOCKET_TCP};
    struct net_address next = *address;
    s->fds = mem_new(wanted, sizeof(int));
    s->fd_count = 0;
    while (s->fd_count < wanted) {
        int *fd = &s->fds[s->fd_count];
        enum err e = s->kind == ROLE_SOCKET_UDP_THREAD
                         ? net_bind_udp(&next, &options, fd, &s->bound, ec)
                         : net_listen_tcp(&next, &options, fd, &s->bound, ec);
        if (e != ERR_OK) {
            close_socket(s);
            return e;
        }
        s->fd_count++;
        next = s->bound;
    }
    return ERR_OK;
}

static bool is_same_service(const struct role_socket *a, const struct role_socket *b)
{
    return strcmp(a->label, b->label) == 0 && net_address_equal(&a->wanted, &b->wanted);
}

/** Whether an earlier socket of the array stands for the same service. */
static bool is_continuation(const struct role_socket *sockets, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_same_service(&sockets[i], &sockets[index]))
            return true;
    }
    return false;
}

/** Binds the socket at `first` and all later ones of its service to one port. */
static enum err bind_service(struct role_socket *sockets, size_t count, size_t first,
                             unsigned threads, struct errctx *ec)
{
    struct net_address address = sockets[first].wanted;
    for (size_t i = first; i < count; i++) {
        if (!is_same_service(&sockets[first], &sockets[i]))
            continue;
        enum err e = bind_socket(&sockets[i], &address, threads, ec);
        if (e != ERR_OK) {
            for (size_t k = first; k < i; k++) {
                if (is_same_service(&sockets[first], &sockets[k]))
                    close_socket(&sockets[k]);
            }
            return e;
        }
        address = sockets[i].bound;
    }
    return ERR_OK;
}

/** A port that the kernel picks for UDP may be taken for TCP: then another one is tried. */
static enum err bind_service_retrying(struct role_socket *sockets, size_t count, size_t first,
                                      unsigned threads, struct errctx *ec)
{
    unsigned tries = net_address_port(&sockets[first].wanted) == 0 ? NODE_PORT_TRIES : 1;
    enum err e = ERR_INTERNAL;
    for (unsigned i = 0; i < tries && e != ERR_OK; i++)
        e = bind_service(sockets, count, first, threads, ec);
    return e;
}

enum err bind_role_sockets(struct role_socket *sockets, size_t count, unsigned threads,
                           struct errctx *ec)
{
    for (size_t i = 0; i < count; i++) {
        if (is_continuation(sockets, i))
            continue;
        enum err e = bind_service_retrying(sockets, count, i, threads, ec);
        if (e != ERR_OK) {
            for (size_t k = 0; k < count; k++)
                close_socket(&sockets[k]);
            return err_wrap(ec, "%s", sockets[i].label);
        }
    }
    return ERR_OK;
}

enum err bind_listener(const char *text, int *out_fd, struct net_address *out_bound,
                       struct errctx *ec)
{
    struct net_address address;
    enum err e = net_address_parse(slice_str(text), &address, ec);
    if (e != ERR_OK)
        return e;
    struct net_listen_options options = {0};
    return net_listen_tcp(&address, &options, out_fd, out_bound, ec);
}
