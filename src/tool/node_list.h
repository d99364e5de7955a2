// SPDX-License-Identifier: Apache-2.0
// The answer of ListNodes for people.
#ifndef TOOL_NODE_LIST_H
#define TOOL_NODE_LIST_H

#include "tool/json.h"

#include <stdio.h>

/** Prints a line for each node: what an operator decided, and what the node last said. */
void tool_node_list_print(const json_t *answer, FILE *out);

#endif
