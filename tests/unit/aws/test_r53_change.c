// SPDX-License-Identifier: Apache-2.0
// Change batches: Route 53's checks, its words, and what a batch leaves behind. Batches are written
// as lines "ACTION name TYPE ttl value,value" or "ACTION name TYPE alias target",
// where "cdn" instead of "alias" leads into the zone of distributions, "outside" to a name that is
// none of ours.
#include "aws/limits.h"
#include "aws/r53_change.h"
#include "aws/r53_ids.h"
#include "dns/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define ZONE_ID "Z1"
#define OTHER_ID "ZOTHER"
#define LOAD_BALANCERS_ZONE_ID "Z35SXDOTRQ7X7K" /* as AWS documents it for us-east-1 */

static struct arena arena;

/* The zone as it is before a batch: sets of names by their sort keys. */
struct zone {
    struct r53_record_set sets[16];
    size_t count;
    bool is_broken;
};
static struct zone zone;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena);
    zone = (struct zone){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* The zone of distributions: its apex, and one distribution without IPv6. */
static enum err load_distribution(struct r53_owner *owner)
{
    const struct r53_distribution_name name = {.domain_name = "e123.cdn.test",
                                               .cdn_domain = "cdn.test"};
    char text[DNS_NAME_TEXT_SIZE];
    dns_name_format(dns_name_slice(&owner->name), text);
    if (strcmp(text, "e123.cdn.test.") == 0)
        r53_distribution_sets(&arena, &name, &owner->sets);
    return ERR_OK;
}

/* Another zone of the account: www has an address, back is an alias to a.example.com. */
static void load_other(struct r53_owner *owner)
{
    static struct r53_resource_record value = {.value = "192.0.2.9"};
    static struct r53_alias_target target = {.hosted_zone_id = ZONE_ID,
                                             .dns_name = "a.example.com."};
    struct r53_record_set *set = ARENA_NEW(&arena, struct r53_record_set);
    char name[DNS_NAME_TEXT_SIZE];
    dns_name_format(dns_name_slice(&owner->name), name);
    *set = (struct r53_record_set){.name = arena_strdup(&arena, name), .type = R53_TYPE_A};
    if (strcmp(name, "back.other.test.") == 0) {
        set->alias_target = &target;
    } else {
        set->has_ttl = true;
        set->has_resource_records = true;
        set->resource_records = &value;
        set->resource_records_count = 1;
    }
    if (strcmp(name, "no.other.test.") != 0)
        owner->sets = (struct r53_sets){.has_items = true, .items = set, .items_count = 1};
}

static enum err find_zone(void *user, const char *zone_id, struct dns_name *out_apex,
                          bool *out_is_there, struct errctx *ec)
{
    (void)user;
    *out_is_there = strcmp(zone_id, OTHER_ID) == 0;
    return dns_name_parse(SLICE_LIT("other.test"), out_apex, ec);
}

static enum err load(void *user, const char *zone_id, struct r53_owner *owner, struct errctx *ec)
{
    const struct zone *z = user;
    char name[DNS_NAME_TEXT_SIZE];
    if (z->is_broken)
        return err_set(ec, ERR_IO, "the disk is gone");
    if (strcmp(zone_id, R53_CDN_ZONE_ID) == 0)
        return load_distribution(owner);
    if (strcmp(zone_id, OTHER_ID) == 0) {
        load_other(owner);
        return ERR_OK;
    }
    assert_string_equal(zone_id, ZONE_ID);
    dns_name_format(dns_name_slice(&owner->name), name);
    struct r53_record_set *items = arena_array(&arena, z->count + 1, sizeof(*items));
    size_t count = 0;
    for (size_t i = 0; i < z->count; i++)
        if (strcmp(z->sets[i].name, name) == 0)
            items[count++] = z->sets[i];
    owner->sets = (struct r53_sets){.has_items = true, .items = items, .items_count = count};
    return ERR_OK;
}

static enum r53_rr_type type_of(const char *text)
{
    uint16_t number = 0;
    if (!dns_type_parse(slice_str(text), &number))
        fail_msg("no type %s", text);
    return r53_rr_type_of_number(number);
}

static void add_values(struct r53_record_set *set, char *text)
{
    set->has_resource_records = true;
    set->resource_records = arena_array(&arena, 1001, sizeof(*set->resource_records));
    char *rest = NULL;
    for (char *value = strtok_r(text, ",", &rest); value != NULL;
         value = strtok_r(NULL, ",", &rest))
        set->resource_records[set->resource_records_count++].value = value;
}

/* Reads one line; returns its action, or 'none' for a set without one ("- name TYPE ..."). */
static enum r53_change_action read_line(char *line, struct r53_record_set *out)
{
    char *rest = NULL;
    const char *action = strtok_r(line, " ", &rest);
    *out = (struct r53_record_set){.name = strtok_r(NULL, " ", &rest)};
    out->type = type_of(strtok_r(NULL, " ", &rest));
    const char *ttl = strtok_r(NULL, " ", &rest);
    if (strcmp(ttl, "alias") == 0 || strcmp(ttl, "cdn") == 0 || strcmp(ttl, "outside") == 0) {
        const char *other = *ttl == 'o' ? LOAD_BALANCERS_ZONE_ID : ZONE_ID;
        out->alias_target = ARENA_NEW(&arena, struct r53_alias_target);
        out->alias_target->hosted_zone_id = *ttl == 'c' ? R53_CDN_ZONE_ID : other;
        out->alias_target->dns_name = rest;
    } else {
        out->has_ttl = true;
        out->ttl = strtol(ttl, NULL, 10);
        add_values(out, rest);
    }
    return *action == 'C' ? R53_CREATE : *action == 'D' ? R53_DELETE : R53_UPSERT;
}

static void zone_has(const char *line)
{
    read_line(arena_strdup(&arena, line), &zone.sets[zone.count++]);
}

static struct r53_change_batch batch_of(const char *text)
{
    struct r53_change_batch batch = {.has_changes = true};
    batch.changes = arena_array(&arena, 1001, sizeof(*batch.changes));
    char *rest = NULL;
    for (char *line = strtok_r(arena_strdup(&arena, text), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        struct r53_change *change = &batch.changes[batch.changes_count++];
        change->resource_record_set = ARENA_NEW(&arena, struct r53_record_set);
        change->action = read_line(line, change->resource_record_set);
    }
    return batch;
}

static enum aws_error apply_batch(const struct r53_change_batch *batch,
                                  struct r53_change_result *out, const char **message)
{
    struct r53_change_zone target = {.id = ZONE_ID};
    assert_int_equal(dns_name_parse(SLICE_LIT("example.com"), &target.apex, NULL), ERR_OK);
    assert_int_equal(dns_name_parse(SLICE_LIT("cdn.test"), &target.cdn_apex, NULL), ERR_OK);
    struct r53_change_source source = {.load = load, .find_zone = find_zone, .user = &zone};
    struct aws_fault fault = {.arena = &arena};
    *out = (struct r53_change_result){0};
    enum aws_error error = r53_change_apply(&target, batch, &source, out, &fault);
    *message = error == AWS_OK ? "" : fault.message;
    return error;
}

static struct r53_change_result apply(const char *text)
{
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of(text);
    if (apply_batch(&batch, &result, &message) != AWS_OK)
        fail_msg("%s", message);
    return result;
}

static void assert_refused(const char *text, const char *wanted)
{
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of(text);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    assert_string_equal(message, wanted);
}

static void what_is_created_is_there_in_normal_form(void **state)
{
    (void)state;
    struct r53_change_result r = apply("CREATE WWW.Example.COM A 60 192.0.2.1,192.0.2.2\n"
                                       "CREATE *.example.com TXT 5 \"x\"\n"
                                       "CREATE www.example.com TXT 5 \"y\"");
    assert_int_equal(r.count, 2);
    assert_string_equal(r.changed[0]->sets.items[0].name, "www.example.com.");
    assert_int_equal(r.changed[0]->sets.items_count, 2);
    assert_int_equal(r.changed[0]->sets.items[1].type, R53_TYPE_TXT);
    assert_string_equal(r.changed[1]->sets.items[0].name, "\\052.example.com.");
    assert_int_equal(r.changed[1]->count_before, 0);
}

static void creating_what_exists_is_refused(void **state)
{
    (void)state;
    zone_has("- www.example.com. A 60 192.0.2.1");
    assert_refused("CREATE www.example.com A 60 192.0.2.1",
                   "[Tried to create resource record set [name='www.example.com.', type='A'] but "
                   "it already exists]");
}

static void deleting_wants_what_is_there(void **state)
{
    (void)state;
    zone_has("- www.example.com. A 60 192.0.2.1,192.0.2.2");
    zone_has("- alias.example.com. A alias www.example.com.");
    assert_refused("DELETE no.example.com A 60 192.0.2.1",
                   "[Tried to delete resource record set [name='no.example.com.', type='A'] but "
                   "it was not found]");
    static const char *const differing[] = {
        "DELETE www.example.com A 61 192.0.2.1,192.0.2.2",
        "DELETE www.example.com A 60 192.0.2.1",
        "DELETE www.example.com A 60 192.0.2.1,192.0.2.3",
        "DELETE www.example.com A alias alias.example.com",
    };
    for (size_t i = 0; i < ARRAY_LEN(differing); i++)
        assert_refused(differing[i],
                       "[Tried to delete resource record set [name='www.example.com.', type='A'] "
                       "but the values provided do not match the current values]");
    assert_int_equal(apply("DELETE www.example.com A 60 192.0.2.2,192.0.2.1\n"
                           "DELETE alias.example.com A alias WWW.example.com")
                         .count,
                     2);
}

static void changes_apply_in_order(void **state)
{
    (void)state;
    zone_has("- www.example.com. CNAME 60 a.example.net");
    struct r53_change_result r = apply("DELETE www.example.com CNAME 60 a.example.net\n"
                                       "CREATE www.example.com A 60 192.0.2.1\n"
                                       "CREATE new.example.com A 60 192.0.2.1\n"
                                       "DELETE new.example.com A 60 192.0.2.1");
    assert_int_equal(r.count, 2);
    assert_int_equal(r.changed[0]->sets.items_count, 1);
    assert_int_equal(r.changed[0]->sets.items[0].type, R53_TYPE_A);
    assert_int_equal(r.changed[1]->sets.items_count, 0);
    assert_refused("CREATE www.example.com A 60 192.0.2.1\n"
                   "DELETE www.example.com CNAME 60 a.example.net",
                   "[RRSet of type A with DNS name www.example.com. is not permitted because a "
                   "conflicting RRSet of type CNAME with the same DNS name already exists in zone "
                   "example.com.]");
}

static void upsert_replaces_or_creates(void **state)
{
    (void)state;
    zone_has("- www.example.com. A 60 192.0.2.1");
    struct r53_change_result r = apply("UPSERT www.example.com A 30 192.0.2.9\n"
                                       "UPSERT b.example.com A 30 192.0.2.9");
    assert_int_equal(r.changed[0]->sets.items_count, 1);
    assert_int_equal(r.changed[0]->sets.items[0].ttl, 30);
    assert_int_equal(r.changed[0]->count_before, 1);
    assert_int_equal(r.changed[1]->sets.items_count, 1);
}

static void all_findings_are_in_one_message(void **state)
{
    (void)state;
    assert_refused("CREATE a.example.com A 60 nope\n"
                   "CREATE b.example.net A 60 192.0.2.1\n"
                   "DELETE c.example.com A 60 192.0.2.1",
                   "[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is "
                   "not a valid IPv4 address) encountered with 'nope'', "
                   "RRSet with DNS name b.example.net. is not permitted in zone example.com., "
                   "Tried to delete resource record set [name='c.example.com.', type='A'] but it "
                   "was not found]");
}

static void a_cname_stands_alone_and_not_at_the_apex(void **state)
{
    (void)state;
    zone_has("- www.example.com. A 60 192.0.2.1");
    assert_refused("UPSERT www.example.com CNAME 60 a.example.net",
                   "[RRSet of type CNAME with DNS name www.example.com. is not permitted because a "
                   "conflicting RRSet of type A with the same DNS name already exists in zone "
                   "example.com.]");
    assert_refused("CREATE example.com CNAME 60 a.example.net",
                   "[RRSet of type CNAME with DNS name example.com. is not permitted at apex in "
                   "zone example.com.] At the apex of a zone, create an alias record (AliasTarget) "
                   "of type A or AAAA instead: an ALIAS answers in place of a CNAME and is allowed "
                   "there.");
    assert_refused(
        "CREATE b.example.com CNAME 60 a.example.net,b.example.net",
        "[RRSet of type CNAME with DNS name b.example.com. cannot have more than one record in "
        "zone example.com.]");
}

static void the_apex_keeps_its_soa_and_ns(void **state)
{
    (void)state;
    zone_has("- example.com. NS 60 ns-1.weir.test.");
    zone_has("- example.com. SOA 60 a. b. 1 2 3 4 5");
    assert_refused("DELETE example.com NS 60 ns-1.weir.test\n"
                   "DELETE example.com SOA 60 a. b. 1 2 3 4 5",
                   "[A HostedZone must contain exactly one SOA record., A HostedZone must contain "
                   "at least one NS record for the zone itself.]");
    assert_int_equal(apply("DELETE example.com NS 60 ns-1.weir.test\n"
                           "CREATE example.com NS 60 ns-2.weir.test\n"
                           "UPSERT example.com A 60 192.0.2.1")
                         .count,
                     1);
    assert_refused("CREATE a.example.com SOA 60 a. b. 1 2 3 4 5",
                   "[RRSet of type SOA with DNS name a.example.com. is not permitted in zone "
                   "example.com.]");
}

static void aliases_need_their_target(void **state)
{
    (void)state;
    zone_has("- example.com. NS 60 ns-1.weir.test.");
    zone_has("- example.com. SOA 60 a. b. 1 2 3 4 5");
    zone_has("- www.example.com. A 60 192.0.2.1");
    assert_int_equal(apply("CREATE example.com A alias www.example.com").count, 1);
    assert_int_equal(apply("CREATE example.com AAAA alias b.example.com\n"
                           "CREATE b.example.com AAAA 60 2001:db8::1")
                         .count,
                     2);
    assert_refused("CREATE example.com AAAA alias www.example.com",
                   "[Tried to create an alias that targets www.example.com., type AAAA in zone Z1, "
                   "but that target was not found]");
    assert_refused("CREATE example.com A alias a.example.net",
                   "[Tried to create an alias that targets a.example.net., type A in zone Z1, but "
                   "the alias target name does not lie within the target zone, Tried to create an "
                   "alias that targets a.example.net., type A in zone Z1, but that target was not "
                   "found]");
    assert_refused("CREATE n.example.com NS alias www.example.com",
                   "[RRSet of type NS with DNS name n.example.com. cannot be an alias in zone "
                   "example.com.]");
}

static void aliases_lead_to_distributions_from_any_zone(void **state)
{
    (void)state;
    zone_has("- example.com. NS 60 ns-1.weir.test.");
    zone_has("- example.com. SOA 60 a. b. 1 2 3 4 5");
    struct r53_change_result result = apply("CREATE example.com A cdn E123.cdn.test\n"
                                            "CREATE example.com AAAA cdn e123.cdn.test.\n"
                                            "CREATE www.example.com A alias example.com");
    assert_int_equal(result.count, 2);
    const struct r53_alias_target *target = result.changed[0]->sets.items[0].alias_target;
    assert_string_equal(target->hosted_zone_id, "Z2FDTNDATAQYW2"); /* as it was sent */
    assert_string_equal(target->dns_name, "e123.cdn.test.");
    struct r53_wire_set wire;
    assert_int_equal(r53_set_to_wire(&arena, &result.changed[0]->sets.items[0], &wire, NULL),
                     ERR_OK);
    assert_string_equal(wire.alias_zone_id, R53_CDN_ZONE_ID);
}

static void aliases_lead_to_names_that_are_none_of_ours(void **state)
{
    (void)state;
    zone_has("- example.com. NS 60 ns-1.weir.test.");
    zone_has("- example.com. SOA 60 a. b. 1 2 3 4 5");
    struct r53_change_result result = apply("CREATE example.com A outside LB.example.net\n"
                                            "CREATE www.example.com A alias example.com");
    assert_int_equal(result.count, 2);
    const struct r53_alias_target *target = result.changed[0]->sets.items[0].alias_target;
    assert_string_equal(target->hosted_zone_id, LOAD_BALANCERS_ZONE_ID); /* as it was sent */
    assert_string_equal(target->dns_name, "lb.example.net.");
    struct r53_wire_set wire;
    assert_int_equal(r53_set_to_wire(&arena, &result.changed[0]->sets.items[0], &wire, NULL),
                     ERR_OK);
    assert_true(wire.alias_is_outside);
    assert_refused("CREATE a.example.com TXT outside lb.example.net",
                   "[Tried to create an alias that targets lb.example.net., type TXT in zone "
                   "Z35SXDOTRQ7X7K, but that target can have types A and AAAA alone]");
    assert_refused("CREATE a.example.com A outside b.example.com",
                   "[Tried to create an alias that targets b.example.com., type A in zone "
                   "Z35SXDOTRQ7X7K, but the alias target name does not lie within the target "
                   "zone]");
}

static void zone_ids_that_cannot_be_ours_are_outside(void **state)
{
    (void)state;
    static const uint8_t random[16] = {1, 2, 3};
    char ours[R53_ID_SIZE];
    r53_id_make(R53_ID_ZONE, random, ours);
    assert_false(r53_zone_id_is_outside(ours));
    assert_false(r53_zone_id_is_outside(R53_CDN_ZONE_ID));
    assert_false(r53_zone_id_is_outside("0123456789abcdef0123456789abcdef")); /* traffic rules */
    assert_false(r53_zone_id_is_outside(""));
    assert_true(r53_zone_id_is_outside(R53_OUTSIDE_ZONE_ID));
    assert_true(r53_zone_id_is_outside("ZHURV8PSTC4K8"));
    assert_true(r53_zone_id_is_outside("Z3AQBSTGFAJSTF"));
}

static void aliases_to_distributions_need_one_and_no_health(void **state)
{
    (void)state;
    zone_has("- example.com. NS 60 ns-1.weir.test.");
    zone_has("- example.com. SOA 60 a. b. 1 2 3 4 5");
    assert_refused("CREATE example.com A cdn e124.cdn.test",
                   "[Tried to create an alias that targets e124.cdn.test., type A in zone "
                   "Z2FDTNDATAQYW2, but that target was not found]");
    assert_refused("CREATE example.com A cdn pops.cdn.test",
                   "[Tried to create an alias that targets pops.cdn.test., type A in zone "
                   "Z2FDTNDATAQYW2, but that target was not found]");
    assert_refused("CREATE example.com TXT cdn e123.cdn.test",
                   "[Tried to create an alias that targets e123.cdn.test., type TXT in zone "
                   "Z2FDTNDATAQYW2, but that target was not found]");
    assert_refused("CREATE example.com A cdn d111111abcdef8.cloudfront.net",
                   "[Tried to create an alias that targets d111111abcdef8.cloudfront.net., type A "
                   "in zone Z2FDTNDATAQYW2, but the alias target name does not lie within the "
                   "target zone]");
    struct r53_change_batch batch = batch_of("CREATE example.com A cdn e123.cdn.test");
    batch.changes[0].resource_record_set->alias_target->evaluate_target_health = true;
    struct r53_change_result result;
    const char *message;
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    assert_string_equal(message, "[You can't set EvaluateTargetHealth to true when the alias "
                                 "target is a CloudFront distribution]");
}

static void an_alias_is_deleted_by_its_own_zone_id_alone(void **state)
{
    (void)state;
    zone_has("- w.example.com. A cdn e123.cdn.test.");
    assert_refused("DELETE w.example.com A alias e123.cdn.test",
                   "[Tried to delete resource record set [name='w.example.com.', type='A'] but the "
                   "values provided do not match the current values]");
    assert_int_equal(apply("DELETE w.example.com A cdn e123.cdn.test").count, 1);
}

static void alias_loops_are_refused(void **state)
{
    (void)state;
    zone_has("- b.example.com. A alias a.example.com.");
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of("CREATE a.example.com A alias b.example.com");
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    assert_non_null(strstr(message, "leads back to the alias"));
}

static void members_that_do_not_go_together_are_invalid_input(void **state)
{
    (void)state;
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of("CREATE a.example.com A 60 192.0.2.1");
    struct r53_record_set *set = batch.changes[0].resource_record_set;
    set->has_ttl = false;
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidInput);
    assert_string_equal(message,
                        "Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and "
                        "ResourceRecords], or TrafficPolicyInstanceId], but found none in Change "
                        "with [Action=CREATE, Name=a.example.com, Type=A, SetIdentifier=null]");
    struct r53_alias_target target = {.hosted_zone_id = ZONE_ID, .dns_name = "b.example.com"};
    set->alias_target = &target;
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidInput);
    assert_non_null(strstr(message, "but found more than one in"));
}

/* The message where an alias of a.example.com is created to a name in a zone; "" where it is. */
static const char *alias_into(const char *zone_id, const char *name)
{
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of("CREATE a.example.com A alias x.example.com");
    batch.changes[0].resource_record_set->alias_target->hosted_zone_id = zone_id;
    batch.changes[0].resource_record_set->alias_target->dns_name = name;
    (void)apply_batch(&batch, &result, &message);
    return message;
}

static void an_alias_may_lead_into_another_zone(void **state)
{
    (void)state;
#define TRIED(name, zone)                                                                          \
    "[Tried to create an alias that targets " name ", type A in zone " zone ", but "
    assert_string_equal(alias_into(OTHER_ID, "www.other.test"), "");
    assert_string_equal(alias_into(OTHER_ID, "no.other.test"),
                        TRIED("no.other.test.", OTHER_ID) "that target was not found]");
    assert_string_equal(alias_into("Z2", "www.other.test"),
                        TRIED("www.other.test.", "Z2") "that hosted zone was not found]");
    assert_non_null(strstr(alias_into(OTHER_ID, "www.elsewhere.test"),
                           "the alias target name does not lie within the target zone"));
    assert_non_null(
        strstr(alias_into(OTHER_ID, "back.other.test"), "that target leads back to the alias"));
}

static void a_ds_stands_at_a_delegation(void **state)
{
    (void)state;
    assert_refused("CREATE example.com DS 60 1 8 200 00",
                   "[RRSet of type DS with DNS name example.com. is not permitted at apex in zone "
                   "example.com.]");
}

static void a_type_by_number_is_that_of_its_name(void **state)
{
    (void)state;
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of("CREATE a.example.com A 60 192.0.2.1");
    batch.changes[0].resource_record_set->type = R53_TYPE_NUMBERED + 1;
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_OK);
    assert_int_equal(result.changed[0]->sets.items[0].type, R53_TYPE_A);
    assert_refused("CREATE a.example.com TYPE65280 60 192.0.2.1",
                   "[Invalid Resource Record: 'FATAL problem: GenericRDATAIllegalForm (Value is "
                   "not of the form \\# LENGTH HEXADECIMAL) encountered with '192.0.2.1'']");
    batch = batch_of("CREATE a.example.com A 60 \\#");
    batch.changes[0].resource_record_set->type = R53_TYPE_NUMBERED + 65280;
    batch.changes[0].resource_record_set->resource_records[0].value = "\\# 4 0A000001";
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_OK);
    assert_string_equal(r53_rr_type_text(&arena, result.changed[0]->sets.items[0].type),
                        "TYPE65280");
}

static void values_stand_once(void **state)
{
    (void)state;
    assert_refused("CREATE a.example.com AAAA 60 2001:db8::1,2001:DB8:0::1",
                   "[Duplicate Resource Record: '2001:DB8:0::1']");
}

static void names_are_checked(void **state)
{
    (void)state;
    assert_refused("CREATE a..example.com A 60 192.0.2.1",
                   "[FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with "
                   "'a..example.com']");
    assert_refused("CREATE *.example.com NS 60 ns.example.net",
                   "[RRSet of type NS with DNS name \\052.example.com. is not permitted as a "
                   "wildcard in zone example.com.]");
}

/* A batch of `count` sets of one value each. */
static struct r53_change_batch batch_of_many(const char *action, size_t count, size_t value_len)
{
    char *value = arena_alloc(&arena, value_len + 1);
    memset(value, '"', value_len);
    memset(value + 1, 'x', value_len - 2);
    struct r53_change_batch batch = {.changes_count = count};
    batch.changes = arena_array(&arena, count, sizeof(*batch.changes));
    for (size_t i = 0; i < count; i++) {
        char *line = arena_printf(&arena, "%s n%zu.example.com TXT 1 %s", action, i, value);
        batch.changes[i].resource_record_set = ARENA_NEW(&arena, struct r53_record_set);
        batch.changes[i].action = read_line(line, batch.changes[i].resource_record_set);
    }
    return batch;
}

static void batches_have_limits_and_upsert_counts_twice(void **state)
{
    (void)state;
    struct r53_change_result result;
    const char *message;
    struct r53_change_batch batch = batch_of_many("CREATE", 1000, 32);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_OK);
    batch = batch_of_many("CREATE", 1001, 3);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    assert_string_equal(message, "[Number of records limit of 1000 exceeded.]");
    batch = batch_of_many("UPSERT", 501, 3);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    batch = batch_of_many("UPSERT", 500, 32);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_OK);
    batch = batch_of_many("CREATE", 1000, 33);
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InvalidChangeBatch);
    assert_string_equal(message, "[Number of characters limit of 32000 exceeded.]");
}

static void a_store_that_fails_is_no_finding(void **state)
{
    (void)state;
    struct r53_change_result result;
    const char *message;
    zone.is_broken = true;
    struct r53_change_batch batch = batch_of("CREATE a.example.com A 60 192.0.2.1");
    assert_int_equal(apply_batch(&batch, &result, &message), AWS_InternalFailure);
}

static void stored_sets_read_back_and_become_wire_form(void **state)
{
    (void)state;
    struct r53_change_result r = apply("CREATE m.example.com MX 60 10 Mail.example.com\n"
                                       "CREATE m.example.com A alias n.example.com\n"
                                       "CREATE n.example.com A 60 192.0.2.1");
    struct slice text = r53_sets_encode(&arena, &r.changed[0]->sets);
    struct r53_sets sets;
    struct errctx ec = {0};
    assert_int_equal(r53_sets_decode(&arena, text, &sets, &ec), ERR_OK);
    assert_int_equal(sets.items_count, 2);
    struct r53_wire_set wire;
    assert_int_equal(r53_set_to_wire(&arena, &sets.items[0], &wire, &ec), ERR_OK);
    assert_true(wire.is_alias);
    assert_string_equal(wire.alias_zone_id, ZONE_ID);
    assert_true(slice_equal(dns_name_slice(&wire.alias_name), SLICE_LIT("\1n\7example\3com\0")));
    assert_int_equal(r53_set_to_wire(&arena, &sets.items[1], &wire, &ec), ERR_OK);
    assert_int_equal(wire.type, DNS_TYPE_MX);
    assert_int_equal(wire.ttl_s, 60);
    assert_true(slice_equal(wire.rdata[0], SLICE_LIT("\0\12\4mail\7example\3com\0")));
    assert_int_equal(r53_sets_decode(&arena, SLICE_LIT("<No/>"), &sets, &ec), ERR_CORRUPT);
}

static void a_new_zone_has_the_default_soa_and_ns(void **state)
{
    (void)state;
    const char *const servers[4] = {"ns-1.weir.test.", "ns-2.weir.test.", "ns-3.weir.test.",
                                    "ns-4.weir.test."};
    struct r53_sets sets;
    r53_default_sets(&arena, "example.com.", servers, "weir.test", &sets);
    assert_int_equal(sets.items_count, 2);
    assert_int_equal(sets.items[0].type, R53_TYPE_NS);
    assert_int_equal(sets.items[0].ttl, 172800);
    assert_string_equal(sets.items[0].resource_records[3].value, "ns-4.weir.test.");
    assert_int_equal(sets.items[1].ttl, 900);
    assert_string_equal(sets.items[1].resource_records[0].value,
                        "ns-1.weir.test. hostmaster.weir.test. 1 7200 900 1209600 86400");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(what_is_created_is_there_in_normal_form),
        TEST(creating_what_exists_is_refused),
        TEST(deleting_wants_what_is_there),
        TEST(changes_apply_in_order),
        TEST(upsert_replaces_or_creates),
        TEST(all_findings_are_in_one_message),
        TEST(a_cname_stands_alone_and_not_at_the_apex),
        TEST(the_apex_keeps_its_soa_and_ns),
        TEST(aliases_need_their_target),
        TEST(aliases_lead_to_distributions_from_any_zone),
        TEST(aliases_lead_to_names_that_are_none_of_ours),
        TEST(zone_ids_that_cannot_be_ours_are_outside),
        TEST(aliases_to_distributions_need_one_and_no_health),
        TEST(an_alias_is_deleted_by_its_own_zone_id_alone),
        TEST(alias_loops_are_refused),
        TEST(members_that_do_not_go_together_are_invalid_input),
        TEST(a_ds_stands_at_a_delegation),
        TEST(an_alias_may_lead_into_another_zone),
        TEST(a_type_by_number_is_that_of_its_name),
        TEST(values_stand_once),
        TEST(names_are_checked),
        TEST(batches_have_limits_and_upsert_counts_twice),
        TEST(a_store_that_fails_is_no_finding),
        TEST(stored_sets_read_back_and_become_wire_form),
        TEST(a_new_zone_has_the_default_soa_and_ns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
