// SPDX-License-Identifier: Apache-2.0
// Some checkers, some checks, and seconds that pass as a test says.
#ifndef TEST_HEALTH_STAGE_H
#define TEST_HEALTH_STAGE_H

#include "base/time.h"
#include "health/quorum.h"
#include "plans.h"

enum { VOTERS_MAX = 12, CHECKS_MAX = 40, UNIX_S = 1700000000 };

/** Some checkers and checks. What a checker votes, it says in a new table before each decision,
 *  unless it is silent. */
struct stage {
    struct arena arena;
    struct quorum *quorum;
    struct health_plan *plan;
    unsigned numbers[CHECKS_MAX]; /* of the plan's checks */
    struct ballot ballots[VOTERS_MAX];
    struct quorum_voter voters[VOTERS_MAX];
    struct vote votes[VOTERS_MAX][CHECKS_MAX];
    bool is_silent[VOTERS_MAX];
    size_t voter_count;
    uint64_t number;
    int64_t now_ns;
    int64_t unix_s;
    struct check_states states;
};

/** A check of HTTP. */
extern const struct release_health_check http;

/** That many checkers, and a plan of the checks, which are numbered from 1. */
void stage_init(struct stage *s, size_t voter_count, const struct release_health_check *checks,
                size_t count);
void stage_fini(struct stage *s);

void set_plan(struct stage *s, const unsigned *numbers, const struct release_health_check *checks,
              size_t count);

/** A second passes: those who are not silent send what they think, and all is decided. */
void second(struct stage *s);
void seconds(struct stage *s, unsigned count);

/** What a checker thinks of a check, by its place, from now on. */
void vote(struct stage *s, size_t voter, size_t check, enum vote_state state);
void all_vote(struct stage *s, size_t check, enum vote_state state);

#define HEALTHY(s, check) ((s)->states.is_healthy[check])
#define FROZEN(s, check) ((s)->states.is_frozen[check])

#endif
