// SPDX-License-Identifier: Apache-2.0
// From a stored CIDR collection to what nodes match clients by.
#ifndef CONTROL_COMPILE_CIDR_PRIV_H
#define CONTROL_COMPILE_CIDR_PRIV_H

#include "release/objects.h"

/**
 * The value of a collection in a release, from the body of its object. Pure; everything in `a`.
 * Errors: ERR_CORRUPT for a body that cannot be read.
 */
enum err cidr_collection_value(struct arena *a, const char *id, struct slice body,
                               struct slice *out_value, struct errctx *ec) MUST_USE;

#endif
