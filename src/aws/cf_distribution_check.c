// SPDX-License-Identifier: Apache-2.0
// The rules of a configuration as a whole; those of origins and behaviours stand in files of their
// own. Called by the API's workers and a fuzz target.
#include "aws/cf_distribution_check.h"

#include "aws/cf_check_priv.h"
#include "aws/limits.h"
#include "base/utf8.h"

#include <strings.h>

/* ---- texts of the configuration itself */

static enum aws_error check_texts(const struct cf_distribution_config *config,
                                  struct aws_fault *fault)
{
    size_t reference = utf8_count(slice_str(config->caller_reference));
    if (reference == 0 || reference > CF_CALLER_REFERENCE_MAX_CHARACTERS)
        return cf_invalid(fault, "CallerReference", "must have between 1 and 128 characters");
    if (utf8_count(slice_str(config->comment)) > CF_COMMENT_MAX_CHARACTERS)
        return cf_invalid(fault, "Comment", "must have at most 128 characters");
    const char *root = config->default_root_object;
    if (cf_is_set(root) &&
        (root[0] == '/' || !cf_has_only(root, "_-.*$/~\"'&;", CF_ROOT_OBJECT_MAX_CHARACTERS)))
        return aws_fail(fault, AWS_InvalidDefaultRootObject,
                        "The parameter DefaultRootObject is too big, begins with a slash or "
                        "contains an invalid character.");
    return AWS_OK;
}

/* ---- alternate names */

static const char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

const char *const *cf_distribution_aliases(struct arena *a,
                                           const struct cf_distribution_config *config,
                                           size_t *out_count)
{
    size_t count = config->aliases == NULL ? 0 : config->aliases->items_count;
    const char **aliases = arena_array(a, count, sizeof(*aliases));
    for (size_t i = 0; i < count; i++)
        aliases[i] = lower(a, config->aliases->items[i]);
    *out_count = count;
    return aliases;
}

/* Whether the name is the domain or below it; letters of either case. */
static bool is_within(const char *name, const char *domain)
{
    size_t name_len = strlen(name);
    size_t domain_len = strlen(domain);
    if (name_len < domain_len || strcasecmp(name + name_len - domain_len, domain) != 0)
        return false;
    return name_len == domain_len || name[name_len - domain_len - 1] == '.';
}

/* Whether requests for names of distributions, held or deleted, would come to the alias. */
static bool takes_cdn_names(const char *alias, const char *cdn_domain)
{
    bool is_wildcard = strncmp(alias, "*.", 2) == 0;
    return is_within(alias, cdn_domain) || (is_wildcard && is_within(cdn_domain, alias + 2));
}

static bool is_alias(const char *name)
{
    const char *host = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    return cf_is_host_name(host) && strchr(host, '.') != NULL && !cf_is_address(host);
}

static enum aws_error check_aliases(const struct cf_aliases *aliases, const char *cdn_domain,
                                    struct aws_fault *fault)
{
    size_t count = aliases == NULL ? 0 : aliases->items_count;
    if (count > CF_MAX_ALIASES)
        return aws_fail(fault, AWS_TooManyDistributionCNAMEs,
                        "Your request contains more than %zu CNAMEs.", CF_MAX_ALIASES);
    for (size_t i = 0; i < count; i++) {
        const char *alias = aliases->items[i];
        const char *shown = aws_echo(fault->arena, alias);
        if (!is_alias(alias))
            return aws_fail(fault, AWS_InvalidArgument,
                            "The parameter CNAME contains %s, which is not a domain name.", shown);
        if (takes_cdn_names(alias, cdn_domain))
            return aws_fail(fault, AWS_InvalidArgument,
                            "The parameter CNAME contains %s, which stands for names below the "
                            "domain of distributions.",
                            shown);
        if (cf_lists(aliases->items, i, alias))
            return aws_fail(fault, AWS_InvalidArgument, "The parameter CNAME contains %s twice.",
                            shown);
    }
    return AWS_OK;
}

/* ---- error responses */

static bool is_error_status(int64_t status)
{
    static const int16_t known[] = {400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504};
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i] == status)
            return true;
    return false;
}

static bool is_response_status(const char *text)
{
    uint64_t status;
    return slice_parse_u64(slice_str(text), 999, &status) &&
           (status == 200 || is_error_status((int64_t)status));
}

static enum aws_error check_error_page(const struct cf_custom_error_response *response,
                                       struct aws_fault *fault)
{
    bool has_page = cf_is_set(response->response_page_path);
    if (!has_page && !cf_is_set(response->response_code))
        return AWS_OK;
    if (!has_page || !cf_is_set(response->response_code))
        return cf_invalid(fault, "ResponsePagePath",
                          "and ResponseCode must be specified together.");
    if (response->response_page_path[0] != '/' ||
        !cf_is_path(response->response_page_path, CF_RELATIVE_PATH_MAX_CHARACTERS))
        return aws_fail(fault, AWS_InvalidRelativePath,
                        "The parameter ResponsePagePath is too big, is not URL-encoded, or does "
                        "not begin with a slash (/).");
    if (!is_response_status(response->response_code))
        return aws_fail(fault, AWS_InvalidResponseCode, "The response code %s is not valid.",
                        response->response_code);
    return cf_unavailable(fault, AWS_InvalidArgument, "ResponsePagePath");
}

static enum aws_error check_error_responses(const struct cf_custom_error_responses *responses,
                                            struct aws_fault *fault)
{
    static const int64_t ttl_s[2] = {0, CF_ERROR_TTL_MAX_S};
    for (size_t i = 0; responses != NULL && i < responses->items_count; i++) {
        const struct cf_custom_error_response *response = &responses->items[i];
        bool is_twice = false;
        for (size_t k = 0; k < i; k++)
            is_twice = is_twice || responses->items[k].error_code == response->error_code;
        if (!is_error_status(response->error_code) || is_twice)
            return aws_fail(fault, AWS_InvalidErrorCode,
                            "The error code %lld is not valid, or is there twice.",
                            (long long)response->error_code);
        enum aws_error error = check_error_page(response, fault);
        if (error == AWS_OK)
            error = cf_check_range(fault, "ErrorCachingMinTTL", response->has_error_caching_min_ttl,
                                   response->error_caching_min_ttl, ttl_s);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

/* ---- certificate, restrictions */

static enum aws_error check_protocol_version(const struct cf_viewer_certificate *certificate,
                                             struct aws_fault *fault)
{
    static const char *const known[] = {
        "SSLv3",        "TLSv1",        "TLSv1_2016",   "TLSv1.1_2016", "TLSv1.2_2018",
        "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025",
    };
    const char *version = certificate->minimum_protocol_version;
    if (version == NULL)
        return AWS_OK;
    if (!cf_lists(known, ARRAY_LEN(known), version))
        return aws_fail(fault, AWS_InvalidMinimumProtocolVersion,
                        "The minimum protocol version %s is not valid.", version);
    if (strcmp(version, "SSLv3") == 0 && certificate->ssl_support_method == CF_SSL_SNI_ONLY)
        return aws_fail(fault, AWS_InvalidProtocolSettings,
                        "You cannot specify SSLv3 as the minimum protocol version if you want to "
                        "support only clients that support Server Name Indication (SNI).");
    return AWS_OK;
}

static enum aws_error check_certificate(const struct cf_viewer_certificate *certificate,
                                        struct aws_fault *fault)
{
    if (certificate == NULL)
        return AWS_OK;
    bool is_foreign = cf_is_set(certificate->iam_certificate_id) ||
                      cf_is_set(certificate->acm_certificate_arn) ||
                      cf_is_set(certificate->certificate) ||
                      certificate->certificate_source == CF_CERTIFICATE_IAM ||
                      certificate->certificate_source == CF_CERTIFICATE_ACM;
    if (is_foreign)
        return cf_unavailable(
            fault, AWS_InvalidViewerCertificate,
            "A certificate of ACM or IAM, instead of CloudFrontDefaultCertificate,");
    if (!certificate->has_default_certificate || !certificate->default_certificate)
        return aws_fail(fault, AWS_InvalidViewerCertificate,
                        "The viewer certificate names no certificate: set "
                        "CloudFrontDefaultCertificate.");
    return check_protocol_version(certificate, fault);
}

static bool is_country(const char *code)
{
    return strlen(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' &&
           code[1] <= 'Z';
}

static enum aws_error check_restrictions(const struct cf_restrictions *restrictions,
                                         struct aws_fault *fault)
{
    if (restrictions == NULL)
        return AWS_OK;
    const struct cf_geo_restriction *geo = restrictions->geo_restriction;
    if ((geo->restriction_type == CF_GEO_NONE) != (geo->items_count == 0))
        return aws_fail(fault, AWS_InvalidGeoRestrictionParameter,
                        "The specified geo restriction parameter is not valid: locations must be "
                        "there where the type is blacklist or whitelist, and only there.");
    for (size_t i = 0; i < geo->items_count; i++)
        if (!is_country(geo->items[i]))
            return aws_fail(fault, AWS_InvalidLocationCode, "The location code %s is not valid.",
                            geo->items[i]);
    if (geo->items_count > 0)
        return cf_unavailable(fault, AWS_InvalidGeoRestrictionParameter, "A geo restriction");
    return AWS_OK;
}

/* ---- what is not served yet */

static enum aws_error check_available(const struct cf_distribution_config *config,
                                      struct aws_fault *fault)
{
    const struct {
        bool is_used;
        enum aws_error code;
        const char *what;
    } members[] = {
        {config->origin_groups != NULL && config->origin_groups->items_count > 0,
         AWS_InvalidArgument, "An origin group"},
        {config->logging != NULL && config->logging->enabled, AWS_InvalidArgument, "Logging"},
        {cf_is_set(config->web_acl_id), AWS_InvalidWebACLId, "A web ACL"},
        {cf_is_set(config->continuous_deployment_policy_id), AWS_NoSuchContinuousDeploymentPolicy,
         "A continuous deployment policy"},
        {config->has_staging && config->staging, AWS_InvalidArgument, "A staging distribution"},
        {cf_is_set(config->anycast_ip_list_id), AWS_InvalidArgument, "An Anycast static IP list"},
        {config->connection_mode == CF_CONNECTION_TENANT_ONLY, AWS_InvalidArgument,
         "A multi-tenant distribution"},
        {config->tenant_config != NULL, AWS_InvalidArgument, "TenantConfig"},
        {config->viewer_mtls_config != NULL, AWS_InvalidArgument, "ViewerMtlsConfig"},
        {config->connection_function != NULL, AWS_InvalidArgument, "A connection function"},
    };
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (members[i].is_used)
            return cf_unavailable(fault, members[i].code, members[i].what);
    return AWS_OK;
}

enum aws_error cf_distribution_check(const struct cf_distribution_config *config,
                                     const char *cdn_domain, struct aws_fault *fault)
{
    enum aws_error error = check_texts(config, fault);
    if (error == AWS_OK)
        error = check_aliases(config->aliases, cdn_domain, fault);
    if (error == AWS_OK)
        error = check_available(config, fault);
    if (error == AWS_OK)
        error = cf_check_origins(config->origins, fault);
    if (error == AWS_OK)
        error = cf_check_behaviors(config, fault);
    if (error == AWS_OK)
        error = check_error_responses(config->custom_error_responses, fault);
    if (error == AWS_OK)
        error = check_certificate(config->viewer_certificate, fault);
    return error == AWS_OK ? check_restrictions(config->restrictions, fault) : error;
}

enum aws_error cf_distribution_check_update(const struct cf_distribution_config *old,
                                            const struct cf_distribution_config *updated,
                                            struct aws_fault *fault)
{
    if (strcmp(old->caller_reference, updated->caller_reference) == 0)
        return AWS_OK;
    return aws_fail(fault, AWS_IllegalUpdate,
                    "The update contains modifications that are not allowed: CallerReference");
}

/* ---- invalidations and tags */

enum path_kind { PATH_NONE, PATH_EXACT, PATH_WILDCARD };

static enum path_kind path_kind_of(const char *path)
{
    size_t len = strlen(path);
    if (len == 0 || len > CF_INVALIDATION_PATH_MAX_CHARACTERS || path[0] != '/')
        return PATH_NONE;
    for (size_t i = 0; i < len; i++)
        if (path[i] <= ' ' || path[i] > '~' || (path[i] == '*' && i + 1 < len))
            return PATH_NONE;
    return path[len - 1] == '*' ? PATH_WILDCARD : PATH_EXACT;
}

enum aws_error cf_invalidation_check(const struct cf_invalidation_batch *batch,
                                     size_t *out_wildcards, struct aws_fault *fault)
{
    size_t reference = utf8_count(slice_str(batch->caller_reference));
    size_t count = batch->paths->items_count;
    size_t wildcards = 0;
    if (reference == 0 || reference > CF_CALLER_REFERENCE_MAX_CHARACTERS)
        return cf_invalid(fault, "CallerReference", "must have between 1 and 128 characters");
    if (count == 0)
        return cf_invalid(fault, "Paths", "is required.");
    for (size_t i = 0; i < count; i++) {
        enum path_kind kind = path_kind_of(batch->paths->items[i]);
        if (kind == PATH_NONE)
            return aws_fail(fault, AWS_InvalidArgument,
                            "Your request contains one or more invalid invalidation paths: %s",
                            aws_echo(fault->arena, batch->paths->items[i]));
        wildcards += kind == PATH_WILDCARD;
    }
    if (count - wildcards > CF_INVALIDATION_MAX_EXACT_PATHS ||
        wildcards > CF_INVALIDATION_MAX_WILDCARD_PATHS)
        return aws_fail(fault, AWS_BatchTooLarge,
                        "Invalidation batch specified is too large: more than %zu paths, or more "
                        "than %zu that end in *.",
                        CF_INVALIDATION_MAX_EXACT_PATHS, CF_INVALIDATION_MAX_WILDCARD_PATHS);
    *out_wildcards = wildcards;
    return AWS_OK;
}

/* Letters, digits and spaces of any script, and some signs. */
static bool is_tag_text(const char *text, size_t longest)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((uint8_t)*c < 0x80 && !cf_has_only((const char[]){*c, '\0'}, " _.:/=+-@", 1))
            return false;
    return utf8_count(slice_str(text)) <= longest;
}

enum aws_error cf_tags_check(const struct cf_tags *tags, struct aws_fault *fault)
{
    if (tags->items_count > CF_MAX_TAGS)
        return aws_fail(fault, AWS_InvalidTagging, "A resource has at most %zu tags.", CF_MAX_TAGS);
    for (size_t i = 0; i < tags->items_count; i++) {
        const struct cf_tag *tag = &tags->items[i];
        if (*tag->key == '\0' || strncasecmp(tag->key, "aws:", 4) == 0 ||
            !is_tag_text(tag->key, CF_TAG_NAME_MAX_CHARACTERS) ||
            (tag->value != NULL && !is_tag_text(tag->value, CF_TAG_VALUE_MAX_CHARACTERS)))
            return aws_fail(fault, AWS_InvalidTagging, "The tag %s is not valid.",
                            aws_echo(fault->arena, tag->key));
        for (size_t k = 0; k < i; k++)
            if (strcmp(tags->items[k].key, tag->key) == 0)
                return aws_fail(fault, AWS_InvalidTagging, "The tag %s is there twice.",
                                aws_echo(fault->arena, tag->key));
    }
    return AWS_OK;
}
