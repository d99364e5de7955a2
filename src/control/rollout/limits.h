// SPDX-License-Identifier: Apache-2.0
// The bounds of rollout/, with unit and source. Durations that tests shorten are the defaults of
// struct core_limits and struct rollout_limits.
#ifndef CONTROL_ROLLOUT_LIMITS_H
#define CONTROL_ROLLOUT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/** At most 5 releases a second (design, section 3). */
#define ROLLOUT_CUT_GAP_NS 200000000LL

/** A node without a report for so long is no longer waited for: three of its reports. */
#define ROLLOUT_HEARD_NS 3000000000LL

/** INSYNC waits for every node heard within this time (design, section 3). */
#define ROLLOUT_INSYNC_HEARD_NS 60000000000LL

/** What a node that is heard may take to fetch and try a candidate, or to apply it. */
#define ROLLOUT_VERDICT_NS 30000000000LL

/** How long a control that takes the lease waits for nodes that it knows, before its first cut. */
#define ROLLOUT_SETTLE_NS 3000000000LL

/** A rejection reported before the offer counts for it once it was repeated for so long. */
#define ROLLOUT_OLD_VERDICT_NS 3000000000LL

/** The lease, and how often it is renewed; another control waits for its end to take over. */
#define ROLLOUT_LEASE_MS 5000
#define ROLLOUT_TICK_NS 1000000000LL

/** Collection of chunks that no release needs. */
#define ROLLOUT_COLLECT_NS 600000000000LL
#define ROLLOUT_COLLECT_RELEASES 100u /* also after so many releases */
#define ROLLOUT_RELEASES_KEPT 100u    /* design, section 3 */
#define ROLLOUT_CHUNK_GRACE_MS 3600000LL
#define ROLLOUT_SWEEP_ROWS 256u           /* of one transaction: writers wait that long */
#define ROLLOUT_COLLECT_PAUSE_NS 2000000L /* after each transaction: other writers come first */
#define ROLLOUT_FORGET_ROUNDS_MAX 1000u   /* transactions that drop old rows, of one collection */

/** Clients with unknown keys that are noted for an operator to admit. */
#define ROLLOUT_PENDING_NODES_MAX 1000u
#define ROLLOUT_PENDING_KEPT_NS 600000000000LL /* since one asked last */
/** One that is silent for so long gives its place up: a node asks each 5 s (feed/limits.h). */
#define ROLLOUT_PENDING_QUIET_NS 30000000000LL
#define ROLLOUT_PENDING_NOTES_PER_S 10u       /* each is a durable transaction */
#define ROLLOUT_PENDING_TELL_NS 60000000000LL /* between lines in the log */

/** Points of presence are written so often at most, whatever nodes report: each is a release. */
#define ROLLOUT_POPS_GAP_NS 5000000000LL
#define ROLLOUT_POPS_MAX 4096u

/** GetChange's Comment, bytes with the NUL (Route 53: 256 characters). */
#define ROLLOUT_REASON_SIZE 257

/** Stable roots whose version is remembered, for nodes that lag: 13 s of 5 releases a second. */
#define ROLLOUT_LINEAGE_MAX 64u

/** Roots that must not be offered: those that crashed, those rejected while versions are split. */
#define ROLLOUT_REFUSED_MAX 256u

/** Packed chunks that wait in memory for their transaction, bytes. */
#define ROLLOUT_CHUNK_BATCH_BYTES ((size_t)8 << 20)

/** One note of a release: some 100,000 held objects. */
#define ROLLOUT_NOTE_MAX_BYTES ((size_t)64 << 20)

/** How long the next release waits for invalidations to leave: one turn of the loop. */
#define ROLLOUT_YIELD_NS 1000000LL

/** Invalidations: rows that are read at once, and how often before other events come in. */
#define ROLLOUT_INVALIDATIONS_PER_READ 256u
#define ROLLOUT_INVALIDATION_READS_MAX 16u
/** Of the newest ones: as many are given out again after a start; of as many it is known which
 *  distributions they concern. */
#define ROLLOUT_INVALIDATIONS_LOADED 512u
#define ROLLOUT_INVALIDATIONS_REMEMBERED 65536u

/** A node that follows and has lost its stream comes back within this time, or is gone: the longest
 *  pause of its back-off (feed/limits.h), and a second to connect. */
#define ROLLOUT_FOLLOWER_GRACE_NS 6000000000LL
/** A node that follows, but acknowledges nothing for so long, is no longer waited for. */
#define ROLLOUT_FOLLOWER_SILENT_NS 15000000000LL

/** Pending changes that are counted for the metric. */
#define ROLLOUT_PENDING_CHANGES_MAX 10000u

/** Slots of counters of the rollout's thread and its collector: above those of API workers. */
#define ROLLOUT_METRICS_SLOT (METRICS_SLOTS_PER_ROLE - 1)
#define ROLLOUT_COLLECT_METRICS_SLOT (METRICS_SLOTS_PER_ROLE - 2)

/** Rows of held objects that the status shows; it counts them all. */
#define ROLLOUT_STATUS_HELD_MAX 1000u

/** The durations of the core's decisions, nanoseconds. */
struct core_limits {
    int64_t cut_gap_ns;
    int64_t heard_ns;
    int64_t insync_heard_ns;
    int64_t verdict_ns;
    int64_t settle_ns;
    int64_t old_verdict_ns;
};

/** How keys that nobody knows are noted. */
struct pending_limits {
    size_t max;
    int64_t kept_ns;
    int64_t quiet_ns;
    unsigned notes_per_s;
    int64_t tell_ns;
};

/** When an invalidation is complete. */
struct completion_limits {
    int64_t grace_ns;
    int64_t silent_ns;
    int64_t settle_ns;
};

/** Durations and counts that tests shorten. */
struct rollout_limits {
    struct core_limits core;
    struct pending_limits pending;
    struct completion_limits completion;
    int64_t tick_ns;
    int64_t pops_gap_ns;
    int64_t lease_ms;
    int64_t collect_ns;
    unsigned collect_releases;
    unsigned releases_kept;
    int64_t chunk_grace_ms;
};

/** Those of this file. */
extern const struct rollout_limits rollout_default_limits;

#endif
