// SPDX-License-Identifier: Apache-2.0
// Checkers as they should be: from what the store has and what nodes report. Pure; the rollout's
// thread.
#ifndef CONTROL_ROLLOUT_CHECKERS_H
#define CONTROL_ROLLOUT_CHECKERS_H

#include "control/rollout/roster.h"
#include "control/store/checkers.h"

struct checkers {
    struct store_checker *items; /* sorted by node id */
    size_t count;
};

/**
 * What the store should have. A node is a checker while it is admitted, runs the role and says
 * where its votes are; one that is silent, was not heard yet, or whose role is just starting stays
 * as the store has it; one that is cordoned, draining or removed leaves. What an operator excluded
 * stays excluded: such a checker leaves only with its node, so that the word holds when it comes
 * back. Addresses that can be nobody's are no place for votes. Everything in `a`, or borrowed from
 * roster and `stored`.
 */
void checkers_wanted(struct arena *a, const struct roster *roster, const struct checkers *stored,
                     struct checkers *out);

/** The checker of this node, or NULL. */
const struct store_checker *checkers_find(const struct checkers *checkers, const char *node_id);

/**
 * A node that would reject releases with checkers, as its version lacks them; NULL: none. While
 * there is one, none are written.
 */
const struct roster_node *checkers_lacking(const struct roster *roster);

#endif
