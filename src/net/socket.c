// SPDX-License-Identifier: Apache-2.0
// Making sockets with the options that Weir wants. Called at start and per connection; any thread.
#include "net/socket.h"

#include "os/file.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

/* Connections that wait to be accepted, where the caller names no number. */
enum { NET_BACKLOG_DEFAULT = 1024 };

static enum err option_set(int fd, int level, int name, int value, struct errctx *ec)
{
    if (setsockopt(fd, level, name, &value, sizeof(value)) < 0)
        return err_errno(ec, "setsockopt %d/%d", level, name);
    return ERR_OK;
}

/* Wraps the failure with the address's text; returns it. */
static enum err wrap_address(enum err e, const struct net_address *a, const char *verb,
                             struct errctx *ec)
{
    if (ec == NULL)
        return e;
    char text[NET_ADDRESS_TEXT_SIZE];
    net_address_format(a, text);
    return err_wrap(ec, "%s %s", verb, text);
}

/* A socket of the type, bound to the address. */
static enum err socket_bind(const struct net_address *address, int type,
                            const struct net_listen_options *options, int *out_fd,
                            struct errctx *ec)
{
    AUTO_FD int fd = socket(address->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_errno(ec, "socket");
    enum err e = ERR_OK;
    if (type == SOCK_STREAM)
        e = option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1, ec);
    if (e == ERR_OK && options->reuse_port)
        e = option_set(fd, SOL_SOCKET, SO_REUSEPORT, 1, ec);
    /* "[::]:53" and "0.0.0.0:53" are two listeners. */
    if (e == ERR_OK && address->sa.sa_family == AF_INET6)
        e = option_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1, ec);
    if (e != ERR_OK)
        return e;
    if (bind(fd, &address->sa, address->len) < 0)
        return err_errno(ec, "bind");
    *out_fd = fd_take(&fd);
    return ERR_OK;
}

static enum err listen_tcp(const struct net_address *address,
                           const struct net_listen_options *options, int *out_fd,
                           struct net_address *out_bound, struct errctx *ec)
{
    AUTO_FD int fd = -1;
    enum err e = socket_bind(address, SOCK_STREAM, options, &fd, ec);
    if (e != ERR_OK)
        return e;
    if (listen(fd, options->backlog > 0 ? options->backlog : NET_BACKLOG_DEFAULT) < 0)
        return err_errno(ec, "listen");
    e = net_local_address(fd, out_bound, ec);
    if (e != ERR_OK)
        return e;
    *out_fd = fd_take(&fd);
    return ERR_OK;
}

enum err net_listen_tcp(const struct net_address *address, const struct net_listen_options *options,
                        int *out_fd, struct net_address *out_bound, struct errctx *ec)
{
    enum err e = listen_tcp(address, options, out_fd, out_bound, ec);
    return e == ERR_OK ? ERR_OK : wrap_address(e, address, "listen on", ec);
}

/* No path MTU discovery, and the local address with each datagram. */
static enum err udp_options(int fd, int family, int receive_bytes, struct errctx *ec)
{
    enum err e = ERR_OK;
    if (family == AF_INET6) {
        e = option_set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, ec);
        if (e == ERR_OK)
            e = option_set(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT, ec);
    } else {
        e = option_set(fd, IPPROTO_IP, IP_PKTINFO, 1, ec);
        if (e == ERR_OK)
            e = option_set(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT, ec);
    }
    if (e == ERR_OK && receive_bytes > 0)
        e = option_set(fd, SOL_SOCKET, SO_RCVBUF, receive_bytes, ec);
    return e;
}

static enum err bind_udp(const struct net_address *address,
                         const struct net_listen_options *options, int *out_fd,
                         struct net_address *out_bound, struct errctx *ec)
{
    AUTO_FD int fd = -1;
    enum err e = socket_bind(address, SOCK_DGRAM, options, &fd, ec);
    if (e == ERR_OK)
        e = udp_options(fd, address->sa.sa_family, options->receive_bytes, ec);
    if (e == ERR_OK)
        e = net_local_address(fd, out_bound, ec);
    if (e != ERR_OK)
        return e;
    *out_fd = fd_take(&fd);
    return ERR_OK;
}

enum err net_bind_udp(const struct net_address *address, const struct net_listen_options *options,
                      int *out_fd, struct net_address *out_bound, struct errctx *ec)
{
    enum err e = bind_udp(address, options, out_fd, out_bound, ec);
    return e == ERR_OK ? ERR_OK : wrap_address(e, address, "bind UDP", ec);
}

/* The address alone: the kernel picks a port once it knows the other end, so that one source has as
 * many ports as it likes for each. */
static enum err bind_source(int fd, const struct net_address *source, struct errctx *ec)
{
    struct net_address from = *source;
    net_address_set_port(&from, 0);
    enum err e = option_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1, ec);
    if (e == ERR_OK && bind(fd, &from.sa, from.len) < 0)
        e = err_errno(ec, "bind");
    return e;
}

enum err net_connect_tcp(const struct net_address *address, int *out_fd, struct errctx *ec)
{
    return net_connect_tcp_from(NULL, address, out_fd, ec);
}

enum err net_connect_tcp_from(const struct net_address *source, const struct net_address *address,
                              int *out_fd, struct errctx *ec)
{
    AUTO_FD int fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    enum err e = fd < 0 ? err_errno(ec, "socket") : ERR_OK;
    if (e == ERR_OK)
        e = option_set(fd, IPPROTO_TCP, TCP_NODELAY, 1, ec);
    if (e == ERR_OK && source != NULL)
        e = bind_source(fd, source, ec);
    if (e == ERR_OK && connect(fd, &address->sa, address->len) < 0 && errno != EINPROGRESS)
        e = err_errno(ec, "connect");
    if (e != ERR_OK)
        return wrap_address(e, address, "connect to", ec);
    *out_fd = fd_take(&fd);
    return ERR_OK;
}

enum err net_connect_result(int fd, struct errctx *ec)
{
    int result = 0;
    socklen_t len = sizeof(result);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &len) < 0)
        return err_errno(ec, "getsockopt SO_ERROR");
    if (result != 0) {
        errno = result;
        return err_errno(ec, "connect");
    }
    return ERR_OK;
}

/* Errors of accept(2) that are of one connection, or mean that none waits. */
static bool accept_found_none(int error)
{
    static const int passing[] = {EAGAIN,       EINTR,       ECONNABORTED, EPROTO,
                                  ENETDOWN,     ENOPROTOOPT, EHOSTDOWN,    ENONET,
                                  EHOSTUNREACH, EOPNOTSUPP,  ENETUNREACH,  ETIMEDOUT};
    for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
        if (error == passing[i])
            return true;
    }
    return false;
}

enum err net_accept(int listen_fd, int *out_fd, struct net_address *out_peer, struct errctx *ec)
{
    struct net_address peer = {.len = sizeof(peer.in6)};
    AUTO_FD int fd = accept4(listen_fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (accept_found_none(errno)) {
            *out_fd = -1;
            return ERR_OK;
        }
        bool is_limit = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
        enum err e = err_errno(ec, "accept");
        if (is_limit && ec != NULL)
            ec->code = ERR_LIMIT;
        return is_limit ? ERR_LIMIT : e;
    }
    enum err e = option_set(fd, IPPROTO_TCP, TCP_NODELAY, 1, ec);
    if (e != ERR_OK)
        return e;
    *out_peer = peer;
    *out_fd = fd_take(&fd);
    return ERR_OK;
}

enum err net_local_address(int fd, struct net_address *out, struct errctx *ec)
{
    struct net_address a = {.len = sizeof(a.in6)};
    if (getsockname(fd, &a.sa, &a.len) < 0)
        return err_errno(ec, "getsockname");
    *out = a;
    return ERR_OK;
}
