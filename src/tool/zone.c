// SPDX-License-Identifier: Apache-2.0
// `weir zone VERB`: master files into hosted zones and back, and what a client gets
// of a zone, by the API of Route 53. Called by cmd
// on the main thread.
#include "tool/zone.h"

#include "tool/tool.h"

static const struct tool_verb verbs[] = {
    {.name = "import",
     .arguments = TOOL_REMOTE " [--zone ID|NAME] [--create] [--dry-run] [--diff] [--replace] "
                              "[--replace-apex] [--wait] FILE",
     .words_min = 2,
     .words_max = 2,
     .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_IMPORT,
     .run = zone_run_import},
    {.name = "export",
     .arguments = TOOL_REMOTE " ID|NAME",
     .words_min = 2,
     .words_max = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .run = zone_run_export},
    {.name = "test",
     .arguments = TOOL_REMOTE " [--resolver ADDR] [--subnet NET] ID|NAME OWNER TYPE",
     .words_min = 4,
     .words_max = 4,
     .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_CLIENT,
     .run = zone_run_test},
    {.name = "transfer",
     .arguments = TOOL_REMOTE " ID|NAME [--key NAME]... [--to NET]... [--notify ADDR[:PORT]]... "
                              "[--flatten] | --off",
     .words_min = 2,
     .words_max = 2,
     .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_TRANSFER,
     .run = zone_run_transfer},
};

int tool_zone(int argc, char **argv)
{
    return tool_run_verbs("zone", verbs, ARRAY_LEN(verbs), argc, argv);
}
