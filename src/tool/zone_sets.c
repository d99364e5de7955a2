// SPDX-License-Identifier: Apache-2.0
// Sets of files and zones. Called by the zone commands on their only thread.
#include "tool/zone_sets.h"

#include "base/check.h"
#include "dns/rdata.h"

#include <stdlib.h>

int zone_set_compare(const struct zone_set *a, const struct zone_set *b)
{
    int order = slice_compare(a->sort_key, b->sort_key);
    if (order != 0 || a->type == b->type)
        return order;
    return r53_rr_type_of_number(a->type) < r53_rr_type_of_number(b->type) ? -1 : 1;
}

static int compare_items(const void *one, const void *other)
{
    return zone_set_compare(one, other);
}

static int compare_rdata(const void *one, const void *other)
{
    return slice_compare(*(const struct slice *)one, *(const struct slice *)other);
}

static void sort_values(struct zone_set *set)
{
    if (set->rdata_count < 2)
        return;
    qsort(set->rdata, set->rdata_count, sizeof(*set->rdata), compare_rdata);
    size_t kept = 1;
    for (size_t i = 1; i < set->rdata_count; i++)
        if (!slice_equal(set->rdata[i], set->rdata[kept - 1]))
            set->rdata[kept++] = set->rdata[i];
    set->rdata_count = kept;
}

void zone_sets_sort(struct zone_sets *sets)
{
    if (sets->count > 0)
        qsort(sets->items, sets->count, sizeof(*sets->items), compare_items);
    for (size_t i = 0; i < sets->count; i++)
        sort_values(&sets->items[i]);
}

bool zone_set_is_same(const struct zone_set *a, const struct zone_set *b)
{
    if (a->kind != b->kind || a->ttl_s != b->ttl_s || a->rdata_count != b->rdata_count)
        return false;
    for (size_t i = 0; i < a->rdata_count; i++)
        if (!slice_equal(a->rdata[i], b->rdata[i]))
            return false;
    return true;
}

static enum zone_kind kind_of(const struct r53_record_set *set)
{
    if (set->set_identifier != NULL || set->health_check_id != NULL ||
        set->traffic_policy_instance_id != NULL)
        return ZONE_POLICY;
    return set->alias_target != NULL ? ZONE_ALIAS : ZONE_PLAIN;
}

enum err zone_set_of_listed(struct arena *a, const struct r53_record_set *listed,
                            struct zone_set *out, struct errctx *ec)
{
    struct dns_name owner;
    struct zone_set set = {.type = r53_rr_type_number(listed->type),
                           .kind = kind_of(listed),
                           .ttl_s = (uint32_t)listed->ttl,
                           .listed = listed};
    if (dns_name_parse(slice_str(listed->name), &owner, ec) != ERR_OK)
        return err_set(ec, ERR_CORRUPT, "the API lists the name '%s'", listed->name);
    set.owner = arena_copy(a, dns_name_slice(&owner));
    set.sort_key = dns_name_sort_key(a, set.owner);
    if (set.kind == ZONE_PLAIN) {
        set.rdata_count = listed->resource_records_count;
        set.rdata = arena_array(a, set.rdata_count, sizeof(*set.rdata));
    }
    for (size_t i = 0; i < set.rdata_count; i++) {
        struct slice value = slice_str(listed->resource_records[i].value);
        if (dns_rdata_parse(a, set.type, value, &set.rdata[i], ec) != ERR_OK)
            return err_wrap(ec, "the API lists of %s", zone_set_title(a, &set));
    }
    *out = set;
    return ERR_OK;
}

void zone_set_to_api(struct arena *a, const struct zone_set *set, struct r53_record_set *out)
{
    char name[DNS_NAME_TEXT_SIZE];
    CHECK(set->kind == ZONE_PLAIN);
    dns_name_format(set->owner, name);
    *out = (struct r53_record_set){.name = arena_strdup(a, name),
                                   .type = r53_rr_type_of_number(set->type),
                                   .has_ttl = true,
                                   .ttl = set->ttl_s,
                                   .has_resource_records = true,
                                   .resource_records_count = set->rdata_count};
    out->resource_records = arena_array(a, set->rdata_count, sizeof(*out->resource_records));
    for (size_t i = 0; i < set->rdata_count; i++)
        out->resource_records[i].value =
            arena_str(a, dns_rdata_format(a, set->type, set->rdata[i]));
}

const char *zone_set_title(struct arena *a, const struct zone_set *set)
{
    char name[DNS_NAME_TEXT_SIZE];
    char type[DNS_TYPE_TEXT_SIZE];
    dns_name_format_master(set->owner, name);
    return arena_printf(a, "%s %s", name, dns_type_text(set->type, type));
}
