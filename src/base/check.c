// SPDX-License-Identifier: Apache-2.0
// The end of a process whose CHECK failed: one line to standard error, then abort, so that the
// supervisor counts a crash and the core shows the place. Any thread.
#include "base/check.h"

#include "base/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Writes the line with one write(2): stdio may hold a lock or be what is broken. */
static void NORETURN die(char *line, size_t capacity, int len)
{
    size_t used = len < 0 ? 0 : min_size((size_t)len, capacity - 1);
    line[used] = '\n';
    ssize_t written = write(STDERR_FILENO, line, used + 1);
    (void)written; /* nothing more can be done about it */
    abort();
}

void check_failed(const char *file, int line, const char *function, const char *condition)
{
    char text[CHECK_LINE_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "%s:%d: %s: CHECK failed: %s", file, line, function,
                       condition);
    die(text, sizeof(text), len);
}

void check_failed_fmt(const char *file, int line, const char *function, const char *fmt, ...)
{
    char text[CHECK_LINE_MAX_BYTES];
    int len = snprintf(text, sizeof(text), "%s:%d: %s: CHECK failed: ", file, line, function);
    if (len >= 0 && (size_t)len < sizeof(text)) {
        va_list args;
        va_start(args, fmt);
        int more = vsnprintf(text + len, sizeof(text) - (size_t)len, fmt, args);
        va_end(args);
        len += more < 0 ? 0 : (int)min_size((size_t)more, sizeof(text));
    }
    die(text, sizeof(text), len);
}
