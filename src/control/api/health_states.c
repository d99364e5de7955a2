// SPDX-License-Identifier: Apache-2.0
// What an operator says of health checks, in the service weir: the state of those that nobody
// probes, an override for a while, how long a new state stays. Called by the dispatcher on a
// worker, inside a transaction.
#include "control/api/health_priv.h"

#include "aws/route53.h"
#include "base/time.h"

/** One check that is changed. */
struct saying {
    struct store_health_check row;
    struct r53_health_check_body body;
};

static enum aws_error find(struct api_call *c, const json_t *in, struct saying *s)
{
    struct errctx ec = {0};
    const char *id = json_string_value(json_object_get(in, "HealthCheckId"));
    enum aws_error error =
        id == NULL ? aws_fail(&c->fault, AWS_InvalidInput, "A text 'HealthCheckId' is expected")
                   : find_health_check(c, id, &s->row);
    if (error != AWS_OK)
        return error;
    enum err err = load_health_check(c, s->row.id, &s->body, &ec);
    return err == ERR_OK ? AWS_OK : api_store_failed(c, err, &ec);
}

/* Its answer names the change, for GetChange to wait with. */
static enum aws_error store(struct api_call *c, const struct saying *s, json_t *out)
{
    struct r53_change_info change;
    struct errctx ec = {0};
    uint64_t version;
    enum err err = store_take_version(c->conn, &version, &ec);
    if (err == ERR_OK)
        err = put_health_check(c, s->row.id, &s->body, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    enum aws_error error = api_add_change(c, version, NULL, &change);
    if (error != AWS_OK)
        return error;
    c->resource = health_check_path(c, s->row.id);
    json_object_set_new(out, "ChangeInfo", api_change_json(&change));
    return AWS_OK;
}

/* ---- SetHealthState */

/* The state by its word; false where the type has no such state. */
static bool read_state(const char *state, const struct r53_health_check_config *config,
                       bool *is_unhealthy)
{
    bool has_no_data = strcmp(state, "insufficient-data") == 0;
    if (has_no_data && config->type == R53_CHECK_CLOUDWATCH_METRIC) {
        enum r53_insufficient_data_health_status wanted = config->insufficient_data_health_status;
        if (wanted == R53_DATA_HEALTHY || wanted == R53_DATA_UNHEALTHY)
            *is_unhealthy = wanted == R53_DATA_UNHEALTHY;
        return true; /* else it stays as it is */
    }
    *is_unhealthy = strcmp(state, "unhealthy") == 0;
    return *is_unhealthy || strcmp(state, "healthy") == 0;
}

enum aws_error api_set_health_state(struct api_call *c, const json_t *in, json_t *out)
{
    struct saying s = {0};
    const char *state = json_string_value(json_object_get(in, "State"));
    enum aws_error error = find(c, in, &s);
    if (error != AWS_OK)
        return error;
    const struct r53_health_check_config *config = s.body.config;
    bool is_unhealthy = s.body.is_posted_unhealthy;
    if (r53_health_family_of(config->type) != R53_HEALTH_POSTED)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "The health check %s is of the type %s, whose state nobody sets: checkers "
                        "or other checks decide it",
                        s.row.id, r53_health_type_text(config->type));
    if (state == NULL || !read_state(state, config, &is_unhealthy))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "'State' is one of healthy, unhealthy and, for CLOUDWATCH_METRIC, "
                        "insufficient-data");
    s.body.has_is_posted_unhealthy = s.body.is_posted_unhealthy = is_unhealthy;
    return store(c, &s, out);
}

/* ---- SetHealthOverride */

enum aws_error api_set_health_override(struct api_call *c, const json_t *in, json_t *out)
{
    struct saying s = {0};
    const json_t *healthy = json_object_get(in, "Healthy");
    json_int_t lease_s = json_integer_value(json_object_get(in, "LeaseSeconds"));
    enum aws_error error = find(c, in, &s);
    if (error != AWS_OK)
        return error;
    if (!json_is_boolean(healthy) && !json_is_null(healthy))
        return aws_fail(&c->fault, AWS_InvalidInput, "'Healthy' is true, false or null");
    if (json_is_boolean(healthy) && (lease_s < 1 || lease_s > API_OVERRIDE_MAX_S))
        return aws_fail(&c->fault, AWS_InvalidInput, "'LeaseSeconds' is a number from 1 to %d",
                        API_OVERRIDE_MAX_S);
    struct r53_health_override *o = ARENA_NEW(c->arena, struct r53_health_override);
    o->number = s.body.override == NULL ? 1 : s.body.override->number + 1;
    o->healthy = json_is_true(healthy);
    o->has_until_unix_s = json_is_boolean(healthy);
    o->until_unix_s = o->has_until_unix_s ? c->now_unix_ms / MS_PER_S + lease_s : 0;
    s.body.override = o;
    return store(c, &s, out);
}

/* ---- SetHealthHoldDown */

enum aws_error api_set_health_hold_down(struct api_call *c, const json_t *in, json_t *out)
{
    struct saying s = {0};
    const json_t *seconds = json_object_get(in, "Seconds");
    enum aws_error error = find(c, in, &s);
    if (error != AWS_OK)
        return error;
    if (!json_is_integer(seconds) || json_integer_value(seconds) < 0 ||
        json_integer_value(seconds) > API_HOLD_DOWN_MAX_S)
        return aws_fail(&c->fault, AWS_InvalidInput, "'Seconds' is a number from 0 to %d",
                        API_HOLD_DOWN_MAX_S);
    s.body.hold_down_s = json_integer_value(seconds);
    s.body.has_hold_down_s = s.body.hold_down_s > 0;
    return store(c, &s, out);
}
