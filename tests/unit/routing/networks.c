// SPDX-License-Identifier: Apache-2.0
// Networks from text, and random ones, for the tests of this room.
#include "networks.h"

#include "base/check.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct net_key net_of(const char *text)
{
    char address[64];
    const char *slash = strchr(text, '/');
    size_t len = slash == NULL ? strlen(text) : (size_t)(slash - text);
    CHECK(len < sizeof(address));
    memcpy(address, text, len);
    address[len] = '\0';
    uint8_t bytes[16];
    bool is_v6 = strchr(address, ':') != NULL;
    CHECK(inet_pton(is_v6 ? AF_INET6 : AF_INET, address, bytes) == 1);
    unsigned length = slash == NULL ? 128 : (unsigned)strtoul(slash + 1, NULL, 10);
    return net_key_of(bytes, is_v6 ? 16 : 4, length);
}

struct net_key net_cut(struct net_key from, unsigned length)
{
    CHECK(length <= 64);
    from.bits = length == 0 ? 0 : from.bits & UINT64_MAX << (64 - length);
    from.length = (uint8_t)length;
    return from;
}

struct net_key net_random_within(struct prng *random, const struct net_key *network)
{
    struct net_key key = *network;
    uint64_t noise = prng_next(random);
    if (network->length < 64)
        key.bits |= noise >> network->length;
    return net_cut(key, network->is_v6 ? 64 : 32);
}

struct net_key net_random(struct prng *random, bool is_v6)
{
    static const uint64_t bases[] = {0, 0x0a00000000000000, 0x20010db800000000, UINT64_MAX};
    struct net_key key = {.bits = bases[prng_below(random, ARRAY_LEN(bases))], .is_v6 = is_v6};
    unsigned full = is_v6 ? 64 : 32;
    /* Few bits differ, in places far from each other. */
    static const unsigned flips[] = {0, 7, 8, 15, 16, 22, 23, 24, 30, 31, 40, 47, 48, 63};
    for (size_t i = 0; i < ARRAY_LEN(flips); i++) {
        if (prng_below(random, 4) == 0)
            key.bits ^= 1ULL << (63 - flips[i]);
    }
    return net_cut(key, prng_below(random, full + 1));
}
