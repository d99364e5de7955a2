// SPDX-License-Identifier: Apache-2.0
// Traffic policies and instances through the API: rows, objects and record sets together.
#include "aws/limits.h"
#include "aws/r53_sets.h"
#include "aws/r53_traffic.h"
#include "control/store/traffic.h"
#include "control/store/zones.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ROOT "/2013-04-01/"

/* A document whose record is an A record of this address. */
static const char *document(struct fixture *f, const char *address)
{
    return arena_printf(&f->arena,
                        "{&quot;RecordType&quot;:&quot;A&quot;,&quot;StartEndpoint&quot;:&quot;e"
                        "&quot;,&quot;Endpoints&quot;:{&quot;e&quot;:{&quot;Type&quot;:&quot;value"
                        "&quot;,&quot;Value&quot;:&quot;%s&quot;}}}",
                        address);
}

static const char *create_policy(struct fixture *f, const char *name, unsigned status)
{
    const char *body = arena_printf(&f->arena,
                                    "<CreateTrafficPolicyRequest><Name>%s</Name><Document>%s"
                                    "</Document></CreateTrafficPolicyRequest>",
                                    name, document(f, "192.0.2.1"));
    return fixture_post(f, ROOT "trafficpolicy", body, status);
}

static const char *add_version(struct fixture *f, const char *id, const char *address,
                               unsigned status)
{
    const char *body = arena_printf(&f->arena,
                                    "<CreateTrafficPolicyVersionRequest><Document>%s</Document>"
                                    "</CreateTrafficPolicyVersionRequest>",
                                    document(f, address));
    return fixture_post(f, arena_printf(&f->arena, ROOT "trafficpolicy/%s", id), body, status);
}

static const char *create_instance(struct fixture *f, const char *zone, const char *name,
                                   const char *policy, unsigned status)
{
    const char *body = arena_printf(
        &f->arena,
        "<CreateTrafficPolicyInstanceRequest><HostedZoneId>%s</HostedZoneId><Name>%s</Name>"
        "<TTL>60</TTL><TrafficPolicyId>%s</TrafficPolicyId><TrafficPolicyVersion>1"
        "</TrafficPolicyVersion></CreateTrafficPolicyInstanceRequest>",
        zone, name, policy);
    return fixture_post(f, ROOT "trafficpolicyinstance", body, status);
}

static const char *remove_it(struct fixture *f, const char *path, unsigned status)
{
    const struct fixture_call call = {.method = "DELETE",
                                      .path = arena_printf(&f->arena, ROOT "%s", path)};
    struct api_answer answer = fixture_run(f, &call);
    const char *text = arena_str(&f->arena, answer.output.body);
    if (answer.output.status != status)
        fail_msg("%u: %s", answer.output.status, text);
    return text;
}

/* The names of an instance's tree, and the first address of the start. */
static size_t tree_of(struct fixture *f, const char *instance, const char **out_address)
{
    struct store_object *objects;
    size_t count;
    const struct store_object_query query = {
        .kind = STORE_TRAFFIC_RULES, .group = r53_traffic_zone_id(&f->arena, instance), .limit = 9};
    assert_int_equal(store_object_list(f->conn, &f->arena, &query, &objects, &count, NULL), ERR_OK);
    struct r53_sets sets;
    *out_address = NULL;
    if (count > 0) {
        assert_int_equal(r53_sets_decode(&f->arena, objects[0].body, &sets, NULL), ERR_OK);
        *out_address = sets.items[0].resource_records[0].value;
    }
    return count;
}

static uint64_t set_count(struct fixture *f, const char *zone)
{
    struct store_zone row;
    assert_int_equal(store_zone_get(f->conn, &f->arena, FIXTURE_ACCOUNT, zone, &row, NULL), ERR_OK);
    return row.set_count;
}

static void versions_are_numbered_and_never_again(void **state)
{
    struct fixture *f = *state;
    const char *xml = create_policy(f, "one", 201);
    const char *id = fixture_element(f, xml, "Id");
    assert_holds(xml, "<Version>1</Version><Name>one</Name><Type>A</Type><Document>{");
    assert_holds(create_policy(f, "one", 409), "TrafficPolicyAlreadyExists");
    assert_holds(add_version(f, id, "192.0.2.2", 201), "<Version>2</Version>");
    assert_holds(add_version(f, id, "192.0.2", 400), "InvalidTrafficPolicyDocument");
    remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/2", id), 200);
    assert_holds(add_version(f, id, "192.0.2.2", 201), "<Version>3</Version>");
    assert_holds(fixture_get(f, ROOT "trafficpolicies", NULL, 200),
                 "<LatestVersion>3</LatestVersion><TrafficPolicyCount>1</TrafficPolicyCount>");
    assert_holds(remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/2", id), 404),
                 "NoSuchTrafficPolicy");
    remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/1", id), 200);
    remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/3", id), 200);
    assert_holds(add_version(f, id, "192.0.2.2", 404), "NoSuchTrafficPolicy");
    assert_null(strstr(fixture_get(f, ROOT "trafficpolicies", NULL, 200), "<Id>"));
}

static void an_instance_is_a_tree_and_a_record_set_in_one_version(void **state)
{
    struct fixture *f = *state;
    const char *address;
    uint64_t before;
    uint64_t after;
    const char *zone = fixture_zone(f, "one.test", "1");
    const char *policy = fixture_element(f, create_policy(f, "one", 201), "Id");
    assert_int_equal(store_version(f->conn, &before, NULL), ERR_OK);
    const char *xml = create_instance(f, zone, "www.one.test", policy, 201);
    const char *id = fixture_element(f, xml, "Id");
    assert_holds(xml, "<State>Creating</State><Message></Message>");
    assert_int_equal(store_version(f->conn, &after, NULL), ERR_OK);
    assert_int_equal(after, before + 1);
    assert_int_equal(tree_of(f, id, &address), 1);
    assert_string_equal(address, "192.0.2.1");
    assert_int_equal(set_count(f, zone), 3);
    assert_holds(create_instance(f, zone, "WWW.one.test.", policy, 409),
                 "TrafficPolicyInstanceAlreadyExists");
    assert_holds(remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/1", policy), 400),
                 "TrafficPolicyInUse");
    remove_it(f, arena_printf(&f->arena, "trafficpolicyinstance/%s", id), 200);
    assert_int_equal(tree_of(f, id, &address), 0);
    assert_int_equal(set_count(f, zone), 2);
    assert_holds(fixture_get(f, ROOT "trafficpolicyinstancecount", NULL, 200),
                 "<TrafficPolicyInstanceCount>0</TrafficPolicyInstanceCount>");
    remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/1", policy), 200);
}

static void an_update_replaces_the_tree(void **state)
{
    struct fixture *f = *state;
    const char *address;
    const char *zone = fixture_zone(f, "one.test", "1");
    const char *policy = fixture_element(f, create_policy(f, "one", 201), "Id");
    const char *xml = create_instance(f, zone, "one.test", policy, 201);
    const char *id = fixture_element(f, xml, "Id");
    add_version(f, policy, "192.0.2.2", 201);
    const char *path = arena_printf(&f->arena, ROOT "trafficpolicyinstance/%s", id);
    const char *body = arena_printf(&f->arena,
                                    "<UpdateTrafficPolicyInstanceRequest><TTL>5</TTL>"
                                    "<TrafficPolicyId>%s</TrafficPolicyId><TrafficPolicyVersion>2"
                                    "</TrafficPolicyVersion></UpdateTrafficPolicyInstanceRequest>",
                                    policy);
    xml = fixture_post(f, path, body, 200);
    assert_holds(xml, "<TTL>5</TTL><State>Updating</State>");
    assert_holds(fixture_get(f, path, NULL, 200), "<TrafficPolicyVersion>2<");
    assert_int_equal(tree_of(f, id, &address), 1);
    assert_string_equal(address, "192.0.2.2");
    assert_int_equal(set_count(f, zone), 3);
    remove_it(f, arena_printf(&f->arena, "trafficpolicy/%s/1", policy), 200);
}

static void the_state_follows_the_change(void **state)
{
    struct fixture *f = *state;
    const struct store_insync all = {.upto = {0, INT64_MAX, INT64_MAX, INT64_MAX}};
    const char *zone = fixture_zone(f, "one.test", "1");
    const char *policy = fixture_element(f, create_policy(f, "one", 201), "Id");
    const char *xml = create_instance(f, zone, "www.one.test", policy, 201);
    const char *path =
        arena_printf(&f->arena, ROOT "trafficpolicyinstance/%s", fixture_element(f, xml, "Id"));
    uint64_t version;
    assert_int_equal(store_version(f->conn, &version, NULL), ERR_OK);
    const struct store_held held = {.kind = STORE_NAME,
                                    .group = zone,
                                    .member = SLICE_LIT("test.one.www."),
                                    .change_version = version,
                                    .reason = "a node said no"};
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(store_held_replace(f->conn, &held, 1, NULL), ERR_OK);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
    assert_holds(fixture_get(f, path, NULL, 200),
                 "<State>Failed</State><Message>a node said no</Message>");
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    assert_int_equal(store_held_replace(f->conn, NULL, 0, NULL), ERR_OK);
    assert_int_equal(store_change_set_insync(f->conn, &all, NULL), ERR_OK);
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
    assert_holds(fixture_get(f, path, NULL, 200), "<State>Applied</State><Message></Message>");
}

static void markers_come_together(void **state)
{
    struct fixture *f = *state;
    const char *path = ROOT "trafficpolicyinstances";
    assert_holds(fixture_get(f, path, "hostedzoneid=Z1&trafficpolicyinstancename=a.test", 400),
                 "InvalidInput");
    assert_holds(
        fixture_get(f, path, "trafficpolicyinstancetype=A&trafficpolicyinstancename=a.test", 400),
        "InvalidInput");
    assert_holds(fixture_get(f, path,
                             "hostedzoneid=Z1&trafficpolicyinstancename=a.test"
                             "&trafficpolicyinstancetype=A",
                             200),
                 "<IsTruncated>false</IsTruncated>");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(versions_are_numbered_and_never_again),
        TEST(an_instance_is_a_tree_and_a_record_set_in_one_version),
        TEST(an_update_replaces_the_tree),
        TEST(the_state_follows_the_change),
        TEST(markers_come_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
