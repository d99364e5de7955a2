// SPDX-License-Identifier: Apache-2.0
// Route 53 calls of tools. Called on the main thread of a command.
#include "tool/route53.h"

#include "base/uri.h"
#include "tool/api.h"
#include "tool/limits.h"

#define ROUTE53_PATH "/2013-04-01/"

/** PREFIX, the id percent-coded, SUFFIX. */
static const char *path_of(struct arena *a, const char *prefix, const char *id, const char *suffix)
{
    struct slice coded = uri_encode(a, slice_str(id), false);
    return arena_printf(a, ROUTE53_PATH "%s%.*s%s", prefix, SLICE_FMT(coded), suffix);
}

enum err tool_route53_zones(const struct tool_client *c, struct arena *a, const char *name,
                            struct r53_list_hosted_zones_by_name_response *out, struct errctx *ec)
{
    const char *query = NULL;
    if (name != NULL)
        query = arena_printf(a, "dnsname=%.*s", SLICE_FMT(uri_encode(a, slice_str(name), false)));
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_ListHostedZonesByName,
        .path = ROUTE53_PATH "hostedzonesbyname",
        .query = query,
        .response = &AWS_SHAPE_OF(r53_list_hosted_zones_by_name_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_get_zone(const struct tool_client *c, struct arena *a, const char *id,
                               struct r53_get_hosted_zone_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_GetHostedZone,
        .path = path_of(a, "hostedzone/", id, ""),
        .response = &AWS_SHAPE_OF(r53_get_hosted_zone_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

/** "&NAME=VALUE", percent-coded; "" where there is no value. */
static const char *parameter(struct arena *a, const char *name, const char *value)
{
    if (value == NULL)
        return "";
    struct slice coded = uri_encode(a, slice_str(value), false);
    return arena_printf(a, "&%s=%.*s", name, SLICE_FMT(coded));
}

enum err tool_route53_list_sets(const struct tool_client *c, struct arena *a, const char *zone_id,
                                const struct tool_route53_from *from,
                                struct r53_list_record_sets_response *out, struct errctx *ec)
{
    const char *type = from->type != r53_rr_type_absent ? r53_rr_type_text(a, from->type) : NULL;
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_ListResourceRecordSets,
        .path = path_of(a, "hostedzone/", zone_id, "/rrset"),
        .query = arena_printf(a, "maxitems=%zu%s%s%s", TOOL_ZONE_PAGE_SETS,
                              parameter(a, "name", from->name), parameter(a, "type", type),
                              parameter(a, "identifier", from->identifier)),
        .response = &AWS_SHAPE_OF(r53_list_record_sets_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_create_zone(const struct tool_client *c, struct arena *a,
                                  const struct r53_create_hosted_zone_request *request,
                                  struct r53_create_hosted_zone_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_CreateHostedZone,
        .path = ROUTE53_PATH "hostedzone",
        .request = &AWS_SHAPE_OF(r53_create_hosted_zone_request),
        .input = request,
        .response = &AWS_SHAPE_OF(r53_create_hosted_zone_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_create_check(const struct tool_client *c, struct arena *a,
                                   const struct r53_create_health_check_request *request,
                                   struct r53_create_health_check_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_CreateHealthCheck,
        .path = ROUTE53_PATH "healthcheck",
        .request = &AWS_SHAPE_OF(r53_create_health_check_request),
        .input = request,
        .response = &AWS_SHAPE_OF(r53_create_health_check_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_change(const struct tool_client *c, struct arena *a,
                             const struct r53_change_record_sets_request *request,
                             struct r53_change_record_sets_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_ChangeResourceRecordSets,
        .path = path_of(a, "hostedzone/", request->hosted_zone_id, "/rrset"),
        .request = &AWS_SHAPE_OF(r53_change_record_sets_request),
        .input = request,
        .response = &AWS_SHAPE_OF(r53_change_record_sets_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_get_change(const struct tool_client *c, struct arena *a, const char *id,
                                 struct r53_get_change_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_GetChange,
        .path = path_of(a, "change/", id, ""),
        .response = &AWS_SHAPE_OF(r53_get_change_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_get_health_check(const struct tool_client *c, struct arena *a, const char *id,
                                       struct r53_get_health_check_response *out, struct errctx *ec)
{
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_GetHealthCheck,
        .path = path_of(a, "healthcheck/", id, ""),
        .response = &AWS_SHAPE_OF(r53_get_health_check_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}

enum err tool_route53_test_answer(const struct tool_client *c, struct arena *a,
                                  const struct tool_route53_question *question,
                                  struct r53_test_dns_answer_response *out, struct errctx *ec)
{
    const char *address = NULL;
    const char *bits = NULL;
    if (question->subnet != NULL) {
        struct slice subnet = slice_str(question->subnet);
        size_t slash = slice_find(subnet, '/');
        address = arena_str(a, slice_sub(subnet, 0, slash));
        if (slash < subnet.len)
            bits = question->subnet + slash + 1;
    }
    const struct tool_api_call typed = {
        .operation = AWS_ROUTE53_TestDNSAnswer,
        .path = ROUTE53_PATH "testdnsanswer",
        .query = arena_printf(a, "hostedzoneid=%s%s%s%s%s%s", question->zone_id,
                              parameter(a, "recordname", question->name),
                              parameter(a, "recordtype", question->type),
                              parameter(a, "resolverip", question->resolver),
                              parameter(a, "edns0clientsubnetip", address),
                              parameter(a, "edns0clientsubnetmask", bits)),
        .response = &AWS_SHAPE_OF(r53_test_dns_answer_response),
    };
    return tool_api_call(c, a, &typed, out, NULL, ec);
}
