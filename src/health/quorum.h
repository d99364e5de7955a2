// SPDX-License-Identifier: Apache-2.0
// The state of each check of a plan, from the newest tables of all checkers and from what was known
// before. Pure: times are arguments, and states go in and out as bytes. One thread.
//
// A vote counts while its table is fresh, its checker trusted and its probe no older than two
// intervals and a probe's time limit, and it is not "unknown". A check is healthy when more than
// QUORUM_PERCENT of the counted votes say so. Where none counts the state stays: frozen, or, where
// none ever did, healthy. From that the check's own settings make what queries see (README.md).
#ifndef HEALTH_QUORUM_H
#define HEALTH_QUORUM_H

#include "base/buf.h"
#include "health/ballot.h"
#include "health/plan.h"

struct quorum;

/** The states of all checks of a plan. */
struct check_states {
    const struct health_plan *plan;
    const bool *is_healthy;  /* by place in plan->checks */
    const bool *is_frozen;   /* no vote counts at present: the state is the last that was known */
    const uint32_t *changed; /* places of the checks that are another now than the last time */
    size_t changed_count;
    size_t flap_count; /* of them, those that had changed shortly before, too */
    size_t unhealthy_count;
    size_t frozen_count;
    size_t unknown_count; /* checks of endpoints that nobody has voted on yet */
};

/** One checker, as the quorum sees it. */
struct quorum_voter {
    const struct ballot *ballot;
    bool is_excluded; /* its votes do not count; whether it agrees with the others is still told */
    uint64_t shared;  /* out: checks that it votes on together with OUTLIER_OTHERS_LEAST others */
    uint64_t disagreements; /* out: of them, those where all others say the opposite */
};

/** The times of a decision. */
struct quorum_now {
    int64_t ns; /* monotonic */
    int64_t unix_s;
};

struct quorum *quorum_new(void) MUST_USE;
void quorum_free(struct quorum *q); /* NULL is fine */

/** From now on these checks; what is known of those that were there before stays. The plan is
 *  borrowed until the next, and must be there. */
void quorum_set_plan(struct quorum *q, const struct health_plan *plan);

/** Decides each check. Bounds: CHECKERS_MAX voters. A plan is set. */
void quorum_decide(struct quorum *q, struct quorum_voter *voters, size_t count,
                   const struct quorum_now *now);

/** What the last decision came to; borrowed until the next or a new plan. */
void quorum_states(const struct quorum *q, struct check_states *out);

/** How old a vote about the check may be. */
int64_t quorum_vote_age_max_ns(const struct release_health_check *check);
/** Whether the vote counts, its checker not being excluded. */
bool quorum_counts(const struct ballot *b, const struct vote *v,
                   const struct release_health_check *check, int64_t now_ns);

/** Whether what quorum_encode gives is another text than when it was asked last. */
bool quorum_is_changed(const struct quorum *q);
/** What is to be known after a restart, as text. */
void quorum_encode(struct quorum *q, const struct quorum_now *now, struct buf *out);
/** Takes such a text; before any plan. Errors: ERR_CORRUPT, and nothing is taken. */
enum err quorum_restore(struct quorum *q, struct slice text, const struct quorum_now *now,
                        struct errctx *ec) MUST_USE;

/** Whether a checker is against all others, for long. */
struct outlier {
    bool is_apart; /* at the last look */
    int64_t since_ns;
};
bool outlier_look(struct outlier *o, const struct quorum_voter *voter, int64_t now_ns);

#endif
