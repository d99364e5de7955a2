// SPDX-License-Identifier: Apache-2.0
// Tests of base/wildcard.h.
#include "base/wildcard.h"

#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct match_case {
    const char *pattern;
    const char *text;
    bool fits;
};

static const struct match_case cases[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"abc", "abc", true},
    {"abc", "abd", false},
    {"abc", "abcd", false},
    {"abcd", "abc", false},
    {"ABC", "abc", false},
    {"?", "a", true},
    {"?", "", false},
    {"?", "ab", false},
    {"a?c", "abc", true},
    {"a?c", "ac", false},
    {"?b?", "abc", true},
    {"*", "", true},
    {"*", "anything", true},
    {"**", "", true},
    {"a*", "a", true},
    {"a*", "abc", true},
    {"a*", "ba", false},
    {"*a", "a", true},
    {"*a", "bca", true},
    {"*a", "ab", false},
    {"a*a", "a", false}, /* one byte is not both ends */
    {"a*a", "aa", true},
    {"a*b*c", "a1b2c", true},
    {"a*b*c", "a1c2b", false},
    {"a*b*c", "abbbc", true},
    {"*b*", "abc", true},
    {"*b*", "acc", false},
    {"*ab*ab*", "ab1ab", true},
    {"*ab*ab*", "ab1a", false},
    {"*.jpg", "/a/b.jpg", true},
    {"*.jpg", "/a/b.jpeg", false},
    {"*?", "", false},
    {"*?", "a", true},
    {"?*?", "a", false},
    {"?*?", "ab", true},
    {"*a?c*", "xxabcxx", true},
    {"*a?c*", "xxabxcx", false},
    {"*a?c*", "aabc", true},
    {"*??*", "a", false},
    {"*??*", "ab", true},
    {"*a?*b?*", "axbx", true},
    {"*a?*b?*", "abxx", false}, /* the '?' takes the b, and no other follows */
    {"*a?*b?*", "abxbx", true},
};

static void a_pattern_fits_what_its_segments_fit_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct match_case *c = &cases[i];
        if (wildcard_match(slice_str(c->pattern), slice_str(c->text)) != c->fits)
            fail_msg("'%s' on '%s', want %d", c->pattern, c->text, c->fits);
    }
}

/* The definition itself, exponential and obvious. */
static bool naive(const char *pattern, const char *text)
{
    if (*pattern == '\0')
        return *text == '\0';
    if (*pattern == '*')
        return naive(pattern + 1, text) || (*text != '\0' && naive(pattern, text + 1));
    return *text != '\0' && (*pattern == '?' || *pattern == *text) && naive(pattern + 1, text + 1);
}

static void random_text(struct prng *p, const char *letters, size_t max, char *out)
{
    size_t len = prng_below(p, (uint32_t)max);
    for (size_t i = 0; i < len; i++)
        out[i] = letters[prng_below(p, (uint32_t)strlen(letters))];
    out[len] = '\0';
}

static void it_agrees_with_the_definition(void **state)
{
    (void)state;
    struct prng p;
    prng_init_fixed(&p, 1);
    for (unsigned i = 0; i < 200000; i++) {
        char pattern[9];
        char text[13];
        random_text(&p, "ab*?", sizeof(pattern), pattern);
        random_text(&p, "ab", sizeof(text), text);
        if (wildcard_match(slice_str(pattern), slice_str(text)) != naive(pattern, text))
            fail_msg("'%s' on '%s'", pattern, text);
    }
}

/* Each '*' of a backtracking matcher would multiply the work by the length of the text. */
static void a_hostile_text_costs_no_more_than_its_length(void **state)
{
    (void)state;
    char text[8192];
    memset(text, 'a', sizeof(text));
    struct slice hostile = slice_of(text, sizeof(text));
    char pattern[WILDCARD_PATTERN_MAX_BYTES + 2];
    for (size_t i = 0; i < sizeof(pattern); i++)
        pattern[i] = "*a?"[i % 3];
    pattern[WILDCARD_PATTERN_MAX_BYTES - 1] = 'b';
    for (unsigned i = 0; i < 100; i++)
        assert_false(wildcard_match(slice_of(pattern, WILDCARD_PATTERN_MAX_BYTES), hostile));
}

static void a_pattern_has_255_bytes_at_most(void **state)
{
    (void)state;
    char pattern[WILDCARD_PATTERN_MAX_BYTES + 1];
    memset(pattern, '?', sizeof(pattern));
    pattern[0] = '*';
    struct slice longest = slice_of(pattern, sizeof(pattern) - 1);
    assert_true(wildcard_match(longest, longest));
    assert_false(wildcard_match(longest, slice_of(pattern, sizeof(pattern) - 3)));
    assert_false(wildcard_match(slice_of(pattern, sizeof(pattern)), longest));
    pattern[WILDCARD_PATTERN_MAX_BYTES - 1] = '*'; /* a long segment with '?' in the middle */
    assert_true(wildcard_match(longest, longest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_fits_what_its_segments_fit_in_order),
        cmocka_unit_test(it_agrees_with_the_definition),
        cmocka_unit_test(a_hostile_text_costs_no_more_than_its_length),
        cmocka_unit_test(a_pattern_has_255_bytes_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
