// SPDX-License-Identifier: Apache-2.0
// Rates of calls by account: token buckets that hold one second's worth.
#ifndef CONTROL_API_THROTTLE_H
#define CONTROL_API_THROTTLE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

/** Threads: any; one lock, held for a look-up. */
struct throttle;

/** rate_per_s > 0. */
struct throttle *throttle_new(uint32_t rate_per_s) MUST_USE;
void throttle_free(struct throttle *t);

/** Takes one call of the account; false where none is left. `now_ns` is monotonic. */
bool throttle_take(struct throttle *t, const char *account_id, int64_t now_ns) MUST_USE;

#endif
