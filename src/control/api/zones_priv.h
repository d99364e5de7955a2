// SPDX-License-Identifier: Apache-2.0
// Hosted zones between rows and shapes. Private to control/api/.
#ifndef CONTROL_API_ZONES_PRIV_H
#define CONTROL_API_ZONES_PRIV_H

#include "aws/r53_sets.h"
#include "control/api/api_priv.h"
#include "control/store/zones.h"

/** A zone as clients see it; texts shared with the row. */
struct r53_hosted_zone zone_shape(struct api_call *c, const struct store_zone *zone);

/** Fails with NoSuchDelegationSet. */
enum aws_error find_delegation_set(struct api_call *c, const char *id,
                                   struct store_delegation_set *out) MUST_USE;

/** Name servers stand without their final dot in a delegation set. */
const char *name_server_text(struct api_call *c, const char *name);

#endif
