// SPDX-License-Identifier: Apache-2.0
// The parser of queries: what is answered, what is FORMERR, what is dropped; EDNS options.

#include "dns/edns.h"
#include "dns/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ID_RD "\x12\x34\x01\x00"
#define QUESTION "\3WwW\7example\3com\0\0\1\0\1"
#define OPT_DO "\0\0\x29\x04\xd0\0\0\x80\0\0\0"

static enum dns_parse parse(struct slice message, struct dns_query *out)
{
    memset(out, 0xaa, sizeof(*out));
    return dns_query_parse(message, out);
}

static void a_plain_query_is_read_whole(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice message = SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\0" QUESTION);
    assert_int_equal(parse(message, &q), DNS_PARSE_OK);
    assert_int_equal(q.id, 0x1234);
    assert_int_equal(q.flags, DNS_FLAG_RD);
    assert_int_equal(q.opcode, DNS_OPCODE_QUERY);
    assert_int_equal(q.qtype, DNS_TYPE_A);
    assert_int_equal(q.qclass, DNS_CLASS_IN);
    assert_true(slice_equal(q.question, SLICE_LIT(QUESTION)));
    assert_true(slice_equal(q.qname_sent, SLICE_LIT("\3WwW\7example\3com\0")));
    assert_true(slice_equal(dns_name_slice(&q.qname), SLICE_LIT("\3www\7example\3com\0")));
    assert_false(q.has_edns);
    assert_false(q.dnssec_ok);
    assert_int_equal(q.edns_udp_bytes, 512);
    assert_int_equal(q.edns_options.len, 0);
}

static void edns_is_read_from_opt(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION OPT_DO), &q), DNS_PARSE_OK);
    assert_true(q.has_edns);
    assert_true(q.dnssec_ok);
    assert_int_equal(q.edns_version, 0);
    assert_int_equal(q.edns_udp_bytes, 1232);
    assert_int_equal(
        parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\0\x10\0\x02\x7f\xff\0\0"), &q),
        DNS_PARSE_OK);
    assert_int_equal(q.edns_version, 2);
    assert_false(q.dnssec_ok);
    assert_int_equal(q.edns_udp_bytes, 16);
}

static void options_are_walked_in_order(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice message =
        SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\x04\xd0\0\0\0\0\0\x0b"
                        "\0\x08\0\3abc"
                        "\0\x0a\0\0");
    assert_int_equal(parse(message, &q), DNS_PARSE_OK);
    struct slice rest = q.edns_options;
    struct dns_edns_option option = {0};
    assert_true(dns_edns_next(&rest, &option));
    assert_int_equal(option.code, 8);
    assert_true(slice_equal(option.data, SLICE_LIT("abc")));
    assert_true(dns_edns_next(&rest, &option));
    assert_int_equal(option.code, 10);
    assert_int_equal(option.data.len, 0);
    assert_false(dns_edns_next(&rest, &option));
    assert_int_equal(rest.len, 0);
    struct slice broken = SLICE_LIT("\0\x08\0\4abc");
    assert_false(dns_edns_next(&broken, &option));
    assert_int_equal(broken.len, 7);
}

static void what_is_no_query_is_dropped(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice whole = SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\0" QUESTION);
    assert_int_equal(parse(slice_sub(whole, 0, 11), &q), DNS_PARSE_DROP);
    assert_int_equal(parse(slice_of(NULL, 0), &q), DNS_PARSE_DROP);
    assert_int_equal(parse(SLICE_LIT("\x12\x34\x81\x00\0\1\0\0\0\0\0\0" QUESTION), &q),
                     DNS_PARSE_DROP);
}

static void any_cut_of_a_query_is_formerr(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice whole = SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION OPT_DO);
    for (size_t len = DNS_HEADER_BYTES; len < whole.len; len++) {
        assert_int_equal(parse(slice_sub(whole, 0, len), &q), DNS_PARSE_FORMERR);
        assert_int_equal(q.id, 0x1234);
        bool has_question = len >= DNS_HEADER_BYTES + sizeof(QUESTION) - 1;
        assert_int_equal(q.question.len > 0, has_question);
    }
    assert_int_equal(parse(whole, &q), DNS_PARSE_OK);
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\0" QUESTION "x"), &q),
                     DNS_PARSE_FORMERR);
}

static void a_query_without_a_question_needs_edns(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\0\0\0\0\0\0\1" OPT_DO), &q), DNS_PARSE_OK);
    assert_int_equal(q.question.len, 0);
    assert_true(q.has_edns);
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\0\0\0\0\0\0\1" OPT_DO "x"), &q), DNS_PARSE_FORMERR);
}

static void options_of_a_later_edns_are_not_looked_at(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice odd = SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\x04\xd0\0\1\0\0\0\1x");
    assert_int_equal(parse(odd, &q), DNS_PARSE_OK);
    assert_int_equal(q.edns_version, 1);
}

static void wrong_counts_are_formerr(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\0\0\0\0\0\0\0"), &q), DNS_PARSE_FORMERR);
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\2\0\0\0\0\0\0" QUESTION QUESTION), &q),
                     DNS_PARSE_FORMERR);
    assert_int_equal(q.question.len, 0);
    assert_int_equal(
        parse(SLICE_LIT(ID_RD "\0\1\0\1\0\0\0\0" QUESTION "\300\14\0\1\0\1\0\0\0\0\0\0"), &q),
        DNS_PARSE_FORMERR);
    assert_true(q.question.len > 0);
}

static void a_compressed_or_broken_qname_is_formerr(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\0\300\14\0\1\0\1"), &q),
                     DNS_PARSE_FORMERR);
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\0\100aa\0\0\1\0\1"), &q),
                     DNS_PARSE_FORMERR);
    assert_int_equal(q.question.len, 0);
}

static void opt_is_single_root_owned_and_whole(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\2" QUESTION OPT_DO OPT_DO), &q),
                     DNS_PARSE_FORMERR);
    assert_int_equal(parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION "\1a" OPT_DO), &q),
                     DNS_PARSE_FORMERR);
    assert_int_equal(
        parse(SLICE_LIT(ID_RD "\0\1\0\0\0\0\0\1" QUESTION "\0\0\x29\x04\xd0\0\0\0\0\0\5"
                              "\0\x08\0\2a"),
              &q),
        DNS_PARSE_FORMERR);
}

static void other_records_are_passed_over(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice message = SLICE_LIT(
        ID_RD "\0\1\0\0\0\1\0\2" QUESTION "\300\14\0\6\0\1\0\0\0\0\0\1x" /* authority: IXFR's SOA */
              "\1k\300\20\0\xf9\0\xff\0\0\0\0\0\2yz" OPT_DO);
    assert_int_equal(parse(message, &q), DNS_PARSE_OK);
    assert_true(q.has_edns);
    assert_int_equal(q.edns_udp_bytes, 1232);
}

static void of_other_opcodes_only_the_header_is_read(void **state)
{
    (void)state;
    struct dns_query q;
    assert_int_equal(parse(SLICE_LIT("\x12\x34\x28\x00\0\1\0\2\0\3\0\0garbage"), &q), DNS_PARSE_OK);
    assert_int_equal(q.opcode, DNS_OPCODE_UPDATE);
    assert_int_equal(q.id, 0x1234);
    assert_int_equal(q.question.len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_query_is_read_whole),
        cmocka_unit_test(edns_is_read_from_opt),
        cmocka_unit_test(options_are_walked_in_order),
        cmocka_unit_test(what_is_no_query_is_dropped),
        cmocka_unit_test(any_cut_of_a_query_is_formerr),
        cmocka_unit_test(a_query_without_a_question_needs_edns),
        cmocka_unit_test(options_of_a_later_edns_are_not_looked_at),
        cmocka_unit_test(wrong_counts_are_formerr),
        cmocka_unit_test(a_compressed_or_broken_qname_is_formerr),
        cmocka_unit_test(opt_is_single_root_owned_and_whole),
        cmocka_unit_test(other_records_are_passed_over),
        cmocka_unit_test(of_other_opcodes_only_the_header_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
