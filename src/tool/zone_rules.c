// SPDX-License-Identifier: Apache-2.0
// The API's rules as far as a file can break them. Called by the plan of an import.
#include "aws/limits.h"
#include "dns/rdata.h"
#include "tool/zone_plan.h"

/* The longest value that the API takes. Source: Route 53, ResourceRecord, Value. */
#define VALUE_MAX_CHARACTERS ((size_t)4000)

/* What is wrong with the place of the set; NULL: nothing. */
static const char *misplaced(const struct zone_set *set, struct slice apex)
{
    bool is_apex = slice_equal(set->owner, apex);
    if (!dns_name_is_within(set->owner, apex))
        return "lies outside of the zone";
    if (set->type == DNS_TYPE_CNAME && is_apex)
        return "is not permitted at the apex: an alias record can stand there";
    if (set->type == DNS_TYPE_DS && is_apex)
        return "is not permitted at the apex: it belongs to the parent zone";
    if (set->type == DNS_TYPE_SOA && !is_apex)
        return "is permitted at the apex alone";
    if (set->type == DNS_TYPE_NS && dns_name_is_wildcard(set->owner))
        return "is not permitted as a wildcard";
    return NULL;
}

static const char *too_many(const struct zone_set *set)
{
    bool is_single = set->type == DNS_TYPE_CNAME || set->type == DNS_TYPE_SOA;
    if (is_single && set->rdata_count > 1)
        return "cannot have more than one record";
    return set->rdata_count > R53_SET_MAX_VALUES ? "has more than 400 records" : NULL;
}

/* A change of the set counts its values twice. */
static const char *too_long(struct arena *a, const struct zone_set *set)
{
    size_t characters = 0;
    for (size_t i = 0; i < set->rdata_count; i++) {
        size_t len = dns_rdata_format(a, set->type, set->rdata[i]).len;
        if (len > VALUE_MAX_CHARACTERS)
            return arena_printf(a, "has a value of %zu characters, %zu at most", len,
                                VALUE_MAX_CHARACTERS);
        characters += len;
    }
    if (2 * characters > R53_BATCH_MAX_CHARACTERS)
        return arena_printf(a, "has %zu characters, %zu at most fit one change", characters,
                            R53_BATCH_MAX_CHARACTERS / 2);
    return NULL;
}

unsigned zone_rules_check(struct arena *a, const struct zone_sets *sets, struct slice apex,
                          const struct zone_listener *listener)
{
    unsigned count = 0;
    for (size_t i = 0; i < sets->count; i++) {
        const struct zone_set *set = &sets->items[i];
        const char *finding = misplaced(set, apex);
        if (finding == NULL)
            finding = too_many(set);
        if (finding == NULL)
            finding = too_long(a, set);
        if (finding == NULL)
            continue;
        listener->say(listener->user, set->line,
                      arena_printf(a, "%s %s", zone_set_title(a, set), finding));
        count++;
    }
    return count;
}
