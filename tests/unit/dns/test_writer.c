// SPDX-License-Identifier: Apache-2.0
// The writer of responses: compression, limits, truncation on record sets, OPT, errors.

#include "dns/message.h"
#include "reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEADER "\x12\x34\x01\x00\0\1\0\0\0\0\0\0"
#define QUESTION "\3WwW\7example\3com\0\0\1\0\1"
#define WWW SLICE_LIT("\3www\7example\3com\0")
#define ADDRESS SLICE_LIT("\300\0\2\1")

struct fixture {
    struct dns_query query;
    struct dns_writer writer;
    uint8_t data[DNS_MESSAGE_MAX_BYTES];
};

static void start(struct fixture *f, size_t limit)
{
    assert_int_equal(dns_query_parse(SLICE_LIT(HEADER QUESTION), &f->query), DNS_PARSE_OK);
    memset(f->data, 0xee, sizeof(f->data));
    dns_writer_start(&f->writer, f->data, limit, &f->query);
}

static int make_fixture(void **state)
{
    *state = calloc(1, sizeof(struct fixture));
    return *state == NULL ? -1 : 0;
}

static int free_fixture(void **state)
{
    free(*state);
    return 0;
}

static void assert_written(const struct fixture *f, struct slice message)
{
    assert_int_equal(f->writer.len, message.len);
    assert_memory_equal(f->data, message.data, message.len);
}

static void the_owner_of_the_question_is_a_pointer(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 300, ADDRESS);
    dns_writer_finish(&f->writer, DNS_FLAG_AA, DNS_RCODE_NOERROR);
    assert_false(f->writer.is_full);
    assert_written(f, SLICE_LIT("\x12\x34\x85\x00\0\1\0\1\0\0\0\0" QUESTION
                                "\300\14\0\1\0\1\0\0\1\54\0\4\300\0\2\1"));
}

static void names_share_the_longest_suffix(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_CNAME, 1,
                      SLICE_LIT("\1b\1a\7example\3com\0"));
    dns_writer_record(&f->writer, DNS_ANSWER, SLICE_LIT("\1a\7example\3com\0"), DNS_TYPE_MX, 1,
                      SLICE_LIT("\0\12\1c\1a\7example\3com\0"));
    dns_writer_finish(&f->writer, 0, 0);
    /* Offsets: 16 example.com, 33 the CNAME's owner, 45 b.a.example.com, 47 a.example.com. */
    assert_written(f, SLICE_LIT("\x12\x34\x81\x00\0\1\0\2\0\0\0\0" QUESTION
                                "\300\14\0\5\0\1\0\0\0\1\0\6\1b\1a\300\20"
                                "\300\57\0\17\0\1\0\0\0\1\0\6\0\12\1c\300\57"));
}

static void both_names_of_soa_are_compressed_and_srv_is_not(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    struct slice soa = SLICE_LIT("\2ns\7example\3com\0\1h\7example\3com\0"
                                 "\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5");
    dns_writer_record(&f->writer, DNS_AUTHORITY, SLICE_LIT("\7example\3com\0"), DNS_TYPE_SOA, 9,
                      soa);
    size_t after_soa = f->writer.len;
    assert_int_equal(after_soa, 33 + 2 + 10 + 5 + 4 + 20);
    struct slice srv = SLICE_LIT("\0\1\0\2\0\3\3www\7example\3com\0");
    dns_writer_record(&f->writer, DNS_ADDITIONAL, WWW, DNS_TYPE_SRV, 9, srv);
    assert_int_equal(f->writer.len, after_soa + 2 + 10 + srv.len);
    assert_memory_equal(f->data + f->writer.len - srv.len, srv.data, srv.len);
}

static void label_bytes_that_look_like_a_name_are_no_suffix(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    struct slice odd = SLICE_LIT("\5x\3com\0"); /* one label */
    dns_writer_record(&f->writer, DNS_ANSWER, odd, DNS_TYPE_A, 1, ADDRESS);
    assert_int_equal(f->writer.len, 33 + odd.len + 10 + 4);
    assert_memory_equal(f->data + 33, odd.data, odd.len);
}

static void the_root_is_one_byte(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    dns_writer_record(&f->writer, DNS_ANSWER, SLICE_LIT("\0"), DNS_TYPE_NS, 1, SLICE_LIT("\0"));
    assert_int_equal(f->writer.len, 33 + 1 + 10 + 1);
    static const uint8_t root_query[] = HEADER "\0\0\2\0";
    assert_int_equal(dns_query_parse(slice_of(root_query, sizeof(root_query)), &f->query),
                     DNS_PARSE_OK);
    dns_writer_start(&f->writer, f->data, 512, &f->query);
    dns_writer_record(&f->writer, DNS_ANSWER, SLICE_LIT("\0"), DNS_TYPE_NS, 1, SLICE_LIT("\1a\0"));
    assert_int_equal(f->writer.len, 12 + 5 + 1 + 10 + 3);
}

static void a_record_fits_to_the_last_byte_or_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    start(f, 33 + 16);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, ADDRESS);
    assert_false(f->writer.is_full);
    assert_int_equal(f->writer.len, 33 + 16);
    for (size_t limit = 33; limit < 33 + 16; limit++) {
        start(f, limit);
        dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, ADDRESS);
        assert_true(f->writer.is_full);
        assert_int_equal(f->writer.len, 33);
        assert_int_equal(f->data[limit], 0xee);
        dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, slice_of(NULL, 0));
        assert_int_equal(f->writer.len, 33); /* full stays full */
        assert_int_equal(f->writer.counts[DNS_ANSWER], 0);
    }
}

static void a_set_that_does_not_fit_is_taken_back(void **state)
{
    struct fixture *f = *state;
    start(f, 80);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, ADDRESS);
    struct dns_writer_mark mark = dns_writer_mark(&f->writer);
    struct slice other = SLICE_LIT("\5other\0");
    dns_writer_record(&f->writer, DNS_ANSWER, other, DNS_TYPE_A, 1, ADDRESS);
    assert_false(f->writer.is_full);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, ADDRESS);
    assert_true(f->writer.is_full);
    dns_writer_rewind(&f->writer, mark);
    assert_false(f->writer.is_full);
    assert_int_equal(f->writer.len, 33 + 16);
    assert_int_equal(f->writer.counts[DNS_ANSWER], 1);
    /* A name that was taken back is not pointed to. */
    dns_writer_record(&f->writer, DNS_ANSWER, other, DNS_TYPE_A, 1, ADDRESS);
    assert_memory_equal(f->data + 49, other.data, other.len);
}

static void opt_gets_the_bytes_kept_for_it(void **state)
{
    struct fixture *f = *state;
    start(f, 33 + 16 + 11);
    dns_writer_reserve(&f->writer, 11);
    struct dns_writer_mark mark = dns_writer_mark(&f->writer);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, SLICE_LIT("12345"));
    assert_true(f->writer.is_full);
    dns_writer_rewind(&f->writer, mark);
    dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_A, 1, ADDRESS);
    assert_false(f->writer.is_full);
    dns_writer_opt(&f->writer, 1232, DNS_RCODE_BADVERS, true, slice_of(NULL, 0));
    assert_false(f->writer.is_full);
    dns_writer_finish(&f->writer, 0, DNS_RCODE_BADVERS);
    assert_int_equal(f->writer.len, 33 + 16 + 11);
    assert_memory_equal(f->data + 49, "\0\0\x29\x04\xd0\1\0\x80\0\0\0", 11);
    assert_int_equal(f->data[3], 0);
    assert_int_equal(f->data[11], 1);
    start(f, 33 + 10);
    dns_writer_reserve(&f->writer, 11);
    assert_true(f->writer.is_full);
}

static void options_of_opt_are_copied(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    dns_writer_opt(&f->writer, 512, 0, false, SLICE_LIT("\0\12\0\0"));
    assert_int_equal(f->writer.len, 33 + 15);
    assert_memory_equal(f->data + 33, "\0\0\x29\2\0\0\0\0\0\0\4\0\12\0\0", 15);
}

static void errors_are_header_and_question(void **state)
{
    struct fixture *f = *state;
    start(f, 512);
    size_t len = dns_write_error(f->data, 512, &f->query, DNS_RCODE_REFUSED);
    struct slice refused = SLICE_LIT("\x12\x34\x81\x05\0\1\0\0\0\0\0\0" QUESTION);
    assert_int_equal(len, refused.len);
    assert_memory_equal(f->data, refused.data, len);
    assert_int_equal(dns_write_error(f->data, 32, &f->query, DNS_RCODE_REFUSED), 12);
    assert_memory_equal(f->data, "\x12\x34\x81\x05\0\0\0\0\0\0\0", 12);
    assert_int_equal(dns_query_parse(SLICE_LIT("\x12\x34\x28\x00\0\1\0\0\0\0\0\0"), &f->query),
                     DNS_PARSE_OK);
    assert_int_equal(dns_write_error(f->data, 12, &f->query, DNS_RCODE_NOTIMP), 12);
    assert_memory_equal(f->data, "\x12\x34\xa8\x04\0\0\0\0\0\0\0", 12);
}

/* As many records as a TCP message holds, each below a name that lies beyond a pointer's reach. */
static void the_largest_message_reads_back(void **state)
{
    struct fixture *f = *state;
    start(f, DNS_MESSAGE_MAX_BYTES);
    struct slice filler = slice_of(f->query.qname.wire, 255); /* any bytes will do */
    unsigned count = 0;
    for (; !f->writer.is_full; count++) {
        uint8_t owner[] = {4, 0, 0, 0, 0, 3, 'n', 'e', 't', 0};
        memcpy(owner + 1, &count, sizeof(count));
        dns_writer_record(&f->writer, DNS_ANSWER, slice_of(owner, sizeof(owner)), DNS_TYPE_A, count,
                          filler);
    }
    dns_writer_finish(&f->writer, 0, 0);
    assert_int_equal(f->writer.counts[DNS_ANSWER], count - 1);
    assert_true(f->writer.len > 65000);
    struct reader r = {.data = f->data, .len = f->writer.len, .at = 33};
    struct reader_record *record = calloc(1, sizeof(*record));
    for (unsigned i = 0; i + 1 < count; i++) {
        assert_true(reader_record(&r, record));
        assert_int_equal(record->owner_len, 10);
        assert_memory_equal(record->owner + 1, &i, sizeof(i));
        assert_int_equal(record->ttl, i);
        assert_int_equal(record->rdata_len, 255);
    }
    assert_int_equal(r.at, r.len);
    free(record);
}

static void names_beyond_a_pointers_reach_are_not_pointed_to(void **state)
{
    struct fixture *f = *state;
    start(f, DNS_MESSAGE_MAX_BYTES);
    static const uint8_t zeros[0x4000];
    /* Owner, fixed fields and data end at 0x3fff, 0x4000: a name there is or is not in reach. */
    for (size_t at = 0x3fff; at <= 0x4000; at++) {
        start(f, DNS_MESSAGE_MAX_BYTES);
        dns_writer_record(&f->writer, DNS_ANSWER, WWW, DNS_TYPE_TXT, 1,
                          slice_of(zeros, at - 33 - 12));
        assert_int_equal(f->writer.len, at);
        struct slice far = SLICE_LIT("\3far\0");
        dns_writer_record(&f->writer, DNS_ANSWER, far, DNS_TYPE_A, 1, ADDRESS);
        size_t first = f->writer.len - at;
        dns_writer_record(&f->writer, DNS_ANSWER, far, DNS_TYPE_A, 1, ADDRESS);
        size_t second = f->writer.len - at - first;
        assert_int_equal(first, far.len + 14);
        assert_int_equal(second, at <= 0x3fff ? 2 + 14 : far.len + 14);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_owner_of_the_question_is_a_pointer),
        cmocka_unit_test(names_share_the_longest_suffix),
        cmocka_unit_test(both_names_of_soa_are_compressed_and_srv_is_not),
        cmocka_unit_test(label_bytes_that_look_like_a_name_are_no_suffix),
        cmocka_unit_test(the_root_is_one_byte),
        cmocka_unit_test(a_record_fits_to_the_last_byte_or_leaves_nothing),
        cmocka_unit_test(a_set_that_does_not_fit_is_taken_back),
        cmocka_unit_test(opt_gets_the_bytes_kept_for_it),
        cmocka_unit_test(options_of_opt_are_copied),
        cmocka_unit_test(errors_are_header_and_question),
        cmocka_unit_test(the_largest_message_reads_back),
        cmocka_unit_test(names_beyond_a_pointers_reach_are_not_pointed_to),
    };
    return cmocka_run_group_tests(tests, make_fixture, free_fixture);
}
