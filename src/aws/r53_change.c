// SPDX-License-Identifier: Apache-2.0
// Change batches in visible stages: members -> size -> each change alone -> one after the other
// against what is there -> the zone that results. Called by the API on a worker.
#include "aws/r53_change.h"

#include "aws/limits.h"
#include "aws/r53_change_priv.h"
#include "aws/r53_ids.h"
#include "base/check.h"
#include "dns/types.h"

#include <stdlib.h>

static const char apex_hint[] =
    " At the apex of a zone, create an alias record (AliasTarget) of type A or AAAA instead: an "
    "ALIAS answers in place of a CNAME and is allowed there.";

void r53_batch_note(struct r53_batch *b, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *finding = arena_vprintf(b->arena, fmt, args);
    va_end(args);
    if (buf_len(&b->findings) > 0)
        buf_append_str(&b->findings, ", ");
    buf_append_str(&b->findings, finding);
}

/* ---- owners */

static enum aws_error load(struct r53_batch *b, const char *zone_id, struct r53_owner *owner)
{
    struct errctx ec = {0};
    if (b->source->load(b->source->user, zone_id, owner, &ec) == ERR_OK)
        return AWS_OK;
    return aws_fail(b->fault, AWS_InternalFailure, "The records of the zone cannot be read: %s",
                    ec.text);
}

static struct r53_owner *load_new(struct r53_batch *b, const char *zone_id,
                                  const struct dns_name *name)
{
    struct r53_owner *owner = ARENA_NEW(b->arena, struct r53_owner);
    owner->name = *name;
    owner->sort_key = dns_name_sort_key(b->arena, dns_name_slice(name));
    if (load(b, zone_id, owner) != AWS_OK)
        return NULL;
    owner->count_before = owner->sets.items_count;
    return owner;
}

/* The owner with its sets, loaded at the first look; NULL after a failure. */
static struct r53_owner *owner_of(struct r53_batch *b, const struct dns_name *name)
{
    struct r53_owner *owner = map_get(&b->owners, dns_name_slice(name));
    if (owner != NULL)
        return owner;
    owner = load_new(b, b->zone->id, name);
    if (owner != NULL)
        map_put(&b->owners, dns_name_slice(&owner->name), owner);
    return owner;
}

const struct r53_owner *r53_owner_in(struct r53_batch *b, const char *zone_id,
                                     const struct dns_name *name)
{
    if (strcmp(zone_id, b->zone->id) == 0)
        return owner_of(b, name);
    AUTO_BUF struct buf key = {0};
    buf_printf(&key, "%s/", zone_id);
    buf_append(&key, dns_name_slice(name));
    struct r53_owner *owner = map_get(&b->others, buf_slice(&key));
    if (owner != NULL)
        return owner;
    owner = load_new(b, zone_id, name);
    if (owner != NULL)
        map_put(&b->others, buf_slice(&key), owner);
    return owner;
}

static struct r53_record_set *find_set(const struct r53_owner *owner, enum r53_rr_type type)
{
    for (size_t i = 0; i < owner->sets.items_count; i++)
        if (owner->sets.items[i].type == type)
            return &owner->sets.items[i];
    return NULL;
}

static void mark_changed(struct r53_batch *b, struct r53_owner *owner)
{
    if (owner->is_changed)
        return;
    CHECK(b->order_count < b->step_count);
    owner->is_changed = true;
    b->order[b->order_count++] = owner;
}

static void add_set(struct r53_batch *b, struct r53_owner *owner, const struct r53_record_set *set)
{
    size_t count = owner->sets.items_count;
    struct r53_record_set *items = arena_array(b->arena, count + 1, sizeof(*items));
    if (count > 0)
        memcpy(items, owner->sets.items, count * sizeof(*items));
    items[count] = *set;
    owner->sets.items = items;
    owner->sets.items_count = count + 1;
    owner->sets.has_items = true;
    r53_sets_sort(&owner->sets);
    mark_changed(b, owner);
}

static void remove_set(struct r53_batch *b, struct r53_owner *owner, struct r53_record_set *set)
{
    size_t index = (size_t)(set - owner->sets.items);
    size_t behind = --owner->sets.items_count - index;
    memmove(set, set + 1, behind * sizeof(*set));
    mark_changed(b, owner);
}

/* ---- one change against what is there */

static int compare_rdata(const void *one, const void *other)
{
    return slice_compare(*(const struct slice *)one, *(const struct slice *)other);
}

static bool is_same_text(const char *a, const char *b)
{
    return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

/* Identifiers are the same already. */
static bool is_same_policy(const struct r53_wire_policy *a, const struct r53_wire_policy *b)
{
    return a->kind == b->kind && is_same_text(a->health_check, b->health_check) &&
           a->weight == b->weight && is_same_text(a->region, b->region) &&
           a->is_secondary == b->is_secondary && is_same_text(a->continent, b->continent) &&
           is_same_text(a->country, b->country) && is_same_text(a->subdivision, b->subdivision) &&
           a->latitude_e2 == b->latitude_e2 && a->longitude_e2 == b->longitude_e2 &&
           a->bias == b->bias && is_same_text(a->cidr_collection, b->cidr_collection) &&
           is_same_text(a->cidr_location, b->cidr_location);
}

/* Whether two sets say the same; the order of values does not matter. */
static bool is_same(struct r53_wire_set *a, struct r53_wire_set *b)
{
    if (a->is_alias != b->is_alias || !is_same_policy(&a->policy, &b->policy))
        return false;
    if (a->is_alias)
        return a->alias_evaluate_health == b->alias_evaluate_health &&
               strcmp(a->alias_zone_id, b->alias_zone_id) == 0 &&
               dns_name_equal(dns_name_slice(&a->alias_name), dns_name_slice(&b->alias_name));
    if (a->ttl_s != b->ttl_s || a->rdata_count != b->rdata_count)
        return false;
    qsort(a->rdata, a->rdata_count, sizeof(*a->rdata), compare_rdata);
    qsort(b->rdata, b->rdata_count, sizeof(*b->rdata), compare_rdata);
    for (size_t i = 0; i < a->rdata_count; i++)
        if (!slice_equal(a->rdata[i], b->rdata[i]))
            return false;
    return true;
}

static void apply_delete(struct r53_batch *b, struct r53_step *step, struct r53_owner *owner)
{
    struct r53_record_set *current = r53_find_set(owner, &step->set);
    const char *what = r53_describe_set(b, &step->set);
    struct r53_wire_set wire;
    struct errctx ec = {0};
    if (current == NULL) {
        R53_REFUSE(b, step, "Tried to delete resource record set %s but it was not found", what);
        return;
    }
    if (r53_set_to_wire(b->arena, current, &wire, &ec) != ERR_OK || !is_same(&wire, &step->wire)) {
        R53_REFUSE(b, step,
                   "Tried to delete resource record set %s but the values provided do not match "
                   "the current values",
                   what);
        return;
    }
    remove_set(b, owner, current);
}

/* A CNAME stands alone (RFC 1034 section 3.6.2). */
static const struct r53_record_set *conflict_with(const struct r53_owner *owner,
                                                  enum r53_rr_type type)
{
    for (size_t i = 0; i < owner->sets.items_count; i++) {
        const struct r53_record_set *other = &owner->sets.items[i];
        if (other->type != type && (type == R53_TYPE_CNAME || other->type == R53_TYPE_CNAME))
            return other;
    }
    return NULL;
}

static void apply_put(struct r53_batch *b, struct r53_step *step, struct r53_owner *owner)
{
    struct r53_record_set *current = r53_find_set(owner, &step->set);
    const struct r53_record_set *conflict = conflict_with(owner, step->set.type);
    const char *type = r53_rr_type_text(b->arena, step->set.type);
    if (current != NULL && step->action == R53_CREATE) {
        R53_REFUSE(b, step, "Tried to create resource record set %s but it already exists",
                   r53_describe_set(b, &step->set));
    } else if (conflict != NULL) {
        R53_REFUSE(b, step,
                   "RRSet of type %s with DNS name %s is not permitted because a conflicting RRSet "
                   "of type %s with the same DNS name already exists in zone %s",
                   type, step->set.name, r53_rr_type_text(b->arena, conflict->type), b->zone_name);
    } else if (current != NULL) {
        *current = step->set;
        mark_changed(b, owner);
    } else {
        add_set(b, owner, &step->set);
    }
}

/* A set that a traffic policy instance made is the instance's alone. */
static bool refuse_of_instance(struct r53_batch *b, struct r53_step *step,
                               const struct r53_owner *owner)
{
    const struct r53_record_set *current = find_set(owner, step->set.type);
    if (current == NULL || current->traffic_policy_instance_id == NULL)
        return false;
    R53_REFUSE(b, step,
               "RRSet of type %s with DNS name %s belongs to the traffic policy instance %s and "
               "changes with it alone",
               r53_rr_type_text(b->arena, step->set.type), step->set.name,
               current->traffic_policy_instance_id);
    return true;
}

static enum aws_error apply_steps(struct r53_batch *b)
{
    for (size_t i = 0; i < b->step_count; i++) {
        struct r53_step *step = &b->steps[i];
        if (step->is_refused)
            continue;
        struct r53_owner *owner = owner_of(b, &step->name);
        if (owner == NULL)
            return b->fault->error;
        if (refuse_of_instance(b, step, owner))
            continue;
        if (step->action == R53_DELETE)
            apply_delete(b, step, owner);
        else
            apply_put(b, step, owner);
    }
    return AWS_OK;
}

/* ---- the zone that results */

static void check_apex(struct r53_batch *b)
{
    const struct r53_owner *apex = map_get(&b->owners, dns_name_slice(&b->zone->apex));
    if (apex == NULL || !apex->is_changed)
        return;
    if (find_set(apex, R53_TYPE_SOA) == NULL)
        r53_batch_note(b, "A HostedZone must contain exactly one SOA record.");
    if (find_set(apex, R53_TYPE_NS) == NULL)
        r53_batch_note(b, "A HostedZone must contain at least one NS record for the zone itself.");
}

static enum aws_error conclude(struct r53_batch *b, struct r53_change_result *out)
{
    if (buf_len(&b->findings) > 0)
        return aws_fail(b->fault, AWS_InvalidChangeBatch, "[%.*s]%s",
                        SLICE_FMT(buf_slice(&b->findings)), b->has_apex_cname ? apex_hint : "");
    *out = (struct r53_change_result){.changed = b->order, .count = b->order_count};
    return AWS_OK;
}

static enum aws_error run(struct r53_batch *b, const struct r53_change_batch *batch,
                          struct r53_change_result *out)
{
    enum aws_error error = r53_check_members(b, batch);
    if (error != AWS_OK)
        return error;
    r53_check_size(b, batch);
    if (buf_len(&b->findings) > 0)
        return conclude(b, out);
    b->step_count = batch->changes_count;
    b->steps = arena_array(b->arena, b->step_count, sizeof(*b->steps));
    b->order = arena_array(b->arena, b->step_count, sizeof(struct r53_owner *));
    for (size_t i = 0; i < b->step_count; i++)
        r53_check_step(b, &batch->changes[i], &b->steps[i]);
    error = apply_steps(b);
    if (error != AWS_OK)
        return error;
    check_apex(b);
    r53_check_groups(b);
    error = r53_check_aliases(b);
    if (error == AWS_OK)
        error = r53_check_cidr_uses(b);
    if (error == AWS_OK)
        error = r53_check_health_uses(b);
    return error == AWS_OK ? conclude(b, out) : error;
}

enum aws_error r53_change_apply(const struct r53_change_zone *zone,
                                const struct r53_change_batch *batch,
                                const struct r53_change_source *source,
                                struct r53_change_result *out, struct aws_fault *fault)
{
    char zone_name[DNS_NAME_TEXT_SIZE];
    dns_name_format(dns_name_slice(&zone->apex), zone_name);
    struct r53_batch b = {.arena = fault->arena,
                          .fault = fault,
                          .zone = zone,
                          .source = source,
                          .zone_name = zone_name};
    map_init(&b.owners);
    map_init(&b.others);
    enum aws_error error = run(&b, batch, out);
    map_fini(&b.owners);
    map_fini(&b.others);
    buf_fini(&b.findings);
    return error;
}
