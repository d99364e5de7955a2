// SPDX-License-Identifier: Apache-2.0
// Making, showing, changing and deleting distributions. Called by the dispatcher on a worker,
// inside a transaction. A distribution is a row, an object with its configuration, and the object
// of its DNS name; all change in one version, which its row's change waits for.
#include "control/api/distributions_priv.h"

#include "aws/cf_distribution_check.h"
#include "aws/limits.h"
#include "aws/r53_ids.h"
#include "aws/r53_sets.h"
#include "dns/name.h"

/* Where a change of a distribution has to be before it is deployed. */
#define DISTRIBUTION_ROLES (STORE_ROLE_DNS | STORE_ROLE_EDGE)

/* ---- the objects of a distribution */

static enum err put_config(struct api_call *c, const struct store_distribution *row,
                           struct cf_distribution_config *config, struct slice body,
                           struct errctx *ec)
{
    struct store_object object = {
        .kind = STORE_DISTRIBUTION, .group = row->id, .is_deleted = config == NULL, .body = body};
    return store_object_put(c->conn, &object, ec);
}

/* Its name in the built-in zone: where the points of presence are. `config` NULL takes it away. */
static enum err put_dns_name(struct api_call *c, const struct store_distribution *row,
                             const struct cf_distribution_config *config, struct errctx *ec)
{
    struct dns_name name;
    enum err err = dns_name_parse(slice_str(row->domain_name), &name, ec);
    if (err != ERR_OK)
        return err;
    struct store_object object = {.kind = STORE_NAME,
                                  .group = R53_CDN_ZONE_ID,
                                  .member = dns_name_sort_key(c->arena, dns_name_slice(&name)),
                                  .is_deleted = config == NULL};
    if (config != NULL) {
        const struct r53_distribution_name distribution = {.domain_name = row->domain_name,
                                                           .cdn_domain = c->options->cdn_domain,
                                                           .is_ipv6_enabled =
                                                               config->is_ipv6_enabled};
        struct r53_sets sets;
        r53_distribution_sets(c->arena, &distribution, &sets);
        object.body = r53_sets_encode(c->arena, &sets);
    }
    return store_object_put(c->conn, &object, ec);
}

/* ---- what create and update have in common */

/* Judges the configuration, fills it in and gives its body. */
static enum aws_error accept_config(struct api_call *c, const struct store_distribution *row,
                                    struct cf_distribution_config *config, struct slice *out_body)
{
    enum aws_error error = cf_distribution_check(config, c->options->cdn_domain, &c->fault);
    if (error != AWS_OK)
        return error;
    cf_distribution_fill(c->arena, config);
    struct cf_distribution_body body = {
        .id = row->id, .domain_name = row->domain_name, .config = config};
    *out_body = cf_distribution_body_encode(c->arena, &body);
    if (out_body->len > CF_DISTRIBUTION_MAX_BYTES)
        return aws_fail(&c->fault, AWS_InvalidArgument,
                        "The distribution configuration is larger than %zu bytes.",
                        CF_DISTRIBUTION_MAX_BYTES);
    return AWS_OK;
}

static enum aws_error put_aliases(struct api_call *c, const struct store_distribution *row,
                                  const struct cf_distribution_config *config)
{
    struct errctx ec = {0};
    size_t count;
    const char *const *aliases = cf_distribution_aliases(c->arena, config, &count);
    enum err err = store_alias_replace(c->conn, row->id, aliases, count, &ec);
    if (err == ERR_EXISTS)
        return aws_fail(&c->fault, AWS_CNAMEAlreadyExists,
                        "One or more of the CNAMEs you provided are already associated with a "
                        "different resource.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* Takes a version for the change and stamps the row with it. */
static enum aws_error begin_change(struct api_call *c, struct store_distribution *row)
{
    struct errctx ec = {0};
    uint64_t version = 0;
    enum err err = store_take_version(c->conn, &version, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    row->etag = api_new_short_id(c, 'E');
    row->modified_unix_ms = c->now_unix_ms;
    row->is_deployed = false;
    return api_put_change(c, version, DISTRIBUTION_ROLES, NULL, &row->change_id);
}

static enum aws_error put_objects(struct api_call *c, const struct store_distribution *row,
                                  struct cf_distribution_config *config, struct slice body)
{
    struct errctx ec = {0};
    enum err err = put_config(c, row, config, body, &ec);
    if (err == ERR_OK)
        err = put_dns_name(c, row, config, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* ---- CreateDistribution */

static enum aws_error check_count(struct api_call *c)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    enum err err = store_distribution_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_DISTRIBUTIONS_MAX)
        return aws_fail(&c->fault, AWS_TooManyDistributions,
                        "Processing your request will cause you to exceed the maximum number of "
                        "distributions allowed.");
    return AWS_OK;
}

static enum aws_error add_row(struct api_call *c, const struct store_distribution *row)
{
    struct errctx ec = {0};
    enum err err = store_distribution_add(c->conn, row, &ec);
    if (err == ERR_EXISTS)
        return aws_fail(&c->fault, AWS_DistributionAlreadyExists,
                        "The caller reference that you are using to create a distribution is "
                        "associated with another distribution.");
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

static struct store_distribution new_row(struct api_call *c,
                                         const struct cf_distribution_config *config)
{
    const char *id = api_new_short_id(c, 'E');
    char *domain_name = arena_printf(c->arena, "%s.%s", id, c->options->cdn_domain);
    for (char *p = domain_name; *p != '.'; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return (struct store_distribution){.id = id,
                                       .account_id = c->account_id,
                                       .caller_reference = config->caller_reference,
                                       .domain_name = domain_name,
                                       .created_unix_ms = c->now_unix_ms,
                                       .is_enabled = config->enabled};
}

static const char *location_of(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "%s://%.*s/2020-05-31/distribution/%s",
                        c->request->is_tls ? "https" : "http", SLICE_FMT(c->request->authority),
                        id);
}

static enum aws_error create(struct api_call *c, struct cf_distribution_config *config,
                             const struct cf_tags *tags, struct cf_distribution_result *out)
{
    struct store_distribution row = new_row(c, config);
    struct slice body = {0};
    enum aws_error error = accept_config(c, &row, config, &body);
    if (error == AWS_OK)
        error = check_count(c);
    if (error == AWS_OK)
        error = begin_change(c, &row);
    if (error == AWS_OK)
        error = add_row(c, &row);
    if (error == AWS_OK)
        error = put_aliases(c, &row, config);
    if (error == AWS_OK)
        error = put_objects(c, &row, config, body);
    if (error == AWS_OK && tags != NULL)
        error = put_tags(c, distribution_arn(c, row.id), tags);
    if (error != AWS_OK)
        return error;
    c->resource = distribution_arn(c, row.id);
    out->etag = row.etag;
    out->location = location_of(c, row.id);
    return distribution_shape(c, &row, config, &out->distribution);
}

enum aws_error api_create_distribution(struct api_call *c, const void *in, void *out)
{
    const struct cf_create_distribution_request *request = in;
    return create(c, request->config, NULL, out);
}

enum aws_error api_create_distribution_with_tags(struct api_call *c, const void *in, void *out)
{
    const struct cf_create_distribution_with_tags_request *request = in;
    return create(c, request->config_with_tags->config, request->config_with_tags->tags, out);
}

/* ---- showing one */

enum aws_error api_get_distribution(struct api_call *c, const void *in, void *out)
{
    const struct cf_get_distribution_request *request = in;
    struct cf_distribution_result *response = out;
    struct store_distribution row;
    struct cf_distribution_body body;
    enum aws_error error = find_distribution(c, request->id, &row);
    if (error == AWS_OK)
        error = load_distribution(c, row.id, &body);
    if (error != AWS_OK)
        return error;
    response->etag = row.etag;
    return distribution_shape(c, &row, body.config, &response->distribution);
}

enum aws_error api_get_distribution_config(struct api_call *c, const void *in, void *out)
{
    const struct cf_get_distribution_request *request = in;
    struct cf_get_distribution_config_result *response = out;
    struct store_distribution row;
    struct cf_distribution_body body;
    enum aws_error error = find_distribution(c, request->id, &row);
    if (error == AWS_OK)
        error = load_distribution(c, row.id, &body);
    if (error != AWS_OK)
        return error;
    response->etag = row.etag;
    response->config = body.config;
    return AWS_OK;
}

/* ---- UpdateDistribution, DeleteDistribution */

/* Finds the distribution and checks that the client saw its newest configuration. */
static enum aws_error find_matching(struct api_call *c, const char *id, const char *if_match,
                                    struct store_distribution *out)
{
    enum aws_error error = find_distribution(c, id, out);
    if (error != AWS_OK)
        return error;
    if (if_match == NULL || *if_match == '\0')
        return aws_fail(&c->fault, AWS_InvalidIfMatchVersion,
                        "The If-Match version is missing or not valid for the resource.");
    if (strcmp(if_match, out->etag) != 0)
        return aws_fail(&c->fault, AWS_PreconditionFailed,
                        "The request failed because it didn't meet the preconditions in one or "
                        "more request-header fields.");
    return AWS_OK;
}

static enum aws_error update_row(struct api_call *c, const struct store_distribution *row)
{
    struct errctx ec = {0};
    enum err err = store_distribution_update(c->conn, row, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum aws_error api_update_distribution(struct api_call *c, const void *in, void *out)
{
    const struct cf_update_distribution_request *request = in;
    struct cf_distribution_result *response = out;
    struct cf_distribution_config *config = request->config;
    struct store_distribution row;
    struct cf_distribution_body old;
    struct slice body = {0};
    enum aws_error error = find_matching(c, request->id, request->if_match, &row);
    if (error == AWS_OK)
        error = load_distribution(c, row.id, &old);
    if (error == AWS_OK)
        error = accept_config(c, &row, config, &body);
    if (error == AWS_OK)
        error = cf_distribution_check_update(old.config, config, &c->fault);
    if (error == AWS_OK)
        error = begin_change(c, &row);
    row.is_enabled = config->enabled;
    if (error == AWS_OK)
        error = update_row(c, &row);
    if (error == AWS_OK)
        error = put_aliases(c, &row, config);
    if (error == AWS_OK)
        error = put_objects(c, &row, config, body);
    if (error != AWS_OK)
        return error;
    c->resource = distribution_arn(c, row.id);
    response->etag = row.etag;
    return distribution_shape(c, &row, config, &response->distribution);
}

enum aws_error api_delete_distribution(struct api_call *c, const void *in, void *out)
{
    const struct cf_delete_distribution_request *request = in;
    struct store_distribution row;
    struct errctx ec = {0};
    (void)out;
    enum aws_error error = find_matching(c, request->id, request->if_match, &row);
    if (error != AWS_OK)
        return error;
    if (row.is_enabled || !row.is_deployed)
        return aws_fail(&c->fault, AWS_DistributionNotDisabled,
                        "The distribution you are trying to delete has not been disabled.");
    c->resource = distribution_arn(c, row.id);
    error = begin_change(c, &row);
    if (error == AWS_OK)
        error = put_objects(c, &row, NULL, (struct slice){0});
    if (error != AWS_OK)
        return error;
    enum err err = store_tag_remove_all(c->conn, c->resource, &ec);
    if (err == ERR_OK)
        err = store_distribution_remove(c->conn, row.id, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}
