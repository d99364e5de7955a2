// SPDX-License-Identifier: Apache-2.0
// Range fields of requests (RFC 9110 section 14.2), held against the length of a body. Pure; any
// thread.
#ifndef EDGE_RANGES_H
#define EDGE_RANGES_H

#include "base/slice.h"

/** Ranges that one answer sends; a request for more gets the whole. */
#define EDGE_RANGES_MAX 16

/** The bytes [from, to) of a body. */
struct edge_range {
    uint64_t from;
    uint64_t to;
};

enum edge_ranges_found {
    EDGE_RANGES_WHOLE, /* no Range that counts: malformed, another unit, too many, out of order */
    EDGE_RANGES_SOME,  /* rising, apart, each with at least a byte */
    EDGE_RANGES_UNSATISFIABLE,
};

/** Ranges that lie beyond the body are left out while others do not. */
enum edge_ranges_found edge_ranges_read(struct slice value, uint64_t length_bytes,
                                        struct edge_range out[EDGE_RANGES_MAX], size_t *out_count);

#endif
