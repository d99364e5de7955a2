// SPDX-License-Identifier: Apache-2.0
// How far a long command is: a bar that is redrawn on a terminal, a few lines elsewhere.
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** Owner: whoever embeds it. Threads: one. */
struct tool_progress {
    FILE *out;
    const char *what; /* "records" */
    bool is_terminal;
    bool is_shown; /* the whole is long enough */
    size_t total;
    size_t lines; /* printed so far, off a terminal */
    int64_t start_ns;
};

/** is_terminal  whether `out` may be drawn on; now_ns  of the monotonic clock */
void tool_progress_start(struct tool_progress *p, FILE *out, bool is_terminal, const char *what,
                         size_t total, int64_t now_ns);

/** `done` of the total are behind us. */
void tool_progress_show(struct tool_progress *p, size_t done, int64_t now_ns);

/** Ends the bar's line. */
void tool_progress_end(struct tool_progress *p);

/** Per second since the start; what took no time at all, as if a millisecond. */
size_t tool_progress_rate(const struct tool_progress *p, size_t done, int64_t now_ns);

#endif
