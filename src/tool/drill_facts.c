// SPDX-License-Identifier: Apache-2.0
// What a drill found, as labels and values that every form of its report shows. Pure.
#include "tool/drill_report.h"

#include "base/check.h"

#include <inttypes.h>

/* Route 53's limits of one probe, seconds: connection and answer, and the body's beginning. */
enum { HTTP_PROBE_S = 6, MATCH_PROBE_S = 8, TCP_PROBE_S = 10, VOTES_S = 1 };
/* Of a check that does not say. */
enum { INTERVAL_S = 30, THRESHOLD = 3 };

uint32_t drill_detection_s(const struct r53_health_check_config *check)
{
    uint32_t probe_s = 0;
    switch (check->type) {
    case R53_CHECK_HTTP:
    case R53_CHECK_HTTPS:
        probe_s = HTTP_PROBE_S;
        break;
    case R53_CHECK_HTTP_STR_MATCH:
    case R53_CHECK_HTTPS_STR_MATCH:
        probe_s = MATCH_PROBE_S;
        break;
    case R53_CHECK_TCP:
        probe_s = TCP_PROBE_S;
        break;
    case R53_CHECK_CALCULATED:
    case R53_CHECK_CLOUDWATCH_METRIC:
    case R53_CHECK_RECOVERY_CONTROL:
    case r53_health_check_type_absent:
        return 0;
    }
    uint32_t interval_s =
        check->has_request_interval ? (uint32_t)check->request_interval : INTERVAL_S;
    uint32_t threshold =
        check->has_failure_threshold ? (uint32_t)check->failure_threshold : THRESHOLD;
    return interval_s * threshold + probe_s + VOTES_S;
}

void drill_judge(const struct drill_report *report, const struct drill_measures *m,
                 struct drill_judgement *out)
{
    const struct drill_objective *o = &report->objective;
    struct drill_judgement j = {.is_rto_met = true, .is_rpo_met = true};
    bool is_whole = report->cut_short == NULL;
    j.has_failed_over = m->changed_ns >= 0 && m->recovered_ns >= 0;
    j.has_failed_back = m->returned_ns >= 0;
    if (o->has_rto)
        j.is_rto_met = m->worst_recovered_ns >= 0 && m->worst_recovered_ns <= o->rto_ns;
    if (o->has_rpo)
        j.is_rpo_met = m->failed.sent > 0 && m->failed.lost <= o->rpo;
    j.is_met = is_whole && j.has_failed_over && j.has_failed_back && j.is_rto_met && j.is_rpo_met;
    *out = j;
}

/* ---- values */

static const char *seconds(struct arena *a, int64_t ns, const char *otherwise)
{
    return ns < 0 ? otherwise : arena_printf(a, "%.1f s", (double)ns / (double)NS_PER_S);
}

static void add(struct drill_section *s, const char *label, const char *value)
{
    CHECK(s->count < TOOL_DRILL_FACTS_MAX);
    s->facts[s->count++] = (struct drill_fact){.label = label, .value = value};
}

static const char *met(bool is_met)
{
    return is_met ? "met" : "not met";
}

static const char *loss_text(struct arena *a, const struct drill_report *r,
                             const struct drill_loss *loss)
{
    if (!r->http.is_on)
        return "no requests were sent";
    if (loss->lost == 0)
        return arena_printf(a, "0 of %zu", loss->sent);
    const char *during = loss->for_ns >= 0
                             ? arena_printf(a, " within %s", seconds(a, loss->for_ns, ""))
                             : ", none was answered after them";
    if (loss->failed == loss->lost)
        return arena_printf(a, "%zu of %zu%s", loss->lost, loss->sent, during);
    return arena_printf(a, "%zu of %zu%s (%zu failed, the others went to the primary)", loss->lost,
                        loss->sent, during, loss->failed);
}

/* ---- tables */

static void result_section(struct arena *a, const struct drill_report *r,
                           const struct drill_measures *m, struct drill_section *s)
{
    struct drill_judgement j;
    const struct drill_objective *o = &r->objective;
    drill_judge(r, m, &j);
    s->title = "Result";
    if (r->cut_short != NULL)
        add(s, "Not whole", r->cut_short);
    add(s, "Outcome", j.is_met ? "objective met" : "objective not met");
    add(s, "Failed over", j.has_failed_over ? "yes" : "no");
    add(s, "Failed back", j.has_failed_back ? "yes" : "no");
    const char *rto = seconds(a, m->worst_recovered_ns, "not recovered");
    if (o->has_rto)
        rto = arena_printf(a, "%s, objective %s: %s", rto, seconds(a, o->rto_ns, ""),
                           met(j.is_rto_met));
    add(s, "RTO (any resolver that honours TTLs)", rto);
    const char *rpo = loss_text(a, r, &m->failed);
    if (o->has_rpo)
        rpo = arena_printf(a, "%s; objective %" PRIu64 ": %s", rpo, o->rpo, met(j.is_rpo_met));
    add(s, "RPO (requests lost)", rpo);
    uint32_t detection_s = drill_detection_s(r->target->check);
    if (r->timeline->is_override && detection_s > 0 && m->worst_recovered_ns >= 0)
        add(s, "RTO of a real outage, at most",
            arena_printf(a, "%s: checkers need up to %u s to find it",
                         seconds(a, m->worst_recovered_ns + detection_s * NS_PER_S, ""),
                         (unsigned)detection_s));
}

static void target_section(struct arena *a, const struct drill_report *r, struct drill_section *s)
{
    const struct drill_target *t = r->target;
    char server[NET_ADDRESS_TEXT_SIZE];
    char started[TIME_ISO8601_SIZE];
    net_address_format(&r->server, server);
    time_format_iso8601(r->started_unix_ms, started);
    s->title = "What was drilled";
    add(s, "Record sets",
        arena_printf(a, "%s %s in zone %s, %s, %zu sets", t->name, t->type_text, t->zone_id,
                     t->policy, t->set_count));
    add(s, "Set that failed", t->primary);
    add(s, "Its addresses", drill_addresses_text(a, &t->addresses, t->type));
    add(s, "Its health check", t->health_check_id);
    add(s, "Failed by",
        r->timeline->is_override
            ? arena_printf(a, "an override of the check, leased for %u s at a time", r->lease_s)
            : "a real outage");
    add(s, "Name server asked", arena_strdup(a, server));
    add(s, "Requests",
        r->http.is_on ? arena_printf(a, "http, port %u, Host %s, %s", r->http.port, r->http.host,
                                     r->http.path)
                      : "none");
    add(s, "Looked each", arena_printf(a, "%lld ms", (long long)(r->interval_ns / NS_PER_MS)));
    add(s, "Started", arena_strdup(a, started));
}

static void failover_section(struct arena *a, const struct drill_report *r,
                             const struct drill_measures *m, struct drill_section *s)
{
    s->title = "Failover";
    add(s, "Detection: first changed answer after", seconds(a, m->changed_ns, "never"));
    add(s, "Last stale answer of the resolver after", seconds(a, m->stale_answer_ns, "-"));
    add(s, "Resolver led elsewhere after", seconds(a, m->resolved_ns, "never"));
    add(s, "Last stale answer of any resolver after", seconds(a, m->worst_stale_ns, "-"));
    add(s, "Clients served again after", seconds(a, m->recovered_ns, "never"));
    add(s, "Requests lost", loss_text(a, r, &m->failed));
    add(s, "Requests lost before", loss_text(a, r, &m->before));
}

static void back_section(struct arena *a, const struct drill_report *r,
                         const struct drill_measures *m, struct drill_section *s)
{
    s->title = "Fail back";
    add(s, "First answer with the primary after", seconds(a, m->returned_ns, "never"));
    add(s, "First of the resolver with it after", seconds(a, m->resolver_returned_ns, "never"));
    add(s, "Requests lost", loss_text(a, r, &m->back));
}

void drill_sections(struct arena *a, const struct drill_report *report,
                    struct drill_section out[DRILL_SECTION_COUNT])
{
    struct drill_measures m;
    drill_measure(report->timeline, &m);
    for (size_t i = 0; i < DRILL_SECTION_COUNT; i++)
        out[i] = (struct drill_section){0};
    result_section(a, report, &m, &out[0]);
    target_section(a, report, &out[1]);
    failover_section(a, report, &m, &out[2]);
    back_section(a, report, &m, &out[3]);
}
