// SPDX-License-Identifier: Apache-2.0
// Tests of cache/cache_control.h: what the fields of an answer say, well-formed and not.
#include "cache/cache_control.h"

#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define HAS_AGE DIRECTIVE_MAX_AGE
#define HAS_NO_STORE DIRECTIVE_NO_STORE

/* What a field says: its directives, and max-age. */
struct read_case {
    const char *lines;
    unsigned has;
    uint32_t max_age_s;
};

static const struct read_case read_cases[] = {
    {"", 0, 0},
    {"Cache-Control:", 0, 0},
    {"Cache-Control: max-age=60", HAS_AGE, 60},
    {"cache-control: MAX-Age=60", HAS_AGE, 60},
    {"Cache-Control: no-store", HAS_NO_STORE, 0},
    {"Cache-Control: No-Store", HAS_NO_STORE, 0},
    {"Cache-Control: max-age=60,no-store", HAS_AGE | HAS_NO_STORE, 60},
    {"Cache-Control: max-age=60\nCache-Control: no-store", HAS_AGE | HAS_NO_STORE, 60},
    {"Cache-Control: ,, no-store ,", HAS_NO_STORE, 0},
    {"Cache-Control: public, must-revalidate, proxy-revalidate, must-understand",
     DIRECTIVE_PUBLIC | DIRECTIVE_MUST_REVALIDATE | DIRECTIVE_PROXY_REVALIDATE |
         DIRECTIVE_MUST_UNDERSTAND,
     0},
    {"Cache-Control: no-stored, ano-store, x", 0, 0},
    {"X-Cache-Control: no-store", 0, 0},
    /* numbers */
    {"Cache-Control: max-age=0", HAS_AGE, 0},
    {"Cache-Control: max-age=0060", HAS_AGE, 60},
    {"Cache-Control: max-age=2147483647", HAS_AGE, 2147483647},
    {"Cache-Control: max-age=2147483648", HAS_AGE, 2147483648},
    {"Cache-Control: max-age=2147483649", HAS_AGE, 2147483648},
    {"Cache-Control: max-age=99999999999999999999999999", HAS_AGE, 2147483648},
    {"Cache-Control: max-age", HAS_AGE, 0},
    {"Cache-Control: max-age=", HAS_AGE, 0},
    {"Cache-Control: max-age=a60", HAS_AGE, 0},
    {"Cache-Control: max-age=60a", HAS_AGE, 0},
    {"Cache-Control: max-age=-60", HAS_AGE, 0},
    {"Cache-Control: max-age=+60", HAS_AGE, 0},
    {"Cache-Control: max-age=60.5", HAS_AGE, 0},
    {"Cache-Control: max-age= 60", HAS_AGE, 0},
    {"Cache-Control: max-age =60", HAS_AGE, 0},
    {"Cache-Control: max-age=6 0", HAS_AGE, 0},
    {"Cache-Control: max-age='60'", HAS_AGE, 0},
    /* the first of several */
    {"Cache-Control: max-age=60, max-age=1", HAS_AGE, 60},
    {"Cache-Control: max-age=1\nCache-Control: max-age=60", HAS_AGE, 1},
    {"Cache-Control: max-age=x, max-age=60", HAS_AGE, 0},
    /* quotes */
    {"Cache-Control: max-age=\"60\"", HAS_AGE, 60},
    {"Cache-Control: max-age=\"60\"x", HAS_AGE, 0},
    {"Cache-Control: max-age=\"6\\0\"", HAS_AGE, 0},
    {"Cache-Control: x=\"max-age=60\"", 0, 0},
    {"Cache-Control: x=\"a, max-age=60\"", 0, 0},
    {"Cache-Control: x=\"a, max-age=60\", max-age=5", HAS_AGE, 5},
    {"Cache-Control: max-age=5, x=\"a, max-age=60\"", HAS_AGE, 5},
    {"Cache-Control: x=\"a\\\", max-age=60\"", 0, 0},
    {"Cache-Control: x=\"a\\\\\", max-age=60", HAS_AGE, 60},
    {"Cache-Control: x=\"a, no-store", HAS_NO_STORE, 0}, /* an open quote hides nothing */
    {"Cache-Control: x\"a, no-store\"", 0, 0},
    {"Cache-Control: x\"a, no-store", HAS_NO_STORE, 0},
    {"Cache-Control: x=y\"a, no-store, \"", HAS_NO_STORE, 0},
    {"Cache-Control: x=\"a\nCache-Control: no-store\"", 0, 0},
    {"Cache-Control: x=\"a\nCache-Control: no-store", HAS_NO_STORE, 0},
    /* arguments that restrict to fields */
    {"Cache-Control: no-cache", DIRECTIVE_NO_CACHE, 0},
    {"Cache-Control: no-cache=\"\"", DIRECTIVE_NO_CACHE, 0},
    {"Cache-Control: no-cache=\"Set-Cookie\"", DIRECTIVE_NO_CACHE_SET_COOKIE, 0},
    {"Cache-Control: no-cache=set-cookie", DIRECTIVE_NO_CACHE_SET_COOKIE, 0},
    {"Cache-Control: no-cache=\"set-cookie, X-A\"",
     DIRECTIVE_NO_CACHE_SET_COOKIE | DIRECTIVE_NO_CACHE, 0},
    {"Cache-Control: no-cache=\"X-A\"", DIRECTIVE_NO_CACHE, 0},
    {"Cache-Control: no-cache, no-cache=\"Set-Cookie\"",
     DIRECTIVE_NO_CACHE_SET_COOKIE | DIRECTIVE_NO_CACHE, 0},
    {"Cache-Control: private=\"X-A\"", DIRECTIVE_PRIVATE, 0},
    {"Cache-Control: no-store=1", HAS_NO_STORE, 0},
};

static void check_read(const struct read_case *c, bool is_found, const struct cache_control *cc)
{
    if (!is_found || cc->has != c->has || cc->max_age_s != c->max_age_s)
        fail_msg("%s\nhas %#x, max-age %u; want %#x, %u", c->lines, cc->has, cc->max_age_s, c->has,
                 c->max_age_s);
}

static void cache_control_is_read_leniently_but_never_in_favour_of_freshness(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(read_cases); i++) {
        struct http_fields fields = field_lines(&arena, read_cases[i].lines);
        struct cache_control cc;
        cache_control_read(&fields, &cc);
        check_read(&read_cases[i], true, &cc);
    }
}

static void every_number_has_its_place(void **state)
{
    (void)state;
    struct http_fields fields =
        field_lines(&arena, "Cache-Control: max-age=1, s-maxage=2, stale-while-revalidate=3, "
                            "stale-if-error=4\n"
                            "CDN-Cache-Control: max-age=5, s-maxage=6, stale-while-revalidate=7, "
                            "stale-if-error=8");
    struct cache_control cc;
    cache_control_read(&fields, &cc);
    assert_int_equal(cc.max_age_s, 1);
    assert_int_equal(cc.s_maxage_s, 2);
    assert_int_equal(cc.stale_while_revalidate_s, 3);
    assert_int_equal(cc.stale_if_error_s, 4);
    assert_true(cache_control_read_targeted(&arena, &fields, &cc));
    assert_int_equal(cc.max_age_s, 5);
    assert_int_equal(cc.s_maxage_s, 6);
    assert_int_equal(cc.stale_while_revalidate_s, 7);
    assert_int_equal(cc.stale_if_error_s, 8);
}

/* Of CDN-Cache-Control. */
static const struct read_case targeted_cases[] = {
    {"CDN-Cache-Control: max-age=60", HAS_AGE, 60},
    {"CDN-Cache-Control: max-age=60;x=1", HAS_AGE, 60},
    {"CDN-Cache-Control: max-age=60, unknown=(1 2)", HAS_AGE, 60},
    {"CDN-Cache-Control: no-store", HAS_NO_STORE, 0},
    {"CDN-Cache-Control: no-store=?1", HAS_NO_STORE, 0},
    {"CDN-Cache-Control: no-store=?0", 0, 0},
    {"CDN-Cache-Control: no-store=5", HAS_NO_STORE, 0}, /* a restriction of a wrong type holds */
    {"CDN-Cache-Control: public=5", 0, 0},              /* a permission does not */
    {"CDN-Cache-Control: public", DIRECTIVE_PUBLIC, 0},
    {"CDN-Cache-Control: private=\"X-A\"", DIRECTIVE_PRIVATE, 0},
    {"CDN-Cache-Control: no-cache=\"Set-Cookie\"", DIRECTIVE_NO_CACHE_SET_COOKIE, 0},
    {"CDN-Cache-Control: no-cache=\"Set-Cookie\", no-cache", DIRECTIVE_NO_CACHE, 0},
    {"CDN-Cache-Control: no-cache=?0", 0, 0},
    {"CDN-Cache-Control: max-age=1, max-age=60", HAS_AGE, 60}, /* the last counts */
    {"CDN-Cache-Control: no-store, no-store=?0", 0, 0},
    {"CDN-Cache-Control: max-age=60\nCDN-Cache-Control: no-store", HAS_AGE | HAS_NO_STORE, 60},
    {"CDN-Cache-Control:\nCDN-Cache-Control: max-age=60", HAS_AGE, 60},
    {"CDN-Cache-Control: max-age=-1", HAS_AGE, 0},
    {"CDN-Cache-Control: max-age=60.5", HAS_AGE, 0},
    {"CDN-Cache-Control: max-age=\"60\"", HAS_AGE, 0},
    {"CDN-Cache-Control: max-age=999999999999999", HAS_AGE, 2147483648},
};

static const char *const not_targeted[] = {
    "",
    "Cache-Control: max-age=60",
    "CDN-Cache-Control:",
    "CDN-Cache-Control: MAX-AGE=60",
    "CDN-Cache-Control: max-age = 60",
    "CDN-Cache-Control: max-age=60,",
    "CDN-Cache-Control: max-age=60, foo=&&",
    "CDN-Cache-Control: max-age=60\nCDN-Cache-Control: No-Store",
    "CDN-Cache-Control: max-age=9999999999999999",
};

static void cdn_cache_control_is_a_dictionary_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targeted_cases); i++) {
        struct http_fields fields = field_lines(&arena, targeted_cases[i].lines);
        struct cache_control cc = {0};
        bool is_found = cache_control_read_targeted(&arena, &fields, &cc);
        check_read(&targeted_cases[i], is_found, &cc);
    }
    for (size_t i = 0; i < ARRAY_LEN(not_targeted); i++) {
        struct http_fields fields = field_lines(&arena, not_targeted[i]);
        struct cache_control cc = {.max_age_s = 7};
        if (cache_control_read_targeted(&arena, &fields, &cc) || cc.max_age_s != 7)
            fail_msg("'%s' was read", not_targeted[i]);
    }
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE_S INT64_C(784111777)

static void a_date_has_one_of_three_forms(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int64_t unix_s;
    } cases[] = {
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT", DATE_S},
        {"Date: Sunday, 06-Nov-94 08:49:37 GMT", DATE_S},
        {"Date: Sun Nov  6 08:49:37 1994", DATE_S},
        {"", 5},
        {"Date:", 5},
        {"Date: 784111777", 5},
        {"Date: Sun, 06 Nov 1994 08:49:37 UTC", 5},
        {"Date: Sun, 6 Nov 1994 08:49:37 GMT", 5},
        {"Date: sun, 06 nov 1994 08:49:37 gmt", 5},
        {"Date: Sun, 31 Feb 1994 08:49:37 GMT", 5},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT\nDate: Mon, 07 Nov 1994 08:49:37 GMT", DATE_S},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields fields = field_lines(&arena, cases[i].lines);
        int64_t unix_s = cache_date_unix_s(&fields, 5);
        if (unix_s != cases[i].unix_s)
            fail_msg("'%s': %lld", cases[i].lines, (long long)unix_s);
    }
}

static void the_first_value_of_age_counts_where_it_is_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint32_t age_s;
    } cases[] = {
        {"", 0},
        {"Age: 30", 30},
        {"Age: 0", 0},
        {"Age: 030", 30},
        {"Age: 30, 60", 30},
        {"Age: 0, 60", 0},
        {"Age: 30\nAge: 60", 30},
        {"Age: x, 60", 0},
        {"Age: ,60", 0},
        {"Age: 30x", 0},
        {"Age: -30", 0},
        {"Age: 30.5", 0},
        {"Age: \"30\"", 0},
        {"Age: 30;x=1", 0},
        {"Age: 2147483647", 2147483647},
        {"Age: 2147483648", 2147483648},
        {"Age: 99999999999999999999", 2147483648},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields fields = field_lines(&arena, cases[i].lines);
        if (cache_age_value_s(&fields) != cases[i].age_s)
            fail_msg("'%s': %u", cases[i].lines, cache_age_value_s(&fields));
    }
}

static void expires_is_stale_where_it_is_doubtful(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int64_t seconds; /* -1: there is no Expires */
    } cases[] = {
        {"", -1},
        {"Expires: Sun, 06 Nov 1994 08:50:37 GMT", 60},
        {"Expires: Sunday, 06-Nov-94 08:50:37 GMT", 60},
        {"Expires: Sun Nov  6 08:50:37 1994", 60},
        {"Expires: Sun, 06 Nov 1994 08:49:38 GMT", 1},
        {"Expires: Sun, 06 Nov 1994 08:49:37 GMT", 0},
        {"Expires: Sun, 06 Nov 1994 08:49:36 GMT", 0},
        {"Expires: Fri, 31 Dec 9999 23:59:59 GMT", 2147483648},
        {"Expires: Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Expires: 0", 0},
        {"Expires: -1", 0},
        {"Expires:", 0},
        {"Expires: 60", 0},
        {"Expires: Sun, 06 Nov 1994 08:50:37 PST", 0},
        {"Expires: Sun, 06 Nov 1994 8:50:37 GMT", 0},
        {"Expires: Sun,  06 Nov 1994 08:50:37 GMT", 0},
        {"Expires: Sun, 06 Nov 1994 08:50:37 GMT x", 0},
        {"Expires: Sun, 06-Nov-1994 08:50:37 GMT", 0},
        {"Expires: 06 Nov 1994 08:50:37 GMT", 0},
        {"Expires: Sun, 06 Nov 1994 08:50:37 GMT\nExpires: Sun, 06 Nov 1994 08:50:37 GMT", 0},
        {"Expires: Sun, 06 Nov 1994 08:50:37 GMT, Sun, 06 Nov 1994 08:50:37 GMT", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields fields = field_lines(&arena, cases[i].lines);
        uint32_t seconds = 0;
        bool is_there = cache_expires_s(&fields, DATE_S, &seconds);
        if ((is_there ? (int64_t)seconds : -1) != cases[i].seconds)
            fail_msg("'%s': %d %u", cases[i].lines, is_there, seconds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cache_control_is_read_leniently_but_never_in_favour_of_freshness),
        cmocka_unit_test(every_number_has_its_place),
        cmocka_unit_test(cdn_cache_control_is_a_dictionary_or_nothing),
        cmocka_unit_test(a_date_has_one_of_three_forms),
        cmocka_unit_test(the_first_value_of_age_counts_where_it_is_a_number),
        cmocka_unit_test(expires_is_stale_where_it_is_doubtful),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
