// SPDX-License-Identifier: Apache-2.0
// Reading responses back. Runs in the trial and in tests.
#include "authority/response.h"

#include "dns/rdata.h"

#define QUESTION_FIXED_BYTES 4
#define RECORD_HEAD_BYTES 10
#define POINTER_BITS 0xc0

static uint16_t u16_at(struct slice s, size_t at)
{
    return (uint16_t)(s.data[at] << 8 | s.data[at + 1]);
}

static uint32_t u32_at(struct slice s, size_t at)
{
    return (uint32_t)u16_at(s, at) << 16 | u16_at(s, at + 2);
}

size_t response_name(struct slice message, size_t at, struct dns_name *out)
{
    size_t behind = 0;    /* of the name's own bytes; set by the first pointer */
    size_t floor_at = at; /* pointers lead below it, so this ends */
    size_t len = 0;
    while (at < message.len) {
        uint8_t label = message.data[at];
        if (label >= POINTER_BITS) {
            if (at + 2 > message.len)
                return 0;
            size_t to = u16_at(message, at) & 0x3fffU;
            behind = behind == 0 ? at + 2 : behind;
            if (to >= floor_at || to < DNS_HEADER_BYTES)
                return 0;
            floor_at = to;
            at = to;
            continue;
        }
        size_t bytes = 1U + label;
        if (label > DNS_LABEL_MAX_BYTES || len + bytes > DNS_NAME_MAX_BYTES ||
            at + bytes > message.len)
            return 0;
        memcpy(out->wire + len, message.data + at, bytes);
        len += bytes;
        at += bytes;
        if (label == 0) {
            out->len = (uint8_t)len;
            return behind == 0 ? at : behind;
        }
    }
    return 0;
}

static unsigned record_count(const struct response *r)
{
    return 0U + r->counts[DNS_ANSWER] + r->counts[DNS_AUTHORITY] + r->counts[DNS_ADDITIONAL];
}

static enum dns_section section_of(const struct response *r, unsigned index)
{
    if (index < r->counts[DNS_ANSWER])
        return DNS_ANSWER;
    bool is_authority = index < r->counts[DNS_ANSWER] + r->counts[DNS_AUTHORITY];
    return is_authority ? DNS_AUTHORITY : DNS_ADDITIONAL;
}

bool response_next(const struct response *r, size_t *at, unsigned *index,
                   struct response_record *out)
{
    unsigned total = record_count(r);
    size_t start = *at == 0 ? DNS_HEADER_BYTES + r->question.len : *at;
    if (*index >= total)
        return false;
    size_t head = response_name(r->message, start, &out->owner);
    if (head == 0 || r->message.len - head < RECORD_HEAD_BYTES)
        return false;
    size_t data_at = head + RECORD_HEAD_BYTES;
    size_t data_len = u16_at(r->message, head + 8);
    if (r->message.len - data_at < data_len)
        return false;
    out->section = section_of(r, *index);
    out->type = u16_at(r->message, head);
    out->class = u16_at(r->message, head + 2);
    out->ttl_s = u32_at(r->message, head + 4);
    out->rdata = slice_of(r->message.data + data_at, data_len);
    *at = data_at + data_len;
    *index += 1;
    return true;
}

/* Names in the data of the types that may be compressed, after `skip` bytes and before `tail`. */
static bool is_compressed_data(const struct response *r, const struct response_record *record,
                               size_t skip, unsigned names, size_t tail)
{
    struct dns_name name;
    size_t at = (size_t)(record->rdata.data - r->message.data) + skip;
    size_t end = (size_t)(record->rdata.data - r->message.data) + record->rdata.len;
    for (unsigned i = 0; i < names; i++) {
        if (at >= end)
            return false;
        at = response_name(r->message, at, &name);
        if (at == 0)
            return false;
    }
    return at + tail == end;
}

/* The class of the answer's records: the question's, which is IN or CHAOS. */
static uint16_t class_of(const struct response *r)
{
    size_t len = r->question.len;
    bool is_chaos = len > 0 && u16_at(r->question, len - 2) == DNS_CLASS_CH;
    return is_chaos ? DNS_CLASS_CH : DNS_CLASS_IN;
}

static bool is_good_data(const struct response *r, const struct response_record *record)
{
    switch (record->type) {
    case DNS_TYPE_NS:
    case DNS_TYPE_CNAME:
    case DNS_TYPE_PTR:
        return is_compressed_data(r, record, 0, 1, 0);
    case DNS_TYPE_MX:
        return is_compressed_data(r, record, 2, 1, 0);
    case DNS_TYPE_SOA:
        return is_compressed_data(r, record, 0, 2, 20);
    default:
        return !dns_type_is_hosted(record->type) ||
               dns_rdata_check(record->type, record->rdata, NULL) == ERR_OK;
    }
}

/* All records; they must end where the message does. */
static bool check_records(struct response *r)
{
    struct response_record record;
    size_t at = 0;
    unsigned index = 0;
    unsigned total = record_count(r);
    while (response_next(r, &at, &index, &record)) {
        if (record.type == DNS_TYPE_OPT) {
            if (r->has_edns || record.owner.len != 1 || record.section != DNS_ADDITIONAL)
                return false;
            r->has_edns = true;
            r->rcode |= record.ttl_s >> 24 << 4;
        } else if (record.type == DNS_TYPE_TSIG) {
            if (index != total || record.class != DNS_CLASS_ANY || record.section != DNS_ADDITIONAL)
                return false;
        } else if (record.class != class_of(r) || !is_good_data(r, &record)) {
            return false;
        }
    }
    size_t end = total == 0 ? DNS_HEADER_BYTES + r->question.len : at;
    return index == total && end == r->message.len;
}

bool response_parse(struct slice message, struct response *out)
{
    if (message.len < DNS_HEADER_BYTES)
        return false;
    struct response r = {.message = message, .id = u16_at(message, 0), .flags = u16_at(message, 2)};
    r.rcode = r.flags & 0xfU;
    for (size_t i = 0; i < ARRAY_LEN(r.counts); i++)
        r.counts[i] = u16_at(message, 4 + 2 * i);
    if ((r.flags & DNS_FLAG_QR) == 0 || r.counts[DNS_QUESTION] > 1)
        return false;
    if (r.counts[DNS_QUESTION] == 1) {
        struct slice rest = slice_sub(message, DNS_HEADER_BYTES, message.len);
        size_t name_len = dns_name_measure(rest);
        if (name_len == 0 || rest.len - name_len < QUESTION_FIXED_BYTES)
            return false;
        r.question = slice_of(rest.data, name_len + QUESTION_FIXED_BYTES);
    }
    if (!check_records(&r))
        return false;
    *out = r;
    return true;
}
