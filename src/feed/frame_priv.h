// SPDX-License-Identifier: Apache-2.0
// Frames: a length of four bytes, big-endian, and as many bytes. Private to feed/; pure.
#ifndef FEED_FRAME_PRIV_H
#define FEED_FRAME_PRIV_H

#include "base/buf.h"

#define FEED_FRAME_HEAD_BYTES 4u

enum feed_frame {
    FEED_FRAME_WHOLE, /* *out_payload is the frame's; feed_frame_consume takes it off */
    FEED_FRAME_MORE,  /* the frame has not wholly come */
    FEED_FRAME_BAD,   /* longer than FEED_FRAME_MAX_BYTES */
};

/** The first frame in the buffer; the payload is borrowed from it. */
enum feed_frame feed_frame_peek(const struct buf *b, struct slice *out_payload);

/** Takes off the frame that feed_frame_peek gave. */
void feed_frame_consume(struct buf *b, struct slice payload);

/** The length in front of a payload. */
void feed_frame_head(size_t len, uint8_t out[FEED_FRAME_HEAD_BYTES]);

#endif
