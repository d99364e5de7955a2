// SPDX-License-Identifier: Apache-2.0
// Calls of CloudFront's operations from signature to answer over a real store.
#include "aws/cf_distribution.h"
#include "aws/r53_ids.h"
#include "aws/r53_sets.h"
#include "control/store/invalidations.h"
#include "control/store/objects.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define DISTRIBUTIONS "/2020-05-31/distribution"
#define TAGGING "/2020-05-31/tagging"

static const char *config(struct fixture *f, const char *reference, const char *enabled,
                          const char *rest)
{
    return arena_printf(
        &f->arena,
        "<DistributionConfig><CallerReference>%s</CallerReference><Origins><Quantity>1</Quantity>"
        "<Items><Origin><Id>o</Id><DomainName>origin.example</DomainName><CustomOriginConfig>"
        "<HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>"
        "<OriginProtocolPolicy>http-only</OriginProtocolPolicy></CustomOriginConfig></Origin>"
        "</Items></Origins><DefaultCacheBehavior><TargetOriginId>o</TargetOriginId>"
        "<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>"
        "<CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>"
        "</DefaultCacheBehavior><Comment>c</Comment><Enabled>%s</Enabled>%s"
        "</DistributionConfig>",
        reference, enabled, rest);
}

static const char *aliases(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena,
                        "<Aliases><Quantity>1</Quantity><Items><CNAME>%s</CNAME></Items></Aliases>",
                        name);
}

static const char *create(struct fixture *f, const char *reference)
{
    const char *xml = fixture_post(f, DISTRIBUTIONS, config(f, reference, "true", ""), 201);
    return fixture_element(f, xml, "Id");
}

static const char *header(const struct api_answer *answer, struct fixture *f, const char *name)
{
    for (size_t i = 0; i < answer->output.header_count; i++)
        if (slice_equal(answer->output.headers[i].name, slice_str(name)))
            return arena_str(&f->arena, answer->output.headers[i].value);
    fail_msg("no header %s", name);
    return NULL;
}

static const char *path_of(struct fixture *f, const char *id, const char *rest)
{
    return arena_printf(&f->arena, DISTRIBUTIONS "/%s%s", id, rest);
}

static const char *etag_of(struct fixture *f, const char *id)
{
    struct fixture_call get = {.method = "GET", .path = path_of(f, id, "")};
    struct api_answer answer = fixture_run(f, &get);
    assert_int_equal(answer.output.status, 200);
    return header(&answer, f, "ETag");
}

/* Runs it, asserts the status and, where it is not 2xx, the code. */
static struct api_answer call(struct fixture *f, const struct fixture_call *call, unsigned status,
                              const char *code)
{
    struct api_answer answer = fixture_run(f, call);
    const char *text = arena_str(&f->arena, answer.output.body);
    if (answer.output.status != status)
        fail_msg("%s %s: %u, %s", call->method, call->path, answer.output.status, text);
    if (code != NULL)
        assert_string_equal(fixture_element(f, text, "Code"), code);
    return answer;
}

static void deploy_all(struct fixture *f)
{
    struct errctx ec = {0};
    struct store_insync insync = {.upto = {0, INT64_MAX, INT64_MAX, INT64_MAX}};
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_change_set_insync(f->conn, &insync, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
}

static void a_distribution_is_made_and_shown(void **state)
{
    struct fixture *f = *state;
    struct fixture_call post = {
        .method = "POST", .path = DISTRIBUTIONS, .body = config(f, "r", "true", "")};
    struct api_answer answer = call(f, &post, 201, NULL);
    const char *xml = arena_str(&f->arena, answer.output.body);
    const char *id = fixture_element(f, xml, "Id");
    assert_int_equal(strlen(id), 14);
    assert_int_equal(id[0], 'E');
    assert_string_equal(header(&answer, f, "ETag"), etag_of(f, id));
    assert_string_equal(
        header(&answer, f, "Location"),
        arena_printf(&f->arena, "http://127.0.0.1:5380/2020-05-31/distribution/%s", id));
    assert_holds(xml, "<Distribution xmlns=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">");
    assert_string_equal(
        fixture_element(f, xml, "ARN"),
        arena_printf(&f->arena, "arn:aws:cloudfront::" FIXTURE_ACCOUNT ":distribution/%s", id));
    assert_string_equal(fixture_element(f, xml, "Status"), "InProgress");
    assert_string_equal(fixture_element(f, xml, "InProgressInvalidationBatches"), "0");
    assert_holds(xml, "<ActiveTrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity>"
                      "</ActiveTrustedSigners>");
    assert_holds(fixture_get(f, path_of(f, id, ""), "", 200), "<Comment>c</Comment>");
    const char *shown = fixture_get(f, path_of(f, id, "/config"), "", 200);
    assert_holds(shown, "<PriceClass>PriceClass_All</PriceClass>");
    assert_null(strstr(shown, "MinTTL"));
    deploy_all(f);
    assert_holds(fixture_get(f, path_of(f, id, ""), "", 200), "<Status>Deployed</Status>");
}

static void a_distribution_is_an_object_and_a_name(void **state)
{
    struct fixture *f = *state;
    struct errctx ec = {0};
    const char *xml = fixture_post(
        f, DISTRIBUTIONS, config(f, "r", "true", "<IsIPV6Enabled>true</IsIPV6Enabled>"), 201);
    const char *id = fixture_element(f, xml, "Id");
    const char *domain = fixture_element(f, xml, "DomainName");
    struct store_object object;
    struct store_object which = {.kind = STORE_DISTRIBUTION, .group = id};
    struct cf_distribution_body body;
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, &ec), ERR_OK);
    assert_int_equal(cf_distribution_body_decode(&f->arena, object.body, &body, &ec), ERR_OK);
    assert_string_equal(body.domain_name, domain);
    assert_int_equal(body.config->origins->items[0].connection_attempts, 3);
    struct dns_name name;
    assert_int_equal(dns_name_parse(slice_str(domain), &name, &ec), ERR_OK);
    which = (struct store_object){.kind = STORE_NAME,
                                  .group = R53_CDN_ZONE_ID,
                                  .member = dns_name_sort_key(&f->arena, dns_name_slice(&name))};
    struct r53_sets sets;
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, &ec), ERR_OK);
    assert_int_equal(r53_sets_decode(&f->arena, object.body, &sets, &ec), ERR_OK);
    assert_int_equal(sets.items_count, 2);
    assert_int_equal(sets.items[1].type, R53_TYPE_AAAA);
    assert_string_equal(sets.items[0].alias_target->dns_name, "pops.cdn.weir.test.");
}

static void a_caller_reference_makes_one_distribution(void **state)
{
    struct fixture *f = *state;
    create(f, "r");
    struct fixture_call post = {
        .method = "POST", .path = DISTRIBUTIONS, .body = config(f, "r", "true", "")};
    call(f, &post, 409, "DistributionAlreadyExists");
    post.body = NULL;
    call(f, &post, 400, "MissingBody");
    post.body = "<DistributionConfig><Enabled>true</Enabled></DistributionConfig>";
    call(f, &post, 400, "MalformedXML");
}

static void what_is_wrong_is_refused_with_its_code(void **state)
{
    struct fixture *f = *state;
    struct fixture_call post = {.method = "POST",
                                .path = DISTRIBUTIONS,
                                .body = config(f, "r", "true", "<WebACLId>acl</WebACLId>")};
    call(f, &post, 400, "InvalidWebACLId");
    post.body = config(f, "r", "true", aliases(f, "a.cdn.weir.test"));
    call(f, &post, 400, "InvalidArgument");
    create(f, "r"); /* what was refused used up no caller reference */
    struct fixture_call get = {.method = "GET", .path = DISTRIBUTIONS "/E0/config"};
    call(f, &get, 404, "NoSuchDistribution");
}

static void an_alternate_name_belongs_to_one_distribution(void **state)
{
    struct fixture *f = *state;
    const char *xml =
        fixture_post(f, DISTRIBUTIONS, config(f, "r1", "true", aliases(f, "WWW.example.com")), 201);
    assert_holds(xml, "<CNAME>WWW.example.com</CNAME>");
    assert_holds(xml, "<ICPRecordalStatus>APPROVED</ICPRecordalStatus>");
    struct fixture_call post = {.method = "POST",
                                .path = DISTRIBUTIONS,
                                .body = config(f, "r2", "true", aliases(f, "www.example.com"))};
    call(f, &post, 409, "CNAMEAlreadyExists");
    post.body = config(f, "r2", "true", aliases(f, "*.example.com"));
    call(f, &post, 201, NULL);
}

static void an_update_needs_the_newest_etag(void **state)
{
    struct fixture *f = *state;
    const char *id = create(f, "r");
    const char *first = etag_of(f, id);
    struct fixture_call put = {
        .method = "PUT", .path = path_of(f, id, "/config"), .body = config(f, "r", "false", "")};
    call(f, &put, 400, "InvalidIfMatchVersion");
    put.if_match = "ESTALE";
    call(f, &put, 412, "PreconditionFailed");
    put.if_match = first;
    deploy_all(f);
    struct api_answer answer = call(f, &put, 200, NULL);
    assert_string_not_equal(header(&answer, f, "ETag"), first);
    assert_holds(arena_str(&f->arena, answer.output.body), "<Status>InProgress</Status>");
    assert_holds(fixture_get(f, path_of(f, id, "/config"), "", 200), "<Enabled>false</Enabled>");
    call(f, &put, 412, "PreconditionFailed");
    put.if_match = etag_of(f, id);
    put.body = config(f, "other", "false", "");
    call(f, &put, 400, "IllegalUpdate");
    put.path = path_of(f, "E0", "/config");
    call(f, &put, 404, "NoSuchDistribution");
}

static void a_distribution_is_deleted_once_disabled_and_deployed(void **state)
{
    struct fixture *f = *state;
    const char *id = create(f, "r");
    struct fixture_call delete = {.method = "DELETE", .path = path_of(f, id, "")};
    call(f, &delete, 400, "InvalidIfMatchVersion");
    delete.if_match = etag_of(f, id);
    deploy_all(f);
    call(f, &delete, 409, "DistributionNotDisabled");
    struct fixture_call put = {.method = "PUT",
                               .path = path_of(f, id, "/config"),
                               .body = config(f, "r", "false", ""),
                               .if_match = delete.if_match};
    call(f, &put, 200, NULL);
    call(f, &delete, 412, "PreconditionFailed");
    delete.if_match = etag_of(f, id);
    call(f, &delete, 409, "DistributionNotDisabled"); /* still on its way */
    deploy_all(f);
    struct api_answer answer = call(f, &delete, 204, NULL);
    assert_int_equal(answer.output.body.len, 0);
    call(f, &delete, 404, "NoSuchDistribution");
    struct store_object object;
    struct store_object which = {.kind = STORE_DISTRIBUTION, .group = id};
    struct errctx ec = {0};
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, &ec), ERR_NOT_FOUND);
}

static void distributions_are_listed_by_pages(void **state)
{
    struct fixture *f = *state;
    const char *xml = fixture_get(f, DISTRIBUTIONS, "", 200);
    assert_holds(xml, "<Marker></Marker><MaxItems>100</MaxItems><IsTruncated>false</IsTruncated>"
                      "<Quantity>0</Quantity></DistributionList>");
    create(f, "r1");
    create(f, "r2");
    create(f, "r3");
    xml = fixture_get(f, DISTRIBUTIONS, "MaxItems=2", 200);
    assert_string_equal(fixture_element(f, xml, "IsTruncated"), "true");
    assert_string_equal(fixture_element(f, xml, "MaxItems"), "2");
    assert_holds(xml, "<WebACLId></WebACLId>");
    const char *next = fixture_element(f, xml, "NextMarker");
    xml = fixture_get(f, DISTRIBUTIONS, arena_printf(&f->arena, "Marker=%s", next), 200);
    assert_string_equal(fixture_element(f, xml, "Marker"), next);
    assert_string_equal(fixture_element(f, xml, "Quantity"), "1");
    assert_null(strstr(xml, "NextMarker"));
    assert_holds(fixture_get(f, DISTRIBUTIONS, "MaxItems=x", 400), "InvalidArgument");
}

/* ---- invalidations */

static const char *batch(struct fixture *f, const char *reference, const char *const *paths,
                         size_t count)
{
    const char *items = "";
    for (size_t i = 0; i < count; i++)
        items = arena_printf(&f->arena, "%s<Path>%s</Path>", items, paths[i]);
    return arena_printf(&f->arena,
                        "<InvalidationBatch><Paths><Quantity>%zu</Quantity><Items>%s</Items>"
                        "</Paths><CallerReference>%s</CallerReference></InvalidationBatch>",
                        count, items, reference);
}

static const char *const two_paths[] = {"/a", "/b*"};
static const char *const two_turned[] = {"/b*", "/a"};
static const char *const other_paths[] = {"/a", "/c*"};

static void an_invalidation_is_made_and_shown(void **state)
{
    struct fixture *f = *state;
    const char *id = create(f, "r");
    const char *path = path_of(f, id, "/invalidation");
    struct fixture_call post = {
        .method = "POST", .path = path, .body = batch(f, "i", two_paths, 2)};
    struct api_answer answer = call(f, &post, 201, NULL);
    const char *xml = arena_str(&f->arena, answer.output.body);
    const char *invalidation = fixture_element(f, xml, "Id");
    assert_int_equal(invalidation[0], 'I');
    assert_string_equal(fixture_element(f, xml, "Status"), "InProgress");
    assert_holds(xml, "<Paths><Quantity>2</Quantity><Items><Path>/a</Path><Path>/b*</Path></Items>"
                      "</Paths><CallerReference>i</CallerReference>");
    assert_holds(header(&answer, f, "Location"), invalidation);
    const char *one = arena_printf(&f->arena, "%s/%s", path, invalidation);
    assert_holds(fixture_get(f, one, "", 200), "<Path>/b*</Path>");
    assert_holds(fixture_get(f, path_of(f, id, ""), "", 200),
                 "<InProgressInvalidationBatches>1</InProgressInvalidationBatches>");
    struct errctx ec = {0};
    uint64_t changed;
    assert_int_equal(store_begin_write(f->conn, &ec), ERR_OK);
    assert_int_equal(store_invalidation_complete(f->conn, 1, &changed, &ec), ERR_OK);
    assert_int_equal(store_commit(f->conn, &ec), ERR_OK);
    assert_holds(fixture_get(f, one, "", 200), "<Status>Completed</Status>");
    assert_holds(fixture_get(f, path, "", 200), "<Status>Completed</Status>");
    assert_holds(fixture_get(f, path_of(f, id, "/invalidation/I0"), "", 404), "NoSuchInvalidation");
    assert_holds(fixture_get(f, path_of(f, "E0", "/invalidation"), "", 404), "NoSuchDistribution");
}

static void a_repeated_invalidation_is_the_first_one(void **state)
{
    struct fixture *f = *state;
    const char *path = path_of(f, create(f, "r"), "/invalidation");
    const char *first =
        fixture_element(f, fixture_post(f, path, batch(f, "i", two_paths, 2), 201), "Id");
    const char *again =
        fixture_element(f, fixture_post(f, path, batch(f, "i", two_turned, 2), 201), "Id");
    assert_string_equal(first, again);
    assert_holds(fixture_post(f, path, batch(f, "i", other_paths, 2), 409),
                 "InvalidationBatchAlreadyExists");
    assert_string_equal(fixture_element(f, fixture_get(f, path, "", 200), "Quantity"), "1");
}

static void wildcards_in_progress_are_limited(void **state)
{
    struct fixture *f = *state;
    const char *path = path_of(f, create(f, "r"), "/invalidation");
    const char *paths[16];
    for (size_t i = 0; i < ARRAY_LEN(paths); i++)
        paths[i] = arena_printf(&f->arena, "/%zu/*", i);
    assert_holds(fixture_post(f, path, batch(f, "i0", paths, 16), 413), "BatchTooLarge");
    fixture_post(f, path, batch(f, "i1", paths, 15), 201);
    assert_holds(fixture_post(f, path, batch(f, "i2", two_paths, 2), 400),
                 "TooManyInvalidationsInProgress");
    fixture_post(f, path, batch(f, "i3", two_paths, 1), 201);
}

static void invalidations_are_listed_newest_first(void **state)
{
    struct fixture *f = *state;
    const char *path = path_of(f, create(f, "r"), "/invalidation");
    const char *ids[3];
    for (size_t i = 0; i < 3; i++) {
        const char *reference = arena_printf(&f->arena, "i%zu", i);
        ids[i] =
            fixture_element(f, fixture_post(f, path, batch(f, reference, two_paths, 1), 201), "Id");
    }
    const char *xml = fixture_get(f, path, "MaxItems=2", 200);
    assert_string_equal(fixture_element(f, xml, "Id"), ids[2]);
    assert_string_equal(fixture_element(f, xml, "NextMarker"), ids[1]);
    xml = fixture_get(f, path, arena_printf(&f->arena, "Marker=%s", ids[1]), 200);
    assert_string_equal(fixture_element(f, xml, "Id"), ids[0]);
    assert_string_equal(fixture_element(f, xml, "IsTruncated"), "false");
    assert_holds(fixture_get(f, path, "Marker=I0", 404), "NoSuchInvalidation");
}

/* ---- tags */

static const char *arn_query(struct fixture *f, const char *operation, const char *id)
{
    return arena_printf(&f->arena,
                        "%sResource=arn%%3Aaws%%3Acloudfront%%3A%%3A" FIXTURE_ACCOUNT
                        "%%3Adistribution%%2F%s",
                        operation, id);
}

static void tags_are_put_taken_and_listed(void **state)
{
    struct fixture *f = *state;
    const char *body =
        arena_printf(&f->arena,
                     "<DistributionConfigWithTags>%s<Tags><Items><Tag><Key>a</Key><Value>1</Value>"
                     "</Tag><Tag><Key>b</Key></Tag></Items></Tags></DistributionConfigWithTags>",
                     config(f, "r", "true", ""));
    struct fixture_call post = {
        .method = "POST", .path = DISTRIBUTIONS, .query = "WithTags", .body = body};
    struct api_answer answer = call(f, &post, 201, NULL);
    const char *id = fixture_element(f, arena_str(&f->arena, answer.output.body), "Id");
    assert_holds(fixture_get(f, TAGGING, arn_query(f, "", id), 200),
                 "<Items><Tag><Key>a</Key><Value>1</Value></Tag><Tag><Key>b</Key></Tag></Items>");
    post = (struct fixture_call){
        .method = "POST",
        .path = TAGGING,
        .query = arn_query(f, "Operation=Tag&", id),
        .body = "<Tags><Items><Tag><Key>a</Key><Value></Value></Tag></Items></Tags>"};
    call(f, &post, 204, NULL);
    post.body = "<Tags><Items><Tag><Key>aws:x</Key></Tag></Items></Tags>";
    call(f, &post, 400, "InvalidTagging");
    post.query = arn_query(f, "Operation=Untag&", id);
    post.body = "<TagKeys><Items><Key>b</Key><Key>gone</Key></Items></TagKeys>";
    call(f, &post, 204, NULL);
    assert_holds(fixture_get(f, TAGGING, arn_query(f, "", id), 200),
                 "<Items><Tag><Key>a</Key><Value></Value></Tag></Items>");
}

static void tags_are_of_resources_that_exist(void **state)
{
    struct fixture *f = *state;
    struct fixture_call get = {.method = "GET", .path = TAGGING, .query = arn_query(f, "", "E0")};
    call(f, &get, 404, "NoSuchResource");
    get.query = "Resource=x";
    call(f, &get, 400, "InvalidArgument");
    get.query = "";
    call(f, &get, 400, "InvalidArgument");
    get.query = "Resource=arn%3Aaws%3Acloudfront%3A%3A999999999999%3Adistribution%2FE1";
    call(f, &get, 404, "NoSuchResource");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_distribution_is_made_and_shown),
        TEST(a_distribution_is_an_object_and_a_name),
        TEST(a_caller_reference_makes_one_distribution),
        TEST(what_is_wrong_is_refused_with_its_code),
        TEST(an_alternate_name_belongs_to_one_distribution),
        TEST(an_update_needs_the_newest_etag),
        TEST(a_distribution_is_deleted_once_disabled_and_deployed),
        TEST(distributions_are_listed_by_pages),
        TEST(an_invalidation_is_made_and_shown),
        TEST(a_repeated_invalidation_is_the_first_one),
        TEST(wildcards_in_progress_are_limited),
        TEST(invalidations_are_listed_newest_first),
        TEST(tags_are_put_taken_and_listed),
        TEST(tags_are_of_resources_that_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
