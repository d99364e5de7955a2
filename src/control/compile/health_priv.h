// SPDX-License-Identifier: Apache-2.0
// From a stored health check to what checkers probe and name servers decide by.
#ifndef CONTROL_COMPILE_HEALTH_PRIV_H
#define CONTROL_COMPILE_HEALTH_PRIV_H

#include "release/health_check.h"

/**
 * The value of a check in a release, from the body of its object. Pure; everything in `a`.
 * Errors: ERR_CORRUPT for a body that cannot be read, ERR_INVALID for one that no release takes.
 */
enum err health_check_value(struct arena *a, const char *id, struct slice body,
                            struct slice *out_value, struct errctx *ec) MUST_USE;

#endif
