// SPDX-License-Identifier: Apache-2.0
// Aligned columns. Called by commands that list, on their only thread.
#include "tool/table.h"

#include "base/alloc.h"
#include "base/check.h"

#include <stdlib.h>
#include <string.h>

#define COLUMN_GAP 2

void tool_table_init(struct tool_table *t, const char *const *titles, size_t column_count)
{
    CHECK(column_count > 0 && column_count <= TOOL_TABLE_COLUMNS_MAX);
    *t = (struct tool_table){.titles = titles, .column_count = column_count};
}

void tool_table_fini(struct tool_table *t)
{
    free(t->cells);
    t->cells = NULL;
    t->row_count = 0;
}

void tool_table_add(struct tool_table *t, const char *const *cells)
{
    t->cells = mem_resize(t->cells, (t->row_count + 1) * t->column_count, sizeof(*t->cells));
    for (size_t i = 0; i < t->column_count; i++) {
        bool is_empty = cells[i] == NULL || cells[i][0] == '\0';
        t->cells[t->row_count * t->column_count + i] = is_empty ? "-" : cells[i];
    }
    t->row_count++;
}

static void widen(size_t *widths, const char *const *cells, size_t count)
{
    for (size_t i = 0; i < count; i++)
        widths[i] = max_size(widths[i], strlen(cells[i]));
}

static void print_cell(const char *text, size_t width, FILE *out)
{
    for (const char *c = text; *c != '\0'; c++)
        (void)fputc((unsigned char)*c < ' ' || *c == 0x7f ? '?' : *c, out);
    for (size_t i = strlen(text); i < width; i++)
        (void)fputc(' ', out);
}

static void print_row(const char *const *cells, const size_t *widths, size_t count, FILE *out)
{
    for (size_t i = 0; i + 1 < count; i++)
        print_cell(cells[i], widths[i] + COLUMN_GAP, out);
    print_cell(cells[count - 1], 0, out);
    (void)fputc('\n', out);
}

void tool_table_print(const struct tool_table *t, FILE *out)
{
    size_t widths[TOOL_TABLE_COLUMNS_MAX] = {0};
    if (t->titles != NULL)
        widen(widths, t->titles, t->column_count);
    for (size_t i = 0; i < t->row_count; i++)
        widen(widths, t->cells + i * t->column_count, t->column_count);
    if (t->titles != NULL)
        print_row(t->titles, widths, t->column_count, out);
    for (size_t i = 0; i < t->row_count; i++)
        print_row(t->cells + i * t->column_count, widths, t->column_count, out);
}
