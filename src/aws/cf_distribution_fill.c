// SPDX-License-Identifier: Apache-2.0
// What CloudFront answers for members of a configuration that a client left out. Pure; any thread.
// Source: configurations as GetDistributionConfig gives them after a minimal CreateDistribution.
#include "aws/cf_distribution_check.h"

#include "aws/cf_policies.h"

static void text_default(const char **field, const char *text)
{
    if (*field == NULL)
        *field = text;
}

static void number_default(bool *has, int64_t *field, int64_t number)
{
    if (!*has)
        *field = number;
    *has = true;
}

static void bool_default(bool *has, bool *field, bool value)
{
    if (!*has)
        *field = value;
    *has = true;
}

/* The structure, or a new one with nothing in it. */
static void *or_empty(struct arena *a, void *structure, size_t size)
{
    return structure != NULL ? structure : arena_alloc(a, size);
}

static const char **texts(struct arena *a, const char *const *values, size_t count)
{
    const char **copy = arena_array(a, count, sizeof(*copy));
    memcpy(copy, values, count * sizeof(*copy));
    return copy;
}

static void fill_methods(struct arena *a, struct cf_cache_behavior *behavior)
{
    static const char *const readers[] = {"HEAD", "GET"};
    if (behavior->allowed_methods == NULL) {
        behavior->allowed_methods = ARENA_NEW(a, struct cf_allowed_methods);
        behavior->allowed_methods->items = texts(a, readers, ARRAY_LEN(readers));
        behavior->allowed_methods->items_count = ARRAY_LEN(readers);
    }
    if (behavior->allowed_methods->cached_methods == NULL) {
        struct cf_cached_methods *cached = ARENA_NEW(a, struct cf_cached_methods);
        cached->items = texts(a, readers, ARRAY_LEN(readers));
        cached->items_count = ARRAY_LEN(readers);
        behavior->allowed_methods->cached_methods = cached;
    }
}

static void fill_legacy(struct arena *a, struct cf_cache_behavior *behavior)
{
    struct cf_behavior_rules rules;
    struct cf_forwarded_values *values = behavior->forwarded_values;
    if (values == NULL)
        return;
    values->headers = or_empty(a, values->headers, sizeof(struct cf_names));
    values->query_string_cache_keys =
        or_empty(a, values->query_string_cache_keys, sizeof(struct cf_names));
    if (cf_behavior_resolve(a, behavior, &rules) != CF_RESOLVED)
        return;
    number_default(&behavior->has_min_ttl, &behavior->min_ttl, (int64_t)rules.cache.min_ttl_s);
    number_default(&behavior->has_default_ttl, &behavior->default_ttl,
                   (int64_t)rules.cache.default_ttl_s);
    number_default(&behavior->has_max_ttl, &behavior->max_ttl, (int64_t)rules.cache.max_ttl_s);
}

static void fill_behavior(struct arena *a, struct cf_cache_behavior *behavior)
{
    behavior->trusted_signers =
        or_empty(a, behavior->trusted_signers, sizeof(struct cf_trusted_signers));
    behavior->trusted_key_groups =
        or_empty(a, behavior->trusted_key_groups, sizeof(struct cf_trusted_key_groups));
    fill_methods(a, behavior);
    bool_default(&behavior->has_smooth_streaming, &behavior->smooth_streaming, false);
    bool_default(&behavior->has_compress, &behavior->compress, false);
    behavior->lambda_associations =
        or_empty(a, behavior->lambda_associations, sizeof(struct cf_lambda_associations));
    behavior->function_associations =
        or_empty(a, behavior->function_associations, sizeof(struct cf_function_associations));
    text_default(&behavior->field_level_encryption_id, "");
    behavior->grpc_config = or_empty(a, behavior->grpc_config, sizeof(struct cf_grpc_config));
    fill_legacy(a, behavior);
}

static void fill_custom_origin(struct arena *a, struct cf_custom_origin_config *config)
{
    static const char *const protocols[] = {"TLSv1", "TLSv1.1", "TLSv1.2"};
    if (config->origin_ssl_protocols == NULL) {
        config->origin_ssl_protocols = ARENA_NEW(a, struct cf_ssl_protocols);
        config->origin_ssl_protocols->items = texts(a, protocols, ARRAY_LEN(protocols));
        config->origin_ssl_protocols->items_count = ARRAY_LEN(protocols);
    }
    number_default(&config->has_origin_read_timeout, &config->origin_read_timeout, 30);
    number_default(&config->has_origin_keepalive_timeout, &config->origin_keepalive_timeout, 5);
}

static void fill_origin(struct arena *a, struct cf_origin *origin)
{
    text_default(&origin->origin_path, "");
    origin->custom_headers = or_empty(a, origin->custom_headers, sizeof(struct cf_custom_headers));
    if (origin->custom_origin_config != NULL)
        fill_custom_origin(a, origin->custom_origin_config);
    number_default(&origin->has_connection_attempts, &origin->connection_attempts, 3);
    number_default(&origin->has_connection_timeout, &origin->connection_timeout, 10);
    origin->origin_shield = or_empty(a, origin->origin_shield, sizeof(struct cf_origin_shield));
    text_default(&origin->origin_access_control_id, "");
}

static void fill_certificate(struct arena *a, struct cf_distribution_config *config)
{
    config->viewer_certificate =
        or_empty(a, config->viewer_certificate, sizeof(struct cf_viewer_certificate));
    struct cf_viewer_certificate *certificate = config->viewer_certificate;
    bool_default(&certificate->has_default_certificate, &certificate->default_certificate, true);
    if (certificate->ssl_support_method == cf_ssl_support_method_absent)
        certificate->ssl_support_method = CF_SSL_VIP;
    text_default(&certificate->minimum_protocol_version, "TLSv1");
    if (certificate->certificate_source == cf_certificate_source_absent)
        certificate->certificate_source = CF_CERTIFICATE_CLOUDFRONT;
}

static void fill_logging(struct arena *a, struct cf_distribution_config *config)
{
    if (config->logging != NULL)
        return;
    config->logging = ARENA_NEW(a, struct cf_logging_config);
    config->logging->bucket = "";
    config->logging->prefix = "";
}

static void fill_restrictions(struct arena *a, struct cf_distribution_config *config)
{
    if (config->restrictions != NULL)
        return;
    config->restrictions = ARENA_NEW(a, struct cf_restrictions);
    config->restrictions->geo_restriction = ARENA_NEW(a, struct cf_geo_restriction);
    config->restrictions->geo_restriction->restriction_type = CF_GEO_NONE;
}

static void fill_error_response(struct cf_custom_error_response *response)
{
    text_default(&response->response_page_path, "");
    text_default(&response->response_code, "");
    number_default(&response->has_error_caching_min_ttl, &response->error_caching_min_ttl, 10);
}

void cf_distribution_fill(struct arena *a, struct cf_distribution_config *config)
{
    config->aliases = or_empty(a, config->aliases, sizeof(struct cf_aliases));
    text_default(&config->default_root_object, "");
    for (size_t i = 0; i < config->origins->items_count; i++)
        fill_origin(a, &config->origins->items[i]);
    config->origin_groups = or_empty(a, config->origin_groups, sizeof(struct cf_origin_groups));
    fill_behavior(a, config->default_cache_behavior);
    config->cache_behaviors =
        or_empty(a, config->cache_behaviors, sizeof(struct cf_cache_behaviors));
    for (size_t i = 0; i < config->cache_behaviors->items_count; i++)
        fill_behavior(a, &config->cache_behaviors->items[i]);
    config->custom_error_responses =
        or_empty(a, config->custom_error_responses, sizeof(struct cf_custom_error_responses));
    for (size_t i = 0; i < config->custom_error_responses->items_count; i++)
        fill_error_response(&config->custom_error_responses->items[i]);
    fill_logging(a, config);
    if (config->price_class == cf_price_class_absent)
        config->price_class = CF_PRICE_CLASS_ALL;
    fill_certificate(a, config);
    fill_restrictions(a, config);
    text_default(&config->web_acl_id, "");
    if (config->http_version == cf_http_version_absent)
        config->http_version = CF_HTTP_2;
    bool_default(&config->has_is_ipv6_enabled, &config->is_ipv6_enabled, false);
    text_default(&config->continuous_deployment_policy_id, "");
    bool_default(&config->has_staging, &config->staging, false);
}
