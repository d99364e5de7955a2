// SPDX-License-Identifier: Apache-2.0
// The nodes in the core's decisions: who is asked about a candidate, who runs it first, whose word
// counts. Pure; called by the core, on the rollout's thread.
#include "base/check.h"
#include "control/rollout/core_priv.h"

#include <string.h>

/* ---- which nodes */

bool core_counts(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    return roster_counts(n, now_ns, c->limits.heard_ns);
}

static bool is_asked(const struct core_asked *asked, const struct roster_node *n)
{
    const struct core *c = asked->core;
    return core_counts(c, n, asked->now_ns) &&
           !(asked->must_serve && chunk_hash_is_zero(&n->applied)) &&
           !(asked->must_accept &&
             core_rejects(c, n, &c->stable.root, c->stable_offered, asked->now_ns));
}

static bool any_is_asked(const struct core_asked *asked)
{
    const struct roster *roster = &asked->core->roster;
    for (size_t i = 0; i < roster->count; i++) {
        if (is_asked(asked, roster->nodes[i]))
            return true;
    }
    return false;
}

struct core_asked core_asked_begin(const struct core *c, int64_t now_ns)
{
    struct core_asked asked = {.core = c, .now_ns = now_ns, .must_serve = true};
    asked.must_serve = any_is_asked(&asked);
    asked.must_accept = true;
    asked.must_accept = any_is_asked(&asked);
    return asked;
}

const struct roster_node *core_asked_next(struct core_asked *asked)
{
    const struct roster *roster = &asked->core->roster;
    while (asked->cursor < roster->count) {
        const struct roster_node *n = roster->nodes[asked->cursor++];
        if (is_asked(asked, n))
            return n;
    }
    return NULL;
}

bool core_is_asked(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    struct core_asked asked = core_asked_begin(c, now_ns);
    return is_asked(&asked, n);
}

size_t core_counted(const struct core *c, int64_t now_ns)
{
    size_t count = 0;
    struct core_asked asked = core_asked_begin(c, now_ns);
    while (core_asked_next(&asked) != NULL)
        count++;
    return count;
}

/* ---- waves */

bool core_wave_has(const struct core_wave *wave, const char *node_id)
{
    for (size_t i = 0; i < wave->count; i++) {
        if (strcmp(wave->ids[i], node_id) == 0)
            return true;
    }
    return false;
}

/** The first node asked that runs all of these roles, or NULL. */
static const struct roster_node *first_with(const struct core *c, int64_t now_ns, unsigned roles)
{
    struct core_asked asked = core_asked_begin(c, now_ns);
    const struct roster_node *n;
    while ((n = core_asked_next(&asked)) != NULL) {
        if ((n->serves & roles) == roles)
            return n;
    }
    return NULL;
}

static void wave_add(struct core_wave *wave, const struct roster_node *n)
{
    CHECK(n != NULL && wave->count < ARRAY_LEN(wave->ids));
    memcpy(wave->ids[wave->count++], n->id, sizeof(n->id));
}

void core_wave_choose(const struct core *c, int64_t now_ns, struct core_wave *out)
{
    unsigned roles = 0;
    struct core_asked asked = core_asked_begin(c, now_ns);
    const struct roster_node *n;
    while ((n = core_asked_next(&asked)) != NULL)
        roles |= n->serves;
    *out = (struct core_wave){0};
    n = roles == 0 ? NULL : first_with(c, now_ns, roles);
    if (n != NULL) {
        wave_add(out, n);
        return;
    }
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++) {
        if ((roles & 1u << i) != 0)
            wave_add(out, first_with(c, now_ns, 1u << i));
    }
}

bool core_has_settled(const struct core *c, int64_t now_ns)
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

bool core_rejects(const struct core *c, const struct roster_node *n, const struct chunk_hash *root,
                  struct position offered, int64_t now_ns)
{
    if (!chunk_hash_equal(&n->rejected, root) || position_compare(n->at, offered) < 0)
        return false;
    return position_compare(n->rejected_at, offered) >= 0 ||
           now_ns - n->at_since_ns >= c->limits.old_verdict_ns;
}

bool core_has_applied(const struct roster_node *n, const struct chunk_hash *root)
{
    return chunk_hash_equal(&n->applied, root);
}

bool core_has_tried(const struct roster_node *n, const struct chunk_hash *root)
{
    return chunk_hash_equal(&n->tried, root) || core_has_applied(n, root);
}

bool core_is_overdue(const struct core *c, const struct roster_node *n, int64_t now_ns)
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
        if (core_counts(c, n, now_ns) && core_has_applied(n, &c->stable.root))
            return true;
    }
    return false;
}

/** Whether the node was seen to run this root, or to have it tried. */
static bool has_run(const struct roster_node *n, const struct chunk_hash *root)
{
    return core_has_tried(n, root) || chunk_hash_equal(&n->applied_before, root);
}

bool core_crashed_on_stable(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    const struct chunk_hash *root = &c->stable.root;
    if (!core_counts(c, n, now_ns) || !core_rejects(c, n, root, c->stable_offered, now_ns))
        return false;
    if (has_run(n, root))
        return true;
    return n->was_rejected_from_start && core_has_settled(c, now_ns) && !any_runs_stable(c, now_ns);
}

/** Whether the node says the same: it rejects the stable root, and may have run it. */
static bool confirms_crash(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    const struct chunk_hash *root = &c->stable.root;
    return core_counts(c, n, now_ns) && core_rejects(c, n, root, c->stable_offered, now_ns) &&
           (has_run(n, root) || n->was_rejected_from_start);
}

bool core_is_offered(const struct core *c)
{
    return c->phase == CORE_TRY || c->phase == CORE_WAVE;
}

/** Whether the node has proven stable, or the candidate, which it runs in place of it. */
static bool has_proven(const struct core *c, const struct roster_node *n)
{
    return chunk_hash_equal(&n->proven, &c->stable.root) ||
           (core_is_offered(c) && chunk_hash_equal(&n->proven, &c->candidate.root));
}

/**
 * Whether the node has proven the stable root for these roles, or may have: it was not heard yet by
 * a control that came a short time ago. What it last said holds for as long as INSYNC waits for it.
 */
static bool may_have_proven(const struct core *c, const struct roster_node *n, unsigned roles,
                            int64_t now_ns)
{
    int64_t within_ns = c->limits.insync_heard_ns;
    if (n->state == STORE_NODE_ADMITTED && !n->is_heard)
        return now_ns - c->leader_since_ns < within_ns;
    return roster_counts(n, now_ns, within_ns) && (n->serves & roles) == roles && has_proven(c, n);
}

bool core_is_believed(const struct core *c, const struct roster_node *crashed, int64_t now_ns)
{
    bool is_proven = false;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (n == crashed)
            continue;
        if (confirms_crash(c, n, now_ns))
            return true;
        is_proven = is_proven || may_have_proven(c, n, crashed->serves, now_ns);
    }
    return !is_proven;
}

bool core_rejects_stable(const struct core *c, const struct roster_node *n, int64_t now_ns)
{
    return c->is_leader && roster_counts(n, now_ns, c->limits.insync_heard_ns) &&
           core_rejects(c, n, &c->stable.root, c->stable_offered, now_ns);
}
