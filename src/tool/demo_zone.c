// SPDX-License-Identifier: Apache-2.0
// The record sets of the demo zone, as a table. Called by the demo.
#include "tool/demo_zone.h"

#include "aws/r53_ids.h"

#define DEMO_VALUES_MAX 2
#define DEMO_TTL_S 300
/* Of what fails over: clients keep to a dead primary for as long. */
#define DEMO_FAILOVER_TTL_S 5

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
    {"pool.", R53_TYPE_A, NULL, {"192.0.2.10", "192.0.2.11"}},
    {"mirror.", R53_TYPE_A, "pool.", {0}},
    {"mail.", R53_TYPE_A, NULL, {"192.0.2.20"}},
    {"mail.", R53_TYPE_AAAA, NULL, {"2001:db8::20"}},
    {"docs.", R53_TYPE_CNAME, NULL, {"pool." DEMO_ZONE "."}},
    {"*.apps.", R53_TYPE_A, NULL, {"192.0.2.30"}},
    {"host.rack.lab.", R53_TYPE_A, NULL, {"192.0.2.40"}},
    {"_sip._tcp.", R53_TYPE_SRV, NULL, {"10 60 5060 mail." DEMO_ZONE "."}},
};

/** What leads to the distribution, where there is one; else the apex leads to the pool. */
static const char *const cdn_owners[] = {"", "www."};

/** One A record set of a group that shares a routing policy, which the first field set names. */
struct demo_member {
    const char *owner;
    const char *identifier;
    const char *address; /* NULL: an ALIAS */
    const char *alias;   /* owner whose health counts */
    const char *continent;
    const char *country;
    enum r53_failover failover;
    bool is_multivalue;
    bool is_checked; /* by the demo's health check */
    uint8_t weight;
};

static const struct demo_member members[] = {
    {.owner = "share.", .identifier = "blue", .address = "192.0.2.50", .weight = 3},
    {.owner = "share.", .identifier = "green", .address = "192.0.2.51", .weight = 1},
    {.owner = "ha.",
     .identifier = DEMO_CHECKED_SET,
     .address = "192.0.2.60",
     .is_checked = true,
     .failover = R53_PRIMARY},
    {.owner = "ha.", .identifier = "standby", .address = "192.0.2.61", .failover = R53_SECONDARY},
    {.owner = "geo.", .identifier = "europe", .address = "192.0.2.70", .continent = "EU"},
    {.owner = "geo.", .identifier = "states", .address = "192.0.2.71", .country = "US"},
    {.owner = "geo.", .identifier = "elsewhere", .address = "192.0.2.72", .country = "*"},
    {.owner = "tree.", .identifier = "steady", .alias = "ha.", .weight = 9},
    {.owner = "tree.", .identifier = "trial", .alias = "share.", .weight = 1},
};

/* The multivalue group: more sets than one answer holds. */
#define DEMO_MANY 10
#define DEMO_MANY_FIRST 80

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

/** Health is not evaluated unless the caller says so: of a distribution it cannot be. */
static struct r53_alias_target *alias_to(struct arena *a, const char *zone_id, const char *name)
{
    struct r53_alias_target *target = ARENA_NEW(a, struct r53_alias_target);
    target->hosted_zone_id = zone_id;
    target->dns_name = name;
    target->has_evaluate_target_health = true;
    return target;
}

static void add_change(struct r53_change_batch *batch, struct r53_record_set *set)
{
    batch->changes[batch->changes_count++] =
        (struct r53_change){.action = R53_UPSERT, .resource_record_set = set};
}

static void add_value(struct arena *a, const char *value, struct r53_record_set *set)
{
    set->has_ttl = true;
    set->ttl = DEMO_TTL_S;
    set->has_resource_records = true;
    set->resource_records = ARENA_NEW(a, struct r53_resource_record);
    set->resource_records[0].value = value;
    set->resource_records_count = 1;
}

static void add_member(struct arena *a, const struct demo_member *member,
                       const struct demo_zone_ids *ids, struct r53_change_batch *batch)
{
    struct r53_record_set *set = ARENA_NEW(a, struct r53_record_set);
    set->name = full_name(a, member->owner);
    set->type = R53_TYPE_A;
    set->set_identifier = member->identifier;
    set->health_check_id = member->is_checked ? ids->check_id : NULL;
    set->failover = member->failover;
    set->has_multi_value_answer = set->multi_value_answer = member->is_multivalue;
    set->has_weight = member->weight > 0;
    set->weight = member->weight;
    if (member->continent != NULL || member->country != NULL) {
        set->geo_location = ARENA_NEW(a, struct r53_geo_location);
        set->geo_location->continent_code = member->continent;
        set->geo_location->country_code = member->country;
    }
    if (member->alias != NULL) {
        set->alias_target = alias_to(a, ids->zone_id, full_name(a, member->alias));
        set->alias_target->evaluate_target_health = true;
    } else {
        add_value(a, member->address, set);
        if (member->failover != r53_failover_absent)
            set->ttl = DEMO_FAILOVER_TTL_S;
    }
    add_change(batch, set);
}

static void add_policies(struct arena *a, const struct demo_zone_ids *ids,
                         struct r53_change_batch *batch)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        add_member(a, &members[i], ids, batch);
    for (unsigned i = 0; i < DEMO_MANY; i++) {
        const struct demo_member member = {
            .owner = "many.",
            .identifier = arena_printf(a, "host %u", i),
            .address = arena_printf(a, "192.0.2.%u", DEMO_MANY_FIRST + i),
            .is_multivalue = true,
        };
        add_member(a, &member, ids, batch);
    }
}

static void add_apex_alias(struct arena *a, const char *zone_id, struct r53_change_batch *batch)
{
    struct r53_record_set *set = ARENA_NEW(a, struct r53_record_set);
    set->name = full_name(a, "");
    set->type = R53_TYPE_A;
    set->alias_target = alias_to(a, zone_id, full_name(a, "pool."));
    add_change(batch, set);
}

static void add_cdn_aliases(struct arena *a, const char *cdn_name, struct r53_change_batch *batch)
{
    for (size_t i = 0; i < ARRAY_LEN(cdn_owners); i++) {
        struct r53_record_set *set = ARENA_NEW(a, struct r53_record_set);
        set->name = full_name(a, cdn_owners[i]);
        set->type = R53_TYPE_A;
        set->alias_target = alias_to(a, R53_CDN_ZONE_ID, cdn_name);
        add_change(batch, set);
    }
}

void demo_zone_check(struct arena *a, const char *caller_reference,
                     struct r53_create_health_check_request *out)
{
    struct r53_health_check_config *config = ARENA_NEW(a, struct r53_health_check_config);
    config->type = R53_CHECK_RECOVERY_CONTROL;
    config->routing_control_arn = "arn:weir:demo:::routingcontrol/main";
    *out = (struct r53_create_health_check_request){.caller_reference = caller_reference,
                                                    .config = config};
}

void demo_zone_batch(struct arena *a, const struct demo_zone_ids *ids,
                     struct r53_change_record_sets_request *out)
{
    struct r53_change_batch *batch = ARENA_NEW(a, struct r53_change_batch);
    batch->comment = "The demo zone";
    batch->has_changes = true;
    batch->changes =
        arena_array(a, ARRAY_LEN(sets) + ARRAY_LEN(members) + DEMO_MANY + ARRAY_LEN(cdn_owners),
                    sizeof(*batch->changes));
    for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
        struct r53_record_set *set = ARENA_NEW(a, struct r53_record_set);
        set->name = full_name(a, sets[i].owner);
        set->type = sets[i].type;
        if (sets[i].alias != NULL)
            set->alias_target = alias_to(a, ids->zone_id, full_name(a, sets[i].alias));
        else
            add_values(a, &sets[i], set);
        add_change(batch, set);
    }
    add_policies(a, ids, batch);
    if (ids->cdn_name != NULL)
        add_cdn_aliases(a, ids->cdn_name, batch);
    else
        add_apex_alias(a, ids->zone_id, batch);
    *out = (struct r53_change_record_sets_request){.hosted_zone_id = ids->zone_id,
                                                   .change_batch = batch};
}
