// SPDX-License-Identifier: Apache-2.0
// CIDR collections through the API: versions, listings by page, and what keeps a delete away.
#include "aws/r53_cidr.h"
#include "control/api/cidr_priv.h"
#include "control/store/cidr.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ROOT "/2013-04-01/cidrcollection"

static const char *create(struct fixture *f, const char *name, const char *reference,
                          unsigned status)
{
    const char *body = arena_printf(&f->arena,
                                    "<CreateCidrCollectionRequest><Name>%s</Name><CallerReference>"
                                    "%s</CallerReference></CreateCidrCollectionRequest>",
                                    name, reference);
    return fixture_post(f, ROOT, body, status);
}

static const char *path_of(struct fixture *f, const char *id, const char *rest)
{
    return arena_printf(&f->arena, ROOT "/%s%s", id, rest);
}

/* One change of a location; `version` may be "". */
static const char *change(struct fixture *f, const char *id, const char *version,
                          const char *members, unsigned status)
{
    const char *body = arena_printf(&f->arena,
                                    "<ChangeCidrCollectionRequest>%s<Changes>%s</Changes>"
                                    "</ChangeCidrCollectionRequest>",
                                    version, members);
    return fixture_post(f, path_of(f, id, ""), body, status);
}

static const char *member(struct fixture *f, const char *location, const char *action,
                          const char *block)
{
    return arena_printf(&f->arena,
                        "<member><LocationName>%s</LocationName><Action>%s</Action><CidrList><Cidr>"
                        "%s</Cidr></CidrList></member>",
                        location, action, block);
}

static const char *remove_it(struct fixture *f, const char *id, unsigned status)
{
    const struct fixture_call call = {.method = "DELETE", .path = path_of(f, id, "")};
    struct api_answer answer = fixture_run(f, &call);
    const char *text = arena_str(&f->arena, answer.output.body);
    if (answer.output.status != status)
        fail_msg("%u: %s", answer.output.status, text);
    return text;
}

static void a_collection_is_made_once_for_a_reference(void **state)
{
    struct fixture *f = *state;
    const char *xml = create(f, "offices", "r", 201);
    const char *id = fixture_element(f, xml, "Id");
    assert_int_equal(strlen(id), 36);
    assert_holds(xml,
                 arena_printf(&f->arena, "<Arn>arn:aws:route53:::cidrcollection/%s</Arn>", id));
    assert_holds(xml, "<Name>offices</Name><Version>1</Version>");
    assert_string_equal(fixture_element(f, create(f, "offices", "r", 201), "Id"), id);
    assert_holds(create(f, "offices", "other", 400), "CidrCollectionAlreadyExistsException");
    assert_holds(create(f, "of.fices", "r2", 400), "InvalidInput");
}

static void changes_count_versions_and_can_be_waited_for(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "offices", "r", 201), "Id");
    const char *put = member(f, "zurich", "PUT", "192.0.2.0/24");
    const char *xml = change(f, id, "<CollectionVersion>1</CollectionVersion>", put, 200);
    const char *change_path =
        arena_printf(&f->arena, "/2013-04-01%s", fixture_element(f, xml, "Id"));
    assert_holds(fixture_get(f, change_path, NULL, 200), "<Status>PENDING</Status>");
    assert_holds(change(f, id, "<CollectionVersion>1</CollectionVersion>", put, 409),
                 "CidrCollectionVersionMismatchException");
    change(f, id, "", member(f, "geneva", "PUT", "2001:db8::/32"), 200);
    assert_holds(fixture_get(f, ROOT, NULL, 200), "<Version>3</Version>");
    assert_holds(change(f, id, "", member(f, "bern", "PUT", "192.0.2.0/24"), 400),
                 "CidrBlockInUseException");
    assert_holds(change(f, "00000000-0000-4000-8000-000000000000", "", put, 404),
                 "NoSuchCidrCollectionException");
    assert_holds(change(f, id, "", member(f, "bern", "PUT", "192.0.2.9/24"), 400), "InvalidInput");
    assert_holds(fixture_get(f, ROOT, NULL, 200), "<Version>3</Version>");
}

static void listings_go_on_behind_their_token(void **state)
{
    struct fixture *f = *state;
    create(f, "one", "1", 201);
    const char *id = fixture_element(f, create(f, "two", "2", 201), "Id");
    const char *xml = fixture_get(f, ROOT, "maxresults=1", 200);
    const char *next = fixture_element(f, xml, "NextToken");
    xml = fixture_get(f, ROOT, arena_printf(&f->arena, "maxresults=1&nexttoken=%s", next), 200);
    assert_null(strstr(xml, "NextToken"));
    assert_holds(fixture_get(f, ROOT, "maxresults=0", 400), "InvalidInput");
    change(f, id, "",
           arena_printf(&f->arena, "%s%s%s", member(f, "b", "PUT", "10.0.0.0/8"),
                        member(f, "a", "PUT", "11.0.0.0/8"), member(f, "b", "PUT", "9.0.0.0/8")),
           200);
    xml = fixture_get(f, path_of(f, id, ""), "maxresults=1", 200);
    assert_holds(xml, "<LocationName>a</LocationName>");
    assert_string_equal(fixture_element(f, xml, "NextToken"), "a");
    xml = fixture_get(f, path_of(f, id, ""), "maxresults=1&nexttoken=a", 200);
    assert_holds(xml, "<LocationName>b</LocationName>");
    assert_null(strstr(xml, "NextToken"));
    xml = fixture_get(f, path_of(f, id, "/cidrblocks"), "maxresults=2", 200);
    assert_holds(xml, "<CidrBlock>11.0.0.0/8</CidrBlock><LocationName>a</LocationName>");
    assert_holds(xml, "<CidrBlock>9.0.0.0/8</CidrBlock><LocationName>b</LocationName>");
    assert_string_equal(fixture_element(f, xml, "NextToken"), "b 9.0.0.0/8");
    xml = fixture_get(f, path_of(f, id, "/cidrblocks"), "nexttoken=b%209.0.0.0%2F8", 200);
    assert_string_equal(fixture_element(f, xml, "CidrBlock"), "10.0.0.0/8");
    assert_null(strstr(xml, "NextToken"));
    xml = fixture_get(f, path_of(f, id, "/cidrblocks"), "location=a", 200);
    assert_null(strstr(xml, "10.0.0.0"));
    assert_holds(fixture_get(f, path_of(f, id, "/cidrblocks"), "location=c", 404),
                 "NoSuchCidrLocationException");
    assert_holds(fixture_get(f, path_of(f, id, "/cidrblocks"), "nexttoken=b", 400), "InvalidInput");
    assert_holds(fixture_get(f, path_of(f, "x", "/cidrblocks"), NULL, 404),
                 "NoSuchCidrCollectionException");
}

/* As a change batch notes it; NULL: the name uses nothing. */
static void note_use(struct fixture *f, const char *id, const char *location)
{
    struct api_call call = {.arena = &f->arena, .conn = f->conn, .account_id = FIXTURE_ACCOUNT};
    struct r53_cidr_routing_config config = {.collection_id = id, .location_name = location};
    struct r53_record_set set = {.name = "www.one.test.", .type = R53_TYPE_A};
    set.cidr_routing_config = location == NULL ? NULL : &config;
    struct r53_record_set sets[] = {set, set};
    struct r53_owner owner = {.sort_key = SLICE_LIT("test.one.www."),
                              .sets = {.has_items = true, .items = sets, .items_count = 2}};
    struct errctx ec = {0};
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(cidr_note_uses(&call, "Z1", &owner, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
}

static void what_is_used_stays(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "offices", "r", 201), "Id");
    change(f, id, "", member(f, "zurich", "PUT", "10.0.0.0/8"), 200);
    assert_holds(remove_it(f, id, 400), "CidrCollectionInUseException");
    note_use(f, id, "zurich");
    const char *gone = member(f, "zurich", "DELETE_IF_EXISTS", "10.0.0.0/8");
    assert_holds(change(f, id, "", gone, 400), "a record set of the hosted zone Z1 uses it");
    note_use(f, id, R53_CIDR_DEFAULT_LOCATION);
    change(f, id, "", gone, 200);
    assert_holds(remove_it(f, id, 400), "in use by a record set of the hosted zone Z1");
    note_use(f, id, NULL);
    remove_it(f, id, 200);
    assert_holds(remove_it(f, id, 404), "NoSuchCidrCollectionException");
    create(f, "offices", "r", 201);
}

static void batches_find_collections_and_locations(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "offices", "r", 201), "Id");
    change(f, id, "", member(f, "zurich", "PUT", "10.0.0.0/8"), 200);
    struct api_call call = {.arena = &f->arena, .conn = f->conn, .account_id = FIXTURE_ACCOUNT};
    const struct {
        struct r53_cidr_routing_config config;
        enum r53_cidr_finding finding;
    } looks[] = {
        {{id, "zurich"}, R53_CIDR_FOUND},
        {{id, "bern"}, R53_CIDR_NO_LOCATION},
        {{id, "*"}, R53_CIDR_FOUND},
        {{"00000000-0000-4000-8000-000000000000", "*"}, R53_CIDR_NO_COLLECTION},
    };
    struct cidr_lookup lookup;
    cidr_lookup_init(&lookup, &call);
    for (size_t i = 0; i < ARRAY_LEN(looks); i++) {
        enum r53_cidr_finding finding;
        assert_int_equal(cidr_lookup_find(&lookup, &looks[i].config, &finding, NULL), ERR_OK);
        assert_int_equal(finding, looks[i].finding);
    }
    cidr_lookup_fini(&lookup);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_collection_is_made_once_for_a_reference),
        TEST(changes_count_versions_and_can_be_waited_for),
        TEST(listings_go_on_behind_their_token),
        TEST(what_is_used_stays),
        TEST(batches_find_collections_and_locations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
