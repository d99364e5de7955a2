// SPDX-License-Identifier: Apache-2.0
// Invalidations as they travel from control to the edges: a frame of the stream, and a place in
// their order. Pure; any thread.
//
//   u8 1 (form), u8 flags (1: the last frame of its number), u64 epoch, u64 number,
//   u8 + distribution id, u16 count of paths, each u16 + path             (integers big-endian)
//
// One invalidation is one number. A long one is cut into several frames, the last of which is
// marked: whoever has that one has applied the number, and all before it.
#ifndef FEED_INVALIDATION_H
#define FEED_INVALIDATION_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

/**
 * A place in the order of invalidations. `number` rises by each invalidation that control accepts,
 * of whatever distribution; the epoch changes where history is lost (a store that was restored).
 */
struct feed_position {
    uint64_t epoch; /* 0: no place at all */
    uint64_t number;
};

struct feed_invalidation {
    struct feed_position at;
    bool is_last;                 /* of its number */
    struct slice distribution_id; /* empty: every distribution */
    const struct slice *paths;    /* each "/x", or "/x*": whatever begins so */
    size_t path_count;
};

/** The frame, in `a`. Bounds: as feed_invalidation_decode takes them (a CHECK says so). */
struct slice feed_invalidation_encode(struct arena *a, const struct feed_invalidation *i);

/** Whether a frame may have this path. */
bool feed_path_is_good(struct slice path);

/** Bytes of the frame that one path adds. */
static inline size_t feed_invalidation_path_size(struct slice path)
{
    return sizeof(uint16_t) + path.len;
}

/**
 * Reads a frame; paths in `a`, borrowed from `bytes`. What decodes has an epoch, one path at least
 * and FEED_INVALIDATION_FRAME_BYTES at most; each path begins with '/' and has
 * FEED_PATH_MAX_BYTES at most; where every distribution is meant, the one path means everything.
 * Errors: ERR_CORRUPT; ERR_UNSUPPORTED for a form that a newer control sends.
 */
enum err feed_invalidation_decode(struct arena *a, struct slice bytes,
                                  struct feed_invalidation *out, struct errctx *ec) MUST_USE;

/** "EPOCH.NUMBER": how a position is written in a query and in an acknowledgement. */
#define FEED_POSITION_TEXT_SIZE 42
void feed_position_format(struct feed_position p, char out[FEED_POSITION_TEXT_SIZE]);
/** False where it is none. */
bool feed_position_parse(struct slice text, struct feed_position *out);

/** Negative, 0 or positive; an epoch comes before every number. */
int feed_position_compare(struct feed_position a, struct feed_position b);

#endif
