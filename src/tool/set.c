// SPDX-License-Identifier: Apache-2.0
// `weir set VERB`: delegation sets and the local addresses that they are served on, by the service
// weir. Called by cmd on the main thread.
#include "tool/set_list.h"
#include "tool/tool.h"
#include "tool/verbs.h"

#include <string.h>

/* Stands for no address of its own: the set is served on all. */
#define EVERY_ADDRESS "all"

static enum err run_list(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    return tool_run_list(verb, o, tool_set_list_print, ec);
}

/** The words behind the id as a JSON list, an empty one for "all"; NULL where one is no text. */
static json_t *addresses_of(const struct tool_options *o)
{
    json_t *list = json_array();
    if (o->word_count == 3 && strcmp(o->words[2], EVERY_ADDRESS) == 0)
        return list;
    for (size_t i = 2; i < o->word_count; i++)
        if (json_array_append_new(list, json_string(o->words[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static enum err run_addresses(const struct tool_verb *verb, const struct tool_options *o,
                              struct errctx *ec)
{
    return tool_run_request(
        verb, o, json_pack("{s:s, s:o}", "Id", o->words[1], "Addresses", addresses_of(o)), ec);
}

static const struct tool_verb verbs[] = {
    TOOL_VERB_LIST("ListDelegationSets", run_list),
    {.name = "addresses",
     .arguments = TOOL_REMOTE " ID ADDR...|" EVERY_ADDRESS,
     .words_min = 3,
     .words_max = TOOL_WORDS_MAX,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "SetDelegationSetAddresses",
     .done = "served at its addresses",
     .run = run_addresses},
};

int tool_set(int argc, char **argv)
{
    return tool_run_verbs("set", verbs, ARRAY_LEN(verbs), argc, argv);
}
