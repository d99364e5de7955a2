// SPDX-License-Identifier: Apache-2.0
// The rules of origins: what is accepted, and the code of each refusal.
#include "distribution_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void an_origin_has_an_id_and_a_name(void **state)
{
    (void)state;
    ACCEPTED(.origins = ORIGIN("o", "192.0.2.1", CUSTOM("")));
    ACCEPTED(.origins = ORIGIN("o", "2001:db8::1", CUSTOM("")));
    ACCEPTED(.origins = ORIGIN("o", "localhost", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = ORIGIN("o", "http://origin.example", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = ORIGIN("o", "origin.example:80", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = ORIGIN("o", "", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = ORIGIN("o", "-a.example", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = ORIGIN("", "origin.example", CUSTOM("")));
    REFUSED(InvalidArgument,
            .origins = ORIGIN("o", "a.example", CUSTOM("")) ORIGIN("o", "b.example", CUSTOM("")));
    REFUSED(InvalidArgument, .origins = "");
}

static void origins_are_limited(void **state)
{
    (void)state;
    const char *many = repeated(
        "<Origin><Id>p", "</Id><DomainName>a.example</DomainName>" CUSTOM("") "</Origin>", 99);
    ACCEPTED(.origins = arena_printf(&arena, "%s" ORIGIN("o", "a.example", CUSTOM("")), many));
    REFUSED(TooManyOrigins, .origins = arena_printf(&arena,
                                                    "%s" ORIGIN("o", "a.example", CUSTOM(""))
                                                        ORIGIN("q", "a.example", CUSTOM("")),
                                                    many));
}

static void an_origin_is_of_one_kind(void **state)
{
    (void)state;
    ACCEPTED(.origin = S3(""));
    REFUSED(InvalidOrigin, .origin = "");
    REFUSED(InvalidOrigin, .origin = S3("") CUSTOM(""));
    REFUSED(InvalidOrigin, .origins = ORIGIN("o", "192.0.2.1", S3("")));
    REFUSED(InvalidOriginAccessIdentity, .origin = S3("origin-access-identity/cloudfront/E1"));
    REFUSED(InvalidArgument, .origin = "<VpcOriginConfig><VpcOriginId>v</VpcOriginId>"
                                       "</VpcOriginConfig>");
}

static void ports_and_timeouts_of_an_origin_have_their_ranges(void **state)
{
    (void)state;
    const int64_t good[] = {80, 443, 1024, 65535};
    const int64_t bad[] = {-1, 0, 22, 81, 1023, 65536};
#define PORTS                                                                                      \
    "<CustomOriginConfig><HTTPPort>%d</HTTPPort><HTTPSPort>%d</HTTPSPort>"                         \
    "<OriginProtocolPolicy>match-viewer</OriginProtocolPolicy></CustomOriginConfig>"
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        ACCEPTED(.origin = arena_printf(&arena, PORTS, (int)good[i], (int)good[i]));
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        REFUSED(InvalidArgument, .origin = arena_printf(&arena, PORTS, (int)bad[i], 443));
        REFUSED(InvalidArgument, .origin = arena_printf(&arena, PORTS, 80, (int)bad[i]));
    }
    ACCEPTED(.origin = CUSTOM("<OriginReadTimeout>120</OriginReadTimeout>"
                              "<OriginKeepaliveTimeout>1</OriginKeepaliveTimeout>"));
    REFUSED(InvalidOriginReadTimeout, .origin = CUSTOM("<OriginReadTimeout>0</OriginReadTimeout>"));
    REFUSED(InvalidOriginReadTimeout,
            .origin = CUSTOM("<OriginReadTimeout>121</OriginReadTimeout>"));
    REFUSED(InvalidOriginKeepaliveTimeout,
            .origin = CUSTOM("<OriginKeepaliveTimeout>0</OriginKeepaliveTimeout>"));
}

static void attempts_and_connection_timeout_have_their_ranges(void **state)
{
    (void)state;
    ACCEPTED(.origin = CUSTOM("") "<ConnectionAttempts>1</ConnectionAttempts>"
                                  "<ConnectionTimeout>10</ConnectionTimeout>");
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<ConnectionAttempts>0</ConnectionAttempts>");
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<ConnectionAttempts>4</ConnectionAttempts>");
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<ConnectionTimeout>11</ConnectionTimeout>");
}

static void protocols_of_an_origin_are_known_and_one_is_spoken(void **state)
{
    (void)state;
#define SSL(count, items) CUSTOM(LIST_OF("OriginSslProtocols", count, items))
    ACCEPTED(.origin = SSL("2", "<SslProtocol>SSLv3</SslProtocol><SslProtocol>TLSv1.2"
                                "</SslProtocol>"));
    REFUSED(InvalidArgument, .origin = SSL("1", "<SslProtocol>SSLv3</SslProtocol>"));
    REFUSED(InvalidArgument, .origin = SSL("1", "<SslProtocol>TLSv9</SslProtocol>"));
    REFUSED(InvalidArgument, .origin = SSL("0", ""));
    REFUSED(InvalidArgument, .origin = SSL("2", "<SslProtocol>TLSv1</SslProtocol><SslProtocol>"
                                                "TLSv1</SslProtocol>"));
}

static void a_path_of_an_origin_begins_with_a_slash_and_ends_without(void **state)
{
    (void)state;
    ACCEPTED(.origin = CUSTOM("") "<OriginPath>/a/b%20c</OriginPath>");
    ACCEPTED(.origin = CUSTOM("") "<OriginPath></OriginPath>");
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<OriginPath>a</OriginPath>");
    REFUSED(InvalidArgument, .origin = CUSTOM("") "<OriginPath>/a/</OriginPath>");
    REFUSED(InvalidRelativePath, .origin = CUSTOM("") "<OriginPath>/a?b</OriginPath>");
    REFUSED(InvalidRelativePath, .origin = arena_printf(&arena,
                                                        CUSTOM("") "<OriginPath>/%s"
                                                                   "</OriginPath>",
                                                        letters(255)));
}

#define HEADER(name, value)                                                                        \
    "<OriginCustomHeader><HeaderName>" name "</HeaderName><HeaderValue>" value                     \
    "</HeaderValue></OriginCustomHeader>"

static void custom_headers_are_fields_that_a_client_may_set(void **state)
{
    (void)state;
#define HEADERS(count, items) CUSTOM("") LIST_OF("CustomHeaders", count, items)
    ACCEPTED(.origin = HEADERS("2", HEADER("X-Origin-Verify", "a b") HEADER("X-Empty", "")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("Host", "a")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("x-AMZ-meta", "a")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("X-Edge-Location", "a")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("a b", "a")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("", "a")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("a", "b&#13;&#10;c: d")));
    REFUSED(InvalidArgument, .origin = HEADERS("1", HEADER("a", " b")));
    REFUSED(InvalidArgument, .origin = HEADERS("2", HEADER("a", "1") HEADER("A", "2")));
}

static void custom_headers_are_limited(void **state)
{
    (void)state;
    const char *many = repeated("<OriginCustomHeader><HeaderName>x",
                                "</HeaderName><HeaderValue>v"
                                "</HeaderValue>"
                                "</OriginCustomHeader>",
                                31);
    REFUSED(TooManyOriginCustomHeaders, .origin = arena_printf(&arena, HEADERS("31", "%s"), many));
    const char *long_value = letters(1783);
    ACCEPTED(.origin = arena_printf(&arena, HEADERS("1", HEADER("a", "%s")), long_value));
    REFUSED(InvalidArgument,
            .origin = arena_printf(&arena, HEADERS("1", HEADER("a", "%sa")), long_value));
    REFUSED(TooManyOriginCustomHeaders,
            .origin = arena_printf(
                &arena,
                HEADERS("6", HEADER("a", "%s") HEADER("b", "%s") HEADER("c", "%s") HEADER("d", "%s")
                                 HEADER("e", "%s") HEADER("f", "%s")),
                long_value, long_value, long_value, long_value, long_value, long_value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_has_an_id_and_a_name),
        cmocka_unit_test(origins_are_limited),
        cmocka_unit_test(an_origin_is_of_one_kind),
        cmocka_unit_test(ports_and_timeouts_of_an_origin_have_their_ranges),
        cmocka_unit_test(attempts_and_connection_timeout_have_their_ranges),
        cmocka_unit_test(protocols_of_an_origin_are_known_and_one_is_spoken),
        cmocka_unit_test(a_path_of_an_origin_begins_with_a_slash_and_ends_without),
        cmocka_unit_test(custom_headers_are_fields_that_a_client_may_set),
        cmocka_unit_test(custom_headers_are_limited),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
