// SPDX-License-Identifier: Apache-2.0
// Up to which version changes are in sync, by the roles that they concern, and which versions
// older stable roots had. Pure; called by the core, on the rollout's thread.
#include "base/check.h"
#include "control/rollout/core_priv.h"

#include <string.h>

/** The stable version whose content the node serves; 0 where we do not know. */
static uint64_t applied_version(const struct core *c, const struct roster_node *n)
{
    if (core_is_offered(c) && core_has_applied(n, &c->candidate.root))
        return c->stable.version;
    for (size_t i = c->lineage_count; i > 0; i--) {
        if (core_has_applied(n, &c->lineage[i - 1].root))
            return c->lineage[i - 1].version;
    }
    return 0;
}

/** A root that counts as stable already while it is not yet. */
struct next_stable {
    const struct core_release *release; /* NULL: none */
    bool is_alone; /* it alone counts, as what nodes run besides it holds back more */
};

/** The least version that all nodes of one role have applied; 0: there is none. */
static uint64_t least_applied(const struct core *c, int64_t now_ns, unsigned role,
                              struct next_stable next)
{
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if ((n->serves & role) == 0 || !roster_counts(n, now_ns, c->limits.insync_heard_ns))
            continue;
        uint64_t version = 0;
        if (next.release != NULL && core_has_applied(n, &next.release->root))
            version = next.release->version;
        else if (!next.is_alone)
            version = applied_version(c, n);
        least = version < least ? version : least;
    }
    return least == UINT64_MAX ? 0 : least;
}

static void find_insync(const struct core *c, int64_t now_ns, struct next_stable next,
                        struct store_insync *out)
{
    uint64_t by_role[STORE_ROLE_COUNT];
    *out = (struct store_insync){0};
    if (!core_has_settled(c, now_ns))
        return;
    for (unsigned i = 0; i < STORE_ROLE_COUNT; i++)
        by_role[i] = least_applied(c, now_ns, 1u << i, next);
    for (unsigned set = 1; set < STORE_ROLE_SETS; set++) {
        uint64_t least = UINT64_MAX;
        for (unsigned i = 0; i < STORE_ROLE_COUNT; i++) {
            if ((set & 1u << i) != 0 && by_role[i] < least)
                least = by_role[i];
        }
        out->upto[set] = least;
    }
}

void core_insync_now(const struct core *c, int64_t now_ns, struct store_insync *out)
{
    find_insync(c, now_ns, (struct next_stable){0}, out);
}

void core_insync_with_candidate(const struct core *c, int64_t now_ns, struct store_insync *out)
{
    find_insync(c, now_ns, (struct next_stable){&c->candidate, c->candidate_frees}, out);
}

bool core_insync_rises(const struct core *c, const struct store_insync *insync)
{
    for (unsigned set = 1; set < STORE_ROLE_SETS; set++) {
        if (insync->upto[set] > c->insync.upto[set])
            return true;
    }
    return false;
}

void core_insync_done(struct core *c, const struct store_insync *insync)
{
    for (unsigned set = 1; set < STORE_ROLE_SETS; set++) {
        if (insync->upto[set] > c->insync.upto[set])
            c->insync.upto[set] = insync->upto[set];
    }
}

uint64_t core_insync_version(const struct core *c, int64_t now_ns)
{
    unsigned roles = 0;
    for (size_t i = 0; i < c->roster.count; i++) {
        const struct roster_node *n = c->roster.nodes[i];
        if (roster_counts(n, now_ns, c->limits.insync_heard_ns))
            roles |= n->serves;
    }
    return c->insync.upto[roles];
}

void core_lineage_add(struct core *c, const struct core_release *release)
{
    if (c->lineage_count == ROLLOUT_LINEAGE_MAX) {
        memmove(&c->lineage[0], &c->lineage[1], (ROLLOUT_LINEAGE_MAX - 1) * sizeof(c->lineage[0]));
        c->lineage_count--;
    }
    c->lineage[c->lineage_count++] = *release;
}

void core_lineage_restart(struct core *c)
{
    c->lineage_count = 0;
    c->insync = (struct store_insync){0};
    core_lineage_add(c, &c->stable);
}
