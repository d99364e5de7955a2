// SPDX-License-Identifier: Apache-2.0
// Documents of traffic policies: what each rule becomes as record sets, and what is refused, by
// name. Documents are written with ' for ".
#include "aws/limits.h"
#include "aws/r53_ids.h"
#include "aws/r53_sets.h"
#include "aws/r53_traffic.h"
#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define A_RECORD "'RecordType':'A',"
#define TWO                                                                                        \
    "'Endpoints':{'x':{'Type':'value','Value':'192.0.2.1'},"                                       \
    "'y':{'Type':'value','Value':'192.0.2.2'}},"

static struct arena arena;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct slice quoted(const char *text)
{
    char *copy = arena_strdup(&arena, text);
    for (char *p = copy; *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p;
    return slice_str(copy);
}

/* The names of a document that is accepted. */
struct names {
    struct r53_traffic_tree tree;
    struct r53_traffic_name *items;
    size_t count;
};

static struct names names_of(const char *text)
{
    struct names n = {0};
    struct aws_fault fault = {.arena = &arena};
    if (r53_traffic_parse(quoted(text), &n.tree, &fault) != AWS_OK)
        fail_msg("%s", fault.message);
    const struct r53_traffic_instance instance = {.zone_id = "i1", .ttl_s = 60};
    n.count = r53_traffic_names(&arena, &n.tree, &instance, &n.items);
    return n;
}

/* Why a document is refused; the front that all messages share is left out. */
static const char *refusal(const char *text)
{
    static const char front[] = "The traffic policy document is not valid: ";
    struct r53_traffic_tree tree;
    struct aws_fault fault = {.arena = &arena};
    assert_int_equal(r53_traffic_parse(quoted(text), &tree, &fault),
                     AWS_InvalidTrafficPolicyDocument);
    assert_memory_equal(fault.message, front, strlen(front));
    return fault.message + strlen(front);
}

static void a_start_endpoint_is_the_start_of_the_tree(void **state)
{
    (void)state;
    struct names n = names_of("{" A_RECORD "'StartEndpoint':'e','Endpoints':{'e':{'Type':'value',"
                              "'Value':'192.0.2.1'}}}");
    assert_int_equal(n.tree.type, R53_TYPE_A);
    assert_int_equal(n.count, 1);
    assert_string_equal(n.items[0].owner, "start.");
    assert_memory_equal(n.items[0].sort_key.data, "start", 5);
    assert_int_equal(n.items[0].sets.items_count, 1);
    const struct r53_record_set *set = &n.items[0].sets.items[0];
    assert_null(set->set_identifier);
    assert_int_equal(set->ttl, 60);
    assert_string_equal(set->resource_records[0].value, "192.0.2.1");
    struct r53_wire_set wire;
    assert_int_equal(r53_set_to_wire(&arena, set, &wire, NULL), ERR_OK);
}

static void a_failover_rule_has_two_sets_with_health(void **state)
{
    (void)state;
    struct names n = names_of(
        "{" A_RECORD TWO "'StartRule':'Site Switch','Rules':{'Site Switch':{'RuleType':'failover',"
        "'Primary':{'EndpointReference':'x','HealthCheck':'h-1'},"
        "'Secondary':{'EndpointReference':'y'}}}}");
    assert_int_equal(n.count, 1);
    const struct r53_record_set *sets = n.items[0].sets.items;
    assert_int_equal(n.items[0].sets.items_count, 2);
    assert_string_equal(sets[0].name, "start.");
    assert_int_equal(sets[0].failover, R53_PRIMARY);
    assert_string_equal(sets[0].health_check_id, "h-1");
    assert_string_equal(sets[0].set_identifier, "1 x");
    assert_string_equal(sets[0].resource_records[0].value, "192.0.2.1");
    assert_int_equal(sets[1].failover, R53_SECONDARY);
    assert_null(sets[1].health_check_id);
    assert_string_equal(sets[1].set_identifier, "2 y");
}

static void branches_to_rules_are_aliases_inside_of_the_instance(void **state)
{
    (void)state;
    struct names n =
        names_of("{" A_RECORD TWO "'StartRule':'top','Rules':{"
                 "'Low.er':{'RuleType':'multivalue','Items':[{'EndpointReference':'x'},"
                 "{'EndpointReference':'y'}]},"
                 "'top':{'RuleType':'weighted','Items':["
                 "{'RuleReference':'Low.er','Weight':'3','EvaluateTargetHealth':'true'},"
                 "{'RuleReference':'Low.er','Weight':0,'EvaluateTargetHealth':false}]}}}");
    assert_int_equal(n.count, 2);
    const struct r53_record_set *sets = n.items[0].sets.items;
    assert_string_equal(n.items[0].owner, "start.");
    assert_int_equal(sets[0].weight, 3);
    assert_int_equal(sets[1].weight, 0);
    assert_true(sets[1].has_weight);
    assert_false(sets[0].has_ttl);
    assert_string_equal(sets[0].alias_target->hosted_zone_id, "i1");
    assert_string_equal(sets[0].alias_target->dns_name, "1-low_er.");
    assert_true(sets[0].alias_target->evaluate_target_health);
    assert_false(sets[1].alias_target->evaluate_target_health);
    assert_string_equal(n.items[1].owner, "1-low_er.");
    assert_true(n.items[1].sets.items[0].multi_value_answer);
}

static void a_geo_rule_has_locations(void **state)
{
    (void)state;
    struct names n =
        names_of("{" A_RECORD TWO "'StartRule':'g','Rules':{'g':{'RuleType':'geo','Locations':["
                 "{'EndpointReference':'x','IsDefault':'true'},"
                 "{'EndpointReference':'y','Continent':'EU'},"
                 "{'EndpointReference':'y','Country':'US','Subdivision':'WA'},"
                 "{'EndpointReference':'y','Country':'DE'}]}}}");
    const struct r53_record_set *sets = n.items[0].sets.items;
    assert_string_equal(sets[0].geo_location->country_code, "*");
    assert_string_equal(sets[1].geo_location->continent_code, "EU");
    assert_string_equal(sets[2].geo_location->subdivision_code, "WA");
    assert_string_equal(sets[3].geo_location->country_code, "DE");
}

static void latency_and_proximity_rules_have_regions(void **state)
{
    (void)state;
    struct names n = names_of(
        "{" A_RECORD TWO "'StartRule':'p','Rules':{"
        "'p':{'RuleType':'geoproximity','GeoproximityLocations':["
        "{'EndpointReference':'x','Region':'aws:route53:us-east-1','Bias':'-20'},"
        "{'RuleReference':'l','Latitude':'47.37','Longitude':8.54,'Bias':10}]},"
        "'l':{'RuleType':'latency','Regions':[{'EndpointReference':'x','Region':'eu-west-1'},"
        "{'EndpointReference':'y','Region':'us-west-2'}]}}}");
    const struct r53_geo_proximity_location *one = n.items[0].sets.items[0].geo_proximity_location;
    const struct r53_geo_proximity_location *two = n.items[0].sets.items[1].geo_proximity_location;
    assert_string_equal(one->aws_region, "us-east-1");
    assert_int_equal(one->bias, -20);
    assert_string_equal(two->coordinates->latitude, "47.37");
    assert_string_equal(two->coordinates->longitude, "8.54");
    assert_null(two->aws_region);
    assert_string_equal(n.items[1].sets.items[1].region, "us-west-2");
}

static void names_that_are_none_of_ours_are_aliases(void **state)
{
    (void)state;
    struct names n =
        names_of("{" A_RECORD "'StartRule':'w','Endpoints':{"
                 "'elb':{'Type':'elastic-load-balancer','Value':'LB.example.net'},"
                 "'bucket':{'Type':'s3-website','Region':'eu-central-1','Value':'www.example.com'},"
                 "'old':{'Type':'s3-website','Region':'us-east-1','Value':'www.example.com'},"
                 "'cdn':{'Type':'cloudfront','Value':'e1.cdn.weir.test'}},'Rules':{'w':{"
                 "'RuleType':'weighted','Items':["
                 "{'EndpointReference':'elb','Weight':1,'EvaluateTargetHealth':true},"
                 "{'EndpointReference':'bucket','Weight':1},{'EndpointReference':'old','Weight':1},"
                 "{'EndpointReference':'cdn','Weight':1,'EvaluateTargetHealth':true}]}}}");
    const struct r53_record_set *sets = n.items[0].sets.items;
    assert_string_equal(sets[0].alias_target->hosted_zone_id, R53_OUTSIDE_ZONE_ID);
    assert_string_equal(sets[0].alias_target->dns_name, "lb.example.net.");
    assert_true(sets[0].alias_target->evaluate_target_health);
    assert_string_equal(sets[1].alias_target->dns_name, "s3-website.eu-central-1.amazonaws.com.");
    assert_string_equal(sets[2].alias_target->dns_name, "s3-website-us-east-1.amazonaws.com.");
    assert_string_equal(sets[3].alias_target->hosted_zone_id, R53_CDN_ZONE_ID);
    assert_false(sets[3].alias_target->evaluate_target_health);
}

static void what_is_wrong_with_a_document_is_said(void **state)
{
    (void)state;
#define ONE "'Endpoints':{'x':{'Type':'value','Value':'192.0.2.1'}},"
    static const char *const cases[][2] = {
        {"[]", "it is not a JSON object"},
        {"{" ONE "'StartEndpoint':'x'}", "RecordType is required"},
        {"{'RecordType':'NS'," ONE "'StartEndpoint':'x'}", "the RecordType 'NS' is not supported"},
        {"{'AWSPolicyFormatVersion':'2014-01-01'," A_RECORD ONE "'StartEndpoint':'x'}",
         "AWSPolicyFormatVersion is 2015-10-01 or 2023-05-09"},
        {"{" A_RECORD ONE "'Rules':{}}", "exactly one of StartRule and StartEndpoint is required"},
        {"{" A_RECORD ONE "'StartEndpoint':'x','StartRule':'x'}",
         "exactly one of StartRule and StartEndpoint is required"},
        {"{" A_RECORD ONE "'StartEndpoint':'x','Extra':1}", "the member Extra is not known"},
        {"{" A_RECORD ONE "'StartEndpoint':'z'}", "there is no endpoint 'z'"},
        {"{" A_RECORD ONE "'StartEndpoint':['x']}", "StartEndpoint is neither a text nor a number"},
        {"{" A_RECORD "'Endpoints':[],'StartEndpoint':'x'}", "Endpoints is not an object"},
        {"{" A_RECORD "'Endpoints':{'x':1},'StartEndpoint':'x'}",
         "Endpoint 'x': it is not an object"},
        {"{" A_RECORD "'Endpoints':{'x':{'Type':'value'}},'StartEndpoint':'x'}",
         "Endpoint 'x': Type and Value are required"},
        {"{" A_RECORD "'Endpoints':{'x':{'Type':'lambda','Value':'y'}},'StartEndpoint':'x'}",
         "Endpoint 'x': there is no endpoint Type 'lambda'"},
        {"{'RecordType':'MX','Endpoints':{'x':{'Type':'cloudfront','Value':'y'}},"
         "'StartEndpoint':'x'}",
         "Endpoint 'x': Type cloudfront goes with the RecordType A or AAAA alone"},
        {"{" A_RECORD "'Endpoints':{'':{'Type':'value','Value':'192.0.2.1'}},'StartEndpoint':''}",
         "Endpoint '': an id has 1 to 100 characters"},
        {"{" A_RECORD TWO "'StartEndpoint':'x'}", "the endpoint 'y' is not used"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(refusal(cases[i][0]), cases[i][1]);
    assert_non_null(strstr(refusal("{" A_RECORD "'Endpoints':{'x':{'Type':'value','Value':'1.2'}},"
                                   "'StartEndpoint':'x'}"),
                           "Endpoint 'x': Invalid Resource Record: 'FATAL problem: "
                           "ARRDATAIllegalIPv4Address"));
    assert_non_null(strstr(refusal("{'a':1,'a':2}"), "duplicate object key"));
}

/* A document with one rule of these members. */
static const char *rule_refusal(const char *members)
{
    const char *text = refusal(
        arena_printf(&arena, "{" A_RECORD ONE "'StartRule':'r','Rules':{'r':{%s}}}", members));
    static const char front[] = "Rule 'r': ";
    assert_memory_equal(text, front, strlen(front));
    return text + strlen(front);
}

static void what_is_wrong_with_a_rule_is_said(void **state)
{
    (void)state;
#define X "'EndpointReference':'x'"
    static const char *const cases[][2] = {
        {"'Items':[]", "RuleType is required"},
        {"'RuleType':'random'", "there is no RuleType 'random'"},
        {"'RuleType':'weighted','Weights':[]", "the member Weights is not known"},
        {"'RuleType':'failover','Primary':{" X "}", "Secondary is required"},
        {"'RuleType':'weighted'", "Items is a list of 1 to 100 branches"},
        {"'RuleType':'weighted','Items':[]", "Items is a list of 1 to 100 branches"},
        {"'RuleType':'weighted','Items':[1]", "a branch is not an object"},
        {"'RuleType':'weighted','Items':[{" X "}]", "Weight is required"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':256}]",
         "Weight is a number from 0 to 255"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':'-1'}]",
         "Weight is a number from 0 to 255"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':1.5}]",
         "Weight is a number from 0 to 255"},
        {"'RuleType':'weighted','Items':[{'Weight':1}]",
         "a branch needs exactly one of EndpointReference and RuleReference"},
        {"'RuleType':'weighted','Items':[{" X ",'RuleReference':'r','Weight':1}]",
         "a branch needs exactly one of EndpointReference and RuleReference"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':1,'Bias':2}]",
         "a branch of a weighted rule has no member Bias"},
        {"'RuleType':'weighted','Items':[{'EndpointReference':'z','Weight':1}]",
         "there is no endpoint 'z'"},
        {"'RuleType':'weighted','Items':[{'RuleReference':'z','Weight':1}]",
         "there is no rule 'z'"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':1,'EvaluateTargetHealth':'yes'}]",
         "EvaluateTargetHealth is true or false"},
        {"'RuleType':'weighted','Items':[{" X ",'Weight':1,'HealthCheck':''}]",
         "HealthCheck is the id of a health check"},
        {"'RuleType':'multivalue','Items':[{'RuleReference':'r'}]",
         "a multivalue rule leads to endpoints of the Type value alone"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(rule_refusal(cases[i][0]), cases[i][1]);
}

static void what_is_wrong_with_a_location_is_said(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"'RuleType':'latency','Regions':[{" X "}]", "Region is required"},
        {"'RuleType':'latency','Regions':[{" X ",'Region':'moon-1'}]",
         "the region 'moon-1' is not known"},
        {"'RuleType':'latency','Regions':[{" X ",'Region':'us-east-1'},{" X
         ",'Region':'us-east-1'}]",
         "the location 'us-east-1' has two branches"},
        {"'RuleType':'geo','Locations':[{" X "}]",
         "a location is the default one, or has a Continent or a Country"},
        {"'RuleType':'geo','Locations':[{" X ",'IsDefault':true,'Country':'DE'}]",
         "a location is the default one, or has a Continent or a Country"},
        {"'RuleType':'geo','Locations':[{" X ",'Continent':'XX'}]", "there is no continent 'XX'"},
        {"'RuleType':'geo','Locations':[{" X ",'Country':'XX'}]", "there is no country 'XX'"},
        {"'RuleType':'geo','Locations':[{" X ",'Country':'DE','Subdivision':'BY'}]",
         "there is no subdivision 'BY' of the country 'DE'"},
        {"'RuleType':'geo','Locations':[{" X ",'Subdivision':'WA'}]",
         "a geolocation has a continent or a country"},
        {"'RuleType':'geo','Locations':[{" X ",'Continent':'EU','Country':'DE'}]",
         "a continent stands alone, without a country and a subdivision"},
        {"'RuleType':'geo','Locations':[{" X ",'Country':'DE'},{" X ",'Country':'DE'}]",
         "the location '/DE/' has two branches"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X "}]",
         "exactly one of a region, a local zone group, and coordinates is required"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X ",'Region':'x'}]",
         "the region 'x' is not known"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X ",'LocalZoneGroup':'x'}]",
         "the local zone group 'x' is not known"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X ",'Latitude':'1'}]",
         "latitudes are -90 to 90, longitudes -180 to 180, with at most two decimals"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X
         ",'Latitude':'90.01','Longitude':'0'}]",
         "latitudes are -90 to 90, longitudes -180 to 180, with at most two decimals"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X
         ",'Latitude':'1.234','Longitude':'0'}]",
         "latitudes are -90 to 90, longitudes -180 to 180, with at most two decimals"},
        {"'RuleType':'geoproximity','GeoproximityLocations':[{" X
         ",'Region':'us-east-1','Bias':100}]",
         "Bias is a number from -99 to 99"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(rule_refusal(cases[i][0]), cases[i][1]);
}

static void a_tree_has_no_loop_and_nothing_beside_it(void **state)
{
    (void)state;
#define W(name, to)                                                                                \
    "'" name "':{'RuleType':'weighted','Items':[" X1 ",{'RuleReference':'" to "','Weight':1}]}"
#define X1 "{'EndpointReference':'x','Weight':1}"
#define LEAF(name) "'" name "':{'RuleType':'weighted','Items':[" X1 "]}"
    assert_string_equal(refusal("{" A_RECORD ONE "'StartRule':'a','Rules':{" W("a", "a") "}}"),
                        "the rule 'a' leads back to itself or lies below one that does");
    assert_string_equal(refusal("{" A_RECORD ONE "'StartRule':'a','Rules':{" W("a", "b") "," W(
                            "b", "c") "," W("c", "b") "}}"),
                        "the rule 'b' leads back to itself or lies below one that does");
    assert_string_equal(
        refusal("{" A_RECORD ONE "'StartRule':'a','Rules':{" LEAF("a") "," LEAF("b") "}}"),
        "the rule 'b' is not used");
    /* Two ways to one rule are no loop. */
    struct names n =
        names_of("{" A_RECORD ONE "'StartRule':'a','Rules':{'a':{'RuleType':'failover',"
                 "'Primary':{'RuleReference':'b'},'Secondary':{'RuleReference':'c'}}," W(
                     "b", "c") "," LEAF("c") "}}");
    assert_int_equal(n.count, 3);
}

/* A chain of rules, each below the one before. */
static const char *chain(unsigned rules)
{
    const char *text = "{" A_RECORD ONE "'StartRule':'r0','Rules':{";
    for (unsigned i = 0; i + 1 < rules; i++)
        text = arena_printf(&arena,
                            "%s'r%u':{'RuleType':'weighted','Items':[{'RuleReference':'r%u',"
                            "'Weight':1}]},",
                            text, i, i + 1);
    return arena_printf(&arena, "%s'r%u':{'RuleType':'weighted','Items':[" X1 "]}}}", text,
                        rules - 1);
}

static void trees_are_as_deep_as_the_limit(void **state)
{
    (void)state;
    assert_int_equal(names_of(chain(R53_TRAFFIC_DEPTH_MAX + 1)).count, R53_TRAFFIC_DEPTH_MAX + 1);
    assert_string_equal(refusal(chain(R53_TRAFFIC_DEPTH_MAX + 2)),
                        "Rule 'r25': it lies below more than 24 others");
    assert_string_equal(refusal(chain(R53_TRAFFIC_RULES_MAX + 1)), "it has more than 200 Rules");
}

static void long_ids_become_labels_and_identifiers_that_fit(void **state)
{
    (void)state;
    char id[R53_TRAFFIC_ID_MAX_CHARACTERS + 2];
    memset(id, 'r', sizeof(id) - 1);
    id[R53_TRAFFIC_ID_MAX_CHARACTERS] = '\0';
    struct names n = names_of(arena_printf(
        &arena,
        "{" A_RECORD ONE "'StartRule':'a','Rules':{'a':{'RuleType':'weighted','Items':["
        "{'RuleReference':'%s','Weight':1}]},'%s':{'RuleType':'weighted','Items':[" X1 "]}}}",
        id, id));
    assert_int_equal(strlen(n.items[1].owner), 64);
    assert_true(strlen(n.items[0].sets.items[0].set_identifier) <= 128);
    id[R53_TRAFFIC_ID_MAX_CHARACTERS] = 'r';
    id[R53_TRAFFIC_ID_MAX_CHARACTERS + 1] = '\0';
    assert_non_null(strstr(refusal(arena_printf(&arena,
                                                "{" A_RECORD ONE "'StartRule':'%s','Rules':{'%s':{"
                                                "'RuleType':'weighted','Items':[" X1 "]}}}",
                                                id, id)),
                           "an id has 1 to 100 characters"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_start_endpoint_is_the_start_of_the_tree),
        TEST(a_failover_rule_has_two_sets_with_health),
        TEST(branches_to_rules_are_aliases_inside_of_the_instance),
        TEST(a_geo_rule_has_locations),
        TEST(latency_and_proximity_rules_have_regions),
        TEST(names_that_are_none_of_ours_are_aliases),
        TEST(what_is_wrong_with_a_document_is_said),
        TEST(what_is_wrong_with_a_rule_is_said),
        TEST(what_is_wrong_with_a_location_is_said),
        TEST(a_tree_has_no_loop_and_nothing_beside_it),
        TEST(trees_are_as_deep_as_the_limit),
        TEST(long_ids_become_labels_and_identifiers_that_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
