// SPDX-License-Identifier: Apache-2.0
// The timeline of a drill as SVG. Pure.
#include "tool/drill_report.h"

/* Sizes in the units of the view box. */
enum {
    WIDTH = 960,
    LEFT = 150, /* of the time's beginning; the names of the lanes stand before it */
    RIGHT = 940,
    TOP = 34, /* of the first lane; the marks have their words above it */
    ROW = 34, /* from lane to lane */
    BAR = 20,
    LEGEND = 46, /* below the axis */
};
enum { TICKS_MAX = 12 };

/* What a part of a lane looks like. */
struct look {
    const char *class;
    const char *words;
};

enum look_of { LOOK_PRIMARY, LOOK_OTHER, LOOK_BAD, LOOK_NONE, LOOK_COUNT };
static const struct look looks[LOOK_COUNT] = {
    [LOOK_PRIMARY] = {"primary", "primary"},
    [LOOK_OTHER] = {"other", "another set"},
    [LOOK_BAD] = {"bad", "lost"},
    [LOOK_NONE] = {"none", "no answer"},
};

struct drawing {
    const struct drill_timeline *timeline;
    struct buf *out;
    int64_t from_ns;
    int64_t zero_ns; /* that times are told from */
    int64_t to_ns;
    size_t row;
};

static double x_of(const struct drawing *d, int64_t at_ns)
{
    double part = (double)(at_ns - d->from_ns) / (double)(d->to_ns - d->from_ns);
    return LEFT + part * (RIGHT - LEFT);
}

static double seconds_of(const struct drawing *d, int64_t at_ns)
{
    return (double)(at_ns - d->zero_ns) / (double)NS_PER_S;
}

static int y_of(size_t row)
{
    return TOP + (int)row * ROW;
}

static enum look_of look_at(const struct drill_timeline *t, enum drill_lane lane,
                            const struct drill_sample *s)
{
    bool is_request = lane == DRILL_REQUEST || lane == DRILL_DIRECT;
    bool is_after = t->failed_ns != 0 && s->at_ns >= t->failed_ns;
    bool is_before_back = t->back_ns == 0 || s->at_ns < t->back_ns;
    if (is_request && !s->is_good)
        return LOOK_BAD;
    if (lane == DRILL_REQUEST && t->is_override && is_after && is_before_back &&
        s->verdict == DRILL_PRIMARY)
        return LOOK_BAD;
    if (s->verdict == DRILL_NOWHERE)
        return LOOK_NONE;
    return s->verdict == DRILL_PRIMARY ? LOOK_PRIMARY : LOOK_OTHER;
}

static void draw_bar(const struct drawing *d, int64_t from_ns, int64_t to_ns, enum look_of look)
{
    double x = x_of(d, from_ns);
    buf_printf(d->out,
               "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">"
               "<title>%s, %.1f s to %.1f s</title></rect>\n",
               looks[look].class, x, y_of(d->row), x_of(d, to_ns) - x, BAR, looks[look].words,
               seconds_of(d, from_ns), seconds_of(d, to_ns));
}

static void draw_name(const struct drawing *d, const char *name)
{
    buf_printf(d->out, "<text x=\"0\" y=\"%d\">%s</text>\n", y_of(d->row) + BAR - 5, name);
}

/* Samples of one look run together; past the limit of parts the last one takes all that follow. */
static void draw_lane(struct drawing *d, enum drill_lane lane, const char *name)
{
    const struct drill_samples *s = &d->timeline->lanes[lane];
    size_t parts = 0;
    size_t begun = 0;
    if (s->count == 0)
        return;
    draw_name(d, name);
    for (size_t i = 1; i <= s->count; i++) {
        enum look_of look = look_at(d->timeline, lane, &s->items[begun]);
        bool is_same = i < s->count && (parts == TOOL_DRILL_PARTS_MAX ||
                                        look_at(d->timeline, lane, &s->items[i]) == look);
        if (is_same)
            continue;
        draw_bar(d, s->items[begun].at_ns, i < s->count ? s->items[i].at_ns : d->to_ns, look);
        begun = i;
        parts++;
    }
    d->row++;
}

static void draw_failure(struct drawing *d)
{
    const struct drill_timeline *t = d->timeline;
    int64_t failed_ns = t->failed_ns != 0 ? t->failed_ns : d->to_ns;
    int64_t back_ns = t->back_ns != 0 ? t->back_ns : d->to_ns;
    draw_name(d, "State of the primary");
    draw_bar(d, d->from_ns, failed_ns, LOOK_PRIMARY);
    if (t->failed_ns != 0)
        buf_printf(d->out,
                   "<rect class=\"bad\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\">"
                   "<title>failed, 0.0 s to %.1f s</title></rect>\n",
                   x_of(d, failed_ns), y_of(d->row), x_of(d, back_ns) - x_of(d, failed_ns), BAR,
                   seconds_of(d, back_ns));
    if (t->back_ns != 0)
        draw_bar(d, back_ns, d->to_ns, LOOK_PRIMARY);
    d->row++;
}

static void draw_mark(const struct drawing *d, int64_t at_ns, const char *words, int y)
{
    double x = x_of(d, at_ns);
    if (at_ns == 0)
        return;
    buf_printf(d->out,
               "<line class=\"mark\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
               "<text x=\"%.1f\" y=\"%d\">%s</text>\n",
               x, y + 3, x, y_of(d->row), x + 3, y, words);
}

static void draw_axis(const struct drawing *d)
{
    static const int64_t steps_s[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600, 7200};
    size_t i = 0;
    while (i + 1 < ARRAY_LEN(steps_s) &&
           (d->to_ns - d->from_ns) / (steps_s[i] * NS_PER_S) > TICKS_MAX)
        i++;
    int64_t step_ns = steps_s[i] * NS_PER_S;
    int y = y_of(d->row);
    buf_printf(d->out, "<line class=\"rule\" x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\"/>\n", LEFT, y,
               RIGHT, y);
    int64_t first_ns = d->zero_ns - (d->zero_ns - d->from_ns) / step_ns * step_ns;
    for (int64_t at_ns = first_ns; at_ns <= d->to_ns; at_ns += step_ns)
        buf_printf(
            d->out,
            "<line class=\"rule\" x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\"/>"
            "<text class=\"soft\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f s</text>\n",
            x_of(d, at_ns), y, x_of(d, at_ns), y + 5, x_of(d, at_ns), y + 18, seconds_of(d, at_ns));
}

static void draw_legend(const struct drawing *d)
{
    static const char *const words[LOOK_COUNT] = {"leads to the primary", "leads to another set",
                                                  "lost, or failed", "no answer"};
    int y = y_of(d->row) + LEGEND - 14;
    for (size_t i = 0; i < LOOK_COUNT; i++) {
        int x = LEFT + (int)i * 180;
        buf_printf(d->out,
                   "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"12\" height=\"12\"/>"
                   "<text x=\"%d\" y=\"%d\">%s</text>\n",
                   looks[i].class, x, y, x + 18, y + 11, words[i]);
    }
}

void drill_write_picture(const struct drill_report *report, struct buf *out)
{
    static const char *const names[DRILL_LANE_COUNT] = {
        [DRILL_AUTHORITY] = "Name server's answer",
        [DRILL_RESOLVER] = "Resolver's answer",
        [DRILL_REQUEST] = "Requests",
        [DRILL_DIRECT] = "Primary itself",
    };
    const struct drill_timeline *t = report->timeline;
    struct drawing d = {.timeline = t, .out = out, .from_ns = t->start_ns, .to_ns = t->end_ns};
    size_t rows = 1;
    d.zero_ns = t->failed_ns != 0 ? t->failed_ns : t->start_ns;
    if (d.to_ns <= d.from_ns)
        d.to_ns = d.from_ns + 1;
    for (size_t i = 0; i < DRILL_LANE_COUNT; i++)
        rows += t->lanes[i].count > 0;
    buf_printf(out,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
               "aria-label=\"Timeline of the drill: where answers and requests led, second by "
               "second\">\n",
               WIDTH, y_of(rows) + LEGEND);
    draw_failure(&d);
    for (size_t i = 0; i < DRILL_LANE_COUNT; i++)
        draw_lane(&d, (enum drill_lane)i, names[i]);
    draw_mark(&d, t->failed_ns, "primary fails", 12);
    draw_mark(&d, t->back_ns, "primary is back", 26);
    draw_axis(&d);
    draw_legend(&d);
    buf_append_str(out, "</svg>\n");
}
