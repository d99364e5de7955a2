// SPDX-License-Identifier: Apache-2.0
// The branches of a rule: what they lead to, and the members of the rule's policy, checked by the
// rules that a change batch has for record sets. Called while a document is parsed.
#include "aws/r53_traffic_priv.h"

#include "aws/limits.h"
#include "aws/r53_policy.h"

#include <stdlib.h>
#include <string.h>

/** A rule's type: where its branches stand, and what reads the members of its policy. */
struct rule_type {
    const char *name;
    const char *list;       /* the member with its branches; NULL: Primary and Secondary */
    const char *other_list; /* the same as some clients spell it; NULL: none */
    const char *members[6]; /* of a branch, beside those of all */
    enum aws_error (*read)(struct traffic_reader *r, const json_t *object,
                           struct r53_traffic_branch *branch);
};

static enum aws_error read_bool(struct traffic_reader *r, const json_t *object, const char *name,
                                bool *out)
{
    const char *text = NULL;
    enum aws_error error = traffic_text(r, object, name, &text);
    if (error != AWS_OK)
        return error;
    if (text != NULL && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return traffic_refuse(r, "%s is true or false", name);
    *out = text != NULL && strcmp(text, "true") == 0;
    return AWS_OK;
}

/** A whole number of at most three digits between two bounds; *out_is_there false: none. */
static enum aws_error read_number(struct traffic_reader *r, const json_t *object, const char *name,
                                  const int64_t range[2], int64_t *out, bool *out_is_there)
{
    const char *text = NULL;
    uint64_t magnitude = 0;
    enum aws_error error = traffic_text(r, object, name, &text);
    *out_is_there = text != NULL;
    if (error != AWS_OK || text == NULL)
        return error;
    bool is_negative = text[0] == '-';
    bool is_number = slice_parse_u64(slice_str(text + (is_negative ? 1 : 0)), 999, &magnitude);
    *out = is_negative ? -(int64_t)magnitude : (int64_t)magnitude;
    if (!is_number || *out < range[0] || *out > range[1])
        return traffic_refuse(r, "%s is a number from %lld to %lld", name, (long long)range[0],
                              (long long)range[1]);
    return AWS_OK;
}

/* ---- policies */

static enum aws_error read_nothing(struct traffic_reader *r, const json_t *object,
                                   struct r53_traffic_branch *branch)
{
    (void)r;
    (void)object;
    (void)branch;
    return AWS_OK; /* failover: the place of the branch says it all */
}

static enum aws_error read_multivalue(struct traffic_reader *r, const json_t *object,
                                      struct r53_traffic_branch *branch)
{
    (void)object;
    if (branch->is_rule)
        return traffic_refuse(r, "a multivalue rule leads to endpoints of the Type value alone");
    branch->set.has_multi_value_answer = true;
    branch->set.multi_value_answer = true;
    return AWS_OK;
}

static enum aws_error read_weight(struct traffic_reader *r, const json_t *object,
                                  struct r53_traffic_branch *branch)
{
    static const int64_t range[2] = {0, 255};
    enum aws_error error =
        read_number(r, object, "Weight", range, &branch->set.weight, &branch->set.has_weight);
    if (error == AWS_OK && !branch->set.has_weight)
        return traffic_refuse(r, "Weight is required");
    return error;
}

/* Documents write regions as they are, or with a prefix. */
static const char *bare_region(const char *text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text != NULL && strncmp(text, prefix, len) == 0 ? text + len : text;
}

#define REGION_PREFIX "aws:route53:"
#define LOCAL_ZONE_PREFIX "aws:localzonegroup:"

static enum aws_error refuse_problem(struct traffic_reader *r, const char *problem)
{
    return problem == NULL ? AWS_OK : traffic_refuse(r, "%s", problem);
}

static enum aws_error read_region(struct traffic_reader *r, const json_t *object,
                                  struct r53_traffic_branch *branch)
{
    const char *text = NULL;
    enum aws_error error = traffic_text(r, object, "Region", &text);
    if (error != AWS_OK)
        return error;
    if (text == NULL)
        return traffic_refuse(r, "Region is required");
    branch->set.region = bare_region(text, REGION_PREFIX);
    return refuse_problem(r, r53_region_problem(r->arena, branch->set.region));
}

static enum aws_error read_place(struct traffic_reader *r, const json_t *object,
                                 struct r53_traffic_branch *branch)
{
    struct r53_geo_location *g = ARENA_NEW(r->arena, struct r53_geo_location);
    bool is_default = false;
    branch->set.geo_location = g;
    enum aws_error error = read_bool(r, object, "IsDefault", &is_default);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Continent", &g->continent_code);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Country", &g->country_code);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Subdivision", &g->subdivision_code);
    if (error != AWS_OK)
        return error;
    bool is_starred = g->country_code != NULL && strcmp(g->country_code, "*") == 0;
    bool has_place = g->continent_code != NULL || g->subdivision_code != NULL ||
                     (g->country_code != NULL && !is_starred);
    if ((is_default || is_starred) == has_place)
        return traffic_refuse(r, "a location is the default one, or has a Continent or a Country");
    if (!has_place) {
        g->country_code = "*";
        return AWS_OK;
    }
    return refuse_problem(r, r53_geo_problem(r->arena, g));
}

static enum aws_error read_proximity(struct traffic_reader *r, const json_t *object,
                                     struct r53_traffic_branch *branch)
{
    static const int64_t range[2] = {-99, 99};
    struct r53_geo_proximity_location *g = ARENA_NEW(r->arena, struct r53_geo_proximity_location);
    struct r53_coordinates *c = ARENA_NEW(r->arena, struct r53_coordinates);
    const char *region = NULL;
    branch->set.geo_proximity_location = g;
    enum aws_error error = traffic_text(r, object, "Region", &region);
    if (error == AWS_OK)
        error = traffic_text(r, object, "LocalZoneGroup", &g->local_zone_group);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Latitude", &c->latitude);
    if (error == AWS_OK)
        error = traffic_text(r, object, "Longitude", &c->longitude);
    if (error == AWS_OK)
        error = read_number(r, object, "Bias", range, &g->bias, &g->has_bias);
    if (error != AWS_OK)
        return error;
    if (bare_region(region, LOCAL_ZONE_PREFIX) != region)
        g->local_zone_group = bare_region(region, LOCAL_ZONE_PREFIX);
    else
        g->aws_region = bare_region(region, REGION_PREFIX);
    g->coordinates = c->latitude == NULL && c->longitude == NULL ? NULL : c;
    return refuse_problem(r, r53_proximity_problem(r->arena, g));
}

static const struct rule_type rule_types[] = {
    {"failover", NULL, NULL, {NULL}, read_nothing},
    {"geo", "Locations", NULL, {"IsDefault", "Continent", "Country", "Subdivision"}, read_place},
    {"geoproximity",
     "GeoproximityLocations",
     "GeoProximityLocations",
     {"Region", "LocalZoneGroup", "Latitude", "Longitude", "Bias"},
     read_proximity},
    {"latency", "Regions", NULL, {"Region"}, read_region},
    {"multivalue", "Items", NULL, {NULL}, read_multivalue},
    {"weighted", "Items", NULL, {"Weight"}, read_weight},
};

/* ---- one branch */

static enum aws_error check_branch_members(struct traffic_reader *r, json_t *object,
                                           const struct rule_type *type)
{
    static const char *const common[] = {"EndpointReference", "RuleReference",
                                         "EvaluateTargetHealth", "HealthCheck"};
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        bool is_known = false;
        for (size_t i = 0; i < ARRAY_LEN(common); i++)
            is_known = is_known || strcmp(key, common[i]) == 0;
        for (const char *const *name = type->members; *name != NULL; name++)
            is_known = is_known || strcmp(key, *name) == 0;
        if (!is_known)
            return traffic_refuse(r, "a branch of a %s rule has no member %s", type->name,
                                  aws_echo(r->arena, key));
    }
    return AWS_OK;
}

static enum aws_error read_branch(struct traffic_reader *r, const struct rule_type *type,
                                  json_t *object, struct r53_traffic_branch *branch)
{
    const char *rule = NULL;
    const char *endpoint = NULL;
    if (!json_is_object(object))
        return traffic_refuse(r, "a branch is not an object");
    enum aws_error error = check_branch_members(r, object, type);
    if (error == AWS_OK)
        error = traffic_text(r, object, "RuleReference", &rule);
    if (error == AWS_OK)
        error = traffic_text(r, object, "EndpointReference", &endpoint);
    if (error == AWS_OK)
        error = traffic_text(r, object, "HealthCheck", &branch->set.health_check_id);
    if (error == AWS_OK)
        error = read_bool(r, object, "EvaluateTargetHealth", &branch->evaluates_health);
    if (error != AWS_OK)
        return error;
    if ((rule == NULL) == (endpoint == NULL))
        return traffic_refuse(r, "a branch needs exactly one of EndpointReference and "
                                 "RuleReference");
    const char *check = branch->set.health_check_id;
    if (check != NULL && (*check == '\0' || strlen(check) > 64))
        return traffic_refuse(r, "HealthCheck is the id of a health check");
    branch->is_rule = rule != NULL;
    branch->id = rule != NULL ? rule : endpoint;
    return type->read(r, object, branch);
}

/* ---- all of a rule */

static enum aws_error read_failover(struct traffic_reader *r, const struct rule_type *type,
                                    const json_t *object, struct r53_traffic_rule *rule)
{
    static const char *const names[2] = {"Primary", "Secondary"};
    static const enum r53_failover roles[2] = {R53_PRIMARY, R53_SECONDARY};
    rule->branches = arena_array(r->arena, 2, sizeof(*rule->branches));
    for (size_t i = 0; i < 2; i++) {
        json_t *branch = json_object_get(object, names[i]);
        if (branch == NULL)
            return traffic_refuse(r, "%s is required", names[i]);
        rule->branches[i].set.failover = roles[i];
        enum aws_error error = read_branch(r, type, branch, &rule->branches[i]);
        if (error != AWS_OK)
            return error;
    }
    rule->branch_count = 2;
    return AWS_OK;
}

static enum aws_error read_list(struct traffic_reader *r, const struct rule_type *type,
                                const json_t *object, struct r53_traffic_rule *rule)
{
    const json_t *list = json_object_get(object, type->list);
    if (list == NULL && type->other_list != NULL)
        list = json_object_get(object, type->other_list);
    size_t count = json_array_size(list);
    if (!json_is_array(list) || count == 0 || count > R53_TRAFFIC_BRANCHES_MAX)
        return traffic_refuse(r, "%s is a list of 1 to %zu branches", type->list,
                              R53_TRAFFIC_BRANCHES_MAX);
    rule->branches = arena_array(r->arena, count, sizeof(*rule->branches));
    rule->branch_count = count;
    for (size_t i = 0; i < count; i++) {
        enum aws_error error = read_branch(r, type, json_array_get(list, i), &rule->branches[i]);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

static enum aws_error check_places(struct traffic_reader *r, const struct r53_traffic_rule *rule)
{
    AUTO_MAP struct map seen;
    map_init(&seen);
    for (size_t i = 0; i < rule->branch_count; i++) {
        const char *place = r53_policy_place(r->arena, &rule->branches[i].set);
        if (place != NULL && map_put(&seen, slice_str(place), r) != NULL)
            return traffic_refuse(r, "the location '%s' has two branches", place);
    }
    return AWS_OK;
}

enum aws_error traffic_read_branches(struct traffic_reader *r, const json_t *object,
                                     struct r53_traffic_rule *rule)
{
    const struct rule_type *type = NULL;
    for (size_t i = 0; i < ARRAY_LEN(rule_types) && type == NULL; i++)
        if (strcmp(rule_types[i].name, rule->type) == 0)
            type = &rule_types[i];
    if (type == NULL)
        return traffic_refuse(r, "there is no RuleType '%s'", aws_echo(r->arena, rule->type));
    enum aws_error error = type->list == NULL ? read_failover(r, type, object, rule)
                                              : read_list(r, type, object, rule);
    return error == AWS_OK ? check_places(r, rule) : error;
}
