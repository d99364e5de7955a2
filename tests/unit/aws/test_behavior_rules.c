// SPDX-License-Identifier: Apache-2.0
// The rules of cache behaviours: what is accepted, and the code of each refusal.
#include "distribution_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void a_behaviour_names_an_origin_that_is_there(void **state)
{
    (void)state;
    REFUSED(NoSuchOrigin, .origins = ORIGIN("p", "a.example", CUSTOM("")));
    ACCEPTED(.behaviors = BEHAVIOR("/a/*", POLICY));
    REFUSED(NoSuchOrigin, .behaviors = "<CacheBehavior><PathPattern>/a</PathPattern>" TARGET("p")
                              POLICY "</CacheBehavior>");
}

static void path_patterns_are_paths_each_once(void **state)
{
    (void)state;
    ACCEPTED(.behaviors = BEHAVIOR("*.jpg", POLICY) BEHAVIOR("/a?/*", POLICY));
    REFUSED(InvalidArgument, .behaviors = BEHAVIOR("/a", POLICY) BEHAVIOR("a", POLICY));
    REFUSED(InvalidArgument, .behaviors = BEHAVIOR("", POLICY));
    REFUSED(InvalidArgument, .behaviors = BEHAVIOR("/a b", POLICY));
    REFUSED(InvalidArgument, .behaviors = BEHAVIOR("/&#252;", POLICY));
    REFUSED(InvalidArgument, .behaviors = "<CacheBehavior>" TARGET("o") POLICY "</CacheBehavior>");
    REFUSED(InvalidArgument, .behavior = POLICY "<PathPattern>/a</PathPattern>");
    REFUSED(InvalidArgument,
            .behaviors = arena_printf(&arena, BEHAVIOR("%s", POLICY), letters(256)));
}

static void behaviours_are_limited(void **state)
{
    (void)state;
    const char *behind = "</PathPattern>" TARGET("o") POLICY "</CacheBehavior>";
    ACCEPTED(.behaviors = repeated("<CacheBehavior><PathPattern>/", behind, 75));
    REFUSED(TooManyCacheBehaviors,
            .behaviors = repeated("<CacheBehavior><PathPattern>/", behind, 76));
}

static void methods_come_in_three_sets(void **state)
{
    (void)state;
#define M(name) "<Method>" name "</Method>"
#define ALLOWED(count, items, cached)                                                              \
    POLICY "<AllowedMethods><Quantity>" count "</Quantity><Items>" items "</Items>" cached         \
           "</AllowedMethods>"
#define ALL7 M("GET") M("HEAD") M("POST") M("PUT") M("PATCH") M("OPTIONS") M("DELETE")
    ACCEPTED(.behavior = ALLOWED("2", M("HEAD") M("GET"), ""));
    ACCEPTED(.behavior = ALLOWED("3", M("HEAD") M("GET") M("OPTIONS"), ""));
    ACCEPTED(.behavior = ALLOWED("7", ALL7,
                                 LIST_OF("CachedMethods", "3", M("GET") M("HEAD") M("OPTIONS"))));
    REFUSED(InvalidArgument, .behavior = ALLOWED("1", M("GET"), ""));
    REFUSED(InvalidArgument, .behavior = ALLOWED("2", M("GET") M("GET"), ""));
    REFUSED(InvalidArgument, .behavior = ALLOWED("3", M("GET") M("HEAD") M("POST"), ""));
    REFUSED(InvalidArgument, .behavior = ALLOWED("2", M("GET") M("BREW"), ""));
    REFUSED(InvalidArgument,
            .behavior = ALLOWED("2", M("GET") M("HEAD"),
                                LIST_OF("CachedMethods", "3", M("GET") M("HEAD") M("OPTIONS"))));
    REFUSED(InvalidArgument, .behavior = ALLOWED("7", ALL7, LIST_OF("CachedMethods", "7", ALL7)));
}

static void policies_exist_and_stand_alone(void **state)
{
    (void)state;
    REFUSED(InvalidArgument, .behavior = "");
    REFUSED(NoSuchCachePolicy, .behavior = "<CachePolicyId>x</CachePolicyId>");
    REFUSED(NoSuchOriginRequestPolicy,
            .behavior = POLICY "<OriginRequestPolicyId>x</OriginRequestPolicyId>");
    ACCEPTED(.behavior = POLICY "<OriginRequestPolicyId>216adef6-5c7f-47e4-b989-5492eafa07d3"
                                "</OriginRequestPolicyId><MinTTL>0</MinTTL>");
    REFUSED(InvalidArgument, .behavior = POLICY FORWARDED(""));
    REFUSED(InvalidArgument, .behavior = POLICY "<MinTTL>1</MinTTL>");
    REFUSED(InvalidArgument,
            .behavior = FORWARDED("") "<OriginRequestPolicyId>216adef6-5c7f-47e4-b989-5492eafa07d3"
                                      "</OriginRequestPolicyId>");
    REFUSED(NoSuchResponseHeadersPolicy,
            .behavior = POLICY "<ResponseHeadersPolicyId>x</ResponseHeadersPolicyId>");
    REFUSED(InvalidArgument, .behavior = POLICY
                             "<ResponseHeadersPolicyId>60669652-455b-4ae9-85a4-c4c02393f86c"
                             "</ResponseHeadersPolicyId>");
}

static void ttls_are_in_order(void **state)
{
    (void)state;
    ACCEPTED(.behavior = FORWARDED("") "<MinTTL>1</MinTTL><DefaultTTL>1</DefaultTTL>"
                                       "<MaxTTL>1</MaxTTL>");
    ACCEPTED(.behavior = FORWARDED("") "<MinTTL>100000</MinTTL>");
    ACCEPTED(.behavior = FORWARDED("") "<MaxTTL>3153600000</MaxTTL>");
    REFUSED(InvalidArgument, .behavior = FORWARDED("") "<MaxTTL>3153600001</MaxTTL>");
    REFUSED(InvalidArgument, .behavior = FORWARDED("") "<MinTTL>-1</MinTTL>");
    REFUSED(InvalidTTLOrder, .behavior = FORWARDED("") "<MinTTL>2</MinTTL><DefaultTTL>1"
                                                       "</DefaultTTL>");
    REFUSED(InvalidTTLOrder, .behavior = FORWARDED("") "<MaxTTL>10</MaxTTL>");
}

static void forwarded_headers_are_fields(void **state)
{
    (void)state;
#define NAMES(count, items) FORWARDED(LIST_OF("Headers", count, items))
    ACCEPTED(.behavior = NAMES("1", "<Name>Accept</Name>"));
    ACCEPTED(.behavior = NAMES("1", "<Name>*</Name>") "<MinTTL>0</MinTTL>");
    ACCEPTED(.behavior = NAMES("1", "<Name>*</Name>") "<MaxTTL>10</MaxTTL>");
    REFUSED(InvalidArgument, .behavior = NAMES("1", "<Name>*</Name>") "<MinTTL>1</MinTTL>");
    REFUSED(InvalidArgument, .behavior = NAMES("2", "<Name>*</Name><Name>a</Name>"));
    REFUSED(InvalidArgument, .behavior = NAMES("1", "<Name>Cookie</Name>"));
    REFUSED(InvalidArgument, .behavior = NAMES("1", "<Name>a b</Name>"));
    REFUSED(TooManyHeadersInForwardedValues,
            .behavior =
                arena_printf(&arena, NAMES("11", "%s"), repeated("<Name>x", "</Name>", 11)));
    REFUSED(InvalidHeadersForS3Origin, .origin = S3(""),
            .behavior = NAMES("1", "<Name>host</Name>"));
    ACCEPTED(.origin = S3(""), .behavior = NAMES("1", "<Name>Origin</Name>"));
}

static void forwarded_cookies_are_named_where_they_are_listed(void **state)
{
    (void)state;
#define COOKIES(forward, names)                                                                    \
    "<ForwardedValues><QueryString>false</QueryString><Cookies><Forward>" forward                  \
    "</Forward>" names "</Cookies></ForwardedValues>"
    ACCEPTED(.behavior = COOKIES("all", ""));
    ACCEPTED(.behavior = COOKIES("whitelist", LIST_OF("WhitelistedNames", "1", "<Name>a</Name>")));
    ACCEPTED(.behavior =
                 COOKIES("whitelist", LIST_OF("WhitelistedNames", "1", "<Name>user_*_?</Name>")));
    REFUSED(InvalidForwardCookies, .behavior = COOKIES("whitelist", ""));
    REFUSED(InvalidForwardCookies,
            .behavior = COOKIES("all", LIST_OF("WhitelistedNames", "1", "<Name>a</Name>")));
    REFUSED(InvalidForwardCookies,
            .behavior = COOKIES("whitelist", LIST_OF("WhitelistedNames", "1", "<Name>a b</Name>")));
    REFUSED(TooManyCookieNamesInWhiteList,
            .behavior =
                arena_printf(&arena, COOKIES("whitelist", LIST_OF("WhitelistedNames", "11", "%s")),
                             repeated("<Name>x", "</Name>", 11)));
}

static void query_keys_are_named_where_queries_are_forwarded(void **state)
{
    (void)state;
#define QUERIES(forward, count, names)                                                             \
    "<ForwardedValues><QueryString>" forward "</QueryString><Cookies><Forward>none</Forward>"      \
    "</Cookies>" LIST_OF("QueryStringCacheKeys", count, names) "</ForwardedValues>"
    ACCEPTED(.behavior = QUERIES("true", "1", "<Name>page</Name>"));
    ACCEPTED(.behavior = QUERIES("true", "1", "<Name>*</Name>"));
    REFUSED(InvalidQueryStringParameters, .behavior = QUERIES("false", "1", "<Name>page</Name>"));
    REFUSED(InvalidQueryStringParameters, .behavior = QUERIES("true", "1", "<Name></Name>"));
    REFUSED(InvalidQueryStringParameters, .behavior = QUERIES("true", "1", "<Name>a b</Name>"));
    REFUSED(TooManyQueryStringParameters,
            .behavior = arena_printf(&arena, QUERIES("true", "11", "%s"),
                                     repeated("<Name>x", "</Name>", 11)));
}

static void what_a_behaviour_is_not_served_is_refused(void **state)
{
    (void)state;
    REFUSED(InvalidArgument, .behavior = POLICY "<SmoothStreaming>true</SmoothStreaming>");
    REFUSED(InvalidArgument, .behavior = POLICY "<GrpcConfig><Enabled>true</Enabled></GrpcConfig>");
    REFUSED(NoSuchFieldLevelEncryptionConfig,
            .behavior = POLICY "<FieldLevelEncryptionId>x</FieldLevelEncryptionId>");
    REFUSED(NoSuchRealtimeLogConfig,
            .behavior = POLICY "<RealtimeLogConfigArn>arn:x</RealtimeLogConfigArn>");
    REFUSED(InvalidFunctionAssociation,
            .behavior = POLICY LIST_OF(
                "FunctionAssociations", "1",
                "<FunctionAssociation><FunctionARN>arn:x</FunctionARN><EventType>viewer-request"
                "</EventType></FunctionAssociation>"));
    REFUSED(InvalidLambdaFunctionAssociation,
            .behavior = POLICY LIST_OF("LambdaFunctionAssociations", "1",
                                       "<LambdaFunctionAssociation><LambdaFunctionARN>arn:x"
                                       "</LambdaFunctionARN><EventType>viewer-request</EventType>"
                                       "</LambdaFunctionAssociation>"));
    REFUSED(TrustedSignerDoesNotExist,
            .behavior = POLICY "<TrustedSigners><Enabled>true</Enabled><Quantity>1</Quantity>"
                               "<Items><AwsAccountNumber>self</AwsAccountNumber></Items>"
                               "</TrustedSigners>");
    REFUSED(TrustedKeyGroupDoesNotExist,
            .behavior = POLICY "<TrustedKeyGroups><Enabled>true</Enabled><Quantity>0</Quantity>"
                               "</TrustedKeyGroups>");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_behaviour_names_an_origin_that_is_there),
        cmocka_unit_test(path_patterns_are_paths_each_once),
        cmocka_unit_test(behaviours_are_limited),
        cmocka_unit_test(methods_come_in_three_sets),
        cmocka_unit_test(policies_exist_and_stand_alone),
        cmocka_unit_test(ttls_are_in_order),
        cmocka_unit_test(forwarded_headers_are_fields),
        cmocka_unit_test(forwarded_cookies_are_named_where_they_are_listed),
        cmocka_unit_test(query_keys_are_named_where_queries_are_forwarded),
        cmocka_unit_test(what_a_behaviour_is_not_served_is_refused),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
