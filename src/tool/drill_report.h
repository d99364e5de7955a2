// SPDX-License-Identifier: Apache-2.0
// What a drill has to say, as texts: a summary for the terminal, a report in Markdown and in HTML
// with a picture, and a runbook for doing the same by hand. Pure.
#ifndef TOOL_DRILL_REPORT_H
#define TOOL_DRILL_REPORT_H

#include "base/buf.h"
#include "tool/drill_sampler.h"

/** What the drill is to show; what has no objective is measured all the same. */
struct drill_objective {
    bool has_rto;
    int64_t rto_ns;
    bool has_rpo;
    uint64_t rpo; /* requests lost at most */
};

struct drill_judgement {
    bool has_failed_over;
    bool has_failed_back;
    bool is_rto_met; /* also where there is no objective */
    bool is_rpo_met;
    bool is_met; /* all of these */
};

/** Everything borrowed. */
struct drill_report {
    const struct drill_target *target;
    const char *endpoint; /* URL of the API */
    struct net_address server;
    struct drill_http http;
    int64_t interval_ns;
    unsigned lease_s;
    struct drill_objective objective;
    const struct drill_timeline *timeline;
    int64_t started_unix_ms;
    const char *cut_short; /* why it is not whole; NULL: it is */
};

/** RTO is judged by the resolver with the worst luck, RPO by the requests that were lost. */
void drill_judge(const struct drill_report *report, const struct drill_measures *measures,
                 struct drill_judgement *out);

/** How long checkers may take to find a real outage: interval x threshold, the time of a probe, and
 *  a second for the votes. 0 where the check probes nothing itself. */
uint32_t drill_detection_s(const struct r53_health_check_config *check);

/** One line of a table: static label, value in an arena. */
struct drill_fact {
    const char *label;
    const char *value;
};

/** A table with its title. */
struct drill_section {
    const char *title;
    struct drill_fact facts[TOOL_DRILL_FACTS_MAX];
    size_t count;
};

enum { DRILL_SECTION_COUNT = 4 };

/** All tables of a report: result, what was drilled, failover, fail back. */
void drill_sections(struct arena *a, const struct drill_report *report,
                    struct drill_section out[DRILL_SECTION_COUNT]);

/** Lines for a terminal. */
void drill_write_summary(const struct drill_report *report, struct buf *out);
/** report.md */
void drill_write_markdown(const struct drill_report *report, struct buf *out);
/** report.html: one page that needs nothing else. */
void drill_write_html(const struct drill_report *report, struct buf *out);
/** runbook.md: the same drill with the aws CLI, dig and curl. */
void drill_write_runbook(const struct drill_report *report, struct buf *out);

/** The timeline as an SVG element: a lane each, time to the right. */
void drill_write_picture(const struct drill_report *report, struct buf *out);

#endif
