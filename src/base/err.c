// SPDX-License-Identifier: Apache-2.0
// Error contexts: filled where a call fails, prefixed on the way up, read once at the top.
// Called by every room, on any thread; a context belongs to its caller.
#include "base/err.h"

#include "base/check.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* NUL-terminates `text` at `len` bytes, or before a UTF-8 sequence that the cut would split. */
static void text_cut(char *text, size_t len)
{
    size_t at = len;
    while (at > 0 && ((unsigned char)text[at] & 0xc0) == 0x80)
        at--;
    text[at] = '\0';
}

/* Formats into `text`; returns the length after the cut. */
static size_t text_format(char text[ERRCTX_TEXT_SIZE], const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static size_t text_format(char text[ERRCTX_TEXT_SIZE], const char *fmt, va_list args)
{
    /* One byte more than is kept, so that the cut sees what it would split. */
    char wide[ERRCTX_TEXT_SIZE + 1];
    int wanted = vsnprintf(wide, sizeof(wide), fmt, args);
    if (wanted < 0)
        wide[0] = '\0';
    else if ((size_t)wanted >= ERRCTX_TEXT_SIZE)
        text_cut(wide, ERRCTX_TEXT_SIZE - 1);
    size_t len = strlen(wide);
    memcpy(text, wide, len + 1);
    return len;
}

/* Appends as much of `more` as fits behind the first `len` bytes. */
static void text_append(char text[ERRCTX_TEXT_SIZE], size_t len, const char *more)
{
    CHECK(len < ERRCTX_TEXT_SIZE);
    size_t room = ERRCTX_TEXT_SIZE - 1 - len;
    size_t more_len = strlen(more);
    if (more_len <= room) {
        memcpy(text + len, more, more_len + 1);
        return;
    }
    memcpy(text + len, more, room);
    size_t at = room;
    while (at > 0 && ((unsigned char)more[at] & 0xc0) == 0x80)
        at--;
    text[len + at] = '\0';
}

enum err err_set(struct errctx *ec, enum err code, const char *fmt, ...)
{
    CHECK(code != ERR_OK);
    if (ec == NULL)
        return code;
    va_list args;
    va_start(args, fmt);
    (void)text_format(ec->text, fmt, args);
    va_end(args);
    ec->code = code;
    ec->sys_errno = 0;
    return code;
}

static enum err code_of_errno(int sys_errno)
{
    switch (sys_errno) {
    case ENOENT:
        return ERR_NOT_FOUND;
    case EEXIST:
        return ERR_EXISTS;
    case EACCES:
    case EPERM:
        return ERR_DENIED;
    case ETIMEDOUT:
        return ERR_TIMEOUT;
    default:
        return ERR_IO;
    }
}

enum err err_errno(struct errctx *ec, const char *fmt, ...)
{
    int sys_errno = errno;
    enum err code = code_of_errno(sys_errno);
    if (ec == NULL)
        return code;
    va_list args;
    va_start(args, fmt);
    size_t len = text_format(ec->text, fmt, args);
    va_end(args);
    const char *prose = strerrordesc_np(sys_errno);
    text_append(ec->text, len, ": ");
    text_append(ec->text, strlen(ec->text), prose == NULL ? "unknown error" : prose);
    ec->code = code;
    ec->sys_errno = sys_errno;
    return code;
}

enum err err_wrap(struct errctx *ec, const char *fmt, ...)
{
    CHECK(ec != NULL && ec->code != ERR_OK);
    char inner[ERRCTX_TEXT_SIZE];
    memcpy(inner, ec->text, sizeof(inner));
    va_list args;
    va_start(args, fmt);
    size_t len = text_format(ec->text, fmt, args);
    va_end(args);
    text_append(ec->text, len, ": ");
    text_append(ec->text, strlen(ec->text), inner);
    return ec->code;
}

struct err_row {
    const char *name;
    const char *prose;
};

static const struct err_row err_rows[] = {
    [ERR_OK] = {"OK", "no error"},
#define ERR_DEF(name, prose) [ERR_##name] = {#name, prose},
#include "base/err.def"
#undef ERR_DEF
};

const char *err_prose(enum err code)
{
    CHECK((size_t)code < ARRAY_LEN(err_rows));
    return err_rows[code].prose;
}

const char *err_name(enum err code)
{
    CHECK((size_t)code < ARRAY_LEN(err_rows));
    return err_rows[code].name;
}
