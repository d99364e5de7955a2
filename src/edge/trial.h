// SPDX-License-Identifier: Apache-2.0
// The trial of a root: made-up requests for every distribution that differs from the root before,
// and the sample of recent traffic, decided and answered by the code that serves. Called in a
// process of its own, which may crash, hang or grow; it reads only the chunks that differ.
#ifndef EDGE_TRIAL_H
#define EDGE_TRIAL_H

#include "node/role.h"

/** The try_root of role_release_ops (node/role.h). */
enum err edge_trial_run(const struct role_root *before, const struct role_root *after,
                        const struct sample_ring *samples, struct errctx *ec);

#endif
