// SPDX-License-Identifier: Apache-2.0
// What the agent knows and what follows from it: a pure decision core. Events go in with the time
// as an argument; what is wanted next comes out and is carried out by agent.c, which makes the
// facts durable first. No clock, no disk, no sockets in here.
#ifndef NODE_AGENT_STATE_H
#define NODE_AGENT_STATE_H

#include "base/arena.h"
#include "node/db.h"
#include "node/limits.h"
#include "node/node.h"
#include "release/report.h"

/** What time it is: for durations, and for facts that outlive a boot. */
struct agent_now {
    int64_t ns;      /* monotonic */
    int64_t unix_ms; /* Unix time */
};

#define AGENT_NEVER INT64_MIN

/** A role of this node as the agent sees it. */
struct agent_role {
    const char *name;
    bool has_release; /* serves releases: told which, and watched for crash loops */
    bool is_running;  /* as far as the supervisor said */
    bool is_ready;
    int64_t pid;               /* of the newest process heard of; 0: none */
    struct chunk_hash applied; /* what this process serves; zero before the first */
    struct chunk_hash told;    /* the last root that it was told to serve; zero: none */
    int64_t told_ns;
    struct chunk_hash settled; /* the last stable root that a process was told it serves */
    int64_t settled_pid;       /* which process */
    int64_t crashed_ns;        /* AGENT_NEVER */
};

/** A root that this node knows something of. */
struct agent_fact {
    struct node_root root;
    bool is_dirty;     /* not on disk in this form */
    bool is_new;       /* not on disk in any form */
    bool is_forgotten; /* to be removed from the disk, then from here */
};

struct agent_options {
    const char *node_id; /* kept */
    int64_t proven_ns;
    int64_t held_grace_ms; /* NODE_HELD_GRACE_MS but in tests */
    size_t held_max;       /* NODE_HELD_MAX but in tests */
};

/**
 * Owner:   embedded by value; agent_state_init. Only agent_state.c writes.
 * Threads: one.
 */
struct agent_state {
    struct agent_options options;
    struct agent_role roles[NODE_ROLES_MAX];
    size_t role_count;

    bool has_pointer;
    uint64_t epoch;
    uint64_t sequence;
    struct chunk_hash stable;
    struct chunk_hash candidate;
    bool is_in_wave;

    struct chunk_hash pin; /* zero: none */

    struct agent_fact facts[NODE_FACTS_MAX];
    size_t fact_count;

    struct chunk_hash serving; /* what the roles are to serve; zero before the first */
    struct chunk_hash before;  /* what was served before that, while it is not proven */
    struct chunk_hash applied; /* what every role served last; zero before the first */
    int64_t applied_ns;        /* since when all roles serve `serving` without a crash */
    bool is_settled;           /* `serving` counts as proven since it was applied */
    bool is_report_due;        /* something changed that control waits for */
    bool is_collection_due;    /* a root was forgotten or rejected: chunks may be unused */
};

void agent_state_init(struct agent_state *s, const struct agent_options *options);

/** One more role of the node; the index is its index in the node's table. */
void agent_state_add_role(struct agent_state *s, const char *name, bool has_release);

/** What the disk knew. */
struct agent_memory {
    const struct release_pointer *pointer; /* the newest followed; NULL: none */
    const struct node_root *roots;         /* newest first */
    const bool *is_partial; /* by root: the disk lacks what a role needs of it; NULL: none */
    size_t root_count;
    struct chunk_hash serving; /* zero: none */
    bool is_upgraded;          /* another version of the program wrote it */
};

/**
 * Starts from it; once, after the pin. A root that was being tried is tried once more; when that
 * happened before, it is rejected. After an upgrade rejections are forgotten, and at once roots of
 * which the disk lacks something: they are fetched and tried anew, by the roles of now.
 */
void agent_state_load(struct agent_state *s, const struct agent_memory *memory,
                      struct agent_now now);

enum agent_verdict { AGENT_POINTER_NEWER, AGENT_POINTER_SAME, AGENT_POINTER_LOWER };

/** What to do with a pointer that is verified. */
enum agent_verdict agent_state_judge(const struct agent_state *s, const struct release_pointer *p);

/** Follows a newer pointer. */
void agent_state_set_pointer(struct agent_state *s, const struct release_pointer *p);

/** The operator's pin; zero takes it away. */
void agent_state_set_pin(struct agent_state *s, const struct chunk_hash *root);

/** What is to be done next; each where its bool is set. Pure. */
struct agent_wants {
    bool has_fetch;
    struct chunk_hash fetch; /* bring it to the disk */
    bool has_trial;
    struct chunk_hash trial; /* try it; none is being tried */
    bool has_serve;
    struct chunk_hash serve; /* make it the served root */
};
struct agent_wants agent_state_wants(const struct agent_state *s);

/** The root is whole on disk. */
void agent_state_fetched(struct agent_state *s, const struct chunk_hash *root,
                         struct agent_now now);
/** The root's chunks are of the right hash and yet make no release. */
void agent_state_unusable(struct agent_state *s, const struct chunk_hash *root, const char *why,
                          struct agent_now now);

/** Its trial begins, once this is durable. */
void agent_state_trying(struct agent_state *s, const struct chunk_hash *root, struct agent_now now);

enum agent_trial {
    AGENT_TRIAL_PASSED,
    AGENT_TRIAL_FAILED,
    AGENT_TRIAL_INTERRUPTED, /* somebody else killed it: tried again, once */
};
/** The trial ended; `reason` NULL where it passed. */
void agent_state_trial_ended(struct agent_state *s, const struct chunk_hash *root,
                             enum agent_trial outcome, const char *reason, struct agent_now now);

/** The root is the served one from now on; durable before the roles are told. */
void agent_state_serve(struct agent_state *s, const struct chunk_hash *root, struct agent_now now);

/** Whether there is a root that may be served. */
bool agent_state_has_first_root(const struct agent_state *s);

/** The next role that is to be told to serve `serving`; false when none is. Notes it as told. */
bool agent_state_next_apply(struct agent_state *s, struct agent_now now, size_t *out_role);

/** The next role that is to be told that what it serves is the stable root; notes it as told. */
bool agent_state_next_settle(struct agent_state *s, size_t *out_role);

/* What the supervisor and the roles say. `role` below role_count, `pid` of the process meant. */

/** Its process was started. */
void agent_state_role_started(struct agent_state *s, size_t role, int64_t pid);
/** A new process that has loaded nothing. */
void agent_state_role_hello(struct agent_state *s, size_t role, int64_t pid);
/** It serves. */
void agent_state_role_ready(struct agent_state *s, size_t role, int64_t pid);
/** It ended without a crash. */
void agent_state_role_ended(struct agent_state *s, size_t role, int64_t pid);
/** It crashed; the second time within NODE_CRASH_LOOP_NS the served root is to blame. */
void agent_state_role_crashed(struct agent_state *s, size_t role, int64_t pid, const char *how,
                              struct agent_now now);
/** It serves this root. */
void agent_state_role_applied(struct agent_state *s, size_t role, int64_t pid,
                              const struct chunk_hash *root, struct agent_now now);
/** It could not load this root. */
void agent_state_role_failed(struct agent_state *s, size_t role, const struct chunk_hash *root,
                             const char *why, struct agent_now now);

/** Time has passed: what serves long enough without a crash is proven. */
void agent_state_tick(struct agent_state *s, struct agent_now now);

/** Marks roots that nothing needs, and old rejections, as forgotten. */
void agent_state_forget(struct agent_state *s, struct agent_now now);

/** All facts are on disk as they are here: forgotten ones disappear. */
void agent_state_stored(struct agent_state *s);
/** The disk took nothing since: roots whose chunks were to come with this are not there. */
void agent_state_not_stored(struct agent_state *s);

/** Whether roles may be told to serve `serving` although the disk takes no writes. */
bool agent_state_may_serve(const struct agent_state *s, bool is_serving_stored);

/** The fact about a root, or NULL. Borrowed until the next change. */
const struct node_root *agent_state_root(const struct agent_state *s,
                                         const struct chunk_hash *root);

/** Whether the root is kept on disk. */
bool agent_fact_is_held(const struct agent_state *s, const struct agent_fact *fact);

/** The newest root that was proven here and is not rejected, but for `other_than`; or NULL. */
const struct node_root *agent_state_newest_proven(const struct agent_state *s,
                                                  const struct chunk_hash *other_than);

/** The report to control, but for node id, roles, version, features and boot. In `a`. */
void agent_state_report(const struct agent_state *s, struct arena *a,
                        struct release_report *out_report);

#endif
