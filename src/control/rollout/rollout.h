// SPDX-License-Identifier: Apache-2.0
// The rollout: watches the store's version, compiles, signs, and leads every release through trial
// and waves to all nodes; serves them; keeps the lease. On a thread and loop of its own.
#ifndef CONTROL_ROLLOUT_ROLLOUT_H
#define CONTROL_ROLLOUT_ROLLOUT_H

#include "control/cert/cert.h"
#include "control/compile/compile.h"
#include "control/rollout/limits.h"
#include "control/store/store.h"
#include "net/address.h"

struct rollout;

struct rollout_options {
    struct store *store;
    const struct control_keys *keys;     /* kept */
    const char *holder;                  /* of the lease: the node id; kept */
    int nodes_fd;                        /* listening; nodes come in here */
    struct compile_builtin builtin;      /* for the start */
    const struct rollout_limits *limits; /* NULL: the defaults */
};

/**
 * Makes what a new store lacks (fleet seed, this node's own admission, built-in zones), then
 * starts the thread. The delegation sets are there already. `holder` is one running process at a
 * time: a second one would share the lease. Errors: the store's; ERR_DENIED for keys that do not
 * fit.
 */
enum err rollout_start(const struct rollout_options *options, struct rollout **out_rollout,
                       struct errctx *ec) MUST_USE;

/** A version was committed: look at once. Any thread; fits store_on_commit. */
void rollout_wake(void *rollout);

/** Ends the thread; nodes keep what they have. Nobody may call rollout_wake any more. NULL is
 *  fine. */
void rollout_stop(struct rollout *r);

/**
 * What the fleet runs, as a JSON object: Leads, Phase, Epoch, Sequence, StableRoot, CandidateRoot,
 * StableVersion, InsyncVersion, NewestVersion, HeldCount, Held, Invalidations (Epoch, Number,
 * Completed, Followers, SilentFollowers), and Nodes, an object by node id of HeardMsAgo, Roles,
 * Version, Epoch, Sequence, Applied, Tried, Proven, Rejected, RejectedReason, RejectsStable (others
 * serve that release: INSYNC waits for this node), of a node that serves viewers Pop, Location and
 * Addresses, and Pinned. At most a second old. Any thread; in `a`.
 */
struct slice rollout_status(struct rollout *r, struct arena *a);

#endif
