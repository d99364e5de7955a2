// SPDX-License-Identifier: Apache-2.0
// Listing distributions, page by page. Called by the dispatcher on a worker, inside a read
// transaction. One row more than the page is read, to know whether another page follows.
#include "control/api/distributions_priv.h"

static enum aws_error summary_of(struct api_call *c, const struct store_distribution *row,
                                 struct cf_distribution_summary *out)
{
    struct cf_distribution_body body;
    enum aws_error error = load_distribution(c, row->id, &body);
    if (error != AWS_OK)
        return error;
    const struct cf_distribution_config *config = body.config;
    *out = (struct cf_distribution_summary){
        .id = row->id,
        .arn = distribution_arn(c, row->id),
        .etag = row->etag,
        .status = distribution_status(row),
        .last_modified_time = row->modified_unix_ms,
        .domain_name = row->domain_name,
        .aliases = config->aliases,
        .origins = config->origins,
        .origin_groups = config->origin_groups,
        .default_cache_behavior = config->default_cache_behavior,
        .cache_behaviors = config->cache_behaviors,
        .custom_error_responses = config->custom_error_responses,
        .comment = config->comment,
        .price_class = config->price_class,
        .enabled = config->enabled,
        .viewer_certificate = config->viewer_certificate,
        .restrictions = config->restrictions,
        .web_acl_id = config->web_acl_id,
        .http_version = config->http_version,
        .is_ipv6_enabled = config->is_ipv6_enabled,
        .has_alias_icp_recordals = config->aliases->items_count > 0,
        .alias_icp_recordals = distribution_recordals(c, config->aliases),
        .alias_icp_recordals_count = config->aliases->items_count,
        .staging = config->staging,
    };
    return AWS_OK;
}

static enum aws_error list_page(struct api_call *c, const char *marker, size_t size,
                                struct cf_distribution_list *list)
{
    struct errctx ec = {0};
    struct store_distribution *rows = NULL;
    size_t count = 0;
    struct store_distribution_query query = {
        .account_id = c->account_id, .after_id = marker, .limit = size + 1};
    enum err err = store_distribution_list(c->conn, c->arena, &query, &rows, &count, &ec);
    if (err != ERR_OK)
        return api_store_failed(c, err, &ec);
    list->is_truncated = count > size;
    list->items_count = min_size(count, size);
    list->items = arena_array(c->arena, list->items_count, sizeof(*list->items));
    for (size_t i = 0; i < list->items_count; i++) {
        enum aws_error error = summary_of(c, &rows[i], &list->items[i]);
        if (error != AWS_OK)
            return error;
    }
    if (list->is_truncated)
        list->next_marker = rows[size - 1].id;
    return AWS_OK;
}

enum aws_error api_list_distributions(struct api_call *c, const void *in, void *out)
{
    const struct cf_list_distributions_request *request = in;
    struct cf_list_distributions_result *response = out;
    size_t size = 0;
    enum aws_error error = cf_page_size(c, request->max_items, API_DISTRIBUTIONS_PAGE_MAX, &size);
    if (error != AWS_OK)
        return error;
    struct cf_distribution_list *list = ARENA_NEW(c->arena, struct cf_distribution_list);
    list->marker = request->marker == NULL ? "" : request->marker;
    list->max_items = (int64_t)size;
    response->distribution_list = list;
    return list_page(c, list->marker, size, list);
}
