// SPDX-License-Identifier: Apache-2.0
// Plans and tables of votes without a release behind them. Checks are known by small numbers.
#ifndef TEST_HEALTH_PLANS_H
#define TEST_HEALTH_PLANS_H

#include "health/plan.h"

struct check_id id_of(unsigned number);

/**
 * A plan of these checks, whose ids are set to those of the numbers, which rise; in the arena,
 * never counted. Children are numbers, too, as texts of `children`.
 */
struct health_plan *plan_of(struct arena *a, const unsigned *numbers,
                            const struct release_health_check *checks, size_t count);

/** The texts of ids that a calculated check has as children. */
const char **children_of(struct arena *a, const unsigned *numbers, size_t count);

/** The bytes of a table. */
struct slice table_of(struct arena *a, const struct vote_table *t);

#endif
