// SPDX-License-Identifier: Apache-2.0
// What the demo zone holds. Pure.
#ifndef TOOL_DEMO_ZONE_H
#define TOOL_DEMO_ZONE_H

#include "aws/route53.h"
#include "base/arena.h"

#define DEMO_ZONE "demo.test"

/** Id of the health check that its failover depends on. */
#define DEMO_CHECK "demo-main"

/**
 * One batch that makes the whole zone, but for the SOA and NS that every zone is born with. UPSERT
 * throughout, so it may be sent again. cdn_name (NULL: none): domain name of a distribution that
 * apex and www lead to; without it the apex leads to pool. Both texts borrowed; the rest in `a`.
 */
void demo_zone_batch(struct arena *a, const char *zone_id, const char *cdn_name,
                     struct r53_change_record_sets_request *out);

#endif
