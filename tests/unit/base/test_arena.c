// SPDX-License-Identifier: Apache-2.0
// Arenas: alignment, zeroed memory, growth, reset; and the heap functions beside them.

#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void allocations_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    uint8_t *before = NULL;
    for (size_t size = 0; size < 300; size++) {
        uint8_t *ptr = arena_alloc(&a, size);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        assert_ptr_not_equal(ptr, before);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(ptr[i], 0);
        memset(ptr, 0xff, size);
        before = ptr;
    }
}

static void blocks_double_up_to_the_largest(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    assert_int_equal(a.total_bytes, 0);
    (void)!arena_alloc(&a, 1);
    assert_int_equal(a.total_bytes, ARENA_BLOCK_MIN_BYTES);
    for (size_t i = 0; i < 4096; i++)
        (void)!arena_alloc(&a, 1024);
    size_t used = 4096 * 1024;
    assert_true(a.total_bytes >= used);
    assert_true(a.total_bytes <= used + used / 2 + ARENA_BLOCK_MAX_BYTES);
}

static void a_large_allocation_leaves_the_newest_block_in_use(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    (void)!arena_alloc(&a, 16);
    size_t left = a.left_bytes;
    uint8_t *large = arena_alloc(&a, 3 * ARENA_BLOCK_MAX_BYTES);
    large[3 * ARENA_BLOCK_MAX_BYTES - 1] = 1;
    assert_int_equal(a.left_bytes, left);
}

static void reset_keeps_a_block_and_clears_what_it_gives_again(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    memset(arena_alloc(&a, 100), 0xff, 100);
    arena_reset(&a);
    assert_int_equal(a.total_bytes, ARENA_BLOCK_MIN_BYTES);
    const uint8_t *again = arena_alloc(&a, 100);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
}

static void reset_gives_a_huge_block_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    (void)!arena_alloc(&a, 2 * ARENA_BLOCK_MAX_BYTES);
    arena_reset(&a);
    assert_int_equal(a.total_bytes, 0);
    arena_reset(&a);
}

static void texts_are_copied_with_a_nul(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice copy = arena_copy(&a, SLICE_LIT("abc"));
    assert_int_equal(copy.len, 3);
    assert_string_equal((const char *)copy.data, "abc");
    assert_string_equal(arena_str(&a, slice_of(NULL, 0)), "");
    assert_string_equal(arena_strdup(&a, "x"), "x");
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "y"), "7-y");
    assert_int_equal(*(uint64_t *)arena_array(&a, 2, sizeof(uint64_t)), 0);
}

static void heap_memory_is_zeroed_and_texts_are_copied(void **state)
{
    (void)state;
    AUTO_FREE uint32_t *numbers = mem_new(3, sizeof(*numbers));
    assert_int_equal(numbers[2], 0);
    numbers = mem_resize(numbers, 10, sizeof(*numbers));
    numbers[9] = 1;
    AUTO_FREE char *part = mem_strndup("abcdef", 2);
    assert_string_equal(part, "ab");
    AUTO_FREE char *text = mem_printf("%s=%d", "n", 5);
    assert_string_equal(text, "n=5");
    AUTO_FREE void *nothing = mem_new(0, 8);
    assert_non_null(nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_zeroed_and_apart),
        cmocka_unit_test(blocks_double_up_to_the_largest),
        cmocka_unit_test(a_large_allocation_leaves_the_newest_block_in_use),
        cmocka_unit_test(reset_keeps_a_block_and_clears_what_it_gives_again),
        cmocka_unit_test(reset_gives_a_huge_block_back),
        cmocka_unit_test(texts_are_copied_with_a_nul),
        cmocka_unit_test(heap_memory_is_zeroed_and_texts_are_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
