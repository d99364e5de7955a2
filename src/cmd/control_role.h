// SPDX-License-Identifier: Apache-2.0
// The control role: API, store and rollout in one process.
#ifndef CMD_CONTROL_ROLE_H
#define CMD_CONTROL_ROLE_H

#include "node/role.h"

extern const struct role control_role;

#endif
