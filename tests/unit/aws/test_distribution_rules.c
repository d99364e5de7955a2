// SPDX-License-Identifier: Apache-2.0
// The rules of a configuration as a whole, of invalidations and tags: what is accepted, the code of
// each refusal, and what is filled in.
#include "aws/limits.h"
#include "aws/xml.h"
#include "distribution_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void the_usual_configuration_is_accepted(void **state)
{
    (void)state;
    ACCEPTED(0);
}

static void texts_have_their_lengths(void **state)
{
    (void)state;
    ACCEPTED(.reference = letters(128), .comment = letters(128));
    REFUSED(InvalidArgument, .reference = "");
    REFUSED(InvalidArgument, .reference = letters(129));
    REFUSED(InvalidArgument, .comment = letters(129));
}

static void a_root_object_is_a_name_without_a_slash_before_it(void **state)
{
    (void)state;
    ACCEPTED(.rest = "<DefaultRootObject>a/index.html</DefaultRootObject>");
    ACCEPTED(.rest = "<DefaultRootObject></DefaultRootObject>");
    REFUSED(InvalidDefaultRootObject, .rest = "<DefaultRootObject>/index.html</DefaultRootObject>");
    REFUSED(InvalidDefaultRootObject, .rest = "<DefaultRootObject>a b</DefaultRootObject>");
    REFUSED(InvalidDefaultRootObject,
            .rest =
                arena_printf(&arena, "<DefaultRootObject>%s</DefaultRootObject>", letters(256)));
}

#define ALIAS(name) LIST_OF("Aliases", "1", "<CNAME>" name "</CNAME>")

static void an_alternate_name_is_a_domain_name_of_its_own(void **state)
{
    (void)state;
    ACCEPTED(.rest = ALIAS("WWW.example.com"));
    ACCEPTED(.rest = ALIAS("*.example.com"));
    REFUSED(InvalidArgument, .rest = ALIAS("example"));
    REFUSED(InvalidArgument, .rest = ALIAS("*.*.example.com"));
    REFUSED(InvalidArgument, .rest = ALIAS("a..example.com"));
    REFUSED(InvalidArgument, .rest = ALIAS("192.0.2.1"));
    REFUSED(InvalidArgument, .rest = ALIAS("www.example.com."));
    REFUSED(InvalidArgument, .rest = ALIAS("e1.CDN.weir.test"));
    REFUSED(InvalidArgument, .rest = ALIAS("*.cdn.weir.test"));
    REFUSED(InvalidArgument, .rest = ALIAS("*.weir.test")); /* any of them, also deleted ones */
    REFUSED(InvalidArgument, .rest = ALIAS("*.Weir.test"));
    ACCEPTED(.rest = ALIAS("*.shop.weir.test"));
    ACCEPTED(.rest = ALIAS("notcdn.weir.test"));
    REFUSED(InvalidArgument,
            .rest = LIST_OF("Aliases", "2", "<CNAME>a.example</CNAME><CNAME>A.example</CNAME>"));
}

static void alternate_names_are_limited(void **state)
{
    (void)state;
    const char *hundred = repeated("<CNAME>a", ".example</CNAME>", 100);
    ACCEPTED(.rest = arena_printf(&arena, LIST_OF("Aliases", "100", "%s"), hundred));
    REFUSED(TooManyDistributionCNAMEs,
            .rest = arena_printf(&arena, LIST_OF("Aliases", "101", "%s<CNAME>b.example</CNAME>"),
                                 hundred));
}

/* ---- the rest */

#define ERROR_RESPONSES(count, items) LIST_OF("CustomErrorResponses", count, items)
#define ERROR_RESPONSE(code, rest)                                                                 \
    "<CustomErrorResponse><ErrorCode>" code "</ErrorCode>" rest "</CustomErrorResponse>"
#define PAGE(path, code)                                                                           \
    "<ResponsePagePath>" path "</ResponsePagePath><ResponseCode>" code "</ResponseCode>"

static void error_responses_are_of_errors(void **state)
{
    (void)state;
    ACCEPTED(.rest = ERROR_RESPONSES(
                 "2", ERROR_RESPONSE("404", "<ErrorCachingMinTTL>0</ErrorCachingMinTTL>")
                          ERROR_RESPONSE("504", PAGE("", ""))));
    REFUSED(InvalidErrorCode, .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("200", "")));
    REFUSED(InvalidErrorCode,
            .rest = ERROR_RESPONSES("2", ERROR_RESPONSE("404", "") ERROR_RESPONSE("404", "")));
    REFUSED(InvalidArgument,
            .rest = ERROR_RESPONSES(
                "1", ERROR_RESPONSE("404", "<ErrorCachingMinTTL>-1</ErrorCachingMinTTL>")));
    REFUSED(InvalidArgument, .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("404", PAGE("/a", ""))));
    REFUSED(InvalidArgument, .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("404", PAGE("", "200"))));
    REFUSED(InvalidRelativePath,
            .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("404", PAGE("a", "200"))));
    REFUSED(InvalidResponseCode,
            .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("404", PAGE("/a", "302"))));
    REFUSED(InvalidArgument,
            .rest = ERROR_RESPONSES("1", ERROR_RESPONSE("404", PAGE("/a", "200"))));
}

#define CERTIFICATE(rest) "<ViewerCertificate>" rest "</ViewerCertificate>"
#define DEFAULT_CERTIFICATE "<CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate>"

static void the_certificate_is_the_default_one(void **state)
{
    (void)state;
    ACCEPTED(.rest = CERTIFICATE(DEFAULT_CERTIFICATE
                                 "<MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion>"));
    REFUSED(InvalidViewerCertificate, .rest = CERTIFICATE(""));
    REFUSED(InvalidViewerCertificate,
            .rest = CERTIFICATE("<CloudFrontDefaultCertificate>false</CloudFrontDefaultCertificate>"
                                "<ACMCertificateArn>arn:aws:acm:x</ACMCertificateArn>"));
    REFUSED(InvalidViewerCertificate,
            .rest = CERTIFICATE("<IAMCertificateId>x</IAMCertificateId>"));
    REFUSED(InvalidMinimumProtocolVersion,
            .rest = CERTIFICATE(DEFAULT_CERTIFICATE
                                "<MinimumProtocolVersion>TLSv9</MinimumProtocolVersion>"));
    REFUSED(InvalidProtocolSettings,
            .rest = CERTIFICATE(DEFAULT_CERTIFICATE
                                "<SSLSupportMethod>sni-only</SSLSupportMethod>"
                                "<MinimumProtocolVersion>SSLv3</MinimumProtocolVersion>"));
}

static void a_geo_restriction_is_consistent(void **state)
{
    (void)state;
#define GEO(type, count, items)                                                                    \
    "<Restrictions><GeoRestriction><RestrictionType>" type "</RestrictionType><Quantity>" count    \
    "</Quantity><Items>" items "</Items></GeoRestriction></Restrictions>"
    ACCEPTED(.rest = GEO("none", "0", ""));
    REFUSED(InvalidGeoRestrictionParameter, .rest = GEO("none", "1", "<Location>CH</Location>"));
    REFUSED(InvalidGeoRestrictionParameter, .rest = GEO("whitelist", "0", ""));
    REFUSED(InvalidLocationCode, .rest = GEO("blacklist", "1", "<Location>ch</Location>"));
    REFUSED(InvalidGeoRestrictionParameter,
            .rest = GEO("blacklist", "1", "<Location>CH</Location>"));
}

/* What CloudFront knows and the edge does not do. */
static void what_is_not_served_is_refused(void **state)
{
    (void)state;
    REFUSED(InvalidArgument, .rest = "<Logging><Enabled>true</Enabled><IncludeCookies>false"
                                     "</IncludeCookies><Bucket>b</Bucket><Prefix></Prefix>"
                                     "</Logging>");
    REFUSED(InvalidWebACLId, .rest = "<WebACLId>x</WebACLId>");
    REFUSED(NoSuchContinuousDeploymentPolicy,
            .rest = "<ContinuousDeploymentPolicyId>x</ContinuousDeploymentPolicyId>");
    REFUSED(InvalidArgument, .rest = "<Staging>true</Staging>");
    REFUSED(InvalidArgument, .rest = "<ConnectionMode>tenant-only</ConnectionMode>");
    REFUSED(InvalidArgument, .rest = "<ViewerMtlsConfig><Mode>required</Mode></ViewerMtlsConfig>");
    REFUSED(InvalidArgument,
            .rest = LIST_OF(
                "OriginGroups", "1",
                "<OriginGroup><Id>g</Id><FailoverCriteria>" LIST_OF(
                    "StatusCodes", "1",
                    "<StatusCode>500</StatusCode>") "</FailoverCriteria>" LIST_OF("Members", "1",
                                                                                  "<OriginGroupMemb"
                                                                                  "er><OriginId>o</"
                                                                                  "OriginId></"
                                                                                  "OriginGroupMembe"
                                                                                  "r>") "</"
                                                                                        "OriginGrou"
                                                                                        "p>"));
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<OriginShield><Enabled>true</Enabled>"
                                                  "<OriginShieldRegion>eu-central-1"
                                                  "</OriginShieldRegion></OriginShield>");
    REFUSED(InvalidOriginAccessControl,
            .origin = S3("") "<OriginAccessControlId>E1</OriginAccessControlId>");
    REFUSED(InvalidArgument,
            .origin = CUSTOM("") "<ResponseCompletionTimeout>60</ResponseCompletionTimeout>");
}

static void an_update_keeps_the_caller_reference(void **state)
{
    (void)state;
    struct aws_fault fault = {.arena = &arena};
    const struct cf_distribution_config *old = parts_parse(&(struct parts){.reference = "a"});
    assert_int_equal(cf_distribution_check_update(old, old, &fault), AWS_OK);
    assert_int_equal(
        cf_distribution_check_update(old, parts_parse(&(struct parts){.reference = "b"}), &fault),
        AWS_IllegalUpdate);
}

/* ---- what is filled in */

static const char *filled(const struct parts *p)
{
    AUTO_BUF struct buf out = {0};
    struct cf_distribution_config *config = parts_parse(p);
    cf_distribution_fill(&arena, config);
    aws_xml_write(&out, &AWS_SHAPE_OF(cf_distribution_config), NULL, config);
    return arena_str(&arena, buf_slice(&out));
}

static void what_was_left_out_is_filled_in_as_cloudfront_does(void **state)
{
    (void)state;
    const char *xml = filled(&(struct parts){0});
    static const char *const wanted[] = {
        "<Aliases><Quantity>0</Quantity></Aliases>",
        "<DefaultRootObject></DefaultRootObject>",
        "<OriginPath></OriginPath><CustomHeaders><Quantity>0</Quantity></CustomHeaders>",
        "<OriginReadTimeout>30</OriginReadTimeout><OriginKeepaliveTimeout>5"
        "</OriginKeepaliveTimeout>",
        "<ConnectionAttempts>3</ConnectionAttempts><ConnectionTimeout>10</ConnectionTimeout>"
        "<OriginShield><Enabled>false</Enabled></OriginShield>"
        "<OriginAccessControlId></OriginAccessControlId>",
        "<OriginGroups><Quantity>0</Quantity></OriginGroups>",
        "<TrustedSigners><Enabled>false</Enabled><Quantity>0</Quantity></TrustedSigners>",
        "<AllowedMethods><Quantity>2</Quantity><Items><Method>HEAD</Method><Method>GET</Method>"
        "</Items><CachedMethods><Quantity>2</Quantity>",
        "<SmoothStreaming>false</SmoothStreaming><Compress>false</Compress>",
        "<CustomErrorResponses><Quantity>0</Quantity></CustomErrorResponses>",
        "<Logging><Enabled>false</Enabled><IncludeCookies>false</IncludeCookies><Bucket></Bucket>"
        "<Prefix></Prefix></Logging><PriceClass>PriceClass_All</PriceClass>",
        "<ViewerCertificate><CloudFrontDefaultCertificate>true</CloudFrontDefaultCertificate>"
        "<SSLSupportMethod>vip</SSLSupportMethod><MinimumProtocolVersion>TLSv1"
        "</MinimumProtocolVersion><CertificateSource>cloudfront</CertificateSource>"
        "</ViewerCertificate>",
        "<RestrictionType>none</RestrictionType><Quantity>0</Quantity>",
        "<WebACLId></WebACLId><HttpVersion>http2</HttpVersion><IsIPV6Enabled>false</IsIPV6Enabled>"
        "<ContinuousDeploymentPolicyId></ContinuousDeploymentPolicyId><Staging>false</Staging>",
    };
    for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
        assert_holds(xml, wanted[i]);
    assert_null(strstr(xml, "TTL"));
    assert_null(strstr(xml, "ForwardedValues"));
    assert_null(strstr(xml, "OriginRequestPolicyId"));
    assert_null(strstr(xml, "AnycastIpListId"));
}

static void legacy_values_are_filled_in_with_their_ttls(void **state)
{
    (void)state;
    const char *xml = filled(&(struct parts){.behavior = FORWARDED("")});
    assert_holds(xml, "<Headers><Quantity>0</Quantity></Headers><QueryStringCacheKeys><Quantity>0"
                      "</Quantity></QueryStringCacheKeys></ForwardedValues><MinTTL>0</MinTTL>"
                      "<DefaultTTL>86400</DefaultTTL><MaxTTL>31536000</MaxTTL>");
}

static void what_was_sent_is_not_touched(void **state)
{
    (void)state;
    const char *once =
        filled(&(struct parts){.rest = ALIAS("A.example") CERTIFICATE(
                                   DEFAULT_CERTIFICATE "<MinimumProtocolVersion>TLSv1.2_2021"
                                                       "</MinimumProtocolVersion>")});
    assert_holds(once, "<CNAME>A.example</CNAME>");
    assert_holds(once, "<MinimumProtocolVersion>TLSv1.2_2021</MinimumProtocolVersion>");
    struct aws_fault fault = {.arena = &arena};
    struct cf_distribution_config again = {0};
    AUTO_BUF struct buf out = {0};
    assert_int_equal(aws_xml_parse(AWS_CLOUDFRONT, &AWS_SHAPE_OF(cf_distribution_config),
                                   slice_str(once), &again, &fault),
                     AWS_OK);
    assert_int_equal(cf_distribution_check(&again, CDN_DOMAIN, &fault), AWS_OK);
    cf_distribution_fill(&arena, &again);
    aws_xml_write(&out, &AWS_SHAPE_OF(cf_distribution_config), NULL, &again);
    assert_string_equal(arena_str(&arena, buf_slice(&out)), once);
}

/* ---- invalidations and tags */

static enum aws_error check_paths(const char **paths, size_t count, size_t *out_wildcards)
{
    struct cf_paths list = {.items = paths, .items_count = count};
    struct cf_invalidation_batch batch = {.paths = &list, .caller_reference = "r"};
    struct aws_fault fault = {.arena = &arena};
    return cf_invalidation_check(&batch, out_wildcards, &fault);
}

static void paths_begin_with_a_slash_and_end_in_the_only_star(void **state)
{
    (void)state;
    const char *good[] = {"/", "/a", "/a*", "/*", "/a?b=c%20d"};
    size_t wildcards = 0;
    assert_int_equal(check_paths(good, ARRAY_LEN(good), &wildcards), AWS_OK);
    assert_int_equal(wildcards, 2);
    const char *bad[] = {"", "a", "*", "/a*b", "/a b", "/\xc3\xbc", "/a\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(check_paths(&bad[i], 1, &wildcards), AWS_InvalidArgument);
    assert_int_equal(check_paths(good, 0, &wildcards), AWS_InvalidArgument);
    char *longest = arena_alloc(&arena, 4002);
    memset(longest, '/', 4000);
    const char *one = longest;
    assert_int_equal(check_paths(&one, 1, &wildcards), AWS_OK);
    longest[4000] = '/';
    assert_int_equal(check_paths(&one, 1, &wildcards), AWS_InvalidArgument);
}

static void a_batch_is_no_larger_than_what_may_be_in_progress(void **state)
{
    (void)state;
    size_t wildcards = 0;
    const char **paths = arena_array(&arena, 3016, sizeof(*paths));
    for (size_t i = 0; i < 3016; i++)
        paths[i] = i < 15 ? "/a*" : "/a";
    assert_int_equal(check_paths(paths, 3015, &wildcards), AWS_OK);
    assert_int_equal(check_paths(paths, 3016, &wildcards), AWS_BatchTooLarge);
    paths[15] = "/b*";
    assert_int_equal(check_paths(paths, 3015, &wildcards), AWS_BatchTooLarge);
}

static enum aws_error check_tag(const char *key, const char *value)
{
    struct cf_tag tag = {.key = key, .value = value};
    struct cf_tags tags = {.items = &tag, .items_count = 1};
    struct aws_fault fault = {.arena = &arena};
    return cf_tags_check(&tags, &fault);
}

static void tags_are_words_of_any_script(void **state)
{
    (void)state;
    assert_int_equal(check_tag("cost centre", "a_b.c:d/e=f+g-h@i"), AWS_OK);
    assert_int_equal(check_tag("Gr\xc3\xb6\xc3\x9f"
                               "e",
                               NULL),
                     AWS_OK);
    assert_int_equal(check_tag(letters(128), letters(256)), AWS_OK);
    assert_int_equal(check_tag(letters(129), ""), AWS_InvalidTagging);
    assert_int_equal(check_tag("a", letters(257)), AWS_InvalidTagging);
    assert_int_equal(check_tag("", "a"), AWS_InvalidTagging);
    assert_int_equal(check_tag("a<b", "a"), AWS_InvalidTagging);
    assert_int_equal(check_tag("AWS:a", "a"), AWS_InvalidTagging);
    struct cf_tag twice[] = {{.key = "a"}, {.key = "a"}};
    struct cf_tags tags = {.items = twice, .items_count = 2};
    struct aws_fault fault = {.arena = &arena};
    assert_int_equal(cf_tags_check(&tags, &fault), AWS_InvalidTagging);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_usual_configuration_is_accepted),
        cmocka_unit_test(texts_have_their_lengths),
        cmocka_unit_test(a_root_object_is_a_name_without_a_slash_before_it),
        cmocka_unit_test(an_alternate_name_is_a_domain_name_of_its_own),
        cmocka_unit_test(alternate_names_are_limited),
        cmocka_unit_test(error_responses_are_of_errors),
        cmocka_unit_test(the_certificate_is_the_default_one),
        cmocka_unit_test(a_geo_restriction_is_consistent),
        cmocka_unit_test(what_is_not_served_is_refused),
        cmocka_unit_test(an_update_keeps_the_caller_reference),
        cmocka_unit_test(what_was_left_out_is_filled_in_as_cloudfront_does),
        cmocka_unit_test(legacy_values_are_filled_in_with_their_ttls),
        cmocka_unit_test(what_was_sent_is_not_touched),
        cmocka_unit_test(paths_begin_with_a_slash_and_end_in_the_only_star),
        cmocka_unit_test(a_batch_is_no_larger_than_what_may_be_in_progress),
        cmocka_unit_test(tags_are_words_of_any_script),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
