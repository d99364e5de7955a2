// SPDX-License-Identifier: Apache-2.0
// The growing buffer: append at the end, consume at the front.

#include "base/buf.h"
#include "base/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_content(const struct buf *b, const char *text)
{
    assert_true(slice_equal(buf_slice(b), slice_str(text)));
}

static void what_is_appended_comes_out_in_order(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = {0};
    assert_int_equal(buf_slice(&b).len, 0);
    buf_append_str(&b, "ab");
    buf_append_byte(&b, 'c');
    buf_append(&b, slice_of(NULL, 0));
    buf_printf(&b, "%d", 42);
    assert_content(&b, "abc42");
    buf_consume(&b, 2);
    assert_content(&b, "c42");
    buf_consume(&b, 3);
    assert_content(&b, "");
    buf_append_str(&b, "z");
    assert_content(&b, "z");
    buf_clear(&b);
    assert_content(&b, "");
}

static void zeroed_memory_is_an_empty_buffer(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = {0};
    assert_int_equal(buf_len(&b), 0);
    memcpy(buf_reserve(&b, 3), "xyz", 3);
    buf_extend(&b, 2);
    assert_content(&b, "xy");
}

static void content_survives_growth_and_a_full_buffer_of_consumed_bytes(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = {0};
    for (unsigned i = 0; i < 10000; i++)
        buf_append_byte(&b, (uint8_t)(i % 251));
    buf_consume(&b, 9990);
    size_t capacity = b.capacity;
    for (unsigned i = 10000; i < 20000; i++) {
        buf_append_byte(&b, (uint8_t)(i % 251));
        buf_consume(&b, 1);
    }
    assert_int_equal(b.capacity, capacity); /* consumed room is used again */
    struct slice s = buf_slice(&b);
    assert_int_equal(s.len, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(s.data[i], (19990 + i) % 251);
}

static void a_reservation_of_exactly_the_room_left_does_not_grow(void **state)
{
    (void)state;
    AUTO_BUF struct buf b = {0};
    (void)!buf_reserve(&b, BUF_CAPACITY_MIN_BYTES);
    buf_extend(&b, 10);
    (void)!buf_reserve(&b, BUF_CAPACITY_MIN_BYTES - 10);
    assert_int_equal(b.capacity, BUF_CAPACITY_MIN_BYTES);
    (void)!buf_reserve(&b, BUF_CAPACITY_MIN_BYTES - 9);
    assert_true(b.capacity > BUF_CAPACITY_MIN_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_comes_out_in_order),
        cmocka_unit_test(zeroed_memory_is_an_empty_buffer),
        cmocka_unit_test(content_survives_growth_and_a_full_buffer_of_consumed_bytes),
        cmocka_unit_test(a_reservation_of_exactly_the_room_left_does_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
