// SPDX-License-Identifier: Apache-2.0
// The inside of the core, shared by its files: nodes and their verdicts (core_nodes.c), what is in
// sync (core_insync.c).
#ifndef CONTROL_ROLLOUT_CORE_PRIV_H
#define CONTROL_ROLLOUT_CORE_PRIV_H

#include "control/rollout/core.h"

/* ---- core_nodes.c */

/** Whether the node counts at present. */
bool core_counts(const struct core *c, const struct roster_node *n, int64_t now_ns);

/**
 * Those that are asked about a candidate, one by one. A node that serves nothing yet, and may take
 * minutes to fetch its first release, is asked only where none serves anything. One that rejects
 * the stable root would reject what comes on top of it, whatever that is: it is asked only where
 * all do.
 */
struct core_asked {
    const struct core *core;
    int64_t now_ns;
    bool must_serve;
    bool must_accept;
    size_t cursor;
};
struct core_asked core_asked_begin(const struct core *c, int64_t now_ns);
/** The next one, or NULL. */
const struct roster_node *core_asked_next(struct core_asked *asked);
/** Whether it is one of them. */
bool core_is_asked(const struct core *c, const struct roster_node *n, int64_t now_ns);

bool core_wave_has(const struct core_wave *wave, const char *node_id);
/** A node that runs every role of those asked, else one for each; nobody where none is asked. */
void core_wave_choose(const struct core *c, int64_t now_ns, struct core_wave *out);

/** Whether every admitted node was heard since this control leads, or had its time. */
bool core_has_settled(const struct core *c, int64_t now_ns);

/**
 * Whether the node's rejection of this root counts. A report may still carry a rejection from
 * before the offer while the node tries again: that one counts only once it is repeated.
 */
bool core_rejects(const struct core *c, const struct roster_node *n, const struct chunk_hash *root,
                  struct position offered, int64_t now_ns);
bool core_has_applied(const struct roster_node *n, const struct chunk_hash *root);
bool core_has_tried(const struct roster_node *n, const struct chunk_hash *root);
/** Whether the node had its time to say something about the candidate. */
bool core_is_overdue(const struct core *c, const struct roster_node *n, int64_t now_ns);
/** Whether a candidate is under way that nodes know. */
bool core_is_offered(const struct core *c);

/**
 * Whether the node crashed on the stable root: it rejects what it ran. A node that could never run
 * it (its trial there failed) rolls nobody back. Where it rejected the root before this control
 * came, it is believed if no node serves that root.
 */
bool core_crashed_on_stable(const struct core *c, const struct roster_node *n, int64_t now_ns);

/**
 * Whether the fleet goes back on this node's word. Against a root that another node has proven, in
 * all the roles that this one runs, two must say so, as one alone may have a fault of its own, or
 * lie.
 */
bool core_is_believed(const struct core *c, const struct roster_node *crashed, int64_t now_ns);

/* ---- core_insync.c */

/** What is in sync now; zero for a set of roles of which not all have a node that is waited for, or
 *  while who is there is not known yet. */
void core_insync_now(const struct core *c, int64_t now_ns, struct store_insync *out);
/** The same once the candidate is stable. */
void core_insync_with_candidate(const struct core *c, int64_t now_ns, struct store_insync *out);
/** Whether any of it is above what was marked. */
bool core_insync_rises(const struct core *c, const struct store_insync *insync);
/** It was marked. */
void core_insync_done(struct core *c, const struct store_insync *insync);

/** A root that is stable from now on; nodes that lag are known by those before. */
void core_lineage_add(struct core *c, const struct core_release *release);
/** Older roots no longer tell what is in sync. */
void core_lineage_restart(struct core *c);

#endif
