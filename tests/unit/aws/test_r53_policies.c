// SPDX-License-Identifier: Apache-2.0
// Record sets with routing policies in change batches: members, groups of one name and type, and
// what nodes get of them.
#include "aws/limits.h"
#include "aws/r53_change.h"
#include "aws/r53_sets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define ZONE_ID "Z1"
#define COLLECTION "00000000-0000-4000-8000-000000000001"

static struct arena arena;
static struct r53_record_set there[8]; /* the zone before a batch */
static size_t there_count;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    there_count = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static enum err load(void *user, const char *zone_id, struct r53_owner *owner, struct errctx *ec)
{
    (void)user;
    (void)ec;
    char name[DNS_NAME_TEXT_SIZE];
    assert_string_equal(zone_id, ZONE_ID);
    dns_name_format(dns_name_slice(&owner->name), name);
    struct r53_record_set *items = arena_array(&arena, ARRAY_LEN(there), sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; i < there_count; i++)
        if (strcmp(there[i].name, name) == 0)
            items[count++] = there[i];
    owner->sets = (struct r53_sets){.has_items = true, .items = items, .items_count = count};
    return ERR_OK;
}

static enum err find_cidr(void *user, const struct r53_cidr_routing_config *config,
                          enum r53_cidr_finding *out, struct errctx *ec)
{
    (void)user;
    (void)ec;
    if (strncmp(config->collection_id, COLLECTION, 35) != 0)
        *out = R53_CIDR_NO_COLLECTION;
    else
        *out = strcmp(config->location_name, "moon") == 0 ? R53_CIDR_NO_LOCATION : R53_CIDR_FOUND;
    return ERR_OK;
}

static enum err find_health_check(void *user, const char *id, bool *out_is_there, struct errctx *ec)
{
    (void)user;
    if (strcmp(id, "broken") == 0)
        return err_set(ec, ERR_IO, "the disk");
    *out_is_there = strcmp(id, "there") == 0;
    return ERR_OK;
}

/* An A record set of www.example.com with this identifier (NULL: none), its policy to be set. */
static struct r53_record_set set_of(const char *identifier)
{
    static struct r53_resource_record value = {.value = "192.0.2.1"};
    return (struct r53_record_set){.name = "www.example.com.",
                                   .type = R53_TYPE_A,
                                   .set_identifier = identifier,
                                   .has_ttl = true,
                                   .ttl = 60,
                                   .has_resource_records = true,
                                   .resource_records = &value,
                                   .resource_records_count = 1};
}

static struct r53_record_set weighted(const char *identifier, int64_t weight)
{
    struct r53_record_set set = set_of(identifier);
    set.has_weight = true;
    set.weight = weight;
    return set;
}

static struct r53_record_set failover(const char *identifier, enum r53_failover role)
{
    struct r53_record_set set = set_of(identifier);
    set.failover = role;
    return set;
}

static struct r53_record_set latency(const char *identifier, const char *region)
{
    struct r53_record_set set = set_of(identifier);
    set.region = region;
    return set;
}

static struct r53_record_set geo(const char *identifier, struct r53_geo_location location)
{
    struct r53_record_set set = set_of(identifier);
    set.geo_location = ARENA_NEW(&arena, struct r53_geo_location);
    *set.geo_location = location;
    return set;
}

static struct r53_record_set proximity(const char *identifier, struct r53_geo_proximity_location g)
{
    struct r53_record_set set = set_of(identifier);
    set.geo_proximity_location = ARENA_NEW(&arena, struct r53_geo_proximity_location);
    *set.geo_proximity_location = g;
    return set;
}

static struct r53_record_set by_ip(const char *identifier, const char *collection,
                                   const char *location)
{
    struct r53_record_set set = set_of(identifier);
    set.cidr_routing_config = ARENA_NEW(&arena, struct r53_cidr_routing_config);
    *set.cidr_routing_config =
        (struct r53_cidr_routing_config){.collection_id = collection, .location_name = location};
    return set;
}

static struct r53_record_set multivalue(const char *identifier)
{
    struct r53_record_set set = set_of(identifier);
    set.has_multi_value_answer = true;
    set.multi_value_answer = true;
    return set;
}

/* The set at another name, as an alias. */
static struct r53_record_set alias_at(struct r53_record_set set, const char *name,
                                      const char *target)
{
    set.name = name;
    set.has_ttl = false;
    set.has_resource_records = false;
    set.resource_records_count = 0;
    set.alias_target = ARENA_NEW(&arena, struct r53_alias_target);
    *set.alias_target = (struct r53_alias_target){.hosted_zone_id = ZONE_ID, .dns_name = target};
    return set;
}

struct outcome {
    enum aws_error error;
    const char *message; /* "" where it went well */
    struct r53_change_result result;
};

static struct outcome change(enum r53_change_action action, const struct r53_record_set *sets,
                             size_t count)
{
    struct r53_change_zone target = {.id = ZONE_ID};
    assert_int_equal(dns_name_parse(SLICE_LIT("example.com"), &target.apex, NULL), ERR_OK);
    assert_int_equal(dns_name_parse(SLICE_LIT("cdn.test"), &target.cdn_apex, NULL), ERR_OK);
    struct r53_change_batch batch = {.has_changes = true, .changes_count = count};
    batch.changes = arena_array(&arena, count, sizeof(*batch.changes));
    for (size_t i = 0; i < count; i++) {
        batch.changes[i].action = action;
        batch.changes[i].resource_record_set = ARENA_NEW(&arena, struct r53_record_set);
        *batch.changes[i].resource_record_set = sets[i];
    }
    const struct r53_change_source source = {
        .load = load, .find_cidr = find_cidr, .find_health_check = find_health_check};
    struct aws_fault fault = {.arena = &arena};
    struct outcome out = {0};
    out.error = r53_change_apply(&target, &batch, &source, &out.result, &fault);
    out.message = out.error == AWS_OK ? "" : fault.message;
    return out;
}
#define SETS(...)                                                                                  \
    (const struct r53_record_set[])                                                                \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
#define CREATE(...)                                                                                \
    change(R53_CREATE, SETS(__VA_ARGS__), sizeof(SETS(__VA_ARGS__)) / sizeof(struct r53_record_set))
#define DELETE_SETS(...)                                                                           \
    change(R53_DELETE, SETS(__VA_ARGS__), sizeof(SETS(__VA_ARGS__)) / sizeof(struct r53_record_set))
#define WHAT "Change with [Action=CREATE, Name=www.example.com., Type=A, SetIdentifier="
#define WWW "RRSet with DNS name www.example.com., type A, SetIdentifier "

static void groups_of_each_policy_are_accepted(void **state)
{
    (void)state;
    assert_string_equal(CREATE(weighted("a", 0), weighted("b", 255)).message, "");
    assert_string_equal(CREATE(multivalue("a"), multivalue("b")).message, "");
    assert_string_equal(CREATE(failover("a", R53_PRIMARY), failover("b", R53_SECONDARY)).message,
                        "");
    assert_string_equal(CREATE(latency("a", "us-east-1"), latency("b", "eu-west-1")).message, "");
    assert_string_equal(CREATE(by_ip("a", COLLECTION, "east"), by_ip("b", COLLECTION, "*")).message,
                        "");
    struct outcome all =
        CREATE(geo("d", (struct r53_geo_location){.country_code = "*"}),
               geo("c", (struct r53_geo_location){.continent_code = "EU"}),
               geo("b", (struct r53_geo_location){.country_code = "US"}),
               geo("a", (struct r53_geo_location){.country_code = "US", .subdivision_code = "WA"}));
    assert_string_equal(all.message, "");
    assert_int_equal(all.result.count, 1);
    assert_int_equal(all.result.changed[0]->sets.items_count, 4);
    assert_string_equal(all.result.changed[0]->sets.items[0].set_identifier, "a");
}

static struct r53_record_set checked(const char *identifier, const char *check)
{
    struct r53_record_set set = weighted(identifier, 1);
    set.health_check_id = check;
    return set;
}

static void health_checks_that_are_named_are_there(void **state)
{
    (void)state;
    assert_string_equal(CREATE(checked("a", "there"), checked("b", "there")).message, "");
    struct outcome missing = CREATE(checked("a", "gone"), checked("b", "lost"));
    assert_int_equal(missing.error, AWS_InvalidChangeBatch);
    assert_string_equal(missing.message,
                        "[Invalid Resource Record Set: a health check with ID gone does not exist, "
                        "Invalid Resource Record Set: a health check with ID lost does not exist]");
    assert_int_equal(CREATE(checked("a", "broken")).error, AWS_InternalFailure);
    there[there_count++] = checked("c", "gone"); /* a set may outlive its check */
    assert_string_equal(DELETE_SETS(checked("c", "gone")).message, "");
}

static void identifiers_tell_sets_apart(void **state)
{
    (void)state;
    there[there_count++] = weighted("a", 1);
    there[there_count++] = weighted("b", 2);
    assert_string_equal(CREATE(weighted("a", 1)).message,
                        "[Tried to create resource record set [name='www.example.com.', type='A', "
                        "set identifier='a'] but it already exists]");
    assert_string_equal(DELETE_SETS(weighted("c", 1)).message,
                        "[Tried to delete resource record set [name='www.example.com.', type='A', "
                        "set identifier='c'] but it was not found]");
    assert_string_equal(DELETE_SETS(weighted("a", 2)).message,
                        "[Tried to delete resource record set [name='www.example.com.', type='A', "
                        "set identifier='a'] but the values provided do not match the current "
                        "values]");
    struct outcome gone = DELETE_SETS(weighted("a", 1));
    assert_string_equal(gone.message, "");
    assert_string_equal(gone.result.changed[0]->sets.items[0].set_identifier, "b");
    struct outcome more = change(R53_UPSERT, SETS(weighted("b", 9), weighted("c", 3)), 2);
    assert_int_equal(more.result.changed[0]->sets.items_count, 3);
    assert_int_equal(more.result.changed[0]->sets.items[1].weight, 9);
}

static void members_go_together(void **state)
{
    (void)state;
    struct r53_record_set two = weighted("a", 1);
    two.region = "us-east-1";
    struct r53_record_set checked = set_of(NULL);
    checked.health_check_id = "h";
    struct r53_record_set instance = set_of(NULL);
    instance.traffic_policy_instance_id = "i";
#define ONE_OF                                                                                     \
    "Invalid request: Expected exactly one of [Weight, Region, Failover, GeoLocation, "            \
    "MultiValueAnswer, CidrRoutingConfig, or GeoProximityLocation], but found "
    const struct {
        struct r53_record_set set;
        const char *message;
    } cases[] = {
        {two, ONE_OF "more than one in " WHAT "a]"},
        {set_of("a"), ONE_OF "none in " WHAT "a]"},
        {weighted(NULL, 1), "Invalid request: Missing field 'SetIdentifier' in " WHAT "null]"},
        {checked,
         "Invalid request: HealthCheckId goes with a routing policy or an alias, but found "
         "none in " WHAT "null]"},
        {instance, "Invalid request: TrafficPolicyInstanceId is set by traffic policy instances "
                   "alone in " WHAT "null]"},
        {weighted("a\nb", 1),
         "Invalid request: a SetIdentifier has no control characters in " WHAT "a\nb]"},
        {latency("a", "moon-1"), "Invalid request: the region 'moon-1' is not known in " WHAT "a]"},
        {geo("a", (struct r53_geo_location){.country_code = "XX"}),
         "Invalid request: there is no country 'XX' in " WHAT "a]"},
        {geo("a", (struct r53_geo_location){.country_code = "*", .subdivision_code = "WA"}),
         "Invalid request: the default location has no subdivision in " WHAT "a]"},
        {proximity("a", (struct r53_geo_proximity_location){.aws_region = NULL}),
         "Invalid request: exactly one of a region, a local zone group, and coordinates is "
         "required in " WHAT "a]"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct outcome out = CREATE(cases[i].set);
        assert_int_equal(out.error, AWS_InvalidInput);
        assert_string_equal(out.message, cases[i].message);
    }
}

static void coordinates_have_two_decimals_at_most(void **state)
{
    (void)state;
    const struct {
        const char *latitude;
        const char *longitude;
        bool is_good;
    } cases[] = {
        {"90", "180", true},      {"-90.00", "-180.00", true},
        {"+47.3", "+8.54", true}, {"47.", "8.", true},
        {"0", "-0", true},        {"90.01", "8", false},
        {"47", "180.01", false},  {"47", "-180.01", false},
        {"047", "8", false},      {"47", "0008", false},
        {"47.375", "8", false},   {".5", "8", false},
        {"+-4", "8", false},      {"", "8", false},
        {"47", "8 ", false},      {"4e1", "8", false},
        {"nan", "8", false},      {"47", "8..1", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct r53_coordinates at = {.latitude = cases[i].latitude,
                                     .longitude = cases[i].longitude};
        struct outcome out =
            CREATE(proximity("a", (struct r53_geo_proximity_location){.coordinates = &at}));
        assert_string_equal(out.message, cases[i].is_good
                                             ? ""
                                             : "Invalid request: latitudes are -90 to 90, "
                                               "longitudes -180 to 180, with at most two decimals "
                                               "in " WHAT "a]");
    }
}

static void sets_of_one_name_and_type_are_of_one_policy(void **state)
{
    (void)state;
    there[there_count++] = set_of(NULL);
    assert_string_equal(CREATE(weighted("a", 1)).message,
                        "[" WWW "a cannot be created as a non-weighted set exists with the same "
                        "name and type.]");
    there[0] = weighted("a", 1);
    assert_string_equal(CREATE(latency("b", "us-east-1")).message,
                        "[" WWW "b cannot be created as a non-latency set exists with the same "
                        "name and type.]");
    assert_string_equal(CREATE(set_of(NULL)).message,
                        "[RRSet with DNS name www.example.com., type A cannot be created as other "
                        "RRSets exist with the same name and type.]");
    there[0] = weighted("z", 1);
    assert_string_equal(CREATE(latency("b", "us-east-1")).message,
                        "[" WWW "b cannot be created as a non-latency set exists with the same "
                        "name and type.]");
    struct r53_record_set other_type = set_of(NULL);
    other_type.type = R53_TYPE_TXT;
    other_type.resource_records = ARENA_NEW(&arena, struct r53_resource_record);
    other_type.resource_records->value = "\"text\"";
    assert_string_equal(CREATE(other_type).message, "");
}

static void a_place_has_one_set(void **state)
{
    (void)state;
    assert_string_equal(CREATE(failover("a", R53_PRIMARY), failover("b", R53_PRIMARY)).message,
                        "[" WWW "b, and Failover=PRIMARY cannot be created because a failover "
                        "RRSet with the same name, type and role already exists.]");
    assert_string_equal(CREATE(latency("a", "us-east-1"), latency("b", "us-east-1")).message,
                        "[" WWW "b, and Region Name=us-east-1 cannot be created because a latency "
                        "RRSet with the same name, type and region already exists.]");
    assert_string_equal(CREATE(geo("a", (struct r53_geo_location){.country_code = "DE"}),
                               geo("b", (struct r53_geo_location){.country_code = "DE"}))
                            .message,
                        "[" WWW "b, and GeoLocation=/DE/ cannot be created because a geolocation "
                        "RRSet with the same name, type and location already exists.]");
    assert_string_equal(
        CREATE(by_ip("a", COLLECTION, "east"), by_ip("b", COLLECTION, "east")).message,
        "[" WWW "b, and Location Name=east cannot be created because an IP-based RRSet with the "
        "same name, type and location already exists.]");
    there[there_count++] = latency("b", "us-east-1");
    assert_string_equal(CREATE(latency("a", "us-east-1")).message,
                        "[" WWW "a, and Region Name=us-east-1 cannot be created because a latency "
                        "RRSet with the same name, type and region already exists.]");
    there_count = 0;
    assert_string_equal(CREATE(by_ip("a", COLLECTION, "east"),
                               by_ip("b", "00000000-0000-4000-8000-000000000002", "west"))
                            .message,
                        "[" WWW "b cannot be created because RRSets of one name and type have one "
                        "CIDR collection]");
}

static void cidr_locations_exist(void **state)
{
    (void)state;
    assert_string_equal(
        CREATE(by_ip("a", COLLECTION, "moon")).message,
        "[RRSet of type A with DNS name www.example.com. names the CIDR location moon, which the "
        "CIDR collection " COLLECTION " does not have]");
    assert_string_equal(CREATE(by_ip("a", "x", "east")).message,
                        "[RRSet of type A with DNS name www.example.com. names the CIDR collection "
                        "x, which does not exist]");
}

static void some_types_and_targets_have_no_policy(void **state)
{
    (void)state;
    static struct r53_resource_record name = {.value = "ns.example.net."};
    struct r53_record_set ns = weighted("a", 1);
    ns.type = R53_TYPE_NS;
    ns.resource_records = &name;
    assert_string_equal(CREATE(ns).message, "[RRSet of type NS with DNS name www.example.com. "
                                            "cannot have a routing policy]");
    struct r53_record_set cname = multivalue("a");
    cname.type = R53_TYPE_CNAME;
    cname.resource_records = &name;
    assert_string_equal(CREATE(cname).message,
                        "[RRSet of type CNAME with DNS name www.example.com. cannot be a "
                        "multivalue answer: a CNAME has one value]");
    assert_string_equal(
        CREATE(set_of(NULL), alias_at(multivalue("a"), "m.example.com.", "www.example.com."))
            .message,
        "[RRSet of type A with DNS name m.example.com. cannot be a multivalue answer: it is an "
        "alias]");
}

static void a_group_is_as_large_as_the_limit(void **state)
{
    (void)state;
    struct r53_record_set *sets =
        arena_array(&arena, R53_GROUP_MAX_SETS + 1, sizeof(struct r53_record_set));
    for (size_t i = 0; i <= R53_GROUP_MAX_SETS; i++)
        sets[i] = weighted(arena_printf(&arena, "%zu", i), 1);
    assert_string_equal(change(R53_CREATE, sets, R53_GROUP_MAX_SETS).message, "");
    assert_string_equal(change(R53_CREATE, sets, R53_GROUP_MAX_SETS + 1).message,
                        "[RRSets of one name and type are 100 at most: www.example.com., type A]");
}

/* Three groups of a hundred aliases, each to the next one and the last to www, then `count` aliases
 * to the first of them. */
static struct outcome change_wide(size_t count)
{
    size_t filled = 0;
    struct r53_record_set *sets = arena_array(&arena, 301 + count, sizeof(*sets));
    sets[filled++] = set_of(NULL);
    for (unsigned group = 1; group <= 3; group++) {
        const char *name = arena_printf(&arena, "g%u.example.com.", group);
        const char *next =
            group == 3 ? "www.example.com." : arena_printf(&arena, "g%u.example.com.", group + 1);
        for (unsigned i = 0; i < 100; i++)
            sets[filled++] = alias_at(weighted(arena_printf(&arena, "%u", i), 1), name, next);
    }
    for (size_t i = 0; i < count; i++)
        sets[filled++] =
            alias_at(set_of(NULL), arena_printf(&arena, "n%zu.example.com.", i), "g1.example.com.");
    return change(R53_CREATE, sets, filled);
}

static void the_work_that_aliases_make_is_limited(void **state)
{
    (void)state;
    assert_int_equal(change_wide(500).error, AWS_OK);
    struct outcome many = change_wide(690);
    assert_int_equal(many.error, AWS_InvalidInput);
    assert_non_null(strstr(many.message, "lead over more than 200000 record sets"));
}

static void trees_of_aliases_have_no_loop(void **state)
{
    (void)state;
    /* a leads to b and www, b to www: two ways, no loop. */
    assert_string_equal(CREATE(set_of(NULL),
                               alias_at(set_of(NULL), "b.example.com.", "www.example.com."),
                               alias_at(weighted("1", 1), "a.example.com.", "b.example.com."),
                               alias_at(weighted("2", 1), "a.example.com.", "www.example.com."))
                            .message,
                        "");
    /* The second branch of b leads back to a. */
    struct outcome loop =
        CREATE(set_of(NULL), alias_at(weighted("1", 1), "b.example.com.", "www.example.com."),
               alias_at(weighted("2", 1), "b.example.com.", "a.example.com."),
               alias_at(set_of(NULL), "a.example.com.", "b.example.com."));
    assert_int_equal(loop.error, AWS_InvalidChangeBatch);
    assert_non_null(strstr(loop.message, "Tried to create an alias that targets a.example.com., "
                                         "type A in zone Z1, but that target leads back to the "
                                         "alias or through more than 32 others"));
    assert_non_null(strstr(loop.message, "targets b.example.com., type A in zone Z1, but that "
                                         "target leads back"));
}

static struct r53_wire_policy wire_of(struct r53_record_set set)
{
    struct r53_wire_set wire;
    struct errctx ec = {0};
    if (r53_set_to_wire(&arena, &set, &wire, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return wire.policy;
}

static void nodes_get_the_policy(void **state)
{
    (void)state;
    struct r53_wire_policy p = wire_of(weighted("a", 7));
    assert_int_equal(p.kind, R53_POLICY_WEIGHTED);
    assert_string_equal(p.identifier, "a");
    assert_int_equal(p.weight, 7);
    p = wire_of(failover("a", R53_SECONDARY));
    assert_true(p.kind == R53_POLICY_FAILOVER && p.is_secondary);
    p = wire_of(latency("a", "us-east-1"));
    assert_string_equal(p.region, "us-east-1");
    p = wire_of(
        geo("a", (struct r53_geo_location){.country_code = "US", .subdivision_code = "WA"}));
    assert_string_equal(p.subdivision, "WA");
    p = wire_of(by_ip("a", COLLECTION, "east"));
    assert_string_equal(p.cidr_location, "east");
    struct r53_coordinates here = {.latitude = "-47.37", .longitude = "8.5"};
    p = wire_of(proximity("a", (struct r53_geo_proximity_location){
                                   .coordinates = &here, .has_bias = true, .bias = -99}));
    assert_int_equal(p.latitude_e2, -4737);
    assert_int_equal(p.longitude_e2, 850);
    assert_int_equal(p.bias, -99);
    p = wire_of(proximity("a", (struct r53_geo_proximity_location){.aws_region = "eu-central-1"}));
    assert_in_range(p.latitude_e2, 4900, 5100); /* Frankfurt */
    p = wire_of(set_of(NULL));
    assert_true(p.kind == R53_POLICY_SIMPLE && p.identifier == NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(groups_of_each_policy_are_accepted),
        TEST(identifiers_tell_sets_apart),
        TEST(health_checks_that_are_named_are_there),
        TEST(members_go_together),
        TEST(coordinates_have_two_decimals_at_most),
        TEST(sets_of_one_name_and_type_are_of_one_policy),
        TEST(a_place_has_one_set),
        TEST(cidr_locations_exist),
        TEST(some_types_and_targets_have_no_policy),
        TEST(a_group_is_as_large_as_the_limit),
        TEST(trees_of_aliases_have_no_loop),
        TEST(the_work_that_aliases_make_is_limited),
        TEST(nodes_get_the_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
