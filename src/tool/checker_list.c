// SPDX-License-Identifier: Apache-2.0
// `weir checker list`. Called on the main thread of the command.
#include "tool/checker_list.h"

#include "tool/table.h"

/** Whether its votes come, and what of them. */
static const char *votes_cell(struct arena *a, const json_t *checker)
{
    const json_t *fresh = json_object_get(checker, "Fresh");
    if (!json_is_boolean(fresh))
        return "";
    if (json_is_false(fresh))
        return "missing";
    if (!json_is_true(json_object_get(checker, "Outlier")))
        return "fresh";
    return arena_printf(a, "outlier, against all others on %lld",
                        (long long)json_integer_value(json_object_get(checker, "Disagreements")));
}

void tool_checker_list_print(const json_t *answer, FILE *out)
{
    static const char *const titles[] = {"ID", "REGION", "ADDRESS", "HEARD", "VOTES", "EXCLUDED"};
    AUTO_ARENA struct arena a = {0};
    AUTO_TABLE struct tool_table table;
    const json_t *checker = NULL;
    size_t n = 0;
    tool_table_init(&table, titles, ARRAY_LEN(titles));
    json_array_foreach(json_object_get(answer, "Checkers"), n, checker)
    {
        const char *const cells[] = {
            tool_text_at(checker, "Id"),
            tool_text_at(checker, "Region"),
            tool_text_at(checker, "Votes"),
            tool_heard(&a, json_object_get(checker, "HeardMsAgo")),
            votes_cell(&a, checker),
            json_is_true(json_object_get(checker, "Excluded")) ? "yes" : "",
        };
        tool_table_add(&table, cells);
    }
    tool_table_print(&table, out);
}
