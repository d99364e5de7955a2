// SPDX-License-Identifier: Apache-2.0
#include "feed/invalidation.h"
#include "feed/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct slice two_paths[] = {SLICE_LIT("/a"), SLICE_LIT("/b/*")};

static struct feed_invalidation sample(void)
{
    return (struct feed_invalidation){.at = {7, 300},
                                      .is_last = true,
                                      .distribution_id = SLICE_LIT("E1"),
                                      .paths = two_paths,
                                      .path_count = 2};
}

static enum err decode(struct slice bytes, struct feed_invalidation *out)
{
    static struct arena a; /* given back by the next call */
    arena_fini(&a);
    return feed_invalidation_decode(&a, bytes, out, NULL);
}

static void a_frame_has_the_bytes_that_the_header_documents(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const struct feed_invalidation i = sample();
    const struct slice wanted = SLICE_LIT("\x01\x01"
                                          "\0\0\0\0\0\0\0\x07"
                                          "\0\0\0\0\0\0\x01\x2c"
                                          "\x02"
                                          "E1"
                                          "\0\x02"
                                          "\0\x02/a"
                                          "\0\x04/b/*");
    struct slice bytes = feed_invalidation_encode(&a, &i);
    assert_int_equal(bytes.len, wanted.len);
    assert_memory_equal(bytes.data, wanted.data, wanted.len);
    struct feed_invalidation back;
    assert_int_equal(decode(bytes, &back), ERR_OK);
    assert_int_equal(back.at.epoch, 7);
    assert_int_equal(back.at.number, 300);
    assert_true(back.is_last);
    assert_true(slice_equal(back.distribution_id, i.distribution_id));
    assert_int_equal(back.path_count, 2);
    assert_true(slice_equal(back.paths[1], two_paths[1]));
}

static void every_cut_of_a_frame_is_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const struct feed_invalidation i = sample();
    struct slice bytes = feed_invalidation_encode(&a, &i);
    struct feed_invalidation back;
    for (size_t len = 0; len < bytes.len; len++)
        assert_int_equal(decode(slice_sub(bytes, 0, len), &back), ERR_CORRUPT);
}

/** A frame with one byte replaced. */
static enum err decode_with(size_t at, uint8_t byte)
{
    AUTO_ARENA struct arena a = {0};
    uint8_t copy[64];
    const struct feed_invalidation i = sample();
    struct slice bytes = feed_invalidation_encode(&a, &i);
    struct feed_invalidation back;
    assert_true(bytes.len <= sizeof(copy) && at < bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    copy[at] = byte;
    return decode(slice_of(copy, bytes.len), &back);
}

static void what_a_frame_must_not_say_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_with(0, 1), ERR_OK);
    assert_int_equal(decode_with(0, 2), ERR_UNSUPPORTED); /* a form to come */
    assert_int_equal(decode_with(1, 0), ERR_OK);
    assert_int_equal(decode_with(1, 2), ERR_CORRUPT);    /* an unknown flag */
    assert_int_equal(decode_with(9, 0), ERR_CORRUPT);    /* no epoch */
    assert_int_equal(decode_with(19, 0), ERR_CORRUPT);   /* a NUL in the id */
    assert_int_equal(decode_with(22, 1), ERR_CORRUPT);   /* bytes behind the last path */
    assert_int_equal(decode_with(22, 3), ERR_CORRUPT);   /* a path that is not there */
    assert_int_equal(decode_with(25, 'a'), ERR_CORRUPT); /* a path without a slash */
}

static void a_frame_without_paths_is_refused(void **state)
{
    (void)state;
    struct feed_invalidation back;
    const struct slice bytes = SLICE_LIT("\x01\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\x01\x02"
                                         "E1\0\0");
    assert_int_equal(decode(bytes, &back), ERR_CORRUPT);
}

static void every_distribution_means_everything_of_them(void **state)
{
    (void)state;
    struct feed_invalidation back;
    const struct slice all =
        SLICE_LIT("\x01\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\x01\0\x02/*");
    const struct slice one =
        SLICE_LIT("\x01\x01\0\0\0\0\0\0\0\x07\0\0\0\0\0\0\0\0\0\0\x01\0\x02/a");
    assert_int_equal(decode(all, &back), ERR_OK);
    assert_int_equal(back.distribution_id.len, 0);
    assert_int_equal(decode(one, &back), ERR_CORRUPT);
}

static void the_longest_path_and_frame_fit_and_longer_ones_do_not(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    static uint8_t text[FEED_PATH_MAX_BYTES + 1];
    memset(text, 'x', sizeof(text));
    text[0] = '/';
    const struct slice longest = slice_of(text, FEED_PATH_MAX_BYTES);
    struct feed_invalidation i = sample();
    i.paths = &longest;
    i.path_count = 1;
    struct slice bytes = feed_invalidation_encode(&a, &i);
    struct feed_invalidation back;
    assert_int_equal(decode(bytes, &back), ERR_OK);
    uint8_t *copy = arena_alloc(&a, bytes.len + 1);
    memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = 'x';
    copy[24]++; /* its length's low byte */
    assert_int_equal(decode(slice_of(copy, bytes.len + 1), &back), ERR_CORRUPT);
    uint8_t *huge = arena_alloc(&a, FEED_INVALIDATION_FRAME_BYTES + 1);
    assert_int_equal(decode(slice_of(huge, FEED_INVALIDATION_FRAME_BYTES + 1), &back), ERR_CORRUPT);
}

static void positions_are_written_and_read_and_nothing_else_is(void **state)
{
    (void)state;
    char text[FEED_POSITION_TEXT_SIZE];
    struct feed_position p = {UINT64_MAX, UINT64_MAX};
    feed_position_format(p, text);
    assert_string_equal(text, "18446744073709551615.18446744073709551615");
    struct feed_position back = {0};
    assert_true(feed_position_parse(slice_str(text), &back));
    assert_int_equal(feed_position_compare(p, back), 0);
    static const char *const bad[] = {"",
                                      ".",
                                      "1",
                                      "1.",
                                      ".1",
                                      "1.2.3",
                                      "1.x",
                                      " 1.2",
                                      "1.2 ",
                                      "+1.2",
                                      "-1.2",
                                      "1,2",
                                      "0x1.2",
                                      "18446744073709551616.0",
                                      "0.18446744073709551616"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(feed_position_parse(slice_str(bad[i]), &back));
    assert_int_equal(back.number, UINT64_MAX); /* untouched */
}

static void an_epoch_comes_before_every_number(void **state)
{
    (void)state;
    struct feed_position low = {1, 9};
    struct feed_position high = {2, 1};
    assert_true(feed_position_compare(low, high) < 0);
    assert_true(feed_position_compare(high, low) > 0);
    high.epoch = 1;
    assert_true(feed_position_compare(low, high) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_has_the_bytes_that_the_header_documents),
        cmocka_unit_test(every_cut_of_a_frame_is_refused),
        cmocka_unit_test(what_a_frame_must_not_say_is_refused),
        cmocka_unit_test(a_frame_without_paths_is_refused),
        cmocka_unit_test(every_distribution_means_everything_of_them),
        cmocka_unit_test(the_longest_path_and_frame_fit_and_longer_ones_do_not),
        cmocka_unit_test(positions_are_written_and_read_and_nothing_else_is),
        cmocka_unit_test(an_epoch_comes_before_every_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
