// SPDX-License-Identifier: Apache-2.0
// Route 53 calls as tools make them: typed by the shapes of aws/, over the tools' client.
#ifndef TOOL_ROUTE53_H
#define TOOL_ROUTE53_H

#include "aws/route53.h"
#include "tool/client.h"

/**
 * Each makes one call; the answer lives in `a`.
 * Errors: those of tool_client_call, of tool_status_err with the API's code and message, and
 * ERR_CORRUPT for an answer that is not of its shape.
 */

/** The first zones by name from `name` on ("demo.test."), or from the first with NULL. */
enum err tool_route53_zones(const struct tool_client *c, struct arena *a, const char *name,
                            struct r53_list_hosted_zones_by_name_response *out, struct errctx *ec)
    MUST_USE;

/** GetHostedZone. */
enum err tool_route53_get_zone(const struct tool_client *c, struct arena *a, const char *id,
                               struct r53_get_hosted_zone_response *out, struct errctx *ec)
    MUST_USE;

/** Where a page of a listing starts; zeroed: at the zone's first set. */
struct tool_route53_from {
    const char *name;
    enum r53_rr_type type;
    const char *identifier;
};

/** ListResourceRecordSets, one page of at most TOOL_ZONE_PAGE_SETS. `from` may point into *out. */
enum err tool_route53_list_sets(const struct tool_client *c, struct arena *a, const char *zone_id,
                                const struct tool_route53_from *from,
                                struct r53_list_record_sets_response *out, struct errctx *ec)
    MUST_USE;

/** CreateHostedZone. */
enum err tool_route53_create_zone(const struct tool_client *c, struct arena *a,
                                  const struct r53_create_hosted_zone_request *request,
                                  struct r53_create_hosted_zone_response *out, struct errctx *ec)
    MUST_USE;

/** CreateHealthCheck. */
enum err tool_route53_create_check(const struct tool_client *c, struct arena *a,
                                   const struct r53_create_health_check_request *request,
                                   struct r53_create_health_check_response *out, struct errctx *ec)
    MUST_USE;

/** ChangeResourceRecordSets. */
enum err tool_route53_change(const struct tool_client *c, struct arena *a,
                             const struct r53_change_record_sets_request *request,
                             struct r53_change_record_sets_response *out, struct errctx *ec)
    MUST_USE;

/** What TestDNSAnswer asks for; texts as the user wrote them. */
struct tool_route53_question {
    const char *zone_id;
    const char *name;
    const char *type;
    const char *resolver; /* address; NULL: anyone */
    const char *subnet;   /* "ADDRESS" or "ADDRESS/BITS"; NULL: none */
};

/** TestDNSAnswer. */
enum err tool_route53_test_answer(const struct tool_client *c, struct arena *a,
                                  const struct tool_route53_question *question,
                                  struct r53_test_dns_answer_response *out, struct errctx *ec)
    MUST_USE;

/** GetHealthCheck. */
enum err tool_route53_get_health_check(const struct tool_client *c, struct arena *a, const char *id,
                                       struct r53_get_health_check_response *out, struct errctx *ec)
    MUST_USE;

/** GetChange. */
enum err tool_route53_get_change(const struct tool_client *c, struct arena *a, const char *id,
                                 struct r53_get_change_response *out, struct errctx *ec) MUST_USE;

#endif
