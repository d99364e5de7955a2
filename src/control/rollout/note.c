// SPDX-License-Identifier: Apache-2.0
// The note of a release in the store, as bytes: a rollback to it needs to know what it held back.
// The rollout's thread.
//
//   u8 1 (form), u16 + crash reason (empty: none), u32 count of rows, each:
//   u8 kind, u16 + group, u16 + member, u64 at_version, u64 change_version, u16 + reason
#include "base/alloc.h"
#include "base/check.h"
#include "control/rollout/held.h"
#include "control/rollout/limits.h"

#include <endian.h>
#include <string.h>

#define NOTE_FORM 1
#define NOTE_ROW_MIN_BYTES 23u

static void put_u32(struct buf *out, uint32_t value)
{
    uint32_t value_be = htobe32(value);
    buf_append(out, slice_of(&value_be, sizeof(value_be)));
}

static void put_u64(struct buf *out, uint64_t value)
{
    uint64_t value_be = htobe64(value);
    buf_append(out, slice_of(&value_be, sizeof(value_be)));
}

static void put_bytes(struct buf *out, struct slice bytes)
{
    CHECK(bytes.len <= UINT16_MAX);
    uint16_t len_be = htobe16((uint16_t)bytes.len);
    buf_append(out, slice_of(&len_be, sizeof(len_be)));
    buf_append(out, bytes);
}

void release_note_encode(struct buf *out, const struct held_set *held, const char *crash_reason)
{
    buf_append_byte(out, NOTE_FORM);
    put_bytes(out, slice_str(crash_reason));
    put_u32(out, (uint32_t)held->count);
    for (size_t i = 0; i < held->count; i++) {
        const struct store_held *row = &held->rows[i];
        buf_append_byte(out, (uint8_t)row->kind);
        put_bytes(out, slice_str(row->group));
        put_bytes(out, row->member);
        put_u64(out, row->at_version);
        put_u64(out, row->change_version);
        put_bytes(out, slice_str(row->reason));
    }
}

/** Bytes that are still to be read; what does not fit makes it bad, and reads as zero. */
struct note_reader {
    struct slice rest;
    bool is_bad;
};

static struct slice take(struct note_reader *r, size_t size)
{
    r->is_bad = r->is_bad || r->rest.len < size;
    if (r->is_bad)
        return slice_of(NULL, 0);
    struct slice taken = slice_of(r->rest.data, size);
    r->rest = slice_of(r->rest.data + size, r->rest.len - size);
    return taken;
}

static uint64_t get_number(struct note_reader *r, size_t size)
{
    struct slice bytes = take(r, size);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++)
        number = number << 8 | bytes.data[i];
    return number;
}

static struct slice get_bytes(struct note_reader *r)
{
    return take(r, (size_t)get_number(r, sizeof(uint16_t)));
}

/** NUL-terminated, in `a`; what holds a NUL itself is bad. */
static char *get_text(struct note_reader *r, struct arena *a)
{
    struct slice bytes = get_bytes(r);
    r->is_bad = r->is_bad || slice_find(bytes, 0) != bytes.len;
    return arena_str(a, bytes);
}

static void get_row(struct note_reader *r, struct arena *a, struct store_held *out)
{
    uint64_t kind = get_number(r, 1);
    r->is_bad = r->is_bad || kind < STORE_ZONE || kind > STORE_KIND_LAST;
    out->kind = r->is_bad ? STORE_ZONE : (enum store_kind)kind;
    out->group = get_text(r, a);
    out->member = get_bytes(r);
    out->at_version = get_number(r, sizeof(uint64_t));
    out->change_version = get_number(r, sizeof(uint64_t));
    out->reason = get_text(r, a);
}

enum err release_note_decode(struct slice bytes, struct release_note *out, struct errctx *ec)
{
    AUTO_ARENA struct arena arena = {0};
    struct note_reader r = {.rest = bytes, .is_bad = bytes.len > ROLLOUT_NOTE_MAX_BYTES};
    *out = (struct release_note){0};
    if (bytes.len == 0)
        return ERR_OK;
    r.is_bad = r.is_bad || get_number(&r, 1) != NOTE_FORM;
    const char *crash_reason = get_text(&r, &arena);
    uint64_t count = get_number(&r, sizeof(uint32_t));
    r.is_bad = r.is_bad || count > r.rest.len / NOTE_ROW_MIN_BYTES;
    struct store_held *rows = arena_array(&arena, r.is_bad ? 0 : (size_t)count, sizeof(*rows));
    for (uint64_t i = 0; i < count && !r.is_bad; i++)
        get_row(&r, &arena, &rows[i]);
    if (r.is_bad || r.rest.len > 0)
        return err_set(ec, ERR_CORRUPT, "note of a release");
    held_set_assign(&out->held, rows, (size_t)count);
    out->crash_reason = crash_reason[0] == '\0' ? NULL : mem_strdup(crash_reason);
    return ERR_OK;
}

void release_note_fini(struct release_note *n)
{
    held_set_fini(&n->held);
    mem_cleanup(&n->crash_reason);
}
