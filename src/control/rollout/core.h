// SPDX-License-Identifier: Apache-2.0
// The decisions of a rollout, without I/O: what nodes said, what was published, which versions wait
// and what time it is -> what to do next. The rollout's thread asks, does it durably, and says so.
//
//            newer version, a node to try it                    same root: CARRY
//     IDLE ------------ CUT (compile) ------------> READY ----------------------> IDLE
//      ^                     | refused                | OFFER
//      |   several versions: | one version: HOLD      v
//      |   one by one -> IDLE                        TRY   every node asked tries it
//      |                                              | OFFER to a wave; at once where one is asked
//      |                                              v
//      |<------------------ PROMOTE ---------------- WAVE  its nodes apply it
//      |<- WITHDRAW: rejected, or no verdict in time (from TRY and WAVE)
//      ROLLBACK from anywhere: a node that ran the stable root crashed on it
//
// A control that takes over publishes the stable root under its own epoch before all else (RENEW).
//
// A node counts that is admitted, neither cordoned nor pinned, was heard within 3 s, and runs a
// role that serves releases. Asked are those that count and serve the stable root or an older one;
// where there is none, also those that serve nothing or reject the stable root. The wave is a node
// that runs every role of those asked, else one for each role.
//
// Invariants
//  1. Without the lease, and while a node that is admitted and not cordoned holds a newer pointer
//     than ours, nothing is done.
//  2. Every publication has a higher sequence than all before; it is durable before it is seen.
//  3. The stable root changes by PROMOTE, after every node of a wave applied it, so one of each
//     role asked, and by ROLLBACK alone.
//  4. A candidate is offered to a wave once every node asked tried it; a node that falls silent no
//     longer counts, and nothing moves while none counts.
//  5. stable.version never falls: a version is passed when it is carried, promoted or held.
//  6. A rejected release of several versions is offered again version by version, in order.
//  7. INSYNC names a version for a set of roles once each node that is waited for and runs one of
//     them has applied a stable root of it, and there is such a node for each.
//  8. A root that was rolled back is never offered again.
//  9. No node alone rolls back a root that another node with all its roles has proven. It goes on
//     with what it had proven itself, is given every later candidate, and holds up INSYNC until it
//     applies one or an operator cordons it. It cannot keep the others from what comes later:
//     whoever rejects the stable root is not asked.
#ifndef CONTROL_ROLLOUT_CORE_H
#define CONTROL_ROLLOUT_CORE_H

#include "control/rollout/roster.h"

enum core_phase { CORE_IDLE, CORE_READY, CORE_TRY, CORE_WAVE, CORE_REFUSED };

struct core_release {
    struct chunk_hash root;
    uint64_t version; /* its content goes up to here */
};

/** A root that is not offered, and why. */
struct core_refusal {
    struct chunk_hash root;
    char reason[ROLLOUT_REASON_SIZE];
};

/** At most ROLLOUT_REFUSED_MAX; the oldest goes first. */
struct core_refusals {
    struct core_refusal items[ROLLOUT_REFUSED_MAX];
    size_t count;
    size_t next; /* where the next one goes */
};

/** The nodes that run a candidate first: one for each role at most. */
struct core_wave {
    char ids[STORE_ROLE_COUNT][NODE_ID_SIZE];
    size_t count;
};

struct core {
    struct core_limits limits;
    struct roster roster;

    bool is_leader; /* holds the lease and knows the store's state */
    uint64_t epoch; /* of the lease: the next publication's */
    int64_t leader_since_ns;
    struct position published; /* the newest pointer; {0, 0} before the first */
    uint64_t newest_version;   /* of the store */

    struct core_release stable;
    struct position stable_offered; /* the first pointer that offered the stable root */
    struct core_release lineage[ROLLOUT_LINEAGE_MAX]; /* stable roots, oldest first */
    size_t lineage_count;
    struct store_insync insync; /* marked up to here */
    bool has_no_way_back;       /* nothing to roll back to was found for this stable root */

    enum core_phase phase;
    int64_t phase_since_ns;
    struct core_release candidate;    /* from READY on */
    struct position offered;          /* the first pointer that offered it */
    bool candidate_frees;             /* objects that stable holds are not held in it */
    struct core_wave wave;            /* WAVE: who runs it */
    char reason[ROLLOUT_REASON_SIZE]; /* REFUSED: why */
    int64_t offered_at_ns;            /* of the last candidate; 0: none yet */

    uint64_t split_version;        /* versions up to here are offered one by one; 0: none */
    struct core_refusals rejected; /* while they are */
    struct core_refusals crashed;  /* rolled back */
};

enum core_action_kind {
    CORE_NOTHING,  /* until an event, at_ns, or the next tick */
    CORE_CUT,      /* compile up to `version`, then core_cut or core_refuse */
    CORE_CARRY,    /* stable's content goes up to `version`, same root */
    CORE_OFFER,    /* publish the candidate, with this wave */
    CORE_PROMOTE,  /* publish: the candidate is stable */
    CORE_WITHDRAW, /* publish: no candidate */
    CORE_HOLD,     /* hold `version` without a publication */
    CORE_ROLLBACK, /* publish an older root, hold what came since */
    CORE_RENEW,    /* publish the stable root under a new epoch */
    CORE_INSYNC,   /* mark changes as `insync` says */
};

struct core_action {
    enum core_action_kind kind;
    int64_t at_ns;    /* NOTHING: when to ask again; INT64_MAX: no need */
    uint64_t version; /* CUT, CARRY, PROMOTE: stable's next; WITHDRAW, HOLD: the version to
                         hold, 0: none */
    struct store_insync insync;       /* CARRY, PROMOTE, INSYNC: mark changes up to here; 0: none */
    struct core_wave wave;            /* OFFER; no ids: nobody */
    char reason[ROLLOUT_REASON_SIZE]; /* WITHDRAW, HOLD, ROLLBACK */
    struct chunk_hash root; /* ROLLBACK: what the node proved; the doer puts the root it chose */
};

void core_init(struct core *c, const struct core_limits *limits);
void core_fini(struct core *c);

/** What the store says when the lease was taken. */
struct core_start {
    uint64_t epoch; /* of the lease */
    struct position published;
    struct core_release stable;
    uint64_t newest_version;
};

/** The lease is ours: goes on from the store; a candidate that was under way is forgotten. */
void core_lead(struct core *c, const struct core_start *start, int64_t now_ns);
/** The lease is lost, or a write failed. */
void core_unlead(struct core *c);

/** A root that must never be offered (again). */
void core_refuse_root(struct core *c, const struct chunk_hash *root, const char *reason);

/** The store has this version. */
void core_see_version(struct core *c, uint64_t version);

/** A node that is served reported; `n` is of the core's roster. */
void core_hear(struct core *c, struct roster_node *n, const struct release_report *report,
               int64_t now_ns);

/**
 * The node that holds the newest pointer, where that is newer than the store's: the store was
 * restored from a backup, or the node lies. NULL: there is none. A cordoned or removed node is not
 * believed, so an operator can end what one compromised node claims.
 */
const struct roster_node *core_ahead(const struct core *c);
bool core_is_behind(const struct core *c);

/**
 * Whether INSYNC waits for this node, which rejects the stable root. The root is not rolled back
 * for it: it only failed its trial there, or it crashed alone (invariant 9).
 */
bool core_rejects_stable(const struct core *c, const struct roster_node *n, int64_t now_ns);

/** How many nodes are asked about a candidate at present. */
size_t core_counted(const struct core *c, int64_t now_ns);

/** Up to which version changes are in sync that concern all the roles which nodes run at present.
 */
uint64_t core_insync_version(const struct core *c, int64_t now_ns);

/** What to do next. Changes nothing: the doer does it, then says core_done. */
void core_next(const struct core *c, int64_t now_ns, struct core_action *out);

/** CUT succeeded. `frees`: the content holds back less than stable's. */
void core_cut(struct core *c, const struct core_release *candidate, bool frees);

/** CUT found content that must not be served. */
void core_refuse(struct core *c, uint64_t version, const char *reason);

/** The action, but for CUT, was done; where it publishes, with the sequence after the last. */
void core_done(struct core *c, const struct core_action *action, int64_t now_ns);

/** ROLLBACK found no release to go back to. */
void core_no_way_back(struct core *c);

#endif
