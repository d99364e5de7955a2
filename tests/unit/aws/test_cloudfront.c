// SPDX-License-Identifier: Apache-2.0
// The CloudFront shapes: counted lists, unknown elements that are kept, absent members; and what
// the policies of a behaviour come to.
#include "aws/cf_distribution.h"
#include "aws/cf_policies.h"
#include "aws/xml.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static enum aws_error parse(const struct aws_shape *shape, const char *text, void *out,
                            const char **message)
{
    struct aws_fault fault = {.arena = &arena};
    enum aws_error error = aws_xml_parse(AWS_CLOUDFRONT, shape, slice_str(text), out, &fault);
    *message = fault.message;
    return error;
}

static void assert_refused(const struct aws_shape *shape, const char *text, enum aws_error wanted,
                           const char *words)
{
    const char *message;
    void *out = arena_alloc(&arena, shape->size);
    assert_int_equal(parse(shape, text, out, &message), wanted);
    if (strstr(message, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, message);
}

static const char *written(const struct aws_shape *shape, const void *value)
{
    AUTO_BUF struct buf out = {0};
    aws_xml_write(&out, shape, NULL, value);
    const char *text = arena_str(&arena, buf_slice(&out));
    return strchr(text, '\n') + 1;
}

/* The text is read and written as it stands. */
static void assert_kept(const struct aws_shape *shape, const char *text)
{
    const char *message = "";
    void *out = arena_alloc(&arena, shape->size);
    if (parse(shape, text, out, &message) != AWS_OK)
        fail_msg("%s", message);
    assert_string_equal(written(shape, out), text);
}

static void a_counted_list_says_how_many_it_holds(void **state)
{
    (void)state;
    struct cf_aliases aliases = {0};
    const char *message;
    const char *text = "<Aliases><Quantity>2</Quantity><Items><CNAME>a.example</CNAME>"
                       "<CNAME>b.example</CNAME></Items></Aliases>";
    assert_int_equal(parse(&AWS_SHAPE_OF(cf_aliases), text, &aliases, &message), AWS_OK);
    assert_int_equal(aliases.items_count, 2);
    assert_string_equal(aliases.items[1], "b.example");
    assert_string_equal(written(&AWS_SHAPE_OF(cf_aliases), &aliases), text);
}

static void an_empty_counted_list_has_no_items(void **state)
{
    (void)state;
    struct cf_aliases aliases = {0};
    const char *message;
    assert_int_equal(parse(&AWS_SHAPE_OF(cf_aliases),
                           "<Aliases><Items/><Quantity> 0 </Quantity></Aliases>", &aliases,
                           &message),
                     AWS_OK);
    assert_string_equal(written(&AWS_SHAPE_OF(cf_aliases), &aliases),
                        "<Aliases><Quantity>0</Quantity></Aliases>");
}

static void a_quantity_that_differs_is_inconsistent(void **state)
{
    (void)state;
    assert_refused(&AWS_SHAPE_OF(cf_aliases), "<Aliases><Quantity>1</Quantity></Aliases>",
                   AWS_InconsistentQuantities, "'Aliases'");
    assert_refused(
        &AWS_SHAPE_OF(cf_aliases),
        "<Aliases><Quantity>0</Quantity><Items><CNAME>a.example</CNAME></Items></Aliases>",
        AWS_InconsistentQuantities, "Quantity");
}

static void a_quantity_is_required_and_a_number(void **state)
{
    (void)state;
    assert_refused(&AWS_SHAPE_OF(cf_aliases), "<Aliases></Aliases>", AWS_MalformedXML, "Quantity");
    assert_refused(&AWS_SHAPE_OF(cf_aliases), "<Aliases><Quantity>-1</Quantity></Aliases>",
                   AWS_MalformedXML, "-1");
    assert_refused(&AWS_SHAPE_OF(cf_aliases), "<Aliases><Quantity>x</Quantity></Aliases>",
                   AWS_MalformedXML, "integer");
}

static void lists_nest_with_members_beside_them(void **state)
{
    (void)state;
    assert_kept(&AWS_SHAPE_OF(cf_allowed_methods),
                "<AllowedMethods><Quantity>2</Quantity><Items><Method>GET</Method>"
                "<Method>HEAD</Method></Items><CachedMethods><Quantity>1</Quantity><Items>"
                "<Method>GET</Method></Items></CachedMethods></AllowedMethods>");
}

static void unknown_elements_come_back_as_they_were_sent(void **state)
{
    (void)state;
    assert_kept(&AWS_SHAPE_OF(cf_origin_shield),
                "<OriginShield><Enabled>false</Enabled><New>a &lt;&amp;&#13; b</New>"
                "<Other><Deep><Deeper></Deeper></Deep>text</Other></OriginShield>");
}

static void unknown_elements_are_gathered_behind_the_known(void **state)
{
    (void)state;
    struct cf_origin_shield shield = {0};
    const char *message;
    const char *text =
        "<w:OriginShield xmlns:w=\"http://cloudfront.amazonaws.com/doc/2020-05-31/\">"
        "<w:One at=\"x\">1</w:One><w:Enabled>true</w:Enabled><w:Two>"
        "<![CDATA[<2>]]></w:Two></w:OriginShield>";
    assert_int_equal(parse(&AWS_SHAPE_OF(cf_origin_shield), text, &shield, &message), AWS_OK);
    assert_string_equal(written(&AWS_SHAPE_OF(cf_origin_shield), &shield),
                        "<OriginShield><Enabled>true</Enabled><One>1</One>"
                        "<Two>&lt;2&gt;</Two></OriginShield>");
}

static void unknown_elements_are_bounded(void **state)
{
    (void)state;
    AUTO_BUF struct buf text = {0};
    buf_append_str(&text, "<OriginShield><Enabled>true</Enabled>");
    for (unsigned i = 0; i < 4000; i++)
        buf_append_str(&text, "<New>1</New>");
    buf_append_str(&text, "</OriginShield>");
    assert_refused(&AWS_SHAPE_OF(cf_origin_shield), arena_str(&arena, buf_slice(&text)),
                   AWS_MalformedXML, "More unknown elements");
    assert_refused(&AWS_SHAPE_OF(cf_origin_shield),
                   "<OriginShield><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a>"
                   "</a></a></a></a></a></a></a></a></a></a></a></a></OriginShield>",
                   AWS_MalformedXML, "nested too deeply");
    assert_refused(&AWS_SHAPE_OF(cf_origin_shield),
                   "<OriginShield><x:a xmlns:x=\"other\"/></OriginShield>", AWS_MalformedXML,
                   "another namespace");
}

static void a_known_element_twice_is_refused(void **state)
{
    (void)state;
    assert_refused(&AWS_SHAPE_OF(cf_origin_shield),
                   "<OriginShield><Enabled>true</Enabled><Enabled>false</Enabled></OriginShield>",
                   AWS_MalformedXML, "Enabled");
}

#define BEHAVIOR                                                                                   \
    "<TargetOriginId>o</TargetOriginId>"                                                           \
    "<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>"

static void a_stored_distribution_comes_back(void **state)
{
    (void)state;
    const char *text =
        "<DistributionBody><Id>E1</Id><DomainName>e1.cdn.weir.test</DomainName>"
        "<DistributionConfig><CallerReference>r</CallerReference><Origins><Quantity>1</Quantity>"
        "<Items><Origin><Id>o</Id><DomainName>origin.example</DomainName></Origin></Items>"
        "</Origins><DefaultCacheBehavior>" BEHAVIOR "</DefaultCacheBehavior><Comment></Comment>"
        "<Enabled>true</Enabled></DistributionConfig></DistributionBody>";
    struct errctx ec = {0};
    struct cf_distribution_body body;
    assert_int_equal(cf_distribution_body_decode(&arena, slice_str(text), &body, &ec), ERR_OK);
    assert_string_equal(body.config->origins->items[0].domain_name, "origin.example");
    assert_null(body.config->aliases);
    struct slice again = cf_distribution_body_encode(&arena, &body);
    assert_string_equal(strchr(arena_str(&arena, again), '\n') + 1, text);
    assert_int_equal(
        cf_distribution_body_decode(&arena, slice_str("<DistributionBody/>"), &body, &ec),
        ERR_CORRUPT);
}

/* ---- policies */

static enum cf_resolution resolve(const char *inner, struct cf_behavior_rules *out)
{
    struct cf_cache_behavior behavior = {0};
    const char *message;
    const char *text = arena_printf(&arena, "<CacheBehavior>" BEHAVIOR "%s</CacheBehavior>", inner);
    assert_int_equal(parse(&AWS_SHAPE_OF(cf_cache_behavior), text, &behavior, &message), AWS_OK);
    return cf_behavior_resolve(&arena, &behavior, out);
}

static void managed_policies_have_their_documented_values(void **state)
{
    (void)state;
    struct cf_behavior_rules r;
    assert_int_equal(resolve("<CachePolicyId>83DA9C7E-98b4-4e11-a168-04f0df8e2c65</CachePolicyId>"
                             "<OriginRequestPolicyId>b689b0a8-53d0-40ab-baf2-68738e2966ac"
                             "</OriginRequestPolicyId>",
                             &r),
                     CF_RESOLVED);
    assert_int_equal(r.cache.max_ttl_s, 31536000);
    assert_int_equal(r.cache.default_ttl_s, 0);
    assert_int_equal(r.cache.headers.name_count, 5);
    assert_string_equal(r.cache.headers.names[0], "host");
    assert_int_equal(r.cache.cookies.mode, CF_SELECT_ALL);
    assert_int_equal(r.cache.queries.mode, CF_SELECT_NONE);
    assert_int_equal(r.forward.headers.mode, CF_SELECT_ALL_EXCEPT);
    assert_string_equal(r.forward.headers.names[0], "host");
    assert_false(r.forward.is_legacy);
}

static void unknown_policies_and_none_are_told_apart(void **state)
{
    (void)state;
    struct cf_behavior_rules r;
    assert_int_equal(resolve("", &r), CF_NO_RULES);
    assert_int_equal(resolve("<CachePolicyId></CachePolicyId>", &r), CF_NO_RULES);
    assert_int_equal(resolve("<CachePolicyId>x</CachePolicyId>", &r), CF_NO_CACHE_POLICY);
    assert_int_equal(resolve("<CachePolicyId>658327ea-f89d-4fab-a63d-7e88639e58f6</CachePolicyId>"
                             "<OriginRequestPolicyId>x</OriginRequestPolicyId>",
                             &r),
                     CF_NO_ORIGIN_REQUEST_POLICY);
}

#define FORWARDED(query, cookies, rest)                                                            \
    "<ForwardedValues><QueryString>" query "</QueryString><Cookies>" cookies "</Cookies>" rest     \
    "</ForwardedValues>"

static void legacy_values_are_in_the_key(void **state)
{
    (void)state;
    struct cf_behavior_rules r;
    const char *inner =
        FORWARDED("true",
                  "<Forward>whitelist</Forward><WhitelistedNames><Quantity>3</Quantity><Items>"
                  "<Name>b</Name><Name>A</Name><Name>b</Name></Items></WhitelistedNames>",
                  "<Headers><Quantity>2</Quantity><Items><Name>X-B</Name><Name>Accept</Name>"
                  "</Items></Headers><QueryStringCacheKeys><Quantity>1</Quantity><Items>"
                  "<Name>page</Name></Items></QueryStringCacheKeys>") "<MinTTL>100000</MinTTL>";
    assert_int_equal(resolve(inner, &r), CF_RESOLVED);
    assert_true(r.forward.is_legacy);
    assert_int_equal(r.cache.cookies.name_count, 2);
    assert_string_equal(r.cache.cookies.names[0], "A");
    assert_int_equal(r.cache.headers.name_count, 2);
    assert_string_equal(r.cache.headers.names[0], "accept");
    assert_string_equal(r.cache.headers.names[1], "x-b");
    assert_int_equal(r.cache.queries.mode, CF_SELECT_LISTED);
    assert_int_equal(r.forward.queries.mode, CF_SELECT_ALL);
    assert_int_equal(r.cache.min_ttl_s, 100000);
    assert_int_equal(r.cache.default_ttl_s, 100000);
    assert_int_equal(r.cache.max_ttl_s, 31536000);
    assert_true(r.cache.accepts_gzip);
    assert_false(r.cache.accepts_brotli);
}

static void all_headers_forwarded_are_never_cached(void **state)
{
    (void)state;
    struct cf_behavior_rules r;
    const char *inner = FORWARDED("false", "<Forward>none</Forward>",
                                  "<Headers><Quantity>1</Quantity><Items><Name>*</Name></Items>"
                                  "</Headers>");
    assert_int_equal(resolve(inner, &r), CF_RESOLVED);
    assert_int_equal(r.forward.headers.mode, CF_SELECT_ALL);
    assert_int_equal(r.cache.max_ttl_s, 0);
    assert_int_equal(r.cache.default_ttl_s, 0);
    assert_int_equal(r.cache.queries.mode, CF_SELECT_NONE);
    assert_int_equal(r.forward.queries.mode, CF_SELECT_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_counted_list_says_how_many_it_holds),
        cmocka_unit_test(an_empty_counted_list_has_no_items),
        cmocka_unit_test(a_quantity_that_differs_is_inconsistent),
        cmocka_unit_test(a_quantity_is_required_and_a_number),
        cmocka_unit_test(lists_nest_with_members_beside_them),
        cmocka_unit_test(unknown_elements_come_back_as_they_were_sent),
        cmocka_unit_test(unknown_elements_are_gathered_behind_the_known),
        cmocka_unit_test(unknown_elements_are_bounded),
        cmocka_unit_test(a_known_element_twice_is_refused),
        cmocka_unit_test(a_stored_distribution_comes_back),
        cmocka_unit_test(managed_policies_have_their_documented_values),
        cmocka_unit_test(unknown_policies_and_none_are_told_apart),
        cmocka_unit_test(legacy_values_are_in_the_key),
        cmocka_unit_test(all_headers_forwarded_are_never_cached),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
