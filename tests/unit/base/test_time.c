// SPDX-License-Identifier: Apache-2.0
// Time formats against known moments, the C library's calendar and the examples of RFC 9110.

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/** Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110 section 5.6.7. */
#define RFC_EXAMPLE_S 784111777
/** 2026-01-31T12:00:00Z */
#define JANUARY_S 1769860800

static void moments_are_written_in_each_form(void **state)
{
    (void)state;
    char iso[TIME_ISO8601_SIZE];
    time_format_iso8601(JANUARY_S * MS_PER_S + 7, iso);
    assert_string_equal(iso, "2026-01-31T12:00:00.007Z");
    time_format_iso8601(-1, iso);
    assert_string_equal(iso, "1969-12-31T23:59:59.999Z");
    char basic[TIME_BASIC_SIZE];
    time_format_basic(JANUARY_S, basic);
    assert_string_equal(basic, "20260131T120000Z");
    char http[TIME_HTTP_SIZE];
    time_format_http(RFC_EXAMPLE_S, http);
    assert_string_equal(http, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void times_without_four_digits_of_year_become_the_nearest(void **state)
{
    (void)state;
    char iso[TIME_ISO8601_SIZE];
    time_format_iso8601(INT64_MAX, iso);
    assert_memory_equal(iso, "9999-12-31T23:59:59", 19);
    time_format_iso8601(INT64_MIN, iso);
    assert_memory_equal(iso, "0000-01-01T00:00:00", 19);
}

static void dates_agree_with_the_calendar_of_libc(void **state)
{
    (void)state;
    /* A prime step of some 11 days over years 0 to 9999 meets every month and leap rule. */
    for (int64_t s = -62167219200; s <= 253402300799; s += 999983) {
        time_t when = s;
        struct tm tm;
        assert_non_null(gmtime_r(&when, &tm));
        char expected[64];
        char http[TIME_HTTP_SIZE];
        (void)strftime(expected, sizeof(expected), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        time_format_http(s, http);
        if (tm.tm_year + 1900 >= 1000) /* libc does not pad smaller years */
            assert_string_equal(http, expected);
        int64_t back = 0;
        assert_true(time_parse_http(slice_str(http), 0, &back));
        assert_true(back == s);
    }
}

static void basic_form_is_parsed_strictly(void **state)
{
    (void)state;
    int64_t s = 5;
    assert_true(time_parse_basic(SLICE_LIT("20260131T120000Z"), &s));
    assert_int_equal(s, JANUARY_S);
    assert_true(time_parse_basic(SLICE_LIT("20240229T000000Z"), &s));
    s = 5;
    const char *const bad[] = {"",
                               "20260131T120000",
                               "20260131T120000Zx",
                               "20260131 120000Z",
                               "2026013aT120000Z",
                               "20260229T000000Z",
                               "20260100T000000Z",
                               "20261301T000000Z",
                               "20260131T240000Z",
                               "20260131T126000Z",
                               "20260131T120061Z"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(time_parse_basic(slice_str(bad[i]), &s));
    assert_int_equal(s, 5);
}

static void all_three_http_forms_are_accepted(void **state)
{
    (void)state;
    const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994"};
    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        int64_t s = 0;
        assert_true(time_parse_http(slice_str(forms[i]), JANUARY_S, &s));
        assert_int_equal(s, RFC_EXAMPLE_S);
    }
    const char *const bad[] = {"",
                               "Sun",
                               "Sun, 06 Nov 1994 08:49:37",
                               "Sun, 06 Nov 1994 08:49:37 UTC",
                               "Sun, 6 Nov 1994 08:49:37 GMT",
                               "sun, 06 Nov 1994 08:49:37 GMT",
                               "Sun, 06 nov 1994 08:49:37 GMT",
                               "Sun, 31 Nov 1994 08:49:37 GMT",
                               "784111777"};
    int64_t s = 5;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(time_parse_http(slice_str(bad[i]), JANUARY_S, &s));
    assert_int_equal(s, 5);
}

static int64_t year_of_rfc850(const char *text)
{
    int64_t s = 0;
    assert_true(time_parse_http(slice_str(text), JANUARY_S, &s));
    time_t when = s;
    struct tm tm;
    assert_non_null(gmtime_r(&when, &tm));
    return tm.tm_year + 1900;
}

static void a_two_digit_year_is_at_most_50_years_ahead(void **state)
{
    (void)state;
    assert_int_equal(year_of_rfc850("Sunday, 06-Nov-76 08:49:37 GMT"), 2076);
    assert_int_equal(year_of_rfc850("Sunday, 06-Nov-77 08:49:37 GMT"), 1977);
}

static void clocks_go_forward(void **state)
{
    (void)state;
    int64_t before = time_monotonic_ns();
    assert_true(time_monotonic_ns() >= before);
    assert_true(time_unix_ms() > JANUARY_S / 2 * MS_PER_S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_written_in_each_form),
        cmocka_unit_test(times_without_four_digits_of_year_become_the_nearest),
        cmocka_unit_test(dates_agree_with_the_calendar_of_libc),
        cmocka_unit_test(basic_form_is_parsed_strictly),
        cmocka_unit_test(all_three_http_forms_are_accepted),
        cmocka_unit_test(a_two_digit_year_is_at_most_50_years_ahead),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
