// SPDX-License-Identifier: Apache-2.0
// Which checks are probed when, and what their results come to. Called by the check role, and by
// the loop each PROBER_TICK_NS, on its thread.
//
// Each check has a fixed place within its interval, from a keyed hash of its id: the checks of one
// interval are an array sorted by place, and a hand goes round it. So a tick costs what it begins,
// and probes begin at an even rate whatever becomes of them.
//
// 1. A target is in `targets` once, and has one turn in the round of its interval unless it is
//    disabled.
// 2. All turns before `ticked_ns` have begun, or were passed over because they were too late.
#include "health/prober.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "health/limits.h"
#include "health/prober_priv.h"
#include "metrics/counters.h"

#include <stdlib.h>

enum { ROUND_FAST, ROUND_SLOW, ROUNDS };

static bool has_endpoint(const struct release_health_check *check)
{
    return check->kind == RELEASE_CHECK_HTTP || check->kind == RELEASE_CHECK_HTTPS ||
           check->kind == RELEASE_CHECK_TCP;
}

/* Whether results of one say something about the other. */
static bool looks_at_same(const struct release_health_check *a,
                          const struct release_health_check *b)
{
    return a->kind == b->kind && a->address_bytes == b->address_bytes &&
           memcmp(a->address, b->address, a->address_bytes) == 0 && a->port == b->port &&
           strcmp(a->host, b->host) == 0 && strcmp(a->path, b->path) == 0 &&
           strcmp(a->search, b->search) == 0 && a->is_sni == b->is_sni &&
           a->is_disabled == b->is_disabled;
}

/* ---- rounds */

static int64_t turn_ns(const struct round *r, size_t turn)
{
    uint64_t interval_us = (uint64_t)(r->interval_ns / NS_PER_US);
    return r->begin_ns + (int64_t)(r->turns[turn].place * interval_us >> 32) * NS_PER_US;
}

/* The hand moves on by one turn. */
static void round_step(struct round *r)
{
    r->next++;
    if (r->next < r->count)
        return;
    r->next = 0;
    r->begin_ns += r->interval_ns;
}

static int compare_turns(const void *a, const void *b)
{
    const struct turn *x = a;
    const struct turn *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

static uint32_t place_of(const struct prober *p, const struct target *t)
{
    uint32_t place;
    uint8_t hash[SIPHASH_BYTES];
    siphash_2_4(p->salt, slice_of(t->id.bytes, CHECK_ID_BYTES), hash);
    memcpy(&place, hash, sizeof(place));
    return place;
}

/* Sorts the turns in; those until `now_ns` come next in the next round. */
static void round_ready(struct round *r, int64_t now_ns)
{
    if (r->count == 0)
        return;
    qsort(r->turns, r->count, sizeof(struct turn), compare_turns);
    int64_t passed = now_ns - r->begin_ns;
    r->begin_ns += passed > 0 ? passed / r->interval_ns * r->interval_ns : 0;
    r->next = 0;
    for (size_t i = 0; i < r->count && turn_ns(r, r->next) <= now_ns; i++)
        round_step(r);
}

static void rounds_fill(struct prober *p)
{
    for (int i = 0; i < ROUNDS; i++) {
        free(p->rounds[i].turns);
        p->rounds[i].turns = mem_new(p->target_count, sizeof(struct turn));
        p->rounds[i].count = 0;
    }
    for (size_t i = 0; i < p->target_count; i++) {
        struct target *t = p->targets[i];
        struct round *r = &p->rounds[t->check->is_slow ? ROUND_SLOW : ROUND_FAST];
        if (!t->check->is_disabled)
            r->turns[r->count++] = (struct turn){.place = place_of(p, t), .target = t};
    }
    for (int i = 0; i < ROUNDS; i++)
        round_ready(&p->rounds[i], p->ticked_ns);
}

/* Begins what is due; what would be far too late waits for its next turn. */
static void round_run(struct round *r, int64_t now_ns)
{
    if (r->count == 0)
        return;
    if (now_ns - r->begin_ns > 2 * r->interval_ns) {
        metrics_add(METRIC_PROBES_LATE, r->count);
        round_ready(r, now_ns - PROBE_SKIP_NS);
    }
    for (int64_t due_ns = turn_ns(r, r->next); due_ns <= now_ns; due_ns = turn_ns(r, r->next)) {
        struct target *t = r->turns[r->next].target;
        round_step(r);
        if (now_ns - due_ns >= PROBE_LATE_NS)
            metrics_add(METRIC_PROBES_LATE, 1);
        if (now_ns - due_ns < PROBE_SKIP_NS)
            probe_start(t);
    }
}

/*
 * Where the thread stood still, its votes are those of before, and time limits of probes under way
 * ran out without anybody looking: with either, a checker that comes back would undo what the
 * others saw meanwhile.
 */
static void forget_after_gap(struct prober *p)
{
    int64_t now_ns = time_boot_ns();
    bool is_gap = p->alive_ns != 0 && now_ns - p->alive_ns > PROBER_GAP_NS;
    p->alive_ns = now_ns;
    if (!is_gap)
        return;
    metrics_add(METRIC_PROBER_GAPS, 1);
    for (size_t i = 0; i < p->target_count; i++) {
        probe_drop_all(p->targets[i]);
        p->targets[i]->streak = (struct streak){0};
    }
}

static void on_tick(struct loop_timer *timer)
{
    struct prober *p = timer->user;
    int64_t now_ns = time_monotonic_ns();
    forget_after_gap(p);
    probe_time_out(p, now_ns);
    for (int i = 0; i < ROUNDS; i++)
        round_run(&p->rounds[i], now_ns);
    p->ticked_ns = now_ns;
    metrics_set(METRIC_PROBES_UNDER_WAY, p->probe_count);
}

/* ---- results */

void prober_note(struct target *t, const struct probe_result *result)
{
    metrics_add((enum metric)(METRIC_PROBES_PASSED + (int)result->outcome - (int)PROBE_PASSED), 1);
    if (result->outcome == PROBE_OWN_FAILURE)
        return;
    streak_add(&t->streak, t->check->threshold, result->outcome == PROBE_PASSED);
    t->last = *result;
    t->ended_ns = time_monotonic_ns();
}

_Static_assert(METRIC_PROBES_OWN_FAILURE - METRIC_PROBES_PASSED ==
                   (int)PROBE_OWN_FAILURE - (int)PROBE_PASSED,
               "a counter for each outcome, in their order");

static struct vote vote_of(const struct target *t, int64_t now_ns)
{
    struct vote v = {.check = t->id};
    if (t->last.outcome == PROBE_NONE)
        return v;
    int64_t age_ms = (now_ns - t->ended_ns) / NS_PER_MS;
    v.state = t->streak.state;
    v.outcome = t->last.outcome;
    v.detail = t->last.detail;
    v.age_ms = age_ms < UINT32_MAX ? (uint32_t)age_ms : UINT32_MAX;
    v.connect_ms = t->last.connect_ms;
    v.tls_ms = t->last.tls_ms;
    v.first_byte_ms = t->last.first_byte_ms;
    return v;
}

void prober_votes(struct prober *p, struct arena *a, struct vote_table *out)
{
    int64_t now_ns = time_monotonic_ns();
    forget_after_gap(p);
    out->count = p->target_count;
    out->votes = arena_array(a, p->target_count, sizeof(struct vote));
    for (size_t i = 0; i < p->target_count; i++)
        out->votes[i] = vote_of(p->targets[i], now_ns);
}

/* ---- plans */

static void target_free(struct target *t)
{
    probe_drop_all(t);
    free(t);
}

/* A target for the plan's check: the one of before, where it looks at the same. */
static struct target *target_for(struct prober *p, const struct plan_check *planned,
                                 struct target *before)
{
    if (before != NULL && looks_at_same(before->check, planned->check)) {
        before->check = planned->check;
        return before;
    }
    struct target *t = NEW(struct target);
    t->prober = p;
    t->id = planned->id;
    t->check = planned->check;
    list_init(&t->probes);
    if (before != NULL)
        target_free(before);
    return t;
}

/* The plan's targets, in its order; both are sorted by id. */
static void targets_take(struct prober *p, const struct health_plan *plan)
{
    size_t count = 0;
    size_t old = 0;
    struct target **targets = mem_new(plan->check_count, sizeof(struct target *));
    for (size_t i = 0; i < plan->check_count; i++) {
        const struct plan_check *planned = &plan->checks[i];
        struct target *before = NULL;
        if (!has_endpoint(planned->check))
            continue;
        while (old < p->target_count && check_id_compare(&p->targets[old]->id, &planned->id) < 0)
            target_free(p->targets[old++]);
        if (old < p->target_count && check_id_compare(&p->targets[old]->id, &planned->id) == 0)
            before = p->targets[old++];
        targets[count++] = target_for(p, planned, before);
    }
    while (old < p->target_count)
        target_free(p->targets[old++]);
    free(p->targets);
    p->targets = targets;
    p->target_count = count;
}

void prober_set_plan(struct prober *p, struct health_plan *plan)
{
    struct health_plan *before = p->plan;
    p->plan = health_plan_ref(plan);
    targets_take(p, plan);
    health_plan_unref(before);
    if (p->tick.loop == NULL)
        p->ticked_ns = time_monotonic_ns();
    rounds_fill(p);
    metrics_set(METRIC_PROBED_CHECKS, p->rounds[ROUND_FAST].count + p->rounds[ROUND_SLOW].count);
    metrics_set(METRIC_PROBES_UNDER_WAY, p->probe_count);
    if (p->target_count == 0)
        loop_timer_stop(&p->tick);
    else if (p->tick.loop == NULL)
        loop_timer_set(p->loop, &p->tick, PROBER_TICK_NS, PROBER_TICK_NS);
}

/* ---- life */

static int64_t limit_or(int64_t wanted_ns, int64_t usual_ns)
{
    return wanted_ns > 0 ? wanted_ns : usual_ns;
}

static struct probe_limits limits_of(const struct probe_limits *wanted)
{
    return (struct probe_limits){
        .connect_ns = limit_or(wanted->connect_ns, PROBE_CONNECT_NS),
        .tcp_connect_ns = limit_or(wanted->tcp_connect_ns, PROBE_TCP_CONNECT_NS),
        .head_ns = limit_or(wanted->head_ns, PROBE_HEAD_NS),
        .body_ns = limit_or(wanted->body_ns, PROBE_BODY_NS),
    };
}

static enum err open_tls(struct prober *p, const struct prober_options *options, struct errctx *ec)
{
    const char *authorities = NULL;
    if (options->is_strict)
        authorities =
            options->authorities != NULL ? options->authorities : PROBER_SYSTEM_AUTHORITIES;
    enum err e = ERR_OK;
    for (int sni = 0; e == ERR_OK && sni <= 1; sni++)
        e = net_tls_probe_client_new(authorities, sni == 1, &p->tls[sni], ec);
    return e;
}

/* Addresses are asked for anew for each interval, whatever their TTL is, and none is kept while the
 * name's servers fail: a client of the endpoint would not find it either. */
static enum err open_resolver(struct prober *p, const struct prober_options *options,
                              struct errctx *ec)
{
    int64_t interval_ns = options->fast_interval_ns;
    const struct resolver_options names = {
        .servers = options->servers,
        .min_ttl_ns = interval_ns < PROBER_TTL_MIN_NS ? interval_ns : PROBER_TTL_MIN_NS,
        .max_ttl_ns = interval_ns,
        .keep_ns = 1,
        .timeout_ns = PROBE_RESOLVE_NS,
        .name_limit = PROBER_NAMES_MAX,
    };
    return resolver_new(p->loop, &names, &p->resolver, ec);
}

enum err prober_new(const struct prober_options *options, struct prober **out, struct errctx *ec)
{
    CHECK(options->fast_interval_ns >= PROBER_INTERVAL_MIN_NS);
    struct prober *p = NEW(struct prober);
    p->loop = options->loop;
    p->is_strict = options->is_strict;
    p->limits = limits_of(&options->limits);
    p->input = mem_alloc(PROBE_READ_BYTES);
    memcpy(p->salt, options->salt, sizeof(p->salt));
    for (size_t i = 0; i < options->source_count; i++)
        p->sources[options->sources[i].sa.sa_family == AF_INET6] = options->sources[i];
    for (size_t i = 0; i < PROBE_WAITS; i++)
        list_init(&p->waiting[i]);
    p->rounds[ROUND_FAST].interval_ns = options->fast_interval_ns;
    p->rounds[ROUND_SLOW].interval_ns = options->fast_interval_ns * PROBER_SLOW_FACTOR;
    for (int i = 0; i < ROUNDS; i++)
        p->rounds[i].begin_ns = time_monotonic_ns();
    p->tick.on_time = on_tick;
    p->tick.user = p;
    enum err e = open_resolver(p, options, ec);
    if (e == ERR_OK)
        e = open_tls(p, options, ec);
    if (e != ERR_OK) {
        prober_free(p);
        return e;
    }
    *out = p;
    return ERR_OK;
}

void prober_free(struct prober *p)
{
    if (p == NULL)
        return;
    loop_timer_stop(&p->tick);
    for (size_t i = 0; i < p->target_count; i++)
        target_free(p->targets[i]);
    resolver_free(p->resolver);
    for (size_t i = 0; i < ARRAY_LEN(p->tls); i++)
        net_tls_free(p->tls[i]);
    for (int i = 0; i < ROUNDS; i++)
        free(p->rounds[i].turns);
    health_plan_unref(p->plan);
    free(p->targets);
    free(p->input);
    free(p);
}
