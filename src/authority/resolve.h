// SPDX-License-Identifier: Apache-2.0
// From a record set to the records that one client gets: over aliases, groups that share a routing
// policy, and trees of both, with the health of their branches. Called by the stages of an answer,
// on every thread that answers; no lock, no allocation.
#ifndef AUTHORITY_RESOLVE_H
#define AUTHORITY_RESOLVE_H

#include "authority/limits.h"
#include "authority/scene.h"
#include "authority/trace.h"
#include "authority/tree_record.h"

/**
 * What one query found of aliases that lead to trees, by where they lie: a tree is judged once, not
 * again at each level above it. Not to be zeroed: beyond `count` nothing is read.
 */
struct tree_verdicts {
    unsigned count;
    struct tree_verdict {
        const uint8_t *alias;
        bool is_healthy;
    } of[ALIAS_VISITS_MAX];
};

/** One query's decisions. Owner: answer(), on its stack. */
struct resolver_state {
    const struct scene *scene;
    struct routing_client *client;
    uint64_t random;       /* moves on with each decision */
    unsigned targets_left; /* of aliases to judge, over all branches of the query */
    unsigned levels_left;  /* to go down, over all trees of the query */
    unsigned branch;       /* of the next group, from 1, whatever its policy says; 0: by policy */
    struct tree_verdicts *verdicts;
    struct trace *trace; /* NULL: nobody wants to know */
};

enum resolved {
    RESOLVED,          /* records */
    RESOLVED_NOTHING,  /* an alias leads nowhere: as if the name had no such type */
    RESOLVED_NO_MATCH, /* no location matched the client, and there is no default */
    RESOLVED_UNUSABLE, /* an outside target without a usable answer */
};

/** What a client gets: the records of `count` sets under one owner. Borrowed from the scene. */
struct resolution {
    unsigned count; /* 1, or more of a multivalue answer */
    struct record_set sets[ROUTING_MULTIVALUE_MAX];
};

/**
 * Resolves a tree (record_set_is_tree), which may lie in *out; other sets are what they are. Only
 * RESOLVED sets *out.
 * Rules: docs/route53.md, "How an answer is chosen"; the last resort applies level by level.
 * Ends: trees nest to ALIAS_DEPTH_MAX levels, below which it is as if nothing were there. One query
 * judges the health of ALIAS_VISITS_MAX targets; further ones are unhealthy. It goes down
 * TREE_LEVELS_MAX levels over all its trees; further ones are not there.
 */
enum resolved resolve(struct resolver_state *r, const struct record_set *set,
                      struct resolution *out);

#endif
