// SPDX-License-Identifier: Apache-2.0
// The trial of a root: made-up questions about everything that differs from the root before, and
// the sample of recent traffic, answered by the code that serves. Called in a process of its own,
// which may crash, hang or grow; it reads only the chunks that its questions reach.
#ifndef AUTHORITY_TRIAL_H
#define AUTHORITY_TRIAL_H

#include "node/role.h"

/** The try_root of role_release_ops (node/role.h). */
enum err trial_run(const struct role_root *before, const struct role_root *after,
                   const struct sample_ring *samples, struct errctx *ec);

#endif
