// SPDX-License-Identifier: Apache-2.0
// `weir node VERB`: the nodes of the fleet, by the service weir; and the pin of the node on this
// machine, which needs no service. Called by cmd on the main thread.
#include "tool/client.h"
#include "tool/node_list.h"
#include "tool/options.h"
#include "tool/pin.h"
#include "tool/status.h"
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
    const char *operation; /* of the service weir; NULL: local */
    const char *done;      /* what the node is then */
    enum err (*run)(const struct node_verb *verb, const struct tool_options *options,
                    struct errctx *ec);
};

/** One operation of the service weir. */
static enum err call_operation(const struct tool_options *o, const char *operation,
                               const json_t *input, json_t **out_output, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_CLIENT struct tool_client client = {0};
    const struct tool_client_options options = {.data_dir = o->data_dir, .endpoint = o->endpoint};
    enum err e = tool_client_open(&a, &options, &client, ec);
    return e == ERR_OK ? tool_weir_call(&client, &a, operation, input, out_output, ec) : e;
}

static enum err run_list(const struct node_verb *verb, const struct tool_options *o,
                         struct errctx *ec)
{
    AUTO_JSON json_t *input = json_object();
    AUTO_JSON json_t *output = NULL;
    enum err e = call_operation(o, verb->operation, input, &output, ec);
    if (e != ERR_OK)
        return e;
    if (o->is_json) {
        json_dumpf(output, stdout, JSON_INDENT(2));
        (void)fputc('\n', stdout);
    } else {
        tool_node_list_print(output, stdout);
    }
    return ERR_OK;
}

/** A verb that changes the state of one node. */
static enum err run_change(const struct node_verb *verb, const struct tool_options *o,
                           struct errctx *ec)
{
    AUTO_JSON json_t *input = json_pack("{s:s}", "Id", o->words[1]);
    AUTO_JSON json_t *output = NULL;
    if (input == NULL)
        return err_set(ec, ERR_INVALID, "a node id is plain text");
    enum err e = call_operation(o, verb->operation, input, &output, ec);
    if (e == ERR_OK)
        printf("%s is %s\n", o->words[1], verb->done);
    return e;
}

/** What "current" or "proven" means on this node now; any other word is a hash. In `a`. */
static enum err root_meant(struct arena *a, const struct tool_options *o, const char **out_root,
                           struct errctx *ec)
{
    const char *word = o->words[1];
    const char *key = strcmp(word, "current") == 0  ? "serving"
                      : strcmp(word, "proven") == 0 ? "proven"
                                                    : NULL;
    if (key == NULL) {
        *out_root = word;
        return ERR_OK;
    }
    AUTO_JSON json_t *status = NULL;
    enum err e = tool_status_fetch(a, o->data_dir, &status, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "what '%s' is only the running node knows; a hash always works", word);
    const char *root = tool_text_at(status, key);
    if (root[0] == '\0')
        return err_set(ec, ERR_NOT_FOUND, "the node has no %s root yet", word);
    *out_root = arena_strdup(a, root);
    return ERR_OK;
}

static enum err run_pin(const struct node_verb *verb, const struct tool_options *o,
                        struct errctx *ec)
{
    (void)verb;
    AUTO_ARENA struct arena a = {0};
    const char *root = NULL;
    enum err e = root_meant(&a, o, &root, ec);
    if (e == ERR_OK)
        e = tool_pin_write(o->data_dir, root, ec);
    if (e == ERR_OK)
        printf("%s/pin holds %s; the node keeps this root until 'weir node unpin'\n", o->data_dir,
               root);
    return e;
}

static enum err run_unpin(const struct node_verb *verb, const struct tool_options *o,
                          struct errctx *ec)
{
    (void)verb;
    enum err e = tool_pin_remove(o->data_dir, ec);
    if (e == ERR_OK)
        printf("%s/pin is gone; the node follows control\n", o->data_dir);
    return e;
}

#define REMOTE "[--data DIR] [--endpoint URL]"

static const struct node_verb verbs[] = {
    {.name = "list",
     .arguments = REMOTE " [--json]",
     .word_count = 1,
     .options = TOOL_OPTION_ENDPOINT | TOOL_OPTION_JSON,
     .operation = "ListNodes",
     .run = run_list},
    {.name = "admit",
     .arguments = REMOTE " ID",
     .word_count = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "AdmitNode",
     .done = "admitted: it gets releases and counts",
     .run = run_change},
    {.name = "cordon",
     .arguments = REMOTE " ID",
     .word_count = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "CordonNode",
     .done = "cordoned: it gets releases, but nobody waits for it",
     .run = run_change},
    {.name = "uncordon",
     .arguments = REMOTE " ID",
     .word_count = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "UncordonNode",
     .done = "admitted: it gets releases and counts",
     .run = run_change},
    {.name = "drain",
     .arguments = REMOTE " ID",
     .word_count = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "DrainNode",
     .done = "draining: cordoned, and /healthz there says so",
     .run = run_change},
    {.name = "remove",
     .arguments = REMOTE " ID",
     .word_count = 2,
     .options = TOOL_OPTION_ENDPOINT,
     .operation = "RemoveNode",
     .done = "removed: it gets nothing more",
     .run = run_change},
    {.name = "pin",
     .arguments = "[--data DIR] current|proven|HASH",
     .word_count = 2,
     .run = run_pin},
    {.name = "unpin", .arguments = "[--data DIR]", .word_count = 1, .run = run_unpin},
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
        e = verb->run(verb, &options, &ec);
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
