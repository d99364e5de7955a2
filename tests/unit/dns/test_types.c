// SPDX-License-Identifier: Apache-2.0
// Types and response codes by name and number.

#include "dns/types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void types_have_a_name_or_rfc3597_form(void **state)
{
    (void)state;
    char buffer[DNS_TYPE_TEXT_SIZE];
    assert_string_equal(dns_type_text(DNS_TYPE_A, buffer), "A");
    assert_string_equal(dns_type_text(DNS_TYPE_CAA, buffer), "CAA");
    assert_string_equal(dns_type_text(DNS_TYPE_ANY, buffer), "ANY");
    assert_string_equal(dns_type_text(65535, buffer), "TYPE65535");
    assert_string_equal(dns_type_text(0, buffer), "TYPE0");
}

static void type_names_parse_in_any_case(void **state)
{
    (void)state;
    uint16_t type = 7;
    assert_true(dns_type_parse(SLICE_LIT("aAaA"), &type));
    assert_int_equal(type, DNS_TYPE_AAAA);
    assert_true(dns_type_parse(SLICE_LIT("type65535"), &type));
    assert_int_equal(type, 65535);
    type = 7;
    assert_false(dns_type_parse(SLICE_LIT("TYPE65536"), &type));
    assert_false(dns_type_parse(SLICE_LIT("TYPE"), &type));
    assert_false(dns_type_parse(SLICE_LIT("TYPE-1"), &type));
    assert_false(dns_type_parse(SLICE_LIT("AAAAA"), &type));
    assert_false(dns_type_parse(SLICE_LIT(""), &type));
    assert_int_equal(type, 7);
}

static void every_type_of_data_is_hosted_but_dname_and_those_of_signing(void **state)
{
    (void)state;
    assert_true(dns_type_is_hosted(DNS_TYPE_A));
    assert_true(dns_type_is_hosted(DNS_TYPE_CAA));
    assert_true(dns_type_is_hosted(DNS_TYPE_HTTPS));
    assert_true(dns_type_is_hosted(65280));
    assert_true(dns_type_is_hosted(127));
    assert_true(dns_type_is_hosted(256));
    static const uint16_t not_data[] = {0, DNS_TYPE_OPT, 128, DNS_TYPE_AXFR, DNS_TYPE_ANY, 65535};
    for (size_t i = 0; i < ARRAY_LEN(not_data); i++)
        assert_int_equal(dns_type_hosting(not_data[i]), DNS_NOT_DATA);
    assert_int_equal(dns_type_hosting(DNS_TYPE_DNAME), DNS_NOT_DNAME);
    assert_int_equal(dns_type_hosting(DNS_TYPE_RRSIG), DNS_NOT_SIGNED);
    assert_int_equal(dns_type_hosting(DNS_TYPE_DNSKEY), DNS_NOT_SIGNED);
}

static void response_codes_have_names(void **state)
{
    (void)state;
    assert_string_equal(dns_rcode_text(DNS_RCODE_NXDOMAIN), "NXDOMAIN");
    assert_string_equal(dns_rcode_text(DNS_RCODE_BADVERS), "BADVERS");
    assert_string_equal(dns_rcode_text(DNS_RCODE_BADVERS - 1), "OTHER");
    assert_string_equal(dns_rcode_text(DNS_RCODE_BADVERS + 1), "OTHER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_a_name_or_rfc3597_form),
        cmocka_unit_test(type_names_parse_in_any_case),
        cmocka_unit_test(every_type_of_data_is_hosted_but_dname_and_those_of_signing),
        cmocka_unit_test(response_codes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
