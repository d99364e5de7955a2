// SPDX-License-Identifier: Apache-2.0
// What a serving thread says in the log of origins that fail: why, and for which distribution, but
// seldom, however often it happens.
#ifndef EDGE_FAILURE_LOG_H
#define EDGE_FAILURE_LOG_H

#include "edge/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Which failures were said when. Zeroed is ready; of one thread. */
struct edge_failure_log {
    struct {
        bool was_said;
        int64_t said_ns;
        uint64_t unsaid;
    } places[EDGE_FAILURE_PLACES];
};

/**
 * Whether a failure of this class, of this origin of this distribution, is to be said now, and how
 * many were not said since the last line in its place. Two that share a place share its lines.
 */
bool edge_failure_log_is_due(struct edge_failure_log *log, const char *distribution_id,
                             const char *origin_id, unsigned failure, int64_t now_ns,
                             uint64_t *out_unsaid);

#endif
