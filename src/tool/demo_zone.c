// SPDX-License-Identifier: Apache-2.0
// The record sets of the demo zone, as a table. Called by the demo.
#include "tool/demo_zone.h"

#define DEMO_VALUES_MAX 2
#define DEMO_TTL_S 300

/** One record set. Addresses are those that documentation may use (RFC 5737, RFC 3849). */
struct demo_set {
    const char *owner; /* with its last dot, in front of the zone's name; "": the apex */
    enum r53_rr_type type;
    const char *alias; /* owner that it is an ALIAS to; NULL: it has values */
    const char *values[DEMO_VALUES_MAX];
};

static const struct demo_set sets[] = {
    {"", R53_TYPE_MX, NULL, {"10 mail." DEMO_ZONE "."}},
    {"", R53_TYPE_TXT, NULL, {"\"v=spf1 mx -all\"", "\"served by Weir\""}},
    {"", R53_TYPE_CAA, NULL, {"0 issue \"ca.example.net\""}},
    {"www.", R53_TYPE_A, NULL, {"192.0.2.10", "192.0.2.11"}},
    {"", R53_TYPE_A, "www.", {0}},
    {"mail.", R53_TYPE_A, NULL, {"192.0.2.20"}},
    {"mail.", R53_TYPE_AAAA, NULL, {"2001:db8::20"}},
    {"docs.", R53_TYPE_CNAME, NULL, {"www." DEMO_ZONE "."}},
    {"*.apps.", R53_TYPE_A, NULL, {"192.0.2.30"}},
    {"host.rack.lab.", R53_TYPE_A, NULL, {"192.0.2.40"}},
    {"_sip._tcp.", R53_TYPE_SRV, NULL, {"10 60 5060 mail." DEMO_ZONE "."}},
};

static const char *full_name(struct arena *a, const char *owner)
{
    return arena_printf(a, "%s" DEMO_ZONE ".", owner);
}

static void add_values(struct arena *a, const struct demo_set *set, struct r53_record_set *out)
{
    size_t count = 0;
    out->has_ttl = true;
    out->ttl = DEMO_TTL_S;
    out->has_resource_records = true;
    out->resource_records = arena_array(a, DEMO_VALUES_MAX, sizeof(*out->resource_records));
    while (count < DEMO_VALUES_MAX && set->values[count] != NULL) {
        out->resource_records[count].value = set->values[count];
        count++;
    }
    out->resource_records_count = count;
}

static void add_alias(struct arena *a, const struct demo_set *set, const char *zone_id,
                      struct r53_record_set *out)
{
    out->alias_target = ARENA_NEW(a, struct r53_alias_target);
    out->alias_target->hosted_zone_id = zone_id;
    out->alias_target->dns_name = full_name(a, set->alias);
    out->alias_target->has_evaluate_target_health = true;
}

void demo_zone_batch(struct arena *a, const char *zone_id,
                     struct r53_change_record_sets_request *out)
{
    struct r53_change_batch *batch = ARENA_NEW(a, struct r53_change_batch);
    batch->comment = "The demo zone";
    batch->has_changes = true;
    batch->changes_count = ARRAY_LEN(sets);
    batch->changes = arena_array(a, ARRAY_LEN(sets), sizeof(*batch->changes));
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        struct r53_record_set *set = ARENA_NEW(a, struct r53_record_set);
        set->name = full_name(a, sets[i].owner);
        set->type = sets[i].type;
        if (sets[i].alias != NULL)
            add_alias(a, &sets[i], zone_id, set);
        else
            add_values(a, &sets[i], set);
        batch->changes[i] = (struct r53_change){.action = R53_UPSERT, .resource_record_set = set};
    }
    *out =
        (struct r53_change_record_sets_request){.hosted_zone_id = zone_id, .change_batch = batch};
}
