// SPDX-License-Identifier: Apache-2.0
// EDNS Client Subnet to a struct and back. Called by the answering code per query.
#include "dns/edns_subnet.h"

#include "dns/wire_priv.h"

#define FIXED_BYTES 4 /* family, source and scope prefix-length */

enum subnet_family { FAMILY_NONE = 0, FAMILY_IPV4 = 1, FAMILY_IPV6 = 2 };

/* Bytes that carry `bits` bits. */
static size_t bytes_of(unsigned bits)
{
    return (bits + 7) / 8;
}

static unsigned bits_of(uint16_t family)
{
    switch (family) {
    case FAMILY_IPV4:
        return 32;
    case FAMILY_IPV6:
        return 128;
    default:
        return 0;
    }
}

bool dns_edns_subnet_read(struct slice data, struct dns_edns_subnet *out)
{
    if (data.len < FIXED_BYTES)
        return false;
    struct dns_edns_subnet subnet = {.family = dns_get_u16(data.data),
                                     .source_length = data.data[2]};
    uint8_t scope_length = data.data[3];
    size_t address_bytes = data.len - FIXED_BYTES;
    bool is_family = subnet.family <= FAMILY_IPV6;
    if (!is_family || scope_length != 0 || subnet.source_length > bits_of(subnet.family) ||
        address_bytes != bytes_of(subnet.source_length))
        return false;
    if (address_bytes > 0)
        memcpy(subnet.address, data.data + FIXED_BYTES, address_bytes);
    unsigned spare_bits = (unsigned)(8 * address_bytes) - subnet.source_length;
    if (spare_bits > 0 && (subnet.address[address_bytes - 1] & ((1U << spare_bits) - 1)) != 0)
        return false;
    *out = subnet;
    return true;
}

size_t dns_edns_subnet_write(const struct dns_edns_subnet *subnet, uint8_t scope_length,
                             uint8_t out[DNS_EDNS_SUBNET_MAX_BYTES])
{
    size_t address_bytes = bytes_of(subnet->source_length);
    dns_put_u16(out, subnet->family);
    out[2] = subnet->source_length;
    out[3] = scope_length;
    memcpy(out + FIXED_BYTES, subnet->address, address_bytes);
    return FIXED_BYTES + address_bytes;
}
