// SPDX-License-Identifier: Apache-2.0
// Tests of edge/path.h, and of the behaviour that a path has.
#include "edge/path.h"

#include "edge/world.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_slice(struct slice s, const char *from, const char *want)
{
    if (!slice_equal(s, slice_str(want)))
        fail_msg("'%s' became '%.*s', want '%s'", from, SLICE_FMT(s), want);
}

static const char *const paths[][2] = {
    {"/", "/"},
    {"", "/"},
    {"/a/b.jpg", "/a/b.jpg"},
    {"/A", "/A"},
    {"//", "/"},
    {"/a//b///c", "/a/b/c"},
    {"/a//", "/a/"},
    {"/./a", "/a"},
    {"/a/.", "/a/"},
    {"/a/./b", "/a/b"},
    {"/a/../b", "/b"},
    {"/a/b/..", "/a/"},
    {"/../..", "/"},
    {"/..a", "/..a"},
    {"/.well-known/x", "/.well-known/x"},
    {"/%61", "/a"},
    {"/%7E%2d%5F%2E", "/~-_."},
    {"/%2e%2e/a", "/a"},
    {"/a/%2E%2e/b", "/b"},
    {"/%2f", "/%2f"}, /* no separator: reserved */
    {"/%2F%2F", "/%2F%2F"},
    {"/a%20b", "/a%20b"},
    {"/%2561", "/%2561"}, /* decoded once */
    {"/%", "/%25"},
    {"/%4", "/%254"},
    {"/%zz", "/%25zz"},
    {"/%%341", "/%2541"}, /* what was decoded makes no new escape */
    {"/a;b=c,d", "/a;b=c,d"},
    {"*", "/*"},
};

static void a_path_is_made_normal(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
        struct slice once = edge_path_normalize(&arena, slice_str(paths[i][0]));
        assert_slice(once, paths[i][0], paths[i][1]);
        assert_slice(edge_path_normalize(&arena, once), "again", paths[i][1]);
    }
}

static const struct {
    const char *pattern;
    const char *path;
    bool fits;
} matches[] = {
    {"*", "/", true},
    {"/*", "/", true},
    {"/*", "/a/b", true},
    {"*", "/a/b", true},
    {"", "/", true},
    {"", "/a", false},
    {"*.jpg", "/a/b.jpg", true},
    {"/*.jpg", "/a/b.jpg", true},
    {"*.jpg", "/a/b.JPG", false},
    {"images/*", "/images/a", true},
    {"/images/*", "/images/", true},
    {"/images/*", "/images", false},
    {"/images*", "/images", true},
    {"/images/*", "/Images/a", false},
    {"images/a?.jpg", "/images/a1.jpg", true},
    {"images/a?.jpg", "/images/a.jpg", false},
    {"images/a?.jpg", "/images/a12.jpg", false},
    {"a?b", "/a/b", true}, /* '/' is a character as any other */
    {"/a", "/a", true},
    {"a", "/a", true},
    {"a", "/a/", false},
    {"//a", "/a", false},
};

static void a_pattern_fits_with_or_without_its_leading_slash(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
        bool fits = edge_path_matches(slice_str(matches[i].pattern), slice_str(matches[i].path));
        if (fits != matches[i].fits)
            fail_msg("'%s' on '%s', want %d", matches[i].pattern, matches[i].path, matches[i].fits);
    }
}

static const char *const hosts[][2] = {
    {"example.com", "example.com"},
    {"Example.COM:8080", "example.com"},
    {"example.com.", "example.com"},
    {"example.com.:80", "example.com"},
    {"example.com:", "example.com"},
    {"[2001:DB8::1]:80", "[2001:db8::1]"},
    {"[::1]", "[::1]"},
    {"[::1", "[::1"},
    {"", ""},
    {".", ""},
    {":80", ""},
};

static void a_host_is_lower_case_without_port_and_final_dot(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++)
        assert_slice(edge_host_normalize(&arena, slice_str(hosts[i][0])), hosts[i][0], hosts[i][1]);
}

/* Which behaviour of the fixture below a path finds, by its place. */
static const struct {
    const char *path;
    size_t behavior;
} found[] = {
    {"/images/a.jpg", 0},  {"/a.jpg", 1},        {"/images", 2},        {"/", 2},
    {"//images//a", 0},    {"/%69mages/a", 0},   {"/x/../images/a", 0}, {"/images/../a.jpg", 1},
    {"/images%2Fa", 2},    {"/%2e/images/x", 0}, {"/IMAGES/a.jpg", 1},  {"/images/../../x", 2},
    {"/images/..%2fx", 0},
};

static void the_first_pattern_that_fits_wins_and_the_default_is_last(void **state)
{
    (void)state;
    struct release_behavior behaviors[] = {
        {.path_pattern = "images/*"}, {.path_pattern = "*.jpg"}, {.path_pattern = NULL}};
    struct edge_distribution d = {
        .config = {.behaviors = behaviors, .behavior_count = ARRAY_LEN(behaviors)}};
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        const struct release_behavior *b = edge_behavior_find(&d, slice_str(found[i].path));
        if (b != &behaviors[found[i].behavior])
            fail_msg("'%s' found %td, want %zu", found[i].path, b - behaviors, found[i].behavior);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_made_normal),
        cmocka_unit_test(a_pattern_fits_with_or_without_its_leading_slash),
        cmocka_unit_test(a_host_is_lower_case_without_port_and_final_dot),
        cmocka_unit_test(the_first_pattern_that_fits_wins_and_the_default_is_last),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
