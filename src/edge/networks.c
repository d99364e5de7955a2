// SPDX-License-Identifier: Apache-2.0
// Where origins must not be: networks and addresses, compared as IPv6 bytes. Made once at start,
// asked by the serving threads before each connection.
#include "edge/networks.h"

#include "base/alloc.h"
#include "base/check.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    V6_BYTES = 16,
    V6_BITS = 128,
    V4_OFFSET = 12, /* of an IPv4 address mapped into IPv6 (RFC 4291 section 2.5.5.2) */
    V4_BITS = 32,
};

struct network {
    uint8_t bytes[V6_BYTES]; /* behind the prefix all zero */
    unsigned bits;           /* of the prefix */
    uint16_t port;           /* 0: every port */
    bool is_wildcard;        /* every local address, with this port */
};

struct network_list {
    struct network *items;
    size_t count;
};

static const uint8_t v4_prefix[V4_OFFSET] = {[10] = 0xff, [11] = 0xff};
/* 64:ff9b::/96, behind which a translator finds the IPv4 addresses (RFC 6052 section 2.1). */
static const uint8_t translated_prefix[V4_OFFSET] = {0x00, 0x64, 0xff, 0x9b};
static const uint8_t v4_loopback[V6_BYTES - V4_OFFSET] = {127, 0, 0, 1};

static bool is_v4(const uint8_t bytes[V6_BYTES])
{
    return memcmp(bytes, v4_prefix, V4_OFFSET) == 0;
}

/* The address as IPv6 bytes, IPv4 mapped. */
static void address_bytes(const struct net_address *a, uint8_t out[V6_BYTES])
{
    if (a->sa.sa_family == AF_INET6) {
        memcpy(out, &a->in6.sin6_addr, V6_BYTES);
        return;
    }
    memcpy(out, v4_prefix, V4_OFFSET);
    memcpy(out + V4_OFFSET, &a->in.sin_addr, V6_BYTES - V4_OFFSET);
}

/* A connection to the wildcard address goes to this machine's loopback address. */
static void destination_bytes(const struct net_address *a, uint8_t out[V6_BYTES])
{
    static const uint8_t zeros[V6_BYTES];
    address_bytes(a, out);
    if (is_v4(out) && memcmp(out + V4_OFFSET, zeros, V6_BYTES - V4_OFFSET) == 0)
        memcpy(out + V4_OFFSET, v4_loopback, sizeof(v4_loopback));
    else if (memcmp(out, zeros, V6_BYTES) == 0)
        out[V6_BYTES - 1] = 1;
}

static bool prefix_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;
    return memcmp(a, b, whole) == 0 && (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* Whether the address is one of this machine's: only such a one can be bound to. */
static bool is_local(const uint8_t bytes[V6_BYTES], uint32_t scope)
{
    struct net_address a;
    if (is_v4(bytes)) {
        a = (struct net_address){.in = {.sin_family = AF_INET}, .len = sizeof(a.in)};
        memcpy(&a.in.sin_addr, bytes + V4_OFFSET, sizeof(a.in.sin_addr));
    } else {
        a = (struct net_address){.in6 = {.sin6_family = AF_INET6, .sin6_scope_id = scope},
                                 .len = sizeof(a.in6)};
        memcpy(&a.in6.sin6_addr, bytes, V6_BYTES);
    }
    int fd = socket(a.sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return true; /* rather one origin too few than the node's own API */
    bool can_bind = bind(fd, &a.sa, a.len) == 0;
    (void)close(fd);
    return can_bind;
}

/* "ADDR/BITS" or "ADDR"; false where it is neither, or where bits are set behind the prefix. */
static bool network_parse(struct slice text, struct network *out)
{
    size_t slash = slice_find(text, '/');
    struct slice bits_text = slice_sub(text, slash + 1, text.len);
    struct net_address address;
    if (!net_address_parse_ip(slice_sub(text, 0, slash), &address))
        return false;
    unsigned offset = address.sa.sa_family == AF_INET ? V6_BITS - V4_BITS : 0;
    uint64_t bits = V6_BITS - offset;
    if (slash < text.len && !slice_parse_u64(bits_text, V6_BITS - offset, &bits))
        return false;
    address_bytes(&address, out->bytes);
    out->bits = (unsigned)bits + offset;
    for (unsigned i = out->bits; i < V6_BITS; i++) {
        if ((out->bytes[i / 8] & (0x80u >> i % 8)) != 0)
            return false;
    }
    return true;
}

/* "ADDR:PORT" or "[ADDR]:PORT". */
static bool port_parse(struct slice text, struct network *out)
{
    struct net_address address;
    if (net_address_parse(text, &address, NULL) != ERR_OK || net_address_port(&address) == 0)
        return false;
    address_bytes(&address, out->bytes);
    out->bits = V6_BITS;
    out->port = net_address_port(&address);
    out->is_wildcard = net_address_is_wildcard(&address);
    return true;
}

/* Whether the text has a port: in brackets, or a single colon. */
static bool has_port(struct slice text)
{
    size_t colon = slice_find(text, ':');
    struct slice rest = slice_sub(text, colon + 1, text.len);
    return text.len > 0 &&
           (text.data[0] == '[' || (colon < text.len && slice_find(rest, ':') == rest.len));
}

enum err network_list_new(const char *const *texts, size_t count, struct network_list **out,
                          struct errctx *ec)
{
    struct network_list *l = NEW(struct network_list);
    l->items = (struct network *)mem_new(count == 0 ? 1 : count, sizeof(struct network));
    for (size_t i = 0; i < count; i++) {
        struct slice text = slice_trim(slice_str(texts[i]));
        bool is_good =
            has_port(text) ? port_parse(text, &l->items[i]) : network_parse(text, &l->items[i]);
        if (!is_good) {
            network_list_free(l);
            return err_set(ec, ERR_INVALID,
                           "'%s' is no network: ADDR, ADDR/BITS with zeros behind the prefix, "
                           "ADDR:PORT or [ADDR]:PORT",
                           texts[i]);
        }
    }
    l->count = count;
    *out = l;
    return ERR_OK;
}

void network_list_free(struct network_list *l)
{
    if (l == NULL)
        return;
    free(l->items);
    free(l);
}

static bool has_destination(const struct network_list *l, const uint8_t bytes[V6_BYTES],
                            uint32_t scope, uint16_t port)
{
    for (size_t i = 0; i < l->count; i++) {
        const struct network *n = &l->items[i];
        if (n->port != 0 && n->port != port)
            continue;
        if (n->is_wildcard ? is_local(bytes, scope) : prefix_equal(n->bytes, bytes, n->bits))
            return true;
    }
    return false;
}

bool network_list_has(const struct network_list *l, const struct net_address *address)
{
    uint8_t bytes[V6_BYTES];
    uint16_t port = net_address_port(address);
    uint32_t scope = address->sa.sa_family == AF_INET6 ? address->in6.sin6_scope_id : 0;
    destination_bytes(address, bytes);
    if (has_destination(l, bytes, scope, port))
        return true;
    if (memcmp(bytes, translated_prefix, V4_OFFSET) != 0)
        return false;
    memcpy(bytes, v4_prefix, V4_OFFSET);
    return has_destination(l, bytes, 0, port);
}
