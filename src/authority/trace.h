// SPDX-License-Identifier: Apache-2.0
// The explanation of one answer: a line for each decision on its way. Only where somebody asks for
// it (TestDNSAnswer); answers to clients have none.
#ifndef AUTHORITY_TRACE_H
#define AUTHORITY_TRACE_H

#include "base/arena.h"
#include "routing/routing.h"

/* Lines of one explanation; what comes behind is left out. */
#define TRACE_LINES_MAX 512

/** Owner: the asker, zeroed but for the arena; lines live in it. One thread. */
struct trace {
    struct arena *arena;
    const char *lines[TRACE_LINES_MAX];
    size_t count;
    struct routing_client client; /* as the decisions left it */
};

/** Adds a line. */
void trace_line(struct trace *t, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
