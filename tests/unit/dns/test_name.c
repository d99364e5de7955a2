// SPDX-License-Identifier: Apache-2.0
// Domain names: text and wire form, comparison, parents, Route 53's order.

#include "dns/name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct dns_name parsed(struct slice text)
{
    struct dns_name name;
    struct errctx ec = {0};
    assert_int_equal(dns_name_parse(text, &name, &ec), ERR_OK);
    return name;
}

static struct dns_name parsed_str(const char *text)
{
    return parsed(slice_str(text));
}

static void assert_refused(struct slice text, const char *code)
{
    struct dns_name name = {.len = 77};
    struct errctx ec = {0};
    assert_int_equal(dns_name_parse(text, &name, &ec), ERR_INVALID);
    assert_non_null(strstr(ec.text, code));
    assert_int_equal(name.len, 77);
}

static void assert_formats(const char *text, const char *expected)
{
    struct dns_name name = parsed_str(text);
    char out[DNS_NAME_TEXT_SIZE];
    size_t len = dns_name_format(dns_name_slice(&name), out);
    assert_string_equal(out, expected);
    assert_int_equal(len, strlen(expected));
}

static void text_becomes_lower_case_wire(void **state)
{
    (void)state;
    struct dns_name name = parsed_str("WWW.Example.com");
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\3www\7example\3com\0")));
    struct dns_name dotted = parsed_str("www.example.COM.");
    assert_true(slice_equal(dns_name_slice(&name), dns_name_slice(&dotted)));
    struct dns_name root = parsed_str(".");
    assert_true(slice_equal(dns_name_slice(&root), SLICE_LIT("\0")));
}

static void escapes_follow_route53(void **state)
{
    (void)state;
    struct dns_name name = parsed_str("\\052.a\\.b.\\\\\\101");
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\1*\3a.b\2\\a\0")));
    name = parsed_str("\\377\\000.*a");
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\2\xff\0\2*a\0")));
    name = parsed_str("a\\."); /* an escaped dot ends no label */
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\2a.\0")));
    name = parsed_str("a\\\\."); /* an escaped backslash escapes nothing */
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\2a\\\0")));
}

static void broken_escapes_are_refused(void **state)
{
    (void)state;
    assert_refused(SLICE_LIT("\\400.com"), "IllegalEscape (Illegal escape)");
    assert_refused(SLICE_LIT("\\080.com"), "IllegalEscape");
    assert_refused(SLICE_LIT("\\05"), "IllegalEscape");
    assert_refused(SLICE_LIT("a.\\"), "IllegalEscape");
    assert_refused(SLICE_LIT("\\x.com"), "IllegalEscape");
    assert_refused(SLICE_LIT("a b.com"), "UnsupportedCharacter");
    assert_refused(SLICE_LIT("b\xc3\xbc.com"), "UnsupportedCharacter");
    assert_refused(SLICE_LIT("a\177.com"), "UnsupportedCharacter");
}

static void empty_labels_are_refused_in_route53s_words(void **state)
{
    (void)state;
    assert_refused(SLICE_LIT("www..example.com"),
                   "FATAL problem: DomainLabelEmpty (Domain label is empty) encountered with "
                   "'www..example.com'");
    assert_refused(SLICE_LIT(""), "DomainLabelEmpty");
    assert_refused(SLICE_LIT(".com"), "DomainLabelEmpty");
    assert_refused(SLICE_LIT("com.."), "DomainLabelEmpty");
    assert_refused(SLICE_LIT(".."), "DomainLabelEmpty");
}

static void labels_hold_63_bytes(void **state)
{
    (void)state;
    char text[65];
    memset(text, 'a', sizeof(text));
    struct dns_name name = parsed(slice_of(text, 63));
    assert_int_equal(name.len, 65);
    assert_refused(slice_of(text, 64), "DomainLabelTooLong (Domain label is too long)");
}

/* Three labels of 63 bytes, one of `last`: 3 * 64 + 1 + last + 1 bytes of wire. */
static struct slice long_text(char buffer[260], size_t last)
{
    memset(buffer, 'a', 260);
    for (size_t i = 63; i < 192; i += 64)
        buffer[i] = '.';
    return slice_of(buffer, 192 + last);
}

static void names_hold_255_bytes(void **state)
{
    (void)state;
    char text[260];
    struct dns_name name = parsed(long_text(text, 61));
    assert_int_equal(name.len, DNS_NAME_MAX_BYTES);
    assert_refused(long_text(text, 62), "DomainNameTooLong (Domain name is too long)");
    /* 127 labels of one byte are the most. */
    char dots[256];
    for (size_t i = 0; i < sizeof(dots); i++)
        dots[i] = i % 2 == 0 ? 'a' : '.';
    name = parsed(slice_of(dots, 254));
    assert_int_equal(name.len, DNS_NAME_MAX_BYTES);
    assert_int_equal(dns_name_label_count(dns_name_slice(&name)), DNS_LABEL_MAX_COUNT);
    assert_refused(slice_of(dots, 255), "DomainNameTooLong");
}

static void text_is_written_as_route53_lists_it(void **state)
{
    (void)state;
    assert_formats("*.Example.com", "\\052.example.com.");
    assert_formats("_a-1.example.com.", "_a-1.example.com.");
    assert_formats("a\\.b.c", "a\\056b.c.");
    assert_formats("\\377\\000\\\\", "\\377\\000\\134.");
    assert_formats(".", ".");
    char out[DNS_NAME_TEXT_SIZE];
    (void)dns_name_format(SLICE_LIT("\3WwW\0"), out);
    assert_string_equal(out, "WwW.");
}

static void the_longest_text_fits(void **state)
{
    (void)state;
    char text[260];
    struct dns_name name = parsed(long_text(text, 61));
    for (size_t i = 0; i < name.len; i++) {
        if (name.wire[i] == 'a')
            name.wire[i] = 0xff;
    }
    char out[DNS_NAME_TEXT_SIZE];
    size_t len = dns_name_format(dns_name_slice(&name), out);
    assert_int_equal(len, 4 * (3 * 63 + 61) + 4);
    struct dns_name again = parsed(slice_of(out, len));
    assert_true(slice_equal(dns_name_slice(&name), dns_name_slice(&again)));
}

static void unchecked_bytes_are_measured(void **state)
{
    (void)state;
    assert_int_equal(dns_name_measure(SLICE_LIT("\3www\0rest")), 5);
    assert_int_equal(dns_name_measure(SLICE_LIT("\0")), 1);
    assert_int_equal(dns_name_measure(slice_of(NULL, 0)), 0);
    assert_int_equal(dns_name_measure(SLICE_LIT("\3www")), 0);     /* no root */
    assert_int_equal(dns_name_measure(SLICE_LIT("\4www")), 0);     /* cut short */
    assert_int_equal(dns_name_measure(SLICE_LIT("\300\14\0")), 0); /* a pointer */
    assert_int_equal(dns_name_measure(SLICE_LIT("\100aaaa")), 0);  /* a length of 64 */
    uint8_t ones[260];
    for (size_t i = 0; i < sizeof(ones); i++)
        ones[i] = i % 2 == 0 ? 1 : 'a';
    ones[254] = 0;
    assert_int_equal(dns_name_measure(slice_of(ones, sizeof(ones))), 255);
    ones[254] = 1;
    ones[256] = 0;
    assert_int_equal(dns_name_measure(slice_of(ones, sizeof(ones))), 0);
}

static void case_does_not_matter_and_neighbours_of_letters_do(void **state)
{
    (void)state;
    assert_true(dns_name_equal(SLICE_LIT("\3wWz\0"), SLICE_LIT("\3WwZ\0")));
    assert_false(dns_name_equal(SLICE_LIT("\1@\0"), SLICE_LIT("\1`\0")));
    assert_false(dns_name_equal(SLICE_LIT("\1[\0"), SLICE_LIT("\1{\0")));
    assert_false(dns_name_equal(SLICE_LIT("\1a\0"), SLICE_LIT("\1a\1a\0")));
}

static void a_parent_begins_at_a_label(void **state)
{
    (void)state;
    struct slice name = SLICE_LIT("\3www\7Example\3com\0");
    assert_true(dns_name_is_within(name, SLICE_LIT("\7example\3com\0")));
    assert_true(dns_name_is_within(name, name));
    assert_true(dns_name_is_within(name, SLICE_LIT("\0")));
    assert_false(dns_name_is_within(name, SLICE_LIT("\7examplf\3com\0")));
    assert_false(dns_name_is_within(SLICE_LIT("\3com\0"), name));
    assert_false(dns_name_is_within(SLICE_LIT("\0"), SLICE_LIT("\3com\0")));
    /* "x\003com." is one label, not a name below "com.". */
    assert_false(dns_name_is_within(SLICE_LIT("\5x\3com\0"), SLICE_LIT("\3com\0")));
}

static void parents_and_counts(void **state)
{
    (void)state;
    struct slice name = SLICE_LIT("\3www\7example\3com\0");
    assert_int_equal(dns_name_label_count(name), 3);
    assert_int_equal(dns_name_label_count(SLICE_LIT("\0")), 0);
    assert_true(slice_equal(dns_name_parent(name, 0), name));
    assert_true(slice_equal(dns_name_parent(name, 1), SLICE_LIT("\7example\3com\0")));
    assert_true(slice_equal(dns_name_parent(name, 3), SLICE_LIT("\0")));
}

static void a_wildcard_is_one_label_of_a_star(void **state)
{
    (void)state;
    struct dns_name name = parsed_str("example.com");
    assert_false(dns_name_is_wildcard(dns_name_slice(&name)));
    assert_true(dns_name_wildcard_of(dns_name_slice(&name), &name)); /* in place */
    assert_true(slice_equal(dns_name_slice(&name), SLICE_LIT("\1*\7example\3com\0")));
    assert_true(dns_name_is_wildcard(dns_name_slice(&name)));
    assert_false(dns_name_is_wildcard(SLICE_LIT("\2*a\0")));
    assert_false(dns_name_is_wildcard(SLICE_LIT("\0")));
    char text[260];
    struct dns_name fits = parsed(long_text(text, 59));
    assert_true(dns_name_wildcard_of(dns_name_slice(&fits), &name));
    assert_int_equal(name.len, DNS_NAME_MAX_BYTES);
    struct dns_name longer = parsed(long_text(text, 60));
    assert_false(dns_name_wildcard_of(dns_name_slice(&longer), &name));
}

static void keys_sort_as_route53_lists(void **state)
{
    (void)state;
    static const char *const ordered[] = {
        ".",
        "com",
        "example.com",
        "*.example.com", /* com.example.\052. */
        "a.example.com",
        "b.a.example.com",
        "www.example.com",
        "example-a.org", /* '-' sorts before the final dot */
        "example.org",
    };
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice before = slice_of(NULL, 0);
    for (size_t i = 0; i < ARRAY_LEN(ordered); i++) {
        struct dns_name name = parsed_str(ordered[i]);
        struct slice key = dns_name_sort_key(&a, dns_name_slice(&name));
        if (i > 0)
            assert_true(slice_compare(before, key) < 0);
        before = key;
    }
    struct dns_name name = parsed_str("*.Example.com");
    struct slice key = dns_name_sort_key(&a, dns_name_slice(&name));
    assert_true(slice_equal(key, SLICE_LIT("com.example.\\052.")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_lower_case_wire),
        cmocka_unit_test(escapes_follow_route53),
        cmocka_unit_test(broken_escapes_are_refused),
        cmocka_unit_test(empty_labels_are_refused_in_route53s_words),
        cmocka_unit_test(labels_hold_63_bytes),
        cmocka_unit_test(names_hold_255_bytes),
        cmocka_unit_test(text_is_written_as_route53_lists_it),
        cmocka_unit_test(the_longest_text_fits),
        cmocka_unit_test(unchecked_bytes_are_measured),
        cmocka_unit_test(case_does_not_matter_and_neighbours_of_letters_do),
        cmocka_unit_test(a_parent_begins_at_a_label),
        cmocka_unit_test(parents_and_counts),
        cmocka_unit_test(a_wildcard_is_one_label_of_a_star),
        cmocka_unit_test(keys_sort_as_route53_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
