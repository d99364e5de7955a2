// SPDX-License-Identifier: Apache-2.0
// Percent coding, paths and query parameters, broken ones included.

#include "base/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_slice(struct slice s, const char *text)
{
    assert_int_equal(s.len, strlen(text));
    assert_memory_equal(s.len == 0 ? "" : (const char *)s.data, text, s.len);
}

static void a_target_is_split_at_the_first_question_mark(void **state)
{
    (void)state;
    struct slice path;
    struct slice query;
    uri_split_target(SLICE_LIT("/a?b=c?d"), &path, &query);
    assert_slice(path, "/a");
    assert_slice(query, "b=c?d");
    uri_split_target(SLICE_LIT("/a"), &path, &query);
    assert_slice(path, "/a");
    assert_slice(query, "");
    uri_split_target(SLICE_LIT("?"), &path, &query);
    assert_slice(path, "");
    assert_slice(query, "");
}

static void escapes_are_decoded_or_refused(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice out = {0};
    assert_true(uri_decode(&a, SLICE_LIT("a%2Fb%c3%A9+"), &out));
    assert_slice(out, "a/b\xc3\xa9+");
    assert_true(uri_decode(&a, SLICE_LIT("%00"), &out));
    assert_int_equal(out.len, 1);
    const char *const bad[] = {"%", "%4", "a%4g", "%%41", "%+1"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_false(uri_decode(&a, slice_str(bad[i]), &out));
}

static void only_unreserved_characters_stay_unescaped(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    assert_slice(uri_encode(&a, SLICE_LIT("Az09-._~"), false), "Az09-._~");
    assert_slice(uri_encode(&a, SLICE_LIT("a b/\xff*+"), false), "a%20b%2F%FF%2A%2B");
    assert_slice(uri_encode(&a, SLICE_LIT("/a/*"), true), "/a/%2A");
}

static void what_is_encoded_decodes_to_itself(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    uint8_t all[256];
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)i;
    struct slice out = {0};
    assert_true(uri_decode(&a, uri_encode(&a, slice_of(all, sizeof(all)), false), &out));
    assert_true(slice_equal(out, slice_of(all, sizeof(all))));
}

static void dot_segments_never_climb_above_the_root(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    static const char *const rows[][2] = {
        {"", "/"},
        {"/", "/"},
        {"a", "/a"},
        {"//a///b", "/a/b"},
        {"/a/b/", "/a/b/"},
        {"/a/./b", "/a/b"},
        {"/a/.", "/a/"},
        {"/a/b/..", "/a/"},
        {"/a/b/c/./../../g", "/a/g"}, /* RFC 3986 section 5.2.4 */
        {"/../../a", "/a"},
        {"/..", "/"},
        {"a/..", "/"},
        {"/...", "/..."},
        {"/.a/..b", "/.a/..b"},
        {"/%2e%2e/a", "/%2e%2e/a"}, /* the caller decodes, or not */
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_slice(uri_normalize_path(&a, slice_str(rows[i][0])), rows[i][1]);
}

static void parameters_are_cut_one_by_one(void **state)
{
    (void)state;
    struct slice rest = SLICE_LIT("&a=1&&b&c=x=y&");
    struct slice name;
    struct slice value;
    assert_true(uri_next_param(&rest, &name, &value));
    assert_slice(name, "a");
    assert_slice(value, "1");
    assert_true(uri_next_param(&rest, &name, &value));
    assert_slice(name, "b");
    assert_slice(value, "");
    assert_true(uri_next_param(&rest, &name, &value));
    assert_slice(name, "c");
    assert_slice(value, "x=y");
    assert_false(uri_next_param(&rest, &name, &value));
}

static void a_parameter_is_found_by_its_decoded_name(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice query = SLICE_LIT("%zz=0&X-%41=one%20&X-A=two&bad=%4");
    struct slice value = {0};
    assert_true(uri_query_get(&a, query, "X-A", &value));
    assert_slice(value, "one ");
    assert_false(uri_query_get(&a, query, "bad", &value));
    assert_false(uri_query_get(&a, query, "none", &value));
    assert_slice(value, "one ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_is_split_at_the_first_question_mark),
        cmocka_unit_test(escapes_are_decoded_or_refused),
        cmocka_unit_test(only_unreserved_characters_stay_unescaped),
        cmocka_unit_test(what_is_encoded_decodes_to_itself),
        cmocka_unit_test(dot_segments_never_climb_above_the_root),
        cmocka_unit_test(parameters_are_cut_one_by_one),
        cmocka_unit_test(a_parameter_is_found_by_its_decoded_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
