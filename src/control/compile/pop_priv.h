// SPDX-License-Identifier: Apache-2.0
// The health checks that points of presence bring along: one for each address of a node, so that
// one that is dead leaves DNS by itself.
#ifndef CONTROL_COMPILE_POP_PRIV_H
#define CONTROL_COMPILE_POP_PRIV_H

#include "release/distribution.h"
#include "release/health_check.h"

/** The id of the check of an address of a point of presence: the same on every control. In `a`. */
const char *pop_check_id(struct arena *a, const char *pop, struct slice address);

struct pop_check {
    const char *id;
    struct slice value; /* as a release holds it */
};

/**
 * Its checks, in `a`, sorted by id, each once: of nodes that say on which port they serve viewers.
 */
void pop_checks(struct arena *a, const struct release_pop *pop, struct pop_check **out_checks,
                size_t *out_count);

#endif
