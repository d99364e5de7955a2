// SPDX-License-Identifier: Apache-2.0
// The settings of one machine, from one table (settings.def): flag, environment variable, line of
// DIR/weir.conf, --help and man page all come from it.
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdio.h>

/** A list setting's values. */
struct settings_list {
    const char **items; /* NUL-terminated */
    size_t count;
};

/**
 * All settings, valid as the table's ranges and choices say.
 * Owner: the caller of settings_load; texts live in `arena`.
 */
struct settings {
    struct arena arena;
#define SETTING_TEXT(field, name, fallback, metavar, prose) const char *field;
#define SETTING_LIST(field, name, fallback, metavar, prose) struct settings_list field;
#define SETTING_FLAG(field, name, prose) bool field;
#define SETTING_NUMBER(field, name, fallback, min, max, unit, prose) uint64_t field;
#define SETTING_CHOICE(field, name, fallback, choices, prose) const char *field;
#include "base/settings.def"
#undef SETTING_TEXT
#undef SETTING_LIST
#undef SETTING_FLAG
#undef SETTING_NUMBER
#undef SETTING_CHOICE
};

/**
 * Reads flags, environment and DIR/weir.conf (which may be missing) over the defaults.
 * args, count  what follows the subcommand on the command line, borrowed: "--name VALUE" or
 *              "--name=VALUE"; of a flag given twice the last counts, a list gathers all
 * environ_     NULL-terminated "NAME=value" texts, borrowed
 * An empty value switches off what has no default (NULL, an empty list) and is an error elsewhere.
 * `data` says where the file is, so it cannot stand in it.
 * Errors: ERR_INVALID for an unknown name, a value out of range or a broken line (the context says
 * which flag, variable or line of the file); ERR_IO where the file cannot be read.
 */
enum err settings_load(struct settings *out_settings, const char *const *args, size_t count,
                       char *const *environ_, struct errctx *ec) MUST_USE;

void settings_fini(struct settings *s);

/** The --help text of all settings, two columns. */
void settings_print_help(FILE *out);

/** The OPTIONS section of the man page, in mdoc. */
void settings_print_man(FILE *out);

#endif
