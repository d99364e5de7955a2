// SPDX-License-Identifier: Apache-2.0
// What each checker says of a health check, now and of its last failure. Called by the dispatcher
// on a worker, inside a read transaction; checkers are known to the callback of api_options alone.
#include "control/api/health_priv.h"

/* Route 53 tells of endpoints alone (API Reference, GetHealthCheckStatus). */
static enum aws_error check_is_probed(struct api_call *c, const char *id)
{
    struct store_health_check row;
    struct r53_health_check_body body;
    struct errctx ec = {0};
    enum aws_error error = find_health_check(c, id, &row);
    if (error != AWS_OK)
        return error;
    enum err err = load_health_check(c, row.id, &body, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (r53_health_family_of(body.config->type) != R53_HEALTH_ENDPOINT)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "The health check %s is of the type %s, which no checker probes", row.id,
                        r53_health_type_text(body.config->type));
    return AWS_OK;
}

static void shape_of(struct api_call *c, const struct api_observation *from,
                     struct r53_health_check_observation *to)
{
    to->region = *from->region == '\0' ? NULL : from->region;
    to->ip_address = *from->ip_address == '\0' ? NULL : from->ip_address;
    to->status_report = ARENA_NEW(c->arena, struct r53_status_report);
    *to->status_report = (struct r53_status_report){
        .status = from->status, .has_checked_time = true, .checked_time = from->checked_unix_ms};
}

static enum aws_error observe(struct api_call *c, const struct api_health_question *question,
                              struct r53_health_check_observation **out, size_t *out_count)
{
    const struct api_options *o = c->options;
    struct api_observations seen = {0};
    struct errctx ec = {0};
    enum aws_error error = check_is_probed(c, question->check_id);
    if (error != AWS_OK)
        return error;
    enum err err = ERR_OK;
    if (o->observe_health != NULL)
        err = o->observe_health(o->user, c->arena, question, &seen, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    *out = arena_array(c->arena, seen.count, sizeof(**out));
    for (size_t i = 0; i < seen.count; i++)
        shape_of(c, &seen.items[i], &(*out)[i]);
    *out_count = seen.count;
    return AWS_OK;
}

enum aws_error api_get_health_check_status(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_health_check_request *request = in;
    struct r53_get_health_check_status_response *response = out;
    const struct api_health_question question = {.check_id = request->id};
    return observe(c, &question, &response->observations, &response->observations_count);
}

enum aws_error api_get_health_check_last_failure_reason(struct api_call *c, const void *in,
                                                        void *out)
{
    const struct r53_get_health_check_request *request = in;
    struct r53_get_health_check_last_failure_reason_response *response = out;
    const struct api_health_question question = {.check_id = request->id, .is_of_failure = true};
    return observe(c, &question, &response->observations, &response->observations_count);
}
