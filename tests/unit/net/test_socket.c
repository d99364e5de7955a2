// SPDX-License-Identifier: Apache-2.0
// Tests of net/socket.h over loopback.
#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static struct net_address parsed(const char *text)
{
    struct net_address a;
    assert_int_equal(net_address_parse(slice_str(text), &a, NULL), ERR_OK);
    return a;
}

static void wait_for(int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    assert_int_equal(poll(&p, 1, 10000), 1);
}

/** A listener on a free port. */
static int listen_on(const char *text, const struct net_listen_options *options,
                     struct net_address *out_bound)
{
    struct net_address any = parsed(text);
    struct errctx ec = {0};
    int fd = -1;
    if (net_listen_tcp(&any, options, &fd, out_bound, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    assert_int_not_equal(net_address_port(out_bound), 0);
    assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    return fd;
}

static void a_connection_knows_both_its_ends(void **state)
{
    (void)state;
    struct net_address bound;
    struct net_address peer;
    struct net_address local;
    int server = -1;
    int client = -1;
    int listener = listen_on("127.0.0.1:0", &(struct net_listen_options){0}, &bound);
    assert_int_equal(net_accept(listener, &server, &peer, NULL), ERR_OK);
    assert_int_equal(server, -1); /* none waits */
    assert_int_equal(net_connect_tcp(&bound, &client, NULL), ERR_OK);
    wait_for(client, POLLOUT);
    assert_int_equal(net_connect_result(client, NULL), ERR_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(net_accept(listener, &server, &peer, NULL), ERR_OK);
    assert_true(server >= 0);
    assert_int_equal(net_local_address(client, &local, NULL), ERR_OK);
    assert_true(net_address_equal(&peer, &local));
    (void)close(client);
    (void)close(server);
    (void)close(listener);
}

static void a_connection_comes_from_the_source_that_it_is_given(void **state)
{
    (void)state;
    struct net_address bound;
    struct net_address peer;
    const struct net_address source = parsed("127.0.0.2:1"); /* whose port does not count */
    int server = -1;
    int client = -1;
    char text[NET_ADDRESS_TEXT_SIZE];
    int listener = listen_on("127.0.0.1:0", &(struct net_listen_options){0}, &bound);
    assert_int_equal(net_connect_tcp_from(&source, &bound, &client, NULL), ERR_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(net_accept(listener, &server, &peer, NULL), ERR_OK);
    net_address_format_ip(&peer, text);
    assert_string_equal(text, "127.0.0.2");
    assert_int_not_equal(net_address_port(&peer), 1);
    (void)close(client);
    (void)close(server);
    (void)close(listener);

    const struct net_address foreign = parsed("192.0.2.1:0");
    struct errctx ec = {0};
    assert_int_not_equal(net_connect_tcp_from(&foreign, &bound, &client, &ec), ERR_OK);
    assert_int_equal(ec.sys_errno, EADDRNOTAVAIL);
}

static void a_refused_connection_says_so_once_it_is_writable(void **state)
{
    (void)state;
    struct net_address bound;
    struct errctx ec = {0};
    int client = -1;
    (void)close(listen_on("127.0.0.1:0", &(struct net_listen_options){0}, &bound));
    enum err e = net_connect_tcp(&bound, &client, &ec);
    if (e == ERR_OK) {
        wait_for(client, POLLOUT);
        e = net_connect_result(client, &ec);
        (void)close(client);
    }
    assert_int_equal(e, ERR_IO);
    assert_int_equal(ec.sys_errno, ECONNREFUSED);
}

static void one_port_has_several_listeners_only_where_all_ask_for_it(void **state)
{
    (void)state;
    const struct net_listen_options shared = {.reuse_port = true, .backlog = 5};
    struct net_address bound;
    struct net_address again;
    struct errctx ec = {0};
    int second = -1;
    int first = listen_on("127.0.0.1:0", &shared, &bound);
    assert_int_equal(net_listen_tcp(&bound, &shared, &second, &again, &ec), ERR_OK);
    assert_true(net_address_equal(&bound, &again));
    (void)close(second);
    second = -1;
    const struct net_listen_options alone = {0};
    assert_int_equal(net_listen_tcp(&bound, &alone, &second, &again, &ec), ERR_IO);
    assert_int_equal(second, -1);
    assert_non_null(strstr(ec.text, "listen on 127.0.0.1:")); /* the operator sees which */
    (void)close(first);
}

static void both_families_may_listen_on_one_port(void **state)
{
    (void)state;
    struct net_address bound;
    struct net_address other = parsed("[::]:0");
    int v6 = -1;
    int v4 = listen_on("0.0.0.0:0", &(struct net_listen_options){0}, &bound);
    net_address_set_port(&other, net_address_port(&bound));
    enum err e = net_listen_tcp(&other, &(struct net_listen_options){0}, &v6, &bound, NULL);
    (void)close(v4);
    if (e != ERR_OK)
        skip(); /* no IPv6 here */
    (void)close(v6);
}

static void a_datagram_tells_the_address_it_was_sent_to(void **state)
{
    (void)state;
    struct net_address any = parsed("0.0.0.0:0");
    struct net_address bound;
    struct net_address to = parsed("127.0.0.2:0");
    const struct net_listen_options options = {.reuse_port = true, .receive_bytes = 65536};
    int server = -1;
    assert_int_equal(net_bind_udp(&any, &options, &server, &bound, NULL), ERR_OK);
    net_address_set_port(&to, net_address_port(&bound));
    int client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(sendto(client, "x", 1, 0, &to.sa, to.len), 1);
    wait_for(server, POLLIN);
    char byte;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } control;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof(control.bytes)};
    assert_int_equal(recvmsg(server, &msg, 0), 1);
    struct cmsghdr *header = CMSG_FIRSTHDR(&msg);
    struct in_pktinfo info = {0};
    if (header != NULL && header->cmsg_type == IP_PKTINFO)
        memcpy(&info, CMSG_DATA(header), sizeof(info));
    assert_int_equal(info.ipi_addr.s_addr, to.in.sin_addr.s_addr);
    (void)close(client);
    (void)close(server);
}

static void running_out_of_descriptors_is_a_limit(void **state)
{
    (void)state;
    struct net_address bound;
    struct net_address peer;
    struct rlimit before;
    int server = -1;
    int client = -1;
    int listener = listen_on("127.0.0.1:0", &(struct net_listen_options){0}, &bound);
    assert_int_equal(net_connect_tcp(&bound, &client, NULL), ERR_OK);
    wait_for(listener, POLLIN);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    enum err e = net_accept(listener, &server, &peer, NULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(e, ERR_LIMIT);
    assert_int_equal(net_accept(listener, &server, &peer, NULL), ERR_OK);
    assert_true(server >= 0); /* it has waited */
    (void)close(server);
    (void)close(client);
    (void)close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_knows_both_its_ends),
        cmocka_unit_test(a_connection_comes_from_the_source_that_it_is_given),
        cmocka_unit_test(a_refused_connection_says_so_once_it_is_writable),
        cmocka_unit_test(one_port_has_several_listeners_only_where_all_ask_for_it),
        cmocka_unit_test(both_families_may_listen_on_one_port),
        cmocka_unit_test(a_datagram_tells_the_address_it_was_sent_to),
        cmocka_unit_test(running_out_of_descriptors_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
