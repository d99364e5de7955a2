// SPDX-License-Identifier: Apache-2.0
// The Protocol Buffers wire format, as much as release.proto uses: a sticky-error cursor over the
// fields of one message, and functions that append fields. Private to release/; any thread.
//
// Writing is canonical: fields by number, defaults left out, shortest varints. Reading takes only
// that order and those varints, so a message has one form; unknown fields are passed over.
#ifndef RELEASE_WIRE_PRIV_H
#define RELEASE_WIRE_PRIV_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/** The wire types of the format; the deprecated groups are malformed here. */
enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/** A cursor over one message. Once `is_bad`, every step ends the loop: check it at the end. */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
    uint32_t field; /* number of the current field; 0 before the first */
    enum wire_type type;
    uint64_t number;    /* its value, for WIRE_VARINT */
    struct slice bytes; /* its value, for WIRE_BYTES; borrowed from the input */
    bool is_repeat;     /* the field before had the same number */
    bool is_bad;
};

static inline struct wire_reader wire_reader_of(struct slice message)
{
    const uint8_t *start = message.len > 0 ? message.data : (const uint8_t *)"";
    return (struct wire_reader){.at = start, .end = start + message.len};
}

/** Steps to the next field; false at the end and on malformed bytes. */
bool wire_next(struct wire_reader *r);

/** The current value of a field that comes once at most: at most `max`, else bad. */
uint64_t wire_number(struct wire_reader *r, uint64_t max);
struct slice wire_bytes(struct wire_reader *r);

/** Copies such a value where it has exactly this size, else bad. Whether it did. */
bool wire_fixed(struct wire_reader *r, void *out, size_t size);

/** The current element of a repeated field of bytes or messages. */
struct slice wire_item(struct wire_reader *r);

/** How often the field occurs in the message; malformed bytes end the count. */
size_t wire_count(struct slice message, uint32_t field);

/** Marks the message as bad unless `is_good`. */
static inline void wire_expect(struct wire_reader *r, bool is_good)
{
    r->is_bad = r->is_bad || !is_good;
}

/** ERR_OK, or ERR_CORRUPT naming the message. */
enum err wire_finish(const struct wire_reader *r, const char *what, struct errctx *ec) MUST_USE;

/** Appends a field; 0 and empty bytes are defaults and leave none. */
void wire_put_number(struct buf *b, uint32_t field, uint64_t value);
void wire_put_bytes(struct buf *b, uint32_t field, struct slice value);

/** Appends an element of a repeated field, also an empty one. */
void wire_put_item(struct buf *b, uint32_t field, struct slice value);

/** Bytes that a field of `len` bytes takes; its number is below 16. */
size_t wire_item_size(size_t len);
size_t wire_varint_size(uint64_t value);

/** Appends the tag and length of such a field, whose bytes the caller appends next. */
void wire_put_head(struct buf *b, uint32_t field, size_t len);

/** The buffer's content in the arena; the buffer is freed. */
struct slice wire_take(struct arena *a, struct buf *b);

/** Whether these are an id: 1 to RELEASE_ID_MAX_BYTES visible ASCII characters, no '/'. */
bool text_is_id(struct slice s);
/** Whether these are printable ASCII, at most `max` bytes. */
bool text_is_printable(struct slice s, size_t max);
/** Whether these are valid UTF-8 without control characters, at most `max` bytes. */
bool text_is_line(struct slice s, size_t max);
/** Whether these are one domain name in wire form, lower case (RFC 1035 section 3.1). */
bool text_is_wire_name(struct slice s);

#endif
