// SPDX-License-Identifier: Apache-2.0
// A call on a worker, in visible stages: signature -> rate -> operation -> request -> transaction
// with its handler -> answer. Everything that a client may see of a failure is decided here.
#include "aws/operation.h"

#include "aws/r53_ids.h"
#include "base/check.h"
#include "base/random.h"
#include "base/time.h"
#include "control/api/api_priv.h"
#include "control/api/hints.h"
#include "control/api/throttle.h"
#include "metrics/counters.h"
#include "metrics/log.h"

#include <stdlib.h>

/** Whether a handler changes something: it then runs in a write transaction with an audit row. */
enum effect { READS, WRITES };

struct aws_handler {
    enum aws_error (*run)(struct api_call *c, const void *in, void *out);
    enum effect effect;
};

static const struct aws_handler aws_handlers[AWS_OPERATION_COUNT] = {
    [AWS_CLOUDFRONT_CreateDistribution] = {api_create_distribution, WRITES},
    [AWS_CLOUDFRONT_CreateDistributionWithTags] = {api_create_distribution_with_tags, WRITES},
    [AWS_CLOUDFRONT_CreateInvalidation] = {api_create_invalidation, WRITES},
    [AWS_CLOUDFRONT_DeleteDistribution] = {api_delete_distribution, WRITES},
    [AWS_CLOUDFRONT_GetDistribution] = {api_get_distribution, READS},
    [AWS_CLOUDFRONT_GetDistributionConfig] = {api_get_distribution_config, READS},
    [AWS_CLOUDFRONT_GetInvalidation] = {api_get_invalidation, READS},
    [AWS_CLOUDFRONT_ListDistributions] = {api_list_distributions, READS},
    [AWS_CLOUDFRONT_ListInvalidations] = {api_list_invalidations, READS},
    [AWS_CLOUDFRONT_ListTagsForResource] = {api_list_tags_for_resource, READS},
    [AWS_CLOUDFRONT_TagResource] = {api_tag_resource, WRITES},
    [AWS_CLOUDFRONT_UntagResource] = {api_untag_resource, WRITES},
    [AWS_CLOUDFRONT_UpdateDistribution] = {api_update_distribution, WRITES},
    [AWS_ROUTE53_ChangeCidrCollection] = {api_change_cidr_collection, WRITES},
    [AWS_ROUTE53_ChangeResourceRecordSets] = {api_change_record_sets, WRITES},
    [AWS_ROUTE53_ChangeTagsForResource] = {api_change_tags, WRITES},
    [AWS_ROUTE53_CreateCidrCollection] = {api_create_cidr_collection, WRITES},
    [AWS_ROUTE53_CreateHealthCheck] = {api_create_health_check, WRITES},
    [AWS_ROUTE53_CreateHostedZone] = {api_create_hosted_zone, WRITES},
    [AWS_ROUTE53_CreateTrafficPolicy] = {api_create_traffic_policy, WRITES},
    [AWS_ROUTE53_CreateTrafficPolicyInstance] = {api_create_traffic_policy_instance, WRITES},
    [AWS_ROUTE53_CreateTrafficPolicyVersion] = {api_create_traffic_policy_version, WRITES},
    [AWS_ROUTE53_DeleteCidrCollection] = {api_delete_cidr_collection, WRITES},
    [AWS_ROUTE53_DeleteHealthCheck] = {api_delete_health_check, WRITES},
    [AWS_ROUTE53_DeleteHostedZone] = {api_delete_hosted_zone, WRITES},
    [AWS_ROUTE53_DeleteTrafficPolicy] = {api_delete_traffic_policy, WRITES},
    [AWS_ROUTE53_DeleteTrafficPolicyInstance] = {api_delete_traffic_policy_instance, WRITES},
    [AWS_ROUTE53_GetChange] = {api_get_change, READS},
    [AWS_ROUTE53_GetCheckerIpRanges] = {api_get_checker_ip_ranges, READS},
    [AWS_ROUTE53_GetGeoLocation] = {api_get_geo_location, READS},
    [AWS_ROUTE53_GetHealthCheck] = {api_get_health_check, READS},
    [AWS_ROUTE53_GetHealthCheckCount] = {api_get_health_check_count, READS},
    [AWS_ROUTE53_GetHealthCheckLastFailureReason] = {api_get_health_check_last_failure_reason,
                                                     READS},
    [AWS_ROUTE53_GetHealthCheckStatus] = {api_get_health_check_status, READS},
    [AWS_ROUTE53_GetHostedZone] = {api_get_hosted_zone, READS},
    [AWS_ROUTE53_GetHostedZoneCount] = {api_get_hosted_zone_count, READS},
    [AWS_ROUTE53_GetTrafficPolicy] = {api_get_traffic_policy, READS},
    [AWS_ROUTE53_GetTrafficPolicyInstance] = {api_get_traffic_policy_instance, READS},
    [AWS_ROUTE53_GetTrafficPolicyInstanceCount] = {api_get_traffic_policy_instance_count, READS},
    [AWS_ROUTE53_ListCidrBlocks] = {api_list_cidr_blocks, READS},
    [AWS_ROUTE53_ListCidrCollections] = {api_list_cidr_collections, READS},
    [AWS_ROUTE53_ListCidrLocations] = {api_list_cidr_locations, READS},
    [AWS_ROUTE53_ListGeoLocations] = {api_list_geo_locations, READS},
    [AWS_ROUTE53_ListHealthChecks] = {api_list_health_checks, READS},
    [AWS_ROUTE53_ListHostedZones] = {api_list_hosted_zones, READS},
    [AWS_ROUTE53_ListHostedZonesByName] = {api_list_hosted_zones_by_name, READS},
    [AWS_ROUTE53_ListResourceRecordSets] = {api_list_record_sets, READS},
    [AWS_ROUTE53_ListTagsForResource] = {api_list_tags, READS},
    [AWS_ROUTE53_ListTagsForResources] = {api_list_tags_of_many, READS},
    [AWS_ROUTE53_ListTrafficPolicies] = {api_list_traffic_policies, READS},
    [AWS_ROUTE53_ListTrafficPolicyInstances] = {api_list_traffic_policy_instances, READS},
    [AWS_ROUTE53_ListTrafficPolicyInstancesByHostedZone] =
        {api_list_traffic_policy_instances_by_hosted_zone, READS},
    [AWS_ROUTE53_ListTrafficPolicyInstancesByPolicy] = {api_list_traffic_policy_instances_by_policy,
                                                        READS},
    [AWS_ROUTE53_ListTrafficPolicyVersions] = {api_list_traffic_policy_versions, READS},
    [AWS_ROUTE53_TestDNSAnswer] = {api_test_dns_answer, READS},
    [AWS_ROUTE53_UpdateHealthCheck] = {api_update_health_check, WRITES},
    [AWS_ROUTE53_UpdateHostedZoneComment] = {api_update_hosted_zone_comment, WRITES},
    [AWS_ROUTE53_UpdateTrafficPolicyComment] = {api_update_traffic_policy_comment, WRITES},
    [AWS_ROUTE53_UpdateTrafficPolicyInstance] = {api_update_traffic_policy_instance, WRITES},
};

/** An operation of the service weir: POST /weir/2026-01-01/NAME. */
struct weir_handler {
    const char *name;
    enum aws_error (*run)(struct api_call *c, const json_t *in, json_t *out);
    enum effect effect;
};

static const struct weir_handler weir_handlers[] = {
    {"AdmitNode", api_admit_node, WRITES},
    {"CordonNode", api_cordon_node, WRITES},
    {"DrainNode", api_drain_node, WRITES},
    {"ExcludeChecker", api_exclude_checker, WRITES},
    {"GetZoneTransfer", api_get_zone_transfer, READS},
    {"IncludeChecker", api_include_checker, WRITES},
    {"ListCheckers", api_list_checkers, READS},
    {"ListDelegationSets", api_list_delegation_sets, READS},
    {"ListHealthStates", api_list_health_states, READS},
    {"ListNodes", api_list_nodes, READS},
    {"RemoveNode", api_remove_node, WRITES},
    {"SetDelegationSetAddresses", api_set_delegation_set_addresses, WRITES},
    {"SetHealthHoldDown", api_set_health_hold_down, WRITES},
    {"SetHealthOverride", api_set_health_override, WRITES},
    {"SetHealthState", api_set_health_state, WRITES},
    {"SetZoneTransfer", api_set_zone_transfer, WRITES},
    {"UncordonNode", api_uncordon_node, WRITES},
};

static const char weir_path[] = "/weir/2026-01-01/";

/* ---- what handlers use */

enum aws_error api_store_failed(struct api_call *c, enum err err, const struct errctx *ec)
{
    LOG(LOG_ERROR, "api call failed", LOG_STR("request_id", c->request_id),
        LOG_SLICE("method", c->request->method), LOG_SLICE("path", c->request->path), LOG_ERR(ec));
    if (err == ERR_TIMEOUT || err == ERR_UNAVAILABLE)
        return aws_fail(&c->fault, AWS_ServiceUnavailable, "Service is unable to handle request.");
    return aws_fail(&c->fault, AWS_InternalFailure,
                    "The request processing has failed because of an unknown error.");
}

const char *api_new_id(struct api_call *c, char letter)
{
    uint8_t random[16];
    char id[R53_ID_SIZE];
    random_bytes(random, sizeof(random));
    r53_id_make(letter, random, id);
    return arena_strdup(c->arena, id);
}

const char *api_new_uuid(struct api_call *c)
{
    uint8_t random[16];
    char id[AWS_REQUEST_ID_SIZE];
    random_bytes(random, sizeof(random));
    aws_request_id(random, id);
    return arena_strdup(c->arena, id);
}

const char *api_location(struct api_call *c, const char *resource)
{
    return arena_printf(c->arena, "%s://%.*s/2013-04-01/%s", c->request->is_tls ? "https" : "http",
                        SLICE_FMT(c->request->authority), resource);
}

const char *api_new_short_id(struct api_call *c, char letter)
{
    return arena_printf(c->arena, "%.14s", api_new_id(c, letter));
}

enum aws_error api_page_size(struct api_call *c, const char *text, size_t most, size_t *out)
{
    uint64_t number = most;
    if (text != NULL && (!slice_parse_u64(slice_str(text), UINT32_MAX, &number) || number == 0))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "1 validation error detected: Value '%s' at 'maxItems' failed to satisfy "
                        "constraint: Member must be a number between 1 and %zu",
                        text, most);
    *out = min_size((size_t)number, most);
    return AWS_OK;
}

/* ---- the transaction around a handler */

static enum aws_error begin(struct api_call *c, enum effect effect)
{
    struct errctx ec = {0};
    enum err err =
        effect == WRITES ? store_begin_write(c->conn, &ec) : store_begin_read(c->conn, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* Ends the transaction of a handler that said `error`: a change is durable, or never was. */
static enum aws_error conclude(struct api_call *c, enum effect effect, enum aws_error error,
                               const char *operation)
{
    struct errctx ec = {0};
    if (error != AWS_OK || effect == READS) {
        store_rollback(c->conn);
        return error;
    }
    CHECK(c->resource != NULL);
    struct store_audit row = {
        .at_unix_ms = c->now_unix_ms,
        .account_id = c->account_id,
        .access_key_id = c->access_key_id,
        .action = arena_printf(c->arena, "%s:%s", aws_service_name(c->service), operation),
        .resource = c->resource,
        .request_id = c->request_id,
        .source_ip = c->request->source_ip,
        .detail = c->request->body,
    };
    enum err err = store_audit_add(c->conn, &row, &ec);
    if (err == ERR_OK)
        err = store_commit(c->conn, &ec);
    else
        store_rollback(c->conn);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* ---- the AWS services */

static enum aws_error run_aws(struct api_call *c, struct aws_output *out)
{
    const struct api_request *r = c->request;
    struct aws_route route;
    enum aws_error error = aws_route(r->method, r->path, r->query, &route, &c->fault);
    if (error != AWS_OK)
        return error;
    const struct aws_operation *o = route.operation;
    const struct aws_handler *handler = &aws_handlers[o->id];
    CHECK_MSG(handler->run != NULL, "%s has no handler", o->name);
    void *in = arena_alloc(c->arena, o->request->size);
    void *response = arena_alloc(c->arena, o->response->size);
    struct aws_input input = {
        .query = r->query, .headers = r->headers, .header_count = r->header_count, .body = r->body};
    error = aws_bind_request(&route, &input, in, &c->fault);
    if (error == AWS_OK)
        error = begin(c, handler->effect);
    if (error != AWS_OK)
        return error;
    error = conclude(c, handler->effect, handler->run(c, in, response), o->name);
    if (error == AWS_OK) {
        aws_bind_response(c->arena, o, response, out);
        api_hints_tell(c, out);
    }
    return error;
}

/* ---- the service weir */

static const struct weir_handler *find_weir_handler(struct slice path)
{
    struct slice prefix = slice_str(weir_path);
    if (!slice_starts_with(path, prefix))
        return NULL;
    struct slice name = slice_sub(path, prefix.len, path.len);
    for (size_t i = 0; i < ARRAY_LEN(weir_handlers); i++)
        if (slice_equal(name, slice_str(weir_handlers[i].name)))
            return &weir_handlers[i];
    return NULL;
}

static enum aws_error run_weir_handler(struct api_call *c, const struct weir_handler *handler,
                                       const json_t *in, struct aws_output *out)
{
    enum aws_error error = begin(c, handler->effect);
    if (error != AWS_OK)
        return error;
    json_t *answer = json_object();
    error = conclude(c, handler->effect, handler->run(c, in, answer), handler->name);
    if (error == AWS_OK) {
        char *text = json_dumps(answer, JSON_COMPACT);
        CHECK(text != NULL);
        *out = (struct aws_output){.status = 200, .body = slice_str(arena_strdup(c->arena, text))};
        free(text);
    }
    json_decref(answer);
    return error;
}

static enum aws_error run_weir(struct api_call *c, struct aws_output *out)
{
    const struct api_request *r = c->request;
    const struct weir_handler *handler = find_weir_handler(r->path);
    if (handler == NULL)
        return aws_fail(&c->fault, AWS_UnknownOperationException,
                        "The service weir has no operation at this path");
    if (!slice_equal(r->method, SLICE_LIT("POST")))
        return aws_fail(&c->fault, AWS_MethodNotAllowed, "%s is called by POST", handler->name);
    json_t *in = r->body.len == 0 ? json_object()
                                  : json_loadb((const char *)r->body.data, r->body.len,
                                               JSON_REJECT_DUPLICATES, NULL);
    enum aws_error error =
        json_is_object(in) ? run_weir_handler(c, handler, in, out)
                           : aws_fail(&c->fault, AWS_InvalidInput, "The body is not a JSON object");
    json_decref(in);
    return error;
}

/* ---- the whole call */

static enum aws_error run_stages(struct api_call *c, struct aws_output *out)
{
    enum aws_error error = api_authenticate(c);
    if (error != AWS_OK)
        return error;
    if (!throttle_take(c->throttle, slice_str(c->account_id), time_monotonic_ns())) {
        metrics_add(METRIC_API_THROTTLED, 1);
        return aws_fail(&c->fault, AWS_Throttling, "Rate exceeded");
    }
    return c->service == AWS_WEIR ? run_weir(c, out) : run_aws(c, out);
}

static void count(unsigned status)
{
    metrics_add(METRIC_API_CALLS, 1);
    if (status >= 500)
        metrics_add(METRIC_API_FAILURES, 1);
    else if (status >= 400)
        metrics_add(METRIC_API_REFUSALS, 1);
}

void api_dispatch(struct api_call *c, struct api_answer *out)
{
    *out = (struct api_answer){.content_type =
                                   c->service == AWS_WEIR ? "application/json" : "text/xml"};
    c->fault.arena = c->arena;
    enum aws_error error = run_stages(c, &out->output);
    if (error != AWS_OK)
        out->output = (struct aws_output){
            .status = aws_error_status(error),
            .body = aws_error_document(c->arena, c->service, &c->fault, c->request_id)};
    count(out->output.status);
}
