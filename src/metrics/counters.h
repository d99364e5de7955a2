// SPDX-License-Identifier: Apache-2.0
// Counters and gauges in memory shared by all processes of a node, so that they outlive a crash
// and the agent can export them. Adding is one relaxed add to a cache line of the thread's own.
#ifndef METRICS_COUNTERS_H
#define METRICS_COUNTERS_H

#include "base/buf.h"
#include "base/macros.h"
#include "metrics/limits.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum metric {
#define METRIC(id, type, family, labels, help) METRIC_##id,
#include "metrics/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/** Roles that own counters; the exporter writes their names as the label `role`. */
enum metrics_role {
    METRICS_SUPERVISOR,
    METRICS_AGENT,
    METRICS_CONTROL,
    METRICS_DNS,
    METRICS_EDGE,
    METRICS_CHECK,
    METRICS_ROLE_COUNT
};

/**
 * Maps the shared memory; called once, by the supervisor, before it forks and while it has one
 * thread. What was counted before goes along. A program that never calls it (a tool, a unit test)
 * counts in private memory of its own.
 */
void metrics_init_shared(void);

/**
 * Names the calling process's role and this thread's slot; a thread that never does so counts in
 * slot 0 of METRICS_SUPERVISOR. `thread_index` is stable over restarts, so that counters go on.
 */
void metrics_bind_thread(enum metrics_role role, unsigned thread_index);

/** Words of a slot behind its cells, a bit a metric: whether the thread ever set it. */
#define METRICS_BITS_PER_WORD 64
#define METRICS_SET_WORDS ((METRIC_COUNT + METRICS_BITS_PER_WORD - 1) / METRICS_BITS_PER_WORD)

/** The calling thread's slot: METRIC_COUNT cells, METRICS_SET_WORDS words. */
extern _Thread_local _Atomic uint64_t *metrics_cells;

static inline void metrics_add(enum metric m, uint64_t amount)
{
    uint64_t before = atomic_load_explicit(&metrics_cells[m], memory_order_relaxed);
    atomic_store_explicit(&metrics_cells[m], before + amount, memory_order_relaxed);
}

static inline void metrics_set(enum metric m, uint64_t value)
{
    _Atomic uint64_t *word = &metrics_cells[METRIC_COUNT + m / METRICS_BITS_PER_WORD];
    uint64_t before = atomic_load_explicit(word, memory_order_relaxed);
    atomic_store_explicit(word, before | UINT64_C(1) << m % METRICS_BITS_PER_WORD,
                          memory_order_relaxed);
    atomic_store_explicit(&metrics_cells[m], value, memory_order_relaxed);
}

/**
 * Adds for another role (the supervisor counts a dead role's crash). Any thread; an atomic add to a
 * slot that no thread owns, so that it never meets metrics_add.
 */
void metrics_add_for(enum metrics_role role, enum metric m, uint64_t amount);

/** Sum over all slots of the role. */
uint64_t metrics_read(enum metrics_role role, enum metric m);

/**
 * Prometheus text format 0.0.4: every family's HELP and TYPE, what is not zero, and the gauges that
 * a role set to zero, so that rules like "fewer fresh ones than all" hold with none left.
 */
void metrics_export(struct buf *out);

#endif
