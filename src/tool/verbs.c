// SPDX-License-Identifier: Apache-2.0
// Tables of verbs. Called by the nouns, on the main thread of the command.
#include "tool/verbs.h"

#include "tool/client.h"

#include <stdlib.h>
#include <string.h>

enum err tool_call_operation(const struct tool_options *options, const char *operation,
                             const json_t *input, json_t **out_output, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    AUTO_CLIENT struct tool_client client = {0};
    const struct tool_client_options where = {.data_dir = options->data_dir,
                                              .endpoint = options->endpoint};
    enum err e = tool_client_open(&a, &where, &client, ec);
    return e == ERR_OK ? tool_weir_call(&client, &a, operation, input, out_output, ec) : e;
}

void tool_print_answer(const struct tool_options *options, const json_t *answer,
                       void (*print)(const json_t *answer, FILE *out))
{
    if (!options->is_json) {
        print(answer, stdout);
        return;
    }
    json_dumpf(answer, stdout, JSON_INDENT(2));
    (void)fputc('\n', stdout);
}

enum err tool_run_list(const struct tool_verb *verb, const struct tool_options *options,
                       void (*print)(const json_t *answer, FILE *out), struct errctx *ec)
{
    AUTO_JSON json_t *input = json_object();
    AUTO_JSON json_t *output = NULL;
    enum err e = tool_call_operation(options, verb->operation, input, &output, ec);
    if (e == ERR_OK)
        tool_print_answer(options, output, print);
    return e;
}

enum err tool_run_request(const struct tool_verb *verb, const struct tool_options *options,
                          json_t *input, struct errctx *ec)
{
    AUTO_JSON json_t *request = input;
    AUTO_JSON json_t *output = NULL;
    if (request == NULL)
        return err_set(ec, ERR_INVALID, "ids and values are plain text");
    enum err e = tool_call_operation(options, verb->operation, request, &output, ec);
    if (e != ERR_OK)
        return e;
    const char *change = tool_text_at(json_object_get(output, "ChangeInfo"), "Id");
    printf("%s is %s", options->words[1], verb->done);
    if (change[0] != '\0')
        printf("; change %s is INSYNC once every node knows", change);
    (void)putchar('\n');
    return ERR_OK;
}

enum err tool_run_change(const struct tool_verb *verb, const struct tool_options *options,
                         struct errctx *ec)
{
    return tool_run_request(verb, options, json_pack("{s:s}", "Id", options->words[1]), ec);
}

static int run_verb(const char *noun, const struct tool_verb *verb, int argc, char **argv)
{
    struct tool_options options;
    struct errctx ec = {0};
    enum err e = tool_options_parse(argc, argv, verb->options, &options, &ec);
    if (e == ERR_OK &&
        (options.word_count < verb->words_min || options.word_count > verb->words_max))
        e = err_set(&ec, ERR_INVALID, "usage: weir %s %s %s", noun, verb->name, verb->arguments);
    int status = EXIT_SUCCESS;
    options.exit_status = &status;
    if (e == ERR_OK)
        e = verb->run(verb, &options, &ec);
    if (e == ERR_OK)
        return status;
    fprintf(stderr, "weir %s %s: %s\n", noun, verb->name, ec.text);
    return EXIT_FAILURE;
}

int tool_run_verbs(const char *noun, const struct tool_verb *verbs, size_t verb_count, int argc,
                   char **argv)
{
    for (size_t i = 0; argc > 0 && i < verb_count; i++) {
        if (strcmp(argv[0], verbs[i].name) == 0)
            return run_verb(noun, &verbs[i], argc, argv);
    }
    bool is_help = argc > 0 && strcmp(argv[0], "--help") == 0;
    FILE *out = is_help ? stdout : stderr;
    (void)fprintf(out, "usage:\n");
    for (size_t i = 0; i < verb_count; i++)
        (void)fprintf(out, "  weir %s %s %s\n", noun, verbs[i].name, verbs[i].arguments);
    return is_help ? EXIT_SUCCESS : EXIT_FAILURE;
}
