// SPDX-License-Identifier: Apache-2.0
#include "release/limits.h"
#include "release/wire_priv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool is_well_formed(struct slice message)
{
    struct wire_reader r = wire_reader_of(message);
    while (wire_next(&r)) {
    }
    return wire_finish(&r, "message", NULL) == ERR_OK;
}

#define LITERAL_IS_WELL_FORMED(literal) is_well_formed(SLICE_LIT(literal))

static void what_is_written_is_read(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = {0};
    wire_put_number(&b, 1, UINT64_MAX);
    wire_put_number(&b, 2, 0);
    wire_put_bytes(&b, 3, SLICE_LIT("abc"));
    wire_put_bytes(&b, 4, SLICE_LIT(""));
    wire_put_item(&b, 5, SLICE_LIT(""));
    wire_put_item(&b, 5, SLICE_LIT("x"));
    struct wire_reader r = wire_reader_of(buf_slice(&b));
    assert_true(wire_next(&r));
    assert_int_equal(r.field, 1);
    assert_true(wire_number(&r, UINT64_MAX) == UINT64_MAX);
    assert_true(wire_next(&r));
    assert_int_equal(r.field, 3);
    assert_true(slice_equal(wire_bytes(&r), SLICE_LIT("abc")));
    assert_true(wire_next(&r));
    assert_int_equal(wire_item(&r).len, 0);
    assert_true(wire_next(&r));
    assert_true(slice_equal(wire_item(&r), SLICE_LIT("x")));
    assert_false(wire_next(&r));
    assert_int_equal(wire_finish(&r, "message", NULL), ERR_OK);
    assert_int_equal(wire_count(buf_slice(&b), 5), 2);
}

static void sizes_say_what_is_written(void **state)
{
    (void)state;
    const size_t lens[] = {0, 1, 127, 128, 16383, 16384};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        AUTO_BUF struct buf b = {0};
        uint8_t *zeros = buf_reserve(&b, lens[i]);
        memset(zeros, 0, lens[i]);
        AUTO_BUF struct buf out = {0};
        wire_put_item(&out, 1, slice_of(zeros, lens[i]));
        assert_int_equal(buf_len(&out), wire_item_size(lens[i]));
    }
}

static void only_the_canonical_form_is_read(void **state)
{
    (void)state;
    assert_true(LITERAL_IS_WELL_FORMED(""));
    assert_true(LITERAL_IS_WELL_FORMED("\x08\x01\x10\x01"));
    assert_false(LITERAL_IS_WELL_FORMED("\x10\x01\x08\x01")); /* out of order */
    assert_true(LITERAL_IS_WELL_FORMED("\x08\x80\x01"));
    assert_false(LITERAL_IS_WELL_FORMED("\x08\x80\x00")); /* longer than needed */
    assert_false(LITERAL_IS_WELL_FORMED("\x08\x80"));     /* cut */
    assert_false(LITERAL_IS_WELL_FORMED("\x08"));
    assert_true(LITERAL_IS_WELL_FORMED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_false(LITERAL_IS_WELL_FORMED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
    assert_false(LITERAL_IS_WELL_FORMED("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
    assert_true(LITERAL_IS_WELL_FORMED("\x0a\x02xy"));
    assert_false(LITERAL_IS_WELL_FORMED("\x0a\x03xy"));
    assert_false(LITERAL_IS_WELL_FORMED("\x02\x01x")); /* field 0 */
    assert_false(LITERAL_IS_WELL_FORMED("\x0b\x0c"));  /* a group */
    assert_true(LITERAL_IS_WELL_FORMED("\x0d\x01\x02\x03\x04"));
    assert_false(LITERAL_IS_WELL_FORMED("\x0d\x01\x02\x03"));
    assert_true(LITERAL_IS_WELL_FORMED("\x09\x01\x02\x03\x04\x05\x06\x07\x08"));
}

static void a_single_field_comes_once_and_in_its_type(void **state)
{
    (void)state;
    struct wire_reader twice = wire_reader_of(SLICE_LIT("\x08\x01\x08\x01"));
    assert_true(wire_next(&twice));
    assert_int_equal(wire_number(&twice, 1), 1);
    assert_true(wire_next(&twice));
    assert_int_equal(wire_number(&twice, 1), 0);
    assert_true(twice.is_bad);
    struct wire_reader large = wire_reader_of(SLICE_LIT("\x08\x02"));
    assert_true(wire_next(&large));
    (void)wire_number(&large, 1);
    assert_true(large.is_bad);
    struct wire_reader other = wire_reader_of(SLICE_LIT("\x08\x02"));
    assert_true(wire_next(&other));
    assert_int_equal(wire_bytes(&other).len, 0);
    assert_int_equal(wire_finish(&other, "message", NULL), ERR_CORRUPT);
}

static void wire_names_are_told_from_other_bytes(void **state)
{
    (void)state;
    assert_true(text_is_wire_name(SLICE_LIT("\0")));
    assert_true(text_is_wire_name(SLICE_LIT("\3www\4test\0")));
    assert_false(text_is_wire_name(SLICE_LIT("")));
    assert_false(text_is_wire_name(SLICE_LIT("\3www")));     /* no root */
    assert_false(text_is_wire_name(SLICE_LIT("\4www\0")));   /* a label too long */
    assert_false(text_is_wire_name(SLICE_LIT("\3www\0\0"))); /* bytes behind */
    assert_false(text_is_wire_name(SLICE_LIT("\3wWw\0")));
    assert_false(text_is_wire_name(SLICE_LIT("\xc0\x0c")));
    uint8_t name[257] = {0};
    for (size_t at = 0; at < 256; at += 64) {
        name[at] = 63;
        memset(name + at + 1, 'a', 63);
    }
    name[192] = 61;
    name[254] = 0;
    assert_true(text_is_wire_name(slice_of(name, 255)));
    name[192] = 62;
    name[254] = 'a';
    name[255] = 0;
    assert_false(text_is_wire_name(slice_of(name, 256)));
}

static void ids_are_visible_and_bounded(void **state)
{
    (void)state;
    char text[RELEASE_ID_MAX_BYTES + 1];
    memset(text, 'a', sizeof(text));
    assert_true(text_is_id(SLICE_LIT("Z1")));
    assert_false(text_is_id(SLICE_LIT("")));
    assert_false(text_is_id(SLICE_LIT("a/b")));
    assert_false(text_is_id(SLICE_LIT("a b")));
    assert_false(text_is_id(SLICE_LIT("a\x7f")));
    assert_true(text_is_id(slice_of(text, RELEASE_ID_MAX_BYTES)));
    assert_false(text_is_id(slice_of(text, RELEASE_ID_MAX_BYTES + 1)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(sizes_say_what_is_written),
        cmocka_unit_test(only_the_canonical_form_is_read),
        cmocka_unit_test(a_single_field_comes_once_and_in_its_type),
        cmocka_unit_test(wire_names_are_told_from_other_bytes),
        cmocka_unit_test(ids_are_visible_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
