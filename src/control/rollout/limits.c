// SPDX-License-Identifier: Apache-2.0
// The limits of limits.h as values. Any thread.
#include "control/rollout/limits.h"

const struct rollout_limits rollout_default_limits = {
    .core =
        {
            .cut_gap_ns = ROLLOUT_CUT_GAP_NS,
            .heard_ns = ROLLOUT_HEARD_NS,
            .insync_heard_ns = ROLLOUT_INSYNC_HEARD_NS,
            .verdict_ns = ROLLOUT_VERDICT_NS,
            .settle_ns = ROLLOUT_SETTLE_NS,
            .old_verdict_ns = ROLLOUT_OLD_VERDICT_NS,
        },
    .pending =
        {
            .max = ROLLOUT_PENDING_NODES_MAX,
            .kept_ns = ROLLOUT_PENDING_KEPT_NS,
            .quiet_ns = ROLLOUT_PENDING_QUIET_NS,
            .notes_per_s = ROLLOUT_PENDING_NOTES_PER_S,
            .tell_ns = ROLLOUT_PENDING_TELL_NS,
        },
    .completion =
        {
            .grace_ns = ROLLOUT_FOLLOWER_GRACE_NS,
            .silent_ns = ROLLOUT_FOLLOWER_SILENT_NS,
            .settle_ns = ROLLOUT_FOLLOWER_GRACE_NS,
        },
    .tick_ns = ROLLOUT_TICK_NS,
    .pops_gap_ns = ROLLOUT_POPS_GAP_NS,
    .lease_ms = ROLLOUT_LEASE_MS,
    .collect_ns = ROLLOUT_COLLECT_NS,
    .collect_releases = ROLLOUT_COLLECT_RELEASES,
    .releases_kept = ROLLOUT_RELEASES_KEPT,
    .chunk_grace_ms = ROLLOUT_CHUNK_GRACE_MS,
};
