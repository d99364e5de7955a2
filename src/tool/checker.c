// SPDX-License-Identifier: Apache-2.0
// `weir checker VERB`: the nodes that probe health checks, by the service weir. Called by cmd on
// the main thread.
#include "tool/checker_list.h"
#include "tool/tool.h"
#include "tool/verbs.h"

/** A verb that changes what is said of one checker. */
static enum err run_change(const struct tool_verb *verb, const struct tool_options *o,
                           struct errctx *ec)
{
    AUTO_JSON json_t *input = json_pack("{s:s}", "Id", o->words[1]);
    AUTO_JSON json_t *output = NULL;
    if (input == NULL)
        return err_set(ec, ERR_INVALID, "a node id is plain text");
    enum err e = tool_call_operation(o, verb->operation, input, &output, ec);
    if (e == ERR_OK)
        printf("%s is %s\n", o->words[1], verb->done);
    return e;
}

static enum err run_list(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    return tool_run_list(verb, o, tool_checker_list_print, ec);
}

static const struct tool_verb verbs[] = {
    {.name = "list",
     .arguments = TOOL_REMOTE " [--json]",
     .words_min = 1,
     .words_max = 1,
     .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_JSON,
     .operation = "ListCheckers",
     .run = run_list},
    {.name = "exclude",
     .arguments = TOOL_REMOTE " ID",
     .words_min = 2,
     .words_max = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "ExcludeChecker",
     .done = "excluded: it probes, but its votes do not count",
     .run = run_change},
    {.name = "include",
     .arguments = TOOL_REMOTE " ID",
     .words_min = 2,
     .words_max = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "IncludeChecker",
     .done = "included: its votes count",
     .run = run_change},
};

int tool_checker(int argc, char **argv)
{
    return tool_run_verbs("checker", verbs, ARRAY_LEN(verbs), argc, argv);
}
