// SPDX-License-Identifier: Apache-2.0
// Tests of cache/judge.h: verdicts of the CDN rules, values on both sides of each edge.
#include "cache/judge.h"

#include "cache/limits.h"
#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Sun, 06 Nov 1994 08:49:37 GMT */
#define NOW_MS (INT64_C(784111777) * 1000)
#define NONE (-1) /* not stored */
#define FOREVER UINT32_MAX

/* An exchange, as far as it is not the usual one. */
struct exchange {
    uint64_t m, d, max; /* MinTTL, DefaultTTL, MaxTTL */
    const char *method; /* NULL: GET */
    const char *sent;   /* fields of the request; NULL: none */
    unsigned status;    /* 0: 200 */
    const char *lines;  /* fields of the answer */
    uint64_t error_ttl_s;
    bool has_authorization_in_key;
    bool forwards_cookies;
    bool caches_options;
    int64_t delay_ms; /* of the response */
};

static struct cache_verdict judge(const struct exchange *e)
{
    struct http_request sent = {.method = slice_str(e->method == NULL ? "GET" : e->method),
                                .fields = field_lines(&arena, e->sent == NULL ? "" : e->sent)};
    struct http_response response = {.status = (uint16_t)(e->status == 0 ? 200 : e->status),
                                     .fields = field_lines(&arena, e->lines)};
    struct release_cache_policy policy = {
        .min_ttl_s = e->m, .default_ttl_s = e->d, .max_ttl_s = e->max};
    struct cache_answer answer = {.sent = &sent,
                                  .response = &response,
                                  .policy = &policy,
                                  .error_min_ttl_s = e->error_ttl_s,
                                  .has_authorization_in_key = e->has_authorization_in_key,
                                  .forwards_cookies = e->forwards_cookies,
                                  .caches_options = e->caches_options,
                                  .request_unix_ms = NOW_MS - e->delay_ms,
                                  .response_unix_ms = NOW_MS};
    struct cache_verdict verdict;
    cache_judge(&cache_rules_cdn, &answer, &arena, &verdict);
    if (!verdict.is_storable)
        assert_int_equal(verdict.lifetime_s, 0);
    return verdict;
}

static void check_lifetime(const struct exchange *e, int64_t want, size_t number)
{
    struct cache_verdict v = judge(e);
    int64_t lifetime = v.is_storable ? (int64_t)v.lifetime_s : NONE;
    if (lifetime != want)
        fail_msg("case %zu, status %u: lifetime %lld, want %lld\n%s", number, e->status,
                 (long long)lifetime, (long long)want, e->lines);
}

struct lifetime_case {
    uint64_t m, d, max;
    const char *lines;
    int64_t lifetime_s;
};

static void check_lifetimes(const struct lifetime_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct lifetime_case *c = &cases[i];
        struct exchange e = {.m = c->m, .d = c->d, .max = c->max, .lines = c->lines};
        check_lifetime(&e, c->lifetime_s, i);
    }
}

#define YEAR 31536000
#define EXPIRES_60 "Expires: Sun, 06 Nov 1994 08:50:37 GMT\n"
#define TAG "ETag: \"a\"\n"

static void freshness_is_held_between_the_minimum_and_the_maximum(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {1, 86400, YEAR, "Cache-Control: max-age=60", 60},
        {60, 86400, YEAR, "Cache-Control: max-age=59", 60},
        {60, 86400, YEAR, "Cache-Control: max-age=61", 61},
        {0, 0, 60, "Cache-Control: max-age=61", 60},
        {0, 0, 60, "Cache-Control: max-age=59", 59},
        {60, 60, 60, "Cache-Control: max-age=0", 60},
        {0, 86400, YEAR, "Cache-Control: max-age=1", 1},
        {1, 86400, YEAR, "Cache-Control: max-age=x", 1}, /* malformed: stale, so the minimum */
        {0, 0, UINT64_MAX, "Cache-Control: max-age=9999999999", 2147483648},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, "", 2147483648},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

static void an_answer_that_says_nothing_has_the_default(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {1, 86400, YEAR, "", 86400},
        {0, 86400, YEAR, "", 86400},
        {60, 30, YEAR, "", 60},
        {0, 86400, YEAR, "Cache-Control: public", 86400},
        {0, 86400, YEAR, "Cache-Control: x=\"max-age=5\"", 86400},
        {0, 86400, YEAR, "Last-Modified: Sun, 06 Nov 1984 08:49:37 GMT", 86400}, /* no heuristic */
        {0, 86400, YEAR, "Pragma: no-cache", 86400}, /* says nothing in an answer */
        {0, 0, YEAR, "", NONE},
        {0, 0, YEAR, TAG, 0},
        {0, 0, YEAR, "Last-Modified: Sun, 06 Nov 1984 08:49:37 GMT", 0},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

static void the_most_particular_source_of_freshness_wins(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {0, 9, YEAR, "Cache-Control: max-age=5, s-maxage=60", 60},
        {0, 9, YEAR, "Cache-Control: s-maxage=5, max-age=60", 5},
        {0, 9, YEAR, "Cache-Control: s-maxage=x, max-age=60\n" TAG, 0},
        {0, 9, YEAR, EXPIRES_60, 60},
        {0, 9, YEAR, EXPIRES_60 "Cache-Control: max-age=5", 5},
        {0, 9, YEAR, EXPIRES_60 "Cache-Control: public", 60},
        {0, 9, YEAR, EXPIRES_60 "Date: Sun, 06 Nov 1994 08:48:37 GMT", 120},
        {0, 9, YEAR, EXPIRES_60 "Date: yesterday", 60},
        {0, 9, YEAR, EXPIRES_60 EXPIRES_60 TAG, 0},
        {0, 9, YEAR, "Expires: 0\n" TAG, 0},
        {5, 9, YEAR, "Expires: 0", 5},
        {0, 9, YEAR, "CDN-Cache-Control: max-age=60\nCache-Control: max-age=5", 60},
        {0, 9, YEAR, "CDN-Cache-Control: max-age=60\nCache-Control: no-store", 60},
        {0, 9, YEAR, "CDN-Cache-Control: no-store\nCache-Control: max-age=60", NONE},
        {0, 9, YEAR, "CDN-Cache-Control: max-age=5, s-maxage=60", 60},
        {0, 9, YEAR, "CDN-Cache-Control: public\nCache-Control: max-age=5\n" EXPIRES_60, 9},
        {0, 9, YEAR, "CDN-Cache-Control: Max-Age=60\nCache-Control: max-age=5", 5},
        {0, 9, YEAR, "CDN-Cache-Control: max-age=60, &\nCache-Control: no-store", NONE},
        {0, 9, YEAR, "CDN-Cache-Control:\nCache-Control: max-age=5", 5},
        {0, 9, YEAR, "CDN-Cache-Control: max-age=\"60\"\nCache-Control: max-age=5\n" TAG, 0},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

static void restrictions_are_obeyed_unless_a_minimum_overrides_them(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {0, 9, YEAR, "Cache-Control: no-store", NONE},
        {0, 9, YEAR, "Cache-Control: no-store, max-age=60", NONE},
        {0, 9, YEAR, "Cache-Control: private", NONE},
        {0, 9, YEAR, "Cache-Control: private, max-age=60, public", NONE},
        {0, 9, YEAR, "Cache-Control: private=\"X-A\", max-age=60", NONE},
        {0, 9, YEAR, "Cache-Control: no-cache, max-age=60", NONE},
        {0, 9, YEAR, "Cache-Control: no-cache, max-age=60\n" TAG, 0},
        {0, 9, YEAR, "Cache-Control: no-cache=\"X-A\", max-age=60\n" TAG, 0},
        {0, 9, YEAR, "Cache-Control: no-cache=\"Set-Cookie\", max-age=60", 60},
        {0, 9, YEAR, "Cache-Control: no-cache, no-store\n" TAG, NONE},
        {0, 9, YEAR, "Cache-Control: max-age=0\n" TAG, 0},
        {0, 9, YEAR, "Cache-Control: max-age=0", NONE}, /* nothing to validate it by */
        {1, 9, YEAR, "Cache-Control: no-store", 1},
        {1, 9, YEAR, "Cache-Control: no-store, max-age=60", 1},
        {1, 9, YEAR, "Cache-Control: private, max-age=60", 1},
        {1, 9, YEAR, "Cache-Control: no-cache, max-age=60", 1},
        {1, 9, YEAR, "Cache-Control: no-cache=\"Set-Cookie\", max-age=60", 60},
        {1, 9, YEAR, "Cache-Control: NO-STORE", 1},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

static void a_maximum_of_0_caches_nothing(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {0, 0, 0, "Cache-Control: max-age=60\n" TAG, NONE},
        {0, 0, 0, TAG, NONE},
        {0, 0, 0, "Cache-Control: no-cache\n" TAG, NONE},
        {0, 0, 0, "Cache-Control: stale-while-revalidate=60\n" TAG, NONE},
        {0, 0, 1, "Cache-Control: max-age=60", 1},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

static void what_must_be_understood_is(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        const char *lines;
        int64_t lifetime_s;
    } cases[] = {
        {200, "Cache-Control: max-age=60, must-understand", 60},
        {200, "Cache-Control: max-age=60, must-understand, no-store", 60},
        {200, "Cache-Control: max-age=60, no-store", NONE},
        {299, "Cache-Control: max-age=60", 60},
        {299, "Cache-Control: max-age=60, must-understand", NONE},
        {299, "Cache-Control: max-age=60, must-understand, no-store", NONE},
        {299, "", 9},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {
            .d = 9, .max = YEAR, .status = cases[i].status, .lines = cases[i].lines};
        check_lifetime(&e, cases[i].lifetime_s, i);
    }
}

static void statuses_below_400_are_kept_but_parts_and_304(void **state)
{
    (void)state;
    static const struct {
        unsigned status;
        int64_t lifetime_s;
    } cases[] = {
        {200, 60},   {201, 60},   {203, 60},   {204, 60},   {205, 60},   {206, NONE}, {300, 60},
        {301, 60},   {302, 60},   {303, 60},   {307, 60},   {308, 60},   {304, NONE}, {399, 60},
        {100, NONE}, {101, NONE}, {103, NONE}, {600, NONE}, {999, NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {.m = 1,
                             .d = 9,
                             .max = YEAR,
                             .status = cases[i].status,
                             .lines = "Cache-Control: max-age=60\n" TAG};
        check_lifetime(&e, cases[i].lifetime_s, i);
        e.lines = "";
        check_lifetime(&e, cases[i].lifetime_s == NONE ? NONE : 9, i);
    }
}

/* ---- errors: each with ErrorCachingMinTTL 10 and MaxTTL 100 */

struct error_case {
    unsigned status;
    const char *lines;
    int64_t lifetime_s;
};

static const struct error_case error_cases[] = {
    {404, "", 10},
    {410, "", 10},
    {414, "", 10},
    {500, "", 10},
    {501, "", 10},
    {502, "", 10},
    {503, "", 10},
    {504, "", 10},
    {404, "Cache-Control: max-age=9", 10},
    {404, "Cache-Control: max-age=11", 11},
    {404, "Cache-Control: max-age=101", 100},
    {404, EXPIRES_60, 60},
    {503, "Cache-Control: s-maxage=20, max-age=5", 20},
    {404, "Cache-Control: no-store", NONE},
    {404, "Cache-Control: no-cache", NONE},
    {404, "Cache-Control: private", NONE},
    {404, "Cache-Control: no-cache=\"Set-Cookie\"", 10},
    {410, "Cache-Control: no-store", NONE},
    {414, "Cache-Control: no-cache", NONE},
    {501, "Cache-Control: private", NONE},
    {500, "Cache-Control: no-store", 10},
    {502, "Cache-Control: no-cache", 10},
    {503, "Cache-Control: private", 10},
    {504, "Cache-Control: no-store, max-age=20", 20},
    {400, "", NONE},
    {403, "", NONE},
    {405, "", NONE},
    {412, "", NONE},
    {415, "", NONE},
    {400, "Cache-Control: max-age=20", 20},
    {403, "Cache-Control: s-maxage=20", 20},
    {405, "CDN-Cache-Control: max-age=20", 20},
    {412, "Cache-Control: max-age=5", 10},
    {415, "Cache-Control: max-age=0", 10},
    {403, EXPIRES_60, NONE},
    {403, "Cache-Control: public", NONE},
    {403, "Cache-Control: no-cache, no-store, max-age=0, must-revalidate", NONE},
    {416, "", NONE},
    {416, "Cache-Control: max-age=60", NONE},
    {401, "Cache-Control: max-age=60", NONE},
    {402, "Cache-Control: max-age=60", NONE},
    {406, "Cache-Control: max-age=60", NONE},
    {408, "Cache-Control: max-age=60", NONE},
    {411, "Cache-Control: max-age=60", NONE},
    {413, "Cache-Control: max-age=60", NONE},
    {429, "Cache-Control: max-age=60", NONE},
    {451, "Cache-Control: max-age=60", NONE},
    {505, "Cache-Control: max-age=60", NONE},
    {599, "Cache-Control: max-age=60", NONE},
};

static void errors_are_kept_as_their_status_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(error_cases); i++) {
        struct exchange e = {.m = 0,
                             .d = 50,
                             .max = 100,
                             .error_ttl_s = 10,
                             .status = error_cases[i].status,
                             .lines = error_cases[i].lines};
        check_lifetime(&e, error_cases[i].lifetime_s, i);
        e.m = 50; /* neither minimum nor default are for errors */
        check_lifetime(&e, error_cases[i].lifetime_s, i);
        struct cache_verdict v = judge(&e);
        assert_int_equal(v.stale_if_error_s, 0);
        assert_int_equal(v.stale_while_revalidate_s, 0);
    }
}

static void the_error_ttl_is_the_least_also_where_nothing_else_is_cached(void **state)
{
    (void)state;
    struct exchange e = {.status = 500, .error_ttl_s = 10, .lines = "Cache-Control: max-age=60"};
    check_lifetime(&e, 10, 0);
    e.error_ttl_s = 0;
    check_lifetime(&e, NONE, 1);
    e.max = 60;
    check_lifetime(&e, 60, 2);
    e.error_ttl_s = UINT64_MAX;
    check_lifetime(&e, 2147483648, 3);
}

static void our_own_errors_are_kept_for_the_error_ttl(void **state)
{
    (void)state;
    struct cache_verdict v;
    cache_judge_own_error(10, &v);
    assert_true(v.is_storable);
    assert_int_equal(v.lifetime_s, 10);
    assert_int_equal(v.stale_if_error_s, 0);
    cache_judge_own_error(0, &v);
    assert_false(v.is_storable);
    cache_judge_own_error(UINT64_MAX, &v);
    assert_int_equal(v.lifetime_s, 2147483648);
}

/* ---- who asks */

static void methods_that_are_not_cached_are_not_stored(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool caches_options;
        int64_t lifetime_s;
    } cases[] = {
        {"GET", false, 60},     {"HEAD", false, 60},   {"OPTIONS", false, NONE},
        {"OPTIONS", true, 60},  {"POST", true, NONE},  {"PUT", true, NONE},
        {"DELETE", true, NONE}, {"PATCH", true, NONE}, {"get", true, NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {.m = 1,
                             .max = YEAR,
                             .method = cases[i].method,
                             .caches_options = cases[i].caches_options,
                             .lines = "Cache-Control: max-age=60, public"};
        check_lifetime(&e, cases[i].lifetime_s, i);
        e.status = 404;
        e.error_ttl_s = 10;
        check_lifetime(&e, cases[i].lifetime_s, i);
    }
}

static void answers_to_credentials_are_stored_where_they_say_so(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        bool is_in_key;
        int64_t lifetime_s;
    } cases[] = {
        {"Cache-Control: max-age=60", false, NONE},
        {"", false, NONE},
        {"Cache-Control: max-age=60, public", false, 60},
        {"Cache-Control: max-age=60, must-revalidate", false, 60},
        {"Cache-Control: s-maxage=60", false, 60},
        {"Cache-Control: max-age=60, proxy-revalidate", false, NONE},
        {"CDN-Cache-Control: max-age=60, public", false, 60},
        {"CDN-Cache-Control: max-age=60\nCache-Control: public", false, NONE},
        {"Cache-Control: max-age=60", true, 60},
        {"", true, 9},
        {"Cache-Control: private, max-age=60", true, 5},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {.m = 5,
                             .d = 9,
                             .max = YEAR,
                             .sent = "authorization: Basic YTpi",
                             .has_authorization_in_key = cases[i].is_in_key,
                             .lines = cases[i].lines};
        check_lifetime(&e, cases[i].lifetime_s, i);
    }
    struct exchange e = {.status = 500, .sent = "Authorization: x", .error_ttl_s = 10, .lines = ""};
    check_lifetime(&e, NONE, 100);
    e.has_authorization_in_key = true;
    check_lifetime(&e, 10, 101);
}

/* ---- Vary */

static void vary_is_joined_and_a_star_needs_a_minimum(void **state)
{
    (void)state;
    static const struct {
        uint64_t m;
        const char *lines;
        const char *vary; /* NULL: not stored */
    } cases[] = {
        {0, "", ""},
        {0, "Vary:", ""},
        {0, "Vary: Accept", "Accept"},
        {0, "Vary: Accept, Origin", "Accept, Origin"},
        {0, "Vary: Accept\nvary: Origin", "Accept, Origin"},
        {0, "Vary: *", NULL},
        {0, "Vary: Accept, *", NULL},
        {0, "Vary: *, Accept", NULL},
        {0, "Vary: Accept\nVary: *", NULL},
        {1, "Vary: *", "*"},
        {1, "Vary: Accept, *", "*"},
        {1, "Vary: Accept\nVary: *", "*"},
        {0, "Vary: **", "**"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {.m = cases[i].m, .d = 9, .max = YEAR, .lines = cases[i].lines};
        struct cache_verdict v = judge(&e);
        assert_int_equal(v.is_storable, cases[i].vary != NULL);
        if (!slice_equal(v.vary, slice_str(cases[i].vary == NULL ? "" : cases[i].vary)))
            fail_msg("'%s': '%.*s'", cases[i].lines, SLICE_FMT(v.vary));
        e.status = 404;
        e.error_ttl_s = 10;
        assert_int_equal(judge(&e).is_storable, cases[i].vary != NULL);
    }
}

static void what_varies_by_too_many_fields_is_not_stored(void **state)
{
    (void)state;
    for (size_t names = CACHE_VARY_NAMES_MAX; names <= CACHE_VARY_NAMES_MAX + 1; names++) {
        char lines[256] = "Vary: x";
        for (size_t i = 1; i < names; i++)
            strcat(lines, ", x");
        struct exchange e = {.d = 9, .max = YEAR, .lines = lines};
        assert_int_equal(judge(&e).is_storable, names <= CACHE_VARY_NAMES_MAX);
    }
}

/* ---- cookies */

static void set_cookie_is_passed_only_where_cookies_are(void **state)
{
    (void)state;
    static const struct {
        bool forwards;
        const char *lines;
        bool removes;
        bool passes_once;
        unsigned status;
    } cases[] = {
        {true, "Set-Cookie: a=1", false, true, 404}, /* kept unasked, so without it */
        {true, "Set-Cookie: a=1", false, true, 503},
        {true, "Set-Cookie: a=1", false, false, 302},
        {false, "Set-Cookie: a=1", true, false, 200},
        {true, "Set-Cookie: a=1", false, false, 200},
        {true, "Set-Cookie: a=1\nCache-Control: no-cache=\"Set-Cookie\"", false, true, 200},
        {true, "Set-Cookie: a=1\nCache-Control: no-cache=\"X-A\"", false, false, 200},
        {false, "Set-Cookie: a=1\nCache-Control: no-cache=\"Set-Cookie\"", true, true, 200},
        {false, "Set-Cookie: a=1\nCache-Control: no-store", true, false, 200}, /* also unstored */
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {
            .d = 9, .max = YEAR, .forwards_cookies = cases[i].forwards, .lines = cases[i].lines};
        e.status = cases[i].status;
        struct cache_verdict v = judge(&e);
        assert_int_equal(v.removes_set_cookie, cases[i].removes);
        assert_int_equal(v.passes_set_cookie_once, cases[i].passes_once);
    }
    struct exchange post = {.method = "POST", .lines = ""};
    assert_true(judge(&post).removes_set_cookie);
}

/* ---- stale */

static void an_expired_answer_is_served_as_it_allows(void **state)
{
    (void)state;
    static const struct {
        uint64_t m;
        uint64_t d;
        const char *lines;
        uint32_t if_error_s;
        uint32_t while_revalidate_s;
    } cases[] = {
        {0, 9, "", FOREVER, 0},
        {0, 9, "Cache-Control: max-age=60", FOREVER, 0},
        {0, 9, "Cache-Control: s-maxage=60", FOREVER, 0},
        {0, 9, "Cache-Control: max-age=60, stale-if-error=0", 0, 0},
        {0, 9, "Cache-Control: max-age=60, stale-if-error=1", 1, 0},
        {0, 9, "Cache-Control: max-age=60, stale-if-error=x", 0, 0},
        {0, 9, "Cache-Control: max-age=60, must-revalidate", 0, 0},
        {0, 9, "Cache-Control: max-age=60, proxy-revalidate", 0, 0},
        {0, 9, "Cache-Control: max-age=60, must-revalidate, stale-if-error=60", 0, 0},
        {0, 9, "CDN-Cache-Control: max-age=60, must-revalidate", 0, 0},
        {0, 9, "CDN-Cache-Control: max-age=60\nCache-Control: must-revalidate", FOREVER, 0},
        {0, 9, "Cache-Control: max-age=60, stale-while-revalidate=30", FOREVER, 30},
        {0, 9, "Cache-Control: s-maxage=60, stale-while-revalidate=30", FOREVER, 30},
        {0, 9, "Cache-Control: max-age=60, stale-while-revalidate=30, must-revalidate", 0, 0},
        {0, 9, "Cache-Control: max-age=60, stale-while-revalidate=30, proxy-revalidate", 0, 0},
        {0, 9, "Cache-Control: max-age=60, stale-while-revalidate=x", FOREVER, 0},
        {0, 9, "Cache-Control: max-age=60, stale-while-revalidate=9999999999", FOREVER, 2147483648},
        {0, 9, "Cache-Control: no-cache, stale-while-revalidate=30\n" TAG, 0, 0},
        {0, 9, "Cache-Control: no-cache\n" TAG, 0, 0}, /* to be validated before each use */
        {0, 9, "Cache-Control: no-cache, max-age=9\n" TAG, 0, 0},
        {0, 9, "Cache-Control: no-cache, stale-if-error=5\n" TAG, 5, 0},
        {1, 9, "Cache-Control: no-cache\n" TAG, FOREVER, 0}, /* overridden: it was fresh */
        {0, 9, "Cache-Control: max-age=0\n" TAG, FOREVER, 0},
        {1, 9, "Cache-Control: private", FOREVER, 0},
        {0, 0, TAG, 0, 0}, /* never fresh and nothing said: another's answer perhaps */
        {0, 0, TAG "Cache-Control: stale-if-error=5", 5, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {
            .m = cases[i].m, .d = cases[i].d, .max = YEAR, .lines = cases[i].lines};
        struct cache_verdict v = judge(&e);
        if (!v.is_storable || v.stale_if_error_s != cases[i].if_error_s ||
            v.stale_while_revalidate_s != cases[i].while_revalidate_s)
            fail_msg("case %zu: %d %u %u\n%s", i, v.is_storable, v.stale_if_error_s,
                     v.stale_while_revalidate_s, cases[i].lines);
    }
}

static void what_is_of_use_only_when_stale_is_stored_too(void **state)
{
    (void)state;
    static const struct lifetime_case cases[] = {
        {0, 0, YEAR, "Cache-Control: max-age=0, stale-while-revalidate=30", 0},
        {0, 0, YEAR, "Cache-Control: max-age=0, stale-if-error=30", 0},
        {0, 0, YEAR, "Cache-Control: max-age=0, stale-if-error=0", NONE},
        {0, 0, YEAR, "Cache-Control: max-age=0, stale-if-error=30, must-revalidate", NONE},
    };
    check_lifetimes(cases, ARRAY_LEN(cases));
}

/* ---- age */

static void an_answer_is_as_old_as_its_date_its_age_and_its_delay_say(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        int64_t delay_ms;
        uint32_t age_s;
    } cases[] = {
        {"", 0, 0},
        {"", 999, 0},
        {"", 1000, 1},
        {"", -5000, 0}, /* the clock ran backwards */
        {"Age: 30", 0, 30},
        {"Age: 30", 1999, 31},
        {"Age: 30, 60", 0, 30},
        {"Age: 30x", 0, 0},
        {"Date: Sun, 06 Nov 1994 08:49:37 GMT", 0, 0},
        {"Date: Sun, 06 Nov 1994 08:49:07 GMT", 0, 30},
        {"Date: Sun, 06 Nov 1994 08:50:07 GMT", 0, 0}, /* in our future */
        {"Date: Sun, 06 Nov 1994 08:49:07 GMT\nAge: 20", 0, 30},
        {"Date: Sun, 06 Nov 1994 08:49:07 GMT\nAge: 40", 0, 40},
        {"Date: Sun, 06 Nov 1994 08:49:07 GMT\nAge: 29", 2000, 31},
        {"Date: never", 0, 0},
        {"Date: Sat, 01 Jan 0000 00:00:00 GMT", 0, 2147483648},
        {"Age: 99999999999", 5000, 2147483648},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {
            .d = 9, .max = YEAR, .lines = cases[i].lines, .delay_ms = cases[i].delay_ms};
        struct cache_verdict v = judge(&e);
        if (v.initial_age_s != cases[i].age_s)
            fail_msg("case %zu: %u, want %u", i, v.initial_age_s, cases[i].age_s);
        assert_int_equal(v.lifetime_s, 9); /* from the generation, so the age counts against it */
    }
}

static void an_answer_that_was_never_fresh_is_not_for_those_who_wait(void **state)
{
    (void)state;
    static const struct {
        uint64_t m;
        const char *lines;
        bool was_fresh;
    } cases[] = {
        {0, "Cache-Control: max-age=60", true},
        {0, "Cache-Control: max-age=60\nAge: 59", true},
        {0, "Cache-Control: max-age=60\nAge: 60\n" TAG, false},
        {0, "Cache-Control: no-cache\n" TAG, false},
        {0, "Cache-Control: max-age=0\n" TAG, false},
        {0, "Cache-Control: no-store", false},
        {1, "Cache-Control: no-store", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct exchange e = {.m = cases[i].m, .d = 9, .max = YEAR, .lines = cases[i].lines};
        struct cache_verdict v = judge(&e);
        if (cache_verdict_was_fresh(&v) != cases[i].was_fresh)
            fail_msg("case %zu: want %d\n%s", i, cases[i].was_fresh, cases[i].lines);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(freshness_is_held_between_the_minimum_and_the_maximum),
        cmocka_unit_test(an_answer_that_says_nothing_has_the_default),
        cmocka_unit_test(the_most_particular_source_of_freshness_wins),
        cmocka_unit_test(restrictions_are_obeyed_unless_a_minimum_overrides_them),
        cmocka_unit_test(a_maximum_of_0_caches_nothing),
        cmocka_unit_test(what_must_be_understood_is),
        cmocka_unit_test(statuses_below_400_are_kept_but_parts_and_304),
        cmocka_unit_test(errors_are_kept_as_their_status_says),
        cmocka_unit_test(the_error_ttl_is_the_least_also_where_nothing_else_is_cached),
        cmocka_unit_test(our_own_errors_are_kept_for_the_error_ttl),
        cmocka_unit_test(methods_that_are_not_cached_are_not_stored),
        cmocka_unit_test(answers_to_credentials_are_stored_where_they_say_so),
        cmocka_unit_test(vary_is_joined_and_a_star_needs_a_minimum),
        cmocka_unit_test(what_varies_by_too_many_fields_is_not_stored),
        cmocka_unit_test(set_cookie_is_passed_only_where_cookies_are),
        cmocka_unit_test(an_expired_answer_is_served_as_it_allows),
        cmocka_unit_test(what_is_of_use_only_when_stale_is_stored_too),
        cmocka_unit_test(an_answer_is_as_old_as_its_date_its_age_and_its_delay_say),
        cmocka_unit_test(an_answer_that_was_never_fresh_is_not_for_those_who_wait),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
