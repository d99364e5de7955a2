// SPDX-License-Identifier: Apache-2.0
// What a rollout does next. Pure; called by the rollout's thread and by tests that simulate hours.
#include "control/rollout/core.h"

#include "base/check.h"

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

/* ---- which nodes */

static bool counts(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    return roster_counts(n, now_ns, c->limits.heard_ns);
}

/** Whether any counted node serves something already. */
static bool any_serves(const struct core *c, int64_t now_ns)
{
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (counts(c, n, now_ns) && !chunk_hash_is_zero(&n->applied))
            return true;
    }
    return false;
}

/**
 * The next counted node from *cursor on, or NULL. A node that serves nothing yet, and may take
 * minutes to fetch its first release, counts only where none serves anything.
 */
static const struct roster_node *next_counted(const struct core *c, int64_t now_ns, bool must_serve,
                                              size_t *cursor)
{
    while (*cursor < c->roster.count) {
        const struct roster_node *n = c->roster.nodes[(*cursor)++];
        if (counts(c, n, now_ns) && !(must_serve && chunk_hash_is_zero(&n->applied)))
            return n;
    }
    return NULL;
}

size_t core_counted(const struct core *c, int64_t now_ns)
{
    bool must_serve = any_serves(c, now_ns);
    size_t count = 0;
    size_t cursor = 0;
    while (next_counted(c, now_ns, must_serve, &cursor) != NULL)
        count++;
    return count;
}

static const struct roster_node *first_counted(const struct core *c, int64_t now_ns)
{
    size_t cursor = 0;
    return next_counted(c, now_ns, any_serves(c, now_ns), &cursor);
}

/** Whether every admitted node was heard since this control leads, or had its time. */
static bool has_settled(const struct core *c, int64_t now_ns)
{
    if (now_ns - c->leader_since_ns >= c->limits.settle_ns)
        return true;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (n->state == STORE_NODE_ADMITTED && !n->is_heard)
            return false;
    }
    return true;
}

/* ---- verdicts */

/**
 * Whether the node's rejection of this root counts. A report may still carry a rejection from
 * before the offer while the node tries again: that one counts only once it is repeated.
 */
static bool rejects(const struct core *c, const struct roster_node *n,
                    const struct chunk_hash *root, struct position offered, int64_t now_ns)
{
    if (!chunk_hash_equal(&n->rejected, root) || position_compare(n->at, offered) < 0)
        return false;
    return position_compare(n->rejected_at, offered) >= 0 ||
           now_ns - n->at_since_ns >= c->limits.old_verdict_ns;
}

static bool has_applied(const struct roster_node *n, const struct chunk_hash *root)
{
    return chunk_hash_equal(&n->applied, root);
}

static bool has_tried(const struct roster_node *n, const struct chunk_hash *root)
{
    return chunk_hash_equal(&n->tried, root) || has_applied(n, root);
}

/** Whether the node had its time to say something about the candidate. */
static bool is_overdue(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    int64_t since_ns =
        n->heard_since_ns > c->phase_since_ns ? n->heard_since_ns : c->phase_since_ns;
    return !chunk_hash_is_zero(&n->applied) && now_ns - since_ns >= c->limits.verdict_ns;
}

/** Whether any counted node serves the stable root. */
static bool any_runs_stable(const struct core *c, int64_t now_ns)
{
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (counts(c, n, now_ns) && has_applied(n, &c->stable.root))
            return true;
    }
    return false;
}

/** Whether the node was seen to run this root, or to have it tried. */
static bool has_run(const struct roster_node *n, const struct chunk_hash *root)
{
    return has_tried(n, root) || chunk_hash_equal(&n->applied_before, root);
}

/**
 * Whether the node crashed on the stable root: it rejects what it ran. A node that could never run
 * it (its trial there failed) rolls nobody back. Where it rejected the root before this control
 * came, it is believed if no node serves that root.
 */
static bool crashed_on_stable(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    const struct chunk_hash *root = &c->stable.root;
    if (!counts(c, n, now_ns) || !rejects(c, n, root, c->stable_offered, now_ns))
        return false;
    if (has_run(n, root))
        return true;
    return n->was_rejected_from_start && has_settled(c, now_ns) && !any_runs_stable(c, now_ns);
}

/** Whether the node says the same: it rejects the stable root, and may have run it. */
static bool confirms_crash(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    const struct chunk_hash *root = &c->stable.root;
    return counts(c, n, now_ns) && rejects(c, n, root, c->stable_offered, now_ns) &&
           (has_run(n, root) || n->was_rejected_from_start);
}

static bool is_offered(const struct core *c)
{
    return c->phase == CORE_TRY || c->phase == CORE_WAVE;
}

/** Whether the node has proven stable, or the candidate, which it runs in place of it. */
static bool has_proven(const struct core *c, const struct roster_node *n)
{
    return chunk_hash_equal(&n->proven, &c->stable.root) ||
           (is_offered(c) && chunk_hash_equal(&n->proven, &c->candidate.root));
}

/**
 * Whether the node has proven the stable root, or may have: it was not heard yet by a control that
 * came a short time ago. What it last said holds for as long as INSYNC waits for it.
 */
static bool may_have_proven(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    int64_t within_ns = c->limits.insync_heard_ns;
    if (n->state == STORE_NODE_ADMITTED && !n->is_heard)
        return now_ns - c->leader_since_ns < within_ns;
    return roster_counts(n, now_ns, within_ns) && has_proven(c, n);
}

/**
 * Whether the fleet goes back on this node's word. Against a root that another node has proven two
 * must say so, as one alone may have a fault of its own, or lie.
 */
static bool is_believed(const struct core *c, const struct roster_node *crashed, int64_t now_ns)
{
    bool is_proven = false;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (n == crashed)
            continue;
        if (confirms_crash(c, n, now_ns))
            return true;
        is_proven = is_proven || may_have_proven(c, n, now_ns);
    }
    return !is_proven;
}

bool core_rejects_stable(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    return c->is_leader && roster_counts(n, now_ns, c->limits.insync_heard_ns) &&
           rejects(c, n, &c->stable.root, c->stable_offered, now_ns);
}

/* ---- INSYNC */

/** The stable version whose content the node serves; 0 where we do not know. */
static uint64_t applied_version(const struct core *c, const struct roster_node *n)
{
    if (is_offered(c) && has_applied(n, &c->candidate.root))
        return c->stable.version;
    for (size_t i = c->lineage_count; i > 0; i--) {
        if (has_applied(n, &c->lineage[i - 1].root))
            return c->lineage[i - 1].version;
    }
    return 0;
}

/**
 * The least version that all nodes waited for have applied; 0: none, or who is there is not known
 * yet.
 * next      where not NULL, it counts as stable already
 * is_alone  only `next`, as what nodes run besides it holds back more
 */
static uint64_t insync_version(const struct core *c, int64_t now_ns,
                               const struct core_release *next, bool is_alone)
{
    uint64_t least = UINT64_MAX;
    if (!has_settled(c, now_ns))
        return 0;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (!roster_counts(n, now_ns, c->limits.insync_heard_ns))
            continue;
        uint64_t version = 0;
        if (next != NULL && has_applied(n, &next->root))
            version = next->version;
        else if (!is_alone)
            version = applied_version(c, n);
        least = version < least ? version : least;
    }
    return least == UINT64_MAX ? 0 : least;
}

static void lineage_add(struct core *c, const struct core_release *release)
{
    if (c->lineage_count == ROLLOUT_LINEAGE_MAX) {
        memmove(&c->lineage[0], &c->lineage[1], (ROLLOUT_LINEAGE_MAX - 1) * sizeof(c->lineage[0]));
        c->lineage_count--;
    }
    c->lineage[c->lineage_count++] = *release;
}

/** Older roots no longer tell what is in sync. */
static void lineage_restart(struct core *c)
{
    c->lineage_count = 0;
    c->insync_version = 0;
    lineage_add(c, &c->stable);
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
        if (!crashed_on_stable(c, n, now_ns) || !is_believed(c, n, now_ns))
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
    bool must_serve = any_serves(c, now_ns);
    size_t cursor = 0;
    const struct roster_node *n;
    while ((n = next_counted(c, now_ns, must_serve, &cursor)) != NULL) {
        bool is_late = c->phase == CORE_TRY
                           ? !has_tried(n, &c->candidate.root)
                           : strcmp(n->id, c->wave) == 0 && !has_applied(n, &c->candidate.root);
        if (rejects(c, n, &c->candidate.root, c->offered, now_ns))
            set_reason(out, n, n->reason);
        else if (is_late && is_overdue(c, n, now_ns))
            set_reason(out, n, "no verdict in time");
        else
            continue;
        out->kind = CORE_WITHDRAW;
        out->version = version_to_hold(c);
        return true;
    }
    return false;
}

static void offer_to(const struct roster_node *n, struct core_action *out)
{
    out->kind = CORE_OFFER;
    if (n != NULL)
        memcpy(out->wave, n->id, sizeof(out->wave));
}

static void next_in_ready(const struct core *c, int64_t now_ns, struct core_action *out)
{
    size_t counted = core_counted(c, now_ns);
    if (chunk_hash_equal(&c->candidate.root, &c->stable.root)) {
        out->kind = CORE_CARRY;
        out->version = c->candidate.version;
        out->insync_version = insync_version(c, now_ns, &c->candidate, c->candidate_frees);
    } else if (counted > 0) {
        offer_to(counted == 1 ? first_counted(c, now_ns) : NULL, out);
    }
}

static void next_in_try(const struct core *c, int64_t now_ns, struct core_action *out)
{
    bool must_serve = any_serves(c, now_ns);
    size_t cursor = 0;
    const struct roster_node *first = NULL;
    const struct roster_node *n;
    while ((n = next_counted(c, now_ns, must_serve, &cursor)) != NULL) {
        if (!has_tried(n, &c->candidate.root))
            return;
        first = first == NULL ? n : first;
    }
    if (first != NULL)
        offer_to(first, out);
}

static void next_in_wave(const struct core *c, int64_t now_ns, struct core_action *out)
{
    const struct roster_node *n = roster_get(&c->roster, c->wave);
    if (n == NULL || !counts(c, n, now_ns)) {
        const struct roster_node *other = first_counted(c, now_ns);
        if (other != NULL)
            offer_to(other, out);
    } else if (has_applied(n, &c->candidate.root)) {
        out->kind = CORE_PROMOTE;
        out->version = c->candidate.version;
        out->insync_version = insync_version(c, now_ns, &c->candidate, c->candidate_frees);
    }
}

/** At once where the last candidate is long ago, and someone is there to try it. */
static void next_cut(const struct core *c, int64_t now_ns, struct core_action *out)
{
    if (c->newest_version <= c->stable.version || core_counted(c, now_ns) == 0)
        return;
    int64_t from_ns = c->offered_at_ns == 0 ? now_ns : c->offered_at_ns + c->limits.cut_gap_ns;
    if (!has_settled(c, now_ns))
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
    uint64_t insync = insync_version(c, now_ns, NULL, false);
    if (c->phase == CORE_IDLE && insync > c->insync_version) {
        out->kind = CORE_INSYNC;
        out->insync_version = insync;
        return;
    }
    next_of_phase(c, now_ns, out);
    if (out->kind == CORE_NOTHING && insync > c->insync_version) {
        out->kind = CORE_INSYNC;
        out->insync_version = insync;
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
    lineage_restart(c);
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
    c->phase = action->wave[0] == '\0' ? CORE_TRY : CORE_WAVE;
    c->phase_since_ns = now_ns;
    memcpy(c->wave, action->wave, sizeof(c->wave));
}

static void done_promote(struct core *c)
{
    c->stable = c->candidate;
    c->stable_offered = c->offered;
    c->has_no_way_back = false;
    c->phase = CORE_IDLE;
    if (c->candidate_frees)
        lineage_restart(c);
    else
        lineage_add(c, &c->stable);
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
        lineage_restart(c);
    pass_version(c, action->version);
}

static void done_rollback(struct core *c, const struct core_action *action)
{
    core_refuse_root(c, &c->stable.root, action->reason);
    c->phase = CORE_IDLE;
    c->stable.root = action->root;
    c->stable_offered = c->published;
    lineage_restart(c);
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
    if (action->insync_version > c->insync_version)
        c->insync_version = action->insync_version;
}

void core_no_way_back(struct core *c)
{
    c->has_no_way_back = true;
}
