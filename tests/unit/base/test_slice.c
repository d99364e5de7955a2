// SPDX-License-Identifier: Apache-2.0
// Slices: comparing, cutting, numbers and hex.

#include "base/slice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_slice(struct slice s, const char *text)
{
    assert_true(slice_equal(s, slice_str(text)));
}

static void case_matters_only_where_it_should(void **state)
{
    (void)state;
    assert_false(slice_equal(SLICE_LIT("aB"), SLICE_LIT("Ab")));
    assert_true(slice_equal_nocase(SLICE_LIT("aBz@["), SLICE_LIT("AbZ@[")));
    assert_false(slice_equal_nocase(SLICE_LIT("@"), SLICE_LIT("`"))); /* beside the letters */
    assert_false(slice_equal_nocase(SLICE_LIT("["), SLICE_LIT("{")));
    assert_false(slice_equal_nocase(SLICE_LIT("a"), SLICE_LIT("ab")));
    assert_true(slice_equal(slice_str(NULL), SLICE_LIT("")));
}

static void prefixes_suffixes_and_order(void **state)
{
    (void)state;
    assert_true(slice_starts_with(SLICE_LIT("abc"), SLICE_LIT("abc")));
    assert_false(slice_starts_with(SLICE_LIT("abc"), SLICE_LIT("abcd")));
    assert_true(slice_ends_with(SLICE_LIT("abc"), SLICE_LIT("bc")));
    assert_false(slice_ends_with(SLICE_LIT("abc"), SLICE_LIT("ab")));
    assert_true(slice_ends_with(slice_of(NULL, 0), SLICE_LIT("")));
    assert_true(slice_compare(SLICE_LIT("a"), SLICE_LIT("ab")) < 0);
    assert_true(slice_compare(SLICE_LIT("b"), SLICE_LIT("ab")) > 0);
    assert_true(slice_compare(SLICE_LIT("\xff"), SLICE_LIT("\x01")) > 0);
    assert_int_equal(slice_compare(slice_of(NULL, 0), SLICE_LIT("")), 0);
}

static void parts_are_clipped_to_the_slice(void **state)
{
    (void)state;
    assert_slice(slice_sub(SLICE_LIT("abcd"), 1, 2), "bc");
    assert_slice(slice_sub(SLICE_LIT("abcd"), 3, SIZE_MAX), "d");
    assert_slice(slice_sub(SLICE_LIT("abcd"), 4, 1), "");
    assert_slice(slice_sub(SLICE_LIT("abcd"), 9, 1), "");
    assert_int_equal(slice_find(SLICE_LIT("abc"), 'c'), 2);
    assert_int_equal(slice_find(SLICE_LIT("abc"), 'd'), 3);
    assert_slice(slice_trim(SLICE_LIT(" \ta b\t ")), "a b");
    assert_slice(slice_trim(SLICE_LIT("  ")), "");
}

static void splitting_gives_an_empty_last_part_once(void **state)
{
    (void)state;
    struct slice rest = SLICE_LIT("a,,b,");
    struct slice part;
    const char *const parts[] = {"a", "", "b", ""};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        assert_true(slice_split(&rest, ',', &part));
        assert_slice(part, parts[i]);
    }
    assert_false(slice_split(&rest, ',', &part));
    assert_false(slice_split(&rest, ',', &part));
}

static void numbers_have_digits_only_and_a_limit(void **state)
{
    (void)state;
    uint64_t value = 77;
    assert_true(slice_parse_u64(SLICE_LIT("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    value = 77;
    assert_false(slice_parse_u64(SLICE_LIT("18446744073709551616"), UINT64_MAX, &value));
    assert_false(slice_parse_u64(SLICE_LIT("99999999999999999999"), UINT64_MAX, &value));
    assert_false(slice_parse_u64(SLICE_LIT("256"), 255, &value));
    const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "0x1", "1a"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(slice_parse_u64(slice_str(bad[i]), UINT64_MAX, &value));
    assert_int_equal(value, 77); /* untouched on failure */
    assert_true(slice_parse_u64(SLICE_LIT("255"), 255, &value));
    assert_int_equal(value, 255);
}

static void hex_goes_out_and_comes_back(void **state)
{
    (void)state;
    char text[7];
    slice_hex(SLICE_LIT("\x00\xfa\x9b"), text);
    assert_string_equal(text, "00fa9b");
    uint8_t bytes[3];
    size_t len = 0;
    assert_true(slice_unhex(SLICE_LIT("00Fa9B"), bytes, sizeof(bytes), &len));
    assert_int_equal(len, 3);
    assert_memory_equal(bytes, "\x00\xfa\x9b", 3);
    assert_false(slice_unhex(SLICE_LIT("00fa9b"), bytes, 2, &len));
    assert_false(slice_unhex(SLICE_LIT("00f"), bytes, 3, &len));
    assert_false(slice_unhex(SLICE_LIT("0g"), bytes, 3, &len));
    assert_int_equal(len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_matters_only_where_it_should),
        cmocka_unit_test(prefixes_suffixes_and_order),
        cmocka_unit_test(parts_are_clipped_to_the_slice),
        cmocka_unit_test(splitting_gives_an_empty_last_part_once),
        cmocka_unit_test(numbers_have_digits_only_and_a_limit),
        cmocka_unit_test(hex_goes_out_and_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
