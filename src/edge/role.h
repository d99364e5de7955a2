// SPDX-License-Identifier: Apache-2.0
// The edge role, as node/ runs it.
#ifndef EDGE_ROLE_H
#define EDGE_ROLE_H

#include "node/role.h"

extern const struct role edge_role;

#endif
