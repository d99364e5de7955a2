// SPDX-License-Identifier: Apache-2.0
// `weir health VERB`: what an operator says of health checks, by the service weir. Called by cmd on
// the main thread.
#include "tool/tool.h"
#include "tool/verbs.h"

#include <stdlib.h>
#include <string.h>

/* Takes the input. */
static enum err say(const struct tool_verb *verb, const struct tool_options *o, json_t *input,
                    struct errctx *ec)
{
    AUTO_JSON json_t *request = input;
    AUTO_JSON json_t *output = NULL;
    if (request == NULL)
        return err_set(ec, ERR_INVALID, "ids and states are plain text");
    enum err e = tool_call_operation(o, verb->operation, request, &output, ec);
    if (e != ERR_OK)
        return e;
    printf("%s is told; change %s is INSYNC once every name server knows\n", o->words[1],
           tool_text_at(json_object_get(output, "ChangeInfo"), "Id"));
    return ERR_OK;
}

static enum err run_set(const struct tool_verb *verb, const struct tool_options *o,
                        struct errctx *ec)
{
    return say(verb, o, json_pack("{s:s, s:s}", "HealthCheckId", o->words[1], "State", o->words[2]),
               ec);
}

static enum err run_hold(const struct tool_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    uint64_t seconds = 0;
    if (!slice_parse_u64(slice_str(o->words[2]), INT32_MAX, &seconds))
        return err_set(ec, ERR_INVALID, "'%s' is no number of seconds", o->words[2]);
    return say(
        verb, o,
        json_pack("{s:s, s:I}", "HealthCheckId", o->words[1], "Seconds", (json_int_t)seconds), ec);
}

static const struct tool_verb verbs[] = {
    {.name = "set",
     .arguments = TOOL_REMOTE " ID healthy|unhealthy|insufficient-data",
     .words_min = 3,
     .words_max = 3,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "SetHealthState",
     .run = run_set},
    {.name = "hold",
     .arguments = TOOL_REMOTE " ID SECONDS",
     .words_min = 3,
     .words_max = 3,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "SetHealthHoldDown",
     .run = run_hold},
};

int tool_health(int argc, char **argv)
{
    return tool_run_verbs("health", verbs, ARRAY_LEN(verbs), argc, argv);
}
