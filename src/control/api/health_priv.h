// SPDX-License-Identifier: Apache-2.0
// Health checks between rows, objects and shapes. Private to control/api/.
#ifndef CONTROL_API_HEALTH_PRIV_H
#define CONTROL_API_HEALTH_PRIV_H

#include "aws/r53_health.h"
#include "control/api/api_priv.h"
#include "control/store/health_checks.h"

/** A check of the calling account; NoSuchHealthCheck. */
enum aws_error find_health_check(struct api_call *c, const char *id, struct store_health_check *out)
    MUST_USE;

/** What it looks at, from the object. In the call's arena. */
enum err load_health_check(struct api_call *c, const char *id, struct r53_health_check_body *out,
                           struct errctx *ec) MUST_USE;

/** Writes the object of a check. */
enum err put_health_check(struct api_call *c, const char *id,
                          const struct r53_health_check_body *body, struct errctx *ec) MUST_USE;

/** A check as clients see it. */
struct r53_health_check health_check_shape(const struct store_health_check *row,
                                           struct r53_health_check_config *config);

/** The resource of a check in tags, audit rows and Location. In the call's arena. */
const char *health_check_arn(struct api_call *c, const char *id);
const char *health_check_path(struct api_call *c, const char *id);

#endif
