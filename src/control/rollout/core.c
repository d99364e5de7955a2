// SPDX-License-Identifier: Apache-2.0
// What a rollout does next. Pure; called by the rollout's thread and by tests that simulate hours.
#include "control/rollout/core.h"

#include "base/check.h"
#include "control/rollout/core_priv.h"

#include <stdio.h>
#include <string.h>

void core_init(struct core *c, const struct core_limits *limits)
{
    *c = (struct core){.limits = *limits};
    roster_init(&c->roster);
}

void core_fini(struct core *c)
{
    roster_fini(&c->roster);
}

/** Stable's content goes up to here now, its root is the same. */
static void pass_version(struct core *c, uint64_t version)
{
    CHECK(version >= c->stable.version && c->lineage_count > 0);
    c->stable.version = version;
    c->lineage[c->lineage_count - 1].version = version;
    if (c->stable.version >= c->split_version) {
        c->split_version = 0;
        c->rejected = (struct core_refusals){0};
    }
}

/* ---- refused roots */

static void refusals_add(struct core_refusals *r, const struct chunk_hash *root, const char *reason)
{
    struct core_refusal *item = &r->items[r->next];
    item->root = *root;
    (void)snprintf(item->reason, sizeof(item->reason), "%s", reason);
    r->next = (r->next + 1) % ROLLOUT_REFUSED_MAX;
    r->count = min_size(r->count + 1, ROLLOUT_REFUSED_MAX);
}

static const struct core_refusal *refusals_find(const struct core_refusals *r,
                                                const struct chunk_hash *root)
{
    for (size_t i = 0; i < r->count; i++) {
        if (chunk_hash_equal(&r->items[i].root, root))
            return &r->items[i];
    }
    return NULL;
}

void core_refuse_root(struct core *c, const struct chunk_hash *root, const char *reason)
{
    if (refusals_find(&c->crashed, root) == NULL)
        refusals_add(&c->crashed, root, reason);
}

/* ---- what next */

static void set_reason(struct core_action *out, const struct roster_node *n, const char *why)
{
    int len = snprintf(out->reason, sizeof(out->reason), "rejected by node %s: %s", n->id, why);
    CHECK(len > 0); /* a long one is cut */
}

/** Whether the content under way is a single version: then it is held, else split. */
static uint64_t version_to_hold(const struct core *c)
{
    return c->candidate.version == c->stable.version + 1 ? c->candidate.version : 0;
}

static bool next_rollback(const struct core *c, int64_t now_ns, struct core_action *out)
{
    for (size_t i = 0; i < c->roster.count && !c->has_no_way_back; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (!core_crashed_on_stable(c, n, now_ns) || !core_is_believed(c, n, now_ns))
            continue;
        out->kind = CORE_ROLLBACK;
        out->root = n->proven;
        set_reason(out, n, n->reason);
        return true;
    }
    return false;
}

static bool next_withdraw(const struct core *c, int64_t now_ns, struct core_action *out)
{
    struct core_asked asked = core_asked_begin(c, now_ns);
    const struct roster_node *n;
    while ((n = core_asked_next(&asked)) != NULL) {
        bool is_late = c->phase == CORE_TRY ? !core_has_tried(n, &c->candidate.root)
                                            : core_wave_has(&c->wave, n->id) &&
                                                  !core_has_applied(n, &c->candidate.root);
        if (core_rejects(c, n, &c->candidate.root, c->offered, now_ns))
            set_reason(out, n, n->reason);
        else if (is_late && core_is_overdue(c, n, now_ns))
            set_reason(out, n, "no verdict in time");
        else
            continue;
        out->kind = CORE_WITHDRAW;
        out->version = version_to_hold(c);
        return true;
    }
    return false;
}

/** To a wave, where there is a node to run it. */
static void offer_to_wave(const struct core *c, int64_t now_ns, struct core_action *out)
{
    core_wave_choose(c, now_ns, &out->wave);
    if (out->wave.count > 0)
        out->kind = CORE_OFFER;
}

static void next_in_ready(const struct core *c, int64_t now_ns, struct core_action *out)
{
    size_t counted = core_counted(c, now_ns);
    if (chunk_hash_equal(&c->candidate.root, &c->stable.root)) {
        out->kind = CORE_CARRY;
        out->version = c->candidate.version;
        core_insync_with_candidate(c, now_ns, &out->insync);
    } else if (counted == 1) {
        offer_to_wave(c, now_ns, out);
    } else if (counted > 1) {
        out->kind = CORE_OFFER;
    }
}

static void next_in_try(const struct core *c, int64_t now_ns, struct core_action *out)
{
    struct core_asked asked = core_asked_begin(c, now_ns);
    const struct roster_node *n;
    while ((n = core_asked_next(&asked)) != NULL) {
        if (!core_has_tried(n, &c->candidate.root))
            return;
    }
    offer_to_wave(c, now_ns, out);
}

static void next_in_wave(const struct core *c, int64_t now_ns, struct core_action *out)
{
    for (size_t i = 0; i < c->wave.count; i++) {
        const struct roster_node *n = roster_get(&c->roster, c->wave.ids[i]);
        if (n == NULL || !core_is_asked(c, n, now_ns)) {
            offer_to_wave(c, now_ns, out);
            return;
        }
        if (!core_has_applied(n, &c->candidate.root))
            return;
    }
    out->kind = CORE_PROMOTE;
    out->version = c->candidate.version;
    core_insync_with_candidate(c, now_ns, &out->insync);
}

/** At once where the last candidate is long ago, and someone is there to try it. */
static void next_cut(const struct core *c, int64_t now_ns, struct core_action *out)
{
    if (c->newest_version <= c->stable.version || core_counted(c, now_ns) == 0)
        return;
    int64_t from_ns = c->offered_at_ns == 0 ? now_ns : c->offered_at_ns + c->limits.cut_gap_ns;
    if (!core_has_settled(c, now_ns))
        from_ns = c->leader_since_ns + c->limits.settle_ns;
    if (now_ns < from_ns) {
        out->at_ns = from_ns;
        return;
    }
    out->kind = CORE_CUT;
    out->version = c->split_version > 0 ? c->stable.version + 1 : c->newest_version;
}

static void next_of_phase(const struct core *c, int64_t now_ns, struct core_action *out)
{
    switch (c->phase) {
    case CORE_IDLE:
        next_cut(c, now_ns, out);
        break;
    case CORE_READY:
        next_in_ready(c, now_ns, out);
        break;
    case CORE_TRY:
        if (!next_withdraw(c, now_ns, out))
            next_in_try(c, now_ns, out);
        break;
    case CORE_WAVE:
        if (!next_withdraw(c, now_ns, out))
            next_in_wave(c, now_ns, out);
        break;
    case CORE_REFUSED:
        out->kind = CORE_HOLD;
        out->version = c->candidate.version;
        memcpy(out->reason, c->reason, sizeof(out->reason));
        break;
    }
}

void core_next(const struct core *c, int64_t now_ns, struct core_action *out)
{
    *out = (struct core_action){.kind = CORE_NOTHING, .at_ns = INT64_MAX};
    if (!c->is_leader || core_is_behind(c) || next_rollback(c, now_ns, out))
        return;
    if (c->published.sequence > 0 && c->published.epoch != c->epoch) {
        out->kind = CORE_RENEW;
        return;
    }
    struct store_insync insync;
    core_insync_now(c, now_ns, &insync);
    bool rises = core_insync_rises(c, &insync);
    if (!rises || c->phase != CORE_IDLE)
        next_of_phase(c, now_ns, out);
    if (rises && out->kind == CORE_NOTHING) {
        out->kind = CORE_INSYNC;
        out->insync = insync;
    }
}

/* ---- events */

void core_lead(struct core *c, const struct core_start *start, int64_t now_ns)
{
    CHECK(!chunk_hash_is_zero(&start->stable.root));
    c->is_leader = true;
    c->leader_since_ns = now_ns;
    c->epoch = start->epoch;
    c->published = start->published;
    c->newest_version = start->newest_version;
    c->stable = start->stable;
    c->stable_offered = (struct position){0};
    c->has_no_way_back = false;
    c->phase = CORE_IDLE;
    c->split_version = 0;
    c->rejected = (struct core_refusals){0};
    core_lineage_restart(c);
}

void core_unlead(struct core *c)
{
    c->is_leader = false;
    c->phase = CORE_IDLE;
}

void core_see_version(struct core *c, uint64_t version)
{
    if (version > c->newest_version)
        c->newest_version = version;
}

void core_hear(struct core *c, struct roster_node *n, const struct release_report *report,
               int64_t now_ns)
{
    roster_hear(n, report, now_ns, c->limits.heard_ns);
}

/** Whether what the node reports can stop us: a cordon takes that from one that lies. */
static bool is_trusted(const struct roster_node *n)
{
    return n->is_heard && (n->state == STORE_NODE_ADMITTED || n->state == STORE_NODE_DRAINING);
}

const struct roster_node *core_ahead(const struct core *c)
{
    const struct roster_node *ahead = NULL;
    struct position newest = c->published;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (!is_trusted(n) || position_compare(n->at, newest) <= 0)
            continue;
        ahead = n;
        newest = n->at;
    }
    return ahead;
}

bool core_is_behind(const struct core *c)
{
    return core_ahead(c) != NULL;
}

void core_cut(struct core *c, const struct core_release *candidate, bool frees)
{
    CHECK(c->phase == CORE_IDLE && candidate->version > c->stable.version);
    c->phase = CORE_READY;
    c->candidate = *candidate;
    c->candidate_frees = frees;
    if (chunk_hash_equal(&candidate->root, &c->stable.root))
        return;
    const struct core_refusal *known = refusals_find(&c->crashed, &candidate->root);
    if (known == NULL)
        known = refusals_find(&c->rejected, &candidate->root);
    if (known != NULL) {
        c->phase = CORE_IDLE;
        core_refuse(c, candidate->version, known->reason);
    }
}

void core_refuse(struct core *c, uint64_t version, const char *reason)
{
    CHECK(c->phase == CORE_IDLE && version > c->stable.version);
    c->candidate = (struct core_release){.version = version};
    if (version_to_hold(c) == 0) {
        c->split_version = version;
        return;
    }
    c->phase = CORE_REFUSED;
    (void)snprintf(c->reason, sizeof(c->reason), "%s", reason);
}

static void done_offer(struct core *c, const struct core_action *action, int64_t now_ns)
{
    if (c->phase == CORE_READY) {
        c->offered = c->published;
        c->offered_at_ns = now_ns;
    }
    c->phase = action->wave.count == 0 ? CORE_TRY : CORE_WAVE;
    c->phase_since_ns = now_ns;
    c->wave = action->wave;
}

static void done_promote(struct core *c)
{
    c->stable = c->candidate;
    c->stable_offered = c->offered;
    c->has_no_way_back = false;
    c->phase = CORE_IDLE;
    if (c->candidate_frees)
        core_lineage_restart(c);
    else
        core_lineage_add(c, &c->stable);
    pass_version(c, c->stable.version);
}

static void done_withdraw(struct core *c, const struct core_action *action)
{
    c->phase = CORE_IDLE;
    if (action->version > 0) {
        pass_version(c, action->version);
        return;
    }
    c->split_version = c->candidate.version;
    refusals_add(&c->rejected, &c->candidate.root, action->reason);
}

static void done_carry(struct core *c, const struct core_action *action)
{
    c->phase = CORE_IDLE;
    if (c->candidate_frees)
        core_lineage_restart(c);
    pass_version(c, action->version);
}

static void done_rollback(struct core *c, const struct core_action *action)
{
    core_refuse_root(c, &c->stable.root, action->reason);
    c->phase = CORE_IDLE;
    c->stable.root = action->root;
    c->stable_offered = c->published;
    core_lineage_restart(c);
}

void core_done(struct core *c, const struct core_action *action, int64_t now_ns)
{
    bool is_publication = action->kind == CORE_OFFER || action->kind == CORE_PROMOTE ||
                          action->kind == CORE_WITHDRAW || action->kind == CORE_ROLLBACK ||
                          action->kind == CORE_RENEW;
    if (is_publication)
        c->published = (struct position){c->epoch, c->published.sequence + 1};
    switch (action->kind) {
    case CORE_NOTHING:
    case CORE_CUT:
    case CORE_RENEW:
    case CORE_INSYNC:
        break;
    case CORE_CARRY:
        done_carry(c, action);
        break;
    case CORE_OFFER:
        done_offer(c, action, now_ns);
        break;
    case CORE_PROMOTE:
        done_promote(c);
        break;
    case CORE_WITHDRAW:
        done_withdraw(c, action);
        break;
    case CORE_HOLD:
        c->phase = CORE_IDLE;
        pass_version(c, action->version);
        break;
    case CORE_ROLLBACK:
        done_rollback(c, action);
        break;
    }
    core_insync_done(c, &action->insync);
}

void core_no_way_back(struct core *c)
{
    c->has_no_way_back = true;
}
