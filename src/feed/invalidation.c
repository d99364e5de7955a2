// SPDX-License-Identifier: Apache-2.0
// Frames of invalidations as bytes. Called by control, by edges, and by the fuzzer.
#include "feed/invalidation.h"

#include "base/buf.h"
#include "base/check.h"
#include "feed/limits.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>

#define FORM 1
#define FLAG_LAST 1

bool feed_path_is_good(struct slice path)
{
    return path.len > 0 && path.len <= FEED_PATH_MAX_BYTES && path.data[0] == '/';
}

/* What a frame may say, beyond the sizes of its parts. */
static bool is_well_formed(const struct feed_invalidation *i)
{
    bool is_everywhere = i->distribution_id.len == 0;
    if (i->at.epoch == 0 || i->path_count == 0 || i->path_count > UINT16_MAX)
        return false;
    for (size_t n = 0; n < i->path_count; n++) {
        if (!feed_path_is_good(i->paths[n]))
            return false;
    }
    return !is_everywhere || (i->path_count == 1 && slice_equal(i->paths[0], SLICE_LIT("/*")));
}

static void put_u16(struct buf *out, size_t value)
{
    uint16_t value_be = htobe16((uint16_t)value);
    buf_append(out, slice_of(&value_be, sizeof(value_be)));
}

static void put_u64(struct buf *out, uint64_t value)
{
    uint64_t value_be = htobe64(value);
    buf_append(out, slice_of(&value_be, sizeof(value_be)));
}

struct slice feed_invalidation_encode(struct arena *a, const struct feed_invalidation *i)
{
    AUTO_BUF struct buf out = {0};
    CHECK(is_well_formed(i));
    CHECK(i->distribution_id.len <= FEED_DISTRIBUTION_ID_MAX_BYTES);
    buf_append_byte(&out, FORM);
    buf_append_byte(&out, i->is_last ? FLAG_LAST : 0);
    put_u64(&out, i->at.epoch);
    put_u64(&out, i->at.number);
    buf_append_byte(&out, (uint8_t)i->distribution_id.len);
    buf_append(&out, i->distribution_id);
    put_u16(&out, i->path_count);
    for (size_t n = 0; n < i->path_count; n++) {
        put_u16(&out, i->paths[n].len);
        buf_append(&out, i->paths[n]);
    }
    CHECK(buf_len(&out) <= FEED_INVALIDATION_FRAME_BYTES);
    return arena_copy(a, buf_slice(&out));
}

/* Bytes that are still to be read; what does not fit makes it bad, and reads as zero. */
struct reader {
    struct slice rest;
    bool is_bad;
};

static struct slice take(struct reader *r, size_t size)
{
    r->is_bad = r->is_bad || r->rest.len < size;
    if (r->is_bad)
        return slice_of(NULL, 0);
    struct slice taken = slice_sub(r->rest, 0, size);
    r->rest = slice_sub(r->rest, size, r->rest.len);
    return taken;
}

static uint64_t get_number(struct reader *r, size_t size)
{
    struct slice bytes = take(r, size);
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++)
        number = number << 8 | bytes.data[i];
    return number;
}

static void get_paths(struct reader *r, struct arena *a, struct feed_invalidation *out)
{
    size_t count = (size_t)get_number(r, sizeof(uint16_t));
    r->is_bad = r->is_bad || count > r->rest.len / sizeof(uint16_t);
    if (r->is_bad)
        return;
    struct slice *paths = arena_array(a, count, sizeof(*paths));
    for (size_t i = 0; i < count; i++)
        paths[i] = take(r, (size_t)get_number(r, sizeof(uint16_t)));
    out->paths = paths;
    out->path_count = count;
}

enum err feed_invalidation_decode(struct arena *a, struct slice bytes,
                                  struct feed_invalidation *out, struct errctx *ec)
{
    struct reader r = {.rest = bytes, .is_bad = bytes.len > FEED_INVALIDATION_FRAME_BYTES};
    struct feed_invalidation i = {0};
    uint64_t form = get_number(&r, 1);
    if (!r.is_bad && form != FORM)
        return err_set(ec, ERR_UNSUPPORTED, "an invalidation of form %" PRIu64, form);
    uint64_t flags = get_number(&r, 1);
    i.is_last = (flags & FLAG_LAST) != 0;
    i.at.epoch = get_number(&r, sizeof(uint64_t));
    i.at.number = get_number(&r, sizeof(uint64_t));
    i.distribution_id = take(&r, (size_t)get_number(&r, 1));
    get_paths(&r, a, &i);
    bool is_known = flags <= FLAG_LAST && i.distribution_id.len <= FEED_DISTRIBUTION_ID_MAX_BYTES &&
                    slice_find(i.distribution_id, 0) == i.distribution_id.len;
    if (r.is_bad || r.rest.len > 0 || !is_known || !is_well_formed(&i))
        return err_set(ec, ERR_CORRUPT, "a malformed invalidation");
    *out = i;
    return ERR_OK;
}

void feed_position_format(struct feed_position p, char out[FEED_POSITION_TEXT_SIZE])
{
    (void)snprintf(out, FEED_POSITION_TEXT_SIZE, "%" PRIu64 ".%" PRIu64, p.epoch, p.number);
}

bool feed_position_parse(struct slice text, struct feed_position *out)
{
    struct feed_position p;
    struct slice epoch;
    bool is_good = slice_split(&text, '.', &epoch) &&
                   slice_parse_u64(epoch, UINT64_MAX, &p.epoch) &&
                   slice_parse_u64(text, UINT64_MAX, &p.number);
    if (is_good)
        *out = p;
    return is_good;
}

int feed_position_compare(struct feed_position a, struct feed_position b)
{
    if (a.epoch != b.epoch)
        return a.epoch < b.epoch ? -1 : 1;
    return a.number == b.number ? 0 : a.number < b.number ? -1 : 1;
}
