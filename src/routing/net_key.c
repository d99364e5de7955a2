// SPDX-License-Identifier: Apache-2.0
// Addresses as keys of network tables. Pure.
#include "base/check.h"
#include "routing/net_table.h"

struct net_key net_key_of(const uint8_t *address, size_t address_bytes, unsigned length)
{
    CHECK(address_bytes == 4 || address_bytes == 16);
    bool is_v6 = address_bytes == 16;
    unsigned most = is_v6 ? 64 : 32;
    unsigned kept = length < most ? length : most;
    uint64_t bits = 0;
    for (size_t i = 0; i < (is_v6 ? 8 : 4); i++)
        bits |= (uint64_t)address[i] << (56 - 8 * i);
    bits = kept == 0 ? 0 : bits & (UINT64_MAX << (64 - kept));
    return (struct net_key){.bits = bits, .length = (uint8_t)kept, .is_v6 = is_v6};
}
