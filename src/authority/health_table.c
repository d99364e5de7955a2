// SPDX-License-Identifier: Apache-2.0
// Making of health tables. Runs on the main thread of the role.
#include "authority/health_table.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

struct health_table *health_table_new(const uint32_t *unhealthy, size_t count)
{
    uint32_t end = 0;
    for (size_t i = 0; i < count; i++)
        end = unhealthy[i] >= end ? unhealthy[i] + 1 : end;
    size_t words = ((size_t)end + 63) / 64;
    struct health_table *t =
        (struct health_table *)mem_new(1, sizeof(*t) + words * sizeof(t->is_unhealthy[0]));
    t->count = end;
    for (size_t i = 0; i < count; i++)
        t->is_unhealthy[unhealthy[i] / 64] |= 1ULL << (unhealthy[i] % 64);
    return t;
}

bool health_table_equal(const struct health_table *a, const struct health_table *b)
{
    size_t words = ((size_t)a->count + 63) / 64;
    return a->count == b->count &&
           memcmp(a->is_unhealthy, b->is_unhealthy, words * sizeof(a->is_unhealthy[0])) == 0;
}

void health_table_free(struct health_table *t)
{
    free(t);
}
