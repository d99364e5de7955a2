// SPDX-License-Identifier: Apache-2.0
// `weir checker VERB`: the nodes that probe health checks, by the service weir. Called by cmd on
// the main thread.
#include "tool/checker_list.h"
#include "tool/tool.h"
#include "tool/verbs.h"

static enum err run_list(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    return tool_run_list(verb, o, tool_checker_list_print, ec);
}

static const struct tool_verb verbs[] = {
    TOOL_VERB_LIST("ListCheckers", run_list),
    TOOL_VERB_CHANGE("exclude", "ExcludeChecker",
                     "excluded: it probes, but its votes do not count"),
    TOOL_VERB_CHANGE("include", "IncludeChecker", "included: its votes count"),
};

int tool_checker(int argc, char **argv)
{
    return tool_run_verbs("checker", verbs, ARRAY_LEN(verbs), argc, argv);
}
