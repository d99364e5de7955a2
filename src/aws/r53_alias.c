// SPDX-License-Identifier: Apache-2.0
// Aliases in a change batch: whether their targets are there and may be targets, in this hosted
// zone or another one of the account, in the zone of distributions, or outside; and that trees of
// aliases have no loop. Called by r53_change_apply once all changes are applied.
#include "aws/r53_change_priv.h"
#include "aws/r53_ids.h"

#include <string.h>

/* Aliases that lead to each other: as deep as trees may nest. */
#define ALIAS_CHAIN_MAX 32u
/* Names that one alias may lead to: more than one answer visits. */
#define ALIAS_NAMES_MAX ((size_t)256)

/* Record sets that the aliases of one batch lead over, all together: a thousand aliases to groups
 * of as many sets as there may be fit twice. Each takes about a microsecond. */
#define ALIAS_LOOKS_MAX ((size_t)200000)

static void note_alias(struct r53_batch *b, const struct r53_step *step, const char *why)
{
    const struct r53_alias_target *target = step->set.alias_target;
    r53_batch_note(b, "Tried to create an alias that targets %s, type %s in zone %s, but %s",
                   target->dns_name, r53_rr_type_text(b->arena, step->set.type),
                   target->hosted_zone_id, why);
}

/* A name that an alias leads to. */
struct stop {
    const char *zone_id;
    struct dns_name name;
    unsigned depth; /* aliases before it */
};

/* All of them, level by level; each once. One for all aliases of a batch. */
struct r53_way {
    struct stop stops[ALIAS_NAMES_MAX];
    size_t count;
    bool is_endless; /* it comes back to the alias, or is too long */
    size_t looks;    /* at record sets, of the whole batch */
};

static bool is_at(const struct stop *stop, const char *zone_id, const struct dns_name *name)
{
    return strcmp(stop->zone_id, zone_id) == 0 &&
           dns_name_equal(dns_name_slice(&stop->name), dns_name_slice(name));
}

static void go_to(const struct r53_batch *b, const struct r53_step *step, const struct stop *next)
{
    struct r53_way *way = b->way;
    way->is_endless =
        way->is_endless || next->depth > ALIAS_CHAIN_MAX || is_at(next, b->zone->id, &step->name);
    for (size_t i = 0; i < way->count; i++)
        if (is_at(&way->stops[i], next->zone_id, &next->name))
            return;
    way->is_endless = way->is_endless || way->count == ALIAS_NAMES_MAX;
    if (!way->is_endless)
        way->stops[way->count++] = *next;
}

/* Goes on over the sets of one name that are aliases to names of hosted zones. */
static enum aws_error go_on(struct r53_batch *b, const struct r53_step *step, size_t from)
{
    const struct stop here = b->way->stops[from];
    bool has_any = false;
    const struct r53_owner *owner = r53_owner_in(b, here.zone_id, &here.name);
    if (owner == NULL)
        return b->fault->error;
    b->way->looks += owner->sets.items_count;
    if (b->way->looks > ALIAS_LOOKS_MAX)
        return aws_fail(b->fault, AWS_InvalidInput,
                        "Invalid request: the aliases of this batch lead over more than %zu record "
                        "sets; send them in smaller batches",
                        ALIAS_LOOKS_MAX);
    for (size_t i = 0; i < owner->sets.items_count; i++) {
        const struct r53_record_set *set = &owner->sets.items[i];
        const struct r53_alias_target *target = set->alias_target;
        struct errctx ec = {0};
        if (set->type != step->set.type)
            continue;
        has_any = true;
        if (target == NULL || r53_is_of_distributions(target) || r53_is_outside(b, target))
            continue;
        struct stop next = {.zone_id = target->hosted_zone_id, .depth = here.depth + 1};
        if (dns_name_parse(slice_str(target->dns_name), &next.name, &ec) != ERR_OK)
            return aws_fail(b->fault, AWS_InternalFailure, "A stored alias is damaged: %s",
                            ec.text);
        go_to(b, step, &next);
    }
    if (!has_any && from == 0)
        note_alias(b, step, "that target was not found");
    return AWS_OK;
}

/* Follows an alias over all aliases that it leads to. What closes a loop with it was there before
 * or is of this batch, so a loop is found from each alias of it that is new. */
static enum aws_error check_chain(struct r53_batch *b, const struct r53_step *step)
{
    const struct stop first = {.zone_id = step->set.alias_target->hosted_zone_id,
                               .name = step->wire.alias_name};
    enum aws_error error = AWS_OK;
    if (b->way == NULL)
        b->way = ARENA_NEW(b->arena, struct r53_way);
    b->way->count = 0;
    b->way->is_endless = false;
    go_to(b, step, &first);
    for (size_t i = 0; i < b->way->count && !b->way->is_endless && error == AWS_OK; i++)
        error = go_on(b, step, i);
    if (error == AWS_OK && b->way->is_endless)
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
    static const struct r53_record_set like = {.type = R53_TYPE_A};
    struct slice name = dns_name_slice(&step->wire.alias_name);
    if (!dns_name_is_within(name, dns_name_slice(&b->zone->cdn_apex))) {
        note_alias(b, step, "the alias target name does not lie within the target zone");
        return AWS_OK;
    }
    const struct r53_owner *owner = r53_owner_in(b, R53_CDN_ZONE_ID, &step->wire.alias_name);
    if (owner == NULL)
        return b->fault->error;
    const struct r53_record_set *set = r53_find_set(owner, &like);
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

/* The apex of the hosted zone that an alias leads into; false where the account has none. */
static enum aws_error find_apex(struct r53_batch *b, const char *zone_id, struct dns_name *out_apex,
                                bool *out_is_there)
{
    struct errctx ec = {0};
    *out_is_there = true;
    *out_apex = b->zone->apex;
    if (strcmp(zone_id, b->zone->id) == 0)
        return AWS_OK;
    if (b->source->find_zone(b->source->user, zone_id, out_apex, out_is_there, &ec) == ERR_OK)
        return AWS_OK;
    return aws_fail(b->fault, AWS_InternalFailure, "The hosted zone cannot be read: %s", ec.text);
}

static enum aws_error check_hosted(struct r53_batch *b, const struct r53_step *step)
{
    struct dns_name apex;
    bool is_there = false;
    enum aws_error error = find_apex(b, step->set.alias_target->hosted_zone_id, &apex, &is_there);
    if (error != AWS_OK)
        return error;
    if (!is_there) {
        note_alias(b, step, "that hosted zone was not found");
        return AWS_OK;
    }
    if (!dns_name_is_within(dns_name_slice(&step->wire.alias_name), dns_name_slice(&apex)))
        note_alias(b, step, "the alias target name does not lie within the target zone");
    return check_chain(b, step);
}

static enum aws_error check_alias(struct r53_batch *b, const struct r53_step *step)
{
    if (step->wire.alias_is_outside) {
        check_outside(b, step);
        return AWS_OK;
    }
    return r53_is_of_distributions(step->set.alias_target) ? check_distribution(b, step)
                                                           : check_hosted(b, step);
}

enum aws_error r53_check_aliases(struct r53_batch *b)
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
