// SPDX-License-Identifier: Apache-2.0
// Tests of cache/structured.h: what is a dictionary, and what is none.
#include "cache/structured.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Members of the dictionary; -1: it is none. *last is the last member. */
static int members_of(const char *text, struct structured_member *last)
{
    struct slice rest = slice_str(text);
    int count = 0;
    enum structured_next next;
    while ((next = structured_dictionary_next(&rest, last)) == STRUCTURED_MEMBER)
        count++;
    return next == STRUCTURED_END ? count : -1;
}

static const struct {
    const char *text;
    int members; /* -1: no dictionary */
} cases[] = {
    {"", 0},
    {"a", 1},
    {"a, b", 2},
    {"a,b", 2},
    {"a \t, \tb", 2},
    {"a=1,b=2;x;y=3,c", 3},
    {"a,", -1},
    {"a, ", -1},
    {",a", -1},
    {"a,,b", -1},
    {"a b", -1},
    {"A", -1},
    {"aB", -1},
    {"1a", -1},
    {"*a", 1},
    {"-a", -1},
    {"a_-.*9", 1},
    {"a=", -1},
    {"a =1", -1},
    {"a= 1", -1},
    {"a=1", 1},
    {"a=-1", 1},
    {"a=-", -1},
    {"a=--1", -1},
    {"a=+1", -1},
    {"a=00", 1},
    {"a=999999999999999", 1},
    {"a=9999999999999999", -1}, /* 16 digits */
    {"a=1.0", 1},
    {"a=1.", -1},
    {"a=.1", -1},
    {"a=1.123", 1},
    {"a=1.1234", -1},
    {"a=123456789012.1", 1},
    {"a=1234567890123.1", -1},
    {"a=1x", -1},
    {"a=\"\"", 1},
    {"a=\"x\"", 1},
    {"a=\"x", -1},
    {"a=\"\\\"\\\\\"", 1},
    {"a=\"\\x\"", -1},
    {"a=\"\\", -1},
    {"a=\"\t\"", -1},
    {"a=\"\x7f\"", -1},
    {"a=\"\xc3\xbc\"", -1},
    {"a=\"b, c\", d", 2},
    {"a='x'", -1},
    {"a=x", 1},
    {"a=X/y:z", 1},
    {"a=*", 1},
    {"a=:YQ==:", 1},
    {"a=::", 1},
    {"a=:YQ==", -1},
    {"a=:Y Q:", -1},
    {"a=?1", 1},
    {"a=?0", 1},
    {"a=?2", -1},
    {"a=?", -1},
    {"a=?11", -1},
    {"a=()", 1},
    {"a=(1 \"b\" c)", 1},
    {"a=( 1  2 )", 1},
    {"a=(1,2)", -1},
    {"a=(1", -1},
    {"a=(1\"b\")", -1},
    {"a=(1;x 2;y=1);z", 1},
    {"a=((1))", -1},
    {"a;x=(1)", -1}, /* parameters are bare items */
    {"a;X", -1},
    {"a; x", 1},
    {"a ;x", -1},
    {"a;x=", -1},
    {"a;", -1},
    {"a=@1", -1},     /* dates came later than RFC 8941 */
    {"a=%\"x\"", -1}, /* so did display strings */
};

static void a_dictionary_is_strict(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct structured_member member;
        int members = members_of(cases[i].text, &member);
        if (members != cases[i].members)
            fail_msg("'%s': %d members, want %d", cases[i].text, members, cases[i].members);
    }
}

static void members_have_their_types(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum structured_type type;
        int64_t integer;
    } typed[] = {
        {"a", STRUCTURED_BOOLEAN, 1},       {"a;b=2", STRUCTURED_BOOLEAN, 1},
        {"a=?0", STRUCTURED_BOOLEAN, 0},    {"a=?1;q", STRUCTURED_BOOLEAN, 1},
        {"a=7;b=8", STRUCTURED_INTEGER, 7}, {"a=-7", STRUCTURED_INTEGER, -7},
        {"a=7.5", STRUCTURED_DECIMAL, 7},   {"a=x", STRUCTURED_TOKEN, 1},
        {"a=:AA:", STRUCTURED_BYTES, 1},    {"a=(1 2)", STRUCTURED_LIST, 1},
        {"a=\"7\"", STRUCTURED_STRING, 1},
    };
    for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
        struct structured_member member;
        assert_int_equal(members_of(typed[i].text, &member), 1);
        assert_int_equal(member.type, typed[i].type);
        assert_int_equal(member.integer, typed[i].integer);
        assert_true(slice_equal(member.key, SLICE_LIT("a")));
    }
    struct structured_member member;
    assert_int_equal(members_of("a=\"b\\\"c\"", &member), 1);
    assert_true(slice_equal(member.text, SLICE_LIT("b\\\"c")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dictionary_is_strict),
        cmocka_unit_test(members_have_their_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
