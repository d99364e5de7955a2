// SPDX-License-Identifier: Apache-2.0
// Lines of an explanation. Called on the way of an answer that is explained.
#include "authority/trace.h"

#include <stdarg.h>

void trace_line(struct trace *t, const char *fmt, ...)
{
    va_list args;
    if (t->count == TRACE_LINES_MAX)
        return;
    va_start(args, fmt);
    t->lines[t->count++] = arena_vprintf(t->arena, fmt, args);
    va_end(args);
}
