// SPDX-License-Identifier: Apache-2.0
// Results in a row; called by the prober for each.
#include "health/streak.h"

#include "base/check.h"

void streak_add(struct streak *s, unsigned threshold, bool has_passed)
{
    CHECK(threshold > 0 && threshold <= UINT8_MAX);
    if (s->length == 0 || s->has_passed != has_passed)
        s->length = 1;
    else if (s->length < UINT8_MAX)
        s->length++;
    s->has_passed = has_passed;
    if (s->length >= threshold)
        s->state = has_passed ? VOTE_HEALTHY : VOTE_UNHEALTHY;
}
