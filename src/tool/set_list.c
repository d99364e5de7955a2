// SPDX-License-Identifier: Apache-2.0
// `weir set list`. Called on the main thread of the command.
#include "tool/set_list.h"

#include "tool/table.h"

void tool_set_list_print(const json_t *answer, FILE *out)
{
    static const char *const titles[] = {"ID", "NAME SERVERS", "ADDRESSES"};
    AUTO_ARENA struct arena a = {0};
    AUTO_TABLE struct tool_table table;
    const json_t *set = NULL;
    size_t n = 0;
    tool_table_init(&table, titles, ARRAY_LEN(titles));
    json_array_foreach(json_object_get(answer, "DelegationSets"), n, set)
    {
        const char *addresses = tool_joined(&a, json_object_get(set, "Addresses"));
        const char *const cells[] = {
            tool_text_at(set, "Id"),
            tool_joined(&a, json_object_get(set, "NameServers")),
            addresses[0] == '\0' ? "all" : addresses,
        };
        tool_table_add(&table, cells);
    }
    tool_table_print(&table, out);
}
