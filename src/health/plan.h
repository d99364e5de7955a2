// SPDX-License-Identifier: Apache-2.0
// The health checks and checkers of one root: what checkers probe, what name servers decide.
// Loaded by builder threads, in trials, and by control; read by the main thread of a role.
#ifndef HEALTH_PLAN_H
#define HEALTH_PLAN_H

#include "health/vote_table.h"
#include "release/health_check.h"

/** One check of a plan. */
struct plan_check {
    struct check_id id;
    const struct release_health_check *check;
    uint32_t *children; /* CALCULATED: places in `checks`; those that are not there are left out */
    size_t child_count;
    struct slice encoded; /* as in the release, to tell what changed */
};

/**
 * Owner: counted references (plan_ref, plan_unref), by any thread. Unchanged once loaded.
 */
struct health_plan {
    _Atomic unsigned refs;
    struct arena arena;
    struct chunk_hash checks_trie; /* the top chunks that it was made of */
    struct chunk_hash checkers_trie;
    struct plan_check *checks; /* sorted by id */
    size_t check_count;
    uint32_t *order; /* places of all checks, children before those that ask them; of a circle,
                        which control refuses, the rest in any order */
    struct release_checker *checkers; /* sorted by node id */
    size_t checker_count;
};

/**
 * The plan of a root, with one reference: `before` itself (NULL at first) where it was made of the
 * same tries. Errors: the source's, ERR_CORRUPT.
 */
enum err health_plan_load(const struct release_root *root, const struct chunk_source *source,
                          struct health_plan *before, struct health_plan **out, struct errctx *ec)
    MUST_USE;
struct health_plan *health_plan_ref(struct health_plan *p);
void health_plan_unref(struct health_plan *p); /* NULL is fine */

/** The check's place, or -1. */
ptrdiff_t health_plan_find(const struct health_plan *p, const struct check_id *id);

#endif
