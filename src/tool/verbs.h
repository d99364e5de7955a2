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

/** Prints an answer as JSON where --json says so, else what `print` makes of it. */
void tool_print_answer(const struct tool_options *options, const json_t *answer,
                       void (*print)(const json_t *answer, FILE *out));

/** A verb that lists: the answer of its operation, printed. */
enum err tool_run_list(const struct tool_verb *verb, const struct tool_options *options,
                       void (*print)(const json_t *answer, FILE *out), struct errctx *ec) MUST_USE;

/**
 * A verb that changes what words[1] names: sends `input`, which it takes (NULL: a word is no text),
 * and says that the thing is `done`, and which change brings it to every node.
 */
enum err tool_run_request(const struct tool_verb *verb, const struct tool_options *options,
                          json_t *input, struct errctx *ec) MUST_USE;

/** The same of a verb whose operation wants no more than the Id. */
enum err tool_run_change(const struct tool_verb *verb, const struct tool_options *options,
                         struct errctx *ec) MUST_USE;

/** Rows of tables: a verb that lists by an operation, and one that changes one thing by its id. */
#define TOOL_VERB_LIST(the_operation, the_run)                                                     \
    {                                                                                              \
        .name = "list", .arguments = TOOL_REMOTE " [--json]", .words_min = 1, .words_max = 1,      \
        .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_JSON, .operation = (the_operation),          \
        .run = (the_run),                                                                          \
    }
#define TOOL_VERB_CHANGE(the_name, the_operation, is_then)                                         \
    {                                                                                              \
        .name = (the_name), .arguments = TOOL_REMOTE " ID", .words_min = 2, .words_max = 2,        \
        .options = TOOL_OPTION_ENDPOINT, .operation = (the_operation), .done = (is_then),          \
        .run = tool_run_change,                                                                    \
    }

#endif
