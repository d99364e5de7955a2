// SPDX-License-Identifier: Apache-2.0
// Which health checks are unhealthy, by their numbers among registries->health. Made anew with each
// change and never changed.
#ifndef AUTHORITY_HEALTH_TABLE_H
#define AUTHORITY_HEALTH_TABLE_H

#include "base/macros.h"

#include <stdbool.h>
#include <stdint.h>

/**
 * Owner:   whoever made it. Threads: any may read.
 */
struct health_table {
    uint32_t count;          /* numbers below this may be unhealthy */
    uint64_t is_unhealthy[]; /* a bit each, lowest first */
};

/** Whether a check is healthy: all are that the table does not name. `t` NULL: no table. */
static inline bool health_table_is_healthy(const struct health_table *t, uint32_t number)
{
    return t == NULL || number >= t->count ||
           (t->is_unhealthy[number / 64] >> (number % 64) & 1) == 0;
}

/** A table of these numbers, in any order. Free it with health_table_free. */
struct health_table *health_table_new(const uint32_t *unhealthy, size_t count) MUST_USE;
/** Whether both say the same of every number. */
bool health_table_equal(const struct health_table *a, const struct health_table *b);
void health_table_free(struct health_table *t); /* NULL is fine */

#endif
