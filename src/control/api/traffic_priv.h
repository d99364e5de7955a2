// SPDX-License-Identifier: Apache-2.0
// Traffic policies between rows and shapes. Private to control/api/.
#ifndef CONTROL_API_TRAFFIC_PRIV_H
#define CONTROL_API_TRAFFIC_PRIV_H

#include "aws/r53_traffic.h"
#include "control/api/zones_priv.h"
#include "control/store/traffic.h"

/** A version of a policy of the calling account; NoSuchTrafficPolicy. */
enum aws_error find_traffic_policy(struct api_call *c, const char *id, uint64_t version,
                                   struct store_traffic_policy *out) MUST_USE;

/** As clients see it; texts shared with the row, the shape in the arena. */
struct r53_traffic_policy *traffic_policy_shape(struct api_call *c,
                                                const struct store_traffic_policy *row);

/** An instance as clients see it, in the arena. */
struct r53_traffic_policy_instance *
traffic_instance_shape(struct api_call *c, const struct store_traffic_instance *row);

#endif
