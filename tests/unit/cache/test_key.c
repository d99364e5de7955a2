// SPDX-License-Identifier: Apache-2.0
// Tests of cache/key.h: what makes two requests the same, and what does not.
#include "cache/key.h"

#include "base/random.h"
#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Up to four names, so that tables can hold selections. */
static struct release_selection listed(enum release_select mode, const char **names)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return (struct release_selection){.mode = mode, .names = names, .name_count = count};
}

static const struct release_selection none = {.mode = RELEASE_SELECT_NONE};
static const struct release_selection all = {.mode = RELEASE_SELECT_ALL};

static struct release_cache_policy policy_of(struct release_selection headers,
                                             struct release_selection cookies,
                                             struct release_selection queries)
{
    return (struct release_cache_policy){
        .headers = headers, .cookies = cookies, .queries = queries};
}

static struct cache_key key_of(const struct release_cache_policy *policy, const char *path,
                               const char *query, const char *lines)
{
    struct http_fields fields = field_lines(&arena, lines);
    struct cache_key_input input = {.distribution_id = "E1",
                                    .policy = policy,
                                    .path = slice_str(path),
                                    .query = slice_str(query),
                                    .fields = &fields};
    struct cache_key key;
    cache_key_build(&arena, &input, &key);
    return key;
}

static bool same(const struct cache_key *a, const struct cache_key *b)
{
    bool is_same = slice_equal(a->bytes, b->bytes);
    if (is_same)
        assert_memory_equal(a->hash, b->hash, sizeof(a->hash));
    return is_same;
}

static void assert_slice(struct slice s, const char *text)
{
    if (!slice_equal(s, slice_str(text)))
        fail_msg("'%.*s', want '%s'", SLICE_FMT(s), text);
}

/* ---- query strings */

struct query_case {
    enum release_select mode;
    const char *names[4];
    const char *query;
    const char *taken;
};

static struct query_case query_cases[] = {
    {RELEASE_SELECT_NONE, {NULL}, "a=1", ""},
    {RELEASE_SELECT_ALL, {NULL}, "b=2&a=1&B=3&&a=", "b=2&a=1&B=3&&a="},
    {RELEASE_SELECT_ALL, {NULL}, "", ""},
    {RELEASE_SELECT_LISTED, {"a"}, "a=1", "a=1"},
    {RELEASE_SELECT_LISTED, {"a"}, "b=1", ""},
    {RELEASE_SELECT_LISTED, {"a"}, "A=1", ""},
    {RELEASE_SELECT_LISTED, {"a"}, "aa=1&a=2", "a=2"},
    {RELEASE_SELECT_LISTED, {"a"}, "a", "a"},
    {RELEASE_SELECT_LISTED, {"a"}, "a=", "a="},
    {RELEASE_SELECT_LISTED, {"a"}, "%61=1", ""},
    {RELEASE_SELECT_LISTED, {"a"}, "a=1&b=2&a=0", "a=1&a=0"},
    {RELEASE_SELECT_LISTED, {"a", "b"}, "b=2&c=3&a=1", "b=2&a=1"},
    {RELEASE_SELECT_LISTED, {"a"}, "a=x=y", "a=x=y"},
    {RELEASE_SELECT_LISTED, {"a"}, "b;a=1", ""},
    {RELEASE_SELECT_ALL_EXCEPT, {"a"}, "a=1&b=2", "b=2"},
    {RELEASE_SELECT_ALL_EXCEPT, {"a"}, "a=1", ""},
    {RELEASE_SELECT_ALL_EXCEPT, {"a"}, "A=1&c", "A=1&c"},
    {RELEASE_SELECT_ALL_EXCEPT, {"a"}, "c=1&a=2&b=3&a", "c=1&b=3"},
    {RELEASE_SELECT_ALL_EXCEPT, {"a", "utm_source"}, "utm_source=x&q=1", "q=1"},
};

static void a_query_is_taken_in_its_order_and_case(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(query_cases); i++) {
        struct query_case *c = &query_cases[i];
        struct release_selection s = listed(c->mode, c->names);
        assert_slice(cache_select_query(&arena, &s, slice_str(c->query)), c->taken);
    }
}

/* ---- cookies */

struct cookie_case {
    enum release_select mode;
    const char *names[4];
    const char *lines;
    const char *taken;
};

static struct cookie_case cookie_cases[] = {
    {RELEASE_SELECT_NONE, {NULL}, "Cookie: a=1", ""},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: a=1; b=2", "a=1; b=2"},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: b=2;a=1", "a=1; b=2"},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: b=2\ncookie: a=1", "a=1; b=2"},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: a=2; a=1; A=3", "A=3; a=2; a=1"},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: ; ;a=1;", "a=1"},
    {RELEASE_SELECT_ALL, {NULL}, "Cookie: x", "x"},
    {RELEASE_SELECT_ALL, {NULL}, "X-Cookie: a=1", ""},
    {RELEASE_SELECT_ALL,
     {NULL},
     "Cookie: e=1; d=1; c=1; b=1; a=1; d=2; c=2",
     "a=1; b=1; c=1; c=2; d=1; d=2; e=1"},
    {RELEASE_SELECT_LISTED, {"a"}, "Cookie: a=1; b=2; aa=3", "a=1"},
    {RELEASE_SELECT_LISTED, {"a"}, "Cookie: A=1", ""},
    {RELEASE_SELECT_LISTED, {"a"}, "Cookie: a = 1", "a = 1"},
    {RELEASE_SELECT_LISTED, {"a"}, "Cookie: b=a=1", ""},
    {RELEASE_SELECT_LISTED, {"wp_*"}, "Cookie: wp_2=b; wp=c; wp_1=a", "wp_1=a; wp_2=b"},
    {RELEASE_SELECT_LISTED, {"id?"}, "Cookie: id=0; id1=1; id22=2", "id1=1"},
    {RELEASE_SELECT_ALL_EXCEPT, {"a"}, "Cookie: a=1; b=2", "b=2"},
    {RELEASE_SELECT_ALL_EXCEPT, {"_g*"}, "Cookie: _ga=1; _gid=2; s=3", "s=3"},
};

static void cookies_are_taken_by_name_and_sorted(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cookie_cases); i++) {
        struct cookie_case *c = &cookie_cases[i];
        struct release_selection s = listed(c->mode, c->names);
        struct http_fields fields = field_lines(&arena, c->lines);
        assert_slice(cache_select_cookies(&arena, &s, &fields), c->taken);
    }
}

/* ---- Accept-Encoding */

struct coding_case {
    const char *lines;
    const char *both; /* with gzip and brotli enabled */
    const char *gzip; /* with gzip alone */
};

static const struct coding_case coding_cases[] = {
    {"", "", ""},
    {"Accept-Encoding:", "", ""},
    {"Accept-Encoding: gzip", "gzip", "gzip"},
    {"Accept-Encoding: x-gzip", "gzip", "gzip"},
    {"Accept-Encoding: GZip", "gzip", "gzip"},
    {"Accept-Encoding: br", "br", ""},
    {"Accept-Encoding: gzip, deflate, br", "br,gzip", "gzip"},
    {"Accept-Encoding: br;q=0.1,gzip;q=0.9", "br,gzip", "gzip"},
    {"Accept-Encoding: gzip\naccept-encoding: br", "br,gzip", "gzip"},
    {"Accept-Encoding: gzip;q=0", "", ""},
    {"Accept-Encoding: gzip;q=0.000", "", ""},
    {"Accept-Encoding: gzip;q=0.001", "gzip", "gzip"},
    {"Accept-Encoding: gzip;q=1.000", "gzip", "gzip"},
    {"Accept-Encoding: gzip;q=1.001", "", ""},
    {"Accept-Encoding: gzip;q=0.0001", "", ""},
    {"Accept-Encoding: gzip;q=2", "", ""},
    {"Accept-Encoding: gzip;q=", "", ""},
    {"Accept-Encoding: gzip;q=.5", "", ""},
    {"Accept-Encoding: gzip ; Q=0.5", "gzip", "gzip"},
    {"Accept-Encoding: gzip;level=9", "gzip", "gzip"},
    {"Accept-Encoding: *", "br,gzip", "gzip"},
    {"Accept-Encoding: *;q=0", "", ""},
    {"Accept-Encoding: gzip, *;q=0", "gzip", "gzip"},
    {"Accept-Encoding: gzip;q=0, *", "br", ""},
    {"Accept-Encoding: gzip;q=0, gzip", "", ""},
    {"Accept-Encoding: identity", "", ""},
    {"Accept-Encoding: gzipped, bro", "", ""},
};

static void accept_encoding_is_one_of_four_values(void **state)
{
    (void)state;
    struct release_cache_policy both = {.accepts_gzip = true, .accepts_brotli = true};
    struct release_cache_policy gzip = {.accepts_gzip = true};
    struct release_cache_policy neither = {0};
    for (size_t i = 0; i < ARRAY_LEN(coding_cases); i++) {
        struct http_fields fields = field_lines(&arena, coding_cases[i].lines);
        assert_string_equal(cache_accept_encoding(&both, &fields), coding_cases[i].both);
        assert_string_equal(cache_accept_encoding(&gzip, &fields), coding_cases[i].gzip);
        assert_string_equal(cache_accept_encoding(&neither, &fields), "");
    }
}

/* ---- header fields */

static void a_selection_names_fields_in_any_case(void **state)
{
    (void)state;
    const char *names[] = {"cloudfront-viewer-country", "origin", NULL};
    struct release_selection s = listed(RELEASE_SELECT_LISTED, names);
    assert_true(cache_selects_header(&s, SLICE_LIT("Origin")));
    assert_true(cache_selects_header(&s, SLICE_LIT("CloudFront-Viewer-Country")));
    assert_false(cache_selects_header(&s, SLICE_LIT("Origins")));
    s.mode = RELEASE_SELECT_ALL_EXCEPT;
    assert_false(cache_selects_header(&s, SLICE_LIT("Origin")));
    assert_true(cache_selects_header(&s, SLICE_LIT("Accept")));
    assert_false(cache_selects_header(&s, SLICE_LIT("CloudFront-Viewer-City")));
    s.mode = RELEASE_SELECT_ALL_AND;
    assert_true(cache_selects_header(&s, SLICE_LIT("Accept")));
    assert_true(cache_selects_header(&s, SLICE_LIT("CloudFront-Viewer-Country")));
    assert_false(cache_selects_header(&s, SLICE_LIT("CloudFront-Viewer-City")));
    assert_true(cache_selects_header(&all, SLICE_LIT("Accept")));
    assert_false(cache_selects_header(&all, SLICE_LIT("CLOUDFRONT-Viewer-Country")));
    assert_false(cache_selects_header(&none, SLICE_LIT("Accept")));
}

/* ---- keys: pairs that are the same, and pairs that are not */

struct pair_case {
    const char *query[2];
    const char *lines[2];
    bool is_same;
};

static void check_pairs(const struct release_cache_policy *policy, const struct pair_case *pairs,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct pair_case *p = &pairs[i];
        struct cache_key left = key_of(policy, "/a", p->query[0], p->lines[0]);
        struct cache_key right = key_of(policy, "/a", p->query[1], p->lines[1]);
        if (same(&left, &right) != p->is_same)
            fail_msg("pair %zu: want %s", i, p->is_same ? "the same key" : "two keys");
    }
}

static void what_a_policy_does_not_name_makes_no_difference(void **state)
{
    (void)state;
    static const struct pair_case pairs[] = {
        {{"a=1", "a=2"}, {"", ""}, true},
        {{"", "x"}, {"", ""}, true},
        {{"", ""}, {"Cookie: a=1", "Cookie: a=2"}, true},
        {{"", ""}, {"Host: a", "Host: b"}, true},
        {{"", ""}, {"Accept-Encoding: gzip", "Accept-Encoding: br"}, true},
    };
    struct release_cache_policy policy = policy_of(none, none, none);
    check_pairs(&policy, pairs, ARRAY_LEN(pairs));
}

static void what_a_policy_names_makes_a_difference(void **state)
{
    (void)state;
    const char *names[] = {"origin", "x-a", NULL};
    static const struct pair_case pairs[] = {
        {{"a=1", "a=2"}, {"", ""}, false},
        {{"a=1&b=2", "b=2&a=1"}, {"", ""}, false},
        {{"a=1", "A=1"}, {"", ""}, false},
        {{"a", "a="}, {"", ""}, false},
        {{"", ""}, {"Cookie: a=1", "Cookie: a=2"}, false},
        {{"", ""}, {"Cookie: a=1; b=2", "Cookie: b=2; a=1"}, true},
        {{"", ""}, {"Cookie: a=1; b=2", "Cookie: a=1\nCookie: b=2"}, true},
        {{"", ""}, {"Origin: a", "Origin: b"}, false},
        {{"", ""}, {"Origin: a", "Origin: A"}, false},
        {{"", ""}, {"Origin: a", "ORIGIN:   a"}, true},
        {{"", ""}, {"Origin:", ""}, false},
        {{"", ""}, {"Origin: a\nOrigin: b", "Origin: a, b"}, true},
        {{"", ""}, {"Origin: a\nOrigin: b", "Origin: b\nOrigin: a"}, false},
        {{"", ""}, {"Origin: 1\nX-A: 2", "X-A: 2\nOrigin: 1"}, true},
        {{"", ""}, {"Origin: 1", "X-A: 1"}, false},
        {{"", ""}, {"Referer: a", "Referer: b"}, true},
    };
    struct release_cache_policy policy = policy_of(listed(RELEASE_SELECT_LISTED, names), all, all);
    check_pairs(&policy, pairs, ARRAY_LEN(pairs));
}

static void all_fields_are_a_key_whatever_their_order(void **state)
{
    (void)state;
    static const struct pair_case pairs[] = {
        {{"", ""}, {"A: 1\nB: 2\nA: 3", "b: 2\na: 1\nA: 3"}, true},
        {{"", ""}, {"A: 1\nA: 2", "A: 2\nA: 1"}, false},
        {{"", ""}, {"A: 1", "A: 1\nB:"}, false},
        {{"", ""}, {"Cookie: a", "Cookie: b"}, true}, /* cookies have their own selection */
        {{"", ""}, {"Accept-Encoding: gzip", "Accept-Encoding: gzip, deflate"}, true},
    };
    struct release_cache_policy policy = policy_of(all, none, none);
    policy.accepts_gzip = true;
    check_pairs(&policy, pairs, ARRAY_LEN(pairs));
}

static void a_normalised_coding_stands_for_the_field(void **state)
{
    (void)state;
    const char *names[] = {"accept-encoding", NULL};
    static const struct pair_case pairs[] = {
        {{"", ""}, {"Accept-Encoding: gzip", "Accept-Encoding: deflate, gzip;q=0.5"}, true},
        {{"", ""}, {"Accept-Encoding: gzip", "Accept-Encoding: br"}, false},
        {{"", ""}, {"Accept-Encoding: deflate", ""}, true},
    };
    struct release_cache_policy policy =
        policy_of(listed(RELEASE_SELECT_LISTED, names), none, none);
    policy.accepts_gzip = true;
    check_pairs(&policy, pairs, ARRAY_LEN(pairs));
    policy.accepts_gzip = false; /* now it is a field as any other */
    struct cache_key left = key_of(&policy, "/", "", "Accept-Encoding: gzip");
    struct cache_key right = key_of(&policy, "/", "", "Accept-Encoding: gzip;q=1");
    assert_false(same(&left, &right));
}

static void distribution_path_and_options_are_in_every_key(void **state)
{
    (void)state;
    struct release_cache_policy policy = policy_of(none, none, all);
    struct cache_key a = key_of(&policy, "/a", "", "");
    struct cache_key upper = key_of(&policy, "/A", "", "");
    struct cache_key coded = key_of(&policy, "/%61", "", "");
    assert_false(same(&a, &upper));
    assert_false(same(&a, &coded));
    struct http_fields fields = {0};
    struct cache_key_input input = {
        .distribution_id = "E2", .policy = &policy, .path = SLICE_LIT("/a"), .fields = &fields};
    struct cache_key other;
    cache_key_build(&arena, &input, &other);
    assert_false(same(&a, &other));
    input.distribution_id = "E1";
    cache_key_build(&arena, &input, &other);
    assert_true(same(&a, &other));
    input.is_options = true;
    cache_key_build(&arena, &input, &other);
    assert_false(same(&a, &other));
    /* a path that holds a '?' is no query */
    struct cache_key in_path = key_of(&policy, "/a?b", "", "");
    struct cache_key in_query = key_of(&policy, "/a", "b", "");
    assert_false(same(&in_path, &in_query));
}

static void the_uri_is_the_path_and_the_keyed_query(void **state)
{
    (void)state;
    const char *names[] = {"a", NULL};
    struct release_cache_policy policy =
        policy_of(none, none, listed(RELEASE_SELECT_LISTED, names));
    assert_slice(key_of(&policy, "/x%20y", "b=2&a=1", "").uri, "/x%20y?a=1");
    assert_slice(key_of(&policy, "/x", "b=2", "").uri, "/x");
    policy.queries = all;
    assert_slice(key_of(&policy, "/x", "b=2&a=1", "").uri, "/x?b=2&a=1");
    policy.queries = none;
    struct cache_key key = key_of(&policy, "/x", "b=2&a=1", "");
    assert_slice(key.uri, "/x");
    assert_true(key.uri.data > key.bytes.data &&
                key.uri.data + key.uri.len < key.bytes.data + key.bytes.len);
}

/* ---- no two inputs give the same bytes */

static struct slice random_slice(struct prng *p)
{
    static const char letters[] = "/a?=&;, \x01\x02";
    size_t len = prng_below(p, 6);
    uint8_t *out = arena_alloc(&arena, len + 1);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)letters[prng_below(p, sizeof(letters) - 1)];
    return slice_of(out, len);
}

/* One request in the parts that its key must tell apart. */
struct parts {
    struct slice path;
    struct slice query;
    struct slice header[2];
    bool has_header[2];
};

static const char *part_names[] = {"x-a", "x-b", NULL};

static struct cache_key key_of_parts(const struct release_cache_policy *policy,
                                     const struct parts *parts)
{
    struct http_fields fields = {0};
    for (size_t i = 0; i < ARRAY_LEN(parts->header); i++) {
        if (parts->has_header[i])
            http_fields_add(&arena, &fields, slice_str(part_names[i]), parts->header[i]);
    }
    struct cache_key_input input = {.distribution_id = "E1",
                                    .policy = policy,
                                    .path = parts->path,
                                    .query = parts->query,
                                    .fields = &fields};
    struct cache_key key;
    cache_key_build(&arena, &input, &key);
    return key;
}

static struct parts random_parts(struct prng *p)
{
    struct parts parts = {.path = random_slice(p), .query = random_slice(p)};
    for (size_t i = 0; i < ARRAY_LEN(parts.header); i++) {
        parts.has_header[i] = prng_below(p, 2) == 0;
        parts.header[i] = parts.has_header[i] ? random_slice(p) : slice_of(NULL, 0);
    }
    return parts;
}

static bool parts_equal(const struct parts *a, const struct parts *b)
{
    return slice_equal(a->path, b->path) && slice_equal(a->query, b->query) &&
           a->has_header[0] == b->has_header[0] && a->has_header[1] == b->has_header[1] &&
           slice_equal(a->header[0], b->header[0]) && slice_equal(a->header[1], b->header[1]);
}

static void keys_are_equal_exactly_when_their_inputs_are(void **state)
{
    (void)state;
    struct prng p;
    prng_init_fixed(&p, 7);
    struct release_cache_policy policy =
        policy_of(listed(RELEASE_SELECT_LISTED, part_names), none, all);
    enum { COUNT = 600 };
    static struct parts parts[COUNT];
    static struct cache_key keys[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        parts[i] = random_parts(&p);
        keys[i] = key_of_parts(&policy, &parts[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t j = 0; j < i; j++)
            assert_int_equal(same(&keys[i], &keys[j]), parts_equal(&parts[i], &parts[j]));
    }
}

static void a_long_request_has_a_key_too(void **state)
{
    (void)state;
    char *lines = arena_alloc(&arena, 40001);
    memcpy(lines, "Cookie: ", 8);
    for (size_t i = 8; i < 40000; i += 4) /* pairs of one name, in falling order of their value */
        memcpy(lines + i, i % 8 == 0 ? "a=1;" : "b=2;", 4);
    struct release_cache_policy policy = policy_of(none, all, all);
    struct cache_key key = key_of(&policy, "/", "", lines);
    assert_true(key.bytes.len > 40000);
}

static void many_cookies_cost_no_more_memory_than_their_bytes(void **state)
{
    (void)state;
    enum { BYTES = 20000 };
    char *lines = arena_strdup(&arena, arena_printf(&arena, "Cookie: %*s", BYTES, ""));
    for (size_t i = 0; i < BYTES; i += 2)
        memcpy(lines + sizeof("Cookie: ") - 1 + i, "a;", 2);
    struct http_fields fields = field_lines(&arena, lines);
    AUTO_ARENA struct arena request = {0};
    struct slice taken = cache_select_cookies(&request, &all, &fields);
    assert_int_equal(taken.len, BYTES / 2 * (sizeof("a; ") - 1) - 2);
    assert_true(request.total_bytes < 3 * (size_t)BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_query_is_taken_in_its_order_and_case),
        cmocka_unit_test(cookies_are_taken_by_name_and_sorted),
        cmocka_unit_test(accept_encoding_is_one_of_four_values),
        cmocka_unit_test(a_selection_names_fields_in_any_case),
        cmocka_unit_test(what_a_policy_does_not_name_makes_no_difference),
        cmocka_unit_test(what_a_policy_names_makes_a_difference),
        cmocka_unit_test(all_fields_are_a_key_whatever_their_order),
        cmocka_unit_test(a_normalised_coding_stands_for_the_field),
        cmocka_unit_test(distribution_path_and_options_are_in_every_key),
        cmocka_unit_test(the_uri_is_the_path_and_the_keyed_query),
        cmocka_unit_test(keys_are_equal_exactly_when_their_inputs_are),
        cmocka_unit_test(a_long_request_has_a_key_too),
        cmocka_unit_test(many_cookies_cost_no_more_memory_than_their_bytes),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
