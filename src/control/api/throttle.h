// SPDX-License-Identifier: Apache-2.0
// Rates of calls, by account or by client: token buckets that hold one second's worth.
#ifndef CONTROL_API_THROTTLE_H
#define CONTROL_API_THROTTLE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/** Threads: any; one lock, held for a look-up. */
struct throttle;

/** rate_per_s > 0. */
struct throttle *throttle_new(uint32_t rate_per_s) MUST_USE;
void throttle_free(struct throttle *t);

/** Takes one call; false where none is left. `now_ns` is monotonic, of one clock. */
bool throttle_take(struct throttle *t, struct slice who, int64_t now_ns);

/** Whether one is left; takes none, and remembers nobody new. */
bool throttle_has(struct throttle *t, struct slice who, int64_t now_ns) MUST_USE;

#endif
