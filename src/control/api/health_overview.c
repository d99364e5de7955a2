// SPDX-License-Identifier: Apache-2.0
// All health checks of an account with what name servers make of them, in the service weir. Called
// by the dispatcher on a worker, inside a read transaction.
#include "control/api/health_priv.h"

#include "base/check.h"
#include "control/store/distributions.h"

/* "https://www.example.com:443/health", "tcp 10.0.0.5:5432", "2 of 3 checks"; "" of the others. */
static const char *target_of(struct arena *a, const struct r53_health_check_config *c)
{
    const char *host = c->ip_address != NULL ? c->ip_address : c->fully_qualified_domain_name;
    if (c->type == R53_CHECK_CALCULATED)
        return arena_printf(a, "%lld of %zu checks", (long long)c->health_threshold,
                            c->child_health_checks_count);
    if (host == NULL)
        return c->alarm_identifier != NULL ? c->alarm_identifier->name : "";
    const char *place = arena_printf(a, strchr(host, ':') == NULL ? "%s:%lld" : "[%s]:%lld", host,
                                     (long long)c->port);
    if (c->type == R53_CHECK_TCP)
        return arena_printf(a, "tcp %s", place);
    bool is_https = c->type == R53_CHECK_HTTPS || c->type == R53_CHECK_HTTPS_STR_MATCH;
    const char *path = c->resource_path == NULL ? "/" : c->resource_path;
    return arena_printf(a, "%s://%s%s%s", is_https ? "https" : "http", place,
                        *path == '/' ? "" : "/", path);
}

/* The tag that people name resources by; "" where there is none. */
static enum err name_of(struct api_call *c, const char *id, const char **out, struct errctx *ec)
{
    struct store_tag *tags;
    size_t count = 0;
    *out = "";
    enum err err = store_tag_list(c->conn, c->arena, health_check_arn(c, id), &tags, &count, ec);
    for (size_t i = 0; err == ERR_OK && i < count; i++)
        if (strcmp(tags[i].name, "Name") == 0 && tags[i].value != NULL)
            *out = tags[i].value;
    return err;
}

static struct api_health health_of(struct api_call *c, const char *id)
{
    const struct api_options *o = c->options;
    return o->health_of == NULL ? (struct api_health){0} : o->health_of(o->user, id);
}

static enum err add_check(struct api_call *c, const char *id, json_t *list, struct errctx *ec)
{
    static const char *const states[] = {
        [API_HEALTH_UNKNOWN] = "unknown", [API_HEALTHY] = "healthy", [API_UNHEALTHY] = "unhealthy"};
    struct r53_health_check_body body;
    const char *name = NULL;
    enum err err = load_health_check(c, id, &body, ec);
    if (err == ERR_OK)
        err = name_of(c, id, &name, ec);
    if (err != ERR_OK)
        return err;
    struct api_health health = health_of(c, id);
    json_t *check = json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "Id", id, "Name", name, "Type",
                              r53_health_type_text(body.config->type), "Target",
                              target_of(c->arena, body.config), "State", states[health.state],
                              "Frozen", health.is_frozen);
    CHECK(check != NULL);
    json_array_append_new(list, check);
    return ERR_OK;
}

enum aws_error api_list_health_states(struct api_call *c, const json_t *in, json_t *out)
{
    struct store_health_check *rows;
    struct errctx ec = {0};
    size_t count = 0;
    const char *marker = json_string_value(json_object_get(in, "Marker"));
    const struct store_health_check_query query = {.account_id = c->account_id,
                                                   .from_id = marker == NULL ? "" : marker,
                                                   .limit = API_HEALTH_STATES_PAGE + 1};
    json_t *list = json_array();
    json_object_set_new(out, "HealthChecks", list);
    enum err err = store_health_check_list(c->conn, c->arena, &query, &rows, &count, &ec);
    for (size_t i = 0; err == ERR_OK && i < min_size(count, API_HEALTH_STATES_PAGE); i++)
        err = add_check(c, rows[i].id, list, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    if (count > API_HEALTH_STATES_PAGE)
        json_object_set_new(out, "NextMarker", json_string(rows[API_HEALTH_STATES_PAGE].id));
    return AWS_OK;
}
