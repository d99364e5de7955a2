// SPDX-License-Identifier: Apache-2.0
// The rules of origins. Pure; any thread.
#include "aws/cf_check_priv.h"

#include "aws/limits.h"

#include <strings.h>

static const int64_t attempts[2] = {1, 3};
static const int64_t connect_timeout_s[2] = {1, 10};
static const int64_t origin_timeout_s[2] = {1, 120};

static enum aws_error check_port(struct aws_fault *fault, const char *name, int64_t port)
{
    if (port == 80 || port == 443 || (port >= 1024 && port <= 65535))
        return AWS_OK;
    return cf_invalid(fault, name, "must be 80, 443 or between 1024 and 65535");
}

static enum aws_error check_protocols(const struct cf_ssl_protocols *protocols,
                                      struct aws_fault *fault)
{
    static const char *const known[] = {"SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2"};
    if (protocols == NULL)
        return AWS_OK;
    for (size_t i = 0; i < protocols->items_count; i++)
        if (!cf_lists(known, ARRAY_LEN(known), protocols->items[i]) ||
            cf_lists(protocols->items, i, protocols->items[i]))
            return cf_invalid(fault, "OriginSslProtocols",
                              "must list some of SSLv3, TLSv1, TLSv1.1 and TLSv1.2, each once");
    if (protocols->items_count == 0)
        return cf_invalid(fault, "OriginSslProtocols", "must list at least one protocol");
    if (protocols->items_count == 1 && strcasecmp(protocols->items[0], "SSLv3") == 0)
        return cf_unavailable(fault, AWS_InvalidArgument, "An origin that speaks SSLv3 alone");
    return AWS_OK;
}

static enum aws_error check_timeouts(const struct cf_custom_origin_config *config,
                                     struct aws_fault *fault)
{
    if (config->has_origin_read_timeout && (config->origin_read_timeout < origin_timeout_s[0] ||
                                            config->origin_read_timeout > origin_timeout_s[1]))
        return aws_fail(fault, AWS_InvalidOriginReadTimeout,
                        "The parameter OriginReadTimeout must be between %d and %d",
                        (int)origin_timeout_s[0], (int)origin_timeout_s[1]);
    if (config->has_origin_keepalive_timeout &&
        (config->origin_keepalive_timeout < origin_timeout_s[0] ||
         config->origin_keepalive_timeout > origin_timeout_s[1]))
        return aws_fail(fault, AWS_InvalidOriginKeepaliveTimeout,
                        "The parameter OriginKeepaliveTimeout must be between %d and %d",
                        (int)origin_timeout_s[0], (int)origin_timeout_s[1]);
    return AWS_OK;
}

static enum aws_error check_custom(const struct cf_custom_origin_config *config,
                                   struct aws_fault *fault)
{
    enum aws_error error = check_port(fault, "HTTPPort", config->http_port);
    if (error == AWS_OK)
        error = check_port(fault, "HTTPSPort", config->https_port);
    if (error == AWS_OK)
        error = check_protocols(config->origin_ssl_protocols, fault);
    if (error == AWS_OK)
        error = check_timeouts(config, fault);
    if (error == AWS_OK && config->origin_mtls_config != NULL)
        return cf_unavailable(fault, AWS_InvalidArgument, "OriginMtlsConfig");
    return error;
}

/* ---- custom headers */

/* Fields that CloudFront adds to no request (Developer Guide, Add custom headers), and those that
 * belong to a connection. */
static bool is_forbidden_header(const char *name)
{
    static const char *const forbidden[] = {
        "Cache-Control",
        "Connection",
        "Content-Length",
        "Cookie",
        "Expect",
        "Host",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Keep-Alive",
        "Max-Forwards",
        "Pragma",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Range",
        "Request-Range",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Via",
        "X-Real-Ip",
    };
    return cf_lists(forbidden, ARRAY_LEN(forbidden), name) || strncasecmp(name, "X-Amz-", 6) == 0 ||
           strncasecmp(name, "X-Edge-", 7) == 0;
}

static bool is_field_value(const char *value)
{
    size_t len = strlen(value);
    for (size_t i = 0; i < len; i++) {
        uint8_t c = (uint8_t)value[i];
        if (c < ' ' || c == 0x7f)
            return false;
    }
    bool is_padded =
        len > 0 && (strchr(" \t", value[0]) != NULL || strchr(" \t", value[len - 1]) != NULL);
    return len <= CF_HEADER_VALUE_MAX_CHARACTERS && !is_padded;
}

static bool has_header_before(const struct cf_custom_headers *headers, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (strcasecmp(headers->items[i].header_name, headers->items[index].header_name) == 0)
            return true;
    return false;
}

static enum aws_error check_header(const struct cf_custom_headers *headers, size_t index,
                                   struct aws_fault *fault)
{
    const struct cf_custom_header *header = &headers->items[index];
    if (!cf_is_token(header->header_name, CF_HEADER_NAME_MAX_CHARACTERS))
        return cf_invalid(fault, "HeaderName", "is not the name of a header");
    if (is_forbidden_header(header->header_name) || has_header_before(headers, index))
        return aws_fail(fault, AWS_InvalidArgument,
                        "The parameter HeaderName with value %s is not allowed, or is there twice",
                        header->header_name);
    if (!is_field_value(header->header_value))
        return cf_invalid(fault, "HeaderValue", "is too long or holds what no header may hold");
    return AWS_OK;
}

static enum aws_error check_headers(const struct cf_custom_headers *headers,
                                    struct aws_fault *fault)
{
    size_t characters = 0;
    size_t count = headers == NULL ? 0 : headers->items_count;
    if (count > CF_MAX_CUSTOM_HEADERS)
        return aws_fail(fault, AWS_TooManyOriginCustomHeaders,
                        "Your request contains more than %zu origin custom headers.",
                        CF_MAX_CUSTOM_HEADERS);
    for (size_t i = 0; i < count; i++) {
        enum aws_error error = check_header(headers, i, fault);
        if (error != AWS_OK)
            return error;
        characters +=
            strlen(headers->items[i].header_name) + strlen(headers->items[i].header_value);
    }
    if (characters > CF_CUSTOM_HEADERS_MAX_CHARACTERS)
        return aws_fail(fault, AWS_TooManyOriginCustomHeaders,
                        "Your request contains origin custom headers of more than %zu characters.",
                        CF_CUSTOM_HEADERS_MAX_CHARACTERS);
    return AWS_OK;
}

/* ---- one origin */

static enum aws_error check_names(const struct cf_origin *origin, struct aws_fault *fault)
{
    size_t id_len = strlen(origin->id);
    if (id_len == 0 || id_len > CF_ORIGIN_ID_MAX_CHARACTERS ||
        strpbrk(origin->id, "\t\r\n\x7f") != NULL)
        return cf_invalid(fault, "Id of an origin", "must have between 1 and 128 characters");
    if (!cf_is_host_name(origin->domain_name) && !cf_is_address(origin->domain_name))
        return cf_invalid(fault, "origin name", "must be a domain name.");
    const char *path = origin->origin_path;
    if (!cf_is_set(path))
        return AWS_OK;
    if (path[0] != '/' || path[strlen(path) - 1] == '/')
        return cf_invalid(fault, "OriginPath", "must begin with a / and not end with one.");
    if (!cf_is_path(path, CF_ORIGIN_PATH_MAX_CHARACTERS))
        return aws_fail(fault, AWS_InvalidRelativePath,
                        "The parameter OriginPath is too big or is not URL-encoded.");
    return AWS_OK;
}

static enum aws_error check_kind(const struct cf_origin *origin, struct aws_fault *fault)
{
    const struct cf_s3_origin_config *s3 = origin->s3_origin_config;
    if (origin->vpc_origin_config != NULL)
        return cf_unavailable(fault, AWS_InvalidArgument, "VpcOriginConfig");
    if ((s3 == NULL) == (origin->custom_origin_config == NULL))
        return aws_fail(fault, AWS_InvalidOrigin,
                        "The origin %s must have either an S3OriginConfig or a CustomOriginConfig.",
                        aws_echo(fault->arena, origin->id));
    if (origin->custom_origin_config != NULL)
        return check_custom(origin->custom_origin_config, fault);
    if (cf_is_set(s3->origin_access_identity))
        return cf_unavailable(fault, AWS_InvalidOriginAccessIdentity, "An origin access identity");
    if (cf_is_address(origin->domain_name))
        return aws_fail(fault, AWS_InvalidOrigin,
                        "The specified origin server does not exist or is not valid.");
    if (s3->has_origin_read_timeout && (s3->origin_read_timeout < origin_timeout_s[0] ||
                                        s3->origin_read_timeout > origin_timeout_s[1]))
        return aws_fail(fault, AWS_InvalidOriginReadTimeout,
                        "The parameter OriginReadTimeout must be between %d and %d",
                        (int)origin_timeout_s[0], (int)origin_timeout_s[1]);
    return AWS_OK;
}

static enum aws_error check_connection(const struct cf_origin *origin, struct aws_fault *fault)
{
    enum aws_error error =
        cf_check_range(fault, "ConnectionAttempts", origin->has_connection_attempts,
                       origin->connection_attempts, attempts);
    if (error == AWS_OK)
        error = cf_check_range(fault, "ConnectionTimeout", origin->has_connection_timeout,
                               origin->connection_timeout, connect_timeout_s);
    if (error != AWS_OK)
        return error;
    if (origin->has_response_completion_timeout && origin->response_completion_timeout != 0)
        return cf_unavailable(fault, AWS_InvalidArgument, "ResponseCompletionTimeout");
    if (origin->origin_shield != NULL && origin->origin_shield->enabled)
        return cf_unavailable(fault, AWS_InvalidArgument, "Origin Shield");
    if (cf_is_set(origin->origin_access_control_id))
        return cf_unavailable(fault, AWS_InvalidOriginAccessControl, "An origin access control");
    return AWS_OK;
}

static enum aws_error check_origin(const struct cf_origins *origins, size_t index,
                                   struct aws_fault *fault)
{
    const struct cf_origin *origin = &origins->items[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(origins->items[i].id, origin->id) == 0)
            return aws_fail(fault, AWS_InvalidArgument,
                            "The parameter Id of an origin is there twice: %s",
                            aws_echo(fault->arena, origin->id));
    enum aws_error error = check_names(origin, fault);
    if (error == AWS_OK)
        error = check_kind(origin, fault);
    if (error == AWS_OK)
        error = check_connection(origin, fault);
    return error == AWS_OK ? check_headers(origin->custom_headers, fault) : error;
}

enum aws_error cf_check_origins(const struct cf_origins *origins, struct aws_fault *fault)
{
    if (origins->items_count == 0)
        return cf_invalid(fault, "Origins", "is required.");
    if (origins->items_count > CF_MAX_ORIGINS)
        return aws_fail(fault, AWS_TooManyOrigins,
                        "Your request contains more than %zu origins for the distribution.",
                        CF_MAX_ORIGINS);
    for (size_t i = 0; i < origins->items_count; i++) {
        enum aws_error error = check_origin(origins, i, fault);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}
