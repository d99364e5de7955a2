// SPDX-License-Identifier: Apache-2.0
// The command line of the tools. Called once at the start of a command, on its only thread.
#include "tool/options.h"

#include "tool/environment.h"

#include <string.h>

/** One option; its value goes to text, its presence to flag. */
struct option {
    const char *name;           /* with the dashes */
    unsigned known_by;          /* 0: by every command */
    const char **text;          /* NULL: the option has no value, or several */
    struct tool_values *values; /* NULL: it has one, or none */
    bool *flag;
};

/** The value behind '=' when `arg` is "NAME=VALUE", "" when it is just the name, else NULL. */
static const char *value_in(const char *arg, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(arg, name, len) != 0 || (arg[len] != '=' && arg[len] != '\0'))
        return NULL;
    return arg[len] == '=' ? arg + len + 1 : "";
}

/** Takes the option at argv[*i]; moves *i over a value that stands apart. */
static enum err take_value(const struct option *option, int argc, char *const *argv, int *i,
                           struct errctx *ec)
{
    size_t name_len = strlen(option->name);
    bool is_joined = argv[*i][name_len] == '=';
    if (option->text == NULL && option->values == NULL) {
        if (is_joined)
            return err_set(ec, ERR_INVALID, "%s takes no value", option->name);
        *option->flag = true;
        return ERR_OK;
    }
    if (!is_joined && *i + 1 == argc)
        return err_set(ec, ERR_INVALID, "%s needs a value", option->name);
    const char *value = is_joined ? argv[*i] + name_len + 1 : argv[++*i];
    if (value[0] == '\0')
        return err_set(ec, ERR_INVALID, "%s needs a value", option->name);
    if (option->text != NULL)
        *option->text = value;
    else if (option->values->count == TOOL_WORDS_MAX)
        return err_set(ec, ERR_INVALID, "%s is given too often", option->name);
    else
        option->values->items[option->values->count++] = value;
    return ERR_OK;
}

static enum err take_option(struct tool_options *o, unsigned known, int argc, char *const *argv,
                            int *i, struct errctx *ec)
{
    const struct option table[] = {
        {.name = "--data", .text = &o->data_dir},
        {.name = "--endpoint", .known_by = TOOL_OPTION_ENDPOINT, .text = &o->endpoint},
        {.name = "--json", .known_by = TOOL_OPTION_JSON, .flag = &o->is_json},
        {.name = "--zone", .known_by = TOOL_OPTION_IMPORT, .text = &o->zone},
        {.name = "--resolver", .known_by = TOOL_OPTION_CLIENT, .text = &o->resolver},
        {.name = "--subnet", .known_by = TOOL_OPTION_CLIENT, .text = &o->subnet},
        {.name = "--create", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_creating},
        {.name = "--dry-run", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_dry_run},
        {.name = "--diff", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_diff},
        {.name = "--replace", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_replacing},
        {.name = "--replace-apex", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_replacing_apex},
        {.name = "--wait", .known_by = TOOL_OPTION_IMPORT, .flag = &o->is_waiting},
        {.name = "--key", .known_by = TOOL_OPTION_TRANSFER, .values = &o->keys},
        {.name = "--to", .known_by = TOOL_OPTION_TRANSFER, .values = &o->networks},
        {.name = "--notify", .known_by = TOOL_OPTION_TRANSFER, .values = &o->notify},
        {.name = "--flatten", .known_by = TOOL_OPTION_TRANSFER, .flag = &o->is_flattening},
        {.name = "--off", .known_by = TOOL_OPTION_TRANSFER, .flag = &o->is_off},
        {.name = "--zone", .known_by = TOOL_OPTION_DRILL, .text = &o->zone},
        {.name = "--set", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.set},
        {.name = "--by", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.by},
        {.name = "--server", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.server},
        {.name = "--http", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.http},
        {.name = "--path", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.path},
        {.name = "--host", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.host},
        {.name = "--no-http", .known_by = TOOL_OPTION_DRILL, .flag = &o->drill.is_without_http},
        {.name = "--objective-rto", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.objective_rto},
        {.name = "--objective-rpo", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.objective_rpo},
        {.name = "--interval-ms", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.interval_ms},
        {.name = "--lease", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.lease},
        {.name = "--out", .known_by = TOOL_OPTION_DRILL, .text = &o->drill.out},
    };
    for (size_t k = 0; k < ARRAY_LEN(table); k++) {
        bool is_known = (table[k].known_by & known) == table[k].known_by;
        if (is_known && value_in(argv[*i], table[k].name) != NULL)
            return take_value(&table[k], argc, argv, i, ec);
    }
    return err_set(ec, ERR_INVALID, "there is no option %s here", argv[*i]);
}

static const char *data_dir_by_default(void)
{
    const char *from_environment = tool_variable("WEIR_DATA");
    return from_environment != NULL ? from_environment : "./weir-data";
}

enum err tool_options_parse(int argc, char *const *argv, unsigned known,
                            struct tool_options *out_options, struct errctx *ec)
{
    struct tool_options o = {.data_dir = data_dir_by_default()};
    bool is_words_only = false;
    for (int i = 0; i < argc; i++) {
        if (!is_words_only && strcmp(argv[i], "--") == 0) {
            is_words_only = true;
        } else if (!is_words_only && strncmp(argv[i], "--", 2) == 0) {
            enum err e = take_option(&o, known, argc, argv, &i, ec);
            if (e != ERR_OK)
                return e;
        } else if (o.word_count == TOOL_WORDS_MAX) {
            return err_set(ec, ERR_INVALID, "too many words");
        } else {
            o.words[o.word_count++] = argv[i];
        }
    }
    *out_options = o;
    return ERR_OK;
}
