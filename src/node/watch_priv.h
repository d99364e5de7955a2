// SPDX-License-Identifier: Apache-2.0
// Watching a role's process from outside: heartbeats that stop.
#ifndef NODE_WATCH_PRIV_H
#define NODE_WATCH_PRIV_H

#include "node/node.h"

/** What was last seen of one process. Zeroed for a new process. */
struct watch {
    uint32_t beats[NODE_HEARTBEAT_THREADS];
    int64_t changed_ns[NODE_HEARTBEAT_THREADS]; /* when the beat was last seen to move */
};

/** Shared heartbeats for one role; made before the supervisor forks. */
struct node_heartbeats *heartbeats_new(void) MUST_USE;

/** Forgets a dead process: its threads are not watched until they beat again. */
void watch_reset(struct watch *w, struct node_heartbeats *heartbeats);

/**
 * Why the process must be ended, or NULL: "watchdog" when a thread's heart stopped for
 * `silence_ns`. Pure but for the reads.
 */
const char *watch_verdict(struct watch *w, const struct node_heartbeats *heartbeats, int64_t now_ns,
                          int64_t silence_ns);

/** After the supervisor itself slept (a suspended machine), every heart gets its time anew. */
void watch_excuse(struct watch *w, int64_t now_ns);

#endif
