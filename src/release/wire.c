// SPDX-License-Identifier: Apache-2.0
// The wire format of Protocol Buffers, read and written by hand: roles decode a million names at
// start, without a copy. Called by the codecs of this room, on any thread.
#include "release/wire_priv.h"

#include "base/check.h"
#include "base/utf8.h"
#include "release/limits.h"

#define VARINT_MAX_BYTES 10u
#define DNS_LABEL_MAX_BYTES 63u
#define DNS_NAME_MAX_BYTES 255u

/* A shortest-form varint at the cursor; 0 and bad where there is none. */
static uint64_t read_varint(struct wire_reader *r)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX_BYTES && r->at < r->end; i++) {
        uint8_t byte = *r->at++;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            bool is_longer_than_needed = byte == 0 && i > 0;
            bool overflows = i == VARINT_MAX_BYTES - 1 && byte > 1;
            wire_expect(r, !is_longer_than_needed && !overflows);
            return value;
        }
    }
    r->is_bad = true;
    return 0;
}

static struct slice read_run(struct wire_reader *r, uint64_t len)
{
    if (r->is_bad || len > (uint64_t)(r->end - r->at)) {
        r->is_bad = true;
        return (struct slice){0};
    }
    struct slice run = slice_of(r->at, (size_t)len);
    r->at += len;
    return run;
}

static void read_value(struct wire_reader *r)
{
    switch (r->type) {
    case WIRE_VARINT:
        r->number = read_varint(r);
        break;
    case WIRE_BYTES:
        r->bytes = read_run(r, read_varint(r));
        break;
    case WIRE_FIXED64:
        (void)read_run(r, 8);
        break;
    case WIRE_FIXED32:
        (void)read_run(r, 4);
        break;
    default:
        r->is_bad = true;
    }
}

bool wire_next(struct wire_reader *r)
{
    if (r->is_bad || r->at == r->end)
        return false;
    uint64_t tag = read_varint(r);
    uint64_t field = tag >> 3;
    wire_expect(r, tag <= UINT32_MAX && field > 0 && field >= r->field);
    r->is_repeat = field == r->field;
    r->field = (uint32_t)field;
    r->type = (enum wire_type)(tag & 7);
    read_value(r);
    return !r->is_bad;
}

uint64_t wire_number(struct wire_reader *r, uint64_t max)
{
    wire_expect(r, r->type == WIRE_VARINT && !r->is_repeat && r->number <= max);
    return r->is_bad ? 0 : r->number;
}

struct slice wire_item(struct wire_reader *r)
{
    wire_expect(r, r->type == WIRE_BYTES);
    return r->is_bad ? (struct slice){0} : r->bytes;
}

struct slice wire_bytes(struct wire_reader *r)
{
    wire_expect(r, !r->is_repeat);
    return wire_item(r);
}

bool wire_fixed(struct wire_reader *r, void *out, size_t size)
{
    struct slice bytes = wire_bytes(r);
    wire_expect(r, bytes.len == size && bytes.data != NULL);
    if (r->is_bad)
        return false;
    memcpy(out, bytes.data, size);
    return true;
}

size_t wire_count(struct slice message, uint32_t field)
{
    struct wire_reader r = wire_reader_of(message);
    size_t count = 0;
    while (wire_next(&r))
        count += r.field == field;
    return count;
}

enum err wire_finish(const struct wire_reader *r, const char *what, struct errctx *ec)
{
    if (r->is_bad)
        return err_set(ec, ERR_CORRUPT, "%s: not well-formed", what);
    CHECK(r->at == r->end);
    return ERR_OK;
}

static void put_varint(struct buf *b, uint64_t value)
{
    uint8_t *out = buf_reserve(b, VARINT_MAX_BYTES);
    size_t len = 0;
    for (; value >= 0x80; value >>= 7)
        out[len++] = (uint8_t)(value | 0x80);
    out[len++] = (uint8_t)value;
    buf_extend(b, len);
}

void wire_put_number(struct buf *b, uint32_t field, uint64_t value)
{
    if (value == 0)
        return;
    put_varint(b, (uint64_t)field << 3 | WIRE_VARINT);
    put_varint(b, value);
}

void wire_put_head(struct buf *b, uint32_t field, size_t len)
{
    put_varint(b, (uint64_t)field << 3 | WIRE_BYTES);
    put_varint(b, len);
}

void wire_put_item(struct buf *b, uint32_t field, struct slice value)
{
    wire_put_head(b, field, value.len);
    buf_append(b, value);
}

void wire_put_bytes(struct buf *b, uint32_t field, struct slice value)
{
    if (value.len > 0)
        wire_put_item(b, field, value);
}

size_t wire_varint_size(uint64_t value)
{
    size_t len = 1;
    for (; value >= 0x80; value >>= 7)
        len++;
    return len;
}

size_t wire_item_size(size_t len)
{
    return 1 + wire_varint_size(len) + len;
}

struct slice wire_take(struct arena *a, struct buf *b)
{
    struct slice copy = arena_copy(a, buf_slice(b));
    buf_fini(b);
    return copy;
}

bool text_is_id(struct slice s)
{
    if (s.len == 0 || s.len > RELEASE_ID_MAX_BYTES)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] <= ' ' || s.data[i] > '~' || s.data[i] == '/')
            return false;
    }
    return true;
}

bool text_is_printable(struct slice s, size_t max)
{
    if (s.len > max)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < ' ' || s.data[i] > '~')
            return false;
    }
    return true;
}

bool text_is_line(struct slice s, size_t max)
{
    if (s.len > max)
        return false;
    while (s.len > 0) {
        uint32_t code_point;
        size_t len = utf8_decode(s, &code_point);
        if (code_point == UTF8_INVALID || code_point < ' ' || code_point == 0x7f)
            return false;
        s = slice_sub(s, len, s.len - len);
    }
    return true;
}

bool text_is_wire_name(struct slice s)
{
    if (s.len > DNS_NAME_MAX_BYTES)
        return false;
    size_t at = 0;
    while (at < s.len && s.data[at] != 0) {
        size_t len = s.data[at++];
        if (len > DNS_LABEL_MAX_BYTES || len > s.len - at)
            return false;
        for (size_t end = at + len; at < end; at++) {
            if (s.data[at] >= 'A' && s.data[at] <= 'Z')
                return false;
        }
    }
    return at + 1 == s.len;
}
