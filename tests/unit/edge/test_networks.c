// SPDX-License-Identifier: Apache-2.0
// Tests of edge/networks.h.
#include "edge/networks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct net_address address(const char *text)
{
    struct net_address a;
    assert_int_equal(net_address_parse(slice_str(text), &a, NULL), ERR_OK);
    return a;
}

/** Whether a list of one text has the address. */
static bool has(const char *text, const char *of)
{
    struct network_list *l;
    struct net_address a = address(of);
    assert_int_equal(network_list_new(&text, 1, &l, NULL), ERR_OK);
    bool found = network_list_has(l, &a);
    network_list_free(l);
    return found;
}

static void a_network_has_its_addresses_at_every_port(void **state)
{
    (void)state;
    assert_true(has("169.254.0.0/16", "169.254.0.0:80"));
    assert_true(has("169.254.0.0/16", "169.254.255.255:443"));
    assert_false(has("169.254.0.0/16", "169.253.255.255:80"));
    assert_false(has("169.254.0.0/16", "169.255.0.0:80"));
    assert_true(has("10.0.0.0/9", "10.127.0.1:1"));
    assert_false(has("10.0.0.0/9", "10.128.0.1:1"));
    assert_true(has("0.0.0.0/0", "8.8.8.8:80"));
    assert_false(has("0.0.0.0/0", "[2001:db8::1]:80"));
    assert_true(has("::/0", "[2001:db8::1]:80"));
    assert_true(has("fe80::/10", "[febf::1]:80"));
    assert_false(has("fe80::/10", "[fec0::1]:80"));
    assert_true(has("fd00:ec2::254", "[fd00:ec2::254]:80"));
    assert_false(has("fd00:ec2::254", "[fd00:ec2::255]:80"));
    assert_true(has(" 192.0.2.1 ", "192.0.2.1:80"));
}

static void mapped_addresses_are_ipv4(void **state)
{
    (void)state;
    assert_true(has("169.254.169.254", "[::ffff:169.254.169.254]:80"));
    assert_true(has("127.0.0.1:5380", "[::ffff:127.0.0.1]:5380"));
    assert_true(has("::ffff:192.0.2.1", "192.0.2.1:80"));
}

static void what_a_translator_reaches_is_ipv4_too(void **state)
{
    (void)state;
    assert_true(has("169.254.0.0/16", "[64:ff9b::169.254.169.254]:80"));
    assert_true(has("64:ff9b::/96", "[64:ff9b::169.254.169.254]:80"));
    assert_false(has("169.254.0.0/16", "[64:ff9b::192.0.2.1]:80"));
    assert_false(has("169.254.0.0/16", "[64:ff9b:1::169.254.169.254]:80"));
}

static void an_address_with_a_port_is_that_port_alone(void **state)
{
    (void)state;
    assert_true(has("127.0.0.1:5380", "127.0.0.1:5380"));
    assert_false(has("127.0.0.1:5380", "127.0.0.1:5381"));
    assert_false(has("127.0.0.1:5380", "127.0.0.2:5380"));
    assert_true(has("[::1]:5380", "[::1]:5380"));
    assert_false(has("[::1]:5380", "[::1]:80"));
}

static void a_wildcard_with_a_port_is_every_local_address(void **state)
{
    (void)state;
    static const char *const wildcards[] = {"0.0.0.0:5380", "[::]:5380"};
    for (size_t i = 0; i < 2; i++) {
        assert_true(has(wildcards[i], "127.0.0.1:5380"));
        assert_true(has(wildcards[i], "127.9.9.9:5380"));
        assert_true(has(wildcards[i], "[::ffff:127.0.0.1]:5380"));
        assert_true(has(wildcards[i], "0.0.0.0:5380"));
        assert_false(has(wildcards[i], "127.0.0.1:5381"));
        assert_false(has(wildcards[i], "192.0.2.1:5380"));
        assert_false(has(wildcards[i], "[2001:db8::1]:5380"));
    }
}

static void what_connects_to_this_machine_by_the_wildcard_is_its_loopback(void **state)
{
    (void)state;
    assert_true(has("127.0.0.1:5380", "0.0.0.0:5380"));
    assert_true(has("127.0.0.0/8", "0.0.0.0:80"));
    assert_true(has("[::1]:5380", "[::]:5380"));
    assert_true(has("127.0.0.1:5380", "[::ffff:0.0.0.0]:5380"));
}

static void a_list_has_what_any_of_its_texts_has(void **state)
{
    (void)state;
    static const char *const texts[] = {"10.0.0.0/8", "127.0.0.1:5390"};
    struct network_list *l;
    assert_int_equal(network_list_new(texts, 2, &l, NULL), ERR_OK);
    struct net_address a = address("10.1.2.3:80");
    assert_true(network_list_has(l, &a));
    a = address("127.0.0.1:5390");
    assert_true(network_list_has(l, &a));
    a = address("127.0.0.1:80");
    assert_false(network_list_has(l, &a));
    network_list_free(l);
    assert_int_equal(network_list_new(NULL, 0, &l, NULL), ERR_OK);
    assert_false(network_list_has(l, &a));
    network_list_free(l);
}

static void what_is_no_network_is_named(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",          "localhost", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.1/8",
        "10.0.0.0/", "::/129",    "fd00::1/16",  "127.0.0.1:0", "127.0.0.1:65536",
        "[::1]",     "10.0.0/8",  "0x7f000001",  "10.0.0.0/8/8"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct network_list *l = NULL;
        struct errctx ec = {0};
        if (network_list_new(&texts[i], 1, &l, &ec) != ERR_INVALID)
            fail_msg("'%s' was taken", texts[i]);
        assert_null(l);
        assert_non_null(strstr(ec.text, texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_has_its_addresses_at_every_port),
        cmocka_unit_test(mapped_addresses_are_ipv4),
        cmocka_unit_test(what_a_translator_reaches_is_ipv4_too),
        cmocka_unit_test(an_address_with_a_port_is_that_port_alone),
        cmocka_unit_test(a_wildcard_with_a_port_is_every_local_address),
        cmocka_unit_test(what_connects_to_this_machine_by_the_wildcard_is_its_loopback),
        cmocka_unit_test(a_list_has_what_any_of_its_texts_has),
        cmocka_unit_test(what_is_no_network_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
