// SPDX-License-Identifier: Apache-2.0
// Tables of votes as bytes, ids as texts, outcomes as sentences.
#include "health/limits.h"
#include "health/vote_table.h"
#include "plans.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_id_is_its_text_in_lower_case(void **state)
{
    (void)state;
    struct check_id id;
    char text[CHECK_ID_TEXT_SIZE];
    assert_true(check_id_parse(SLICE_LIT("0191f1a2-b3c4-d5e6-F708-090A0b0c0d0e"), &id));
    check_id_format(&id, text);
    assert_string_equal(text, "0191f1a2-b3c4-d5e6-f708-090a0b0c0d0e");
    assert_int_equal(id.bytes[0], 0x01);
    assert_int_equal(id.bytes[15], 0x0e);
    const char *const others[] = {"",
                                  "0191f1a2-b3c4-d5e6-f708-090a0b0c0d0",
                                  "0191f1a2-b3c4-d5e6-f708-090a0b0c0d0e0",
                                  "0191f1a2b3c4d5e6f708090a0b0c0d0e",
                                  "0191f1a2-b3c4-d5e6-f708-090a0b0c0d0g",
                                  "0191f1a2-b3c4-d5e6-f7080-90a0b0c0d0e"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(check_id_parse(slice_str(others[i]), &id));
}

static struct vote_table some_table(struct arena *a, size_t count)
{
    struct vote_table t = {.run = UINT64_MAX, .number = 1, .made_ms = 5, .count = count};
    t.votes = arena_array(a, count, sizeof(*t.votes));
    for (size_t i = 0; i < count; i++)
        t.votes[i] = (struct vote){.check = id_of((unsigned)i),
                                   .state = VOTE_UNHEALTHY,
                                   .outcome = PROBE_BAD_STATUS,
                                   .detail = 503,
                                   .age_ms = UINT32_MAX,
                                   .connect_ms = 1,
                                   .tls_ms = 2,
                                   .first_byte_ms = UINT16_MAX};
    return t;
}

static void a_table_comes_back_as_it_was(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct vote_table back;
    struct vote_table t = some_table(&a, 3);
    struct slice bytes = vote_table_encode(&a, &t);
    assert_int_equal(bytes.len, VOTE_TABLE_HEAD_BYTES + 3 * VOTE_BYTES);
    assert_int_equal(vote_table_decode(&a, bytes, &back, NULL), ERR_OK);
    assert_int_equal(back.run, t.run);
    assert_int_equal(back.number, 1);
    assert_int_equal(back.made_ms, 5);
    assert_int_equal(back.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(&back.votes[i].check, &t.votes[i].check, CHECK_ID_BYTES);
        assert_int_equal(back.votes[i].state, VOTE_UNHEALTHY);
        assert_int_equal(back.votes[i].outcome, PROBE_BAD_STATUS);
        assert_int_equal(back.votes[i].detail, 503);
        assert_int_equal(back.votes[i].age_ms, UINT32_MAX);
        assert_int_equal(back.votes[i].connect_ms, 1);
        assert_int_equal(back.votes[i].tls_ms, 2);
        assert_int_equal(back.votes[i].first_byte_ms, UINT16_MAX);
    }
    struct check_id absent = id_of(3);
    assert_ptr_equal(vote_table_find(&back, &back.votes[2].check), &back.votes[2]);
    assert_null(vote_table_find(&back, &absent));
}

/* The table of one vote, with one byte changed. */
static enum err decode_with(size_t at, uint8_t byte)
{
    AUTO_ARENA struct arena a = {0};
    struct vote_table back;
    struct vote_table t = some_table(&a, 2);
    struct slice bytes = vote_table_encode(&a, &t);
    uint8_t *copy = arena_alloc(&a, bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    copy[at] = byte;
    return vote_table_decode(&a, slice_of(copy, bytes.len), &back, NULL);
}

static void what_breaks_the_form_is_refused_whole(void **state)
{
    (void)state;
    enum { FIRST = VOTE_TABLE_HEAD_BYTES, SECOND = FIRST + VOTE_BYTES };
    assert_int_equal(decode_with(0, 2), ERR_UNSUPPORTED);
    assert_int_equal(decode_with(3, 1), ERR_CORRUPT);           /* not zero */
    assert_int_equal(decode_with(7, 1), ERR_CORRUPT);           /* count */
    assert_int_equal(decode_with(4, 1), ERR_CORRUPT);           /* a count beyond the limit */
    assert_int_equal(decode_with(23, 0), ERR_CORRUPT);          /* number 0 */
    assert_int_equal(decode_with(FIRST + 16, 3), ERR_CORRUPT);  /* state */
    assert_int_equal(decode_with(FIRST + 17, 13), ERR_CORRUPT); /* outcome */
    assert_int_equal(decode_with(SECOND + 15, 0), ERR_CORRUPT); /* twice the same check */
    assert_int_equal(decode_with(FIRST + 15, 9), ERR_CORRUPT);  /* not sorted */
    assert_int_equal(decode_with(FIRST + 16, 0), ERR_OK);
}

static void a_table_of_each_length_but_the_right_one_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct vote_table back;
    struct vote_table t = some_table(&a, 1);
    struct slice bytes = vote_table_encode(&a, &t);
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(vote_table_decode(&a, slice_of(bytes.data, len), &back, NULL),
                         ERR_CORRUPT);
    t.count = 0;
    bytes = vote_table_encode(&a, &t);
    assert_int_equal(bytes.len, VOTE_TABLE_HEAD_BYTES);
    assert_int_equal(vote_table_decode(&a, bytes, &back, NULL), ERR_OK);
}

static void the_largest_table_fits_a_frame_of_the_feeds(void **state)
{
    (void)state;
    assert_true(VOTE_TABLE_HEAD_BYTES + VOTES_MAX * VOTE_BYTES <= 2U << 20);
}

static void assert_reason(enum probe_outcome outcome, uint16_t detail, const char *text)
{
    AUTO_ARENA struct arena a = {0};
    const struct vote v = {.outcome = outcome, .detail = detail};
    struct slice reason = vote_reason(&a, &v);
    assert_non_null(strstr(arena_str(&a, reason), text));
}

static void each_outcome_has_a_sentence(void **state)
{
    (void)state;
    assert_reason(PROBE_PASSED, 200, "Success: HTTP Status Code 200");
    assert_reason(PROBE_PASSED, 0, "Success: ");
    assert_reason(PROBE_BAD_STATUS, 503, "Failure: HTTP Status Code 503");
    assert_reason(PROBE_CONNECT_FAILED, ECONNREFUSED, "Connection refused");
    assert_reason(PROBE_CONNECT_FAILED, 60000, "Failure: ");
    for (int i = 0; i < PROBE_OUTCOME_COUNT; i++) {
        const struct vote v = {.outcome = (enum probe_outcome)i};
        AUTO_ARENA struct arena a = {0};
        bool is_failure = slice_starts_with(vote_reason(&a, &v), SLICE_LIT("Failure: "));
        assert_int_equal(is_failure, probe_outcome_is_failure(v.outcome));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_its_text_in_lower_case),
        cmocka_unit_test(a_table_comes_back_as_it_was),
        cmocka_unit_test(what_breaks_the_form_is_refused_whole),
        cmocka_unit_test(a_table_of_each_length_but_the_right_one_is_refused),
        cmocka_unit_test(the_largest_table_fits_a_frame_of_the_feeds),
        cmocka_unit_test(each_outcome_has_a_sentence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
