// SPDX-License-Identifier: Apache-2.0
// Hints beside an answer: what is accepted, and may still surprise (lint/). Private to
// control/api/.
#ifndef CONTROL_API_HINTS_H
#define CONTROL_API_HINTS_H

#include "aws/r53_change.h"
#include "control/api/api_priv.h"

/** Notes in c->hints what a change of names or of a check gives reason to say; nothing fails. */
void api_hint_names(struct api_call *c, const struct r53_change_result *result);
void api_hint_check(struct api_call *c, const char *id,
                    const struct r53_health_check_config *config);

/** Puts the hints of a call that succeeded into a header field of its answer, and into the log. */
void api_hints_tell(struct api_call *c, struct aws_output *out);

#endif
