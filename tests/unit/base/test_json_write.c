// SPDX-License-Identifier: Apache-2.0
// JSON texts as they come out: commas, brackets, escapes; UTF-8 cut and counted.
#include "base/json_write.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_written(const struct buf *out, const char *text)
{
    assert_int_equal(buf_len(out), strlen(text));
    assert_memory_equal(buf_slice(out).data, text, buf_len(out));
}

static void members_and_elements_are_parted_by_commas(void **state)
{
    (void)state;
    AUTO_BUF struct buf out = {0};
    json_write_open(&out, NULL, '{');
    json_write_str(&out, "s", "{");
    json_write_u64(&out, "n", UINT64_MAX);
    json_write_bool(&out, "yes", true);
    json_write_null(&out, "none");
    json_write_open(&out, "empty", '[');
    json_write_close(&out, ']');
    json_write_open(&out, "list", '[');
    json_write_open(&out, NULL, '{');
    json_write_close(&out, '}');
    json_write_hex(&out, NULL, SLICE_LIT("\x00\xab\xff"));
    json_write_hex(&out, NULL, (struct slice){0});
    json_write_close(&out, ']');
    json_write_close(&out, '}');
    assert_written(&out, "{\"s\": \"{\", \"n\": 18446744073709551615, \"yes\": true, "
                         "\"none\": null, \"empty\": [], \"list\": [{}, \"00abff\", \"\"]}");
}

static void texts_of_any_origin_stay_in_their_quotes(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        const char *written;
    } rows[] = {
        {SLICE_LIT(""), "\"\""},
        {SLICE_LIT("a\"b\\c"), "\"a\\\"b\\\\c\""},
        {SLICE_LIT("\n\r\t"), "\"\\n\\r\\t\""},
        {SLICE_LIT("\0\x1f "), "\"\\u0000\\u001f \""},
        {SLICE_LIT("~\x7f"), "\"~\\u007f\""},
        {SLICE_LIT("\xc2\x9f\xc2\xa0"), "\"\\u009f\xc2\xa0\""},
        {SLICE_LIT("\xff\xf0\x9f\x98\x80\xc3"), "\"\\ufffd\xf0\x9f\x98\x80\\ufffd\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO_BUF struct buf out = {0};
        json_write_text(&out, NULL, rows[i].text);
        assert_written(&out, rows[i].written);
    }
}

static void a_text_is_cut_between_its_characters(void **state)
{
    (void)state;
    struct slice text = SLICE_LIT("a\xc3\xa9\xf0\x9f\x98\x80");
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 3, 7, 7};
    assert_int_equal(utf8_count(text), 3);
    for (size_t max = 0; max < ARRAY_LEN(kept); max++)
        assert_int_equal(utf8_clip(text, max).len, kept[max]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_and_elements_are_parted_by_commas),
        cmocka_unit_test(texts_of_any_origin_stay_in_their_quotes),
        cmocka_unit_test(a_text_is_cut_between_its_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
