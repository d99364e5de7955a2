// SPDX-License-Identifier: Apache-2.0
// Paths and hosts of viewers in the form that behaviours and distributions are found by. The cache
// key, signatures and the origin see the raw path. Pure; any thread.
#ifndef EDGE_PATH_H
#define EDGE_PATH_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>

/**
 * The path as patterns see it: escapes of unreserved characters decoded, runs of '/' merged, dot
 * segments removed; a '%' that begins no escape becomes "%25". It begins with '/'; normalising it
 * again changes nothing. In `a`, or `path` itself where it is so already.
 */
struct slice edge_path_normalize(struct arena *a, struct slice path);

/**
 * Whether a path pattern ('*' any run, '?' one character, case-sensitive, leading '/' optional)
 * fits a normal path. Cost: linear.
 */
bool edge_path_matches(struct slice pattern, struct slice normal_path);

/** A text of a configuration as part of a target: what a target must not hold as it is gets
 *  percent-coded. In `a`. */
struct slice edge_path_escape(struct arena *a, struct slice text);

/** A host as distributions are found by: in lower case, without port and final dot. In `a`. */
struct slice edge_host_normalize(struct arena *a, struct slice authority);

#ifdef WEIR_FAULTS
/** Whether this process is a trial: a fault can hide from it. */
extern bool edge_path_is_trial;
#endif

#endif
