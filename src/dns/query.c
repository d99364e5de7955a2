// SPDX-License-Identifier: Apache-2.0
// The parser of queries. Called for every datagram and every message of a TCP connection, on the
// threads of the DNS role; one pass, no allocation.
#include "dns/message.h"

#include "dns/edns.h"
#include "dns/name_priv.h"
#include "dns/wire_priv.h"

enum { QUESTION_FIXED_BYTES = 4 }; /* QTYPE, QCLASS */

/* A record as far as a query needs it. */
struct raw_record {
    bool is_root_owned;
    uint16_t type;
    uint16_t class;
    uint32_t ttl; /* of OPT: extended rcode, version, flags */
    struct slice data;
};

/* The end of the name at `at`, which may end in a pointer; 0 where it is broken. */
static size_t skip_name(struct slice message, size_t at)
{
    while (at < message.len) {
        uint8_t label_bytes = message.data[at];
        if (label_bytes == 0)
            return at + 1;
        if (label_bytes >= DNS_POINTER_BITS)
            return at + 2 <= message.len ? at + 2 : 0;
        if (label_bytes > DNS_LABEL_MAX_BYTES)
            return 0;
        at += 1U + label_bytes;
    }
    return 0;
}

/* Reads the record at *at and moves *at behind it; false where it is cut short. */
static bool read_record(struct slice message, size_t *at, struct raw_record *out)
{
    size_t end = skip_name(message, *at);
    if (end == 0 || message.len - end < DNS_RECORD_FIXED_BYTES)
        return false;
    const uint8_t *fixed = message.data + end;
    size_t data_at = end + DNS_RECORD_FIXED_BYTES;
    size_t data_len = dns_get_u16(fixed + 8);
    if (message.len - data_at < data_len)
        return false;
    out->is_root_owned = message.data[*at] == 0;
    out->type = dns_get_u16(fixed);
    out->class = dns_get_u16(fixed + 2);
    out->ttl = dns_get_u32(fixed + 4);
    out->data = slice_of(message.data + data_at, data_len);
    *at = data_at + data_len;
    return true;
}

/* Copies the QNAME in lower case, label by label, and notes the question; false if broken. */
static bool read_question(struct slice message, struct dns_query *out)
{
    const uint8_t *sent = message.data + DNS_HEADER_BYTES;
    struct slice rest = slice_of(sent, message.len - DNS_HEADER_BYTES);
    size_t name_len = dns_name_measure(rest);
    if (name_len == 0 || rest.len - name_len < QUESTION_FIXED_BYTES)
        return false;
    for (size_t i = 0; i < name_len; i++)
        out->qname.wire[i] = dns_lower[sent[i]];
    out->qname.len = (uint8_t)name_len;
    out->qname_sent = slice_of(sent, name_len);
    out->question = slice_of(sent, name_len + QUESTION_FIXED_BYTES);
    out->qtype = dns_get_u16(sent + name_len);
    out->qclass = dns_get_u16(sent + name_len + 2);
    return true;
}

static bool are_options_whole(struct slice options)
{
    struct dns_edns_option option;
    while (dns_edns_next(&options, &option))
        continue;
    return options.len == 0;
}

static bool read_opt(const struct raw_record *r, struct dns_query *out)
{
    uint8_t version = (uint8_t)(r->ttl >> 16);
    if (out->has_edns || !r->is_root_owned || (version == 0 && !are_options_whole(r->data)))
        return false;
    out->has_edns = true;
    out->edns_udp_bytes = r->class;
    out->edns_version = version;
    out->dnssec_ok = (r->ttl & DNS_EDNS_DO) != 0;
    out->edns_options = r->data;
    return true;
}

/* What follows the question, up to the last byte. */
static bool read_records(struct slice message, struct dns_query *out)
{
    const uint8_t *counts = message.data + DNS_AT_COUNTS;
    unsigned authority_count = dns_get_u16(counts + 4);
    unsigned additional_count = dns_get_u16(counts + 6);
    size_t at = DNS_HEADER_BYTES + out->question.len;
    struct raw_record record;
    /* Each record takes 11 bytes at least, so the message bounds both loops. */
    for (unsigned i = 0; i < authority_count; i++) {
        if (!read_record(message, &at, &record) || record.type == DNS_TYPE_OPT ||
            record.type == DNS_TYPE_TSIG)
            return false;
    }
    for (unsigned i = 0; i < additional_count; i++) {
        size_t start = at;
        if (out->tsig_at != 0 || !read_record(message, &at, &record))
            return false;
        if (record.type == DNS_TYPE_OPT && !read_opt(&record, out))
            return false;
        if (record.type == DNS_TYPE_TSIG)
            out->tsig_at = start;
    }
    return at == message.len;
}

bool dns_query_ixfr_serial(struct slice message, const struct dns_query *query,
                           uint32_t *out_serial)
{
    enum { SOA_NUMBERS_BYTES = 20 };
    size_t at = DNS_HEADER_BYTES + query->question.len;
    struct raw_record record;
    if (dns_get_u16(message.data + DNS_AT_COUNTS + 4) == 0 || !read_record(message, &at, &record) ||
        record.type != DNS_TYPE_SOA || record.data.len < SOA_NUMBERS_BYTES)
        return false;
    *out_serial = dns_get_u32(record.data.data + record.data.len - SOA_NUMBERS_BYTES);
    return true;
}

static void init_query(uint16_t id, uint16_t flags, struct dns_query *out)
{
    out->id = id;
    out->flags = flags;
    out->opcode = (uint8_t)(flags >> DNS_OPCODE_SHIFT & DNS_OPCODE_MASK);
    out->question = slice_of(NULL, 0);
    out->qname_sent = slice_of(NULL, 0);
    out->qname.len = 0;
    out->qtype = 0;
    out->qclass = 0;
    out->has_edns = false;
    out->dnssec_ok = false;
    out->edns_version = 0;
    out->edns_udp_bytes = DNS_UDP_PLAIN_BYTES;
    out->edns_options = slice_of(NULL, 0);
    out->tsig_at = 0;
}

enum dns_parse dns_query_parse(struct slice message, struct dns_query *out)
{
    if (message.len < DNS_HEADER_BYTES)
        return DNS_PARSE_DROP;
    uint16_t flags = dns_get_u16(message.data + DNS_AT_FLAGS);
    if ((flags & DNS_FLAG_QR) != 0)
        return DNS_PARSE_DROP;
    init_query(dns_get_u16(message.data + DNS_AT_ID), flags, out);
    if (out->opcode != DNS_OPCODE_QUERY)
        return DNS_PARSE_OK;
    const uint8_t *counts = message.data + DNS_AT_COUNTS;
    unsigned question_count = dns_get_u16(counts);
    bool has_answers = dns_get_u16(counts + 2) != 0;
    if (question_count > 1 || (question_count == 1 && !read_question(message, out)) || has_answers)
        return DNS_PARSE_FORMERR;
    bool is_good = read_records(message, out) && (question_count == 1 || out->has_edns);
    return is_good ? DNS_PARSE_OK : DNS_PARSE_FORMERR;
}
