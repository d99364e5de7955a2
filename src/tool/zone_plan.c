// SPDX-License-Identifier: Apache-2.0
// The plan of an import: both lists are walked side by side, as they are sorted alike. Called by
// the import, on its only thread.
#include "tool/zone_plan.h"

#include "base/check.h"
#include "dns/rdata.h"

#include <inttypes.h>

/* A plan being made. */
struct planner {
    struct arena *arena;
    const struct zone_plan_options *options;
    const struct zone_listener *listener;
    struct zone_plan *plan;
    unsigned error_count;
};

static bool is_of_apex(const struct planner *p, const struct zone_set *set)
{
    return (set->type == DNS_TYPE_SOA || set->type == DNS_TYPE_NS) &&
           slice_equal(set->owner, p->options->apex);
}

static void add_step(struct planner *p, enum zone_action action, const struct zone_set *before,
                     const struct zone_set *after)
{
    p->plan->steps[p->plan->count++] = (struct zone_step){action, before, after};
    p->plan->action_counts[action]++;
}

/* A set of the zone that the file does not have. */
static void take_other(struct planner *p, const struct zone_set *zone)
{
    if (zone->kind != ZONE_PLAIN)
        p->plan->kept_count++;
    else if (p->options->is_replacing && !is_of_apex(p, zone))
        add_step(p, ZONE_DELETE, zone, NULL);
}

/* A set of the file that the zone does not have; one without SOA is to be created, with its own. */
static void take_new(struct planner *p, const struct zone_set *file)
{
    if (is_of_apex(p, file) && !p->options->is_replacing_apex)
        p->plan->kept_apex_count++;
    else
        add_step(p, ZONE_CREATE, NULL, file);
}

static void take_both(struct planner *p, const struct zone_set *file, const struct zone_set *zone)
{
    if (zone->kind != ZONE_PLAIN) {
        p->plan->kept_count++;
        p->listener->say(
            p->listener->user, file->line,
            arena_printf(p->arena, "left out: %s is %s in the zone, and stays",
                         zone_set_title(p->arena, zone),
                         zone->kind == ZONE_ALIAS ? "an alias" : "a set with a policy"));
    } else if (zone_set_is_same(file, zone)) {
        p->plan->same_count++;
    } else if (is_of_apex(p, file) && !p->options->is_replacing_apex) {
        p->plan->kept_apex_count++;
    } else {
        add_step(p, ZONE_CHANGE, zone, file);
    }
}

/* Deletions of an owner go first, so that a CNAME can take the place of others and they its. */
static void order_steps(struct planner *p, size_t from)
{
    struct zone_step *steps = p->plan->steps;
    size_t place = from;
    for (size_t i = from; i < p->plan->count; i++) {
        if (steps[i].action != ZONE_DELETE)
            continue;
        struct zone_step deletion = steps[i];
        memmove(&steps[place + 1], &steps[place], (i - place) * sizeof(*steps));
        steps[place++] = deletion;
    }
}

/* An owner's sets, cut off the front of a list. */
struct owned {
    const struct zone_set *items;
    size_t count;
};

static struct owned cut_owner(const struct zone_sets *sets, size_t *at, struct slice sort_key)
{
    struct owned owned = {.items = sets->count > 0 ? sets->items + *at : NULL};
    while (*at < sets->count && slice_equal(sets->items[*at].sort_key, sort_key)) {
        owned.count++;
        *at += 1;
    }
    return owned;
}

/* Whether a CNAME and another set would stand at the owner; the sets of the file first. */
static void check_cname(struct planner *p, struct owned file, struct owned zone)
{
    const struct zone_set *cname = NULL;
    const struct zone_set *other = NULL;
    for (size_t i = 0; i < file.count; i++) {
        if (file.items[i].type == DNS_TYPE_CNAME)
            cname = &file.items[i];
        else
            other = &file.items[i];
    }
    for (size_t i = 0; file.count > 0 && i < zone.count; i++) {
        const struct zone_set *set = &zone.items[i];
        bool goes = p->options->is_replacing && set->kind == ZONE_PLAIN;
        if (goes)
            continue;
        if (set->type == DNS_TYPE_CNAME)
            cname = cname == NULL ? set : cname;
        else
            other = other == NULL ? set : other;
    }
    if (cname == NULL || other == NULL)
        return;
    p->error_count++;
    p->listener->say(p->listener->user, file.items[0].line,
                     arena_printf(p->arena, "%s cannot stand beside %s%s",
                                  zone_set_title(p->arena, cname), zone_set_title(p->arena, other),
                                  cname->line == 0 || other->line == 0 ? " of the zone" : ""));
}

static void plan_owner(struct planner *p, struct owned file, struct owned zone)
{
    size_t from = p->plan->count;
    size_t f = 0;
    size_t z = 0;
    check_cname(p, file, zone);
    while (f < file.count || z < zone.count) {
        int order = f == file.count   ? 1
                    : z == zone.count ? -1
                                      : zone_set_compare(&file.items[f], &zone.items[z]);
        const struct zone_set *one = order <= 0 ? &file.items[f++] : NULL;
        if (order > 0) {
            take_other(p, &zone.items[z++]);
            continue;
        }
        if (order < 0) {
            take_new(p, one);
            continue;
        }
        take_both(p, one, &zone.items[z]);
        /* Sets of a policy are several of one type. */
        for (z++; z < zone.count && zone.items[z].type == one->type; z++)
            p->plan->kept_count++;
    }
    order_steps(p, from);
}

enum err zone_plan_make(struct arena *a, const struct zone_plan_options *options,
                        const struct zone_sets *file, const struct zone_sets *zone,
                        struct zone_plan *out, struct errctx *ec)
{
    struct zone_plan plan = {
        .steps = arena_array(a, file->count + zone->count + 1, sizeof(*plan.steps))};
    struct planner p = {
        .arena = a, .options = options, .listener = &options->listener, .plan = &plan};
    p.error_count = zone_rules_check(a, file, options->apex, p.listener);
    size_t f = 0;
    size_t z = 0;
    while (f < file->count || z < zone->count) {
        bool is_file_first = z == zone->count ||
                             (f < file->count &&
                              slice_compare(file->items[f].sort_key, zone->items[z].sort_key) <= 0);
        struct slice key = is_file_first ? file->items[f].sort_key : zone->items[z].sort_key;
        struct owned of_file = cut_owner(file, &f, key);
        plan_owner(&p, of_file, cut_owner(zone, &z, key));
    }
    if (p.error_count > 0)
        return err_set(ec, ERR_INVALID, "%u set%s not fit; nothing was changed", p.error_count,
                       p.error_count == 1 ? " does" : "s do");
    *out = plan;
    return ERR_OK;
}

/* ---- for people */

static bool has_value(const struct zone_set *set, struct slice rdata)
{
    for (size_t i = 0; i < set->rdata_count; i++)
        if (slice_equal(set->rdata[i], rdata))
            return true;
    return false;
}

/* The values of a set that the other does not have, or has with another TTL. */
static void print_values(struct arena *a, const struct zone_set *set, const struct zone_set *other,
                         char sign, struct buf *out)
{
    for (size_t i = 0; set != NULL && i < set->rdata_count; i++) {
        if (other != NULL && other->ttl_s == set->ttl_s && has_value(other, set->rdata[i]))
            continue;
        struct slice text = dns_rdata_format_master(a, set->type, set->rdata[i]);
        buf_printf(out, "    %c %" PRIu32 " %.*s\n", sign, set->ttl_s, SLICE_FMT(text));
    }
}

void zone_plan_print(struct arena *a, const struct zone_plan *plan, struct buf *out)
{
    static const char signs[] = {[ZONE_CREATE] = '+', [ZONE_CHANGE] = '~', [ZONE_DELETE] = '-'};
    for (size_t i = 0; i < plan->count; i++) {
        const struct zone_step *step = &plan->steps[i];
        const struct zone_set *set = step->after != NULL ? step->after : step->before;
        buf_printf(out, "%c %s\n", signs[step->action], zone_set_title(a, set));
        print_values(a, step->before, step->after, '-', out);
        print_values(a, step->after, step->before, '+', out);
    }
}
