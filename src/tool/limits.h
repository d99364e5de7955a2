// SPDX-License-Identifier: Apache-2.0
// Every bound of the tools, with its unit and the reason for its size.
#ifndef TOOL_LIMITS_H
#define TOOL_LIMITS_H

#include <stddef.h>

/* Words on a command line besides options: a verb and what it works on, and room to name more. */
#define TOOL_WORDS_MAX ((size_t)16)

/* DIR/ready.json: a few services with 64 addresses each at most. */
#define TOOL_READY_MAX_BYTES ((size_t)65536)

#endif
