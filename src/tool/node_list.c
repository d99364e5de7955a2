// SPDX-License-Identifier: Apache-2.0
// `weir node list`. Called on the main thread of the command.
#include "tool/node_list.h"

#include "tool/status.h"
#include "tool/table.h"

/* Digits of a root's hash that tell it from the others at a glance. */
#define ROOT_DIGITS 12

/** Any scalar or list as a cell; "" for what is missing, and for false. */
static const char *cell(struct arena *a, const json_t *value)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        return arena_printf(a, "%lld", (long long)json_integer_value(value));
    if (json_is_array(value))
        return tool_joined(a, value);
    return json_is_true(value) ? "yes" : "";
}

static const char *root_cell(struct arena *a, const json_t *value)
{
    return arena_printf(a, "%.*s", ROOT_DIGITS, cell(a, value));
}

static const struct {
    const char *title;
    const char *key; /* in the node */
    const char *(*text)(struct arena *a, const json_t *value);
} columns[] = {
    {"ID", "Id", cell},
    {"STATE", "State", cell},
    {"ROLES", "Roles", cell},
    {"POP", "Pop", cell},
    {"HEARD", "HeardMsAgo", tool_heard},
    {"APPLIED", "Applied", root_cell},
    {"SEQUENCE", "Sequence", cell},
    {"PINNED", "Pinned", cell},
    {"REJECTED", "RejectedReason", cell},
};

void tool_node_list_print(const json_t *answer, FILE *out)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_TABLE struct tool_table table;
    const char *titles[ARRAY_LEN(columns)];
    const char *cells[ARRAY_LEN(columns)];
    const json_t *node = NULL;
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(columns); i++)
        titles[i] = columns[i].title;
    tool_table_init(&table, titles, ARRAY_LEN(columns));
    json_array_foreach(json_object_get(answer, "Nodes"), n, node)
    {
        for (size_t i = 0; i < ARRAY_LEN(columns); i++)
            cells[i] = columns[i].text(&a, json_object_get(node, columns[i].key));
        tool_table_add(&table, cells);
    }
    tool_table_print(&table, out);
}
