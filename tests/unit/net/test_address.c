// SPDX-License-Identifier: Apache-2.0
// Tests of net/address.h.
#include "net/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct net_address parsed(const char *text)
{
    struct net_address a;
    struct errctx ec = {0};
    if (net_address_parse(slice_str(text), &a, &ec) != ERR_OK)
        fail_msg("%s: %s", text, ec.text);
    return a;
}

static void what_is_parsed_is_written_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *written;
        const char *ip;
    } cases[] = {
        {"127.0.0.1:53", "127.0.0.1:53", "127.0.0.1"},
        {"0.0.0.0:0", "0.0.0.0:0", "0.0.0.0"},
        {"[::1]:65535", "[::1]:65535", "::1"},
        {"[2001:DB8:0::1]:80", "[2001:db8::1]:80", "2001:db8::1"},
        {"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.1]:1", "::ffff:192.0.2.1"},
        {"[fe80::1%1]:1", "[fe80::1%1]:1", "fe80::1%1"},
        {"[fe80::1%lo]:1", "[fe80::1%1]:1", "fe80::1%1"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_address a = parsed(cases[i].text);
        char text[NET_ADDRESS_TEXT_SIZE];
        net_address_format(&a, text);
        assert_string_equal(text, cases[i].written);
        net_address_format_ip(&a, text);
        assert_string_equal(text, cases[i].ip);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",           "127.0.0.1",   "127.0.0.1:",    "127.0.0.1:65536", "127.0.0.1:-1",
        ":53",        "localhost:1", "1.2.3:1",       "1.2.3.4.5:1",     "::1:53",
        "[::1]",      "[::1]53",     "[::1:53",       "[127.0.0.1]:53",  "[]:53",
        "[::1]:53 ",  "[g::1]:53",   "[fe80::1%]:1",  "[%1]:1",          "1.2.3.4:1:2",
        " 1.2.3.4:1", "1.2.3.04:1",  "[::1%nosuch]:1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct net_address a;
        struct errctx ec = {0};
        if (net_address_parse(slice_str(bad[i]), &a, &ec) != ERR_INVALID)
            fail_msg("accepted: %s", bad[i]);
    }
}

static void a_url_tells_address_and_tls(void **state)
{
    (void)state;
    struct net_address a;
    bool is_tls = false;
    struct net_address want = parsed("[::1]:5399");
    assert_int_equal(net_address_parse_url(SLICE_LIT("https://[::1]:5399/"), &a, &is_tls, NULL), 0);
    assert_true(net_address_equal(&a, &want));
    assert_true(is_tls);
    assert_int_equal(net_address_parse_url(SLICE_LIT("http://[::1]:5399"), &a, &is_tls, NULL), 0);
    assert_false(is_tls);
    static const char *const bad[] = {"[::1]:5399",        "ftp://[::1]:1",     "https://",
                                      "https://[::1]:1/x", "https://[::1]:1//", "HTTPS://name:1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_int_equal(net_address_parse_url(slice_str(bad[i]), &a, &is_tls, NULL), ERR_INVALID);
}

static void loopback_and_wildcard_are_known_in_both_families(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_loopback;
        bool is_wildcard;
    } cases[] = {
        {"127.0.0.1:1", true, false},
        {"127.255.255.255:1", true, false},
        {"128.0.0.1:1", false, false},
        {"0.0.0.0:1", false, true},
        {"[::1]:1", true, false},
        {"[::]:1", false, true},
        {"[::2]:1", false, false},
        {"[::ffff:127.0.0.1]:1", true, false},
        {"[::ffff:10.0.0.1]:1", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_address a = parsed(cases[i].text);
        assert_int_equal(net_address_is_loopback(&a), cases[i].is_loopback);
        assert_int_equal(net_address_is_wildcard(&a), cases[i].is_wildcard);
    }
}

static void equal_means_family_address_port_and_scope(void **state)
{
    (void)state;
    struct net_address a = parsed("127.0.0.1:1");
    struct net_address b = parsed("127.0.0.1:2");
    assert_false(net_address_equal(&a, &b));
    net_address_set_port(&b, 1);
    assert_true(net_address_equal(&a, &b));
    assert_int_equal(net_address_port(&b), 1);
    b = parsed("[::ffff:127.0.0.1]:1");
    assert_false(net_address_equal(&a, &b));
    a = parsed("[fe80::1%1]:1");
    b = parsed("[fe80::1%2]:1");
    assert_false(net_address_equal(&a, &b));
    net_address_set_port(&b, 7);
    assert_int_equal(net_address_port(&b), 7);
}

static void a_client_is_an_ipv4_address_or_a_64_of_ipv6(void **state)
{
    (void)state;
    const struct {
        const char *a;
        const char *b;
        bool is_same;
    } cases[] = {
        {"192.0.2.1:1", "192.0.2.1:2", true},
        {"192.0.2.1:1", "192.0.2.2:1", false},
        {"192.0.2.1:1", "[::ffff:192.0.2.1]:1", true},
        {"[::ffff:192.0.2.1]:1", "[::ffff:192.0.2.2]:1", false},
        {"[2001:db8:0:1::1]:1", "[2001:db8:0:1:ffff:ffff:ffff:ffff]:1", true},
        {"[2001:db8:0:1:ffff:ffff:ffff:ffff]:1", "[2001:db8:0:2::]:1", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct net_address a = parsed(cases[i].a);
        struct net_address b = parsed(cases[i].b);
        uint8_t a_bytes[NET_ADDRESS_CLIENT_BYTES];
        uint8_t b_bytes[NET_ADDRESS_CLIENT_BYTES];
        struct slice a_client = slice_of(a_bytes, net_address_client(&a, a_bytes));
        struct slice b_client = slice_of(b_bytes, net_address_client(&b, b_bytes));
        assert_int_equal(slice_equal(a_client, b_client), cases[i].is_same);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_parsed_is_written_back),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_url_tells_address_and_tls),
        cmocka_unit_test(loopback_and_wildcard_are_known_in_both_families),
        cmocka_unit_test(equal_means_family_address_port_and_scope),
        cmocka_unit_test(a_client_is_an_ipv4_address_or_a_64_of_ipv6),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
