// SPDX-License-Identifier: Apache-2.0
// DNS as a drill sees it. Called on the loop of the command.
#include "tool/drill_answer.h"

#include <endian.h>
#include <ldns/ldns.h>
#include <string.h>

/* RFC 6891: root owner, type 41, 1232 bytes, no extended flags, no options. */
static const uint8_t opt_record[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};

void drill_addresses_add(struct drill_addresses *list, const struct drill_address *address)
{
    if (list->count < TOOL_DRILL_ADDRESSES_MAX && !drill_addresses_have(list, address))
        list->items[list->count++] = *address;
}

bool drill_addresses_have(const struct drill_addresses *list, const struct drill_address *address)
{
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(&list->items[i], address, sizeof(*address)) == 0)
            return true;
    return false;
}

bool drill_addresses_meet(const struct drill_addresses *a, const struct drill_addresses *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (drill_addresses_have(b, &a->items[i]))
            return true;
    return false;
}

static uint8_t *put_u16(uint8_t *to, uint16_t value)
{
    uint16_t value_be = htobe16(value);
    memcpy(to, &value_be, sizeof(value_be));
    return to + sizeof(value_be);
}

size_t drill_query_write(uint8_t out[DRILL_QUERY_SIZE], uint16_t id, const struct dns_name *name,
                         uint16_t type)
{
    memset(out, 0, DNS_HEADER_BYTES);
    (void)put_u16(out, id);
    out[5] = 1;  /* one question */
    out[11] = 1; /* one additional record */
    uint8_t *at = out + DNS_HEADER_BYTES;
    memcpy(at, name->wire, name->len);
    at = put_u16(at + name->len, type);
    at = put_u16(at, DNS_CLASS_IN);
    memcpy(at, opt_record, sizeof(opt_record));
    return (size_t)(at - out) + sizeof(opt_record);
}

/* Whether the packet asks what we asked. */
static bool is_our_question(const ldns_pkt *packet, const struct dns_name *name, uint16_t type)
{
    const ldns_rr_list *questions = ldns_pkt_question(packet);
    if (ldns_rr_list_rr_count(questions) != 1)
        return false;
    const ldns_rr *question = ldns_rr_list_rr(questions, 0);
    const ldns_rdf *owner = ldns_rr_owner(question);
    return ldns_rr_get_type(question) == (ldns_rr_type)type &&
           dns_name_equal(slice_of(ldns_rdf_data(owner), ldns_rdf_size(owner)),
                          dns_name_slice(name));
}

static void read_addresses(const ldns_pkt *packet, uint16_t type, struct drill_answer *out)
{
    const ldns_rr_list *records = ldns_pkt_answer(packet);
    uint32_t shortest_s = UINT32_MAX;
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *record = ldns_rr_list_rr(records, i);
        shortest_s = min_u32(shortest_s, ldns_rr_ttl(record));
        if (ldns_rr_get_type(record) != (ldns_rr_type)type || ldns_rr_rd_count(record) != 1)
            continue;
        const ldns_rdf *data = ldns_rr_rdf(record, 0);
        struct drill_address address = {{0}};
        memcpy(address.bytes, ldns_rdf_data(data),
               min_size(ldns_rdf_size(data), sizeof(address.bytes)));
        drill_addresses_add(&out->addresses, &address);
    }
    out->ttl_s = shortest_s != UINT32_MAX ? shortest_s : 0;
}

/* The lesser of the SOA's TTL and its minimum; 0 without one. */
static uint32_t negative_ttl_s(const ldns_pkt *packet)
{
    const ldns_rr_list *records = ldns_pkt_authority(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(records); i++) {
        const ldns_rr *record = ldns_rr_list_rr(records, i);
        if (ldns_rr_get_type(record) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(record) == 7)
            return min_u32(ldns_rr_ttl(record), ldns_rdf2native_int32(ldns_rr_rdf(record, 6)));
    }
    return 0;
}

bool drill_answer_read(struct slice message, const struct dns_name *name, uint16_t type,
                       uint16_t *out_id, struct drill_answer *out)
{
    ldns_pkt *packet = NULL;
    if (message.len < DNS_HEADER_BYTES ||
        ldns_wire2pkt(&packet, message.data, message.len) != LDNS_STATUS_OK)
        return false;
    bool is_ours = ldns_pkt_qr(packet) && is_our_question(packet, name, type);
    if (is_ours) {
        struct drill_answer answer = {.rcode = ldns_pkt_get_rcode(packet)};
        read_addresses(packet, type, &answer);
        if (answer.addresses.count == 0)
            answer.ttl_s = negative_ttl_s(packet);
        *out_id = ldns_pkt_id(packet);
        *out = answer;
    }
    ldns_pkt_free(packet);
    return is_ours;
}

const struct drill_answer *drill_resolver_get(const struct drill_resolver *r, int64_t now_ns)
{
    return r->has_answer && now_ns < r->until_ns ? &r->answer : NULL;
}

void drill_resolver_take(struct drill_resolver *r, const struct drill_answer *answer,
                         int64_t now_ns)
{
    bool is_kept = answer->rcode == DNS_RCODE_NOERROR || answer->rcode == DNS_RCODE_NXDOMAIN;
    if (!is_kept || drill_resolver_get(r, now_ns) != NULL)
        return;
    r->has_answer = true;
    r->answer = *answer;
    r->until_ns = now_ns + (int64_t)answer->ttl_s * NS_PER_S;
}
