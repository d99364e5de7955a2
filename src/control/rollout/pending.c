// SPDX-License-Identifier: Apache-2.0
// Bounds on keys that wait for an operator. Pure; called for each request of an unknown key and at
// each tick, on the rollout's thread.
#include "control/rollout/pending.h"

#include "base/time.h"

void pending_asked(struct roster_node *n, int64_t now_ns)
{
    n->asked_at_ns = now_ns;
    n->has_asked = true;
}

void pending_learn(const struct roster *roster, int64_t now_ns)
{
    for (size_t i = 0; i < roster->count; i++) {
        struct roster_node *n = roster->nodes[i];
        if (n->state == STORE_NODE_PENDING && !n->has_asked)
            pending_asked(n, now_ns);
    }
}

/** The pending node that was silent for the longest time, and long enough; or NULL. */
static const struct roster_node *most_silent(const struct roster *roster, int64_t quiet_ns,
                                             int64_t now_ns)
{
    const struct roster_node *found = NULL;
    for (size_t i = 0; i < roster->count; i++) {
        const struct roster_node *n = roster->nodes[i];
        if (n->state != STORE_NODE_PENDING || now_ns - n->asked_at_ns < quiet_ns)
            continue;
        if (found == NULL || n->asked_at_ns < found->asked_at_ns)
            found = n;
    }
    return found;
}

bool pending_may_note(struct pending_rate *rate, const struct roster *roster,
                      const struct pending_limits *limits, int64_t now_ns,
                      const struct roster_node **out_instead)
{
    if (now_ns - rate->second_ns >= NS_PER_S) {
        rate->second_ns = now_ns;
        rate->count = 0;
    }
    if (rate->count >= limits->notes_per_s)
        return false;
    rate->count++;
    const struct roster_node *instead = NULL;
    if (roster_count_state(roster, STORE_NODE_PENDING) >= limits->max) {
        instead = most_silent(roster, limits->quiet_ns, now_ns);
        if (instead == NULL)
            return false;
    }
    *out_instead = instead;
    return true;
}

bool pending_must_tell(struct pending_rate *rate, const struct pending_limits *limits,
                       int64_t now_ns)
{
    if (now_ns < rate->tell_ns)
        return false;
    rate->tell_ns = now_ns + limits->tell_ns;
    return true;
}

bool pending_is_over(const struct roster_node *n, const struct pending_limits *limits,
                     int64_t now_ns)
{
    return n->state == STORE_NODE_PENDING && n->has_asked &&
           now_ns - n->asked_at_ns >= limits->kept_ns;
}
