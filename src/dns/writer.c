// SPDX-License-Identifier: Apache-2.0
// The writer of responses, with name compression. Called by the answering code for each record,
// on the threads of the DNS role; no allocation.
#include "dns/message.h"

#include "base/check.h"
#include "dns/name_priv.h"
#include "dns/rdata.h"
#include "dns/wire_priv.h"

/* Reserves room for `bytes` more and returns where they go; NULL, and full, where none is. */
static uint8_t *take(struct dns_writer *w, size_t bytes)
{
    if (UNLIKELY(w->is_full || w->limit - w->len < bytes)) {
        w->is_full = true;
        return NULL;
    }
    uint8_t *at = w->data + w->len;
    w->len += bytes;
    return at;
}

static void put_bytes(struct dns_writer *w, const uint8_t *bytes, size_t len)
{
    uint8_t *to = take(w, len);
    if (to != NULL && len > 0)
        memcpy(to, bytes, len);
}

/* Remembers each label of name[0..to), written at offset `at`, as the beginning of a name. */
static void remember_names(struct dns_writer *w, struct slice name, size_t to, size_t at)
{
    size_t from = 0;
    while (from < to && w->name_count < DNS_WRITER_NAMES && at + from <= DNS_POINTER_MAX) {
        w->name_offsets[w->name_count] = (uint16_t)(at + from);
        w->name_bytes[w->name_count] = (uint8_t)(name.len - from);
        w->name_count++;
        from += 1U + name.data[from];
    }
}

/*
 * Whether the name that was written at `offset` is `name`; both have the same length
 * uncompressed. Pointers go backwards only, because they were written by this writer.
 */
static bool is_name_at(const struct dns_writer *w, size_t offset, struct slice name)
{
    const uint8_t *written = w->data + offset;
    for (size_t at = 0; at < name.len; written++) {
        while (*written >= DNS_POINTER_BITS)
            written = w->data + (dns_get_u16(written) & DNS_POINTER_MAX);
        size_t end = at + 1 + *written;
        if (end > name.len || *written != name.data[at])
            return false;
        for (at++; at < end; at++) {
            written++;
            if (dns_lower[*written] != dns_lower[name.data[at]])
                return false;
        }
    }
    return true;
}

/* Whether a label starts at name[at]. */
static bool is_label_start(struct slice name, size_t at)
{
    size_t start = 0;
    while (start < at)
        start += 1U + name.data[start];
    return start == at;
}

/* Finds the longest suffix of the name that was written; its place in name, or the name's end. */
static size_t find_suffix(const struct dns_writer *w, struct slice name, uint16_t *out_offset)
{
    size_t best = name.len - 1; /* the root label alone is shorter than any pointer */
    for (unsigned i = 0; i < w->name_count; i++) {
        size_t bytes = w->name_bytes[i];
        if (bytes > name.len || name.len - bytes >= best)
            continue;
        size_t at = name.len - bytes;
        struct slice suffix = slice_of(name.data + at, bytes);
        if (is_label_start(name, at) && is_name_at(w, w->name_offsets[i], suffix)) {
            best = at;
            *out_offset = w->name_offsets[i];
        }
    }
    return best;
}

static void put_name(struct dns_writer *w, struct slice name)
{
    CHECK(name.len > 0 && name.len <= DNS_NAME_MAX_BYTES);
    uint16_t offset = 0;
    size_t start = w->len;
    size_t at = find_suffix(w, name, &offset);
    if (offset == 0) {
        put_bytes(w, name.data, name.len);
    } else {
        uint8_t *to = take(w, at + 2);
        if (to == NULL)
            return;
        memcpy(to, name.data, at);
        dns_put_u16(to + at, (uint16_t)(DNS_POINTER_BITS << 8 | offset));
    }
    if (!w->is_full)
        remember_names(w, name, at, start);
}

/* The data with its names compressed: what stands before the first, one or two names, the rest. */
static void put_rdata(struct dns_writer *w, uint16_t type, struct slice rdata)
{
    bool is_compressible = false;
    size_t at = dns_rdata_name_offset(type, rdata, &is_compressible);
    if (!is_compressible) {
        put_bytes(w, rdata.data, rdata.len);
        return;
    }
    put_bytes(w, rdata.data, at);
    unsigned name_count = type == DNS_TYPE_SOA ? 2 : 1;
    for (unsigned i = 0; i < name_count; i++) {
        struct slice rest = slice_of(rdata.data + at, rdata.len - at);
        size_t bytes = dns_name_measure(rest);
        put_name(w, slice_of(rest.data, bytes));
        at += bytes;
    }
    put_bytes(w, rdata.data + at, rdata.len - at);
}

void dns_writer_count(struct dns_writer *w, enum dns_section section, unsigned more)
{
    w->counts[section] = (uint16_t)(w->counts[section] + more);
    dns_put_u16(w->data + DNS_AT_COUNTS + 2 * (size_t)section, w->counts[section]);
}

/* Writes header and question; the question is left out where it does not fit. */
static void put_head(struct dns_writer *w, const struct dns_query *query)
{
    uint8_t *header = take(w, DNS_HEADER_BYTES);
    CHECK(header != NULL);
    memset(header, 0, DNS_HEADER_BYTES);
    dns_put_u16(header + DNS_AT_ID, query->id);
    dns_put_u16(header + DNS_AT_FLAGS, (uint16_t)(DNS_FLAG_QR | (query->flags & DNS_FLAG_RD) |
                                                  query->opcode << DNS_OPCODE_SHIFT));
    if (query->question.len == 0)
        return;
    put_bytes(w, query->question.data, query->question.len);
    if (!w->is_full)
        dns_writer_count(w, DNS_QUESTION, 1);
}

static void init_writer(struct dns_writer *w, uint8_t *data, size_t limit)
{
    CHECK(limit >= DNS_HEADER_BYTES && limit <= DNS_MESSAGE_MAX_BYTES);
    w->data = data;
    w->limit = limit;
    w->reserved_bytes = 0;
    w->len = 0;
    w->is_full = false;
    w->class = DNS_CLASS_IN;
    memset(w->counts, 0, sizeof(w->counts));
    w->name_count = 0;
}

void dns_writer_start(struct dns_writer *w, uint8_t *data, size_t limit,
                      const struct dns_query *query)
{
    init_writer(w, data, limit);
    if (query->qclass == DNS_CLASS_CH)
        w->class = DNS_CLASS_CH;
    put_head(w, query);
    if (w->counts[DNS_QUESTION] == 1) {
        struct slice qname = dns_name_slice(&query->qname);
        remember_names(w, qname, qname.len - 1, DNS_HEADER_BYTES);
    }
}

void dns_writer_reserve(struct dns_writer *w, size_t bytes)
{
    if (w->limit - w->len < bytes) {
        w->is_full = true;
        return;
    }
    w->limit -= bytes;
    w->reserved_bytes += bytes;
}

/* The owner is the question's name in most records: a pointer to it, without a search. */
static void put_owner(struct dns_writer *w, struct slice owner)
{
    bool is_question = w->name_count > 0 && w->name_bytes[0] == owner.len &&
                       w->name_offsets[0] == DNS_HEADER_BYTES && owner.len > 1 &&
                       dns_name_equal(slice_of(w->data + DNS_HEADER_BYTES, owner.len), owner);
    if (!is_question) {
        put_name(w, owner);
        return;
    }
    uint8_t *to = take(w, 2);
    if (to != NULL)
        dns_put_u16(to, DNS_POINTER_BITS << 8 | DNS_HEADER_BYTES);
}

void dns_writer_record(struct dns_writer *w, enum dns_section section, struct slice owner,
                       uint16_t type, uint32_t ttl_s, struct slice rdata)
{
    CHECK(section != DNS_QUESTION && rdata.len <= DNS_RDATA_MAX_BYTES);
    if (w->is_full)
        return;
    size_t start = w->len;
    unsigned name_count = w->name_count;
    put_owner(w, owner);
    size_t fixed_at = w->len;
    uint8_t *fixed = take(w, DNS_RECORD_FIXED_BYTES);
    if (fixed != NULL) {
        dns_put_u16(fixed, type);
        dns_put_u16(fixed + 2, w->class);
        dns_put_u32(fixed + 4, ttl_s);
        put_rdata(w, type, rdata);
        dns_put_u16(fixed + 8, (uint16_t)(w->len - fixed_at - DNS_RECORD_FIXED_BYTES));
    }
    if (w->is_full) {
        w->len = start;
        w->name_count = name_count;
        return;
    }
    dns_writer_count(w, section, 1);
}

struct dns_writer_mark dns_writer_mark(const struct dns_writer *w)
{
    struct dns_writer_mark mark = {.len = w->len, .name_count = w->name_count};
    memcpy(mark.counts, w->counts, sizeof(mark.counts));
    return mark;
}

void dns_writer_rewind(struct dns_writer *w, struct dns_writer_mark mark)
{
    CHECK(mark.len <= w->len && mark.name_count <= w->name_count);
    w->len = mark.len;
    w->name_count = mark.name_count;
    memcpy(w->counts, mark.counts, sizeof(mark.counts));
    for (size_t i = 0; i < ARRAY_LEN(w->counts); i++)
        dns_put_u16(w->data + DNS_AT_COUNTS + 2 * i, w->counts[i]);
    w->is_full = false;
}

void dns_writer_opt(struct dns_writer *w, uint16_t udp_bytes, unsigned rcode, bool dnssec_ok,
                    struct slice options)
{
    CHECK(options.len <= DNS_RDATA_MAX_BYTES && rcode >> 12 == 0);
    w->limit += w->reserved_bytes;
    w->reserved_bytes = 0;
    uint8_t *to = take(w, 1 + DNS_RECORD_FIXED_BYTES + options.len);
    if (to == NULL)
        return;
    uint32_t ttl = (uint32_t)(rcode >> 4) << 24 | (dnssec_ok ? DNS_EDNS_DO : 0U);
    *to++ = 0;
    dns_put_u16(to, DNS_TYPE_OPT);
    dns_put_u16(to + 2, udp_bytes);
    dns_put_u32(to + 4, ttl);
    dns_put_u16(to + 8, (uint16_t)options.len);
    if (options.len > 0)
        memcpy(to + DNS_RECORD_FIXED_BYTES, options.data, options.len);
    dns_writer_count(w, DNS_ADDITIONAL, 1);
}

void dns_writer_finish(struct dns_writer *w, uint16_t flags, unsigned rcode)
{
    uint8_t *header = w->data;
    uint16_t started = dns_get_u16(header + DNS_AT_FLAGS);
    dns_put_u16(header + DNS_AT_FLAGS, (uint16_t)(started | flags | (rcode & DNS_RCODE_MASK)));
}

size_t dns_write_error(uint8_t *data, size_t limit, const struct dns_query *query, unsigned rcode)
{
    struct dns_writer w;
    init_writer(&w, data, limit);
    put_head(&w, query);
    dns_writer_finish(&w, 0, rcode);
    return w.len;
}
