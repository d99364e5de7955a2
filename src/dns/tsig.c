// SPDX-License-Identifier: Apache-2.0
// The TSIG record. Reads what any peer may send; writes for the answering code and NOTIFY.
#include "dns/tsig.h"

#include "base/check.h"
#include "dns/name_priv.h"
#include "dns/wire_priv.h"

enum {
    FIXED_BEFORE_MAC = DNS_TSIG_TIME_BYTES + 4, /* time, fudge, MAC size */
    FIXED_AFTER_MAC = 6,                        /* original id, error, other length */
};

/*
 * The name at `at`, decompressed and in lower case; the end of its bytes there, 0 where it is
 * broken. Pointers only lead back, each before the last, so the walk ends.
 */
static size_t read_name(struct slice message, size_t at, struct dns_name *out)
{
    size_t end = 0;
    size_t low = at;
    size_t len = 0;
    while (at < message.len) {
        uint8_t label = message.data[at];
        if (label >= DNS_POINTER_BITS) {
            if (message.len - at < 2)
                return 0;
            size_t to = dns_get_u16(message.data + at) & DNS_POINTER_MAX;
            end = end == 0 ? at + 2 : end;
            if (to >= low || to < DNS_HEADER_BYTES)
                return 0;
            low = to;
            at = to;
            continue;
        }
        size_t bytes = 1U + label;
        if (label > DNS_LABEL_MAX_BYTES || message.len - at < bytes ||
            len + bytes > DNS_NAME_MAX_BYTES)
            return 0;
        for (size_t i = 0; i < bytes; i++)
            out->wire[len + i] = dns_lower[message.data[at + i]];
        len += bytes;
        at += bytes;
        if (label == 0) {
            out->len = (uint8_t)len;
            return end == 0 ? at : end;
        }
    }
    return 0;
}

static uint64_t get_time(const uint8_t *from)
{
    return (uint64_t)dns_get_u16(from) << 32 | dns_get_u32(from + 2);
}

static void put_time(uint8_t *to, uint64_t time_s)
{
    dns_put_u16(to, (uint16_t)(time_s >> 32));
    dns_put_u32(to + 2, (uint32_t)time_s);
}

/* What follows the algorithm's name, up to the end of the message. */
static bool read_fields(struct slice fields, struct dns_tsig *out)
{
    if (fields.len < FIXED_BEFORE_MAC + FIXED_AFTER_MAC)
        return false;
    const uint8_t *p = fields.data;
    size_t mac_bytes = dns_get_u16(p + DNS_TSIG_TIME_BYTES + 2);
    if (fields.len - FIXED_BEFORE_MAC - FIXED_AFTER_MAC < mac_bytes)
        return false;
    const uint8_t *after = p + FIXED_BEFORE_MAC + mac_bytes;
    size_t other_bytes = dns_get_u16(after + 4);
    if (fields.len != FIXED_BEFORE_MAC + mac_bytes + FIXED_AFTER_MAC + other_bytes)
        return false;
    out->time_s = get_time(p);
    out->fudge_s = dns_get_u16(p + DNS_TSIG_TIME_BYTES);
    out->mac = slice_of(p + FIXED_BEFORE_MAC, mac_bytes);
    out->original_id = dns_get_u16(after);
    out->error = dns_get_u16(after + 2);
    out->other = slice_of(after + FIXED_AFTER_MAC, other_bytes);
    return true;
}

bool dns_tsig_read(struct slice message, size_t at, struct dns_tsig *out)
{
    struct dns_tsig tsig;
    size_t fixed_at = read_name(message, at, &tsig.key);
    if (fixed_at == 0 || message.len - fixed_at < DNS_RECORD_FIXED_BYTES)
        return false;
    const uint8_t *fixed = message.data + fixed_at;
    size_t data_at = fixed_at + DNS_RECORD_FIXED_BYTES;
    bool is_tsig = dns_get_u16(fixed) == DNS_TYPE_TSIG && dns_get_u16(fixed + 2) == DNS_CLASS_ANY &&
                   dns_get_u32(fixed + 4) == 0 && dns_get_u16(fixed + 8) == message.len - data_at;
    if (!is_tsig)
        return false;
    size_t fields_at = read_name(message, data_at, &tsig.algorithm);
    if (fields_at == 0 ||
        !read_fields(slice_of(message.data + fields_at, message.len - fields_at), &tsig))
        return false;
    *out = tsig;
    return true;
}

size_t dns_tsig_find(struct slice message)
{
    if (message.len < DNS_HEADER_BYTES)
        return 0;
    const uint8_t *counts = message.data + DNS_AT_COUNTS;
    size_t at = DNS_HEADER_BYTES;
    size_t start = 0;
    unsigned question_count = dns_get_u16(counts);
    unsigned record_count = 0;
    for (unsigned section = 1; section < 4; section++)
        record_count += dns_get_u16(counts + (size_t)2 * section);
    struct dns_name name;
    /* Each turn moves on, so the message bounds both loops. */
    for (unsigned i = 0; i < question_count; i++) {
        at = read_name(message, at, &name);
        if (at == 0 || message.len - at < 4)
            return 0;
        at += 4;
    }
    bool is_tsig = false;
    for (unsigned i = 0; i < record_count; i++) {
        start = at;
        at = read_name(message, at, &name);
        if (at == 0 || message.len - at < DNS_RECORD_FIXED_BYTES)
            return 0;
        is_tsig = dns_get_u16(message.data + at) == DNS_TYPE_TSIG;
        size_t data_bytes = dns_get_u16(message.data + at + 8);
        at += DNS_RECORD_FIXED_BYTES;
        if (message.len - at < data_bytes)
            return 0;
        at += data_bytes;
    }
    return is_tsig && at == message.len && dns_get_u16(counts + 6) > 0 ? start : 0;
}

static size_t data_bytes_of(const struct dns_tsig *tsig)
{
    return tsig->algorithm.len + FIXED_BEFORE_MAC + tsig->mac.len + FIXED_AFTER_MAC +
           tsig->other.len;
}

size_t dns_tsig_bytes(const struct dns_tsig *tsig)
{
    return tsig->key.len + DNS_RECORD_FIXED_BYTES + data_bytes_of(tsig);
}

static uint8_t *append(uint8_t *to, struct slice bytes)
{
    if (bytes.len > 0)
        memcpy(to, bytes.data, bytes.len);
    return to + bytes.len;
}

static uint8_t *append_u16(uint8_t *to, size_t value)
{
    dns_put_u16(to, (uint16_t)value);
    return to + 2;
}

/* Time and fudge: in the record, and in every text. */
static uint8_t *append_times(uint8_t *to, const struct dns_tsig *tsig)
{
    put_time(to, tsig->time_s);
    return append_u16(to + DNS_TSIG_TIME_BYTES, tsig->fudge_s);
}

size_t dns_tsig_write(uint8_t *message, size_t len, const struct dns_tsig *tsig)
{
    CHECK(len + dns_tsig_bytes(tsig) <= DNS_MESSAGE_MAX_BYTES);
    uint8_t *to = append(message + len, dns_name_slice(&tsig->key));
    to = append_u16(to, DNS_TYPE_TSIG);
    to = append_u16(to, DNS_CLASS_ANY);
    to = append_u16(append_u16(to, 0), 0); /* TTL */
    to = append_u16(to, data_bytes_of(tsig));
    to = append(to, dns_name_slice(&tsig->algorithm));
    to = append_times(to, tsig);
    to = append(append_u16(to, tsig->mac.len), tsig->mac);
    to = append_u16(append_u16(to, tsig->original_id), tsig->error);
    to = append(append_u16(to, tsig->other.len), tsig->other);
    uint8_t *count = message + DNS_AT_COUNTS + 6;
    dns_put_u16(count, (uint16_t)(dns_get_u16(count) + 1));
    return (size_t)(to - message);
}

static struct slice variables_of(uint8_t *start, const struct dns_tsig *tsig, bool is_continued)
{
    uint8_t *to = start;
    if (!is_continued) {
        to = append(to, dns_name_slice(&tsig->key));
        to = append_u16(to, DNS_CLASS_ANY);
        to = append_u16(append_u16(to, 0), 0); /* TTL */
        to = append(to, dns_name_slice(&tsig->algorithm));
    }
    to = append_times(to, tsig);
    if (!is_continued) {
        to = append_u16(to, tsig->error);
        to = append(append_u16(to, tsig->other.len), tsig->other);
    }
    return slice_of(start, (size_t)(to - start));
}

bool dns_tsig_text_init(struct dns_tsig_text *t, const struct dns_tsig_text_options *options,
                        const struct dns_tsig *tsig)
{
    CHECK(options->message.len >= DNS_HEADER_BYTES && options->prior_mac.len <= UINT16_MAX);
    if (tsig->other.len > DNS_TSIG_TIME_BYTES)
        return false;
    t->count = 0;
    if (options->prior_mac.len > 0) {
        dns_put_u16(t->prior_length, (uint16_t)options->prior_mac.len);
        t->parts[t->count++] = slice_of(t->prior_length, sizeof(t->prior_length));
        t->parts[t->count++] = options->prior_mac;
    }
    memcpy(t->header, options->message.data, DNS_HEADER_BYTES);
    uint8_t *additional = t->header + DNS_AT_COUNTS + 6;
    dns_put_u16(t->header + DNS_AT_ID, tsig->original_id);
    if (options->is_counted)
        dns_put_u16(additional, (uint16_t)(dns_get_u16(additional) - 1));
    t->parts[t->count++] = slice_of(t->header, sizeof(t->header));
    t->parts[t->count++] =
        slice_of(options->message.data + DNS_HEADER_BYTES, options->message.len - DNS_HEADER_BYTES);
    t->parts[t->count++] = variables_of(t->variables, tsig, options->is_continued);
    return true;
}
