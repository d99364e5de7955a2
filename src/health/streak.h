// SPDX-License-Identifier: Apache-2.0
// When results in a row change a checker's mind. Pure.
#ifndef HEALTH_STREAK_H
#define HEALTH_STREAK_H

#include "health/vote_table.h"

/** What one checker makes of the results of one check; zeroed at first. */
struct streak {
    enum vote_state state; /* VOTE_UNKNOWN until `threshold` results in a row were the same */
    uint8_t length;        /* results in a row like the last one; stops at 255 */
    bool has_passed;       /* the last one */
};

/** Adds a result; threshold 1..10 (Route 53: FailureThreshold, both ways). */
void streak_add(struct streak *s, unsigned threshold, bool has_passed);

#endif
