// SPDX-License-Identifier: Apache-2.0
// Counters of each hosted zone, in memory shared by all processes of a node like those of
// counters.h. A zone has a slot, which it keeps over releases and restarts of the role; each thread
// counts in cells of its own. The builder thread of the dns role gives slots out, the agent
// exports.
//
// Memory: 16 bytes a zone and thread, and some 350 a zone, where they are used: 5 MiB for 10,000
// zones on one thread, 160 KiB more on each other one; the areas are reserved, but untouched pages
// take none.
#ifndef METRICS_ZONES_H
#define METRICS_ZONES_H

#include "base/buf.h"
#include "metrics/limits.h"

#include <stdatomic.h>
#include <stdbool.h>

/** Slots count from 0; this one is of all zones for which there is none, exported without a name.
 */
#define METRICS_ZONE_OTHERS 0U
/** No zone. */
#define METRICS_ZONE_NONE UINT32_MAX

/** What is counted of a zone: queries, and those answered with NXDOMAIN. */
enum { METRICS_ZONE_QUERIES, METRICS_ZONE_NXDOMAIN, METRICS_ZONE_CELLS };

/** Maps the shared memory; called by metrics_init_shared. */
void metrics_zones_init_shared(void);

/** Names this thread's cells. A thread that never does so counts where nobody looks. */
void metrics_zones_bind_thread(unsigned thread_index);

/** The calling thread's cells, METRICS_ZONE_CELLS for each slot. */
extern _Thread_local _Atomic uint64_t *metrics_zone_cells;

/** Counts a query to the zone of a slot. */
static inline void metrics_zone_count(uint32_t slot, bool is_nxdomain)
{
    _Atomic uint64_t *cell = metrics_zone_cells + (size_t)slot * METRICS_ZONE_CELLS;
    uint64_t before = atomic_load_explicit(&cell[METRICS_ZONE_QUERIES], memory_order_relaxed);
    atomic_store_explicit(&cell[METRICS_ZONE_QUERIES], before + 1, memory_order_relaxed);
    if (is_nxdomain) {
        before = atomic_load_explicit(&cell[METRICS_ZONE_NXDOMAIN], memory_order_relaxed);
        atomic_store_explicit(&cell[METRICS_ZONE_NXDOMAIN], before + 1, memory_order_relaxed);
    }
}

/**
 * Who gives slots out: one in the node, in the dns role. What an earlier process left is taken
 * over: a zone that is taken again goes on in its slot. Owner: the caller. One thread.
 */
struct metrics_zones;
struct metrics_zones *metrics_zones_new(void);
void metrics_zones_free(struct metrics_zones *z); /* NULL is fine */

/**
 * The slot of the zone; each take needs a give. Zones are told apart by their ids, of at most
 * METRICS_ZONE_ID_MAX_BYTES; a name is cut after METRICS_ZONE_NAME_MAX_BYTES. METRICS_ZONE_OTHERS
 * where all slots are taken.
 */
uint32_t metrics_zones_take(struct metrics_zones *z, const char *id, const char *name);

/** No thread counts in the slot for this take any more. A slot without takes is no longer exported,
 *  and is given to another zone when it is needed. */
void metrics_zones_give(struct metrics_zones *z, uint32_t slot);

/** Prometheus text of all zones that were asked for. Any process. */
void metrics_zones_export(struct buf *out);

#endif
