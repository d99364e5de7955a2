// SPDX-License-Identifier: Apache-2.0
// Decisions about all checks of a plan. Used by the collector, on its loop's thread.
//
//     votes, children or an operator --quorum, hold-down--> is_up    (kept over restarts)
//     is_up --disabled, inverted, override--> is_healthy             (what queries see)
//
// 1. is_up changes by a verdict alone: votes that count, children, what was posted. Where there is
//    none it stays.
// 2. The first verdict about a check is no change, so it takes effect whatever the hold-down.
// 3. standings are sorted by id, none twice; places[i] leads from the plan's check i to its own.
#include "health/quorum.h"

#include "base/alloc.h"
#include "base/check.h"
#include "health/limits.h"
#include "health/standing_priv.h"

#include <stdlib.h>

/** Votes about one check. */
struct tally {
    uint16_t healthy; /* of those that count */
    uint16_t unhealthy;
};

struct quorum {
    const struct health_plan *plan; /* NULL: none yet */
    struct standing *standings;     /* of the plan's checks, and of some that are in it no more */
    size_t standing_count;
    uint32_t *places; /* by place in the plan; all of these arrays: of its length */
    bool *is_healthy;
    bool *is_frozen;
    uint32_t *changed;
    struct tally *tallies;
    uint8_t *votes; /* of one voter after the other: enum vote_state, UNKNOWN where none counts */
    size_t votes_capacity;
    size_t changed_count;
    size_t flap_count;
    size_t unhealthy_count;
    size_t frozen_count;
    size_t unknown_count;
    bool is_changed; /* something that is kept over restarts */
};

_Static_assert(CHECKERS_MAX <= UINT16_MAX, "a tally holds all votes");

struct quorum *quorum_new(void)
{
    return NEW(struct quorum);
}

static void free_places(struct quorum *q)
{
    free(q->places);
    free(q->is_healthy);
    free(q->is_frozen);
    free(q->changed);
    free(q->tallies);
}

void quorum_free(struct quorum *q)
{
    if (q == NULL)
        return;
    free_places(q);
    free(q->votes);
    free(q->standings);
    free(q);
}

/* ---- plans */

/* Takes over what is known of the checks of the plan and of a bounded number of others. */
static void merge_standings(struct quorum *q, const struct health_plan *plan)
{
    size_t old = 0;
    size_t count = 0;
    size_t absent = 0;
    struct standing *merged = mem_new(q->standing_count + plan->check_count, sizeof(*merged));
    for (size_t i = 0; i <= plan->check_count; i++) {
        const struct check_id *id = i < plan->check_count ? &plan->checks[i].id : NULL;
        while (old < q->standing_count &&
               (id == NULL || check_id_compare(&q->standings[old].id, id) < 0)) {
            const struct standing *gone = &q->standings[old++];
            if (gone->is_known && absent++ < QUORUM_ABSENT_MAX)
                merged[count++] = *gone;
        }
        if (id == NULL)
            break;
        q->places[i] = (uint32_t)count;
        if (old < q->standing_count && check_id_compare(&q->standings[old].id, id) == 0)
            merged[count++] = q->standings[old++];
        else
            merged[count++] = (struct standing){.id = *id, .is_up = true, .is_healthy = true};
    }
    free(q->standings);
    q->standings = merged;
    q->standing_count = count;
}

static void reset_counts(struct quorum *q)
{
    q->changed_count = q->flap_count = 0;
    q->unhealthy_count = q->frozen_count = q->unknown_count = 0;
}

void quorum_set_plan(struct quorum *q, const struct health_plan *plan)
{
    size_t count = plan->check_count;
    free_places(q);
    q->plan = plan;
    q->places = mem_new(count, sizeof(*q->places));
    q->is_healthy = mem_new(count, sizeof(*q->is_healthy));
    q->is_frozen = mem_new(count, sizeof(*q->is_frozen));
    q->changed = mem_new(count, sizeof(*q->changed));
    q->tallies = mem_new(count, sizeof(*q->tallies));
    reset_counts(q);
    merge_standings(q, plan);
    for (size_t i = 0; i < count; i++)
        q->is_healthy[i] = q->standings[q->places[i]].is_healthy;
}

/* ---- votes */

static bool has_endpoint(const struct release_health_check *check)
{
    return check->kind == RELEASE_CHECK_HTTP || check->kind == RELEASE_CHECK_HTTPS ||
           check->kind == RELEASE_CHECK_TCP;
}

int64_t quorum_vote_age_max_ns(const struct release_health_check *check)
{
    int64_t interval_ns = check->is_slow ? CHECK_SLOW_INTERVAL_NS : CHECK_INTERVAL_NS;
    int64_t probe_ns = check->kind == RELEASE_CHECK_TCP
                           ? PROBE_TCP_CONNECT_NS
                           : PROBE_CONNECT_NS + PROBE_HEAD_NS + PROBE_BODY_NS;
    return 2 * interval_ns + probe_ns + PROBE_RESOLVE_NS;
}

bool quorum_counts(const struct ballot *b, const struct vote *v,
                   const struct release_health_check *check, int64_t now_ns)
{
    return has_endpoint(check) && v->state != VOTE_UNKNOWN && ballot_is_fresh(b, now_ns) &&
           ballot_vote_age_ns(b, v, now_ns) <= quorum_vote_age_max_ns(check);
}

/* What of a voter's table counts, by the plan's places. Both are sorted by id. */
static void read_ballot(const struct quorum *q, const struct ballot *b, int64_t now_ns,
                        uint8_t *votes)
{
    const struct vote_table *t = &b->table;
    size_t place = 0;
    memset(votes, VOTE_UNKNOWN, q->plan->check_count);
    if (!ballot_is_fresh(b, now_ns))
        return;
    for (size_t i = 0; i < t->count; i++) {
        const struct vote *v = &t->votes[i];
        while (place < q->plan->check_count &&
               check_id_compare(&q->plan->checks[place].id, &v->check) < 0)
            place++;
        if (place == q->plan->check_count)
            return;
        const struct plan_check *check = &q->plan->checks[place];
        if (check_id_compare(&check->id, &v->check) == 0 &&
            quorum_counts(b, v, check->check, now_ns))
            votes[place] = (uint8_t)v->state;
    }
}

static void add_votes(struct quorum *q, const uint8_t *votes)
{
    for (size_t i = 0; i < q->plan->check_count; i++) {
        struct tally *t = &q->tallies[i];
        t->healthy = (uint16_t)(t->healthy + (votes[i] == VOTE_HEALTHY));
        t->unhealthy = (uint16_t)(t->unhealthy + (votes[i] == VOTE_UNHEALTHY));
    }
}

/* How one voter's votes stand to those of the others. */
static void compare_votes(const struct quorum *q, const uint8_t *votes, struct quorum_voter *voter)
{
    bool is_in = !voter->is_excluded; /* then the tallies have its own vote, too */
    for (size_t i = 0; i < q->plan->check_count; i++) {
        bool is_up = votes[i] == VOTE_HEALTHY;
        if (votes[i] == VOTE_UNKNOWN)
            continue;
        unsigned healthy = q->tallies[i].healthy - (unsigned)(is_in && is_up);
        unsigned unhealthy = q->tallies[i].unhealthy - (unsigned)(is_in && !is_up);
        if (healthy + unhealthy < OUTLIER_OTHERS_LEAST)
            continue;
        voter->shared++;
        voter->disagreements += (is_up ? healthy : unhealthy) == 0;
    }
}

static void count_votes(struct quorum *q, struct quorum_voter *voters, size_t count, int64_t now_ns)
{
    size_t width = q->plan->check_count;
    memset(q->tallies, 0, width * sizeof(*q->tallies));
    for (size_t i = 0; i < count; i++)
        voters[i].shared = voters[i].disagreements = 0;
    if (count * width == 0)
        return;
    if (count * width > q->votes_capacity) {
        q->votes_capacity = count * width;
        q->votes = mem_resize(q->votes, q->votes_capacity, sizeof(*q->votes));
    }
    for (size_t i = 0; i < count; i++) {
        read_ballot(q, voters[i].ballot, now_ns, q->votes + i * width);
        if (!voters[i].is_excluded)
            add_votes(q, q->votes + i * width);
    }
    for (size_t i = 0; i < count; i++)
        compare_votes(q, q->votes + i * width, &voters[i]);
}

bool outlier_look(struct outlier *o, const struct quorum_voter *voter, int64_t now_ns)
{
    bool is_apart =
        voter->disagreements >= OUTLIER_CHECKS || voter->disagreements * 2 > voter->shared;
    if (is_apart && !o->is_apart)
        o->since_ns = now_ns;
    o->is_apart = is_apart;
    return is_apart && now_ns - o->since_ns >= OUTLIER_NS;
}

/* ---- verdicts */

/* Whether there is a verdict about a check now, and which. */
static bool judge(const struct quorum *q, size_t place, bool *out_is_up)
{
    const struct plan_check *check = &q->plan->checks[place];
    const struct tally *tally = &q->tallies[place];
    uint32_t healthy = 0;
    switch (check->check->kind) {
    case RELEASE_CHECK_POSTED:
        *out_is_up = check->check->is_posted_healthy;
        return true;
    case RELEASE_CHECK_CALCULATED: /* children were decided before */
        for (size_t i = 0; i < check->child_count; i++)
            healthy += q->is_healthy[check->children[i]];
        *out_is_up = healthy >= check->check->healthy_children;
        return true;
    case RELEASE_CHECK_HTTP:
    case RELEASE_CHECK_HTTPS:
    case RELEASE_CHECK_TCP:
        break;
    }
    *out_is_up =
        tally->healthy * 100U > QUORUM_PERCENT * (uint32_t)(tally->healthy + tally->unhealthy);
    return tally->healthy + tally->unhealthy > 0;
}

/* Takes a verdict, unless the last one is to stay for a while. */
static void take_verdict(struct quorum *q, struct standing *s, bool is_up, int64_t hold_down_ns,
                         int64_t now_ns)
{
    if (!s->is_known) {
        s->is_known = true;
        s->is_up = is_up;
        q->is_changed = true;
    } else if (s->is_up != is_up && (!s->has_changed || now_ns - s->changed_ns >= hold_down_ns)) {
        s->is_up = is_up;
        s->has_changed = true;
        s->changed_ns = now_ns;
        q->is_changed = true;
    }
}

/* Whether an operator's drill decides. A number that was seen before is no renewal, whatever came
 * in between. */
static bool is_overridden(struct standing *s, const struct release_override *o,
                          const struct quorum_now *now)
{
    if (!o->is_there)
        return false;
    if (!s->has_override || o->number > s->override_number) {
        s->has_override = true;
        s->override_number = o->number;
        s->override_ns = now->ns;
    }
    return now->ns - s->override_ns < RELEASE_OVERRIDE_MAX_S * NS_PER_S &&
           now->unix_s < o->until_unix_s;
}

/* What queries see from now on. */
static void show(struct quorum *q, size_t place, bool is_healthy, int64_t now_ns)
{
    struct standing *s = &q->standings[q->places[place]];
    q->is_healthy[place] = is_healthy;
    q->unhealthy_count += !is_healthy;
    if (s->is_healthy == is_healthy)
        return;
    s->is_healthy = is_healthy;
    q->is_changed = true;
    q->changed[q->changed_count++] = (uint32_t)place;
    q->flap_count += s->has_shown && now_ns - s->shown_ns < QUORUM_FLAP_NS;
    s->has_shown = true;
    s->shown_ns = now_ns;
}

static void decide(struct quorum *q, size_t place, const struct quorum_now *now)
{
    const struct release_health_check *check = q->plan->checks[place].check;
    struct standing *s = &q->standings[q->places[place]];
    bool is_up = false;
    bool has_verdict = judge(q, place, &is_up);
    if (has_verdict)
        take_verdict(q, s, is_up, check->hold_down_s * NS_PER_S, now->ns);
    bool is_healthy = (s->is_up || check->is_disabled) != check->is_inverted;
    bool is_drill = is_overridden(s, &check->override, now);
    q->is_frozen[place] = !has_verdict && s->is_known && !check->is_disabled && !is_drill;
    q->frozen_count += q->is_frozen[place];
    q->unknown_count += !s->is_known && !check->is_disabled;
    show(q, place, is_drill ? check->override.is_healthy : is_healthy, now->ns);
}

void quorum_decide(struct quorum *q, struct quorum_voter *voters, size_t count,
                   const struct quorum_now *now)
{
    CHECK(q->plan != NULL && count <= CHECKERS_MAX);
    count_votes(q, voters, count, now->ns);
    reset_counts(q);
    for (size_t i = 0; i < q->plan->check_count; i++)
        decide(q, q->plan->order[i], now);
}

void quorum_states(const struct quorum *q, struct check_states *out)
{
    *out = (struct check_states){.plan = q->plan,
                                 .is_healthy = q->is_healthy,
                                 .is_frozen = q->is_frozen,
                                 .changed = q->changed,
                                 .changed_count = q->changed_count,
                                 .flap_count = q->flap_count,
                                 .unhealthy_count = q->unhealthy_count,
                                 .frozen_count = q->frozen_count,
                                 .unknown_count = q->unknown_count};
}

/* ---- over restarts */

bool quorum_is_changed(const struct quorum *q)
{
    return q->is_changed;
}

void quorum_encode(struct quorum *q, const struct quorum_now *now, struct buf *out)
{
    standings_encode(q->standings, q->standing_count, now, out);
    q->is_changed = false;
}

enum err quorum_restore(struct quorum *q, struct slice text, const struct quorum_now *now,
                        struct errctx *ec)
{
    CHECK(q->plan == NULL);
    struct standing *standings;
    size_t count;
    enum err e = standings_decode(text, now, &standings, &count, ec);
    if (e != ERR_OK)
        return e;
    free(q->standings);
    q->standings = standings;
    q->standing_count = count;
    return ERR_OK;
}
