// SPDX-License-Identifier: Apache-2.0
// The command line of the tools: the same few options everywhere, and words.
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include "base/err.h"
#include "tool/limits.h"

#include <stdbool.h>

/** Which options a command knows, besides --data. */
enum {
    TOOL_OPTION_ENDPOINT = 1,
    TOOL_OPTION_JSON = 2,
    TOOL_OPTION_IMPORT = 4,    /* all of `weir zone import` */
    TOOL_OPTION_CLIENT = 8,    /* --resolver, --subnet */
    TOOL_OPTION_TRANSFER = 16, /* all of `weir zone transfer` */
    TOOL_OPTION_DRILL = 32,    /* all of `weir drill` */
};

/** The values of an option that may be given several times. */
struct tool_values {
    const char *items[TOOL_WORDS_MAX];
    size_t count;
};

/** Options of `weir drill` as they were given; NULL: not given. */
struct tool_drill_options {
    const char *set;
    const char *by;
    const char *server;
    const char *http;
    const char *path;
    const char *host;
    bool is_without_http; /* --no-http */
    const char *objective_rto;
    const char *objective_rpo;
    const char *interval_ms;
    const char *lease;
    const char *out;
};

/** A command line taken apart; everything borrowed from argv and the environment. */
struct tool_options {
    const char *data_dir;        /* --data, else WEIR_DATA, else ./weir-data */
    const char *endpoint;        /* --endpoint; NULL: the node of data_dir */
    const char *resolver;        /* --resolver; NULL: not given */
    const char *subnet;          /* --subnet; NULL: not given */
    bool is_json;                /* --json */
    const char *zone;            /* --zone; NULL: not given */
    bool is_creating;            /* --create */
    bool is_dry_run;             /* --dry-run */
    bool is_diff;                /* --diff */
    bool is_replacing;           /* --replace */
    bool is_replacing_apex;      /* --replace-apex */
    bool is_waiting;             /* --wait */
    struct tool_values keys;     /* --key */
    struct tool_values networks; /* --to */
    struct tool_values notify;   /* --notify */
    bool is_flattening;          /* --flatten */
    bool is_off;                 /* --off */
    struct tool_drill_options drill;
    int *exit_status; /* where a verb that succeeds may say more than 0 */
    const char *words[TOOL_WORDS_MAX];
    size_t word_count;
};

/**
 * Takes "--name VALUE", "--name=VALUE" and words, in any order; behind "--" all are words.
 * known  TOOL_OPTION_...; --data always is
 * Errors: ERR_INVALID for an unknown option, a missing or unwanted value, too many words.
 */
enum err tool_options_parse(int argc, char *const *argv, unsigned known,
                            struct tool_options *out_options, struct errctx *ec) MUST_USE;

#endif
