// SPDX-License-Identifier: Apache-2.0
// The dns role, as node/ runs it.
#ifndef AUTHORITY_ROLE_H
#define AUTHORITY_ROLE_H

#include "node/role.h"

extern const struct role dns_role;

#endif
