// SPDX-License-Identifier: Apache-2.0
// jansson values that end with their block.
#ifndef TOOL_JSON_H
#define TOOL_JSON_H

#include "base/macros.h"

#include <jansson.h>

static inline void tool_json_cleanup(json_t **value)
{
    json_decref(*value);
}
#define AUTO_JSON CLEANUP(tool_json_cleanup)

#endif
