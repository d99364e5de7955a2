// SPDX-License-Identifier: Apache-2.0
// Networks of transfer settings. Called by the API's workers and the compiler.
#include "aws/r53_transfer.h"

#include "dns/rdata.h"
#include "dns/types.h"

#include <string.h>

static uint16_t type_of(const struct r53_cidr_block *network)
{
    return network->bytes == 16 ? DNS_TYPE_AAAA : DNS_TYPE_A;
}

static void clear_host_bits(struct r53_cidr_block *network)
{
    for (unsigned i = 0; i < network->bytes; i++) {
        unsigned kept = network->length > 8 * i ? network->length - 8 * i : 0;
        if (kept < 8)
            network->address[i] &= (uint8_t)(0xff00U >> kept);
    }
}

enum err r53_transfer_network_parse(struct arena *a, struct slice text, struct r53_cidr_block *out,
                                    struct errctx *ec)
{
    struct r53_cidr_block network = {0};
    struct slice address;
    size_t slash = slice_find(text, '/');
    uint16_t type = slice_find(text, ':') < text.len ? DNS_TYPE_AAAA : DNS_TYPE_A;
    enum err e = dns_rdata_parse(a, type, slice_sub(text, 0, slash), &address, NULL);
    uint64_t length = e == ERR_OK ? address.len * 8 : 0;
    if (e == ERR_OK && slash < text.len &&
        !slice_parse_u64(slice_sub(text, slash + 1, text.len), address.len * 8, &length))
        e = ERR_INVALID;
    if (e != ERR_OK)
        return err_set(ec, ERR_INVALID, "'%.*s' is not a network", SLICE_FMT(text));
    memcpy(network.address, address.data, address.len);
    network.bytes = (uint8_t)address.len;
    network.length = (uint8_t)length;
    clear_host_bits(&network);
    *out = network;
    return ERR_OK;
}

const char *r53_transfer_address_format(struct arena *a, const struct r53_cidr_block *network)
{
    return arena_str(
        a, dns_rdata_format(a, type_of(network), slice_of(network->address, network->bytes)));
}

const char *r53_transfer_network_format(struct arena *a, const struct r53_cidr_block *network)
{
    return arena_printf(a, "%s/%u", r53_transfer_address_format(a, network), network->length);
}
