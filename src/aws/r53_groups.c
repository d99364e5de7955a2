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

/* Whether a change of this batch put the set there. */
static bool is_of_batch(const struct r53_batch *b, const struct r53_record_set *set)
{
    for (size_t i = 0; i < b->step_count; i++) {
        const struct r53_step *step = &b->steps[i];
        if (!step->is_refused && step->action != R53_DELETE && step->set.type == set->type &&
            strcmp(step->set.name, set->name) == 0 && is_same_identifier(&step->set, set))
            return true;
    }
    return false;
}

/* The set is new, of this policy; another is there. The words are Route 53's, as its clients report
 * them. */
static void note_policies(struct r53_batch *b, const struct r53_record_set *set,
                          enum r53_policy policy)
{
    const char *type = r53_rr_type_text(b->arena, set->type);
    if (policy == R53_POLICY_SIMPLE)
        r53_batch_note(b,
                       "RRSet with DNS name %s, type %s cannot be created as other RRSets exist "
                       "with the same name and type.",
                       set->name, type);
    else
        r53_batch_note(b,
                       "RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created as a "
                       "non-%s set exists with the same name and type.",
                       set->name, type, set->set_identifier, r53_policy_name(policy));
}

/* Latency as Route 53 has it; the other policies alike. */
static void note_place(struct r53_batch *b, const struct r53_record_set *set,
                       enum r53_policy policy, const char *place)
{
    static const struct {
        const char *member;
        const char *group;
        const char *what;
    } words[] = {[R53_POLICY_LATENCY] = {"Region Name", "a latency", "region"},
                 [R53_POLICY_FAILOVER] = {"Failover", "a failover", "role"},
                 [R53_POLICY_GEOLOCATION] = {"GeoLocation", "a geolocation", "location"},
                 [R53_POLICY_IP_BASED] = {"Location Name", "an IP-based", "location"}};
    r53_batch_note(b,
                   "RRSet with DNS name %s, type %s, SetIdentifier %s, and %s=%s cannot be created "
                   "because %s RRSet with the same name, type and %s already exists.",
                   set->name, r53_rr_type_text(b->arena, set->type), set->set_identifier,
                   words[policy].member, place, words[policy].group, words[policy].what);
}

/* Two sets of one name and type, each with another identifier, and what each has for itself. */
static void check_pair(struct r53_batch *b, const struct r53_record_set *first,
                       const struct r53_record_set *second, const char *const places[2])
{
    enum r53_policy one;
    enum r53_policy other;
    (void)r53_policies_of(first, &one);
    (void)r53_policies_of(second, &other);
    bool is_same_policy = one == other;
    bool is_same_place = is_same_policy && places[0] != NULL && strcmp(places[0], places[1]) == 0;
    bool is_other_collection = is_same_policy && first->cidr_routing_config != NULL &&
                               strcmp(second->cidr_routing_config->collection_id,
                                      first->cidr_routing_config->collection_id) != 0;
    if (is_same_policy && !is_same_place && !is_other_collection)
        return;
    bool is_first_new = is_of_batch(b, first) && !is_of_batch(b, second);
    const struct r53_record_set *set = is_first_new ? first : second;
    if (!is_same_policy)
        note_policies(b, set, is_first_new ? one : other);
    else if (is_other_collection)
        r53_batch_note(
            b,
            "RRSet with DNS name %s, type %s, SetIdentifier %s cannot be created because "
            "RRSets of one name and type have one CIDR collection",
            set->name, r53_rr_type_text(b->arena, set->type), set->set_identifier);
    else
        note_place(b, set, one, places[0]);
}

/* The sets of one type, sorted by identifier; a batch is refused for its first finding here. */
static void check_group(struct r53_batch *b, const struct r53_record_set *sets, size_t count)
{
    size_t findings = buf_len(&b->findings);
    if (count > R53_GROUP_MAX_SETS) {
        r53_batch_note(b, "RRSets of one name and type are %zu at most: %s, type %s",
                       R53_GROUP_MAX_SETS, sets[0].name, r53_rr_type_text(b->arena, sets[0].type));
        return;
    }
    const char *places[R53_GROUP_MAX_SETS];
    for (size_t i = 0; i < count; i++)
        places[i] = count > 1 ? r53_policy_place(b->arena, &sets[i]) : NULL;
    for (size_t i = 1; i < count && buf_len(&b->findings) == findings; i++)
        for (size_t j = 0; j < i && buf_len(&b->findings) == findings; j++)
            check_pair(b, &sets[j], &sets[i], (const char *const[2]){places[j], places[i]});
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
