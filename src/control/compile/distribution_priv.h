// SPDX-License-Identifier: Apache-2.0
// From a stored configuration to what the edge serves.
#ifndef CONTROL_COMPILE_DISTRIBUTION_PRIV_H
#define CONTROL_COMPILE_DISTRIBUTION_PRIV_H

#include "release/distribution.h"

/**
 * The value of a distribution in a release, from the body of its object; policies resolved. Pure;
 * everything in `a`. Errors: ERR_CORRUPT for a body that cannot be read; ERR_INVALID for a
 * configuration that no edge could serve, with what is wrong.
 */
enum err distribution_value(struct arena *a, struct slice body, struct slice *out_value,
                            struct errctx *ec) MUST_USE;

#endif
