// SPDX-License-Identifier: Apache-2.0
// Samples of a drill and their measures. Called on the loop of the command.
#include "tool/drill_timeline.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/macros.h"

#include <stdlib.h>

void drill_timeline_fini(struct drill_timeline *t)
{
    for (size_t i = 0; i < DRILL_LANE_COUNT; i++) {
        free(t->lanes[i].items);
        t->lanes[i] = (struct drill_samples){0};
    }
}

bool drill_timeline_add(struct drill_timeline *t, enum drill_lane lane, int64_t at_ns,
                        size_t *out_place)
{
    struct drill_samples *s = &t->lanes[lane];
    CHECK(s->count == 0 || s->items[s->count - 1].at_ns <= at_ns);
    if (s->count == TOOL_DRILL_SAMPLES_MAX)
        return false;
    if (s->count == s->room) {
        s->room = s->room == 0 ? 1024 : 2 * s->room;
        s->items = mem_resize(s->items, s->room, sizeof(*s->items));
    }
    s->items[s->count] = (struct drill_sample){.at_ns = at_ns};
    *out_place = s->count++;
    return true;
}

/* ---- phases */

/* A part of the time: [from, to). */
struct span {
    int64_t from_ns;
    int64_t to_ns;
};

static int64_t mark_or_end(const struct drill_timeline *t, int64_t mark_ns)
{
    return mark_ns != 0 ? mark_ns : t->end_ns + 1;
}

static struct span span_before(const struct drill_timeline *t)
{
    return (struct span){t->start_ns, mark_or_end(t, t->failed_ns)};
}

static struct span span_failed(const struct drill_timeline *t)
{
    return (struct span){mark_or_end(t, t->failed_ns), mark_or_end(t, t->back_ns)};
}

static struct span span_back(const struct drill_timeline *t)
{
    return (struct span){mark_or_end(t, t->back_ns), t->end_ns + 1};
}

static bool is_within(const struct drill_sample *s, struct span span)
{
    return s->is_ended && s->at_ns >= span.from_ns && s->at_ns < span.to_ns;
}

/* ---- answers */

/* The first or last sample of the span with the verdict; NULL where there is none. */
static const struct drill_sample *first_of(const struct drill_samples *lane, struct span span,
                                           enum drill_verdict verdict)
{
    for (size_t i = 0; i < lane->count; i++)
        if (is_within(&lane->items[i], span) && lane->items[i].verdict == verdict)
            return &lane->items[i];
    return NULL;
}

static const struct drill_sample *last_of(const struct drill_samples *lane, struct span span,
                                          enum drill_verdict verdict)
{
    for (size_t i = lane->count; i > 0; i--)
        if (is_within(&lane->items[i - 1], span) && lane->items[i - 1].verdict == verdict)
            return &lane->items[i - 1];
    return NULL;
}

/* The first answer elsewhere that none of the primary's follows within the span. */
static int64_t changed_since(const struct drill_samples *lane, struct span span)
{
    const struct drill_sample *stale = last_of(lane, span, DRILL_PRIMARY);
    struct span rest = span;
    if (stale != NULL)
        rest.from_ns = stale->at_ns + 1;
    const struct drill_sample *changed = first_of(lane, rest, DRILL_OTHER);
    return changed != NULL ? changed->at_ns - span.from_ns : -1;
}

/* When the last resolver forgets the primary: its TTL after the last answer that had it, also one
 * of just before the failure. */
static int64_t worst_stale(const struct drill_samples *lane, struct span span)
{
    struct span until = {INT64_MIN, span.to_ns};
    const struct drill_sample *stale = last_of(lane, until, DRILL_PRIMARY);
    if (stale == NULL)
        return 0;
    int64_t forgotten_ns = stale->at_ns + (int64_t)stale->ttl_s * NS_PER_S - span.from_ns;
    return forgotten_ns > 0 ? forgotten_ns : 0;
}

static int64_t returned_since(const struct drill_samples *lane, struct span span)
{
    const struct drill_sample *first = first_of(lane, span, DRILL_PRIMARY);
    return first != NULL ? first->at_ns - span.from_ns : -1;
}

/* ---- requests */

/* A request to a primary that is said to have failed would have failed, had it been true. */
static bool is_lost(const struct drill_timeline *t, const struct drill_sample *s)
{
    struct span failed = span_failed(t);
    return !s->is_good || (t->is_override && t->failed_ns != 0 && s->verdict == DRILL_PRIMARY &&
                           is_within(s, failed));
}

static struct drill_loss loss_of(const struct drill_timeline *t, struct span span)
{
    const struct drill_samples *lane = &t->lanes[DRILL_REQUEST];
    struct drill_loss loss = {.from_ns = -1, .for_ns = -1};
    int64_t first_lost_ns = 0;
    bool is_over = false;
    for (size_t i = 0; i < lane->count; i++) {
        const struct drill_sample *s = &lane->items[i];
        if (!is_within(s, span))
            continue;
        loss.sent++;
        if (is_lost(t, s)) {
            if (loss.lost++ == 0)
                first_lost_ns = s->at_ns;
            loss.failed += !s->is_good;
            is_over = false;
        } else if (loss.lost > 0 && !is_over) {
            loss.for_ns = s->at_ns - first_lost_ns;
            is_over = true;
        }
    }
    if (loss.lost > 0)
        loss.from_ns = first_lost_ns - span.from_ns;
    if (!is_over)
        loss.for_ns = -1;
    return loss;
}

static int64_t recovered_of(const struct drill_measures *m)
{
    if (m->failed.sent == 0)
        return m->resolved_ns;
    if (m->failed.lost == 0)
        return 0;
    return m->failed.for_ns >= 0 ? m->failed.from_ns + m->failed.for_ns : -1;
}

void drill_measure(const struct drill_timeline *t, struct drill_measures *out)
{
    const struct drill_samples *authority = &t->lanes[DRILL_AUTHORITY];
    const struct drill_samples *resolver = &t->lanes[DRILL_RESOLVER];
    struct drill_measures m = {.changed_ns = -1,
                               .stale_answer_ns = -1,
                               .worst_stale_ns = -1,
                               .resolved_ns = -1,
                               .recovered_ns = -1,
                               .worst_recovered_ns = -1,
                               .returned_ns = -1,
                               .resolver_returned_ns = -1};
    m.before = loss_of(t, span_before(t));
    m.failed = loss_of(t, span_failed(t));
    m.back = loss_of(t, span_back(t));
    if (t->failed_ns != 0) {
        struct span span = span_failed(t);
        const struct drill_sample *stale = last_of(resolver, span, DRILL_PRIMARY);
        m.changed_ns = changed_since(authority, span);
        m.stale_answer_ns = stale != NULL ? stale->at_ns - span.from_ns : 0;
        m.resolved_ns = changed_since(resolver, span);
        m.worst_stale_ns = m.changed_ns >= 0 ? worst_stale(authority, span) : -1;
        m.recovered_ns = recovered_of(&m);
        if (m.recovered_ns >= 0 && m.worst_stale_ns >= 0)
            m.worst_recovered_ns =
                m.recovered_ns > m.worst_stale_ns ? m.recovered_ns : m.worst_stale_ns;
    }
    if (t->back_ns != 0) {
        m.returned_ns = returned_since(authority, span_back(t));
        m.resolver_returned_ns = returned_since(resolver, span_back(t));
    }
    *out = m;
}
