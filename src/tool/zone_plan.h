// SPDX-License-Identifier: Apache-2.0
// What an import would change: the sets of a file against those of a zone. Pure.
#ifndef TOOL_ZONE_PLAN_H
#define TOOL_ZONE_PLAN_H

#include "base/buf.h"
#include "tool/zone_text.h"

struct zone_plan_options {
    struct slice apex;      /* of the zone, wire form */
    bool is_replacing;      /* what the file does not have is deleted */
    bool is_replacing_apex; /* SOA and NS of the apex are those of the file, too */
    struct zone_listener listener;
};

enum zone_action { ZONE_CREATE, ZONE_CHANGE, ZONE_DELETE };

struct zone_step {
    enum zone_action action;
    const struct zone_set *before; /* NULL: created */
    const struct zone_set *after;  /* NULL: deleted */
};

/** Steps by owner, within an owner deletions first, then by type. */
struct zone_plan {
    struct zone_step *steps;
    size_t count;
    size_t action_counts[3]; /* by enum zone_action */
    size_t same_count;       /* sets of both that need no step */
    size_t kept_count;       /* aliases and sets with policies, which no file can say */
    size_t kept_apex_count;  /* of SOA and NS of the apex in the file, those that are left out */
};

/**
 * Makes the plan; `file` and `zone` are sorted and kept with it. Says what of the file is left out
 * because an alias or a policy stands in its place, and each finding of the rules below.
 * Errors: ERR_INVALID once all findings were said.
 */
enum err zone_plan_make(struct arena *a, const struct zone_plan_options *options,
                        const struct zone_sets *file, const struct zone_sets *zone,
                        struct zone_plan *out, struct errctx *ec) MUST_USE;

/**
 * What the API would refuse of a set in the zone, so that an import changes nothing before it is
 * known: names outside of the zone, a CNAME or DS at the apex, an SOA or wildcard NS elsewhere,
 * more values than a set may have or than one change can carry. Returns how many findings it said.
 */
unsigned zone_rules_check(struct arena *a, const struct zone_sets *sets, struct slice apex,
                          const struct zone_listener *listener) MUST_USE;

/** Appends a line per set ("+ www.example.com. A", "~", "-"), below it one per value that differs.
 */
void zone_plan_print(struct arena *a, const struct zone_plan *plan, struct buf *out);

#endif
