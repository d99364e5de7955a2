// SPDX-License-Identifier: Apache-2.0
// What `weir set list` shows of an answer of the API.
#ifndef TOOL_SET_LIST_H
#define TOOL_SET_LIST_H

#include "tool/json.h"

#include <stdio.h>

/** A line for each delegation set of ListDelegationSets. */
void tool_set_list_print(const json_t *answer, FILE *out);

#endif
