// SPDX-License-Identifier: Apache-2.0
// A second reader of DNS messages, written from RFC 1035 alone, so that tests and fuzz targets do
// not judge the writer by code that it shares.
#ifndef TESTS_DNS_READER_H
#define TESTS_DNS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct reader {
    const uint8_t *data;
    size_t len;
    size_t at;
};

/* A record with all names expanded. */
struct reader_record {
    uint8_t owner[255];
    size_t owner_len;
    uint16_t type;
    uint16_t class;
    uint32_t ttl;
    uint8_t rdata[65535];
    size_t rdata_len;
};

static inline uint16_t reader_u16(const struct reader *r, size_t at)
{
    return (uint16_t)(r->data[at] << 8 | r->data[at + 1]);
}

/* Expands the name at r->at into `out`. Each pointer must point before all that was read. */
static inline bool reader_name(struct reader *r, uint8_t out[255], size_t *out_len)
{
    size_t at = r->at;
    size_t lowest = r->at;
    size_t len = 0;
    bool has_jumped = false;
    for (;;) {
        if (at >= r->len)
            return false;
        size_t size = r->data[at];
        if (size >= 0xc0) {
            if (at + 2 > r->len)
                return false;
            size_t target = reader_u16(r, at) & 0x3fffU;
            if (!has_jumped)
                r->at = at + 2;
            has_jumped = true;
            if (target >= lowest)
                return false;
            at = lowest = target;
            continue;
        }
        if (size > 63 || at + 1 + size > r->len || len + 1 + size > 255)
            return false;
        memcpy(out + len, r->data + at, 1 + size);
        len += 1 + size;
        at += 1 + size;
        if (size == 0)
            break;
    }
    if (!has_jumped)
        r->at = at;
    *out_len = len;
    return true;
}

/* How the data of a type is laid out: bytes, then names, then the rest. */
static inline void reader_layout(uint16_t type, size_t *out_before, unsigned *out_names)
{
    bool is_name = type == 2 || type == 5 || type == 12;
    *out_before = type == 15 ? 2 : 0;
    *out_names = type == 6 ? 2 : is_name || type == 15 ? 1 : 0;
}

static inline bool reader_rdata(struct reader *r, size_t end, struct reader_record *out)
{
    size_t before;
    unsigned names;
    reader_layout(out->type, &before, &names);
    if (end - r->at < before)
        return false;
    memcpy(out->rdata, r->data + r->at, before);
    out->rdata_len = before;
    r->at += before;
    for (unsigned i = 0; i < names; i++) {
        uint8_t name[255];
        size_t len;
        if (!reader_name(r, name, &len) || r->at > end)
            return false;
        memcpy(out->rdata + out->rdata_len, name, len);
        out->rdata_len += len;
    }
    memcpy(out->rdata + out->rdata_len, r->data + r->at, end - r->at);
    out->rdata_len += end - r->at;
    r->at = end;
    return true;
}

static inline bool reader_record(struct reader *r, struct reader_record *out)
{
    if (!reader_name(r, out->owner, &out->owner_len) || r->len - r->at < 10)
        return false;
    out->type = reader_u16(r, r->at);
    out->class = reader_u16(r, r->at + 2);
    out->ttl = (uint32_t)reader_u16(r, r->at + 4) << 16 | reader_u16(r, r->at + 6);
    size_t rdata_len = reader_u16(r, r->at + 8);
    r->at += 10;
    return r->len - r->at >= rdata_len && reader_rdata(r, r->at + rdata_len, out);
}

#endif
