// SPDX-License-Identifier: Apache-2.0
// One call on its way through the API, and the handlers of operations. Private to control/api/.
#ifndef CONTROL_API_API_PRIV_H
#define CONTROL_API_API_PRIV_H

#include "aws/bind.h"
#include "control/api/api.h"
#include "control/api/limits.h"
#include "control/store/objects.h"
#include "lint/failover.h"

#include <jansson.h>

struct throttle;

/** The request as it was received; everything in the call's arena. */
struct api_request {
    struct slice method;
    struct slice path;
    struct slice query;
    struct slice authority; /* host[:port] as the client named it */
    struct sigv4_header *headers;
    size_t header_count;
    struct slice body;
    bool is_tls;
    const char *source_ip;
};

/**
 * One call on a worker.
 * Owner: the worker, for the length of the call. Everything that is made lives in `arena`.
 */
struct api_call {
    struct arena *arena;
    struct store_conn *conn;
    const struct api_options *options;
    struct throttle *throttle;
    const struct api_request *request;
    enum aws_service service;
    char request_id[AWS_REQUEST_ID_SIZE];
    int64_t now_unix_ms;
    const char *account_id; /* of the access key; set once the signature verified */
    const char *access_key_id;
    const char *resource;       /* for the audit row: a handler that changes something sets it */
    struct lint_findings hints; /* of what it writes */
    struct aws_fault fault;
};

/** What the client gets. */
struct api_answer {
    struct aws_output output;
    const char *content_type;
};

/** Runs a whole call: signature, rate, operation, answer. Worker thread; logs failures of ours. */
void api_dispatch(struct api_call *c, struct api_answer *out);

/* ---- for handlers */

/** Fails the call for a failure of the store, and logs it: 503 where a retry helps, else 500. */
enum aws_error api_store_failed(struct api_call *c, enum err err, const struct errctx *ec);

/** A fresh id of Route 53's form, in the arena. */
const char *api_new_id(struct api_call *c, char letter);

/** A fresh version 4 UUID, in the arena. */
const char *api_new_uuid(struct api_call *c);

/** A fresh id of CloudFront's form: the letter and 13 more, in the arena. */
const char *api_new_short_id(struct api_call *c, char letter);

/** The page size of a listing: `text` (NULL: the most) as a number, at most `most`. */
enum aws_error api_page_size(struct api_call *c, const char *text, size_t most, size_t *out)
    MUST_USE;

/** What the fleet runs, of the callback node_status: an object, empty where nothing is known. The
 *  caller's to release. */
json_t *api_fleet_status(struct api_call *c) MUST_USE;

/** The absolute URL of a resource ("hostedzone/Z123") of Route 53, in the arena. */
const char *api_location(struct api_call *c, const char *resource);

struct store_zone;
/** A zone of the calling account; NoSuchHostedZone. */
enum aws_error api_find_zone(struct api_call *c, const char *id, struct store_zone *out) MUST_USE;

/** Under which name the tags of a zone are kept. In the arena. */
const char *api_zone_arn(struct api_call *c, const char *id);

/**
 * Adds the row of a change that takes effect at `version` on the nodes of `roles` (bits of enum
 * store_role) and gives its id. `comment` may be NULL.
 */
enum aws_error api_put_change(struct api_call *c, uint64_t version, unsigned roles,
                              const char *comment, const char **out_id) MUST_USE;

struct r53_change_info;
/**
 * The same for a change of zones and records, with how clients see it.
 * `comment` may be NULL.
 */
enum aws_error api_add_change(struct api_call *c, uint64_t version, const char *comment,
                              struct r53_change_info *out) MUST_USE;

/** The same as the service weir tells it: Id, Status, SubmittedAt. */
json_t *api_change_json(const struct r53_change_info *info) MUST_USE;

/* ---- auth.c */

/** Verifies the signature and finds out whose call it is. */
enum aws_error api_authenticate(struct api_call *c) MUST_USE;

/* ---- handlers, by operation: request struct in, response struct out, inside a transaction */

enum aws_error api_create_hosted_zone(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_hosted_zone(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_hosted_zones(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_hosted_zones_by_name(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_get_hosted_zone_count(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_update_hosted_zone_comment(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_delete_hosted_zone(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_change_record_sets(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_record_sets(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_test_dns_answer(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_change(struct api_call *c, const void *in, void *out) MUST_USE;

enum aws_error api_get_geo_location(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_geo_locations(struct api_call *c, const void *in, void *out) MUST_USE;

enum aws_error api_create_cidr_collection(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_change_cidr_collection(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_delete_cidr_collection(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_cidr_collections(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_cidr_locations(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_cidr_blocks(struct api_call *c, const void *in, void *out) MUST_USE;

enum aws_error api_create_health_check(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_delete_health_check(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_checker_ip_ranges(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_health_check(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_health_check_count(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_health_check_last_failure_reason(struct api_call *c, const void *in,
                                                        void *out) MUST_USE;
enum aws_error api_get_health_check_status(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_health_checks(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_update_health_check(struct api_call *c, const void *in, void *out) MUST_USE;

enum aws_error api_change_tags(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_tags(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_tags_of_many(struct api_call *c, const void *in, void *out) MUST_USE;

enum aws_error api_create_traffic_policy(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_create_traffic_policy_instance(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_create_traffic_policy_version(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_delete_traffic_policy(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_delete_traffic_policy_instance(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_get_traffic_policy(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_traffic_policy_instance(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_get_traffic_policy_instance_count(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_list_traffic_policies(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_traffic_policy_instances(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_list_traffic_policy_instances_by_hosted_zone(struct api_call *c, const void *in,
                                                                void *out) MUST_USE;
enum aws_error api_list_traffic_policy_instances_by_policy(struct api_call *c, const void *in,
                                                           void *out) MUST_USE;
enum aws_error api_list_traffic_policy_versions(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_update_traffic_policy_comment(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_update_traffic_policy_instance(struct api_call *c, const void *in, void *out)
    MUST_USE;

enum aws_error api_create_distribution(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_create_distribution_with_tags(struct api_call *c, const void *in, void *out)
    MUST_USE;
enum aws_error api_get_distribution(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_distribution_config(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_update_distribution(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_delete_distribution(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_distributions(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_create_invalidation(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_get_invalidation(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_invalidations(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_tag_resource(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_untag_resource(struct api_call *c, const void *in, void *out) MUST_USE;
enum aws_error api_list_tags_for_resource(struct api_call *c, const void *in, void *out) MUST_USE;

/* ---- handlers of the service weir: JSON in, members added to `out` */

enum aws_error api_list_nodes(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_admit_node(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_cordon_node(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_uncordon_node(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_drain_node(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_remove_node(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_list_checkers(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_exclude_checker(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_include_checker(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_list_delegation_sets(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_set_delegation_set_addresses(struct api_call *c, const json_t *in, json_t *out)
    MUST_USE;
enum aws_error api_list_health_states(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_set_health_hold_down(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_set_health_override(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_set_health_state(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_get_zone_transfer(struct api_call *c, const json_t *in, json_t *out) MUST_USE;
enum aws_error api_set_zone_transfer(struct api_call *c, const json_t *in, json_t *out) MUST_USE;

#endif
