// SPDX-License-Identifier: Apache-2.0
// A sample of recent traffic in shared memory: the serving threads of a role put a query in now
// and then, the trial of the next root asks them again.
#ifndef NODE_SAMPLE_H
#define NODE_SAMPLE_H

#include "base/slice.h"

#include <stdatomic.h>

#define SAMPLE_COUNT 256
#define SAMPLE_MAX_BYTES 500

/** One place; a writer claims it, so that a reader sees whole samples or none (sequence lock). */
struct sample {
    _Atomic uint32_t sequence; /* odd while it is written; 0: never */
    uint32_t len;
    uint8_t bytes[SAMPLE_MAX_BYTES];
};

struct sample_ring {
    _Atomic uint32_t next;
    struct sample places[SAMPLE_COUNT];
};

/** In memory that all processes of the node share; made by the supervisor before it forks. */
struct sample_ring *sample_ring_new(void) MUST_USE;

/** Puts the bytes in, over the oldest; longer ones are left out. Any thread, lock-free. */
void sample_ring_put(struct sample_ring *ring, struct slice bytes);

/** Copies place `index` out; 0 where it is empty or just being written. */
size_t sample_ring_get(const struct sample_ring *ring, unsigned index,
                       uint8_t out[SAMPLE_MAX_BYTES]);

#endif
