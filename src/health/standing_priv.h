// SPDX-License-Identifier: Apache-2.0
// What is known of one check over time, and its form on the disk. Private to health/; pure.
#ifndef HEALTH_STANDING_PRIV_H
#define HEALTH_STANDING_PRIV_H

#include "base/buf.h"
#include "health/quorum.h"

struct standing {
    struct check_id id;
    bool is_known;    /* there was a verdict, ever */
    bool is_up;       /* the last one */
    bool is_healthy;  /* what queries see: settings of the check included */
    bool has_changed; /* is_up was another; changed_ns is when that ended */
    int64_t changed_ns;
    bool has_shown; /* is_healthy was another; shown_ns is when that ended */
    int64_t shown_ns;
    bool has_override; /* one was seen; its number, and when that was seen first */
    uint64_t override_number;
    int64_t override_ns;
};

/** Appends a text of those that are known. */
void standings_encode(const struct standing *standings, size_t count, const struct quorum_now *now,
                      struct buf *out);

/** In memory of its own, sorted by id, none twice; free() it. Errors: ERR_CORRUPT. */
enum err standings_decode(struct slice text, const struct quorum_now *now,
                          struct standing **out_standings, size_t *out_count, struct errctx *ec)
    MUST_USE;

#endif
