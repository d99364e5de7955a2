// SPDX-License-Identifier: Apache-2.0
// Values of records: Route 53's texts to wire form and back, its words where they are refused, and
// the check of wire form.

#include "dns/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    struct arena arena;
};

static struct fixture fixture;

static int reset(void **state)
{
    (void)state;
    arena_fini(&fixture.arena);
    return 0;
}

static struct slice parsed(uint16_t type, const char *text)
{
    struct slice rdata;
    struct errctx ec = {0};
    enum err err = dns_rdata_parse(&fixture.arena, type, slice_str(text), &rdata, &ec);
    if (err != ERR_OK)
        fail_msg("'%s': %s", text, ec.text);
    assert_int_equal(dns_rdata_check(type, rdata, &ec), ERR_OK);
    return rdata;
}

/* The text becomes `wire`, and that is listed as `listed`. */
static void assert_value(uint16_t type, const char *text, struct slice wire, const char *listed)
{
    struct slice rdata = parsed(type, text);
    assert_int_equal(rdata.len, wire.len);
    assert_memory_equal(rdata.data, wire.data, wire.len);
    struct slice formatted = dns_rdata_format(&fixture.arena, type, rdata);
    assert_int_equal(formatted.len, strlen(listed));
    assert_memory_equal(formatted.data, listed, formatted.len);
    assert_true(slice_equal(parsed(type, listed), rdata));
}

static void assert_refused(uint16_t type, const char *text, const char *problem)
{
    struct slice rdata = SLICE_LIT("untouched");
    struct errctx ec = {0};
    char expected[ERRCTX_TEXT_SIZE];
    (void)snprintf(expected, sizeof(expected),
                   "Invalid Resource Record: 'FATAL problem: %s encountered with '%s''", problem,
                   text);
    assert_int_equal(dns_rdata_parse(&fixture.arena, type, slice_str(text), &rdata, &ec),
                     ERR_INVALID);
    assert_string_equal(ec.text, expected);
    assert_true(slice_equal(rdata, SLICE_LIT("untouched")));
}

static void ipv4_is_four_decimals(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_A, "192.0.2.255", SLICE_LIT("\300\0\2\377"), "192.0.2.255");
    assert_value(DNS_TYPE_A, " 1.2.3.4 ", SLICE_LIT("\1\2\3\4"), "1.2.3.4");
    static const char *const wrong[] = {"1.2.3",    "1.2.3.256", "1.2.3.4.5",   "01.2.3.4",
                                        "a.b.c.d",  "",          "::1",         "1.2.3.4/24",
                                        "1.2..3.4", "1.2.3.4.",  "0x1.2.3.4.5", "example.com"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refused(DNS_TYPE_A, wrong[i],
                       "ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address)");
    assert_refused(DNS_TYPE_A, "1.2.3.4, 5.6.7.8", "ARRDATANotSingleField (Value contains spaces)");
}

static void ipv6_takes_every_form_and_is_listed_as_rfc5952(void **state)
{
    (void)state;
    struct slice doc = SLICE_LIT("\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1");
    assert_value(DNS_TYPE_AAAA, "2001:DB8::1", doc, "2001:db8::1");
    assert_value(DNS_TYPE_AAAA, "2001:0db8:0000:0000:0000:0000:0000:0001", doc, "2001:db8::1");
    assert_value(DNS_TYPE_AAAA, "2001:db8::0.0.0.1", doc, "2001:db8::1");
    struct slice none = SLICE_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_value(DNS_TYPE_AAAA, "::", none, "::");
    /* Section 4.2.2: one group is not shortened; 4.2.3: of two runs of one length, the first. */
    assert_value(DNS_TYPE_AAAA, "1:0:2:3:4:5:6:7", SLICE_LIT("\0\1\0\0\0\2\0\3\0\4\0\5\0\6\0\7"),
                 "1:0:2:3:4:5:6:7");
    assert_value(DNS_TYPE_AAAA, "1:0:0:2:0:0:3:4", SLICE_LIT("\0\1\0\0\0\0\0\2\0\0\0\0\0\3\0\4"),
                 "1::2:0:0:3:4");
    assert_value(DNS_TYPE_AAAA, "::FFFF:c000:0201",
                 SLICE_LIT("\0\0\0\0\0\0\0\0\0\0\xff\xff\300\0\2\1"), "::ffff:192.0.2.1");
    static const char *const wrong[] = {
        "1.2.3.4", ":::", "1::2::3", "12345::", "fe80::1%eth0", "", "1:2:3:4:5:6:7", "g::"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refused(DNS_TYPE_AAAA, wrong[i],
                       "AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address)");
}

static void names_are_absolute_and_lower_case(void **state)
{
    (void)state;
    static const uint16_t types[] = {DNS_TYPE_NS, DNS_TYPE_CNAME, DNS_TYPE_PTR};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        assert_value(types[i], "Mail.Example.com", SLICE_LIT("\4mail\7example\3com\0"),
                     "mail.example.com.");
        assert_refused(types[i], "a..b", "DomainLabelEmpty (Domain label is empty)");
        assert_refused(types[i], "", "DomainLabelEmpty (Domain label is empty)");
    }
    assert_refused(DNS_TYPE_CNAME, "a b", "CNAMERRDATANotSingleField (Value contains spaces)");
    assert_refused(DNS_TYPE_PTR, "b\xc3\xbc.example",
                   "UnsupportedCharacter (Value contains unsupported characters)");
}

static void mx_has_two_fields(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_MX, "10  Mail.example.", SLICE_LIT("\0\12\4mail\7example\0"),
                 "10 mail.example.");
    assert_value(DNS_TYPE_MX, "65535 .", SLICE_LIT("\377\377\0"), "65535 .");
    assert_refused(DNS_TYPE_MX, "65536 a",
                   "IllegalNumber (Value is not a number between 0 and 65535)");
    assert_refused(DNS_TYPE_MX, "-1 a",
                   "IllegalNumber (Value is not a number between 0 and 65535)");
    assert_refused(DNS_TYPE_MX, "mail.example.",
                   "MXRRDATANotTwoFields (MX record doesn't have 2 fields)");
    assert_refused(DNS_TYPE_MX, "10 a b", "MXRRDATANotTwoFields (MX record doesn't have 2 fields)");
    assert_refused(DNS_TYPE_MX, "", "MXRRDATANotTwoFields (MX record doesn't have 2 fields)");
}

static void srv_has_four_fields(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_SRV, "1 2 65535 a.example", SLICE_LIT("\0\1\0\2\377\377\1a\7example\0"),
                 "1 2 65535 a.example.");
    assert_refused(DNS_TYPE_SRV, "1 1 3 a.b. c.",
                   "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)");
    assert_refused(DNS_TYPE_SRV, "1 1 a.b.",
                   "SRVRRDATANotFourFields (SRV record doesn't have 4 fields)");
}

static void soa_has_seven_fields(void **state)
{
    (void)state;
    const char *text = "ns-1.weir.test. hostmaster.weir.test. 1 7200 900 1209600 4294967295";
    struct slice rdata = parsed(DNS_TYPE_SOA, text);
    struct dns_soa soa;
    dns_soa_read(rdata, &soa);
    assert_true(slice_equal(soa.mname, SLICE_LIT("\4ns-1\4weir\4test\0")));
    assert_true(slice_equal(soa.rname, SLICE_LIT("\12hostmaster\4weir\4test\0")));
    assert_int_equal(soa.serial, 1);
    assert_int_equal(soa.refresh_s, 7200);
    assert_int_equal(soa.retry_s, 900);
    assert_int_equal(soa.expire_s, 1209600);
    assert_int_equal(soa.minimum_s, UINT32_MAX);
    assert_value(DNS_TYPE_SOA, text, rdata, text);
    assert_refused(DNS_TYPE_SOA, "a. b. 1 2 3 4 4294967296",
                   "IllegalNumber (Value is not a number between 0 and 4294967295)");
    assert_refused(DNS_TYPE_SOA, "a. b. 1 2 3 4",
                   "SOARRDATANotSevenFields (SOA record doesn't have 7 fields)");
}

static void caa_has_flags_a_tag_and_a_quoted_value(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_CAA, "0 issue \"ca.example; a=b\"", SLICE_LIT("\0\5issueca.example; a=b"),
                 "0 issue \"ca.example; a=b\"");
    assert_value(DNS_TYPE_CAA, "255 iodef \"\"", SLICE_LIT("\377\5iodef"), "255 iodef \"\"");
    assert_refused(DNS_TYPE_CAA, "256 issue \"a\"",
                   "IllegalNumber (Value is not a number between 0 and 255)");
    assert_value(DNS_TYPE_CAA, "128 example-text-tag \"1-555\"",
                 SLICE_LIT("\200\20example-text-tag1-555"), "128 example-text-tag \"1-555\"");
    assert_refused(DNS_TYPE_CAA, "0 is_sue \"a\"",
                   "CAARRDATAIllegalTag (Tag is not made of letters, digits and hyphens)");
    assert_refused(DNS_TYPE_CAA, "0 issue a",
                   "InvalidCharacterString (Value should be enclosed in quotation marks)");
    assert_refused(DNS_TYPE_CAA, "0 issue",
                   "CAARRDATANotThreeFields (CAA record doesn't have 3 fields)");
    assert_refused(DNS_TYPE_CAA, "0 issue \"a\" \"b\"",
                   "CAARRDATANotThreeFields (CAA record has text behind its value)");
}

static void txt_is_strings_in_quotes(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_TXT, "\"foo bar\"", SLICE_LIT("\7foo bar"), "\"foo bar\"");
    assert_value(DNS_TYPE_TXT, "\"a\" \"\"  \"b\"", SLICE_LIT("\1a\0\1b"), "\"a\" \"\" \"b\"");
    assert_value(DNS_TYPE_TXT, "\"a\"\"b\"", SLICE_LIT("\1a\1b"), "\"a\" \"b\"");
    assert_value(DNS_TYPE_TXT, "\"\"", SLICE_LIT("\0"), "\"\"");
    assert_value(DNS_TYPE_TXT, "\"\\\"\\\\\\303\\274\\000\"", SLICE_LIT("\5\"\\\303\274\0"),
                 "\"\\\"\\\\\\303\\274\\000\"");
    assert_value(DNS_TYPE_TXT, "\"v=DKIM1\\; UPPER\"", SLICE_LIT("\16v=DKIM1; UPPER"),
                 "\"v=DKIM1; UPPER\"");
    static const char *const unquoted[] = {"foo", "",      "\"foo",  "\"foo\" bar",
                                           "\"",  "foo\"", "\"a\\\""};
    for (size_t i = 0; i < ARRAY_LEN(unquoted); i++)
        assert_refused(DNS_TYPE_TXT, unquoted[i],
                       "InvalidCharacterString (Value should be enclosed in quotation marks)");
    assert_refused(DNS_TYPE_TXT, "\"\\400\"", "IllegalEscape (Illegal escape)");
    assert_refused(DNS_TYPE_TXT, "\"\\12\"", "IllegalEscape (Illegal escape)");
    assert_refused(DNS_TYPE_TXT, "\"b\xc3\xbc\"",
                   "UnsupportedCharacter (Value contains unsupported characters)");
    assert_refused(DNS_TYPE_TXT, "\"a\tb\"",
                   "UnsupportedCharacter (Value contains unsupported characters)");
}

static void txt_strings_hold_255_bytes_and_texts_4000_characters(void **state)
{
    (void)state;
    char text[4200];
    memset(text, 'a', sizeof(text));
    text[0] = '"';
    text[256] = '"';
    text[257] = '\0';
    struct slice rdata = parsed(DNS_TYPE_TXT, text);
    assert_int_equal(rdata.len, 256);
    assert_int_equal(rdata.data[0], 255);

    struct errctx ec = {0};
    text[256] = 'a';
    text[257] = '"';
    struct slice out;
    assert_int_equal(dns_rdata_parse(&fixture.arena, DNS_TYPE_TXT, slice_of(text, 258), &out, &ec),
                     ERR_INVALID);
    assert_non_null(strstr(ec.text, "CharacterStringTooLong (Value is too long) encountered with"));
    assert_string_equal(ec.text + strlen(ec.text) - 3, "\"''");

    for (size_t i = 0; i < sizeof(text); i += 2)
        memcpy(text + i, "\"\"", 2);
    assert_int_equal(dns_rdata_parse(&fixture.arena, DNS_TYPE_TXT, slice_of(text, 4000), &out, &ec),
                     ERR_OK);
    assert_int_equal(out.len, 2000);
    assert_int_equal(dns_rdata_parse(&fixture.arena, DNS_TYPE_TXT, slice_of(text, 4002), &out, &ec),
                     ERR_INVALID);
    assert_non_null(strstr(ec.text, "TXTRDATATooLong (Value is too long)"));
}

static void types_that_are_not_hosted_are_refused(void **state)
{
    (void)state;
    assert_refused(DNS_TYPE_DNAME, "example.com.",
                   "UnsupportedType (DNAME is not supported: create a record for each name, or "
                   "delegate them)");
    assert_refused(DNS_TYPE_DNSKEY, "\\# 1 00",
                   "UnsupportedType (Records of this type belong to a zone's own signing, they are "
                   "not supported)");
    assert_refused(DNS_TYPE_ANY, "\\# 1 00",
                   "UnsupportedType (This type stands in questions and messages, it has no "
                   "records)");
    struct errctx ec = {0};
    assert_int_equal(dns_rdata_check(DNS_TYPE_DNAME, SLICE_LIT("\0"), &ec), ERR_CORRUPT);
    assert_string_equal(ec.text, "data of a DNAME record: the type is not hosted");
}

static void any_type_is_hosted_as_bytes(void **state)
{
    (void)state;
    assert_value(65280, "\\# 4 0A000001", SLICE_LIT("\12\0\0\1"), "\\# 4 0A000001");
    assert_value(65280, "  \\#\t4 0a 0000 01 ", SLICE_LIT("\12\0\0\1"), "\\# 4 0A000001");
    assert_value(65280, "\\# 0", SLICE_LIT(""), "\\# 0");
    assert_refused(65280, "10.0.0.1",
                   "GenericRDATAIllegalForm (Value is not of the form \\# LENGTH HEXADECIMAL)");
    static const char *const wrong[] = {"",        "\\#",       "\\# x",
                                        "\\# 1 0", "\\# 1 0 0", "\\# 65536 00",
                                        "\\#1 00", "\\# -1",    "\\# 1 0g"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_refused(65280, wrong[i],
                       "GenericRDATAIllegalForm (Value is not of the form \\# LENGTH HEXADECIMAL)");
    assert_refused(65280, "\\# 2 00", "GenericRDATAIllegalLength (Length is not that of the data)");
    assert_refused(65280, "\\# 1", "GenericRDATAIllegalLength (Length is not that of the data)");
}

static void a_known_type_given_as_bytes_is_checked_as_itself(void **state)
{
    (void)state;
    assert_value(DNS_TYPE_A, "\\# 4 0A000001", SLICE_LIT("\12\0\0\1"), "10.0.0.1");
    assert_value(DNS_TYPE_MX, "\\# 5 000A 01 41 00", SLICE_LIT("\0\12\1a\0"), "10 a.");
    assert_refused(DNS_TYPE_A, "\\# 3 0A0000",
                   "GenericRDATAIllegalData (Data is not well-formed for the type)");
    assert_refused(DNS_TYPE_CNAME, "\\# 2 C00C",
                   "GenericRDATAIllegalData (Data is not well-formed for the type)");
}

static void an_empty_value_is_refused_of_every_type(void **state)
{
    (void)state;
    static const uint16_t types[] = {
#define DNS_TYPE_DEF(name, number, hosting) number,
#include "dns/types.def"
#undef DNS_TYPE_DEF
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct slice rdata;
        struct errctx ec = {0};
        assert_int_equal(dns_rdata_parse(&fixture.arena, types[i], slice_of(NULL, 0), &rdata, &ec),
                         ERR_INVALID);
    }
}

static void empty_data_is_that_of_a_type_of_bytes_alone(void **state)
{
    (void)state;
    static const uint16_t types[] = {
        DNS_TYPE_A,  DNS_TYPE_NS,    DNS_TYPE_CNAME, DNS_TYPE_SOA,  DNS_TYPE_PTR, DNS_TYPE_HINFO,
        DNS_TYPE_MX, DNS_TYPE_TXT,   DNS_TYPE_AAAA,  DNS_TYPE_SRV,  DNS_TYPE_CAA, DNS_TYPE_NAPTR,
        DNS_TYPE_DS, DNS_TYPE_SSHFP, DNS_TYPE_TLSA,  DNS_TYPE_SVCB, DNS_TYPE_SPF, DNS_TYPE_HTTPS,
    };
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        assert_int_equal(dns_rdata_check(types[i], slice_of(NULL, 0), NULL), ERR_CORRUPT);
    assert_int_equal(dns_rdata_check(65280, slice_of(NULL, 0), NULL), ERR_OK);
}

static void assert_corrupt(uint16_t type, struct slice rdata)
{
    struct errctx ec = {0};
    assert_int_equal(dns_rdata_check(type, rdata, &ec), ERR_CORRUPT);
}

static void wire_form_is_checked_to_the_byte(void **state)
{
    (void)state;
    assert_corrupt(DNS_TYPE_A, SLICE_LIT("\1\2\3"));
    assert_corrupt(DNS_TYPE_A, SLICE_LIT("\1\2\3\4\5"));
    assert_corrupt(DNS_TYPE_AAAA, SLICE_LIT("\1\2\3\4"));
    assert_corrupt(DNS_TYPE_NS, SLICE_LIT("\1a\0x"));
    assert_corrupt(DNS_TYPE_NS, SLICE_LIT("\1a\300\14"));
    assert_corrupt(DNS_TYPE_MX, SLICE_LIT("\0\1"));
    assert_corrupt(DNS_TYPE_SOA, SLICE_LIT("\0\0\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0"));
    assert_corrupt(DNS_TYPE_TXT, slice_of(NULL, 0));
    assert_corrupt(DNS_TYPE_TXT, SLICE_LIT("\3ab"));
    assert_corrupt(DNS_TYPE_CAA, SLICE_LIT("\0\0"));
    assert_corrupt(DNS_TYPE_CAA, SLICE_LIT("\0\5issu"));
    assert_corrupt(DNS_TYPE_CAA, SLICE_LIT("\0\3a_b"));
}

static void names_in_the_data_are_found(void **state)
{
    (void)state;
    static const struct {
        size_t offset;
        uint16_t type;
        bool is_compressible;
    } cases[] = {
        {0, DNS_TYPE_NS, true},    {0, DNS_TYPE_CNAME, true},  {0, DNS_TYPE_PTR, true},
        {0, DNS_TYPE_SOA, true},   {2, DNS_TYPE_MX, true},     {6, DNS_TYPE_SRV, false},
        {20, DNS_TYPE_A, false},   {20, DNS_TYPE_TXT, false},  {20, DNS_TYPE_CAA, false},
        {20, DNS_TYPE_DS, false},  {2, DNS_TYPE_HTTPS, false}, {20, 65280, false},
        {2, DNS_TYPE_SVCB, false}, {7, DNS_TYPE_NAPTR, false},
    };
    static const uint8_t any[20];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool is_compressible;
        size_t at = dns_rdata_name_offset(cases[i].type, slice_of(any, 20), &is_compressible);
        assert_int_equal(at, cases[i].offset);
        assert_int_equal(is_compressible, cases[i].is_compressible);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(ipv4_is_four_decimals, reset),
        cmocka_unit_test_teardown(ipv6_takes_every_form_and_is_listed_as_rfc5952, reset),
        cmocka_unit_test_teardown(names_are_absolute_and_lower_case, reset),
        cmocka_unit_test_teardown(mx_has_two_fields, reset),
        cmocka_unit_test_teardown(srv_has_four_fields, reset),
        cmocka_unit_test_teardown(soa_has_seven_fields, reset),
        cmocka_unit_test_teardown(caa_has_flags_a_tag_and_a_quoted_value, reset),
        cmocka_unit_test_teardown(txt_is_strings_in_quotes, reset),
        cmocka_unit_test_teardown(txt_strings_hold_255_bytes_and_texts_4000_characters, reset),
        cmocka_unit_test_teardown(types_that_are_not_hosted_are_refused, reset),
        cmocka_unit_test_teardown(any_type_is_hosted_as_bytes, reset),
        cmocka_unit_test_teardown(a_known_type_given_as_bytes_is_checked_as_itself, reset),
        cmocka_unit_test_teardown(an_empty_value_is_refused_of_every_type, reset),
        cmocka_unit_test(empty_data_is_that_of_a_type_of_bytes_alone),
        cmocka_unit_test(wire_form_is_checked_to_the_byte),
        cmocka_unit_test(names_in_the_data_are_found),
    };
    arena_init(&fixture.arena);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
