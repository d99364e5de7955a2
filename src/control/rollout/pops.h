// SPDX-License-Identifier: Apache-2.0
// Points of presence as they should be: from what the store has and what nodes report. Pure; the
// rollout's thread.
#ifndef CONTROL_ROLLOUT_POPS_H
#define CONTROL_ROLLOUT_POPS_H

#include "control/rollout/roster.h"
#include "release/distribution.h"

struct pops {
    struct release_pop *items; /* sorted by name, each with a node at least */
    size_t count;
};

/**
 * What the store should have. A node belongs to the point of presence that it reports, while it is
 * admitted and runs an edge; one that is silent, or was not heard yet, stays where the store has
 * it; one that is cordoned, draining or removed leaves. So an operator takes a node out of DNS, and
 * a control that restarts takes out nobody. Addresses that can be nobody's (unspecified,
 * multicast) are left out. Nodes are probed (their http_port) once all
 * versions know health checks; of a node whose edge is just starting the port stays. Everything in
 * `a`, or borrowed from roster and `stored`.
 */
void pops_wanted(struct arena *a, const struct roster *roster, const struct pops *stored,
                 struct pops *out);

/** The point of presence of this name, or NULL. */
const struct release_pop *pops_find(const struct pops *pops, const char *name);

/**
 * A node that would reject releases with points of presence, as its version lacks them; NULL: none.
 * While there is one, none are written.
 */
const struct roster_node *pops_lacking(const struct roster *roster);

#endif
