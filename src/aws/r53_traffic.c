// SPDX-License-Identifier: Apache-2.0
// The document of a traffic policy: JSON -> endpoints -> rules with branches -> a tree. Called by
// the API on a worker.
#include "aws/r53_traffic_priv.h"

#include "aws/limits.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "dns/types.h"

#include <stdlib.h>
#include <string.h>

enum aws_error traffic_refuse(struct traffic_reader *r, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *words = arena_vprintf(r->arena, fmt, args);
    va_end(args);
    return aws_fail(r->fault, AWS_InvalidTrafficPolicyDocument,
                    "The traffic policy document is not valid: %s%s%s",
                    r->where == NULL ? "" : r->where, r->where == NULL ? "" : ": ", words);
}

enum aws_error traffic_text(struct traffic_reader *r, const json_t *object, const char *name,
                            const char **out)
{
    const json_t *value = json_object_get(object, name);
    *out = NULL;
    if (value == NULL || json_is_null(value))
        return AWS_OK;
    if (json_is_string(value))
        *out = arena_strdup(r->arena, json_string_value(value));
    else if (json_is_integer(value))
        *out = arena_printf(r->arena, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        *out = arena_printf(r->arena, "%.10g", json_real_value(value));
    else if (json_is_boolean(value))
        *out = json_is_true(value) ? "true" : "false";
    else
        return traffic_refuse(r, "%s is neither a text nor a number", name);
    return AWS_OK;
}

/* Refuses members that the format does not have. */
static enum aws_error check_members(struct traffic_reader *r, json_t *object,
                                    const char *const *names)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool is_known = false;
        for (const char *const *name = names; *name != NULL; name++)
            is_known = is_known || strcmp(*name, key) == 0;
        if (!is_known)
            return traffic_refuse(r, "the member %s is not known", aws_echo(r->arena, key));
    }
    return AWS_OK;
}

/* ---- endpoints */

/* Regions whose website endpoints have a hyphen before the region; the others have a dot.
 * Source: AWS General Reference, Amazon S3 website endpoints. */
static const char *const hyphen_regions[] = {
    "us-east-1",      "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2",
    "ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1",
};

static const char *website_of(struct arena *a, const char *region)
{
    for (size_t i = 0; i < ARRAY_LEN(hyphen_regions); i++)
        if (strcmp(region, hyphen_regions[i]) == 0)
            return arena_printf(a, "s3-website-%s.amazonaws.com", region);
    return arena_printf(a, "s3-website.%s.amazonaws.com", region);
}

static enum aws_error read_name(struct traffic_reader *r, const char *text, const char **out)
{
    struct dns_name name;
    struct errctx ec = {0};
    char canonical[DNS_NAME_TEXT_SIZE];
    if (dns_name_parse(slice_str(text), &name, &ec) != ERR_OK)
        return traffic_refuse(r, "%s", ec.text);
    if (dns_name_label_count(dns_name_slice(&name)) == 0)
        return traffic_refuse(r, "Value is not a domain name");
    dns_name_format(dns_name_slice(&name), canonical);
    *out = arena_strdup(r->arena, canonical);
    return AWS_OK;
}

static enum aws_error read_value(struct traffic_reader *r, struct r53_traffic_endpoint *e)
{
    struct errctx ec = {0};
    struct slice rdata;
    uint16_t type = r53_rr_type_number(r->tree.type);
    if (dns_rdata_parse(r->arena, type, slice_str(e->value), &rdata, &ec) != ERR_OK)
        return traffic_refuse(r, "%s", ec.text);
    return AWS_OK;
}

static enum aws_error read_target(struct traffic_reader *r, const char *type, const char *region,
                                  struct r53_traffic_endpoint *e)
{
    static const char *const outside[] = {"elastic-load-balancer", "application-load-balancer",
                                          "network-load-balancer", "s3-website"};
    bool is_outside = false;
    for (size_t i = 0; i < ARRAY_LEN(outside); i++)
        is_outside = is_outside || strcmp(type, outside[i]) == 0;
    if (strcmp(type, "value") == 0)
        return read_value(r, e);
    if (!is_outside && strcmp(type, "cloudfront") != 0)
        return traffic_refuse(r, "there is no endpoint Type '%s'", aws_echo(r->arena, type));
    if (r->tree.type != R53_TYPE_A && r->tree.type != R53_TYPE_AAAA)
        return traffic_refuse(r, "Type %s goes with the RecordType A or AAAA alone", type);
    e->kind = is_outside ? R53_TRAFFIC_OUTSIDE : R53_TRAFFIC_DISTRIBUTION;
    bool is_bucket = strcmp(type, "s3-website") == 0 && region != NULL &&
                     strstr(e->value, "amazonaws.com") == NULL;
    return read_name(r, is_bucket ? website_of(r->arena, region) : e->value, &e->value);
}

static enum aws_error read_endpoint(struct traffic_reader *r, json_t *object,
                                    struct r53_traffic_endpoint *e)
{
    static const char *const names[] = {"Type", "Region", "Value", NULL};
    const char *type = NULL;
    const char *region = NULL;
    if (!json_is_object(object))
        return traffic_refuse(r, "it is not an object");
    enum aws_error error = check_members(r, object, names);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Type", &type);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Region", &region);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Value", &e->value);
    if (error != AWS_OK)
        return error;
    if (type == NULL || e->value == NULL)
        return traffic_refuse(r, "Type and Value are required");
    return read_target(r, type, region, e);
}

/* ---- rules and the document */

static enum aws_error check_id(struct traffic_reader *r, const char *id)
{
    size_t characters = utf8_count(slice_str(id));
    if (characters == 0 || characters > R53_TRAFFIC_ID_MAX_CHARACTERS)
        return traffic_refuse(r, "an id has 1 to %zu characters", R53_TRAFFIC_ID_MAX_CHARACTERS);
    return AWS_OK;
}

/* The object `name` of the document; an empty one where there is none, given. */
static enum aws_error take_object(struct traffic_reader *r, json_t *document, const char *name,
                                  size_t most, json_t **out)
{
    json_t *object = json_object_get(document, name);
    if (object != NULL && !json_is_null(object) && !json_is_object(object))
        return traffic_refuse(r, "%s is not an object", name);
    if (json_object_size(object) > most)
        return traffic_refuse(r, "it has more than %zu %s", most, name);
    *out = json_is_object(object) ? object : NULL;
    return AWS_OK;
}

static enum aws_error read_endpoints(struct traffic_reader *r, json_t *document)
{
    json_t *object = NULL;
    const char *key;
    json_t *value;
    struct r53_traffic_tree *p = &r->tree;
    enum aws_error error =
        take_object(r, document, "Endpoints", R53_TRAFFIC_ENDPOINTS_MAX, &object);
    if (error != AWS_OK)
        return error;
    p->endpoints = arena_array(r->arena, json_object_size(object), sizeof(*p->endpoints));
    json_object_foreach(object, key, value)
    {
        struct r53_traffic_endpoint *e = &p->endpoints[p->endpoint_count++];
        e->id = arena_strdup(r->arena, key);
        r->where = arena_printf(r->arena, "Endpoint '%s'", aws_echo(r->arena, key));
        error = check_id(r, key);
        if (error == AWS_OK)
            error = read_endpoint(r, value, e);
        if (error != AWS_OK)
            return error;
        map_put(&r->endpoints, slice_str(key), e);
    }
    r->where = NULL;
    return AWS_OK;
}

static enum aws_error read_rule(struct traffic_reader *r, json_t *object,
                                struct r53_traffic_rule *rule)
{
    static const char *const names[] = {"RuleType",
                                        "Primary",
                                        "Secondary",
                                        "Locations",
                                        "GeoproximityLocations",
                                        "GeoProximityLocations",
                                        "Regions",
                                        "Items",
                                        NULL};
    if (!json_is_object(object))
        return traffic_refuse(r, "it is not an object");
    enum aws_error error = check_members(r, object, names);
    if (error == AWS_OK)
        error = traffic_text(r, object, "RuleType", &rule->type);
    if (error == AWS_OK && rule->type == NULL)
        return traffic_refuse(r, "RuleType is required");
    return error == AWS_OK ? traffic_read_branches(r, object, rule) : error;
}

static enum aws_error read_rules(struct traffic_reader *r, json_t *document)
{
    json_t *object = NULL;
    const char *key;
    json_t *value;
    struct r53_traffic_tree *p = &r->tree;
    enum aws_error error = take_object(r, document, "Rules", R53_TRAFFIC_RULES_MAX, &object);
    if (error != AWS_OK)
        return error;
    p->rules = arena_array(r->arena, json_object_size(object), sizeof(*p->rules));
    json_object_foreach(object, key, value)
    {
        struct r53_traffic_rule *rule = &p->rules[p->rule_count++];
        rule->id = arena_strdup(r->arena, key);
        r->where = arena_printf(r->arena, "Rule '%s'", aws_echo(r->arena, key));
        error = check_id(r, key);
        if (error == AWS_OK)
            error = read_rule(r, value, rule);
        if (error != AWS_OK)
            return error;
        map_put(&r->rules, slice_str(key), rule);
    }
    r->where = NULL;
    return AWS_OK;
}

static enum aws_error read_type(struct traffic_reader *r, const json_t *document)
{
    const char *text = NULL;
    uint16_t number = 0;
    enum aws_error error = traffic_text(r, document, "RecordType", &text);
    if (error != AWS_OK)
        return error;
    if (text == NULL)
        return traffic_refuse(r, "RecordType is required");
    if (!dns_type_parse(slice_str(text), &number) || !dns_type_is_hosted(number) ||
        number == DNS_TYPE_SOA || number == DNS_TYPE_NS)
        return traffic_refuse(r, "the RecordType '%s' is not supported", aws_echo(r->arena, text));
    r->tree.type = r53_rr_type_of_number(number);
    return AWS_OK;
}

static enum aws_error read_head(struct traffic_reader *r, json_t *document)
{
    static const char *const names[] = {"AWSPolicyFormatVersion",
                                        "RecordType",
                                        "StartRule",
                                        "StartEndpoint",
                                        "Endpoints",
                                        "Rules",
                                        NULL};
    const char *version = NULL;
    const char *rule = NULL;
    const char *endpoint = NULL;
    enum aws_error error = check_members(r, document, names);
    if (error == AWS_OK)
        error = traffic_text(r, document, "AWSPolicyFormatVersion", &version);
    if (error == AWS_OK)
        error = traffic_text(r, document, "StartRule", &rule);
    if (error == AWS_OK)
        error = traffic_text(r, document, "StartEndpoint", &endpoint);
    if (error != AWS_OK)
        return error;
    if (version != NULL && strcmp(version, "2015-10-01") != 0 && strcmp(version, "2023-05-09") != 0)
        return traffic_refuse(r, "AWSPolicyFormatVersion is 2015-10-01 or 2023-05-09");
    if ((rule == NULL) == (endpoint == NULL))
        return traffic_refuse(r, "exactly one of StartRule and StartEndpoint is required");
    r->tree.start.is_rule = rule != NULL;
    r->tree.start.id = rule != NULL ? rule : endpoint;
    return read_type(r, document);
}

static enum aws_error read_document(struct traffic_reader *r, json_t *document)
{
    if (!json_is_object(document))
        return traffic_refuse(r, "it is not a JSON object");
    enum aws_error error = read_head(r, document);
    if (error == AWS_OK)
        error = read_endpoints(r, document);
    if (error == AWS_OK)
        error = read_rules(r, document);
    return error == AWS_OK ? traffic_link(r) : error;
}

enum aws_error r53_traffic_parse(struct slice document, struct r53_traffic_tree *out,
                                 struct aws_fault *fault)
{
    struct traffic_reader r = {.arena = fault->arena, .fault = fault};
    json_error_t finding;
    json_t *json = NULL;
    if (document.len <= R53_TRAFFIC_DOCUMENT_MAX_CHARACTERS * 4)
        json =
            json_loadb((const char *)document.data, document.len, JSON_REJECT_DUPLICATES, &finding);
    else
        (void)snprintf(finding.text, sizeof(finding.text), "it is too long");
    if (json == NULL)
        return traffic_refuse(&r, "%s", finding.text);
    map_init(&r.endpoints);
    map_init(&r.rules);
    enum aws_error error = read_document(&r, json);
    map_fini(&r.rules);
    map_fini(&r.endpoints);
    json_decref(json);
    if (error == AWS_OK)
        *out = r.tree;
    return error;
}
