// SPDX-License-Identifier: Apache-2.0
// Record sets with routing policies in a change batch: which members go together, and which sets
// may stand beside each other at one name and type. Called by r53_change_apply.
#include "aws/limits.h"
#include "aws/r53_change_priv.h"

#include <string.h>

/* ---- one set */

enum aws_error r53_check_policy(struct r53_batch *b, const struct r53_record_set *set,
                                const char *what)
{
    static const char names[] = "[Weight, Region, Failover, GeoLocation, MultiValueAnswer, "
                                "CidrRoutingConfig, or GeoProximityLocation]";
    struct errctx ec = {0};
    struct r53_wire_policy wire;
    enum r53_policy policy;
    unsigned count = r53_policies_of(set, &policy);
    if (set->traffic_policy_instance_id != NULL)
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: TrafficPolicyInstanceId is set by traffic policy "
                        "instances alone in %s",
                        what);
    if (count > 1 || (count == 0 && set->set_identifier != NULL))
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: Expected exactly one of %s, but found %s in %s", names,
                        count > 1 ? "more than one" : "none", what);
    if (count == 1 && set->set_identifier == NULL)
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: Missing field 'SetIdentifier' in %s", what);
    if (count == 0 && set->health_check_id != NULL && set->alias_target == NULL)
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: HealthCheckId goes with a routing policy or an alias, "
                        "but found none in %s",
                        what);
    if (r53_policy_to_wire(set, &wire, &ec) != ERR_OK)
        return aws_fail(b->fault, AWS_InvalidInput, "Invalid request: %s in %s", ec.text, what);
    return AWS_OK;
}

void r53_check_policy_of_step(struct r53_batch *b, struct r53_step *step)
{
    const struct r53_record_set *set = &step->set;
    const char *type = r53_rr_type_text(b->arena, set->type);
    struct errctx ec = {0};
    if (r53_policy_to_wire(set, &step->wire.policy, &ec) != ERR_OK) {
        R53_REFUSE(b, step, "%s", ec.text);
        return;
    }
    enum r53_policy policy = step->wire.policy.kind;
    bool is_fixed = set->type == R53_TYPE_NS || set->type == R53_TYPE_SOA;
    bool is_cname = set->type == R53_TYPE_CNAME;
    if (policy != R53_POLICY_SIMPLE && is_fixed)
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s cannot have a routing policy", type,
                   set->name);
    else if (policy == R53_POLICY_MULTIVALUE && (is_cname || step->wire.is_alias))
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s cannot be a multivalue answer: %s",
                   type, set->name, is_cname ? "a CNAME has one value" : "it is an alias");
}

/* ---- sets beside each other */

static bool is_same_identifier(const struct r53_record_set *a, const struct r53_record_set *b)
{
    const char *one = a->set_identifier == NULL ? "" : a->set_identifier;
    const char *other = b->set_identifier == NULL ? "" : b->set_identifier;
    return strcmp(one, other) == 0;
}

struct r53_record_set *r53_find_set(const struct r53_owner *owner,
                                    const struct r53_record_set *like)
{
    for (size_t i = 0; i < owner->sets.items_count; i++) {
        struct r53_record_set *set = &owner->sets.items[i];
        if (set->type == like->type && is_same_identifier(set, like))
            return set;
    }
    return NULL;
}

const char *r53_describe_set(struct r53_batch *b, const struct r53_record_set *set)
{
    const char *type = r53_rr_type_text(b->arena, set->type);
    if (set->set_identifier == NULL)
        return arena_printf(b->arena, "[name='%s', type='%s']", set->name, type);
    return arena_printf(b->arena, "[name='%s', type='%s', set identifier='%s']", set->name, type,
                        set->set_identifier);
}

/* Two sets of one name and type, each with another identifier. */
static void check_pair(struct r53_batch *b, const struct r53_record_set *first,
                       const struct r53_record_set *set)
{
    const char *type = r53_rr_type_text(b->arena, set->type);
    enum r53_policy one;
    enum r53_policy other;
    (void)r53_policies_of(first, &one);
    (void)r53_policies_of(set, &other);
    if (one != other) {
        r53_batch_note(
            b,
            "RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because "
            "a %s RRSet exists with the same name and type",
            set->name, type, set->set_identifier, r53_policy_name(one));
        return;
    }
    const char *place = r53_policy_place(b->arena, set);
    const char *taken = r53_policy_place(b->arena, first);
    if (place != NULL && taken != NULL && strcmp(place, taken) == 0)
        r53_batch_note(
            b,
            "RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because "
            "the RRSet with SetIdentifier %s has the same name, type, and %s (%s)",
            set->name, type, set->set_identifier, first->set_identifier, r53_policy_name(one),
            place);
    if (set->cidr_routing_config != NULL && strcmp(set->cidr_routing_config->collection_id,
                                                   first->cidr_routing_config->collection_id) != 0)
        r53_batch_note(
            b,
            "RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because "
            "RRSets of one name and type have one CIDR collection",
            set->name, type, set->set_identifier);
}

/* The sets of one type, sorted by identifier; a batch is refused for its first finding here. */
static void check_group(struct r53_batch *b, const struct r53_record_set *sets, size_t count)
{
    size_t findings = buf_len(&b->findings);
    if (count > R53_GROUP_MAX_SETS)
        r53_batch_note(b, "RRSets of one name and type are %zu at most: %s, type %s",
                       R53_GROUP_MAX_SETS, sets[0].name, r53_rr_type_text(b->arena, sets[0].type));
    for (size_t i = 1; i < count && buf_len(&b->findings) == findings; i++)
        for (size_t j = 0; j < i && buf_len(&b->findings) == findings; j++)
            check_pair(b, &sets[j], &sets[i]);
}

void r53_check_groups(struct r53_batch *b)
{
    for (size_t i = 0; i < b->order_count; i++) {
        const struct r53_sets *sets = &b->order[i]->sets;
        if (sets->items_count > R53_OWNER_MAX_SETS)
            r53_batch_note(b, "RRSets of one name are %zu at most: %s", R53_OWNER_MAX_SETS,
                           sets->items[0].name);
        size_t start = 0;
        for (size_t end = 1; end <= sets->items_count; end++) {
            if (end < sets->items_count && sets->items[end].type == sets->items[start].type)
                continue;
            check_group(b, &sets->items[start], end - start);
            start = end;
        }
    }
}
