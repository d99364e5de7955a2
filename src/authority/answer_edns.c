// SPDX-License-Identifier: Apache-2.0
// EDNS options of queries and answers. Runs on the UDP and TCP threads and in the trial.
#include "authority/answer_edns.h"

#include "base/check.h"

static bool read_option(const struct dns_edns_option *option, struct answer_edns *edns)
{
    switch (option->code) {
    case DNS_EDNS_SUBNET:
        if (edns->has_subnet)
            return true; /* the first one counts */
        edns->has_subnet = dns_edns_subnet_read(option->data, &edns->subnet);
        return edns->has_subnet;
    default:
        return true; /* an option that this server does not know is passed over */
    }
}

enum dns_rcode answer_edns_read(const struct dns_query *query, struct answer_edns *out)
{
    struct slice rest = query->edns_options;
    struct dns_edns_option option;
    for (unsigned i = 0; i < EDNS_OPTIONS_MAX && dns_edns_next(&rest, &option); i++) {
        if (!read_option(&option, out))
            return DNS_RCODE_FORMERR;
    }
    return rest.len == 0 ? DNS_RCODE_NOERROR : DNS_RCODE_FORMERR;
}

struct routing_client answer_edns_client(const struct answer_edns *edns,
                                         const struct answer_request *request,
                                         const struct scene *scene)
{
    struct routing_client client = {.atlas = scene->atlas};
    const struct view_address *source = &request->view.source;
    if (edns->has_subnet && edns->subnet.source_length > 0)
        client.network = net_key_of(edns->subnet.address, edns->subnet.family == 1 ? 4 : 16,
                                    edns->subnet.source_length);
    else if (source->len > 0)
        client.network = net_key_of(source->bytes, source->len, 8U * source->len);
    return client;
}

static size_t subnet_bytes(const struct answer_edns *edns)
{
    size_t address_bytes = (edns->subnet.source_length + 7U) / 8;
    return edns->has_subnet ? DNS_EDNS_OPTION_FIXED_BYTES + 4 + address_bytes : 0;
}

size_t answer_edns_bytes(const struct answer_edns *edns)
{
    return subnet_bytes(edns);
}

static uint8_t *put_head(uint8_t *at, uint16_t code, size_t len)
{
    at[0] = (uint8_t)(code >> 8);
    at[1] = (uint8_t)code;
    at[2] = (uint8_t)(len >> 8);
    at[3] = (uint8_t)len;
    return at + DNS_EDNS_OPTION_FIXED_BYTES;
}

struct slice answer_edns_write(const struct answer_edns *edns, const struct routing_client *client,
                               uint8_t out[EDNS_OUT_MAX_BYTES])
{
    uint8_t *at = out;
    if (edns->has_subnet) {
        /* A client that wants its address left out gets an answer for everybody. */
        uint8_t scope = edns->subnet.source_length == 0 ? 0 : client->scope;
        uint8_t *data = at + DNS_EDNS_OPTION_FIXED_BYTES;
        size_t len = dns_edns_subnet_write(&edns->subnet, scope, data);
        at = put_head(at, DNS_EDNS_SUBNET, len) + len;
    }
    CHECK((size_t)(at - out) == answer_edns_bytes(edns));
    return slice_of(out, (size_t)(at - out));
}
