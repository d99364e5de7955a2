// SPDX-License-Identifier: Apache-2.0
// The rules of cache behaviours. Pure; any thread.
#include "aws/cf_check_priv.h"

#include "aws/cf_policies.h"
#include "aws/limits.h"

#include <strings.h>

/* What a pattern may hold beside letters and digits: the Developer Guide's list, and what else a
 * path may hold unescaped. */
#define PATTERN_CHARACTERS "_-.*$/~\"'@:+&?%!,;=()"

/* Those of a token (RFC 9110 section 5.6.2), and `?`: names of cookies may hold wildcards. */
#define COOKIE_CHARACTERS "!#$%&'*+-.^_`|~?"

static const struct cf_origin *origin_of(const struct cf_distribution_config *config,
                                         const struct cf_cache_behavior *behavior)
{
    for (size_t i = 0; i < config->origins->items_count; i++)
        if (strcmp(config->origins->items[i].id, behavior->target_origin_id) == 0)
            return &config->origins->items[i];
    return NULL;
}

/* ---- methods */

static bool is_method_set(const char *const *methods, size_t count)
{
    static const char *const all[] = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"};
    if (count != 2 && count != 3 && count != ARRAY_LEN(all))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_there = false;
        for (size_t m = 0; m < count; m++)
            is_there = is_there || strcmp(methods[m], all[i]) == 0;
        if (!is_there)
            return false;
    }
    return true;
}

static enum aws_error check_methods(const struct cf_allowed_methods *allowed,
                                    struct aws_fault *fault)
{
    if (allowed == NULL)
        return AWS_OK;
    if (!is_method_set(allowed->items, allowed->items_count))
        return cf_invalid(fault, "AllowedMethods",
                          "must list GET and HEAD; GET, HEAD and OPTIONS; or all seven methods");
    const struct cf_cached_methods *cached = allowed->cached_methods;
    if (cached == NULL)
        return AWS_OK;
    if (cached->items_count > 3 || !is_method_set(cached->items, cached->items_count) ||
        cached->items_count > allowed->items_count)
        return cf_invalid(fault, "CachedMethods",
                          "must list GET and HEAD, or GET, HEAD and OPTIONS, of those allowed");
    return AWS_OK;
}

/* ---- legacy values */

static enum aws_error check_forwarded_headers(const struct cf_cache_behavior *behavior,
                                              const struct cf_names *headers,
                                              struct aws_fault *fault)
{
    size_t count = headers == NULL ? 0 : headers->items_count;
    bool is_all = count > 0 && cf_lists(headers->items, count, "*");
    if (is_all && count > 1)
        return cf_invalid(fault, "Headers", "must not name others beside *");
    if (is_all && behavior->has_min_ttl && behavior->min_ttl != 0)
        return cf_invalid(fault, "MinTTL", "must be 0 where all headers are forwarded");
    if (count > CF_MAX_FORWARDED_HEADERS)
        return aws_fail(fault, AWS_TooManyHeadersInForwardedValues,
                        "Your request contains more than %zu headers in forwarded values.",
                        CF_MAX_FORWARDED_HEADERS);
    for (size_t i = 0; i < count && !is_all; i++)
        if (!cf_is_token(headers->items[i], CF_HEADER_NAME_MAX_CHARACTERS) ||
            strcasecmp(headers->items[i], "Cookie") == 0)
            return aws_fail(fault, AWS_InvalidArgument,
                            "The parameter Headers contains %s, which is not allowed.",
                            aws_echo(fault->arena, headers->items[i]));
    return AWS_OK;
}

/* Fields that an S3 origin gets no use of or that would change what it answers. */
static enum aws_error check_s3_headers(const struct cf_names *headers, struct aws_fault *fault)
{
    static const char *const refused[] = {
        "*",
        "Accept",
        "Accept-Charset",
        "Accept-Datetime",
        "Accept-Encoding",
        "Accept-Language",
        "Authorization",
        "Host",
        "Referer",
        "User-Agent",
    };
    for (size_t i = 0; headers != NULL && i < headers->items_count; i++)
        if (cf_lists(refused, ARRAY_LEN(refused), headers->items[i]))
            return aws_fail(fault, AWS_InvalidHeadersForS3Origin,
                            "The header %s is not valid for an Amazon S3 origin.",
                            headers->items[i]);
    return AWS_OK;
}

static enum aws_error check_forwarded_cookies(const struct cf_cookie_preference *cookies,
                                              struct aws_fault *fault)
{
    const struct cf_names *names = cookies->whitelisted_names;
    size_t count = names == NULL ? 0 : names->items_count;
    if ((cookies->forward == CF_FORWARD_WHITELIST) != (count > 0))
        return aws_fail(fault, AWS_InvalidForwardCookies,
                        "The list of cookie names must be there where Forward is whitelist, and "
                        "only there.");
    if (count > CF_MAX_FORWARDED_COOKIES)
        return aws_fail(fault, AWS_TooManyCookieNamesInWhiteList,
                        "Your request contains more than %zu cookie names in the whitelist.",
                        CF_MAX_FORWARDED_COOKIES);
    for (size_t i = 0; i < count; i++) {
        if (*names->items[i] == '\0' ||
            !cf_has_only(names->items[i], COOKIE_CHARACTERS, CF_COOKIE_NAME_MAX_CHARACTERS))
            return aws_fail(fault, AWS_InvalidForwardCookies, "%s is not the name of a cookie.",
                            aws_echo(fault->arena, names->items[i]));
    }
    return AWS_OK;
}

static enum aws_error check_query_keys(const struct cf_forwarded_values *values,
                                       struct aws_fault *fault)
{
    const struct cf_names *keys = values->query_string_cache_keys;
    size_t count = keys == NULL ? 0 : keys->items_count;
    if (count > 0 && !values->query_string)
        return aws_fail(fault, AWS_InvalidQueryStringParameters,
                        "QueryStringCacheKeys must be empty where QueryString is false.");
    if (count > CF_MAX_QUERY_KEYS)
        return aws_fail(fault, AWS_TooManyQueryStringParameters,
                        "Your request contains more than %zu query string parameters.",
                        CF_MAX_QUERY_KEYS);
    for (size_t i = 0; i < count; i++)
        if (*keys->items[i] == '\0' ||
            !cf_has_only(keys->items[i], "-._~%!$'()*+,;:@/?[]", CF_QUERY_KEY_MAX_CHARACTERS))
            return aws_fail(fault, AWS_InvalidQueryStringParameters,
                            "%s is not the name of a query string parameter.",
                            aws_echo(fault->arena, keys->items[i]));
    return AWS_OK;
}

static bool forwards_all_headers(const struct cf_forwarded_values *values)
{
    return values->headers != NULL &&
           cf_lists(values->headers->items, values->headers->items_count, "*");
}

static enum aws_error check_ttls(const struct cf_cache_behavior *behavior, struct aws_fault *fault)
{
    static const int64_t limits[2] = {0, CF_TTL_MAX_S};
    struct cf_behavior_rules rules;
    enum aws_error error =
        cf_check_range(fault, "MinTTL", behavior->has_min_ttl, behavior->min_ttl, limits);
    if (error == AWS_OK)
        error = cf_check_range(fault, "DefaultTTL", behavior->has_default_ttl,
                               behavior->default_ttl, limits);
    if (error == AWS_OK)
        error = cf_check_range(fault, "MaxTTL", behavior->has_max_ttl, behavior->max_ttl, limits);
    if (error != AWS_OK || forwards_all_headers(behavior->forwarded_values))
        return error; /* nothing is kept then, whatever the TTLs say */
    enum cf_resolution resolution = cf_behavior_resolve(fault->arena, behavior, &rules);
    if (resolution == CF_RESOLVED && rules.cache.min_ttl_s <= rules.cache.default_ttl_s &&
        rules.cache.default_ttl_s <= rules.cache.max_ttl_s)
        return AWS_OK;
    return aws_fail(fault, AWS_InvalidTTLOrder,
                    "MinTTL must not be above DefaultTTL, and that not above MaxTTL.");
}

static enum aws_error check_legacy(const struct cf_cache_behavior *behavior,
                                   const struct cf_origin *origin, struct aws_fault *fault)
{
    const struct cf_forwarded_values *values = behavior->forwarded_values;
    if (values == NULL)
        return cf_invalid(fault, "ForwardedValues", "is required.");
    if (cf_is_set(behavior->origin_request_policy_id))
        return cf_invalid(
            fault, "OriginRequestPolicyId",
            "cannot be used without a cache policy associated to the cache behavior.");
    enum aws_error error = check_forwarded_headers(behavior, values->headers, fault);
    if (error == AWS_OK && origin->s3_origin_config != NULL)
        error = check_s3_headers(values->headers, fault);
    if (error == AWS_OK)
        error = check_forwarded_cookies(values->cookies, fault);
    if (error == AWS_OK)
        error = check_query_keys(values, fault);
    return error == AWS_OK ? check_ttls(behavior, fault) : error;
}

/* ---- policies */

static enum aws_error check_policies(const struct cf_cache_behavior *behavior,
                                     const struct cf_origin *origin, struct aws_fault *fault)
{
    struct cf_behavior_rules rules;
    if (!cf_is_set(behavior->cache_policy_id))
        return check_legacy(behavior, origin, fault);
    if (behavior->forwarded_values != NULL)
        return cf_invalid(fault, "ForwardedValues",
                          "cannot be used when a cache policy is associated to the cache "
                          "behavior.");
    if ((behavior->has_min_ttl && behavior->min_ttl != 0) ||
        (behavior->has_default_ttl && behavior->default_ttl != 0) ||
        (behavior->has_max_ttl && behavior->max_ttl != 0))
        return cf_invalid(fault, "MinTTL/DefaultTTL/MaxTTL",
                          "cannot be used when a cache policy is associated to the cache "
                          "behavior.");
    switch (cf_behavior_resolve(fault->arena, behavior, &rules)) {
    case CF_NO_CACHE_POLICY:
        return aws_fail(fault, AWS_NoSuchCachePolicy, "The specified cache policy does not exist.");
    case CF_NO_ORIGIN_REQUEST_POLICY:
        return aws_fail(fault, AWS_NoSuchOriginRequestPolicy,
                        "The specified origin request policy does not exist.");
    case CF_RESOLVED:
    case CF_NO_RULES:
        break;
    }
    return AWS_OK;
}

/* ---- what is not served yet */

static enum aws_error check_signers(const struct cf_cache_behavior *behavior,
                                    struct aws_fault *fault)
{
    const struct cf_trusted_signers *signers = behavior->trusted_signers;
    const struct cf_trusted_key_groups *groups = behavior->trusted_key_groups;
    if (signers != NULL && (signers->enabled || signers->items_count > 0))
        return cf_unavailable(fault, AWS_TrustedSignerDoesNotExist, "A trusted signer");
    if (groups != NULL && (groups->enabled || groups->items_count > 0))
        return cf_unavailable(fault, AWS_TrustedKeyGroupDoesNotExist, "A trusted key group");
    return AWS_OK;
}

static enum aws_error check_response_headers(const char *id, struct aws_fault *fault)
{
    if (!cf_is_set(id))
        return AWS_OK;
    if (cf_response_headers_policy_name(id) != NULL)
        return cf_unavailable(fault, AWS_InvalidArgument, "A response headers policy");
    return aws_fail(fault, AWS_NoSuchResponseHeadersPolicy,
                    "The specified response headers policy does not exist.");
}

static enum aws_error check_available(const struct cf_cache_behavior *behavior,
                                      struct aws_fault *fault)
{
    const struct cf_lambda_associations *lambdas = behavior->lambda_associations;
    const struct cf_function_associations *functions = behavior->function_associations;
    if (behavior->has_smooth_streaming && behavior->smooth_streaming)
        return cf_unavailable(fault, AWS_InvalidArgument, "SmoothStreaming");
    if (lambdas != NULL && lambdas->items_count > 0)
        return cf_unavailable(fault, AWS_InvalidLambdaFunctionAssociation,
                              "A Lambda function association");
    if (functions != NULL && functions->items_count > 0)
        return cf_unavailable(fault, AWS_InvalidFunctionAssociation, "A function association");
    if (cf_is_set(behavior->field_level_encryption_id))
        return cf_unavailable(fault, AWS_NoSuchFieldLevelEncryptionConfig,
                              "Field-level encryption");
    if (cf_is_set(behavior->realtime_log_config_arn))
        return cf_unavailable(fault, AWS_NoSuchRealtimeLogConfig, "A real-time log configuration");
    if (behavior->grpc_config != NULL && behavior->grpc_config->enabled)
        return cf_unavailable(fault, AWS_InvalidArgument, "gRPC");
    enum aws_error error = check_signers(behavior, fault);
    return error == AWS_OK ? check_response_headers(behavior->response_headers_policy_id, fault)
                           : error;
}

/* ---- behaviours */

static enum aws_error check_behavior(const struct cf_distribution_config *config,
                                     const struct cf_cache_behavior *behavior,
                                     struct aws_fault *fault)
{
    const struct cf_origin *origin = origin_of(config, behavior);
    if (origin == NULL)
        return aws_fail(fault, AWS_NoSuchOrigin,
                        "One or more of your origins or origin groups do not exist.");
    enum aws_error error = check_methods(behavior->allowed_methods, fault);
    if (error == AWS_OK)
        error = check_available(behavior, fault);
    return error == AWS_OK ? check_policies(behavior, origin, fault) : error;
}

/* A leading slash is optional. */
static const char *bare_pattern(const struct cf_cache_behavior *behavior)
{
    return behavior->path_pattern[0] == '/' ? behavior->path_pattern + 1 : behavior->path_pattern;
}

static enum aws_error check_pattern(const struct cf_cache_behaviors *behaviors, size_t index,
                                    struct aws_fault *fault)
{
    const struct cf_cache_behavior *behavior = &behaviors->items[index];
    if (!cf_is_set(behavior->path_pattern))
        return cf_invalid(fault, "PathPattern", "is required.");
    if (!cf_has_only(behavior->path_pattern, PATTERN_CHARACTERS, CF_PATH_PATTERN_MAX_CHARACTERS))
        return cf_invalid(fault, "PathPattern", "is too long or contains invalid characters.");
    for (size_t i = 0; i < index; i++)
        if (strcmp(bare_pattern(&behaviors->items[i]), bare_pattern(behavior)) == 0)
            return aws_fail(fault, AWS_InvalidArgument,
                            "The parameter PathPattern is there twice: %s", behavior->path_pattern);
    return AWS_OK;
}

enum aws_error cf_check_behaviors(const struct cf_distribution_config *config,
                                  struct aws_fault *fault)
{
    const struct cf_cache_behaviors *behaviors = config->cache_behaviors;
    size_t count = behaviors == NULL ? 0 : behaviors->items_count;
    if (count > CF_MAX_CACHE_BEHAVIORS)
        return aws_fail(fault, AWS_TooManyCacheBehaviors,
                        "Your request contains more than %zu cache behaviors.",
                        CF_MAX_CACHE_BEHAVIORS);
    if (config->default_cache_behavior->path_pattern != NULL)
        return cf_invalid(fault, "PathPattern", "must not be in the default cache behavior");
    enum aws_error error = check_behavior(config, config->default_cache_behavior, fault);
    for (size_t i = 0; i < count && error == AWS_OK; i++) {
        error = check_pattern(behaviors, i, fault);
        if (error == AWS_OK)
            error = check_behavior(config, &behaviors->items[i], fault);
    }
    return error;
}
