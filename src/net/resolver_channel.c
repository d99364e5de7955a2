// SPDX-License-Identifier: Apache-2.0
// c-ares on a loop: its sockets are watched as it says, its timeouts are one timer. Called by
// resolver.c on the loop's thread.
//
// One question with all its tries takes at most the channel's timeout: c-ares asks every server
// once, waiting T for each, and then once more, waiting 2 T; T is a third of the timeout, divided
// by the number of servers.
#include "net/resolver_channel.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/list.h"
#include "base/time.h"
#include "net/limits.h"

#include <ares.h>
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Tries of each server, and the waits of all of them in units of T. */
enum { TRIES = 2, WAITS = 3 };

/* The resolver configuration of the system. */
static const char conf_path[] = "/etc/resolv.conf";

/** A descriptor of c-ares that is watched. */
struct channel_socket {
    struct list node; /* in channel.sockets */
    struct loop_io io;
    struct resolver_channel *channel;
    int fd;
};

struct resolver_channel {
    struct loop *loop;
    ares_channel ares;
    char *servers;       /* NULL: those of /etc/resolv.conf */
    int64_t timeout_ns;  /* of a question */
    struct list sockets; /* of struct channel_socket; as many as c-ares has servers, UDP and TCP */
    struct loop_timer timer;
    struct timespec conf_time; /* of /etc/resolv.conf when it was read */
    size_t question_count;     /* under way */
    unsigned depth;            /* calls into c-ares under way: it must not be closed */
    bool has_failed;           /* since the configuration was read */
    bool is_closing;           /* replies are of no use any more */
};

static const int families[RESOLVER_FAMILIES] = {AF_INET, AF_INET6};
static const int record_types[RESOLVER_FAMILIES] = {1, 28}; /* A, AAAA (RFC 1035, RFC 3596) */
static const int class_in = 1;

static void library_init(void)
{
    CHECK(ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS);
}

static void library_want(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, library_init) == 0);
}

/* Sets the timer to when c-ares wants to be called next. */
static void channel_arm(struct resolver_channel *c)
{
    struct timeval wait;
    if (ares_timeout(c->ares, NULL, &wait) == NULL)
        loop_timer_stop(&c->timer);
    else
        loop_timer_set(c->loop, &c->timer, wait.tv_sec * NS_PER_S + wait.tv_usec * 1000, 0);
}

/* Lets c-ares go on with a socket, or with none: its timeouts. */
static void channel_process(struct resolver_channel *c, int read_fd, int write_fd)
{
    c->depth++;
    ares_process_fd(c->ares, read_fd, write_fd);
    c->depth--;
    channel_arm(c);
}

static void on_socket_ready(struct loop_io *io, unsigned events)
{
    const struct channel_socket *s = (const struct channel_socket *)io->user;
    channel_process(s->channel, (events & LOOP_READ) != 0 ? s->fd : ARES_SOCKET_BAD,
                    (events & LOOP_WRITE) != 0 ? s->fd : ARES_SOCKET_BAD);
}

static void on_channel_time(struct loop_timer *timer)
{
    channel_process((struct resolver_channel *)timer->user, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static struct channel_socket *socket_find(const struct resolver_channel *c, int fd)
{
    struct list *node;
    struct list *after;
    LIST_FOR_EACH (node, after, &c->sockets) {
        struct channel_socket *s = LIST_ENTRY(node, struct channel_socket, node);
        if (s->fd == fd)
            return s;
    }
    return NULL;
}

/* c-ares says what it waits for on a socket; for nothing before it closes it. */
static void on_socket_state(void *user, ares_socket_t fd, int readable, int writable)
{
    struct resolver_channel *c = (struct resolver_channel *)user;
    unsigned events = (readable ? LOOP_READ : 0u) | (writable ? LOOP_WRITE : 0u);
    struct channel_socket *s = socket_find(c, fd);
    if (events == 0) {
        if (s == NULL)
            return;
        loop_io_stop(&s->io);
        list_remove(&s->node);
        free(s);
        return;
    }
    if (s == NULL) {
        s = NEW(struct channel_socket);
        s->channel = c;
        s->fd = fd;
        s->io.on_ready = on_socket_ready;
        s->io.user = s;
        list_push_back(&c->sockets, &s->node);
    }
    loop_io_set(c->loop, &s->io, fd, events);
}

/* What a status other than success means; false for ARES_SUCCESS. */
static bool status_reply(int status, struct resolver_reply *out)
{
    switch (status) {
    case ARES_SUCCESS:
        return false;
    case ARES_ENOTFOUND:
        *out = (struct resolver_reply){.result = ERR_NOT_FOUND, .why = "no such name"};
        return true;
    case ARES_ENODATA:
        *out = (struct resolver_reply){.result = ERR_NOT_FOUND, .why = "the name has no address"};
        return true;
    case ARES_EBADNAME:
    case ARES_EBADSTR:
        *out = (struct resolver_reply){.result = ERR_NOT_FOUND, .why = "this is no name"};
        return true;
    case ARES_ETIMEOUT:
        *out = (struct resolver_reply){.result = ERR_TIMEOUT, .why = "no name server answered"};
        return true;
    default: /* static texts */
        *out = (struct resolver_reply){.result = ERR_UNAVAILABLE, .why = ares_strerror(status)};
        return true;
    }
}

struct net_address resolver_address(enum resolver_family family, const void *bytes)
{
    if (family == RESOLVER_V4) {
        struct net_address a = {.in = {.sin_family = AF_INET}, .len = sizeof(struct sockaddr_in)};
        memcpy(&a.in.sin_addr, bytes, sizeof(a.in.sin_addr));
        return a;
    }
    struct net_address a = {.in6 = {.sin6_family = AF_INET6}, .len = sizeof(struct sockaddr_in6)};
    memcpy(&a.in6.sin6_addr, bytes, sizeof(a.in6.sin6_addr));
    return a;
}

/* Reads the addresses of an answer; returns the status of c-ares. */
static int answer_read(enum resolver_family family, const unsigned char *bytes, int len,
                       struct net_address *out, struct resolver_reply *out_reply)
{
    struct ares_addrttl v4[RESOLVER_ADDRESSES_MAX];
    struct ares_addr6ttl v6[RESOLVER_ADDRESSES_MAX];
    int count = RESOLVER_ADDRESSES_MAX;
    int status = family == RESOLVER_V4 ? ares_parse_a_reply(bytes, len, NULL, v4, &count)
                                       : ares_parse_aaaa_reply(bytes, len, NULL, v6, &count);
    if (status != ARES_SUCCESS)
        return status;
    if (count == 0)
        return ARES_ENODATA;
    uint32_t ttl_s = UINT32_MAX;
    for (int i = 0; i < count; i++) {
        int ttl = family == RESOLVER_V4 ? v4[i].ttl : v6[i].ttl;
        out[i] = family == RESOLVER_V4 ? resolver_address(family, &v4[i].ipaddr)
                                       : resolver_address(family, &v6[i].ip6addr);
        ttl_s = min_u32(ttl_s, ttl < 0 ? 0 : (uint32_t)ttl); /* RFC 2181 section 8 */
    }
    *out_reply = (struct resolver_reply){
        .result = ERR_OK, .addresses = out, .count = (size_t)count, .ttl_s = ttl_s};
    return ARES_SUCCESS;
}

/* c-ares' callback for one question. */
static void on_answer(void *user, int status, int timeouts, unsigned char *bytes, int len)
{
    (void)timeouts;
    struct resolver_question *q = (struct resolver_question *)user;
    struct resolver_channel *c = q->channel;
    struct net_address addresses[RESOLVER_ADDRESSES_MAX];
    struct resolver_reply reply;
    c->question_count--;
    if (c->is_closing)
        return;
    if (status == ARES_SUCCESS)
        status = answer_read(q->family, bytes, len, addresses, &reply);
    if (status_reply(status, &reply) && reply.result != ERR_NOT_FOUND)
        c->has_failed = true;
    q->on_reply(q, &reply);
}

/* Sets the servers of a setting; none: those of the system stay. */
static enum err set_servers(ares_channel ares, const char *servers, struct errctx *ec)
{
    if (servers != NULL && ares_set_servers_ports_csv(ares, servers) != ARES_SUCCESS)
        return err_set(ec, ERR_INVALID, "--resolver: '%s' is no list of ADDR:PORT", servers);
    return ERR_OK;
}

/* Opens the channel of c-ares; `wait_ms` is T. */
static enum err ares_open(struct resolver_channel *c, int wait_ms, struct errctx *ec)
{
    struct ares_options options = {.timeout = wait_ms,
                                   .tries = TRIES,
                                   .sock_state_cb = on_socket_state,
                                   .sock_state_cb_data = c};
    int mask = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    int status = ares_init_options(&c->ares, &options, mask);
    if (status != ARES_SUCCESS)
        return err_set(ec, ERR_INTERNAL, "resolver: %s", ares_strerror(status));
    enum err e = set_servers(c->ares, c->servers, ec);
    if (e != ERR_OK)
        ares_destroy(c->ares);
    return e;
}

enum err resolver_servers_check(const char *servers, struct errctx *ec)
{
    library_want();
    ares_channel ares;
    int status = ares_init(&ares);
    if (status != ARES_SUCCESS)
        return err_set(ec, ERR_INTERNAL, "resolver: %s", ares_strerror(status));
    enum err e = set_servers(ares, servers, ec);
    ares_destroy(ares);
    return e;
}

static int64_t server_count(const struct resolver_channel *c)
{
    struct ares_addr_port_node *servers = NULL;
    int64_t count = 0;
    if (ares_get_servers_ports(c->ares, &servers) != ARES_SUCCESS)
        return 1;
    for (const struct ares_addr_port_node *s = servers; s != NULL; s = s->next)
        count++;
    ares_free_data(servers);
    return count == 0 ? 1 : count;
}

/* Reads the configuration, and opens c-ares with waits that fit the number of servers. */
static enum err channel_open(struct resolver_channel *c, struct errctx *ec)
{
    struct stat st;
    c->conf_time = stat(conf_path, &st) == 0 ? st.st_mtim : (struct timespec){0};
    c->has_failed = false;
    enum err e = ares_open(c, 1, ec);
    if (e != ERR_OK)
        return e;
    int64_t wait_ms = c->timeout_ns / NS_PER_MS / (WAITS * server_count(c));
    ares_destroy(c->ares);
    return ares_open(c, wait_ms < 1 ? 1 : (int)wait_ms, ec);
}

enum err resolver_channel_new(struct loop *loop, const char *servers, int64_t timeout_ns,
                              struct resolver_channel **out, struct errctx *ec)
{
    library_want();
    struct resolver_channel *c = NEW(struct resolver_channel);
    c->loop = loop;
    c->servers = servers == NULL ? NULL : mem_strdup(servers);
    c->timeout_ns = timeout_ns;
    list_init(&c->sockets);
    c->timer.on_time = on_channel_time;
    c->timer.user = c;
    enum err e = channel_open(c, ec);
    if (e != ERR_OK) {
        free(c->servers);
        free(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void resolver_channel_free(struct resolver_channel *c)
{
    if (c == NULL)
        return;
    CHECK(c->depth == 0);
    c->is_closing = true;
    ares_destroy(c->ares);
    CHECK(list_is_empty(&c->sockets) && c->question_count == 0);
    loop_timer_stop(&c->timer);
    free(c->servers);
    free(c);
}

/* After a failure: other servers may stand in /etc/resolv.conf by now. */
static void channel_reopen(struct resolver_channel *c)
{
    struct stat st;
    bool may = c->servers == NULL && c->has_failed && c->question_count == 0 && c->depth == 0;
    if (!may || stat(conf_path, &st) != 0 ||
        (st.st_mtim.tv_sec == c->conf_time.tv_sec && st.st_mtim.tv_nsec == c->conf_time.tv_nsec))
        return;
    ares_channel before = c->ares;
    if (channel_open(c, NULL) == ERR_OK)
        ares_destroy(before);
    else
        c->ares = before;
}

void resolver_channel_ask(struct resolver_channel *c, struct resolver_question *q, const char *name,
                          enum resolver_family family)
{
    channel_reopen(c);
    q->channel = c;
    q->family = family;
    c->question_count++;
    c->depth++;
    ares_query(c->ares, name, class_in, record_types[family], on_answer, q);
    c->depth--;
    channel_arm(c);
}

size_t resolver_channel_hosts(struct resolver_channel *c, const char *name,
                              enum resolver_family family, struct net_address *out, size_t size)
{
    struct hostent *host = NULL;
    size_t count = 0;
    if (c->servers != NULL ||
        ares_gethostbyname_file(c->ares, name, families[family], &host) != ARES_SUCCESS)
        return 0;
    while (count < size && host->h_addr_list[count] != NULL) {
        out[count] = resolver_address(family, host->h_addr_list[count]);
        count++;
    }
    ares_free_hostent(host);
    return count;
}
