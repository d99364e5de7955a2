// SPDX-License-Identifier: Apache-2.0
// Listing and counting health checks, and where checkers probe from. Called by the dispatcher on a
// worker, inside a read transaction.
#include "control/api/health_priv.h"

enum aws_error api_list_health_checks(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_health_checks_request *request = in;
    struct r53_list_health_checks_response *response = out;
    struct store_health_check *rows;
    struct errctx ec = {0};
    size_t size = 0;
    size_t count = 0;
    enum aws_error error = api_page_size(c, request->max_items, API_HEALTH_CHECKS_PAGE_MAX, &size);
    if (error != AWS_OK)
        return error;
    const struct store_health_check_query query = {
        .account_id = c->account_id,
        .from_id = request->marker == NULL ? "" : request->marker,
        .limit = size + 1,
    };
    enum err err = store_health_check_list(c->conn, c->arena, &query, &rows, &count, &ec);
    size_t listed = err == ERR_OK ? min_size(count, size) : 0;
    response->health_checks = arena_array(c->arena, listed, sizeof(*response->health_checks));
    for (size_t i = 0; err == ERR_OK && i < listed; i++) {
        struct r53_health_check_body body;
        err = load_health_check(c, rows[i].id, &body, &ec);
        if (err == ERR_OK)
            response->health_checks[i] = health_check_shape(&rows[i], body.config);
    }
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->health_checks_count = listed;
    response->marker = request->marker;
    response->is_truncated = count > size;
    response->next_marker = count > size ? rows[size].id : NULL;
    response->max_items = arena_printf(c->arena, "%zu", size);
    return AWS_OK;
}

enum aws_error api_get_health_check_count(struct api_call *c, const void *in, void *out)
{
    (void)in;
    struct r53_get_health_check_count_response *response = out;
    struct errctx ec = {0};
    uint64_t count;
    enum err err = store_health_check_count(c->conn, c->account_id, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    response->health_check_count = (int64_t)count;
    return AWS_OK;
}

/* ---- GetCheckerIpRanges */

static bool is_listed(const struct r53_get_checker_ip_ranges_response *r, const char *range)
{
    for (size_t i = 0; i < r->checker_ip_ranges_count; i++)
        if (strcmp(r->checker_ip_ranges[i], range) == 0)
            return true;
    return false;
}

/* The addresses of one checker, each as the network that holds it alone. */
static void add_ranges(struct api_call *c, const json_t *addresses,
                       struct r53_get_checker_ip_ranges_response *response)
{
    for (size_t i = 0; i < json_array_size(addresses); i++) {
        const char *text = json_string_value(json_array_get(addresses, i));
        if (text == NULL || response->checker_ip_ranges_count == API_CHECKER_RANGES_MAX)
            continue;
        const char *bits = strchr(text, ':') == NULL ? "32" : "128";
        const char *range = arena_printf(c->arena, "%s/%s", text, bits);
        if (!is_listed(response, range))
            response->checker_ip_ranges[response->checker_ip_ranges_count++] = range;
    }
}

enum aws_error api_get_checker_ip_ranges(struct api_call *c, const void *in, void *out)
{
    (void)in;
    struct r53_get_checker_ip_ranges_response *response = out;
    response->checker_ip_ranges =
        arena_array(c->arena, API_CHECKER_RANGES_MAX, sizeof(*response->checker_ip_ranges));
    json_t *status = api_fleet_status(c);
    const char *id;
    json_t *node;
    json_object_foreach(json_object_get(status, "Nodes"), id, node)
        add_ranges(c, json_object_get(node, "ProbeAddresses"), response);
    json_decref(status);
    return AWS_OK;
}
