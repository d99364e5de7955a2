// SPDX-License-Identifier: Apache-2.0
// What can be said about a change without knowing what is there: members, sizes, names, values.
// Called by r53_change_apply.
#include "aws/r53_change_priv.h"

#include "aws/limits.h"
#include "aws/r53_ids.h"
#include "base/check.h"
#include "dns/rdata.h"

/* ---- members of the request */

bool r53_is_of_distributions(const struct r53_alias_target *target)
{
    return strcmp(target->hosted_zone_id, R53_CDN_ZONE_ID) == 0;
}

bool r53_is_outside(const struct r53_batch *b, const struct r53_alias_target *target)
{
    return strcmp(target->hosted_zone_id, b->zone->id) != 0 &&
           r53_zone_id_is_outside(target->hosted_zone_id);
}

static const char *text_or_null(const char *text)
{
    return text == NULL ? "null" : text;
}

static const char *describe(struct r53_batch *b, const struct r53_change *change)
{
    const struct r53_record_set *set = change->resource_record_set;
    return arena_printf(b->arena, "Change with [Action=%s, Name=%s, Type=%s, SetIdentifier=%s]",
                        r53_change_action_text(change->action), set->name,
                        r53_rr_type_text(b->arena, set->type), text_or_null(set->set_identifier));
}

static enum aws_error check_members_of(struct r53_batch *b, const struct r53_change *change)
{
    const struct r53_record_set *set = change->resource_record_set;
    enum aws_error error = r53_check_policy(b, set, describe(b, change));
    if (error != AWS_OK)
        return error;
    bool has_values = set->has_ttl || set->has_resource_records;
    bool is_alias = set->alias_target != NULL;
    bool is_whole = is_alias || (set->has_ttl && set->has_resource_records);
    if (!is_whole || (is_alias && has_values))
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
                        "ResourceRecords], or TrafficPolicyInstanceId], but found %s in %s",
                        is_whole ? "more than one" : "none", describe(b, change));
    return AWS_OK;
}

enum aws_error r53_check_members(struct r53_batch *b, const struct r53_change_batch *batch)
{
    for (size_t i = 0; i < batch->changes_count; i++) {
        enum aws_error error = check_members_of(b, &batch->changes[i]);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
}

/* ---- size of the batch */

void r53_check_size(struct r53_batch *b, const struct r53_change_batch *batch)
{
    size_t records = 0;
    size_t characters = 0;
    for (size_t i = 0; i < batch->changes_count; i++) {
        const struct r53_change *change = &batch->changes[i];
        const struct r53_record_set *set = change->resource_record_set;
        size_t times = change->action == R53_UPSERT ? 2 : 1;
        records += times * (set->alias_target != NULL ? 1 : set->resource_records_count);
        for (size_t j = 0; j < set->resource_records_count; j++)
            characters += times * strlen(set->resource_records[j].value);
    }
    if (records > R53_BATCH_MAX_RECORDS)
        r53_batch_note(b, "Number of records limit of %zu exceeded.", R53_BATCH_MAX_RECORDS);
    if (characters > R53_BATCH_MAX_CHARACTERS)
        r53_batch_note(b, "Number of characters limit of %zu exceeded.", R53_BATCH_MAX_CHARACTERS);
}

/* ---- one change */

static const char *format_name(struct r53_batch *b, const struct dns_name *name)
{
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(dns_name_slice(name), text);
    return arena_strdup(b->arena, text);
}

static bool parse_name(struct r53_batch *b, struct r53_step *step, const char *text,
                       struct dns_name *out)
{
    struct errctx ec = {0};
    if (*text == '\0') {
        R53_REFUSE(b, step,
                   "FATAL problem: DomainNameEmpty (Domain name is empty) encountered with ''");
        return false;
    }
    if (dns_name_parse(slice_str(text), out, &ec) != ERR_OK) {
        R53_REFUSE(b, step, "%s", ec.text);
        return false;
    }
    return true;
}

static void check_owner(struct r53_batch *b, struct r53_step *step)
{
    struct slice apex = dns_name_slice(&b->zone->apex);
    bool is_apex = dns_name_equal(dns_name_slice(&step->name), apex);
    const char *type = r53_rr_type_text(b->arena, step->set.type);
    if (!dns_name_is_within(dns_name_slice(&step->name), apex)) {
        R53_REFUSE(b, step, "RRSet with DNS name %s is not permitted in zone %s", step->set.name,
                   b->zone_name);
    } else if (step->set.type == R53_TYPE_CNAME && is_apex) {
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s is not permitted at apex in zone %s",
                   type, step->set.name, b->zone_name);
        b->has_apex_cname = true;
    } else if (step->set.type == R53_TYPE_DS && is_apex) {
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s is not permitted at apex in zone %s",
                   type, step->set.name, b->zone_name);
    } else if (step->set.type == R53_TYPE_SOA && !is_apex) {
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s is not permitted in zone %s", type,
                   step->set.name, b->zone_name);
    } else if (step->set.type == R53_TYPE_NS && dns_name_is_wildcard(dns_name_slice(&step->name))) {
        R53_REFUSE(b, step,
                   "RRSet of type %s with DNS name %s is not permitted as a wildcard in zone %s",
                   type, step->set.name, b->zone_name);
    }
}

static void check_alias(struct r53_batch *b, struct r53_step *step)
{
    struct r53_alias_target *target = ARENA_NEW(b->arena, struct r53_alias_target);
    *target = *step->set.alias_target;
    step->set.alias_target = target;
    if (!parse_name(b, step, target->dns_name, &step->wire.alias_name))
        return;
    target->dns_name = format_name(b, &step->wire.alias_name);
    step->wire.is_alias = true;
    step->wire.alias_zone_id = target->hosted_zone_id;
    step->wire.alias_evaluate_health = target->evaluate_target_health;
    step->wire.alias_is_outside = r53_is_outside(b, target);
    if (step->set.type == R53_TYPE_NS || step->set.type == R53_TYPE_SOA)
        R53_REFUSE(b, step, "RRSet of type %s with DNS name %s cannot be an alias in zone %s",
                   r53_rr_type_text(b->arena, step->set.type), step->set.name, b->zone_name);
}

static bool is_duplicate(const struct r53_wire_set *wire, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (slice_equal(wire->rdata[i], wire->rdata[index]))
            return true;
    return false;
}

static void check_value(struct r53_batch *b, struct r53_step *step, size_t index)
{
    struct errctx ec = {0};
    const char *value = step->set.resource_records[index].value;
    struct r53_wire_set *wire = &step->wire;
    if (dns_rdata_parse(b->arena, wire->type, slice_str(value), &wire->rdata[index], &ec) != ERR_OK)
        R53_REFUSE(b, step, "%s", ec.text);
    else if (is_duplicate(wire, index))
        R53_REFUSE(b, step, "Duplicate Resource Record: '%s'", aws_echo(b->arena, value));
}

static void check_values(struct r53_batch *b, struct r53_step *step)
{
    size_t count = step->set.resource_records_count;
    bool is_single = step->set.type == R53_TYPE_CNAME || step->set.type == R53_TYPE_SOA;
    if (is_single && count > 1)
        R53_REFUSE(b, step,
                   "RRSet of type %s with DNS name %s cannot have more than one record in zone %s",
                   r53_rr_type_text(b->arena, step->set.type), step->set.name, b->zone_name);
    if (count > R53_SET_MAX_VALUES) {
        R53_REFUSE(b, step, "Cannot have more than %zu records in a RRSet.", R53_SET_MAX_VALUES);
        return;
    }
    step->wire.ttl_s = (uint32_t)step->set.ttl;
    step->wire.rdata = arena_array(b->arena, count, sizeof(*step->wire.rdata));
    step->wire.rdata_count = count;
    for (size_t i = 0; i < count; i++)
        check_value(b, step, i);
}

void r53_check_step(struct r53_batch *b, const struct r53_change *change, struct r53_step *step)
{
    *step = (struct r53_step){.action = change->action, .set = *change->resource_record_set};
    step->wire.type = r53_rr_type_number(step->set.type);
    step->set.type = r53_rr_type_of_number(step->wire.type);
    if (!parse_name(b, step, step->set.name, &step->name))
        return;
    step->set.name = format_name(b, &step->name);
    check_owner(b, step);
    if (step->set.alias_target != NULL)
        check_alias(b, step);
    else
        check_values(b, step);
    r53_check_policy_of_step(b, step);
}
