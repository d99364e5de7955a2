// SPDX-License-Identifier: Apache-2.0
// Health checks as configurations: rules, what is filled in, updates, the stored form. Called by
// the API on a worker and by the compiler.
#include "aws/r53_health.h"

#include "aws/limits.h"
#include "aws/xml.h"
#include "base/buf.h"
#include "base/check.h"

#include <arpa/inet.h>
#include <string.h>

/* What Route 53 fills in (API Reference, HealthCheckConfig). */
#define HTTP_PORT 80
#define HTTPS_PORT 443
#define SLOW_INTERVAL_S 30
#define FAST_INTERVAL_S 10
#define FAILURE_THRESHOLD 3

/* Sets of types, as bits. */
#define TYPE(name) (1u << R53_CHECK_##name)
#define MATCHING (TYPE(HTTP_STR_MATCH) | TYPE(HTTPS_STR_MATCH))
#define HTTP_TYPES (TYPE(HTTP) | TYPE(HTTPS) | MATCHING)
#define ENDPOINTS (HTTP_TYPES | TYPE(TCP))
#define ALL_TYPES (ENDPOINTS | TYPE(CALCULATED) | TYPE(CLOUDWATCH_METRIC) | TYPE(RECOVERY_CONTROL))

enum r53_health_family r53_health_family_of(enum r53_health_check_type type)
{
    if ((1u << type) & ENDPOINTS)
        return R53_HEALTH_ENDPOINT;
    return type == R53_CHECK_CALCULATED ? R53_HEALTH_CALCULATED : R53_HEALTH_POSTED;
}

static bool is_https(enum r53_health_check_type type)
{
    return type == R53_CHECK_HTTPS || type == R53_CHECK_HTTPS_STR_MATCH;
}

/* ---- which members go with which type */

/** A member of a configuration: types that may have it and those that need it. */
struct rule {
    bool is_there;
    unsigned may; /* bits of types */
    unsigned must;
    const char *what; /* with its article */
};

/* Whose rule it is, as Route 53's messages begin. */
static const char *subject_of(enum r53_health_check_type type, unsigned others)
{
    if (type == R53_CHECK_CALCULATED)
        return "Calculated";
    if (type == R53_CHECK_CLOUDWATCH_METRIC)
        return "CloudWatch metric";
    if (type == R53_CHECK_RECOVERY_CONTROL)
        return "Recovery control";
    bool is_of_family = (others & ENDPOINTS) == 0 || (others & ENDPOINTS) == ENDPOINTS;
    return is_of_family ? "Basic" : r53_health_type_text(type);
}

static enum aws_error check_rule(enum r53_health_check_type type, const struct rule *rule,
                                 struct aws_fault *fault)
{
    unsigned bit = 1u << type;
    if (rule->is_there && (rule->may & bit) == 0)
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : %s health checks must not have %s specified.",
                        subject_of(type, rule->may), rule->what);
    if (!rule->is_there && (rule->must & bit) != 0)
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : %s health checks must have %s specified.",
                        subject_of(type, rule->must), rule->what);
    return AWS_OK;
}

static enum aws_error check_members(const struct r53_health_check_config *c,
                                    struct aws_fault *fault)
{
    bool has_place = c->ip_address != NULL || c->fully_qualified_domain_name != NULL;
    const struct rule rules[] = {
        {c->ip_address != NULL, ENDPOINTS, 0, "an IP address"},
        {c->fully_qualified_domain_name != NULL, ENDPOINTS, 0, "a fully qualified domain name"},
        {has_place, ALL_TYPES, ENDPOINTS, "an IP address or a fully qualified domain name"},
        {c->has_port, ENDPOINTS, TYPE(TCP), "a port"},
        {c->resource_path != NULL, HTTP_TYPES, 0, "a resource path"},
        {c->search_string != NULL, MATCHING, MATCHING, "a search string"},
        {c->has_request_interval, ENDPOINTS, 0, "a request interval"},
        {c->has_failure_threshold, ENDPOINTS, 0, "a failure threshold"},
        {c->has_measure_latency && c->measure_latency, ENDPOINTS, 0, "latency measurement"},
        {c->has_enable_sni && c->enable_sni, ENDPOINTS, 0, "SNI"},
        {c->has_regions, ENDPOINTS, 0, "regions"},
        {c->has_health_threshold, TYPE(CALCULATED), TYPE(CALCULATED), "a health threshold"},
        {c->has_child_health_checks, TYPE(CALCULATED), 0, "child health checks"},
        {c->alarm_identifier != NULL, TYPE(CLOUDWATCH_METRIC), TYPE(CLOUDWATCH_METRIC),
         "an metric region"},
        {c->insufficient_data_health_status != r53_insufficient_data_health_status_absent,
         TYPE(CLOUDWATCH_METRIC), 0, "an insufficient data health status"},
        {c->routing_control_arn != NULL, TYPE(RECOVERY_CONTROL), TYPE(RECOVERY_CONTROL),
         "a routing control ARN"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
        enum aws_error error = check_rule(c->type, &rules[i], fault);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

/* ---- values */

size_t r53_health_address(const char *text, uint8_t out[16])
{
    static const uint8_t zero[16];
    bool is_v6 = strchr(text, ':') != NULL;
    size_t bytes = is_v6 ? 16 : 4;
    uint8_t address[16];
    if (inet_pton(is_v6 ? AF_INET6 : AF_INET, text, address) != 1 ||
        memcmp(address, zero, bytes) == 0)
        return 0;
    if (is_v6 ? address[0] == 0xff : address[0] >= 224) /* multicast, reserved, broadcast */
        return 0;
    memcpy(out, address, bytes);
    return bytes;
}

/* Letters, digits, hyphens, underscores and dots between labels of 1 to 63. */
static bool is_host_name(const char *name)
{
    size_t label = 0;
    for (; *name != '\0'; name++) {
        bool is_letter = (*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z');
        if (*name == '.' ? label == 0 : !is_letter && strchr("0123456789-_", *name) == NULL)
            return false;
        label = *name == '.' ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return true;
}

/* What an HTTP request line can carry, with the slash that may have been left out. */
static bool is_path(const char *path)
{
    if (*path != '/' && strlen(path) >= R53_HEALTH_PATH_MAX_CHARACTERS)
        return false;
    for (; *path != '\0'; path++)
        if (*path <= ' ' || *path > '~' || *path == '#')
            return false;
    return true;
}

static enum aws_error check_endpoint(const struct r53_health_check_config *c,
                                     struct aws_fault *fault)
{
    uint8_t address[16];
    struct arena *a = fault->arena;
    if (c->ip_address != NULL && r53_health_address(c->ip_address, address) == 0)
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : %s is no IP address that can "
                        "be checked.",
                        aws_echo(a, c->ip_address));
    if (c->fully_qualified_domain_name != NULL && !is_host_name(c->fully_qualified_domain_name))
        return aws_fail(fault, AWS_InvalidInput, "Invalid fully qualified domain name: %s",
                        aws_echo(a, c->fully_qualified_domain_name));
    if (c->type == R53_CHECK_TCP && c->ip_address != NULL && c->fully_qualified_domain_name != NULL)
        return aws_fail(fault, AWS_InvalidInput,
                        "TCP health checks that have IP address must not have a fully qualified "
                        "domain name specified.");
    if (c->resource_path != NULL && !is_path(c->resource_path))
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : A resource path has visible ASCII characters, no "
                        "spaces and no '#'.");
    if (c->has_request_interval && c->request_interval != FAST_INTERVAL_S &&
        c->request_interval != SLOW_INTERVAL_S)
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : The request interval is 10 or 30 seconds.");
    return AWS_OK;
}

/* Whether a text is in a list twice; lists are short. */
static bool has_repetition(const char *const *items, size_t count)
{
    for (size_t i = 1; i < count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(items[i], items[j]) == 0)
                return true;
    return false;
}

static enum aws_error check_lists(const struct r53_health_check_config *c, struct aws_fault *fault)
{
    if (c->child_health_checks_count > R53_HEALTH_CHILDREN_MAX)
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : Calculated health checks must not have more than %zu "
                        "child health checks specified.",
                        R53_HEALTH_CHILDREN_MAX);
    if (has_repetition(c->child_health_checks, c->child_health_checks_count))
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : Calculated health checks must not have a child health "
                        "check specified twice.");
    if (!c->has_regions)
        return AWS_OK;
    if (c->regions_count < R53_HEALTH_REGIONS_MIN || c->regions_count > R53_HEALTH_REGIONS_MAX)
        return aws_fail(fault, AWS_InvalidInput,
                        "1 validation error detected: Value at 'healthCheckConfig.regions' failed "
                        "to satisfy constraint: Member must have length between %zu and %zu",
                        R53_HEALTH_REGIONS_MIN, R53_HEALTH_REGIONS_MAX);
    if (has_repetition(c->regions, c->regions_count))
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : Basic health checks must not have a region specified "
                        "twice.");
    return AWS_OK;
}

/* ---- what is filled in */

static const char *text_or_absent(const char *text)
{
    return text == NULL || *text == '\0' ? NULL : text;
}

static void drop_empty(struct r53_health_check_config *c)
{
    c->ip_address = text_or_absent(c->ip_address);
    c->resource_path = text_or_absent(c->resource_path);
    c->fully_qualified_domain_name = text_or_absent(c->fully_qualified_domain_name);
    c->search_string = text_or_absent(c->search_string);
    c->has_child_health_checks = c->child_health_checks_count > 0;
    c->has_regions = c->regions_count > 0;
}

static void fill_number(bool *has, int64_t *number, int64_t value)
{
    *number = *has ? *number : value;
    *has = true;
}

static void fill_bool(bool *has, bool *flag, bool value)
{
    *flag = *has ? *flag : value;
    *has = true;
}

static void fill(struct r53_health_check_config *c)
{
    fill_bool(&c->has_inverted, &c->inverted, false);
    fill_bool(&c->has_disabled, &c->disabled, false);
    bool is_endpoint = r53_health_family_of(c->type) == R53_HEALTH_ENDPOINT;
    if (!is_endpoint) {
        c->has_measure_latency = false;
        c->has_enable_sni = false;
        return;
    }
    fill_number(&c->has_port, &c->port, is_https(c->type) ? HTTPS_PORT : HTTP_PORT);
    fill_number(&c->has_request_interval, &c->request_interval, SLOW_INTERVAL_S);
    fill_number(&c->has_failure_threshold, &c->failure_threshold, FAILURE_THRESHOLD);
    fill_bool(&c->has_measure_latency, &c->measure_latency, false);
    fill_bool(&c->has_enable_sni, &c->enable_sni, is_https(c->type));
}

enum aws_error r53_health_fill(const struct r53_health_check_config *config,
                               struct r53_health_check_config *out, struct aws_fault *fault)
{
    struct r53_health_check_config filled = *config;
    drop_empty(&filled);
    enum aws_error error = check_members(&filled, fault);
    if (error == AWS_OK)
        error = check_endpoint(&filled, fault);
    if (error == AWS_OK)
        error = check_lists(&filled, fault);
    if (error != AWS_OK)
        return error;
    fill(&filled);
    *out = filled;
    return AWS_OK;
}

/* ---- updates */

static enum aws_error reset(const struct r53_update_health_check_request *request,
                            struct r53_health_check_config *c, struct aws_fault *fault)
{
    for (size_t i = 0; i < request->reset_elements_count; i++) {
        struct slice name = slice_str(request->reset_elements[i]);
        if (slice_equal(name, SLICE_LIT("FullyQualifiedDomainName")))
            c->fully_qualified_domain_name = NULL;
        else if (slice_equal(name, SLICE_LIT("Regions")))
            c->regions_count = 0;
        else if (slice_equal(name, SLICE_LIT("ResourcePath")))
            c->resource_path = NULL;
        else if (slice_equal(name, SLICE_LIT("ChildHealthChecks")))
            c->child_health_checks_count = 0;
        else
            return aws_fail(fault, AWS_InvalidInput,
                            "1 validation error detected: Value '%s' at 'resetElements' failed to "
                            "satisfy constraint: Member must satisfy enum value set: "
                            "[FullyQualifiedDomainName, Regions, ResourcePath, ChildHealthChecks]",
                            aws_echo(fault->arena, request->reset_elements[i]));
    }
    return AWS_OK;
}

/* What an update names replaces what was there; for lists, all of it. */
static void replace_texts(const struct r53_update_health_check_request *r,
                          struct r53_health_check_config *c)
{
    c->ip_address = r->ip_address != NULL ? r->ip_address : c->ip_address;
    c->resource_path = r->resource_path != NULL ? r->resource_path : c->resource_path;
    c->fully_qualified_domain_name = r->fully_qualified_domain_name != NULL
                                         ? r->fully_qualified_domain_name
                                         : c->fully_qualified_domain_name;
    c->search_string = r->search_string != NULL ? r->search_string : c->search_string;
    c->alarm_identifier = r->alarm_identifier != NULL ? r->alarm_identifier : c->alarm_identifier;
    if (r->insufficient_data_health_status != r53_insufficient_data_health_status_absent)
        c->insufficient_data_health_status = r->insufficient_data_health_status;
    if (r->has_child_health_checks) {
        c->child_health_checks = r->child_health_checks;
        c->child_health_checks_count = r->child_health_checks_count;
    }
    if (r->has_regions) {
        c->regions = r->regions;
        c->regions_count = r->regions_count;
    }
}

static void replace_number(bool has_new, int64_t new_number, bool *has, int64_t *number)
{
    *number = has_new ? new_number : *number;
    *has = *has || has_new;
}

static void replace_bool(bool has_new, bool new_flag, bool *has, bool *flag)
{
    *flag = has_new ? new_flag : *flag;
    *has = *has || has_new;
}

enum aws_error r53_health_update(const struct r53_health_check_config *before,
                                 const struct r53_update_health_check_request *r,
                                 struct r53_health_check_config *out, struct aws_fault *fault)
{
    struct r53_health_check_config c = *before;
    if (r->ip_address != NULL && (before->ip_address == NULL) != (*r->ip_address == '\0'))
        return aws_fail(fault, AWS_InvalidInput,
                        "Invalid parameter : The IP address of a health check can be changed, but "
                        "not added or removed.");
    replace_texts(r, &c);
    replace_number(r->has_port, r->port, &c.has_port, &c.port);
    replace_number(r->has_failure_threshold, r->failure_threshold, &c.has_failure_threshold,
                   &c.failure_threshold);
    replace_number(r->has_health_threshold, r->health_threshold, &c.has_health_threshold,
                   &c.health_threshold);
    replace_bool(r->has_inverted, r->inverted, &c.has_inverted, &c.inverted);
    replace_bool(r->has_disabled, r->disabled, &c.has_disabled, &c.disabled);
    replace_bool(r->has_enable_sni, r->enable_sni, &c.has_enable_sni, &c.enable_sni);
    enum aws_error error = reset(r, &c, fault);
    return error == AWS_OK ? r53_health_fill(&c, out, fault) : error;
}

/* ---- the stored form */

struct slice r53_health_encode(struct arena *a, const struct r53_health_check_body *body)
{
    AUTO_BUF struct buf text = {0};
    aws_xml_write(&text, &AWS_SHAPE_OF(r53_health_check_body), NULL, body);
    return arena_copy(a, buf_slice(&text));
}

enum err r53_health_decode(struct arena *a, struct slice text, struct r53_health_check_body *out,
                           struct errctx *ec)
{
    struct r53_health_check_body body = {0};
    struct aws_fault fault = {.arena = a};
    const struct aws_shape *shape = &AWS_SHAPE_OF(r53_health_check_body);
    if (aws_xml_parse(AWS_ROUTE53, shape, text, &body, &fault) != AWS_OK ||
        r53_health_fill(body.config, body.config, &fault) != AWS_OK)
        return err_set(ec, ERR_CORRUPT, "stored health check: %s", fault.message);
    *out = body;
    return ERR_OK;
}

bool r53_health_is_same(struct arena *a, const struct r53_health_check_config *one,
                        const struct r53_health_check_config *other)
{
    struct r53_health_check_config left = *one;
    struct r53_health_check_config right = *other;
    return slice_equal(r53_health_encode(a, &(struct r53_health_check_body){.config = &left}),
                       r53_health_encode(a, &(struct r53_health_check_body){.config = &right}));
}
