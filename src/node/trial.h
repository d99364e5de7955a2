// SPDX-License-Identifier: Apache-2.0
// The trial: a short-lived process in which every role answers questions from a new root before
// the node serves it. It may crash, hang or grow; each is an answer.
#ifndef NODE_TRIAL_H
#define NODE_TRIAL_H

#include "node/node.h"

enum trial_outcome {
    TRIAL_PASSED,
    TRIAL_FAILED,
    TRIAL_INTERRUPTED, /* a SIGKILL that was not ours, no process, node.db busy: says nothing */
    TRIAL_UNREADABLE,  /* node.db does not hold what it should */
};

struct trial;

struct trial_options {
    struct loop *loop;
    const struct node_role *roles; /* borrowed while it runs */
    size_t role_count;
    const char *data_dir;     /* borrowed while it runs */
    struct chunk_hash before; /* what is served; zero: nothing yet */
    struct chunk_hash after;
    int64_t wall_ns; /* 0: NODE_TRIAL_WALL_NS */
    /** In the child, at its start: wipes the secrets that the caller holds. NULL: none. */
    void (*forget)(void *user);
    /** Once, unless the trial is freed before; the trial is freed after it returns. */
    void (*on_end)(void *user, enum trial_outcome outcome, const char *reason);
    void *user;
};

/**
 * Forks the process, which keeps no socket of the caller's and cannot make one. The caller has one
 * thread only. `after` is whole in node.db and committed.
 */
struct trial *trial_start(const struct trial_options *options) MUST_USE;

/** Ends a trial that runs, without on_end. NULL is fine. */
void trial_free(struct trial *t);

#endif
