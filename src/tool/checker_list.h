// SPDX-License-Identifier: Apache-2.0
// The answer of ListCheckers for people.
#ifndef TOOL_CHECKER_LIST_H
#define TOOL_CHECKER_LIST_H

#include "tool/json.h"

#include <stdio.h>

/** Prints a line for each checker: where its votes are, and whether they count. */
void tool_checker_list_print(const json_t *answer, FILE *out);

#endif
