// SPDX-License-Identifier: Apache-2.0
// The structured log: one line an event, logfmt or JSON, each line one write(2). Only roles,
// control and tools log, once, at the top; library folders return errors instead.
#ifndef METRICS_LOG_H
#define METRICS_LOG_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

/** One key and value of a line; make them with the LOG_... macros below. */
struct log_field {
    const char *key;
    enum { LOG_FIELD_TEXT, LOG_FIELD_SIGNED, LOG_FIELD_UNSIGNED, LOG_FIELD_BOOL } kind;
    struct slice text;
    int64_t number;
    uint64_t unsigned_number;
};

#define LOG_STR(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_TEXT, .text = slice_str(v)})
#define LOG_SLICE(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_TEXT, .text = (v)})
#define LOG_INT(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_SIGNED, .number = (v)})
#define LOG_U64(k, v)                                                                              \
    ((struct log_field){.key = (k), .kind = LOG_FIELD_UNSIGNED, .unsigned_number = (v)})
#define LOG_BOOL(k, v) ((struct log_field){.key = (k), .kind = LOG_FIELD_BOOL, .number = (v)})
/** code and text of an error context, as error="..." */
#define LOG_ERR(ec) LOG_STR("error", (ec)->text)

/** The level and format of a name that settings.def allows: "info", "json". */
enum log_level log_level_named(const char *name);
enum log_format log_format_named(const char *name);

/**
 * Sets where and how lines go. `path` NULL is standard error; else the file is opened for
 * appending. Called before fork and before threads, inherited by all processes. Errors: as
 * err_errno says. Until it is called lines go to standard error as logfmt, from info on.
 */
enum err log_init(const char *path, enum log_format format, enum log_level least, struct errctx *ec)
    MUST_USE;

/**
 * Opens the file anew (SIGHUP, after logrotate moved it), in every process; keeps the old one where
 * that fails. Other threads may log meanwhile. Errors: as err_errno says.
 */
enum err log_reopen(struct errctx *ec) MUST_USE;

/** Names the process in each line's `role`; static storage. */
void log_set_role(const char *role);

/**
 * Writes a line; in texts control characters are escaped and what is no UTF-8 becomes U+FFFD.
 * A line that cannot be written is lost and counted. Any thread, never from a signal handler.
 */
void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

/** LOG(LOG_INFO, "release applied", LOG_STR("root", hex), LOG_U64("sequence", n)); */
#define LOG(level, event, ...)                                                                     \
    log_write((level), (event), (const struct log_field[]){__VA_ARGS__},                           \
              sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))

/** Where lines go at present; for a crash handler, which may only write(2). */
int log_fd(void);

#endif
