// SPDX-License-Identifier: Apache-2.0
// What is answered: from which zone, from which name, and with what beside it.

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define SOA_LINE "NS example.com. 60 SOA ns-1.weir.test. hostmaster.weir.test. 1 2 3 4 60\n"
#define NO_DATA "NOERROR aa\n" SOA_LINE
#define NX_DOMAIN "NXDOMAIN aa\n" SOA_LINE

static void assert_answer(const struct world *w, const char *name, const char *type,
                          const char *expected)
{
    assert_string_equal(ask_simply(w, name, type), expected);
}

static void a_name_that_exists_is_answered_with_its_set(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_set(&f, "Z1", "www.example.com", "A", 60,
                (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
    fixture_value(&f, "Z1", "www.example.com", "TXT", 30, "\"hello\"");
    fixture_value(&f, "Z1", "4.3.2.1.example.com", "PTR", 5, "host.example.com.");
    fixture_value(&f, "Z1", "example.com", "CAA", 5, "0 issue \"ca.example\"");
    fixture_value(&f, "Z1", "www.example.com", "AAAA", 60, "2001:db8::1");
    struct world *w = fixture_world(&f);
    assert_answer(w, "www.example.com", "A",
                  "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n"
                  "AN www.example.com. 60 A 192.0.2.2\n");
    assert_answer(w, "WwW.eXample.COM", "TXT",
                  "NOERROR aa\nAN WwW.eXample.COM. 30 TXT \"hello\"\n");
    assert_answer(w, "www.example.com", "AAAA",
                  "NOERROR aa\nAN www.example.com. 60 AAAA 2001:db8::1\n");
    assert_answer(w, "4.3.2.1.example.com", "PTR",
                  "NOERROR aa\nAN 4.3.2.1.example.com. 5 PTR host.example.com.\n");
    assert_answer(w, "example.com", "CAA",
                  "NOERROR aa\nAN example.com. 5 CAA 0 issue \"ca.example\"\n");
    assert_answer(w, "example.com", "NS",
                  "NOERROR aa\nAN example.com. 172800 NS ns-1.weir.test.\n");
    world_free(w);
    fixture_fini(&f);
}

static void a_negative_answer_has_the_soa_with_the_smaller_of_ttl_and_minimum(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    struct world *w = fixture_world(&f);
    assert_answer(w, "www.example.com", "AAAA", NO_DATA);
    assert_answer(w, "missing.example.com", "A", NX_DOMAIN);
    assert_answer(w, "below.www.example.com", "A", NX_DOMAIN);
    world_free(w);

    fixture_value(&f, "Z1", "example.com", "SOA", 7, "ns-1.weir.test. h.weir.test. 1 2 3 4 60");
    w = fixture_world(&f);
    assert_answer(w, "missing.example.com", "A",
                  "NXDOMAIN aa\nNS example.com. 7 SOA ns-1.weir.test. h.weir.test. 1 2 3 4 60\n");
    assert_answer(w, "example.com", "SOA",
                  "NOERROR aa\nAN example.com. 7 SOA ns-1.weir.test. h.weir.test. 1 2 3 4 60\n");
    world_free(w);
    fixture_fini(&f);
}

static void a_zone_without_its_soa_fails_rather_than_lie(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    struct world *w = fixture_world(&f);
    assert_answer(w, "www.example.com", "A", "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n");
    assert_answer(w, "www.example.com", "TXT", "SERVFAIL\n");
    assert_answer(w, "missing.example.com", "A", "SERVFAIL\n");
    world_free(w);
    fixture_fini(&f);
}

static void an_empty_non_terminal_has_no_data_and_no_wildcard(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "a.b.example.com", "A", 60, "192.0.2.1");
    fixture_value(&f, "Z1", "*.example.com", "A", 60, "192.0.2.9");
    struct world *w = fixture_world(&f);
    assert_answer(w, "b.example.com", "A", NO_DATA);
    assert_answer(w, "c.b.example.com", "A", NX_DOMAIN);
    assert_answer(w, "c.example.com", "A", "NOERROR aa\nAN c.example.com. 60 A 192.0.2.9\n");
    world_free(w);
    fixture_fini(&f);
}

static void a_wildcard_covers_what_its_closest_encloser_lacks_and_no_more(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "*.w.example.com", "TXT", 60, "\"wild\"");
    fixture_value(&f, "Z1", "x.w.example.com", "A", 60, "192.0.2.1");
    fixture_value(&f, "Z1", "y.*.e.example.com", "A", 60, "192.0.2.1");
    struct world *w = fixture_world(&f);
    assert_answer(w, "a.w.example.com", "TXT", "NOERROR aa\nAN a.w.example.com. 60 TXT \"wild\"\n");
    assert_answer(w, "a.b.c.w.example.com", "TXT",
                  "NOERROR aa\nAN a.b.c.w.example.com. 60 TXT \"wild\"\n");
    assert_answer(w, "a.w.example.com", "A", NO_DATA);
    assert_answer(w, "x.w.example.com", "TXT", NO_DATA);
    assert_answer(w, "a.x.w.example.com", "TXT", NX_DOMAIN);
    assert_answer(w, "*.w.example.com", "TXT",
                  "NOERROR aa\nAN \\052.w.example.com. 60 TXT \"wild\"\n");
    /* A wildcard may be an empty non-terminal (RFC 4592 section 2.2.2). */
    assert_answer(w, "a.e.example.com", "A", NO_DATA);
    assert_answer(w, "a.example.com", "A", NX_DOMAIN);
    world_free(w);
    fixture_fini(&f);
}

static void a_delegation_refers_with_glue_and_without_aa(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_set(
        &f, "Z1", "sub.example.com", "NS", 300,
        (const char *const[]){"ns1.sub.example.com.", "ns2.example.com.", "ns.other.test.", NULL});
    fixture_value(&f, "Z1", "ns1.sub.example.com", "A", 60, "192.0.2.1");
    fixture_value(&f, "Z1", "ns1.sub.example.com", "AAAA", 60, "2001:db8::1");
    fixture_value(&f, "Z1", "ns2.example.com", "A", 60, "192.0.2.2");
    fixture_value(&f, "Z1", "*.example.com", "A", 60, "192.0.2.9");
    struct world *w = fixture_world(&f);
    const char *referral = "NOERROR\n"
                           "NS sub.example.com. 300 NS ns.other.test.\n"
                           "NS sub.example.com. 300 NS ns1.sub.example.com.\n"
                           "NS sub.example.com. 300 NS ns2.example.com.\n"
                           "AR ns1.sub.example.com. 60 A 192.0.2.1\n"
                           "AR ns1.sub.example.com. 60 AAAA 2001:db8::1\n"
                           "AR ns2.example.com. 60 A 192.0.2.2\n";
    assert_answer(w, "sub.example.com", "A", referral);
    assert_answer(w, "sub.example.com", "NS", referral);
    assert_answer(w, "sub.example.com", "ANY", referral);
    assert_answer(w, "a.b.sub.example.com", "A", referral);
    assert_answer(w, "ns1.sub.example.com", "A", referral); /* glue is not ours to answer */
    assert_answer(w, "sub.example.com", "DS", NO_DATA);     /* the parent's: that is us */
    assert_answer(w, "x.sub.example.com", "DS", referral);
    world_free(w);
    fixture_fini(&f);
}

static void glue_that_does_not_fit_sets_tc_and_other_addresses_do_not(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    const char *within[13];
    const char *beside[13];
    for (unsigned i = 0; i < 12; i++) {
        within[i] = arena_printf(&f.arena, "a-long-label-number-%u.in.example.com.", i);
        beside[i] = arena_printf(&f.arena, "a-long-label-number-%u.example.com.", i);
        fixture_value(&f, "Z1", within[i], "AAAA", 60, "2001:db8::1");
        fixture_value(&f, "Z1", beside[i], "AAAA", 60, "2001:db8::1");
    }
    within[12] = NULL;
    beside[12] = NULL;
    fixture_set(&f, "Z1", "in.example.com", "NS", 60, within);
    fixture_set(&f, "Z1", "by.example.com", "NS", 60, beside);
    struct world *w = fixture_world(&f);
    assert_true(strncmp(ask_simply(w, "in.example.com", "A"), "NOERROR tc\n", 11) == 0);
    assert_true(strncmp(ask_simply(w, "by.example.com", "A"), "NOERROR\n", 8) == 0);
    struct question large = {.name = "in.example.com", .has_edns = true, .edns_bytes = 1232};
    assert_true(strncmp(ask(w, &large), "NOERROR\n", 8) == 0);
    world_free(w);
    fixture_fini(&f);
}

static void a_cname_answers_every_type_but_its_own(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "a.example.com", "CNAME", 10, "b.example.com.");
    fixture_value(&f, "Z1", "b.example.com", "CNAME", 20, "c.example.com.");
    fixture_value(&f, "Z1", "c.example.com", "A", 30, "192.0.2.1");
    fixture_value(&f, "Z1", "out.example.com", "CNAME", 10, "www.other.test.");
    fixture_value(&f, "Z1", "gone.example.com", "CNAME", 10, "missing.example.com.");
    fixture_value(&f, "Z1", "*.w.example.com", "CNAME", 10, "c.example.com.");
    fixture_value(&f, "Z1", "sub.example.com", "NS", 300, "ns.other.test.");
    fixture_value(&f, "Z1", "cut.example.com", "CNAME", 10, "x.sub.example.com.");
    struct world *w = fixture_world(&f);
    const char *chain = "AN a.example.com. 10 CNAME b.example.com.\n"
                        "AN b.example.com. 20 CNAME c.example.com.\n";
    char expected[512];
    (void)snprintf(expected, sizeof(expected), "NOERROR aa\n%sAN c.example.com. 30 A 192.0.2.1\n",
                   chain);
    assert_answer(w, "a.example.com", "A", expected);
    (void)snprintf(expected, sizeof(expected), "NOERROR aa\n%s%s", chain, SOA_LINE);
    assert_answer(w, "a.example.com", "TXT", expected);
    assert_answer(w, "a.example.com", "CNAME",
                  "NOERROR aa\nAN a.example.com. 10 CNAME b.example.com.\n");
    assert_answer(w, "out.example.com", "A",
                  "NOERROR aa\nAN out.example.com. 10 CNAME www.other.test.\n");
    assert_answer(w, "gone.example.com", "A",
                  "NXDOMAIN aa\nAN gone.example.com. 10 CNAME missing.example.com.\n" SOA_LINE);
    assert_answer(w, "any.w.example.com", "A",
                  "NOERROR aa\nAN any.w.example.com. 10 CNAME c.example.com.\n"
                  "AN c.example.com. 30 A 192.0.2.1\n");
    /* AA speaks of the first owner, which is ours. */
    assert_answer(w, "cut.example.com", "A",
                  "NOERROR aa\nAN cut.example.com. 10 CNAME x.sub.example.com.\n"
                  "NS sub.example.com. 300 NS ns.other.test.\n");
    world_free(w);
    fixture_fini(&f);
}

static unsigned count_of(const char *text, const char *needle)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, needle)) != NULL; at++)
        count++;
    return count;
}

static void chains_end_after_eight_followed_and_at_a_loop(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    for (unsigned i = 0; i < 12; i++)
        fixture_value(&f, "Z1", arena_printf(&f.arena, "c%u.example.com", i), "CNAME", 10,
                      arena_printf(&f.arena, "c%u.example.com", i + 1));
    fixture_value(&f, "Z1", "c12.example.com", "A", 10, "192.0.2.1");
    fixture_value(&f, "Z1", "l1.example.com", "CNAME", 10, "l2.example.com");
    fixture_value(&f, "Z1", "l2.example.com", "CNAME", 10, "l1.example.com");
    struct world *w = fixture_world(&f);
    /* From c4 eight links lead to c12 and its address; from c3 there is one too many. */
    const char *reached = ask_simply(w, "c4.example.com", "A");
    assert_int_equal(count_of(reached, "CNAME"), 8);
    assert_int_equal(count_of(reached, " A "), 1);
    const char *cut = ask_simply(w, "c3.example.com", "A");
    assert_true(strncmp(cut, "NOERROR aa\n", 11) == 0);
    assert_int_equal(count_of(cut, "CNAME"), 9);
    assert_int_equal(count_of(cut, " A "), 0);
    assert_int_equal(count_of(ask_simply(w, "l1.example.com", "A"), "CNAME"), 2);
    world_free(w);
    fixture_fini(&f);
}

static void an_alias_answers_under_its_owner_with_the_targets_ttl(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "example.org");
    fixture_set(&f, "Z1", "target.example.com", "A", 33,
                (const char *const[]){"192.0.2.1", "192.0.2.2", NULL});
    fixture_value(&f, "Z1", "target.example.com", "AAAA", 33, "2001:db8::1");
    fixture_value(&f, "Z1", "*.w.example.com", "A", 33, "192.0.2.1");
    fixture_alias(&f, "Z1", "example.com", "A", "Z1", "target.example.com");
    fixture_alias(&f, "Z2", "two.example.org", "A", "Z1", "example.com");
    fixture_alias(&f, "Z1", "wild.example.com", "A", "Z1", "any.w.example.com");
    fixture_alias(&f, "Z1", "self.example.com", "A", "Z1", "self.example.com");
    struct world *w = fixture_world(&f);
    assert_answer(w, "example.com", "A",
                  "NOERROR aa\nAN example.com. 33 A 192.0.2.1\nAN example.com. 33 A 192.0.2.2\n");
    assert_answer(w, "two.example.org", "A",
                  "NOERROR aa\nAN two.example.org. 33 A 192.0.2.1\n"
                  "AN two.example.org. 33 A 192.0.2.2\n");
    assert_answer(w, "example.com", "AAAA", NO_DATA);   /* the target's other types do not count */
    assert_answer(w, "wild.example.com", "A", NO_DATA); /* never a wildcard match */
    assert_answer(w, "self.example.com", "A", NO_DATA);
    world_free(w);
    fixture_remove(&f, "Z1", "target.example.com", "A");
    w = fixture_world(&f);
    assert_answer(w, "example.com", "A", NO_DATA);
    world_free(w);
    fixture_fini(&f);
}

static void an_alias_leads_over_a_distribution_to_the_points_of_presence(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    (void)fixture_whole_zone(&f, "Z0PLATFORM", "weir.test");
    (void)fixture_whole_zone(&f, "Z2FDTNDATAQYW2", "cdn.weir.test");
    (void)fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z2FDTNDATAQYW2", "pops.cdn.weir.test", "A", 60, "192.0.2.80");
    fixture_alias(&f, "Z2FDTNDATAQYW2", "e1.cdn.weir.test", "A", "Z2FDTNDATAQYW2",
                  "pops.cdn.weir.test");
    fixture_alias(&f, "Z2FDTNDATAQYW2", "e1.cdn.weir.test", "AAAA", "Z2FDTNDATAQYW2",
                  "pops.cdn.weir.test");
    fixture_alias(&f, "Z1", "example.com", "A", "Z2FDTNDATAQYW2", "e1.cdn.weir.test");
    fixture_alias(&f, "Z1", "www.example.com", "A", "Z1", "example.com");
    fixture_alias(&f, "Z1", "gone.example.com", "A", "Z2FDTNDATAQYW2", "e2.cdn.weir.test");
    struct world *w = fixture_world(&f);
    assert_string_equal(ask_simply(w, "e1.cdn.weir.test", "A"),
                        "NOERROR aa\nAN e1.cdn.weir.test. 60 A 192.0.2.80\n");
    assert_string_equal(ask_simply(w, "example.com", "A"),
                        "NOERROR aa\nAN example.com. 60 A 192.0.2.80\n");
    assert_string_equal(ask_simply(w, "www.example.com", "A"),
                        "NOERROR aa\nAN www.example.com. 60 A 192.0.2.80\n");
    static const char no_such_type[] =
        "NOERROR aa\n"
        "NS example.com. 60 SOA ns-1.weir.test. hostmaster.weir.test. 1 2 3 4 60\n";
    assert_string_equal(ask_simply(w, "gone.example.com", "A"), no_such_type); /* was deleted */
    assert_string_equal(ask_simply(w, "example.com", "AAAA"), no_such_type);
    world_free(w);
    fixture_fini(&f);
}

static void aliases_nest_to_thirty_four(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "a0.example.com", "A", 5, "192.0.2.1");
    for (unsigned i = 1; i <= 35; i++)
        fixture_alias(&f, "Z1", arena_printf(&f.arena, "a%u.example.com", i), "A", "Z1",
                      arena_printf(&f.arena, "a%u.example.com", i - 1));
    struct world *w = fixture_world(&f);
    assert_answer(w, "a34.example.com", "A", "NOERROR aa\nAN a34.example.com. 5 A 192.0.2.1\n");
    assert_answer(w, "a35.example.com", "A", NO_DATA);
    world_free(w);
    fixture_fini(&f);
}

static void mx_and_srv_bring_the_addresses_of_targets_in_the_zone(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_set(&f, "Z1", "example.com", "MX", 60,
                (const char *const[]){"10 mail.example.com.", "20 mail.other.test.", NULL});
    fixture_value(&f, "Z1", "_sip._tcp.example.com", "SRV", 60, "1 2 5060 mail.example.com.");
    fixture_value(&f, "Z1", "none.example.com", "SRV", 60, "0 0 0 .");
    fixture_value(&f, "Z1", "mail.example.com", "A", 30, "192.0.2.1");
    fixture_value(&f, "Z1", "mail.example.com", "AAAA", 30, "2001:db8::1");
    struct world *w = fixture_world(&f);
    const char *addresses = "AR mail.example.com. 30 A 192.0.2.1\n"
                            "AR mail.example.com. 30 AAAA 2001:db8::1\n";
    char expected[512];
    (void)snprintf(expected, sizeof(expected),
                   "NOERROR aa\nAN example.com. 60 MX 10 mail.example.com.\n"
                   "AN example.com. 60 MX 20 mail.other.test.\n%s",
                   addresses);
    assert_answer(w, "example.com", "MX", expected);
    (void)snprintf(expected, sizeof(expected),
                   "NOERROR aa\nAN _sip._tcp.example.com. 60 SRV 1 2 5060 mail.example.com.\n%s",
                   addresses);
    assert_answer(w, "_sip._tcp.example.com", "SRV", expected);
    assert_answer(w, "none.example.com", "SRV",
                  "NOERROR aa\nAN none.example.com. 60 SRV 0 0 0 .\n");
    world_free(w);
    fixture_fini(&f);
}

static void service_records_bring_what_is_asked_next(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_set(
        &f, "Z1", "web.example.com", "HTTPS", 60,
        (const char *const[]){"1 . alpn=h2", "2 svc.example.com.", "3 svc.example.com.", NULL});
    fixture_value(&f, "Z1", "web.example.com", "A", 30, "192.0.2.1");
    fixture_value(&f, "Z1", "svc.example.com", "HTTPS", 30, "1 .");
    fixture_value(&f, "Z1", "svc.example.com", "AAAA", 30, "2001:db8::1");
    fixture_value(&f, "Z1", "alias.example.com", "HTTPS", 60, "0 svc.example.com.");
    fixture_value(&f, "Z1", "off.example.com", "SVCB", 60, "0 .");
    fixture_value(&f, "Z1", "off.example.com", "A", 60, "192.0.2.9");
    struct world *w = fixture_world(&f);
    assert_answer(w, "web.example.com", "HTTPS",
                  "NOERROR aa\nAN web.example.com. 60 HTTPS 1 . alpn=\"h2\"\n"
                  "AN web.example.com. 60 HTTPS 2 svc.example.com.\n"
                  "AN web.example.com. 60 HTTPS 3 svc.example.com.\n"
                  "AR svc.example.com. 30 AAAA 2001:db8::1\n"
                  "AR web.example.com. 30 A 192.0.2.1\n");
    assert_answer(w, "alias.example.com", "HTTPS",
                  "NOERROR aa\nAN alias.example.com. 60 HTTPS 0 svc.example.com.\n"
                  "AR svc.example.com. 30 AAAA 2001:db8::1\n"
                  "AR svc.example.com. 30 HTTPS 1 .\n");
    assert_answer(w, "off.example.com", "SVCB", "NOERROR aa\nAN off.example.com. 60 SVCB 0 .\n");
    world_free(w);
    fixture_fini(&f);
}

static void naptr_brings_what_its_flag_names(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_value(&f, "Z1", "s.example.com", "NAPTR", 60,
                  "1 1 \"S\" \"SIP+D2U\" \"\" _sip._udp.example.com.");
    fixture_value(&f, "Z1", "a.example.com", "NAPTR", 60, "1 1 \"a\" \"x\" \"\" host.example.com.");
    fixture_value(&f, "Z1", "n.example.com", "NAPTR", 60, "1 1 \"\" \"x\" \"\" u.example.com.");
    fixture_value(&f, "Z1", "u.example.com", "NAPTR", 60, "1 1 \"u\" \"x\" \"!a!b!\" .");
    fixture_value(&f, "Z1", "_sip._udp.example.com", "SRV", 30, "1 2 5060 host.example.com.");
    fixture_value(&f, "Z1", "host.example.com", "A", 30, "192.0.2.1");
    struct world *w = fixture_world(&f);
    assert_answer(w, "s.example.com", "NAPTR",
                  "NOERROR aa\nAN s.example.com. 60 NAPTR 1 1 \"S\" \"SIP+D2U\" \"\" "
                  "_sip._udp.example.com.\n"
                  "AR _sip._udp.example.com. 30 SRV 1 2 5060 host.example.com.\n");
    assert_answer(w, "a.example.com", "NAPTR",
                  "NOERROR aa\nAN a.example.com. 60 NAPTR 1 1 \"a\" \"x\" \"\" "
                  "host.example.com.\nAR host.example.com. 30 A 192.0.2.1\n");
    assert_answer(w, "n.example.com", "NAPTR",
                  "NOERROR aa\nAN n.example.com. 60 NAPTR 1 1 \"\" \"x\" \"\" u.example.com.\n"
                  "AR u.example.com. 60 NAPTR 1 1 \"u\" \"x\" \"!a!b!\" .\n");
    assert_answer(w, "u.example.com", "NAPTR",
                  "NOERROR aa\nAN u.example.com. 60 NAPTR 1 1 \"u\" \"x\" \"!a!b!\" .\n");
    world_free(w);
    fixture_fini(&f);
}

static void the_first_record_changes_with_chance(void **state)
{
    (void)state;
    static const char *const values[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", NULL};
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_set(&f, "Z1", "www.example.com", "A", 60, values);
    struct world *w = fixture_world(&f);
    unsigned seen = 0;
    for (uint64_t i = 0; i < 3; i++) {
        uint8_t bytes[600];
        uint8_t out[ANSWER_TEXT_SIZE];
        struct answer_summary summary;
        struct question q = {.name = "www.example.com"};
        struct answer_request request = {.query = question_bytes(&q, bytes),
                                         .view = question_view(&q),
                                         .random = i * 0x55555556U};
        const struct scene scene = {.world = w};
        size_t len = answer(&scene, &request, out, sizeof(out), &summary);
        assert_int_equal(len, request.query.len + 48);
        uint8_t first = out[request.query.len + 15];
        uint8_t second = out[request.query.len + 31];
        assert_int_equal(second, first % 3 + 1); /* turned, not shuffled */
        seen |= 1U << first;
    }
    assert_int_equal(seen, 0xe);
    world_free(w);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_that_exists_is_answered_with_its_set),
        cmocka_unit_test(a_negative_answer_has_the_soa_with_the_smaller_of_ttl_and_minimum),
        cmocka_unit_test(a_zone_without_its_soa_fails_rather_than_lie),
        cmocka_unit_test(an_empty_non_terminal_has_no_data_and_no_wildcard),
        cmocka_unit_test(a_wildcard_covers_what_its_closest_encloser_lacks_and_no_more),
        cmocka_unit_test(a_delegation_refers_with_glue_and_without_aa),
        cmocka_unit_test(glue_that_does_not_fit_sets_tc_and_other_addresses_do_not),
        cmocka_unit_test(a_cname_answers_every_type_but_its_own),
        cmocka_unit_test(chains_end_after_eight_followed_and_at_a_loop),
        cmocka_unit_test(an_alias_answers_under_its_owner_with_the_targets_ttl),
        cmocka_unit_test(an_alias_leads_over_a_distribution_to_the_points_of_presence),
        cmocka_unit_test(aliases_nest_to_thirty_four),
        cmocka_unit_test(mx_and_srv_bring_the_addresses_of_targets_in_the_zone),
        cmocka_unit_test(service_records_bring_what_is_asked_next),
        cmocka_unit_test(naptr_brings_what_its_flag_names),
        cmocka_unit_test(the_first_record_changes_with_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
