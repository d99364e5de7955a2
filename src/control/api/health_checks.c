// SPDX-License-Identifier: Apache-2.0
// Health checks: making, showing, changing and deleting them. Called by the dispatcher on a worker,
// inside a transaction. Listings stand in health_checks_list.c.
#include "control/api/health_priv.h"
#include "control/api/hints.h"

#include "control/store/distributions.h"

enum aws_error find_health_check(struct api_call *c, const char *id, struct store_health_check *out)
{
    struct errctx ec = {0};
    enum err err = store_health_check_get(c->conn, c->arena, c->account_id, id, out, &ec);
    if (err == ERR_NOT_FOUND)
        return aws_fail(&c->fault, AWS_NoSuchHealthCheck, "No health check exists with ID: %s",
                        aws_echo(c->arena, id));
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

enum err load_health_check(struct api_call *c, const char *id, struct r53_health_check_body *out,
                           struct errctx *ec)
{
    struct store_object which = {.kind = STORE_HEALTH_CHECK, .group = id};
    struct store_object object;
    enum err err = store_object_get(c->conn, c->arena, &which, &object, ec);
    return err == ERR_OK ? r53_health_decode(c->arena, object.body, out, ec) : err;
}

enum err put_health_check(struct api_call *c, const char *id,
                          const struct r53_health_check_body *body, struct errctx *ec)
{
    const struct store_object object = {
        .kind = STORE_HEALTH_CHECK, .group = id, .body = r53_health_encode(c->arena, body)};
    return store_object_put(c->conn, &object, ec);
}

struct r53_health_check health_check_shape(const struct store_health_check *row,
                                           struct r53_health_check_config *config)
{
    return (struct r53_health_check){.id = row->id,
                                     .caller_reference = row->caller_reference,
                                     .config = config,
                                     .has_version = true,
                                     .version = (int64_t)row->revision};
}

const char *health_check_arn(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "arn:aws:route53:::healthcheck/%s", id);
}

const char *health_check_path(struct api_call *c, const char *id)
{
    return arena_printf(c->arena, "healthcheck/%s", id);
}

/* ---- children of calculated checks */

/* All of them, in place of those that were noted before. */
static enum aws_error put_children(struct api_call *c, const char *id,
                                   const struct r53_health_check_config *config)
{
    struct errctx ec = {0};
    bool is_circle = false;
    enum err err = store_health_child_clear(c->conn, id, &ec);
    for (size_t i = 0; err == ERR_OK && i < config->child_health_checks_count; i++) {
        struct store_health_check child;
        const char *child_id = config->child_health_checks[i];
        err = store_health_check_get(c->conn, c->arena, c->account_id, child_id, &child, &ec);
        if (err == ERR_NOT_FOUND)
            return aws_fail(&c->fault, AWS_InvalidInput,
                            "Invalid parameter : No health check exists with ID: %s",
                            aws_echo(c->arena, child_id));
        if (err == ERR_OK)
            err = store_health_child_add(c->conn, id, child_id, &ec);
    }
    if (err == ERR_OK && config->child_health_checks_count > 0)
        err = store_health_child_is_circle(c->conn, id, &is_circle, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (is_circle)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "Invalid parameter : The health check %s would be calculated from itself",
                        id);
    return AWS_OK;
}

/* ---- CreateHealthCheck */

/* The check of this reference, where the same call made it before: SDKs repeat calls. */
static enum aws_error find_made_before(struct api_call *c, const char *caller_reference,
                                       struct r53_health_check_config *config,
                                       struct store_health_check *row, bool *out_is_there)
{
    struct r53_health_check_body body;
    struct errctx ec = {0};
    enum err err = store_health_check_get_referenced(c->conn, c->arena, c->account_id,
                                                     caller_reference, row, &ec);
    *out_is_there = err == ERR_OK;
    if (err == ERR_NOT_FOUND)
        return AWS_OK;
    if (err == ERR_OK)
        err = load_health_check(c, row->id, &body, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (!r53_health_is_same(c->arena, config, body.config))
        return aws_fail(&c->fault, AWS_HealthCheckAlreadyExists,
                        "A different health check has already been created with the specified "
                        "caller reference.");
    return AWS_OK;
}

static enum aws_error check_room(struct api_call *c)
{
    struct errctx ec = {0};
    uint64_t count = 0;
    enum err err = store_health_check_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_HEALTH_CHECKS_MAX)
        return aws_fail(&c->fault, AWS_TooManyHealthChecks,
                        "This health check can't be created: an account can have %u health checks",
                        API_HEALTH_CHECKS_MAX);
    err = store_health_check_count_all(c->conn, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count >= API_HEALTH_CHECKS_ALL_MAX)
        return aws_fail(&c->fault, AWS_TooManyHealthChecks,
                        "This health check can't be created: all accounts together can have %u "
                        "health checks",
                        API_HEALTH_CHECKS_ALL_MAX);
    return AWS_OK;
}

static enum aws_error make(struct api_call *c, const char *caller_reference,
                           struct r53_health_check_config *config, struct store_health_check *row)
{
    struct errctx ec = {0};
    const struct r53_health_check_body body = {.config = config};
    enum aws_error error = check_room(c);
    if (error != AWS_OK)
        return error;
    *row = (struct store_health_check){.id = api_new_uuid(c),
                                       .account_id = c->account_id,
                                       .caller_reference = caller_reference,
                                       .revision = 1};
    enum err err = store_health_check_add(c->conn, row, &ec);
    if (err == ERR_EXISTS)
        return aws_fail(&c->fault, AWS_HealthCheckAlreadyExists,
                        "A health check that was deleted has been created with the specified "
                        "caller reference.");
    if (err == ERR_OK)
        err = put_health_check(c, row->id, &body, &ec);
    return err == ERR_OK ? put_children(c, row->id, config) : api_store_failed(c, err, &ec);
}

enum aws_error api_create_health_check(struct api_call *c, const void *in, void *out)
{
    const struct r53_create_health_check_request *request = in;
    struct r53_create_health_check_response *response = out;
    struct r53_health_check_config *config = ARENA_NEW(c->arena, struct r53_health_check_config);
    struct store_health_check row;
    bool is_there = false;
    enum aws_error error = r53_health_fill(request->config, config, &c->fault);
    if (error == AWS_OK)
        error = find_made_before(c, request->caller_reference, config, &row, &is_there);
    if (error == AWS_OK && !is_there)
        error = make(c, request->caller_reference, config, &row);
    if (error != AWS_OK)
        return error;
    api_hint_check(c, row.id, config);
    c->resource = health_check_path(c, row.id);
    response->location = api_location(c, c->resource);
    response->health_check = ARENA_NEW(c->arena, struct r53_health_check);
    *response->health_check = health_check_shape(&row, config);
    return AWS_OK;
}

/* ---- the other operations */

enum aws_error api_get_health_check(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_health_check_request *request = in;
    struct r53_get_health_check_response *response = out;
    struct store_health_check row;
    struct r53_health_check_body body;
    struct errctx ec = {0};
    enum aws_error error = find_health_check(c, request->id, &row);
    if (error != AWS_OK)
        return error;
    enum err err = load_health_check(c, row.id, &body, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->health_check = ARENA_NEW(c->arena, struct r53_health_check);
    *response->health_check = health_check_shape(&row, body.config);
    return AWS_OK;
}

static enum aws_error check_revision(struct api_call *c,
                                     const struct r53_update_health_check_request *request,
                                     const struct store_health_check *row)
{
    if (!request->has_version || (uint64_t)request->version == row->revision)
        return AWS_OK;
    return aws_fail(&c->fault, AWS_HealthCheckVersionMismatch,
                    "The specified health check version, %lld, does not match the current one, "
                    "%llu.",
                    (long long)request->version, (unsigned long long)row->revision);
}

enum aws_error api_update_health_check(struct api_call *c, const void *in, void *out)
{
    const struct r53_update_health_check_request *request = in;
    struct r53_update_health_check_response *response = out;
    struct r53_health_check_config *config = ARENA_NEW(c->arena, struct r53_health_check_config);
    struct store_health_check row;
    struct r53_health_check_body body;
    struct errctx ec = {0};
    enum aws_error error = find_health_check(c, request->id, &row);
    if (error == AWS_OK)
        error = check_revision(c, request, &row);
    if (error != AWS_OK)
        return error;
    enum err err = load_health_check(c, row.id, &body, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    error = r53_health_update(body.config, request, config, &c->fault);
    if (error == AWS_OK)
        error = put_children(c, row.id, config);
    if (error != AWS_OK)
        return error;
    body.config = config;
    row.revision++;
    err = put_health_check(c, row.id, &body, &ec);
    if (err == ERR_OK)
        err = store_health_check_set_revision(c->conn, row.id, row.revision, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    api_hint_check(c, row.id, config);
    c->resource = health_check_path(c, row.id);
    response->health_check = ARENA_NEW(c->arena, struct r53_health_check);
    *response->health_check = health_check_shape(&row, config);
    return AWS_OK;
}

static enum aws_error check_unused(struct api_call *c, const char *id)
{
    const char *parent = NULL;
    struct errctx ec = {0};
    enum err err = store_health_child_parent(c->conn, c->arena, id, &parent, &ec);
    if (err == ERR_OK)
        return aws_fail(&c->fault, AWS_HealthCheckInUse,
                        "The health check %s is a child of the calculated health check %s", id,
                        parent);
    return err == ERR_NOT_FOUND ? AWS_OK : api_store_failed(c, err, &ec);
}

/* Record sets may still name it: as in Route 53 that hinders nobody, and it counts as healthy. */
enum aws_error api_delete_health_check(struct api_call *c, const void *in, void *out)
{
    (void)out;
    const struct r53_delete_health_check_request *request = in;
    struct store_health_check row;
    struct errctx ec = {0};
    enum aws_error error = find_health_check(c, request->id, &row);
    if (error == AWS_OK)
        error = check_unused(c, row.id);
    if (error != AWS_OK)
        return error;
    const struct store_object gone = {
        .kind = STORE_HEALTH_CHECK, .group = row.id, .is_deleted = true};
    enum err err = store_object_put(c->conn, &gone, &ec);
    if (err == ERR_OK)
        err = store_health_check_remove(c->conn, row.id, &ec);
    if (err == ERR_OK)
        err = store_tag_remove_all(c->conn, health_check_arn(c, row.id), &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    c->resource = health_check_path(c, row.id);
    return AWS_OK;
}
