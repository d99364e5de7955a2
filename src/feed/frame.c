// SPDX-License-Identifier: Apache-2.0
// Frames of the feeds. Called by the server and the client side.
#include "feed/frame_priv.h"

#include "base/check.h"
#include "feed/limits.h"

enum feed_frame feed_frame_peek(const struct buf *b, struct slice *out_payload)
{
    struct slice bytes = buf_slice(b);
    if (bytes.data == NULL || bytes.len < FEED_FRAME_HEAD_BYTES)
        return FEED_FRAME_MORE;
    size_t len = (size_t)bytes.data[0] << 24 | (size_t)bytes.data[1] << 16 |
                 (size_t)bytes.data[2] << 8 | bytes.data[3];
    if (len > FEED_FRAME_MAX_BYTES)
        return FEED_FRAME_BAD;
    if (len > bytes.len - FEED_FRAME_HEAD_BYTES)
        return FEED_FRAME_MORE;
    *out_payload = slice_of(bytes.data + FEED_FRAME_HEAD_BYTES, len);
    return FEED_FRAME_WHOLE;
}

void feed_frame_consume(struct buf *b, struct slice payload)
{
    buf_consume(b, FEED_FRAME_HEAD_BYTES + payload.len);
}

void feed_frame_head(size_t len, uint8_t out[FEED_FRAME_HEAD_BYTES])
{
    CHECK(len <= FEED_FRAME_MAX_BYTES);
    for (unsigned i = 0; i < FEED_FRAME_HEAD_BYTES; i++)
        out[i] = (uint8_t)(len >> (24 - 8 * i));
}
