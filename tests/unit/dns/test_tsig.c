// SPDX-License-Identifier: Apache-2.0
// The TSIG record: reading, writing, and the text that a MAC is over.

#include "dns/tsig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define HEAD_1 "\x12\x34\0\0\0\1\0\0\0\0\0\1"
#define QUESTION "\7example\3com\0\0\6\0\1"
#define FIXED(rdlength) "\0\xfa\0\xff\0\0\0\0\0" rdlength
#define ALGORITHM "\13hmac-sha256\0"
#define FIELDS "\0\0\x65\0\0\0\1\x2c\0\4MACs\x43\x21\0\0\0\0"
#define RDLENGTH "\x21"
#define QUESTION_END (12 + 17)

static struct slice signed_query(void)
{
    return SLICE_LIT(HEAD_1 QUESTION "\3KEY\0" FIXED(RDLENGTH) ALGORITHM FIELDS);
}

static void a_record_is_read_field_by_field(void **state)
{
    (void)state;
    struct dns_query q;
    struct dns_tsig t;
    assert_int_equal(dns_query_parse(signed_query(), &q), DNS_PARSE_OK);
    assert_int_equal(q.tsig_at, QUESTION_END);
    assert_true(dns_tsig_read(signed_query(), q.tsig_at, &t));
    assert_true(slice_equal(dns_name_slice(&t.key), SLICE_LIT("\3key\0")));
    assert_true(slice_equal(dns_name_slice(&t.algorithm), SLICE_LIT(ALGORITHM)));
    assert_int_equal(t.time_s, 0x65000000);
    assert_int_equal(t.fudge_s, 300);
    assert_true(slice_equal(t.mac, SLICE_LIT("MACs")));
    assert_int_equal(t.original_id, 0x4321);
    assert_int_equal(t.error, 0);
    assert_int_equal(t.other.len, 0);
    assert_int_equal(dns_tsig_find(signed_query()), QUESTION_END);
}

static void what_is_cut_short_or_too_long_is_refused(void **state)
{
    (void)state;
    struct dns_tsig t;
    struct slice whole = signed_query();
    for (size_t len = QUESTION_END; len < whole.len; len++) {
        uint8_t copy[128];
        memcpy(copy, whole.data, len);
        assert_false(dns_tsig_read(slice_of(copy, len), QUESTION_END, &t));
        assert_int_equal(dns_tsig_find(slice_of(copy, len)), 0);
    }
    struct slice longer = SLICE_LIT(HEAD_1 QUESTION "\3KEY\0" FIXED("\x22") ALGORITHM FIELDS "x");
    assert_false(dns_tsig_read(longer, QUESTION_END, &t));
    struct slice of_in =
        SLICE_LIT(HEAD_1 QUESTION "\3KEY\0\0\xfa\0\1\0\0\0\0\0" RDLENGTH ALGORITHM FIELDS);
    assert_false(dns_tsig_read(of_in, QUESTION_END, &t));
}

static void names_may_be_compressed_but_not_in_circles(void **state)
{
    (void)state;
    struct dns_tsig t;
    struct slice compressed =
        SLICE_LIT(HEAD_1 QUESTION "\1k\xc0\x0c" FIXED(RDLENGTH) ALGORITHM FIELDS);
    assert_true(dns_tsig_read(compressed, QUESTION_END, &t));
    assert_true(slice_equal(dns_name_slice(&t.key), SLICE_LIT("\1k\7example\3com\0")));
    struct slice circle = SLICE_LIT(HEAD_1 QUESTION "\1k\xc0\x1d" FIXED(RDLENGTH) ALGORITHM FIELDS);
    assert_false(dns_tsig_read(circle, QUESTION_END, &t));
    struct slice header = SLICE_LIT(HEAD_1 QUESTION "\xc0\2" FIXED(RDLENGTH) ALGORITHM FIELDS);
    assert_false(dns_tsig_read(header, QUESTION_END, &t));
}

static void a_record_that_is_not_last_makes_a_query_malformed(void **state)
{
    (void)state;
    struct dns_query q;
    struct slice before_opt = SLICE_LIT("\x12\x34\0\0\0\1\0\0\0\0\0\2" QUESTION "\3KEY\0" FIXED(
        RDLENGTH) ALGORITHM FIELDS "\0\0\x29\x04\xd0\0\0\0\0\0\0");
    assert_int_equal(dns_query_parse(before_opt, &q), DNS_PARSE_FORMERR);
    assert_int_equal(dns_tsig_find(before_opt), 0);
    struct slice in_authority = SLICE_LIT("\x12\x34\0\0\0\1\0\0\0\1\0\0" QUESTION
                                          "\3KEY\0" FIXED(RDLENGTH) ALGORITHM FIELDS);
    assert_int_equal(dns_query_parse(in_authority, &q), DNS_PARSE_FORMERR);
    assert_int_equal(dns_tsig_find(in_authority), 0);
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    uint8_t message[256] = HEAD_1 QUESTION;
    struct dns_tsig t;
    struct dns_tsig back;
    message[11] = 0;
    assert_true(dns_tsig_read(signed_query(), QUESTION_END, &t));
    t.other = SLICE_LIT("123456");
    t.error = DNS_TSIG_BADTIME;
    size_t len = dns_tsig_write(message, QUESTION_END, &t);
    assert_int_equal(len, QUESTION_END + dns_tsig_bytes(&t));
    assert_int_equal(message[11], 1);
    assert_true(dns_tsig_read(slice_of(message, len), QUESTION_END, &back));
    assert_int_equal(back.time_s, t.time_s);
    assert_int_equal(back.error, DNS_TSIG_BADTIME);
    assert_true(slice_equal(back.mac, t.mac));
    assert_true(slice_equal(back.other, t.other));
}

static size_t text_of(const struct dns_tsig_text_options *options, uint8_t out[512])
{
    struct dns_tsig tsig;
    struct dns_tsig_text text;
    size_t len = 0;
    assert_true(dns_tsig_read(signed_query(), QUESTION_END, &tsig));
    assert_true(dns_tsig_text_init(&text, options, &tsig));
    for (size_t i = 0; i < text.count; i++) {
        memcpy(out + len, text.parts[i].data, text.parts[i].len);
        len += text.parts[i].len;
    }
    return len;
}

/* RFC 8945 sections 4.3.1 to 4.3.3: original id, count without the record, names in lower case. */
static void a_request_is_signed_with_all_variables(void **state)
{
    (void)state;
    uint8_t text[512];
    const struct dns_tsig_text_options request = {
        .message = slice_sub(signed_query(), 0, QUESTION_END), .is_counted = true};
    struct slice expected =
        SLICE_LIT("\x43\x21\0\0\0\1\0\0\0\0\0\0" QUESTION "\3key\0\0\xff\0\0\0\0" ALGORITHM
                  "\0\0\x65\0\0\0\1\x2c\0\0\0\0");
    size_t len = text_of(&request, text);
    assert_true(slice_equal(slice_of(text, len), expected));
}

/* Section 5.3.1: later messages are signed with the MAC before and the times alone. */
static void a_later_message_is_signed_with_the_times_alone(void **state)
{
    (void)state;
    uint8_t text[512];
    const struct dns_tsig_text_options later = {.prior_mac = SLICE_LIT("prior"),
                                                .message =
                                                    SLICE_LIT("\x12\x34\x84\0\0\0\0\0\0\0\0\0"),
                                                .is_continued = true};
    struct slice expected = SLICE_LIT("\0\5prior\x43\x21\x84\0\0\0\0\0\0\0\0\0"
                                      "\0\0\x65\0\0\0\1\x2c");
    size_t len = text_of(&later, text);
    assert_true(slice_equal(slice_of(text, len), expected));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read_field_by_field),
        cmocka_unit_test(what_is_cut_short_or_too_long_is_refused),
        cmocka_unit_test(names_may_be_compressed_but_not_in_circles),
        cmocka_unit_test(a_record_that_is_not_last_makes_a_query_malformed),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(a_request_is_signed_with_all_variables),
        cmocka_unit_test(a_later_message_is_signed_with_the_times_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
