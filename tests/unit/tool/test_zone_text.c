// SPDX-License-Identifier: Apache-2.0
// Master files: what is read, what is refused and in which line, and that what is written reads the
// same.
#include "shared/test_arena.h"
#include "tool/limits.h"
#include "tool/zone_text.h"

#include "dns/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static struct buf said;

static void say(void *user, unsigned line, const char *text)
{
    (void)user;
    buf_printf(&said, "%u: %s\n", line, text);
}

static const struct zone_listener listener = {.say = say};

static enum err read_text(const char *text, struct zone_text *out)
{
    struct dns_name origin;
    struct errctx ec = {0};
    buf_clear(&said);
    assert_int_equal(dns_name_parse(SLICE_LIT("example.com"), &origin, &ec), ERR_OK);
    return zone_text_read(&arena, slice_str(text), &origin, &listener, out, &ec);
}

static const char *text_of(const struct buf *b)
{
    return arena_str(&arena, buf_slice(b));
}

/* The sets of the text, written again. */
static const char *rewritten(const char *text)
{
    struct zone_text read;
    AUTO_BUF struct buf out = {0};
    if (read_text(text, &read) != ERR_OK)
        fail_msg("%s", text_of(&said));
    zone_text_write(&arena, &read.sets, &out);
    return text_of(&out);
}

static void assert_errors(const char *text, const char *expected)
{
    struct zone_text read;
    assert_int_equal(read_text(text, &read), ERR_INVALID);
    assert_string_equal(text_of(&said), expected);
    assert_int_equal(read.sets.count, 0);
}

static void every_type_is_read_and_written_the_same(void **state)
{
    (void)state;
    static const char canonical[] =
        "example.com. 300 IN SOA ns1.example.com. host.example.com. 1 2 3 4 5\n"
        "example.com. 300 IN NS ns1.example.com.\n"
        "example.com. 300 IN MX 10 mail.example.com.\n"
        "example.com. 300 IN MX 20 mail.example.com.\n"
        "example.com. 300 IN TXT \"a\\195\\188b\" \"\" \"c; \\\"q\\\" \\\\\"\n"
        "a.example.com. 0 IN A 192.0.2.1\n"
        "a.example.com. 0 IN A 192.0.2.2\n"
        "a.example.com. 60 IN AAAA 2001:db8::1\n"
        "b.example.com. 60 IN CAA 0 issue \"ca.example; a=\\\"b\\\"\"\n"
        "c.example.com. 60 IN CNAME a.example.com.\n"
        "d.example.com. 60 IN DS 1 8 1 0011223344556677889900112233445566778899\n"
        "h.example.com. 60 IN HTTPS 1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1 "
        "ech=\"AAECAw==\" ipv6hint=2001:db8::1 key667=\"x y\"\n"
        "h.example.com. 60 IN SVCB 16 foo.example.org. mandatory=alpn,port alpn=\"x\" "
        "no-default-alpn port=1\n"
        "i.example.com. 60 IN SVCB \\# 15 0001000001000804662C6F6F026832\n"
        "n.example.com. 60 IN NAPTR 1 2 \"u\" \"E2U+sip\" \"!^(\\\\+44)$!sip:\\\\1@example.com!\" "
        ".\n"
        "p.example.com. 60 IN PTR a.example.com.\n"
        "s.example.com. 60 IN SPF \"v=spf1\"\n"
        "s.example.com. 60 IN SRV 1 2 3 a.example.com.\n"
        "s.example.com. 60 IN SSHFP 1 1 0011223344556677889900112233445566778899\n"
        "s.example.com. 60 IN TLSA 3 1 0 0A\n"
        "u.example.com. 60 IN TYPE29 \\# 16 0012161388DE0DF070BE15F0009893BC\n"
        "u.example.com. 60 IN HINFO \"cpu x\" \"os\"\n"
        "u.example.com. 60 IN TYPE65280 \\# 0\n"
        "*.w.example.com. 60 IN A 192.0.2.1\n"
        "we\\046ird\\032\\195\\040.example.com. 60 IN A 192.0.2.1\n";
    const char *once = rewritten(canonical);
    assert_string_equal(once, rewritten(once));
    struct slice rest = slice_str(canonical);
    for (struct slice line; slice_split(&rest, '\n', &line);) {
        const char *wanted = arena_printf(&arena, "%.*s\n", SLICE_FMT(line));
        if (line.len > 0 && strstr(once, wanted) == NULL)
            fail_msg("'%.*s' is not in\n%s", SLICE_FMT(line), once);
    }
}

static void files_look_as_people_write_them(void **state)
{
    (void)state;
    assert_string_equal(rewritten("$ttl 1h ; an hour\r\n$Origin EXAMPLE.com.\r\n"
                                  "@ IN SOA ns1 host ( 1 ; serial\r\n 2 3\r\n 4 5 )\r\n"
                                  "; only ( a \" comment\r\n"
                                  "WWW A 192.0.2.1\r\n    60 IN AAAA 2001:DB8::1\r\n"
                                  "$ORIGIN sub\r\nx TXT two \"a ; b ( $c\"\r\n"
                                  "\r\nwww.example.com. A 192.0.2.1\r\n"
                                  "t TYPE1 \\# 4 0A000001"),
                        "example.com. 3600 IN SOA ns1.example.com. host.example.com. 1 2 3 4 5\n"
                        "t.sub.example.com. 3600 IN A 10.0.0.1\n"
                        "x.sub.example.com. 3600 IN TXT \"two\" \"a ; b ( $c\"\n"
                        "www.example.com. 3600 IN A 192.0.2.1\n"
                        "www.example.com. 60 IN AAAA 2001:db8::1\n");
}

static void a_ttl_that_is_not_given_is_the_last_one_or_that_of_soa(void **state)
{
    (void)state;
    assert_string_equal(rewritten("@ SOA ns1 host 1 2 3 4 55\na A 192.0.2.1\nb 7 A 192.0.2.1\n"
                                  "c A 192.0.2.1\n$TTL 9\nd A 192.0.2.1\n"),
                        "example.com. 55 IN SOA ns1.example.com. host.example.com. 1 2 3 4 55\n"
                        "a.example.com. 55 IN A 192.0.2.1\nb.example.com. 7 IN A 192.0.2.1\n"
                        "c.example.com. 7 IN A 192.0.2.1\nd.example.com. 9 IN A 192.0.2.1\n");
    assert_errors("a A 192.0.2.1\n", "1: the record has no TTL from 0 to 2147483647, and no $TTL "
                                     "is given\n");
    assert_errors("a 2147483648 A 192.0.2.1\n",
                  "1: the record has no TTL from 0 to 2147483647, and no $TTL is given\n");
}

static void errors_name_their_lines(void **state)
{
    (void)state;
    assert_errors("$INCLUDE /etc/passwd\n\n$generate 1-3 a$ A 192.0.2.$\n$FOO\n",
                  "1: $INCLUDE is not supported: write its records into the file\n"
                  "3: $generate is not supported: write its records into the file\n"
                  "4: $FOO is not supported: write its records into the file\n");
    assert_errors("$TTL 60\n; one\na A 192.0.2.x\n\nb DNAME x.\nc CH TXT \"x\"\n"
                  "d TYPE252 \\# 0\ne DS 1 8 1 00\n",
                  "3: Syntax error, could not parse the RR's rdata\n"
                  "5: DNAME: DNAME is not supported: create a record for each name, or delegate "
                  "them\n"
                  "6: records of class IN alone are hosted\n"
                  "7: AXFR: This type stands in questions and messages, it has no records\n"
                  "8: data of a DS record: Digest does not have the length of its type\n");
    assert_errors("a 60 A 192.0.2.1\nb 60 A 192.0.2.1\na 61 A 192.0.2.2\n",
                  "3: TTL 61, but that of a.example.com. A is 60 in line 1: records of one name "
                  "and type have one\n");
}

static void only_so_many_errors_are_shown(void **state)
{
    (void)state;
    AUTO_BUF struct buf text = {0};
    struct zone_text read;
    for (size_t i = 0; i < TOOL_ZONE_ERRORS_SHOWN_MAX + 2; i++)
        buf_append_str(&text, "a 60 A x\n");
    assert_int_equal(read_text(text_of(&text), &read), ERR_INVALID);
    assert_non_null(strstr(text_of(&said), "0: 2 errors more\n"));
    assert_int_equal(read.error_count, TOOL_ZONE_ERRORS_SHOWN_MAX + 2);
}

static void records_of_signing_are_left_out(void **state)
{
    (void)state;
    struct zone_text read;
    assert_int_equal(
        read_text("$TTL 60\na A 192.0.2.1\na NSEC b A NSEC\n@ NSEC3PARAM 1 0 0 -\n", &read),
        ERR_OK);
    assert_int_equal(read.sets.count, 1);
    assert_int_equal(read.signing_count, 2);
}

static void what_no_file_can_say_becomes_comments(void **state)
{
    (void)state;
    struct r53_alias_target target = {.hosted_zone_id = "Z1", .dns_name = "b.example.com."};
    struct r53_resource_record value = {.value = "192.0.2.1"};
    struct r53_record_set listed[] = {
        {.name = "a.example.com.", .type = R53_TYPE_A, .alias_target = &target},
        {.name = "w.example.com.",
         .type = R53_TYPE_A,
         .set_identifier = "one\ntwo",
         .has_weight = true,
         .weight = 3,
         .has_ttl = true,
         .ttl = 60,
         .has_resource_records = true,
         .resource_records = &value,
         .resource_records_count = 1}};
    struct zone_set items[2];
    struct zone_sets sets = {.items = items, .count = 2};
    struct errctx ec = {0};
    AUTO_BUF struct buf out = {0};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(zone_set_of_listed(&arena, &listed[i], &items[i], &ec), ERR_OK);
    zone_text_write(&arena, &sets, &out);
    const char *text = text_of(&out);
    assert_non_null(strstr(text, "; ALIAS a.example.com. A b.example.com. zone Z1, evaluate target "
                                 "health: no\n"));
    assert_non_null(strstr(text, "; POLICY w.example.com. A "));
    assert_non_null(strstr(text, "<SetIdentifier>one two</SetIdentifier><Weight>3</Weight>"));
    assert_string_equal(rewritten(text), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_and_written_the_same),
        cmocka_unit_test(files_look_as_people_write_them),
        cmocka_unit_test(a_ttl_that_is_not_given_is_the_last_one_or_that_of_soa),
        cmocka_unit_test(errors_name_their_lines),
        cmocka_unit_test(only_so_many_errors_are_shown),
        cmocka_unit_test(records_of_signing_are_left_out),
        cmocka_unit_test(what_no_file_can_say_becomes_comments),
    };
    arena_init(&arena);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buf_fini(&said);
    arena_fini(&arena);
    return failed;
}
