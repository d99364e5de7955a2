// SPDX-License-Identifier: Apache-2.0
// From a stored checker to what name servers follow.
#ifndef CONTROL_COMPILE_CHECKER_PRIV_H
#define CONTROL_COMPILE_CHECKER_PRIV_H

#include "release/health_check.h"

/**
 * The value of a checker in a release, from the body of its object. Pure; everything in `a`.
 * Errors: ERR_CORRUPT for a body that cannot be read, ERR_INVALID for one that no release takes.
 */
enum err checker_value(struct arena *a, const char *node_id, struct slice body,
                       struct slice *out_value, struct errctx *ec) MUST_USE;

#endif
