// SPDX-License-Identifier: Apache-2.0
// `weir node VERB`: the nodes of the fleet. Called by cmd on the main thread.
#include "tool/options.h"
#include "tool/pin.h"
#include "tool/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** One verb; words[0] is the verb itself. */
struct node_verb {
    const char *name;
    const char *arguments;
    size_t word_count; /* with the verb */
    unsigned options;
    enum err (*run)(const struct tool_options *options, struct errctx *ec);
};

static enum err run_pin(const struct tool_options *o, struct errctx *ec)
{
    enum err e = tool_pin_write(o->data_dir, o->words[1], ec);
    if (e == ERR_OK)
        printf("pinned %s in %s/pin\n", o->words[1], o->data_dir);
    return e;
}

static enum err run_unpin(const struct tool_options *o, struct errctx *ec)
{
    enum err e = tool_pin_remove(o->data_dir, ec);
    if (e == ERR_OK)
        printf("unpinned: %s/pin is gone\n", o->data_dir);
    return e;
}

static const struct node_verb verbs[] = {
    {"pin", "[--data DIR] HASH", 2, 0, run_pin},
    {"unpin", "[--data DIR]", 1, 0, run_unpin},
};

static int usage(void)
{
    fprintf(stderr, "usage:\n");
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
        fprintf(stderr, "  weir node %s %s\n", verbs[i].name, verbs[i].arguments);
    return EXIT_FAILURE;
}

static int run_verb(const struct node_verb *verb, int argc, char **argv)
{
    struct tool_options options;
    struct errctx ec = {0};
    enum err e = tool_options_parse(argc, argv, verb->options, &options, &ec);
    if (e == ERR_OK && options.word_count != verb->word_count)
        e = err_set(&ec, ERR_INVALID, "usage: weir node %s %s", verb->name, verb->arguments);
    if (e == ERR_OK)
        e = verb->run(&options, &ec);
    if (e == ERR_OK)
        return EXIT_SUCCESS;
    fprintf(stderr, "weir node %s: %s\n", verb->name, ec.text);
    return EXIT_FAILURE;
}

int tool_node(int argc, char **argv)
{
    for (size_t i = 0; argc > 0 && i < ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[0], verbs[i].name) == 0)
            return run_verb(&verbs[i], argc, argv);
    }
    return usage();
}
