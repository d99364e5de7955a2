// SPDX-License-Identifier: Apache-2.0
// The report of a drill for the terminal, in Markdown and in HTML. Pure. Texts of the API and of
// the command line become text alone, whatever bytes they hold.
#include "tool/drill_report.h"

#include "tool/drill_text.h"

static const char *const notes[] = {
    "Times are counted from the failure, and from the moment when the primary is back. What was "
    "looked at is known at each look, so a time may be one interval later than the event.",
    "A resolver honours the TTL: it asks again when what it holds has run out. \"Any resolver\" is "
    "one that asked just before the answers changed.",
};
static const char override_note[] =
    "The primary was only said to have failed: it worked all the time. A request that went to it "
    "after that counts as lost, as it would have been. The resolver of the drill asked just "
    "before, "
    "so that it held the primary for a whole TTL.";

/* ---- terminal */

void drill_write_summary(const struct drill_report *report, struct buf *out)
{
    AUTO_ARENA struct arena a = {0};
    struct drill_section sections[DRILL_SECTION_COUNT];
    drill_sections(&a, report, sections);
    for (size_t i = 0; i < DRILL_SECTION_COUNT; i++) {
        buf_printf(out, "%s%s\n", i > 0 ? "\n" : "", sections[i].title);
        for (size_t k = 0; k < sections[i].count; k++) {
            buf_printf(out, "  %-40s ", sections[i].facts[k].label);
            drill_text_plain(out, sections[i].facts[k].value);
            buf_append_byte(out, '\n');
        }
    }
}

/* ---- Markdown */

void drill_write_markdown(const struct drill_report *report, struct buf *out)
{
    AUTO_ARENA struct arena a = {0};
    struct drill_section sections[DRILL_SECTION_COUNT];
    drill_sections(&a, report, sections);
    buf_append_str(out, "# Failover drill of ");
    drill_text_markdown(out, report->target->title);
    buf_append_str(out, "\n");
    for (size_t i = 0; i < DRILL_SECTION_COUNT; i++) {
        buf_printf(out, "\n## %s\n\n| | |\n|---|---|\n", sections[i].title);
        for (size_t k = 0; k < sections[i].count; k++) {
            buf_printf(out, "| %s | ", sections[i].facts[k].label);
            drill_text_markdown(out, sections[i].facts[k].value);
            buf_append_str(out, " |\n");
        }
    }
    buf_append_str(out, "\n## How to read it\n\n");
    for (size_t i = 0; i < ARRAY_LEN(notes); i++)
        buf_printf(out, "%s\n\n", notes[i]);
    if (report->timeline->is_override)
        buf_printf(out, "%s\n\n", override_note);
    buf_append_str(out, "`report.html` has the timeline, `runbook.md` the same drill by hand.\n");
}

/* ---- HTML */

static const char html_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --line: #c9d0d9;\n"
    "  --page: #ffffff; --primary: #2f6fb3; --other: #c2751a; --bad: #b3261e; --none: #9aa4b1; }\n"
    "@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #a3adba;\n"
    "  --line: #3a4452; --page: #12171f; --primary: #6ea8e6; --other: #e0a04e; --bad: #f2766d;\n"
    "  --none: #67717f; } }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);\n"
    "  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;\n"
    "  border-bottom: 1px solid var(--line); font-weight: normal; }\n"
    "th { width: 22rem; color: var(--soft); }\n"
    "td { overflow-wrap: anywhere; }\n"
    ".verdict { font-size: 1.25rem; font-weight: 600; }\n"
    "figure { margin: 1.5rem 0; overflow-x: auto; }\n"
    "svg { width: 100%; min-width: 40rem; height: auto; font: 13px system-ui, sans-serif; }\n"
    "svg text { fill: var(--ink); } svg .soft { fill: var(--soft); }\n"
    ".primary { fill: var(--primary); } .other { fill: var(--other); }\n"
    ".bad { fill: var(--bad); } .none { fill: var(--none); }\n"
    ".mark { stroke: var(--bad); stroke-dasharray: 4 3; } .rule { stroke: var(--line); }\n"
    "</style>\n";

void drill_write_html(const struct drill_report *report, struct buf *out)
{
    AUTO_ARENA struct arena a = {0};
    struct drill_section sections[DRILL_SECTION_COUNT];
    struct drill_measures measures;
    struct drill_judgement judgement;
    drill_sections(&a, report, sections);
    drill_measure(report->timeline, &measures);
    drill_judge(report, &measures, &judgement);
    buf_append_str(out, html_head);
    buf_append_str(out, "<title>Failover drill of ");
    drill_text_html(out, report->target->title);
    buf_append_str(out, "</title>\n</head>\n<body>\n<h1>Failover drill of ");
    drill_text_html(out, report->target->title);
    buf_printf(out, "</h1>\n<p class=\"verdict\">%s</p>\n<figure>\n",
               judgement.is_met ? "Objective met" : "Objective not met");
    drill_write_picture(report, out);
    buf_append_str(out, "</figure>\n");
    for (size_t i = 0; i < DRILL_SECTION_COUNT; i++) {
        buf_printf(out, "<h2>%s</h2>\n<table>\n", sections[i].title);
        for (size_t k = 0; k < sections[i].count; k++) {
            buf_printf(out, "<tr><th scope=\"row\">%s</th><td>", sections[i].facts[k].label);
            drill_text_html(out, sections[i].facts[k].value);
            buf_append_str(out, "</td></tr>\n");
        }
        buf_append_str(out, "</table>\n");
    }
    buf_append_str(out, "<h2>How to read it</h2>\n");
    for (size_t i = 0; i < ARRAY_LEN(notes); i++) {
        buf_append_str(out, "<p>");
        drill_text_html(out, notes[i]);
        buf_append_str(out, "</p>\n");
    }
    if (report->timeline->is_override)
        buf_printf(out, "<p>%s</p>\n", override_note);
    buf_append_str(out, "</body>\n</html>\n");
}
