// SPDX-License-Identifier: Apache-2.0
// Addresses as values and their text forms. Pure but for if_nametoindex on a scope; any thread.
#include "net/address.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>

enum {
    V6_MAPPED_OFFSET = 12, /* of the IPv4 address in ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */
    V6_CLIENT_BYTES = 8,   /* of a /64, the size of a subnet (RFC 4291 section 2.5.4) */
};

/* Copies a piece of text into a NUL-terminated buffer; false where it does not fit. */
static bool text_copy(struct slice text, char *out, size_t size)
{
    if (text.len >= size || memchr(text.data, '\0', text.len) != NULL)
        return false;
    memcpy(out, text.data, text.len);
    out[text.len] = '\0';
    return true;
}

/* The index of an interface given by number or name; false where there is none such. */
static bool scope_parse(struct slice text, uint32_t *out_scope)
{
    uint64_t number;
    if (slice_parse_u64(text, UINT32_MAX, &number) && number > 0) {
        *out_scope = (uint32_t)number;
        return true;
    }
    char name[IF_NAMESIZE];
    if (!text_copy(text, name, sizeof(name)))
        return false;
    *out_scope = if_nametoindex(name);
    return *out_scope != 0;
}

static bool host_parse_v4(struct slice host, uint16_t port, struct net_address *out)
{
    char text[INET_ADDRSTRLEN];
    struct net_address a = {.in = {.sin_family = AF_INET, .sin_port = htons(port)},
                            .len = sizeof(struct sockaddr_in)};
    if (host.len == 0 || !text_copy(host, text, sizeof(text)) ||
        inet_pton(AF_INET, text, &a.in.sin_addr) != 1)
        return false;
    *out = a;
    return true;
}

static bool host_parse_v6(struct slice host, uint16_t port, struct net_address *out)
{
    char text[INET6_ADDRSTRLEN];
    struct net_address a = {.in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)},
                            .len = sizeof(struct sockaddr_in6)};
    size_t percent = slice_find(host, '%');
    if (percent < host.len &&
        !scope_parse(slice_sub(host, percent + 1, host.len), &a.in6.sin6_scope_id))
        return false;
    if (percent == 0 || !text_copy(slice_sub(host, 0, percent), text, sizeof(text)) ||
        inet_pton(AF_INET6, text, &a.in6.sin6_addr) != 1)
        return false;
    *out = a;
    return true;
}

/* "HOST:PORT" or "[HOST]:PORT" in two halves; false where the shape is another. */
static bool text_halves(struct slice text, struct slice *out_host, struct slice *out_port,
                        bool *out_is_v6)
{
    bool is_v6 = text.len > 0 && text.data[0] == '[';
    size_t host_end = slice_find(text, is_v6 ? ']' : ':');
    size_t colon = host_end + (is_v6 ? 1 : 0);
    if (colon >= text.len || text.data[colon] != ':')
        return false;
    *out_host = slice_sub(text, is_v6 ? 1 : 0, host_end - (is_v6 ? 1 : 0));
    *out_port = slice_sub(text, colon + 1, text.len);
    *out_is_v6 = is_v6;
    return true;
}

enum err net_address_parse(struct slice text, struct net_address *out, struct errctx *ec)
{
    struct slice host;
    struct slice port_text;
    bool is_v6;
    uint64_t port;
    if (!text_halves(text, &host, &port_text, &is_v6))
        return err_set(ec, ERR_INVALID, "'%.*s' is not ADDR:PORT or [ADDR]:PORT", SLICE_FMT(text));
    if (!slice_parse_u64(port_text, UINT16_MAX, &port))
        return err_set(ec, ERR_INVALID, "'%.*s': the port must be 0 to 65535", SLICE_FMT(text));
    bool is_good =
        is_v6 ? host_parse_v6(host, (uint16_t)port, out) : host_parse_v4(host, (uint16_t)port, out);
    if (!is_good)
        return err_set(ec, ERR_INVALID, "'%.*s': '%.*s' is not an address", SLICE_FMT(text),
                       SLICE_FMT(host));
    return ERR_OK;
}

bool net_address_parse_ip(struct slice text, struct net_address *out)
{
    return host_parse_v4(text, 0, out) || host_parse_v6(text, 0, out);
}

enum err net_address_parse_url(struct slice url, struct net_address *out, bool *out_is_tls,
                               struct errctx *ec)
{
    static const struct slice plain = SLICE_LIT("http://");
    static const struct slice secure = SLICE_LIT("https://");
    bool is_tls = slice_starts_with(url, secure);
    if (!is_tls && !slice_starts_with(url, plain))
        return err_set(ec, ERR_INVALID, "'%.*s' is not https://ADDR:PORT", SLICE_FMT(url));
    struct slice rest = slice_sub(url, is_tls ? secure.len : plain.len, url.len);
    if (rest.len > 0 && rest.data[rest.len - 1] == '/')
        rest.len--;
    enum err e = net_address_parse(rest, out, ec);
    if (e == ERR_OK)
        *out_is_tls = is_tls;
    return e;
}

void net_address_format_ip(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE])
{
    char ip[INET6_ADDRSTRLEN];
    const void *raw = a->sa.sa_family == AF_INET6 ? (const void *)&a->in6.sin6_addr
                                                  : (const void *)&a->in.sin_addr;
    const char *text = inet_ntop(a->sa.sa_family, raw, ip, sizeof(ip));
    CHECK(text != NULL);
    if (a->sa.sa_family == AF_INET6 && a->in6.sin6_scope_id != 0)
        (void)snprintf(out, NET_ADDRESS_TEXT_SIZE, "%s%%%u", ip, a->in6.sin6_scope_id);
    else
        (void)snprintf(out, NET_ADDRESS_TEXT_SIZE, "%s", ip);
}

void net_address_format(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE])
{
    char ip[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(a, ip);
    int len = snprintf(out, NET_ADDRESS_TEXT_SIZE,
                       a->sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", ip, net_address_port(a));
    CHECK(len > 0 && len < NET_ADDRESS_TEXT_SIZE);
}

uint16_t net_address_port(const struct net_address *a)
{
    return ntohs(a->sa.sa_family == AF_INET6 ? a->in6.sin6_port : a->in.sin_port);
}

void net_address_set_port(struct net_address *a, uint16_t port)
{
    if (a->sa.sa_family == AF_INET6)
        a->in6.sin6_port = htons(port);
    else
        a->in.sin_port = htons(port);
}

/* Whether an IPv4 address in network order is in 127.0.0.0/8. */
static bool v4_is_loopback(uint32_t address_be)
{
    return ntohl(address_be) >> 24 == IN_LOOPBACKNET;
}

bool net_address_is_loopback(const struct net_address *a)
{
    if (a->sa.sa_family == AF_INET)
        return v4_is_loopback(a->in.sin_addr.s_addr);
    if (a->sa.sa_family != AF_INET6)
        return false;
    uint32_t mapped_be;
    memcpy(&mapped_be, &a->in6.sin6_addr.s6_addr[V6_MAPPED_OFFSET], sizeof(mapped_be));
    return IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr) && v4_is_loopback(mapped_be));
}

bool net_address_is_wildcard(const struct net_address *a)
{
    if (a->sa.sa_family == AF_INET)
        return a->in.sin_addr.s_addr == htonl(INADDR_ANY);
    return a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr);
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
    if (a->sa.sa_family != b->sa.sa_family || net_address_port(a) != net_address_port(b))
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    return a->in6.sin6_scope_id == b->in6.sin6_scope_id &&
           IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
}

size_t net_address_client(const struct net_address *a, uint8_t out[NET_ADDRESS_CLIENT_BYTES])
{
    CHECK(a->sa.sa_family == AF_INET || a->sa.sa_family == AF_INET6);
    if (a->sa.sa_family == AF_INET) {
        memcpy(out, &a->in.sin_addr, sizeof(a->in.sin_addr));
        return sizeof(a->in.sin_addr);
    }
    const uint8_t *bytes = a->in6.sin6_addr.s6_addr;
    bool is_v4 = IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr);
    size_t count = is_v4 ? sizeof(struct in_addr) : V6_CLIENT_BYTES;
    memcpy(out, is_v4 ? bytes + V6_MAPPED_OFFSET : bytes, count);
    return count;
}
