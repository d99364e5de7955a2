// SPDX-License-Identifier: Apache-2.0
// Variables of the environment, as tools read them.
#ifndef TOOL_ENVIRONMENT_H
#define TOOL_ENVIRONMENT_H

#include "base/macros.h"

/** The variable's text, or NULL where it is not set or empty. Borrowed until it is set anew. */
const char *tool_variable(const char *name) MUST_USE;

#endif
