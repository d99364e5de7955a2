// SPDX-License-Identifier: Apache-2.0
// Aligned columns for a terminal.
#ifndef TOOL_TABLE_H
#define TOOL_TABLE_H

#include "tool/limits.h"

#include <stdio.h>

/**
 * Cells row by row, borrowed until tool_table_fini.
 * Owner: whoever called tool_table_init; embedded by value. Threads: one.
 */
struct tool_table {
    const char *const *titles; /* NULL: no heading */
    size_t column_count;
    const char **cells; /* row_count * column_count */
    size_t row_count;
};

/** column_count is at most TOOL_TABLE_COLUMNS_MAX. */
void tool_table_init(struct tool_table *t, const char *const *titles, size_t column_count);
void tool_table_fini(struct tool_table *t);
#define AUTO_TABLE CLEANUP(tool_table_fini)

/** Adds a row of column_count texts; NULL and "" show as "-". */
void tool_table_add(struct tool_table *t, const char *const *cells);

/**
 * Prints each column as wide as its widest cell, two spaces between, none at the end of a line.
 * Bytes that could steer a terminal show as '?'.
 */
void tool_table_print(const struct tool_table *t, FILE *out);

#endif
