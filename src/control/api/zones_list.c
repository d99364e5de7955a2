// SPDX-License-Identifier: Apache-2.0
// Listings of hosted zones, page by page. Called by the dispatcher on a worker, inside a read
// transaction. One row more than the page is read, to know whether and where the next one begins.
#include "control/api/zones_priv.h"

#include "dns/name.h"

/* The zones of a page: `count` of them, and the one behind where there is one. */
struct page {
    struct store_zone *zones;
    size_t count;
    const struct store_zone *next;
};

static struct r53_hosted_zone *page_shapes(struct api_call *c, const struct page *page)
{
    struct r53_hosted_zone *shapes = arena_array(c->arena, page->count, sizeof(*shapes));
    for (size_t i = 0; i < page->count; i++)
        shapes[i] = zone_shape(c, &page->zones[i]);
    return shapes;
}

static enum aws_error read_page(struct api_call *c, const struct store_zone_query *query,
                                size_t size, struct page *out)
{
    struct errctx ec = {0};
    struct store_zone *zones;
    size_t count;
    enum err err = store_zone_list(c->conn, c->arena, query, &zones, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    *out = (struct page){
        .zones = zones, .count = min_size(count, size), .next = count > size ? &zones[size] : NULL};
    return AWS_OK;
}

/*
 * The greatest text below `id` that no id can be: a page begins with its marker, the store with
 * what follows one.
 */
static const char *just_before(struct arena *a, const char *id)
{
    size_t len = strlen(id);
    if (len == 0)
        return id;
    return arena_printf(a, "%.*s%c\x7f", (int)len - 1, id, id[len - 1] - 1);
}

enum aws_error api_list_hosted_zones(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_hosted_zones_request *request = in;
    struct r53_list_hosted_zones_response *response = out;
    struct page page = {0};
    size_t size = 0;
    enum aws_error error = api_page_size(c, request->max_items, API_ZONES_PAGE_MAX, &size);
    if (error == AWS_OK && request->delegation_set_id != NULL) {
        struct store_delegation_set set;
        error = find_delegation_set(c, request->delegation_set_id, &set);
    }
    if (error != AWS_OK)
        return error;
    struct store_zone_query query = {.account_id = c->account_id,
                                     .delegation_set_id = request->delegation_set_id,
                                     .limit = size + 1};
    if (request->marker != NULL)
        query.after_id = just_before(c->arena, request->marker);
    error = read_page(c, &query, size, &page);
    if (error != AWS_OK)
        return error;
    response->hosted_zones = page_shapes(c, &page);
    response->hosted_zones_count = page.count;
    response->marker = request->marker;
    response->is_truncated = page.next != NULL;
    response->next_marker = page.next == NULL ? NULL : page.next->id;
    response->max_items = arena_printf(c->arena, "%zu", size);
    return AWS_OK;
}

static enum aws_error start_by_name(struct api_call *c,
                                    const struct r53_list_hosted_zones_by_name_request *request,
                                    struct store_zone_query *query)
{
    struct dns_name name;
    struct errctx ec = {0};
    if (request->dns_name == NULL && request->hosted_zone_id != NULL)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "HostedZoneId can be given together with DNSName only");
    if (request->dns_name == NULL)
        return AWS_OK;
    if (dns_name_parse(slice_str(request->dns_name), &name, &ec) != ERR_OK)
        return aws_fail(&c->fault, AWS_InvalidDomainName, "%s", ec.text);
    query->from_sort_key = dns_name_sort_key(c->arena, dns_name_slice(&name));
    query->from_id = request->hosted_zone_id;
    return AWS_OK;
}

enum aws_error api_list_hosted_zones_by_name(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_hosted_zones_by_name_request *request = in;
    struct r53_list_hosted_zones_by_name_response *response = out;
    struct page page = {0};
    size_t size = 0;
    struct store_zone_query query = {.account_id = c->account_id, .by_name = true};
    enum aws_error error = api_page_size(c, request->max_items, API_ZONES_PAGE_MAX, &size);
    if (error == AWS_OK)
        error = start_by_name(c, request, &query);
    if (error != AWS_OK)
        return error;
    query.limit = size + 1;
    error = read_page(c, &query, size, &page);
    if (error != AWS_OK)
        return error;
    response->hosted_zones = page_shapes(c, &page);
    response->hosted_zones_count = page.count;
    response->dns_name = request->dns_name;
    response->hosted_zone_id = request->hosted_zone_id;
    response->is_truncated = page.next != NULL;
    if (page.next != NULL) {
        response->next_dns_name = page.next->name;
        response->next_hosted_zone_id = page.next->id;
    }
    response->max_items = arena_printf(c->arena, "%zu", size);
    return AWS_OK;
}
