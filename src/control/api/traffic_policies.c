// SPDX-License-Identifier: Apache-2.0
// Traffic policies and their versions. Called by the dispatcher on a worker, inside a transaction.
#include "aws/limits.h"
#include "control/api/traffic_priv.h"

enum aws_error find_traffic_policy(struct api_call *c, const char *id, uint64_t version,
                                   struct store_traffic_policy *out)
{
    struct errctx ec = {0};
    const struct store_traffic_key key = {
        .account_id = c->account_id, .id = id, .version = version};
    enum err err = store_traffic_get(c->conn, c->arena, &key, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchTrafficPolicy,
                        "No traffic policy exists with the specified ID and version: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

struct r53_traffic_policy *traffic_policy_shape(struct api_call *c,
                                                const struct store_traffic_policy *row)
{
    struct r53_traffic_policy *shape = ARENA_NEW(c->arena, struct r53_traffic_policy);
    *shape = (struct r53_traffic_policy){
        .id = row->id,
        .has_version = true,
        .version = (int64_t)row->version,
        .name = row->name,
        .type = row->type,
        .document = row->document,
        .comment = row->comment,
    };
    return shape;
}

/* The document is right; the type of its record sets. */
static enum aws_error read_document(struct api_call *c, struct store_traffic_policy *row)
{
    struct r53_traffic_tree tree;
    enum aws_error error = r53_traffic_parse(slice_str(row->document), &tree, &c->fault);
    if (error == AWS_OK)
        row->type = r53_rr_type_text(c->arena, tree.type);
    return error;
}

static const char *path_of(struct api_call *c, const struct store_traffic_policy *row)
{
    return arena_printf(c->arena, "trafficpolicy/%s/%llu", row->id,
                        (unsigned long long)row->version);
}

/* ---- creating */

static enum aws_error check_room(struct api_call *c)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    enum err err = store_traffic_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_TRAFFIC_POLICIES_MAX)
        return aws_fail(&c->fault, AWS_TooManyTrafficPolicies,
                        "This request can't be completed: an account can have %u traffic policies",
                        API_TRAFFIC_POLICIES_MAX);
    return AWS_OK;
}

enum aws_error api_create_traffic_policy(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_traffic_policy_request *request = in;
    struct r53_create_traffic_policy_response *response = out;
    struct store_traffic_policy row = {.id = api_new_uuid(c),
                                       .account_id = c->account_id,
                                       .name = request->name,
                                       .version = 1,
                                       .document = request->document,
                                       .comment = request->comment};
    struct errctx ec = {0};
    enum aws_error error = read_document(c, &row);
    if (error == AWS_OK)
        error = check_room(c);
    if (error != AWS_OK)
        return error;
    enum err err = store_traffic_add(c->conn, &row, &ec);
    if (err == ERR_EXISTS)
        return aws_fail(&c->fault, AWS_TrafficPolicyAlreadyExists,
                        "A traffic policy that has the same value for Name already exists: %s",
                        aws_echo(c->arena, row.name));
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, &row);
    response->location = api_location(c, c->resource);
    response->traffic_policy = traffic_policy_shape(c, &row);
    return AWS_OK;
}

static enum aws_error check_version_room(struct api_call *c, const char *id, uint64_t last)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    enum err err = store_traffic_count_versions(c->conn, id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= R53_TRAFFIC_VERSIONS_MAX || last >= R53_TRAFFIC_VERSIONS_MAX)
        return aws_fail(&c->fault, AWS_TooManyTrafficPolicyVersionsForCurrentPolicy,
                        "This traffic policy version can't be created: a traffic policy can have "
                        "%u versions",
                        R53_TRAFFIC_VERSIONS_MAX);
    return AWS_OK;
}

enum aws_error api_create_traffic_policy_version(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_traffic_policy_version_request *request = in;
    struct r53_create_traffic_policy_version_response *response = out;
    struct store_traffic_policy row;
    struct errctx ec = {0};
    enum aws_error error = find_traffic_policy(c, request->id, 0, &row);
    if (error == AWS_OK)
        error = check_version_room(c, row.id, row.version);
    if (error != AWS_OK)
        return error;
    row.document = request->document;
    row.comment = request->comment;
    error = read_document(c, &row);
    if (error != AWS_OK)
        return error;
    enum err err = store_traffic_add_version(c->conn, &row, &row.version, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, &row);
    response->location = api_location(c, c->resource);
    response->traffic_policy = traffic_policy_shape(c, &row);
    return AWS_OK;
}

/* ---- the other operations on one version */

enum aws_error api_get_traffic_policy(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_traffic_policy_request *request = in;
    struct r53_get_traffic_policy_response *response = out;
    struct store_traffic_policy row;
    enum aws_error error = find_traffic_policy(c, request->id, (uint64_t)request->version, &row);
    if (error == AWS_OK)
        response->traffic_policy = traffic_policy_shape(c, &row);
    return error;
}

enum aws_error api_update_traffic_policy_comment(struct api_call *c, const void *in, void *out)
{
    const struct r53_update_traffic_policy_comment_request *request = in;
    struct r53_update_traffic_policy_comment_response *response = out;
    struct store_traffic_policy row;
    struct errctx ec = {0};
    enum aws_error error = find_traffic_policy(c, request->id, (uint64_t)request->version, &row);
    if (error != AWS_OK)
        return error;
    row.comment = request->comment;
    enum err err = store_traffic_set_comment(c->conn, row.id, row.version, row.comment, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, &row);
    response->traffic_policy = traffic_policy_shape(c, &row);
    return AWS_OK;
}

enum aws_error api_delete_traffic_policy(struct api_call *c, const void *in, void *out)
{
    (void)out;
    const struct r53_delete_traffic_policy_request *request = in;
    struct store_traffic_policy row;
    struct errctx ec = {0};
    uint64_t instances = 0;
    enum aws_error error = find_traffic_policy(c, request->id, (uint64_t)request->version, &row);
    if (error != AWS_OK)
        return error;
    enum err err = store_traffic_instance_count_of(c->conn, row.id, row.version, &instances, &ec);
    if (err == ERR_OK && instances > 0)
        return aws_fail(&c->fault, AWS_TrafficPolicyInUse,
                        "One or more traffic policy instances were created by using the specified "
                        "traffic policy: %llu",
                        (unsigned long long)instances);
    if (err == ERR_OK)
        err = store_traffic_remove(c->conn, row.id, row.version, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = path_of(c, &row);
    return AWS_OK;
}

/* ---- listings */

enum aws_error api_list_traffic_policies(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_traffic_policies_request *request = in;
    struct r53_list_traffic_policies_response *response = out;
    struct store_traffic_policy *rows;
    struct errctx ec = {0};
    size_t size = 0;
    size_t count = 0;
    uint64_t total = 0;
    enum aws_error error = api_page_size(c, request->max_items, API_TRAFFIC_PAGE_MAX, &size);
    if (error != AWS_OK)
        return error;
    const char *marker = request->traffic_policy_id_marker;
    const struct store_traffic_query query = {
        .account_id = c->account_id, .id = marker == NULL ? "" : marker, .limit = size + 1};
    enum err err = store_traffic_list(c->conn, c->arena, &query, &rows, &count, &ec);
    if (err == ERR_OK)
        err = store_traffic_count(c->conn, c->account_id, &total, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->traffic_policy_summaries_count = min_size(count, size);
    response->traffic_policy_summaries =
        arena_array(c->arena, size, sizeof(*response->traffic_policy_summaries));
    for (size_t i = 0; i < response->traffic_policy_summaries_count; i++)
        response->traffic_policy_summaries[i] = (struct r53_traffic_policy_summary){
            .id = rows[i].id,
            .name = rows[i].name,
            .type = rows[i].type,
            .latest_version = (int64_t)rows[i].version,
            .traffic_policy_count = (int64_t)total,
        };
    response->is_truncated = count > size;
    response->traffic_policy_id_marker = count > size ? rows[size].id : "";
    response->max_items = arena_printf(c->arena, "%zu", size);
    return AWS_OK;
}

/* From which version on a listing goes. */
static enum aws_error read_version_marker(struct api_call *c, const char *marker, uint64_t *out)
{
    *out = 0;
    if (marker != NULL && *marker != '\0' &&
        !slice_parse_u64(slice_str(marker), R53_TRAFFIC_VERSIONS_MAX, out))
        return aws_fail(&c->fault, AWS_InvalidInput, "'%s' is not a version of a traffic policy",
                        marker);
    return AWS_OK;
}

enum aws_error api_list_traffic_policy_versions(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_traffic_policy_versions_request *request = in;
    struct r53_list_traffic_policy_versions_response *response = out;
    struct store_traffic_query query = {.account_id = c->account_id, .id = request->id};
    struct store_traffic_policy newest;
    struct store_traffic_policy *rows;
    struct errctx ec = {0};
    size_t size = 0;
    size_t count = 0;
    enum aws_error error = api_page_size(c, request->max_items, API_TRAFFIC_PAGE_MAX, &size);
    if (error == AWS_OK)
        error = read_version_marker(c, request->traffic_policy_version_marker, &query.from_version);
    if (error == AWS_OK)
        error = find_traffic_policy(c, request->id, 0, &newest);
    if (error != AWS_OK)
        return error;
    query.limit = size + 1;
    enum err err = store_traffic_list_versions(c->conn, c->arena, &query, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->traffic_policies_count = min_size(count, size);
    response->traffic_policies = arena_array(c->arena, size, sizeof(*response->traffic_policies));
    for (size_t i = 0; i < response->traffic_policies_count; i++)
        response->traffic_policies[i] = *traffic_policy_shape(c, &rows[i]);
    response->is_truncated = count > size;
    response->traffic_policy_version_marker =
        count > size ? arena_printf(c->arena, "%llu", (unsigned long long)rows[size].version) : "";
    response->max_items = arena_printf(c->arena, "%zu", size);
    return AWS_OK;
}
