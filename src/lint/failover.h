// SPDX-License-Identifier: Apache-2.0
// What is allowed, and still surprises: failover that never happens, that happens without need, or
// late. Pure; any thread.
#ifndef LINT_FAILOVER_H
#define LINT_FAILOVER_H

#include "base/arena.h"

/** One finding. */
struct lint_finding {
    const char *code; /* "failover-without-check"; stable, for programs */
    const char *text; /* a sentence, for people */
};

/** Findings of one change; those past LINT_FINDINGS_MAX are dropped. Zeroed: none. */
struct lint_findings {
    struct lint_finding *items;
    size_t count;
};

enum lint_probe {
    LINT_PROBE_NONE, /* no endpoint: a calculated check, an alarm */
    LINT_PROBE_TCP,
    LINT_PROBE_HTTP,
    LINT_PROBE_HTTP_MATCH, /* with a string in the body */
};

/** A health check as far as it is looked at. */
struct lint_check {
    const char *id; /* what findings call it */
    enum lint_probe probe;
    const char *path; /* of HTTP; NULL: "/" */
    unsigned interval_s;
    unsigned threshold;
};

/** A record set that stands in a failover pair or is left by its health. */
struct lint_set {
    const char *name;
    const char *identifier;
    bool is_primary;    /* of a failover pair */
    bool is_evaluating; /* an alias that evaluates its target's health */
    uint32_t ttl_s;     /* of records; an alias has its target's, which is not known: 0 */
    const struct lint_check *check; /* NULL: none */
};

/** Findings about a check by itself, in `a`. */
void lint_check(struct arena *a, const struct lint_check *check, struct lint_findings *out);

/** Findings about a set with its check, but for those of lint_check. In `a`. */
void lint_set(struct arena *a, const struct lint_set *set, struct lint_findings *out);

/** Seconds from a failure until the last checker has seen it and the name servers answer anew, for
 *  an endpoint that swallows packets; 0 for a check without an endpoint. */
unsigned lint_detection_s(const struct lint_check *check);

#endif
