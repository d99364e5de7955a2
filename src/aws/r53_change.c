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

/* Aliases that lead to each other: as deep as trees may nest. */
#define ALIAS_CHAIN_MAX 32u
/* Names that one alias may lead to: more than one answer visits. */
#define ALIAS_NAMES_MAX ((size_t)256)

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

/* The owner with its sets, loaded at the first look; NULL after a failure. */
static struct r53_owner *owner_of(struct r53_batch *b, const struct dns_name *name)
{
    struct r53_owner *owner = map_get(&b->owners, dns_name_slice(name));
    if (owner != NULL)
        return owner;
    owner = ARENA_NEW(b->arena, struct r53_owner);
    owner->name = *name;
    owner->sort_key = dns_name_sort_key(b->arena, dns_name_slice(name));
    if (load(b, b->zone->id, owner) != AWS_OK)
        return NULL;
    owner->count_before = owner->sets.items_count;
    map_put(&b->owners, dns_name_slice(&owner->name), owner);
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

static void note_alias(struct r53_batch *b, const struct r53_step *step, const char *why)
{
    const struct r53_alias_target *target = step->set.alias_target;
    r53_batch_note(b, "Tried to create an alias that targets %s, type %s in zone %s, but %s",
                   target->dns_name, r53_rr_type_text(b->arena, step->set.type),
                   target->hosted_zone_id, why);
}

/* The names that an alias leads to, level by level; each once. One for all aliases of a batch. */
struct r53_way {
    struct dns_name names[ALIAS_NAMES_MAX];
    unsigned depth[ALIAS_NAMES_MAX]; /* aliases before the name */
    size_t count;
    bool is_endless; /* it comes back to the alias, or is too long */
};

static void go_to(struct r53_way *way, const struct r53_step *step, const struct dns_name *name,
                  unsigned depth)
{
    struct slice wire = dns_name_slice(name);
    way->is_endless = way->is_endless || depth > ALIAS_CHAIN_MAX ||
                      dns_name_equal(wire, dns_name_slice(&step->name));
    for (size_t i = 0; i < way->count; i++)
        if (dns_name_equal(wire, dns_name_slice(&way->names[i])))
            return;
    way->is_endless = way->is_endless || way->count == ALIAS_NAMES_MAX;
    if (way->is_endless)
        return;
    way->names[way->count] = *name;
    way->depth[way->count++] = depth;
}

/* Goes on over the sets of one name that are aliases within the zone. */
static enum aws_error go_on(struct r53_batch *b, const struct r53_step *step, struct r53_way *way,
                            size_t from)
{
    struct dns_name name = way->names[from];
    bool has_any = false;
    const struct r53_owner *owner = owner_of(b, &name);
    if (owner == NULL)
        return b->fault->error;
    for (size_t i = 0; i < owner->sets.items_count; i++) {
        const struct r53_record_set *set = &owner->sets.items[i];
        struct errctx ec = {0};
        if (set->type != step->set.type)
            continue;
        has_any = true;
        if (set->alias_target == NULL ||
            strcmp(set->alias_target->hosted_zone_id, b->zone->id) != 0)
            continue;
        if (dns_name_parse(slice_str(set->alias_target->dns_name), &name, &ec) != ERR_OK)
            return aws_fail(b->fault, AWS_InternalFailure, "A stored alias is damaged: %s",
                            ec.text);
        go_to(way, step, &name, way->depth[from] + 1);
    }
    if (!has_any && from == 0)
        note_alias(b, step, "that target was not found");
    return AWS_OK;
}

/* Follows an alias over all aliases of the zone that it leads to. What it closes a loop with was
 * there before or is of this batch, so a loop is found from each alias of it that is new. */
static enum aws_error check_chain(struct r53_batch *b, const struct r53_step *step)
{
    if (b->way == NULL)
        b->way = ARENA_NEW(b->arena, struct r53_way);
    struct r53_way *way = b->way;
    enum aws_error error = AWS_OK;
    way->count = 0;
    way->is_endless = false;
    go_to(way, step, &step->wire.alias_name, 0);
    for (size_t i = 0; i < way->count && !way->is_endless && error == AWS_OK; i++)
        error = go_on(b, step, way, i);
    if (error == AWS_OK && way->is_endless)
        note_alias(b, step,
                   arena_printf(b->arena,
                                "that target leads back to the alias or through more than %u "
                                "others",
                                ALIAS_CHAIN_MAX));
    return error;
}

/* A distribution's name holds aliases to the points of presence, for addresses alone. Whether
 * it has IPv6 is its own matter: without, the alias of type AAAA has no answer. */
static enum aws_error check_distribution(struct r53_batch *b, const struct r53_step *step)
{
    struct slice name = dns_name_slice(&step->wire.alias_name);
    struct r53_owner owner = {.name = step->wire.alias_name,
                              .sort_key = dns_name_sort_key(b->arena, name)};
    if (!dns_name_is_within(name, dns_name_slice(&b->zone->cdn_apex))) {
        note_alias(b, step, "the alias target name does not lie within the target zone");
        return AWS_OK;
    }
    enum aws_error error = load(b, R53_CDN_ZONE_ID, &owner);
    if (error != AWS_OK)
        return error;
    const struct r53_record_set *set = find_set(&owner, R53_TYPE_A);
    bool is_address = step->set.type == R53_TYPE_A || step->set.type == R53_TYPE_AAAA;
    if (!is_address || set == NULL || set->alias_target == NULL)
        note_alias(b, step, "that target was not found");
    else if (step->wire.alias_evaluate_health)
        r53_batch_note(b, "You can't set EvaluateTargetHealth to true when the alias target is a "
                          "CloudFront distribution");
    return AWS_OK;
}

/* What is not ours has addresses at the most, and is no name of this zone. */
static void check_outside(struct r53_batch *b, const struct r53_step *step)
{
    struct slice target = dns_name_slice(&step->wire.alias_name);
    if (step->set.type != R53_TYPE_A && step->set.type != R53_TYPE_AAAA)
        note_alias(b, step, "that target can have types A and AAAA alone");
    else if (dns_name_is_within(target, dns_name_slice(&b->zone->apex)))
        note_alias(b, step, "the alias target name does not lie within the target zone");
}

static enum aws_error check_alias(struct r53_batch *b, const struct r53_step *step)
{
    struct slice target = dns_name_slice(&step->wire.alias_name);
    if (step->wire.alias_is_outside) {
        check_outside(b, step);
        return AWS_OK;
    }
    if (r53_is_of_distributions(step->set.alias_target))
        return check_distribution(b, step);
    if (!dns_name_is_within(target, dns_name_slice(&b->zone->apex)))
        note_alias(b, step, "the alias target name does not lie within the target zone");
    return check_chain(b, step);
}

static enum aws_error check_aliases(struct r53_batch *b)
{
    for (size_t i = 0; i < b->step_count; i++) {
        const struct r53_step *step = &b->steps[i];
        if (step->is_refused || step->action == R53_DELETE || !step->wire.is_alias)
            continue;
        enum aws_error error = check_alias(b, step);
        if (error != AWS_OK)
            return error;
    }
    return AWS_OK;
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
    error = check_aliases(b);
    if (error == AWS_OK)
        error = r53_check_cidr_uses(b);
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
    enum aws_error error = run(&b, batch, out);
    map_fini(&b.owners);
    buf_fini(&b.findings);
    return error;
}
