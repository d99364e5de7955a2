// SPDX-License-Identifier: Apache-2.0
// The metrics of a cache. Its threads count events in numbers that they share, since they are rare;
// one thread of the role brings them to its own slot now and then.
#include "base/macros.h"
#include "cache/cache_priv.h"
#include "metrics/counters.h"

static void note_gauges(const struct cache *c)
{
    metrics_set(METRIC_CACHE_BYTES, atomic_load(&c->memory.used_bytes));
    metrics_set(METRIC_CACHE_LIMIT_BYTES, c->memory.limit_bytes);
    metrics_set(METRIC_CACHE_OBJECTS, atomic_load(&c->index.object_count));
    metrics_set(METRIC_CACHE_MARKERS, atomic_load(&c->index.marker_count));
    metrics_set(METRIC_CACHE_WAITING_FILLS, atomic_load(&c->memory.waiting_count));
}

/* What was counted since the last time. */
static void note_count(enum metric m, _Atomic uint64_t *counter)
{
    uint64_t events = atomic_exchange_explicit(counter, 0, memory_order_relaxed);
    metrics_add(m, events);
}

void cache_note_metrics(struct cache *c)
{
    note_gauges(c);
    note_count(METRIC_CACHE_STORED, &c->counts.stored);
    note_count(METRIC_CACHE_EVICTIONS, &c->counts.evictions);
    note_count(METRIC_CACHE_OUTDATED, &c->counts.outdated);
    note_count(METRIC_CACHE_MARKERS_SET, &c->counts.markers);
    note_count(METRIC_CACHE_COLLAPSED, &c->counts.collapsed);
    note_count(METRIC_CACHE_FILLS, &c->counts.fills);
    note_count(METRIC_CACHE_FILLS_ABANDONED, &c->counts.abandoned);
    note_count(METRIC_CACHE_BODIES_PASSED, &c->counts.passed);
    note_count(METRIC_CACHE_READERS_GONE, &c->counts.gone);
    note_count(METRIC_CACHE_READERS_CUT, &c->counts.cut);
    note_count(METRIC_CACHE_REFUSALS, &c->counts.refusals);
    note_count(METRIC_CACHE_INVALIDATED, &c->counts.invalidated);
}
