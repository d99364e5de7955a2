// SPDX-License-Identifier: Apache-2.0
// What a root must stand before its checks are probed. In the process of a trial.
#ifndef CHECK_TRIAL_H
#define CHECK_TRIAL_H

#include "node/role.h"

/** role_release_ops.try_root of the check role: every health check that differs can be read and
 *  asked, and there are not too many. */
enum err check_trial_run(const struct role_root *before, const struct role_root *after,
                         const struct sample_ring *samples, struct errctx *ec) MUST_USE;

#endif
