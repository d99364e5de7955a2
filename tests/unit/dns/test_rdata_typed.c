// SPDX-License-Identifier: Apache-2.0
// Values of the types with strings, digests and service parameters: texts to wire form and back,
// and the words where they are refused.

#include "dns/limits.h"
#include "dns/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct arena arena;

static int reset(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

/* The text becomes `wire`, and that is listed as `listed`. */
static void assert_value(uint16_t type, const char *text, struct slice wire, const char *listed)
{
    struct slice rdata;
    struct errctx ec = {0};
    if (dns_rdata_parse(&arena, type, slice_str(text), &rdata, &ec) != ERR_OK)
        fail_msg("'%s': %s", text, ec.text);
    assert_int_equal(rdata.len, wire.len);
    assert_memory_equal(rdata.data, wire.data, wire.len);
    assert_int_equal(dns_rdata_check(type, rdata, &ec), ERR_OK);
    assert_string_equal(arena_str(&arena, dns_rdata_format(&arena, type, rdata)), listed);
    struct slice again;
    assert_int_equal(dns_rdata_parse(&arena, type, slice_str(listed), &again, &ec), ERR_OK);
    assert_true(slice_equal(again, rdata));
}

static void assert_problem(uint16_t type, const char *text, const char *severity,
                           const char *problem)
{
    struct slice rdata;
    struct errctx ec = {0};
    const char *expected =
        arena_printf(&arena, "Invalid Resource Record: '%s problem: %s encountered with '%s''",
                     severity, problem, text);
    if (dns_rdata_parse(&arena, type, slice_str(text), &rdata, &ec) != ERR_INVALID)
        fail_msg("'%s' is taken", text);
    assert_string_equal(ec.text, expected);
}

static void assert_refused(uint16_t type, const char *text, const char *problem)
{
    assert_problem(type, text, "FATAL", problem);
}

static void assert_all_refused(uint16_t type, const char *const texts[], const char *problem)
{
    for (size_t i = 0; texts[i] != NULL; i++)
        assert_refused(type, texts[i], problem);
}

static void assert_corrupt(uint16_t type, struct slice rdata)
{
    assert_int_equal(dns_rdata_check(type, rdata, NULL), ERR_CORRUPT);
}

#define TEN_BYTES "00112233445566778899"
#define TEN_WIRE "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99"
#define TWENTY_BYTES TEN_BYTES TEN_BYTES
#define TWENTY_WIRE TEN_WIRE TEN_WIRE
#define NO_DIGEST "IllegalDigestLength (Digest does not have the length of its type)"
#define NO_HEX "IllegalHexadecimal (Value is not an even number of hexadecimal digits)"
#define NO_QUOTES "InvalidCharacterString (Value should be enclosed in quotation marks)"

static void ds_digests_have_the_length_of_their_type(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_DS, "12345 13 1 " TWENTY_BYTES, SLICE_LIT("\x30\x39\x0d\x01" TWENTY_WIRE),
                 "12345 13 1 " TWENTY_BYTES);
    assert_value(DNS_TYPE_DS, "1 8 2  " TEN_BYTES " " TWENTY_BYTES "\taA bb",
                 SLICE_LIT("\0\1\x08\x02" TEN_WIRE TWENTY_WIRE "\xaa\xbb"),
                 "1 8 2 " TEN_BYTES TWENTY_BYTES "AABB");
    assert_value(DNS_TYPE_DS, "1 8 200 00", SLICE_LIT("\0\1\x08\xc8\0"), "1 8 200 00");
    assert_refused(DNS_TYPE_DS, "1 8 1 " TEN_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_DS, "1 8 2 " TWENTY_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_DS, "1 8 4 " TWENTY_BYTES TWENTY_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_DS, "1 8 5 0", NO_HEX);
    assert_refused(DNS_TYPE_DS, "1 8 5 0g", NO_HEX);
    assert_refused(DNS_TYPE_DS, "1 8 5", "DSRRDATANotFourFields (DS record doesn't have 4 fields)");
    assert_refused(DNS_TYPE_DS, "65536 8 5 00",
                   "IllegalNumber (Value is not a number between 0 and 65535)");
    assert_refused(DNS_TYPE_DS, "1 RSASHA256 5 00",
                   "IllegalNumber (Value is not a number between 0 and 255)");
    assert_corrupt(DNS_TYPE_DS, SLICE_LIT("\0\1\x08\x05"));
    assert_corrupt(DNS_TYPE_DS, SLICE_LIT("\0\1\x08\x01\0"));
}

static void sshfp_and_tlsa_follow_the_same_rule(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_SSHFP, "4 1 " TWENTY_BYTES, SLICE_LIT("\x04\x01" TWENTY_WIRE),
                 "4 1 " TWENTY_BYTES);
    assert_value(DNS_TYPE_TLSA, "3 1 1 " TEN_BYTES TWENTY_BYTES "ffff",
                 SLICE_LIT("\x03\x01\x01" TEN_WIRE TWENTY_WIRE "\xff\xff"),
                 "3 1 1 " TEN_BYTES TWENTY_BYTES "FFFF");
    assert_value(DNS_TYPE_TLSA, "3 1 0 00", SLICE_LIT("\x03\x01\0\0"), "3 1 0 00");
    assert_refused(DNS_TYPE_SSHFP, "4 2 " TWENTY_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_TLSA, "3 1 1 " TWENTY_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_TLSA, "3 1 2 " TWENTY_BYTES, NO_DIGEST);
    assert_refused(DNS_TYPE_SSHFP, "4 2",
                   "SSHFPRRDATANotThreeFields (SSHFP record doesn't have 3 fields)");
    assert_refused(DNS_TYPE_TLSA, "3 1 1",
                   "TLSARRDATANotFourFields (TLSA record doesn't have 4 fields)");
}

static void naptr_has_three_quoted_strings(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_NAPTR,
                 "100 50 \"u\" \"E2U+sip\" \"!^(\\\\+441632960083)$!sip:\\\\1@example.com!\" .",
                 SLICE_LIT("\0\144\0\62\1u\7E2U+sip\47!^(\\+441632960083)$!sip:\\1@example.com!\0"),
                 "100 50 \"u\" \"E2U+sip\" \"!^(\\\\+441632960083)$!sip:\\\\1@example.com!\" .");
    assert_value(DNS_TYPE_NAPTR, "1 2 \"S\"  \"a b\" \"\"\t_SIP._udp.example.com",
                 SLICE_LIT("\0\1\0\2\1S\3a b\0\4_sip\4_udp\7example\3com\0"),
                 "1 2 \"S\" \"a b\" \"\" _sip._udp.example.com.");
    assert_all_refused(DNS_TYPE_NAPTR,
                       (const char *const[]){"1 2 S \"a\" \"\" .", "1 2 \"S\"x \"a\" \"\" .", NULL},
                       NO_QUOTES);
    assert_all_refused(DNS_TYPE_NAPTR,
                       (const char *const[]){"1 2 \"S\" \"a\" \"\"", "1 2 \"S\" \"a\" \"\" . .",
                                             "1 2 \"S\" \"a\" \" .", NULL},
                       "NAPTRRRDATANotSixFields (NAPTR record doesn't have 6 fields)");
    assert_problem(DNS_TYPE_NAPTR, "1 1 \"U\" \"123\" \"regular\" myentry.example.com", "WARNING",
                   "NAPTRRRDATARegexpAndReplacementError (NAPTR record can have only one field in "
                   "regexp and replacement)");
    assert_corrupt(DNS_TYPE_NAPTR, SLICE_LIT("\0\1\0\2\1S\1a\1b\1a\0"));
    assert_corrupt(DNS_TYPE_NAPTR, SLICE_LIT("\0\1\0\2\1S\1a\5b\0"));
}

static void spf_is_as_txt_and_hinfo_two_strings(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_SPF, "\"v=spf1 -all\"", SLICE_LIT("\13v=spf1 -all"), "\"v=spf1 -all\"");
    assert_refused(DNS_TYPE_SPF, "v=spf1", NO_QUOTES);
    assert_value(DNS_TYPE_HINFO, "\"RFC8482\" \"\"", SLICE_LIT("\7RFC8482\0"), "\"RFC8482\" \"\"");
    assert_refused(DNS_TYPE_HINFO, "\"RFC8482\"",
                   "HINFORRDATANotTwoFields (HINFO record doesn't have 2 fields)");
}

static void service_parameters_are_in_the_order_of_their_keys(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_HTTPS, "1 . port=8443 alpn=h2,h3",
                 SLICE_LIT("\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\x20\xfb"),
                 "1 . alpn=\"h2,h3\" port=8443");
    assert_value(DNS_TYPE_SVCB,
                 "16 Foo.example.org mandatory=ipv4hint,alpn alpn=\"h2,h3-19\" ipv4hint=192.0.2.1",
                 SLICE_LIT("\0\20\3foo\7example\3org\0\0\0\0\4\0\1\0\4\0\1\0\11\2h2\5h3-19\0\4\0\4"
                           "\300\0\2\1"),
                 "16 foo.example.org. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" "
                 "ipv4hint=192.0.2.1");
    assert_value(DNS_TYPE_SVCB,
                 "1 a. ipv6hint=\"2001:db8::1,::\" ech=AAECAw== no-default-alpn alpn=x",
                 SLICE_LIT("\0\1\1a\0\0\1\0\2\1x\0\2\0\0\0\5\0\4\0\1\2\3\0\6\0\40"
                           "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
                           "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
                 "1 a. alpn=\"x\" no-default-alpn ech=\"AAECAw==\" ipv6hint=2001:db8::1,::");
    assert_value(DNS_TYPE_HTTPS, "0 svc.example.net.", SLICE_LIT("\0\0\3svc\7example\3net\0"),
                 "0 svc.example.net.");
    assert_value(DNS_TYPE_HTTPS, "1 .", SLICE_LIT("\0\1\0"), "1 .");
}

/* RFC 9460 appendix D.1, with Route 53's octal escapes for the RFC's decimal ones. */
static void escapes_are_those_of_the_rfcs_test_vectors(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_SVCB, "1 foo.example.com. key667=hello",
                 SLICE_LIT("\0\1\3foo\7example\3com\0\2\233\0\5hello"),
                 "1 foo.example.com. key667=\"hello\"");
    assert_value(DNS_TYPE_SVCB, "1 foo.example.com. key667=\"hello\\322qoo\"",
                 SLICE_LIT("\0\1\3foo\7example\3com\0\2\233\0\11hello\322qoo"),
                 "1 foo.example.com. key667=\"hello\\322qoo\"");
    struct slice vector = SLICE_LIT("\0\20\3foo\7example\3org\0\0\1\0\14\10f\\oo,bar\2h2");
    const char *listed = "16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"";
    assert_value(DNS_TYPE_SVCB, "16 foo.example.org alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", vector,
                 listed);
    assert_value(DNS_TYPE_SVCB, "16 foo.example.org alpn=f\\\\\\134oo\\\\,bar,h2", vector, listed);
    assert_value(DNS_TYPE_SVCB, "1 . key1=\"\\002h2\" key65534 key7=\"/q{?dns}\"",
                 SLICE_LIT("\0\1\0\0\1\0\3\2h2\0\7\0\10/q{?dns}\xff\xfe\0\0"),
                 "1 . alpn=\"h2\" key7=\"/q{?dns}\" key65534");
}

static void parameters_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "1 . key65535=x", "1 . key01=x", "1 . ALPN=h2", "1 . dohpath=x", "1 . =x", "1 . key", NULL};
    assert_all_refused(DNS_TYPE_SVCB, keys,
                       "IllegalSvcParamKey (Parameter is not one of mandatory, alpn, "
                       "no-default-alpn, port, ipv4hint, ech, ipv6hint, key0 to key65534)");
    static const char *const values[] = {"1 . port=65536",
                                         "1 . port",
                                         "1 . alpn",
                                         "1 . alpn=\"\"",
                                         "1 . alpn=h2,,h3",
                                         "1 . alpn=h2,",
                                         "1 . alpn=x\\\\",
                                         "1 . ech",
                                         "1 . no-default-alpn=x alpn=x",
                                         "1 . ipv4hint=1.2.3",
                                         "1 . ipv4hint=::",
                                         "1 . ipv6hint=1.2.3.4",
                                         "1 . ech=AA",
                                         "1 . ech=AB==",
                                         "1 . ech=\"A===\"",
                                         "1 . key3=\"abc\"",
                                         NULL};
    assert_all_refused(DNS_TYPE_SVCB, values,
                       "IllegalSvcParamValue (Value does not fit its parameter)");
    assert_refused(DNS_TYPE_SVCB, "1 . port=1 port=2",
                   "RepeatedSvcParamKey (Parameter is given more than once)");
    assert_refused(DNS_TYPE_SVCB, "1 . alpn=\"h2\"port=2", NO_QUOTES);
    assert_refused(DNS_TYPE_SVCB, "1 . alpn=h2\"port\"", NO_QUOTES);
    assert_refused(DNS_TYPE_HTTPS, "1 . no-default-alpn",
                   "IllegalSvcParamNoDefaultAlpn (Parameter no-default-alpn needs alpn)");
    assert_refused(DNS_TYPE_HTTPS, "0 . port=1",
                   "IllegalSvcParamAliasMode (Record of priority 0 has no parameters)");
    assert_refused(DNS_TYPE_HTTPS, "1",
                   "HTTPSRRDATANotTwoFields (HTTPS record doesn't have a priority and a target)");
    static const char *const lists[] = {"1 . mandatory=port", "1 . mandatory=port,port port=1",
                                        "1 . mandatory=mandatory", NULL};
    assert_all_refused(DNS_TYPE_SVCB, lists,
                       "IllegalSvcParamMandatory (Parameter mandatory lists itself, a parameter "
                       "twice or one that is not there)");
}

static void parameters_in_wire_form_are_checked(void **state)
{
    (void)state;
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\3\0\2\0\1\0\1\0\2\1x"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\3\0\2\0\1\0\3\0\2\0\1"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\3\0\3\0\1"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\3\0"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\1\0\2\2x"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\0\0\0\3\0\2\0\1"));
    assert_corrupt(DNS_TYPE_SVCB, SLICE_LIT("\0\1\0\0\0\0\2\0\3"));
}

static void so_many_parameters_and_no_more(void **state)
{
    (void)state;
    char text[DNS_SVC_PARAM_MAX_COUNT * 16 + 32];
    for (unsigned over = 0; over <= 1; over++) {
        struct slice rdata;
        struct errctx ec = {0};
        size_t len = (size_t)snprintf(text, sizeof(text), "1 .");
        for (unsigned i = 0; i < DNS_SVC_PARAM_MAX_COUNT + over; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, " key%u", 1000 + i);
        assert_int_equal(dns_rdata_parse(&arena, DNS_TYPE_SVCB, slice_str(text), &rdata, &ec),
                         over > 0 ? ERR_INVALID : ERR_OK);
        if (over == 0)
            assert_int_equal(dns_rdata_check(DNS_TYPE_SVCB, rdata, NULL), ERR_OK);
        else
            assert_non_null(strstr(ec.text, "TooManySvcParams"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ds_digests_have_the_length_of_their_type, reset),
        cmocka_unit_test_teardown(sshfp_and_tlsa_follow_the_same_rule, reset),
        cmocka_unit_test_teardown(naptr_has_three_quoted_strings, reset),
        cmocka_unit_test_teardown(spf_is_as_txt_and_hinfo_two_strings, reset),
        cmocka_unit_test_teardown(service_parameters_are_in_the_order_of_their_keys, reset),
        cmocka_unit_test_teardown(escapes_are_those_of_the_rfcs_test_vectors, reset),
        cmocka_unit_test_teardown(parameters_that_do_not_fit_are_refused, reset),
        cmocka_unit_test(parameters_in_wire_form_are_checked),
        cmocka_unit_test_teardown(so_many_parameters_and_no_more, reset),
    };
    arena_init(&arena);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
