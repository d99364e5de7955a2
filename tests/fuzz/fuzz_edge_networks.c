// SPDX-License-Identifier: Apache-2.0
// Texts of networks that origins must not reach: taken or refused, never half; an address that
// stands alone has itself, in both of its forms, at every port or at its own.
#include "base/check.h"
#include "edge/networks.h"

#include <string.h>

enum { TEXT_BYTES = 128 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** What a list of one address must have: the address, and what it is mapped into IPv6. */
static void check_own(const struct network_list *l, struct net_address own, uint16_t port)
{
    net_address_set_port(&own, port);
    if (net_address_is_wildcard(&own))
        return; /* nobody is there; as a destination it is the loopback address */
    CHECK(network_list_has(l, &own));
    if (own.sa.sa_family != AF_INET)
        return;
    struct net_address mapped = {.in6 = {.sin6_family = AF_INET6, .sin6_port = own.in.sin_port},
                                 .len = sizeof(struct sockaddr_in6)};
    mapped.in6.sin6_addr.s6_addr[10] = 0xff;
    mapped.in6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&mapped.in6.sin6_addr.s6_addr[12], &own.in.sin_addr, sizeof(own.in.sin_addr));
    CHECK(network_list_has(l, &mapped));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[TEXT_BYTES];
    if (size >= sizeof(text) || memchr(data, '\0', size) != NULL)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    const char *texts[] = {text};
    struct network_list *l = NULL;
    struct errctx ec = {0};
    struct net_address address;
    enum err e = network_list_new(texts, 1, &l, &ec);
    CHECK(e == ERR_OK || (e == ERR_INVALID && l == NULL && ec.code == ERR_INVALID));
    bool is_alone = net_address_parse_ip(slice_str(text), &address);
    CHECK(!is_alone || e == ERR_OK);
    if (is_alone)
        check_own(l, address, 80);
    else if (e == ERR_OK && net_address_parse(slice_str(text), &address, NULL) == ERR_OK)
        check_own(l, address, net_address_port(&address));
    network_list_free(l);
    return 0;
}
