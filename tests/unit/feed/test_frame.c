// SPDX-License-Identifier: Apache-2.0
#include "feed/frame_priv.h"
#include "feed/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void frames_come_apart_at_any_cut(void **state)
{
    (void)state;
    const struct slice bytes = SLICE_LIT("\0\0\0\3abc\0\0\0\0\0\0\0\1x");
    const char *const payloads[] = {"abc", "", "x"};
    for (size_t cut = 0; cut <= bytes.len; cut++) {
        AUTO_BUF struct buf b = {0};
        size_t count = 0;
        for (unsigned part = 0; part < 2; part++) {
            buf_append(&b, part == 0 ? slice_sub(bytes, 0, cut) : slice_sub(bytes, cut, bytes.len));
            struct slice payload;
            while (feed_frame_peek(&b, &payload) == FEED_FRAME_WHOLE) {
                assert_true(slice_equal(payload, slice_str(payloads[count++])));
                feed_frame_consume(&b, payload);
            }
        }
        assert_int_equal(count, ARRAY_LEN(payloads));
        assert_int_equal(buf_len(&b), 0);
    }
}

static void the_longest_frame_is_awaited_and_a_longer_is_not(void **state)
{
    (void)state;
    uint8_t head[FEED_FRAME_HEAD_BYTES];
    struct slice payload;
    AUTO_BUF struct buf b = {0};
    feed_frame_head(FEED_FRAME_MAX_BYTES, head);
    buf_append(&b, slice_of(head, sizeof(head)));
    assert_int_equal(feed_frame_peek(&b, &payload), FEED_FRAME_MORE);
    buf_clear(&b);
    head[FEED_FRAME_HEAD_BYTES - 1]++;
    buf_append(&b, slice_of(head, sizeof(head)));
    assert_int_equal(feed_frame_peek(&b, &payload), FEED_FRAME_BAD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_apart_at_any_cut),
        cmocka_unit_test(the_longest_frame_is_awaited_and_a_longer_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
