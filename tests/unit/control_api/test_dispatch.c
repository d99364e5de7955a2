// SPDX-License-Identifier: Apache-2.0
// Calls from signature to answer over a real store.
#include "control/store/objects.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ZONES "/2013-04-01/hostedzone"

static const char *rrset(struct fixture *f, const char *zone)
{
    return arena_printf(&f->arena, ZONES "/%s/rrset", zone);
}

/* A batch of one change: A record sets of a TTL of 60. */
static const char *batch(struct fixture *f, const char *action, const char *name,
                         const char *address)
{
    return arena_printf(&f->arena,
                        "<ChangeResourceRecordSetsRequest><ChangeBatch><Comment>why</Comment>"
                        "<Changes><Change><Action>%s</Action><ResourceRecordSet><Name>%s</Name>"
                        "<Type>A</Type><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>%s"
                        "</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>"
                        "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
                        action, name, address);
}

static uint64_t newest_version(struct fixture *f)
{
    uint64_t version;
    struct errctx ec = {0};
    assert_int_equal(store_version(f->conn, &version, &ec), ERR_OK);
    return version;
}

static void a_zone_is_made_shown_and_deleted(void **state)
{
    struct fixture *f = *state;
    const char *xml = fixture_post(
        f, ZONES,
        "<CreateHostedZoneRequest><Name>Example.COM</Name><CallerReference>r1</CallerReference>"
        "<HostedZoneConfig><Comment>c</Comment></HostedZoneConfig></CreateHostedZoneRequest>",
        201);
    assert_string_equal(fixture_element(f, xml, "Name"), "example.com.");
    assert_string_equal(fixture_element(f, xml, "Status"), "PENDING");
    assert_string_equal(fixture_element(f, xml, "NameServer"), "ns-1.weir.test");
    const char *id = fixture_element(f, xml, "Id") + strlen("/hostedzone/");
    const char *path = arena_printf(&f->arena, ZONES "/%s", id);
    xml = fixture_get(f, path, "", 200);
    assert_string_equal(fixture_element(f, xml, "Comment"), "c");
    assert_string_equal(fixture_element(f, xml, "ResourceRecordSetCount"), "2");
    assert_null(strstr(xml, "/delegationset/"));
    assert_holds(fixture_get(f, "/2013-04-01/hostedzonecount", "", 200), ">1<");

    struct fixture_call delete = {.method = "DELETE", .path = path};
    assert_int_equal(fixture_run(f, &delete).output.status, 200);
    assert_holds(fixture_get(f, path, "", 404), "No hosted zone found with ID: Z");
    struct store_object_query query = {.kind = STORE_NAME, .group = id, .limit = 10};
    struct store_object *objects;
    size_t count;
    struct errctx ec = {0};
    assert_int_equal(store_object_list(f->conn, &f->arena, &query, &objects, &count, &ec), ERR_OK);
    assert_int_equal(count, 0);
}

static void a_reference_and_a_set_are_taken_once(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < API_DELEGATION_SETS; i++)
        fixture_zone(f, "same.test", arena_printf(&f->arena, "r%u", i));
    assert_holds(fixture_post(f, ZONES,
                              "<CreateHostedZoneRequest><Name>same.test</Name><CallerReference>r9"
                              "</CallerReference></CreateHostedZoneRequest>",
                              400),
                 "<Code>ConflictingDomainExists</Code>");
    assert_holds(fixture_post(f, ZONES,
                              "<CreateHostedZoneRequest><Name>other.test</Name><CallerReference>r0"
                              "</CallerReference></CreateHostedZoneRequest>",
                              409),
                 "<Code>HostedZoneAlreadyExists</Code>");
    assert_holds(fixture_post(f, ZONES,
                              "<CreateHostedZoneRequest><Name>b.test</Name><CallerReference>r8"
                              "</CallerReference><DelegationSetId>NNOPE</DelegationSetId>"
                              "</CreateHostedZoneRequest>",
                              400),
                 "<Code>NoSuchDelegationSet</Code>");
    assert_holds(fixture_get(f, "/2013-04-01/hostedzonecount", "", 200), ">4<");
}

static void what_is_not_built_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    assert_holds(fixture_post(f, ZONES,
                              "<CreateHostedZoneRequest><Name>b.test</Name><VPC><VPCId>v</VPCId>"
                              "</VPC><CallerReference>r</CallerReference>"
                              "</CreateHostedZoneRequest>",
                              400),
                 "<Code>InvalidVPCId</Code>");
    assert_holds(fixture_get(f, "/2013-04-01/delegationset", "", 501),
                 "ListReusableDelegationSets");
    assert_holds(fixture_post(f, ZONES,
                              "<CreateHostedZoneRequest><Name>*.b.test</Name><CallerReference>r"
                              "</CallerReference></CreateHostedZoneRequest>",
                              400),
                 "<Code>InvalidDomainName</Code>");
}

static void a_change_is_stored_and_waited_for(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    const char *zone = fixture_zone(f, "example.com", "r");
    const char *xml =
        fixture_post(f, rrset(f, zone), batch(f, "CREATE", "www.example.com", "192.0.2.1"), 200);
    const struct store_insync insync = {.upto = {[STORE_ROLE_DNS] = newest_version(f)}};
    const char *path = arena_printf(&f->arena, "/2013-04-01%s", fixture_element(f, xml, "Id"));
    xml = fixture_get(f, path, "", 200);
    assert_string_equal(fixture_element(f, xml, "Status"), "PENDING");
    assert_string_equal(fixture_element(f, xml, "Comment"), "why");

    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_change_set_insync(f->conn, &insync, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    assert_string_equal(fixture_element(f, fixture_get(f, path, "", 200), "Status"), "INSYNC");
    assert_holds(fixture_get(f, "/2013-04-01/change/CNOPE", "", 404), "<Code>NoSuchChange</Code>");
    xml = fixture_get(f, arena_printf(&f->arena, ZONES "/%s", zone), "", 200);
    assert_string_equal(fixture_element(f, xml, "ResourceRecordSetCount"), "3");
}

static void a_held_change_says_why_in_256_characters(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    const char *zone = fixture_zone(f, "example.com", "r");
    const char *xml =
        fixture_post(f, rrset(f, zone), batch(f, "CREATE", "www.example.com", "192.0.2.1"), 200);
    const char *path = arena_printf(&f->arena, "/2013-04-01%s", fixture_element(f, xml, "Id"));
    char reason[400];
    memset(reason, 'x', sizeof(reason) - 1);
    reason[sizeof(reason) - 1] = '\0';
    struct store_held held = {
        .kind = STORE_ZONE, .group = zone, .change_version = newest_version(f), .reason = reason};
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_held_replace(f->conn, &held, 1, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    xml = fixture_get(f, path, "", 200);
    assert_string_equal(fixture_element(f, xml, "Status"), "PENDING");
    assert_int_equal(strlen(fixture_element(f, xml, "Comment")), API_COMMENT_MAX_BYTES);
}

static void a_refused_batch_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    const char *zone = fixture_zone(f, "example.com", "r");
    uint64_t version = newest_version(f);
    assert_holds(
        fixture_post(f, rrset(f, zone), batch(f, "DELETE", "www.example.com", "192.0.2.1"), 400),
        "<Message>[Tried to delete resource record set [name='www.example.com.', type='A'] but "
        "it was not found]</Message>");
    assert_int_equal(newest_version(f), version);
    assert_holds(fixture_post(f, rrset(f, "ZNOPE"), batch(f, "DELETE", "a.b", "192.0.2.1"), 404),
                 "No hosted zone found with ID: ZNOPE");
}

static void record_sets_are_paged_in_order(void **state)
{
    struct fixture *f = *state;
    const char *zone = fixture_zone(f, "example.com", "r");
    static const char *const names[] = {"b.example.com", "a.b.example.com", "*.example.com"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        fixture_post(f, rrset(f, zone), batch(f, "CREATE", names[i], "192.0.2.1"), 200);
    static const char *const wanted[] = {"example.com. NS", "example.com. SOA",
                                         "\\052.example.com. A", "b.example.com. A",
                                         "a.b.example.com. A"};
    const char *start = "";
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
        const char *query = arena_printf(&f->arena, "maxitems=1%s", start);
        const char *xml = fixture_get(f, rrset(f, zone), query, 200);
        assert_string_equal(arena_printf(&f->arena, "%s %s", fixture_element(f, xml, "Name"),
                                         fixture_element(f, xml, "Type")),
                            wanted[i]);
        bool is_last = i + 1 == ARRAY_LEN(wanted);
        assert_string_equal(fixture_element(f, xml, "IsTruncated"), is_last ? "false" : "true");
        if (!is_last)
            start = arena_printf(&f->arena, "&name=%s&type=%s",
                                 fixture_element(f, xml, "NextRecordName"),
                                 fixture_element(f, xml, "NextRecordType"));
    }
    assert_holds(fixture_get(f, rrset(f, zone), "type=A", 400), "<Code>InvalidInput</Code>");
    assert_holds(fixture_get(f, rrset(f, zone), "maxitems=0", 400), "at 'maxItems' failed");
    const char *past = fixture_get(f, rrset(f, zone), "name=zz.example.com&maxitems=1", 200);
    assert_holds(past, "<ResourceRecordSets></ResourceRecordSets><IsTruncated>false");
}

static void zones_are_paged_by_marker_and_by_name(void **state)
{
    struct fixture *f = *state;
    for (unsigned i = 0; i < 3; i++)
        fixture_zone(f, arena_printf(&f->arena, "z%u.test", 2 - i),
                     arena_printf(&f->arena, "r%u", i));
    const char *marker = "";
    size_t seen = 0;
    for (bool is_truncated = true; is_truncated; seen++) {
        const char *query = arena_printf(&f->arena, "maxitems=1%s", marker);
        const char *xml = fixture_get(f, ZONES, query, 200);
        is_truncated = strcmp(fixture_element(f, xml, "IsTruncated"), "true") == 0;
        if (is_truncated)
            marker = arena_printf(&f->arena, "&marker=%s", fixture_element(f, xml, "NextMarker"));
    }
    assert_int_equal(seen, 3);
    const char *by_name = "/2013-04-01/hostedzonesbyname";
    const char *xml = fixture_get(f, by_name, "maxitems=1&dnsname=z1.test", 200);
    assert_string_equal(fixture_element(f, xml, "Name"), "z1.test.");
    assert_string_equal(fixture_element(f, xml, "NextDNSName"), "z2.test.");
    assert_holds(fixture_get(f, by_name, "hostedzoneid=Z1", 400), "<Code>InvalidInput</Code>");
    assert_holds(fixture_get(f, ZONES, "delegationsetid=NNOPE", 400), "NoSuchDelegationSet");
}

static void a_key_that_is_unknown_opens_nothing(void **state)
{
    struct fixture *f = *state;
    f->key.id[4] = f->key.id[4] == 'A' ? 'B' : 'A';
    assert_holds(fixture_get(f, ZONES, "", 403), "<Code>InvalidClientTokenId</Code>");
}

static void a_wrong_secret_opens_nothing(void **state)
{
    struct fixture *f = *state;
    f->key.secret[0] = f->key.secret[0] == 'A' ? 'B' : 'A';
    assert_holds(fixture_get(f, ZONES, "", 403), "<Code>SignatureDoesNotMatch</Code>");
}

static void an_account_that_calls_too_often_is_throttled(void **state)
{
    struct fixture *f = *state;
    throttle_free(f->throttle);
    f->throttle = throttle_new(1);
    fixture_get(f, ZONES, "", 200);
    assert_holds(fixture_get(f, ZONES, "", 400), "<Code>Throttling</Code><Message>Rate exceeded<");
}

static void buckets_fill_with_time(void **state)
{
    (void)state;
    struct throttle *t = throttle_new(2);
    assert_true(throttle_has(t, SLICE_LIT("a"), 1000));
    assert_true(throttle_take(t, SLICE_LIT("a"), 1000));
    assert_true(throttle_take(t, SLICE_LIT("a"), 1000));
    assert_false(throttle_has(t, SLICE_LIT("a"), 499999999));
    assert_false(throttle_take(t, SLICE_LIT("a"), 499999999));
    assert_true(throttle_take(t, SLICE_LIT("b"), 499999999));
    assert_true(throttle_has(t, SLICE_LIT("a"), 500001000));
    assert_true(throttle_take(t, SLICE_LIT("a"), 500001000));
    assert_false(throttle_take(t, SLICE_LIT("a"), 500001000));
    throttle_free(t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_zone_is_made_shown_and_deleted),
        TEST(a_reference_and_a_set_are_taken_once),
        TEST(what_is_not_built_is_refused_by_name),
        TEST(a_change_is_stored_and_waited_for),
        TEST(a_held_change_says_why_in_256_characters),
        TEST(a_refused_batch_leaves_nothing),
        TEST(record_sets_are_paged_in_order),
        TEST(zones_are_paged_by_marker_and_by_name),
        TEST(a_key_that_is_unknown_opens_nothing),
        TEST(a_wrong_secret_opens_nothing),
        TEST(an_account_that_calls_too_often_is_throttled),
        cmocka_unit_test(buckets_fill_with_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
