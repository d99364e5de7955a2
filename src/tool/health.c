// SPDX-License-Identifier: Apache-2.0
// `weir health VERB`: what an operator says of health checks, by the service weir. Called by cmd on
// the main thread.
#include "base/alloc.h"
#include "tool/limits.h"
#include "tool/table.h"
#include "tool/tool.h"
#include "tool/verbs.h"

#include <stdlib.h>
#include <string.h>

/* ---- weir health list */

/* The next page, added to `all`; *marker is where the one behind begins, NULL: there is none. */
static enum err add_page(const struct tool_verb *verb, const struct tool_options *o, json_t *all,
                         char **marker, struct errctx *ec)
{
    AUTO_JSON json_t *input = json_object();
    AUTO_JSON json_t *page = NULL;
    if (*marker != NULL)
        json_object_set_new(input, "Marker", json_string(*marker));
    free(*marker);
    *marker = NULL;
    enum err e = tool_call_operation(o, verb->operation, input, &page, ec);
    if (e != ERR_OK)
        return e;
    json_array_extend(all, json_object_get(page, "HealthChecks"));
    const char *next = json_string_value(json_object_get(page, "NextMarker"));
    *marker = next == NULL ? NULL : mem_strdup(next);
    return ERR_OK;
}

static void print_list(const json_t *checks, FILE *out)
{
    static const char *const titles[] = {"ID", "NAME", "TYPE", "TARGET", "STATE"};
    AUTO_TABLE struct tool_table table;
    const json_t *check = NULL;
    size_t n = 0;
    tool_table_init(&table, titles, ARRAY_LEN(titles));
    json_array_foreach(checks, n, check)
    {
        bool is_frozen = json_is_true(json_object_get(check, "Frozen"));
        bool is_healthy = strcmp(tool_text_at(check, "State"), "healthy") == 0;
        const char *frozen = is_healthy ? "healthy, frozen" : "unhealthy, frozen";
        const char *const cells[] = {
            tool_text_at(check, "Id"),
            tool_text_at(check, "Name"),
            tool_text_at(check, "Type"),
            tool_text_at(check, "Target"),
            is_frozen ? frozen : tool_text_at(check, "State"),
        };
        tool_table_add(&table, cells);
    }
    tool_table_print(&table, out);
}

static enum err run_list(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    AUTO_JSON json_t *all = json_array();
    char *marker = NULL;
    enum err e = add_page(verb, o, all, &marker, ec);
    for (unsigned i = 1; e == ERR_OK && marker != NULL && i < TOOL_HEALTH_PAGES_MAX; i++)
        e = add_page(verb, o, all, &marker, ec);
    free(marker);
    if (e != ERR_OK)
        return e;
    tool_print_answer(o, all, print_list);
    return ERR_OK;
}

/* ---- what is said of one */

static enum err run_set(const struct tool_verb *verb, const struct tool_options *o,
                        struct errctx *ec)
{
    return tool_run_request(
        verb, o, json_pack("{s:s, s:s}", "HealthCheckId", o->words[1], "State", o->words[2]), ec);
}

static enum err run_hold(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    uint64_t seconds = 0;
    if (!slice_parse_u64(slice_str(o->words[2]), INT32_MAX, &seconds))
        return err_set(ec, ERR_INVALID, "'%s' is no number of seconds", o->words[2]);
    return tool_run_request(
        verb, o,
        json_pack("{s:s, s:I}", "HealthCheckId", o->words[1], "Seconds", (json_int_t)seconds), ec);
}

static const struct tool_verb verbs[] = {
    TOOL_VERB_LIST("ListHealthStates", run_list),
    {.name = "set",
     .arguments = TOOL_REMOTE " ID healthy|unhealthy|insufficient-data",
     .words_min = 3,
     .words_max = 3,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "SetHealthState",
     .done = "as told",
     .run = run_set},
    {.name = "hold",
     .arguments = TOOL_REMOTE " ID SECONDS",
     .words_min = 3,
     .words_max = 3,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "SetHealthHoldDown",
     .done = "held for so long in each new state",
     .run = run_hold},
};

int tool_health(int argc, char **argv)
{
    return tool_run_verbs("health", verbs, ARRAY_LEN(verbs), argc, argv);
}
