// SPDX-License-Identifier: Apache-2.0
// The check role, as node/ runs it.
#ifndef CHECK_ROLE_H
#define CHECK_ROLE_H

#include "node/role.h"

extern const struct role check_role;

#endif
