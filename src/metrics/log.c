// SPDX-License-Identifier: Apache-2.0
// The log's destination and the shape of a line. Set up by main before it forks; then any thread
// of any process writes lines, each composed on its stack and given to one write(2).
#include "metrics/log.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/json_write.h"
#include "base/time.h"
#include "metrics/counters.h"
#include "metrics/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Written before threads start. The number `fd` stays when the file behind it is opened anew. */
static struct {
    int fd;
    char *path; /* NULL: standard error */
    enum log_format format;
    enum log_level least;
    const char *role; /* NULL: not said */
} target = {.fd = STDERR_FILENO, .format = LOG_LOGFMT, .least = LOG_INFO};

static const char *const level_names[] = {
    [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
static const char *const format_names[] = {[LOG_LOGFMT] = "logfmt", [LOG_JSON] = "json"};

static unsigned index_of_name(const char *const *names, size_t count, const char *name)
{
    unsigned at = 0;
    while (at < count && strcmp(names[at], name) != 0)
        at++;
    CHECK_MSG(at < count, "'%s' names no level or format of the log", name);
    return at;
}

enum log_level log_level_named(const char *name)
{
    return (enum log_level)index_of_name(level_names, ARRAY_LEN(level_names), name);
}

enum log_format log_format_named(const char *name)
{
    return (enum log_format)index_of_name(format_names, ARRAY_LEN(format_names), name);
}

static enum err open_log(const char *path, int *out_fd, struct errctx *ec)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_errno(ec, "log file '%s'", path);
    *out_fd = fd;
    return ERR_OK;
}

enum err log_init(const char *path, enum log_format format, enum log_level least, struct errctx *ec)
{
    int fd = STDERR_FILENO;
    enum err err = path == NULL ? ERR_OK : open_log(path, &fd, ec);
    if (err != ERR_OK)
        return err;
    if (target.fd != STDERR_FILENO)
        (void)close(target.fd);
    free(target.path);
    target.fd = fd;
    target.path = path == NULL ? NULL : mem_strdup(path);
    target.format = format;
    target.least = least;
    return ERR_OK;
}

enum err log_reopen(struct errctx *ec)
{
    if (target.path == NULL)
        return ERR_OK;
    int fd = -1;
    enum err err = open_log(target.path, &fd, ec);
    if (err != ERR_OK)
        return err;
    /* The number stays valid at every moment, for threads that write meanwhile. */
    if (dup3(fd, target.fd, O_CLOEXEC) < 0)
        err = err_errno(ec, "log file '%s'", target.path);
    (void)close(fd);
    return err;
}

void log_set_role(const char *role)
{
    target.role = role;
}

int log_fd(void)
{
    return target.fd;
}

/* A line being composed. Text stops before the tail, which only closing marks may fill. */
struct line {
    char text[LOG_LINE_MAX_BYTES];
    size_t len;
    bool is_cut; /* something did not fit: all later text is dropped */
    bool is_json;
};

static void put(struct line *l, const char *text, size_t len)
{
    if (len == 0)
        return;
    /* A closing quote may stand in the tail already, hence the sum and no difference. */
    if (l->is_cut || l->len + len > LOG_LINE_MAX_BYTES - LOG_LINE_TAIL_BYTES) {
        l->is_cut = true;
        return;
    }
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

static void put_str(struct line *l, const char *text)
{
    put(l, text, strlen(text));
}

/* Into the tail; what all callers together put there fits it. */
static void put_closing(struct line *l, const char *text)
{
    size_t len = strlen(text);
    CHECK(len <= LOG_LINE_MAX_BYTES - l->len);
    memcpy(l->text + l->len, text, len);
    l->len += len;
}

/* A quoted text; the escapes of JSON serve logfmt too. */
static void put_quoted(struct line *l, struct slice text)
{
    put_str(l, "\"");
    if (l->is_cut)
        return;
    char escape[JSON_ESCAPE_SIZE];
    for (struct slice rest = text; rest.len > 0 && !l->is_cut;) {
        struct slice character = json_escape(&rest, escape);
        put(l, (const char *)character.data, character.len);
    }
    put_closing(l, "\"");
}

/* Whether logfmt may leave the quotes away. */
static bool is_bare(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c <= ' ' || c >= 0x7f || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return text.len > 0;
}

static void put_text(struct line *l, struct slice text)
{
    if (!l->is_json && is_bare(text))
        put(l, (const char *)text.data, text.len);
    else
        put_quoted(l, text);
}

static void put_value(struct line *l, const struct log_field *field)
{
    char number[24] = "";
    switch (field->kind) {
    case LOG_FIELD_TEXT:
        put_text(l, field->text);
        return;
    case LOG_FIELD_SIGNED:
        (void)snprintf(number, sizeof(number), "%" PRId64, field->number);
        break;
    case LOG_FIELD_UNSIGNED:
        (void)snprintf(number, sizeof(number), "%" PRIu64, field->unsigned_number);
        break;
    case LOG_FIELD_BOOL:
    default:
        (void)snprintf(number, sizeof(number), "%s", field->number != 0 ? "true" : "false");
        break;
    }
    put_str(l, number);
}

/* Appends key and value; a field of which not even a part of the value fits is left out whole. */
static void put_field(struct line *l, const struct log_field *field)
{
    size_t before = l->len;
    if (l->is_json) {
        put_str(l, l->len == 1 ? "\"" : ",\"");
        put_str(l, field->key);
        put_str(l, "\":");
    } else {
        put_str(l, l->len == 0 ? "" : " ");
        put_str(l, field->key);
        put_str(l, "=");
    }
    size_t value_at = l->len;
    if (!l->is_cut)
        put_value(l, field);
    if (l->len == value_at)
        l->len = before;
}

static void write_line(const struct line *l)
{
    ssize_t written = -1;
    for (int tries = 0; tries < LOG_WRITE_TRIES; tries++) {
        written = write(target.fd, l->text, l->len);
        if (written >= 0 || errno != EINTR)
            break;
    }
    if (written != (ssize_t)l->len)
        metrics_add(METRIC_LOG_LINES_LOST, 1);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    CHECK((size_t)level < ARRAY_LEN(level_names));
    if (level < target.least)
        return;
    char now[TIME_ISO8601_SIZE];
    time_format_iso8601(time_unix_ms(), now);

    struct line l;
    l.len = 0;
    l.is_cut = false;
    l.is_json = target.format == LOG_JSON;
    put_str(&l, l.is_json ? "{" : "");
    put_field(&l, &LOG_STR("time", now));
    put_field(&l, &LOG_STR("level", level_names[level]));
    if (target.role != NULL)
        put_field(&l, &LOG_STR("role", target.role));
    put_field(&l, &LOG_STR("event", event));
    for (size_t i = 0; i < count && !l.is_cut; i++)
        put_field(&l, &fields[i]);
    if (l.is_cut)
        put_closing(&l, l.is_json ? ",\"truncated\":true" : " truncated=true");
    put_closing(&l, l.is_json ? "}\n" : "\n");
    write_line(&l);
}
