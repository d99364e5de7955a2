// SPDX-License-Identifier: Apache-2.0
// See dead_end.h.
#include "net/dead_end.h"

#include "base/check.h"
#include "net/socket.h"

#include <unistd.h>

void full_listener_open(struct full_listener *f)
{
    struct net_address any;
    struct net_listen_options options = {.backlog = 1};
    CHECK(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL) == ERR_OK);
    CHECK(net_listen_tcp(&any, &options, &f->fds[0], &f->address, NULL) == ERR_OK);
    for (size_t i = 1; i < ARRAY_LEN(f->fds); i++)
        CHECK(net_connect_tcp(&f->address, &f->fds[i], NULL) == ERR_OK);
}

void full_listener_close(struct full_listener *f)
{
    for (size_t i = 0; i < ARRAY_LEN(f->fds); i++)
        (void)close(f->fds[i]);
}

struct net_address nobody(void)
{
    struct net_address any;
    struct net_address bound;
    int fd;
    CHECK(net_address_parse(SLICE_LIT("127.0.0.1:0"), &any, NULL) == ERR_OK);
    CHECK(net_listen_tcp(&any, &(struct net_listen_options){0}, &fd, &bound, NULL) == ERR_OK);
    (void)close(fd);
    return bound;
}
