// SPDX-License-Identifier: Apache-2.0
// Socket addresses as values, and the text forms that settings and logs use. No name look-ups.
#ifndef NET_ADDRESS_H
#define NET_ADDRESS_H

#include "base/err.h"
#include "base/slice.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

/** IPv4 or IPv6 address with a port. Compared by net_address_equal, never by memcmp. */
struct net_address {
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
    };
    socklen_t len;
};

/** "[" 45 characters "%scope" "]:65535" and a NUL. */
#define NET_ADDRESS_TEXT_SIZE 80

/** "127.0.0.1:53", "[::1]:53". Errors: ERR_INVALID. */
enum err net_address_parse(struct slice text, struct net_address *out, struct errctx *ec) MUST_USE;

/** An address alone, IPv6 without brackets; its port is 0. False where the text is none. */
bool net_address_parse_ip(struct slice text, struct net_address *out);

/** "https://ADDR:PORT" or "http://ADDR:PORT", a trailing '/' allowed. Errors: ERR_INVALID. */
enum err net_address_parse_url(struct slice url, struct net_address *out, bool *out_is_tls,
                               struct errctx *ec) MUST_USE;

void net_address_format(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE]);
/** The address alone, without port and brackets. */
void net_address_format_ip(const struct net_address *a, char out[NET_ADDRESS_TEXT_SIZE]);
uint16_t net_address_port(const struct net_address *a);
void net_address_set_port(struct net_address *a, uint16_t port);
bool net_address_is_loopback(const struct net_address *a);
bool net_address_is_wildcard(const struct net_address *a);
bool net_address_equal(const struct net_address *a, const struct net_address *b);

/** Bytes that net_address_client writes at most. */
#define NET_ADDRESS_CLIENT_BYTES 16

/**
 * What limits by client count as one client, as bytes to look up: an IPv4 address, mapped into IPv6
 * or not, or the /64 of an IPv6 address, of which one machine can have all. Returns their number.
 */
size_t net_address_client(const struct net_address *a, uint8_t out[NET_ADDRESS_CLIENT_BYTES]);

#endif
