// SPDX-License-Identifier: Apache-2.0
// The name server of tests; see responder.h. One thread, one question at a time.
#include "responder.h"

#include "base/check.h"
#include "net/socket.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    HEADER_BYTES = 12,
    MESSAGE_BYTES = 2048,
    RCODE_SERVFAIL = 2,
    RCODE_NXDOMAIN = 3,
    TYPE_CNAME = 5,
    NAME_BYTES = 256,
    PORT_TRIES = 100,
};

/** A message that is written. */
struct message {
    uint8_t bytes[MESSAGE_BYTES];
    size_t len;
};

static void put(struct message *m, const void *bytes, size_t len)
{
    CHECK(m->len + len <= sizeof(m->bytes));
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

static void put_u16(struct message *m, unsigned value)
{
    uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)value};
    put(m, bytes, sizeof(bytes));
}

static void put_u32(struct message *m, uint32_t value)
{
    put_u16(m, value >> 16);
    put_u16(m, value & 0xffff);
}

/** The question's name as text, its type, and where it ends. */
static size_t question_read(const uint8_t *bytes, size_t len, char *out_name, int *out_type)
{
    size_t at = HEADER_BYTES;
    size_t used = 0;
    while (at < len && bytes[at] != 0) {
        size_t label = bytes[at];
        CHECK(at + label + 1 < len && used + label + 1 < NAME_BYTES);
        if (used > 0)
            out_name[used++] = '.';
        for (size_t i = 1; i <= label; i++)
            out_name[used++] = (char)bytes[at + i];
        at += label + 1;
    }
    out_name[used] = '\0';
    CHECK(at + 5 <= len);
    *out_type = bytes[at + 1] << 8 | bytes[at + 2];
    return at + 5;
}

static struct responder_rule rule_find(struct responder *r, const char *name, int type)
{
    struct responder_rule found = {.verb = RESPONDER_NODATA};
    pthread_mutex_lock(&r->lock);
    for (const struct responder_rule *rule = r->rules; rule->name != NULL; rule++) {
        if (strcmp(rule->name, name) == 0 && rule->type == type)
            found = *rule;
    }
    pthread_mutex_unlock(&r->lock);
    return found;
}

static void put_alias(struct message *m)
{
    static const uint8_t alias[] = "\5alias\4test";
    put_u16(m, 0xc000 | HEADER_BYTES); /* the question's name */
    put_u16(m, TYPE_CNAME);
    put_u16(m, 1);
    put_u32(m, 1);
    put_u16(m, sizeof(alias));
    put(m, alias, sizeof(alias));
}

/** The records of the rule; returns their number. */
static unsigned put_answers(struct message *m, const struct responder_rule *rule)
{
    struct slice rest = slice_str(rule->addresses);
    struct slice text;
    unsigned count = 0;
    unsigned owner = 0xc000 | HEADER_BYTES;
    if (rule->verb == RESPONDER_CNAME) {
        put_alias(m);
        owner = 0xc000 | (unsigned)(m->len - 12); /* "alias.test" behind the record's head */
        count++;
    }
    while (slice_split(&rest, ' ', &text)) {
        struct net_address a;
        CHECK(net_address_parse_ip(text, &a));
        bool is_v4 = a.sa.sa_family == AF_INET;
        put_u16(m, owner);
        put_u16(m, is_v4 ? RESPONDER_A : RESPONDER_AAAA);
        put_u16(m, 1);
        put_u32(m, rule->ttl_s);
        put_u16(m, is_v4 ? 4 : 16);
        if (is_v4)
            put(m, &a.in.sin_addr, 4);
        else
            put(m, &a.in6.sin6_addr, 16);
        count++;
    }
    return count;
}

/** Writes what is answered; false for nothing. */
static bool answer_make(struct responder *r, const uint8_t *bytes, size_t len, bool is_tcp,
                        struct message *m)
{
    char name[NAME_BYTES];
    int type;
    size_t end = question_read(bytes, len, name, &type);
    struct responder_rule rule = rule_find(r, name, type);
    r->questions++;
    r->tcp_questions += is_tcp;
    if (rule.verb == RESPONDER_SILENT)
        return false;
    bool is_truncated = rule.verb == RESPONDER_TRUNCATED && !is_tcp;
    bool has_answer = rule.verb == RESPONDER_ANSWER || rule.verb == RESPONDER_CNAME ||
                      (rule.verb == RESPONDER_TRUNCATED && is_tcp);
    unsigned rcode = rule.verb == RESPONDER_SERVFAIL   ? RCODE_SERVFAIL
                     : rule.verb == RESPONDER_NXDOMAIN ? RCODE_NXDOMAIN
                                                       : 0;
    m->len = 0;
    put(m, bytes, end); /* id and question are the asker's */
    memset(m->bytes + 2, 0, HEADER_BYTES - 2);
    m->bytes[2] = (uint8_t)(0x81 | (is_truncated ? 0x02 : 0)); /* QR, RD, TC */
    m->bytes[3] = (uint8_t)(0x80 | rcode);                     /* RA */
    m->bytes[5] = 1;
    if (has_answer)
        m->bytes[7] = (uint8_t)put_answers(m, &rule);
    if (rule.verb == RESPONDER_GARBAGE) {
        m->bytes[7] = 9; /* answers that are not there */
        put(m, "\xc0\xff\x00", 3);
    }
    return true;
}

static void serve_udp(struct responder *r)
{
    uint8_t bytes[MESSAGE_BYTES];
    struct net_address peer = {.len = sizeof(peer.in6)};
    struct message m;
    ssize_t len = recvfrom(r->udp_fd, bytes, sizeof(bytes), 0, &peer.sa, &peer.len);
    if (len > HEADER_BYTES && answer_make(r, bytes, (size_t)len, false, &m))
        (void)sendto(r->udp_fd, m.bytes, m.len, 0, &peer.sa, peer.len);
}

static void serve_tcp(struct responder *r)
{
    uint8_t bytes[MESSAGE_BYTES];
    struct message m;
    int fd = accept(r->tcp_fd, NULL, NULL);
    if (fd < 0)
        return;
    ssize_t len = recv(fd, bytes, 2, MSG_WAITALL);
    size_t wanted = len == 2 ? (size_t)(bytes[0] << 8 | bytes[1]) : 0;
    if (wanted > HEADER_BYTES && wanted <= sizeof(bytes) &&
        recv(fd, bytes, wanted, MSG_WAITALL) == (ssize_t)wanted &&
        answer_make(r, bytes, wanted, true, &m)) {
        uint8_t head[] = {(uint8_t)(m.len >> 8), (uint8_t)m.len};
        (void)send(fd, head, sizeof(head), MSG_NOSIGNAL | MSG_MORE);
        (void)send(fd, m.bytes, m.len, MSG_NOSIGNAL);
    }
    (void)close(fd);
}

static void *responder_run(void *arg)
{
    struct responder *r = (struct responder *)arg;
    struct pollfd fds[] = {{.fd = r->stop_fd, .events = POLLIN},
                           {.fd = r->udp_fd, .events = POLLIN},
                           {.fd = r->tcp_fd, .events = POLLIN}};
    while (poll(fds, 3, -1) > 0 && fds[0].revents == 0) {
        if (fds[1].revents != 0)
            serve_udp(r);
        if (fds[2].revents != 0)
            serve_tcp(r);
    }
    return NULL;
}

void responder_start(struct responder *r, const struct responder_rule *rules)
{
    struct net_address address;
    struct net_address bound;
    *r = (struct responder){.rules = rules};
    CHECK(net_address_parse(SLICE_LIT("127.0.0.1:0"), &address, NULL) == ERR_OK);
    const struct net_listen_options options = {0};
    bool has_both = false;
    for (int i = 0; i < PORT_TRIES && !has_both; i++) { /* its port may be another's for TCP */
        struct net_address tcp;
        CHECK(net_bind_udp(&address, &options, &r->udp_fd, &bound, NULL) == ERR_OK);
        has_both = net_listen_tcp(&bound, &options, &r->tcp_fd, &tcp, NULL) == ERR_OK;
        if (!has_both)
            (void)close(r->udp_fd);
    }
    CHECK(has_both);
    r->stop_fd = eventfd(0, EFD_CLOEXEC);
    (void)snprintf(r->servers, sizeof(r->servers), "127.0.0.1:%u", net_address_port(&bound));
    CHECK(pthread_mutex_init(&r->lock, NULL) == 0);
    CHECK(pthread_create(&r->thread, NULL, responder_run, r) == 0);
}

void responder_set(struct responder *r, const struct responder_rule *rules)
{
    pthread_mutex_lock(&r->lock);
    r->rules = rules;
    pthread_mutex_unlock(&r->lock);
}

void responder_stop(struct responder *r)
{
    CHECK(eventfd_write(r->stop_fd, 1) == 0);
    CHECK(pthread_join(r->thread, NULL) == 0);
    (void)close(r->stop_fd);
    (void)close(r->udp_fd);
    (void)close(r->tcp_fd);
    CHECK(pthread_mutex_destroy(&r->lock) == 0);
}
