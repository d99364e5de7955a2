// SPDX-License-Identifier: Apache-2.0
// What the demo zone holds. Pure.
#ifndef TOOL_DEMO_ZONE_H
#define TOOL_DEMO_ZONE_H

#include "aws/route53.h"
#include "base/arena.h"

#define DEMO_ZONE "demo.test"

/** The name, with its last dot, and the identifier of the set whose health check fails over. */
#define DEMO_CHECKED_NAME "ha." DEMO_ZONE "."
#define DEMO_CHECKED_SET "main"

/** What the zone is made with; borrowed. */
struct demo_zone_ids {
    const char *zone_id;
    const char *cdn_name; /* domain name of a distribution; NULL: none */
    const char *check_id; /* the health check that the failover depends on */
};

/** The health check: a state that its operator sets, as there is nothing at the addresses. */
void demo_zone_check(struct arena *a, const char *caller_reference,
                     struct r53_create_health_check_request *out);

/**
 * One batch that makes the whole zone, but for the SOA and NS that every zone is born with. UPSERT
 * throughout, so it may be sent again. Apex and www lead to the distribution; without one the apex
 * leads to pool. In `a`.
 */
void demo_zone_batch(struct arena *a, const struct demo_zone_ids *ids,
                     struct r53_change_record_sets_request *out);

#endif
