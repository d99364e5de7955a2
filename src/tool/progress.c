// SPDX-License-Identifier: Apache-2.0
// Progress of long commands. Called on the main thread of a command.
#include "tool/progress.h"

#include "base/macros.h"
#include "tool/limits.h"

void tool_progress_start(struct tool_progress *p, FILE *out, bool is_terminal, const char *what,
                         size_t total, int64_t now_ns)
{
    *p = (struct tool_progress){.out = out,
                                .what = what,
                                .is_terminal = is_terminal,
                                .is_shown = total >= TOOL_PROGRESS_MIN,
                                .total = total,
                                .start_ns = now_ns};
}

size_t tool_progress_rate(const struct tool_progress *p, size_t done, int64_t now_ns)
{
    int64_t spent_ns = now_ns - p->start_ns < NS_PER_MS ? NS_PER_MS : now_ns - p->start_ns;
    return (size_t)((double)done * (double)NS_PER_S / (double)spent_ns);
}

static void draw(struct tool_progress *p, size_t done, size_t rate)
{
    char bar[TOOL_PROGRESS_COLUMNS + 1];
    size_t filled = done * TOOL_PROGRESS_COLUMNS / p->total;
    for (size_t i = 0; i < TOOL_PROGRESS_COLUMNS; i++)
        bar[i] = i < filled ? '#' : ' ';
    bar[TOOL_PROGRESS_COLUMNS] = '\0';
    fprintf(p->out, "\r[%s] %3zu%%  %zu of %zu %s, %zu/s ", bar, done * 100 / p->total, done,
            p->total, p->what, rate);
    (void)fflush(p->out);
}

void tool_progress_show(struct tool_progress *p, size_t done, int64_t now_ns)
{
    size_t rate = tool_progress_rate(p, done, now_ns);
    if (!p->is_shown)
        return;
    if (p->is_terminal) {
        draw(p, done, rate);
        return;
    }
    size_t lines = done * TOOL_PROGRESS_LINES / p->total;
    if (lines > p->lines)
        fprintf(p->out, "%zu of %zu %s, %zu/s\n", done, p->total, p->what, rate);
    p->lines = lines > p->lines ? lines : p->lines;
}

void tool_progress_end(struct tool_progress *p)
{
    if (p->is_shown && p->is_terminal)
        (void)fputc('\n', p->out);
}
