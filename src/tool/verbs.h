// SPDX-License-Identifier: Apache-2.0
// `weir NOUN VERB ...`: tables of verbs, and the operations of the service weir behind them.
#ifndef TOOL_VERBS_H
#define TOOL_VERBS_H

#include "tool/json.h"
#include "tool/options.h"

/** One verb; words[0] is the verb itself. */
struct tool_verb {
    const char *name;
    const char *arguments;
    size_t words_min; /* with the verb */
    size_t words_max;
    unsigned options;      /* TOOL_OPTION_... */
    const char *operation; /* of the service weir; NULL: local */
    const char *done;      /* what the thing named is then */
    enum err (*run)(const struct tool_verb *verb, const struct tool_options *options,
                    struct errctx *ec);
};

/** How options of verbs that call the service are told. */
#define TOOL_REMOTE "[--data DIR] [--endpoint URL]"

/** Runs the verb at argv[0], or tells which there are; the exit status of the program. */
int tool_run_verbs(const char *noun, const struct tool_verb *verbs, size_t verb_count, int argc,
                   char **argv) MUST_USE;

/** One operation of the service weir. *out_output is given. Errors: those of tool_weir_call. */
enum err tool_call_operation(const struct tool_options *options, const char *operation,
                             const json_t *input, json_t **out_output, struct errctx *ec) MUST_USE;

/** A verb that lists: JSON as it came where --json says so, else what `print` makes of it. */
enum err tool_run_list(const struct tool_verb *verb, const struct tool_options *options,
                       void (*print)(const json_t *answer, FILE *out), struct errctx *ec) MUST_USE;

#endif
