// SPDX-License-Identifier: Apache-2.0
// Listing instances of traffic policies, page by page: all, those of a zone, those of a version of
// a policy. Markers name the first instance of the page. Called by the dispatcher on a worker,
// inside a read transaction.
#include "control/api/traffic_priv.h"

/** A listing under way. */
struct listing {
    struct store_traffic_instance_query query;
    size_t size; /* of the page */
    struct r53_traffic_policy_instance *page;
    size_t count;
    const struct store_traffic_instance *next; /* the first behind the page; NULL: none */
};

/** Where it begins, as the request says. */
struct markers {
    const char *zone_id; /* NULL: none */
    const char *name;
    const char *type;
    const char *max_items;
};

static enum aws_error read_markers(struct api_call *c, const struct markers *m, struct listing *l)
{
    struct dns_name name;
    struct errctx ec = {0};
    enum aws_error error = api_page_size(c, m->max_items, API_TRAFFIC_PAGE_MAX, &l->size);
    if (error != AWS_OK)
        return error;
    l->query.account_id = c->account_id;
    l->query.zone_id = l->query.zone_id == NULL ? "" : l->query.zone_id;
    l->query.policy_id = l->query.policy_id == NULL ? "" : l->query.policy_id;
    l->query.from_zone_id = m->zone_id == NULL ? "" : m->zone_id;
    l->query.from_type = m->type == NULL ? "" : m->type;
    l->query.limit = l->size + 1;
    bool has_name = m->name != NULL && *m->name != '\0';
    if (has_name != (m->type != NULL && *m->type != '\0') || (has_name && m->zone_id == NULL))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "The markers of a listing are given together, or none of them");
    if (!has_name)
        return AWS_OK;
    if (dns_name_parse(slice_str(m->name), &name, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidInput, "%s", ec.text);
    l->query.from_sort_key = dns_name_sort_key(c->arena, dns_name_slice(&name));
    return AWS_OK;
}

static enum aws_error fill(struct api_call *c, const struct markers *m, struct listing *l)
{
    struct store_traffic_instance *rows;
    struct errctx ec = {0};
    size_t count = 0;
    enum aws_error error = read_markers(c, m, l);
    if (error != AWS_OK)
        return error;
    enum err err = store_traffic_instance_list(c->conn, c->arena, &l->query, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    l->count = min_size(count, l->size);
    l->page = arena_array(c->arena, l->count, sizeof(*l->page));
    for (size_t i = 0; i < l->count; i++)
        l->page[i] = *traffic_instance_shape(c, &rows[i]);
    l->next = count > l->size ? &rows[l->size] : NULL;
    return AWS_OK;
}

/* The members that all three answers have. */
#define PUT_PAGE(c, l, response)                                                                   \
    do {                                                                                           \
        (response)->traffic_policy_instances = (l)->page;                                          \
        (response)->traffic_policy_instances_count = (l)->count;                                   \
        (response)->is_truncated = (l)->next != NULL;                                              \
        (response)->max_items = arena_printf((c)->arena, "%zu", (l)->size);                        \
        (response)->name_marker = (l)->next == NULL ? NULL : (l)->next->name;                      \
        (response)->type_marker = (l)->next == NULL ? NULL : (l)->next->type;                      \
    } while (0)

enum aws_error api_list_traffic_policy_instances(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_traffic_policy_instances_request *request = in;
    struct r53_list_traffic_policy_instances_response *response = out;
    const struct markers m = {request->hosted_zone_id_marker, request->name_marker,
                              request->type_marker, request->max_items};
    struct listing l = {0};
    enum aws_error error = fill(c, &m, &l);
    if (error != AWS_OK)
        return error;
    PUT_PAGE(c, &l, response);
    response->hosted_zone_id_marker = l.next == NULL ? NULL : l.next->zone_id;
    return AWS_OK;
}

enum aws_error api_list_traffic_policy_instances_by_hosted_zone(struct api_call *c, const void *in,
                                                                void *out)
{
    const struct r53_list_traffic_policy_instances_by_hosted_zone_request *request = in;
    struct r53_list_traffic_policy_instances_by_hosted_zone_response *response = out;
    struct store_zone zone;
    enum aws_error error = api_find_zone(c, request->hosted_zone_id, &zone);
    if (error != AWS_OK)
        return error;
    const struct markers m = {zone.id, request->name_marker, request->type_marker,
                              request->max_items};
    struct listing l = {.query = {.zone_id = zone.id}};
    error = fill(c, &m, &l);
    if (error == AWS_OK)
        PUT_PAGE(c, &l, response);
    return error;
}

enum aws_error api_list_traffic_policy_instances_by_policy(struct api_call *c, const void *in,
                                                           void *out)
{
    const struct r53_list_traffic_policy_instances_by_policy_request *request = in;
    struct r53_list_traffic_policy_instances_by_policy_response *response = out;
    const struct markers m = {request->hosted_zone_id_marker, request->name_marker,
                              request->type_marker, request->max_items};
    struct store_traffic_policy policy;
    enum aws_error error = find_traffic_policy(c, request->traffic_policy_id,
                                               (uint64_t)request->traffic_policy_version, &policy);
    if (error != AWS_OK)
        return error;
    struct listing l = {.query = {.policy_id = policy.id, .policy_version = policy.version}};
    error = fill(c, &m, &l);
    if (error != AWS_OK)
        return error;
    PUT_PAGE(c, &l, response);
    response->hosted_zone_id_marker = l.next == NULL ? NULL : l.next->zone_id;
    return AWS_OK;
}
