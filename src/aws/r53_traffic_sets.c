// SPDX-License-Identifier: Apache-2.0
// From the tree of a document to record sets: a name for each rule, a set for each branch. Called
// by the API on a worker.
#include "aws/r53_traffic.h"

#include "aws/r53_ids.h"
#include "base/check.h"
#include "base/utf8.h"
#include "dns/name.h"

#include <string.h>

/* Bytes of one label (RFC 1035 section 2.3.4), of a set identifier. */
#define LABEL_MAX_BYTES ((size_t)63)
#define IDENTIFIER_MAX_BYTES ((size_t)128)

/** An instance under way. */
struct growth {
    struct arena *arena;
    const struct r53_traffic_tree *tree;
    const struct r53_traffic_instance *instance;
};

const char *r53_traffic_zone_id(struct arena *a, const char *instance_id)
{
    char *id = arena_strdup(a, instance_id);
    size_t len = 0;
    for (const char *c = instance_id; *c != '\0'; c++)
        if (*c != '-')
            id[len++] = *c;
    id[len] = '\0';
    return id;
}

/* "3-site_switch.": the number tells rules apart whose ids look alike in DNS. */
static const char *owner_of(const struct growth *g, size_t rule)
{
    const struct r53_traffic_tree *p = g->tree;
    if (p->start.is_rule && p->start.index == rule)
        return R53_TRAFFIC_START;
    char *label = arena_printf(g->arena, "%zu-%s", rule + 1, p->rules[rule].id);
    size_t len = min_size(strlen(label), LABEL_MAX_BYTES);
    for (size_t i = 0; i < len; i++) {
        bool is_lower =
            (label[i] >= 'a' && label[i] <= 'z') || (label[i] >= '0' && label[i] <= '9');
        if (label[i] >= 'A' && label[i] <= 'Z')
            label[i] = (char)(label[i] - 'A' + 'a');
        else if (!is_lower && label[i] != '-')
            label[i] = '_';
    }
    return arena_printf(g->arena, "%.*s.", (int)len, label);
}

static void lead_to(struct growth *g, const char *zone_id, const char *name, bool evaluates_health,
                    struct r53_record_set *set)
{
    struct r53_alias_target *target = ARENA_NEW(g->arena, struct r53_alias_target);
    *target = (struct r53_alias_target){.hosted_zone_id = zone_id,
                                        .dns_name = name,
                                        .has_evaluate_target_health = true,
                                        .evaluate_target_health = evaluates_health};
    set->alias_target = target;
}

static void put_endpoint(struct growth *g, const struct r53_traffic_branch *branch,
                         struct r53_record_set *set)
{
    const struct r53_traffic_endpoint *e = &g->tree->endpoints[branch->index];
    switch (e->kind) {
    case R53_TRAFFIC_VALUE:
        set->has_ttl = true;
        set->ttl = g->instance->ttl_s;
        set->has_resource_records = true;
        set->resource_records = ARENA_NEW(g->arena, struct r53_resource_record);
        set->resource_records->value = e->value;
        set->resource_records_count = 1;
        break;
    case R53_TRAFFIC_DISTRIBUTION: /* nobody probes it, so it has no health to evaluate */
        lead_to(g, R53_CDN_ZONE_ID, e->value, false, set);
        break;
    case R53_TRAFFIC_OUTSIDE:
        lead_to(g, R53_OUTSIDE_ZONE_ID, e->value, branch->evaluates_health, set);
        break;
    }
}

/* "2 endpoint-id": the number keeps two branches to one endpoint apart. */
static const char *identifier_of(const struct growth *g, size_t number,
                                 const struct r53_traffic_branch *branch)
{
    const char *text = arena_printf(g->arena, "%zu %s", number, branch->id);
    return arena_str(g->arena, utf8_clip(slice_str(text), IDENTIFIER_MAX_BYTES));
}

static void put_branch(struct growth *g, const char *owner, const struct r53_traffic_branch *branch,
                       struct r53_record_set *set)
{
    *set = branch->set;
    set->name = owner;
    set->type = g->tree->type;
    if (branch->is_rule)
        lead_to(g, g->instance->zone_id, owner_of(g, branch->index), branch->evaluates_health, set);
    else
        put_endpoint(g, branch, set);
}

static void finish_name(struct growth *g, struct r53_traffic_name *out)
{
    struct dns_name name;
    enum err err = dns_name_parse(slice_str(out->owner), &name, NULL);
    CHECK(err == ERR_OK);
    out->sort_key = dns_name_sort_key(g->arena, dns_name_slice(&name));
    out->sets.has_items = true;
}

static void put_rule(struct growth *g, size_t index, struct r53_traffic_name *out)
{
    const struct r53_traffic_rule *rule = &g->tree->rules[index];
    out->owner = owner_of(g, index);
    out->sets.items = arena_array(g->arena, rule->branch_count, sizeof(*out->sets.items));
    out->sets.items_count = rule->branch_count;
    for (size_t i = 0; i < rule->branch_count; i++) {
        put_branch(g, out->owner, &rule->branches[i], &out->sets.items[i]);
        out->sets.items[i].set_identifier = identifier_of(g, i + 1, &rule->branches[i]);
    }
    finish_name(g, out);
}

static void put_start_endpoint(struct growth *g, struct r53_traffic_name *out)
{
    out->owner = R53_TRAFFIC_START;
    out->sets.items = ARENA_NEW(g->arena, struct r53_record_set);
    out->sets.items_count = 1;
    put_branch(g, out->owner, &g->tree->start, out->sets.items);
    finish_name(g, out);
}

size_t r53_traffic_names(struct arena *a, const struct r53_traffic_tree *tree,
                         const struct r53_traffic_instance *instance, struct r53_traffic_name **out)
{
    struct growth g = {.arena = a, .tree = tree, .instance = instance};
    struct r53_traffic_name *names = arena_array(a, tree->rule_count + 1, sizeof(*names));
    size_t count = 0;
    if (tree->start.is_rule)
        put_rule(&g, tree->start.index, &names[count++]);
    else
        put_start_endpoint(&g, &names[count++]);
    for (size_t i = 0; i < tree->rule_count; i++)
        if (!tree->start.is_rule || i != tree->start.index)
            put_rule(&g, i, &names[count++]);
    *out = names;
    return count;
}
