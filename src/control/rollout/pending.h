// SPDX-License-Identifier: Apache-2.0
// Keys that ask and nobody decided about: which are noted for an operator, and until when. Anybody
// who reaches the listener can make keys, so how many are noted, and how fast, is bounded; a node
// that goes on asking is not driven out by keys that asked once. Pure; the rollout's thread.
#ifndef CONTROL_ROLLOUT_PENDING_H
#define CONTROL_ROLLOUT_PENDING_H

#include "control/rollout/roster.h"

/** What was noted lately. Zero to start. */
struct pending_rate {
    int64_t second_ns; /* when the current second began ... */
    unsigned count;    /* ... and how many keys were looked at in it */
    int64_t tell_ns;   /* that keys are not noted is logged again from here on */
};

/** The node asked, or came into the roster: a pending one is kept from here on. */
void pending_asked(struct roster_node *n, int64_t now_ns);

/** The same for pending nodes that the roster has only just learnt of. */
void pending_learn(const struct roster *roster, int64_t now_ns);

/**
 * Whether a key that is not in the roster is noted now; else it asks again by itself.
 * out_instead  the pending node whose place it takes, silent the longest; NULL: there is room
 */
bool pending_may_note(struct pending_rate *rate, const struct roster *roster,
                      const struct pending_limits *limits, int64_t now_ns,
                      const struct roster_node **out_instead);

/** Whether it is time to log that a key is not noted; at most once each tell_ns. */
bool pending_must_tell(struct pending_rate *rate, const struct pending_limits *limits,
                       int64_t now_ns);

/** Whether it is to be dropped: pending, and silent for too long. */
bool pending_is_over(const struct roster_node *n, const struct pending_limits *limits,
                     int64_t now_ns);

#endif
