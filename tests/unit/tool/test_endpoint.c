// SPDX-License-Identifier: Apache-2.0
// Endpoints of tools, and what failed calls mean.
#include "tool/api.h"
#include "tool/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct arena arena;
static struct errctx ec;

static int free_arena(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static void an_endpoint_is_scheme_host_and_port(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        const char *authority;
        const char *host;
        const char *address;
        bool is_tls;
    } cases[] = {
        {"http://127.0.0.1:5380", "127.0.0.1:5380", "127.0.0.1", "127.0.0.1:5380", false},
        {"https://192.0.2.1:1/", "192.0.2.1:1", "192.0.2.1", "192.0.2.1:1", true},
        {"https://192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.1:443", true},
        {"http://192.0.2.1/", "192.0.2.1", "192.0.2.1", "192.0.2.1:80", false},
        {"http://[::1]:65535", "[::1]:65535", "::1", "[::1]:65535", false},
        {"https://[2001:db8::1]", "[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:443", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tool_endpoint e;
        char text[NET_ADDRESS_TEXT_SIZE];
        assert_int_equal(tool_endpoint_parse(&arena, cases[i].url, &e, &ec), ERR_OK);
        net_address_format(&e.address, text);
        assert_string_equal(text, cases[i].address);
        assert_string_equal(e.authority, cases[i].authority);
        assert_string_equal(e.host, cases[i].host);
        assert_int_equal(e.is_tls, cases[i].is_tls);
    }
}

static void what_is_no_endpoint_is_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "",
        "127.0.0.1:5380",
        "ftp://127.0.0.1",
        "http://",
        "http:///",
        "http://:80",
        "http://a/b",
        "http://[::1",
        "http://[::1]x:1",
        "http://127.0.0.1:",
        "http://[]",
        "http://1.2.3:0",
        "http://1.2.3:65536",
        "http://1.2.3:a",
        "http://a:1:2",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct tool_endpoint e;
        assert_int_equal(tool_endpoint_parse(&arena, urls[i], &e, &ec), ERR_INVALID);
    }
}

static void a_refusal_is_told_in_the_words_of_the_api(void **state)
{
    (void)state;
    static const char document[] =
        "<?xml version=\"1.0\"?>\n"
        "<ErrorResponse xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><Error>"
        "<Type>Sender</Type><Code>NoSuchHostedZone</Code><Message>No zone &lt;x&gt;</Message>"
        "</Error><RequestId>r</RequestId></ErrorResponse>";
    assert_int_equal(tool_api_failure(&arena, AWS_ROUTE53, 404, slice_str(document), &ec),
                     ERR_NOT_FOUND);
    assert_string_equal(ec.text, "NoSuchHostedZone: No zone <x>");
}

static void a_refusal_without_words_is_told_by_its_status(void **state)
{
    (void)state;
    static const char *const documents[] = {"", "<html>",
                                            "<ErrorResponse><Error></Error></ErrorResponse>"};
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        struct slice document = slice_str(documents[i]);
        assert_int_equal(tool_api_failure(&arena, AWS_ROUTE53, 503, document, &ec),
                         ERR_UNAVAILABLE);
        assert_string_equal(ec.text, "the API answered 503 Service Unavailable");
    }
}

static void statuses_have_their_meaning(void **state)
{
    (void)state;
    assert_int_equal(tool_status_err(400), ERR_INVALID);
    assert_int_equal(tool_status_err(403), ERR_DENIED);
    assert_int_equal(tool_status_err(404), ERR_NOT_FOUND);
    assert_int_equal(tool_status_err(409), ERR_CONFLICT);
    assert_int_equal(tool_status_err(499), ERR_INVALID);
    assert_int_equal(tool_status_err(500), ERR_UNAVAILABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_is_scheme_host_and_port),
        cmocka_unit_test(what_is_no_endpoint_is_refused),
        cmocka_unit_test(a_refusal_is_told_in_the_words_of_the_api),
        cmocka_unit_test(a_refusal_without_words_is_told_by_its_status),
        cmocka_unit_test(statuses_have_their_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, free_arena);
}
