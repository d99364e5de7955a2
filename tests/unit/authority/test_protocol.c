// SPDX-License-Identifier: Apache-2.0
// What is refused and how, how large answers get, EDNS, ANY, and which zone a client sees.

#include "fixture.h"

#include "authority/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/*
 * A zone whose TXT sets at tNNNN.example.com take NNNN bytes of record data. An answer with one has
 * 12 bytes of header, 23 of question, 12 before the data: 47; and 11 more with EDNS: 58.
 */
static void sized_zone(struct fixture *f)
{
    static const unsigned sizes[] = {465, 466, 1174, 1175};
    fixture_init(f);
    fixture_whole_zone(f, "Z1", "example.com");
    fixture_value(f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        char value[1400];
        size_t at = 0;
        unsigned piece;
        for (unsigned left = sizes[i]; left > 0; left -= piece) {
            piece = left > 200 ? 200 : left;
            at += (size_t)snprintf(value + at, sizeof(value) - at, "%s\"%0*d\"", at > 0 ? " " : "",
                                   (int)piece - 1, 0);
        }
        fixture_value(f, "Z1", arena_printf(&f->arena, "t%04u.example.com", sizes[i]), "TXT", 60,
                      value);
    }
}

/* Bytes of the answer to a TXT question, which must be truncated or not. */
static size_t answer_bytes(const struct world *w, const struct question *q, bool is_truncated)
{
    uint8_t bytes[600];
    static uint8_t out[DNS_MESSAGE_MAX_BYTES];
    struct answer_summary summary;
    struct question txt = *q;
    txt.type = "TXT";
    struct answer_request request = {
        .query = question_bytes(&txt, bytes), .view = question_view(q), .is_tcp = q->is_tcp};
    const struct scene scene = {.world = w};
    size_t len = answer(&scene, &request, out, sizeof(out), &summary);
    assert_int_equal(summary.is_truncated, is_truncated);
    return len;
}

static void an_answer_without_edns_takes_512_bytes_at_most(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    assert_int_equal(answer_bytes(w, &(struct question){.name = "t0465.example.com"}, false), 512);
    assert_int_equal(answer_bytes(w, &(struct question){.name = "t0466.example.com"}, true), 35);
    struct question tcp = {.name = "t0466.example.com", .is_tcp = true};
    assert_int_equal(answer_bytes(w, &tcp, false), 513);
    world_free(w);
    fixture_fini(&f);
}

static void the_size_offered_counts_to_the_byte_between_512_and_1232(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    struct question q = {.name = "t0466.example.com", .has_edns = true, .edns_bytes = 466 + 58};
    assert_int_equal(answer_bytes(w, &q, false), 466 + 58);
    q.edns_bytes = 466 + 57;
    assert_int_equal(answer_bytes(w, &q, true), 46);
    q.name = "t1174.example.com"; /* more than 1232 is 1232 */
    q.edns_bytes = 65535;
    assert_int_equal(answer_bytes(w, &q, false), 1232);
    q.name = "t1175.example.com";
    assert_int_equal(answer_bytes(w, &q, true), 46);
    q.name = "www.example.com"; /* less than 512 is 512 */
    q.edns_bytes = 0;
    assert_true(answer_bytes(w, &q, false) > 46);
    world_free(w);
    fixture_fini(&f);
}

static void truncation_ends_at_a_set_after_the_cnames_that_fit(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    fixture_value(&f, "Z1", "c.example.com", "CNAME", 10, "t1175.example.com.");
    struct world *w = fixture_world(&f);
    assert_string_equal(ask_simply(w, "c.example.com", "TXT"),
                        "NOERROR aa tc\nAN c.example.com. 10 CNAME t1175.example.com.\n");
    world_free(w);
    fixture_fini(&f);
}

static void edns_is_answered_with_edns_and_do_is_echoed(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    struct question q = {.name = "www.example.com", .has_edns = true, .edns_bytes = 4096};
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\nOPT 1232\n");
    q.dnssec_ok = true;
    q.flags = DNS_FLAG_RD | DNS_FLAG_CD;
    assert_string_equal(ask(w, &q),
                        "NOERROR aa rd\nAN www.example.com. 60 A 192.0.2.1\nOPT 1232 do\n");
    q.edns_version = 1;
    assert_string_equal(ask(w, &q), "BADVERS rd\nOPT 1232 do\n");
    q.edns_version = 0;
    q.name = "www.example.net";
    assert_string_equal(ask(w, &q), "REFUSED rd\nOPT 1232 do\n");
    world_free(w);
    fixture_fini(&f);
}

static void what_is_not_ours_to_answer_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    assert_string_equal(ask_simply(w, "www.example.net", "A"), "REFUSED\n");
    assert_string_equal(ask_simply(w, "com", "NS"), "REFUSED\n");
    assert_string_equal(ask_simply(w, ".", "NS"), "REFUSED\n");
    assert_string_equal(ask_simply(w, "example.com", "TYPE252"), "REFUSED\n");
    assert_string_equal(ask_simply(w, "example.com", "TYPE251"), "REFUSED\n");
    struct question chaos = {.name = "version.bind", .type = "TXT", .class = DNS_CLASS_CH};
    assert_string_equal(ask(w, &chaos), "REFUSED\n");
    struct question any_class = {.name = "www.example.com", .class = DNS_CLASS_ANY};
    assert_string_equal(ask(w, &any_class), "REFUSED\n");
    world_free(w);
    fixture_fini(&f);
}

static void other_opcodes_are_not_implemented(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    for (unsigned opcode = 1; opcode < 16; opcode++) {
        struct question q = {.name = "example.com", .flags = (uint16_t)(opcode << 11)};
        assert_string_equal(ask(w, &q), "NOTIMP\n");
    }
    world_free(w);
    fixture_fini(&f);
}

static void broken_queries_get_formerr_and_responses_nothing(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t bytes[600];
    sized_zone(&f);
    struct world *w = fixture_world(&f);
    struct question q = {.name = "www.example.com"};
    struct answer_request request = {.query = question_bytes(&q, bytes), .view = question_view(&q)};
    struct slice whole = request.query;
    assert_non_null(ask_bytes(w, &request));
    request.query = slice_of(bytes, whole.len - 1); /* the question cut short */
    assert_string_equal(ask_bytes(w, &request), "FORMERR\n");
    request.query = slice_of(bytes, DNS_HEADER_BYTES);
    assert_string_equal(ask_bytes(w, &request), "FORMERR\n");
    request.query = slice_of(bytes, DNS_HEADER_BYTES - 1);
    assert_null(ask_bytes(w, &request));
    request.query = slice_of(bytes, whole.len + 1); /* a byte behind the message */
    bytes[whole.len] = 0;
    assert_string_equal(ask_bytes(w, &request), "FORMERR\n");
    request.query = whole;
    bytes[5] = 2; /* two questions: RFC 9619 */
    assert_string_equal(ask_bytes(w, &request), "FORMERR\n");
    bytes[5] = 1;
    bytes[2] |= 0x80; /* a response */
    assert_null(ask_bytes(w, &request));
    world_free(w);
    fixture_fini(&f);
}

static void any_over_udp_is_one_set_and_over_tcp_all(void **state)
{
    (void)state;
    struct fixture f;
    sized_zone(&f);
    fixture_value(&f, "Z1", "www.example.com", "AAAA", 60, "2001:db8::1");
    fixture_value(&f, "Z1", "c.example.com", "CNAME", 60, "www.example.com.");
    fixture_value(&f, "Z1", "a.b.example.com", "A", 60, "192.0.2.1");
    fixture_alias(&f, "Z1", "alias.example.com", "A", "Z1", "www.example.com");
    struct world *w = fixture_world(&f);
    struct question q = {.name = "www.example.com", .type = "ANY"};
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n");
    q.is_tcp = true;
    assert_string_equal(ask(w, &q), "NOERROR aa\nAN www.example.com. 60 A 192.0.2.1\n"
                                    "AN www.example.com. 60 AAAA 2001:db8::1\n");
    assert_string_equal(ask_simply(w, "c.example.com", "ANY"),
                        "NOERROR aa\nAN c.example.com. 60 CNAME www.example.com.\n");
    assert_string_equal(ask_simply(w, "alias.example.com", "ANY"),
                        "NOERROR aa\nAN alias.example.com. 60 A 192.0.2.1\n");
    assert_true(starts_with(ask_simply(w, "b.example.com", "ANY"), "NOERROR aa\nNS example.com."));
    assert_true(starts_with(ask_simply(w, "no.example.com", "ANY"), "NXDOMAIN aa\nNS "));
    /* No set fits: HINFO says as much, and nobody comes back by TCP for it. */
    assert_string_equal(ask_simply(w, "t1175.example.com", "ANY"),
                        "NOERROR aa\nAN t1175.example.com. 3600 HINFO \"RFC8482\" \"\"\n");
    world_free(w);
    fixture_fini(&f);
}

static struct slice ip(struct fixture *f, const char *text)
{
    struct question q = {.local = text};
    struct view_address a = question_view(&q).local;
    return arena_copy(&f->arena, slice_of(a.bytes, a.len));
}

static const char *ask_at(const struct world *w, const char *name, const char *local,
                          const char *source)
{
    struct question q = {.name = name, .type = "TXT", .local = local, .source = source};
    return ask(w, &q);
}

static void the_address_asked_selects_the_zones(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct release_zone *one = fixture_whole_zone(&f, "Z1", "example.com");
    struct release_zone *two = fixture_whole_zone(&f, "Z2", "example.com");
    struct release_zone *deep = fixture_whole_zone(&f, "Z3", "deep.example.com");
    fixture_value(&f, "Z1", "a.deep.example.com", "TXT", 1, "\"one\"");
    fixture_value(&f, "Z2", "a.deep.example.com", "TXT", 1, "\"two\"");
    fixture_value(&f, "Z2", "b.example.com", "TXT", 1, "\"two\"");
    fixture_value(&f, "Z3", "a.deep.example.com", "TXT", 1, "\"deep\"");
    one->addresses = (struct slice[]){ip(&f, "192.0.2.1"), ip(&f, "2001:db8::1")};
    one->address_count = 2;
    two->addresses = (struct slice[]){ip(&f, "192.0.2.2"), ip(&f, "192.0.2.4")};
    two->address_count = 2;
    one->order = two->order + 1;
    deep->addresses = (struct slice[]){ip(&f, "192.0.2.3"), ip(&f, "192.0.2.4")};
    deep->address_count = 2;
    struct world *w = fixture_world(&f);
    const char *a = "a.deep.example.com";
    assert_non_null(strstr(ask_at(w, a, "192.0.2.1", NULL), "\"one\""));
    assert_non_null(strstr(ask_at(w, a, "2001:db8::1", NULL), "\"one\""));
    assert_non_null(strstr(ask_at(w, a, "192.0.2.2", NULL), "\"two\""));
    assert_non_null(strstr(ask_at(w, a, "192.0.2.3", NULL), "\"deep\""));
    assert_non_null(strstr(ask_at(w, a, "192.0.2.4", NULL), "\"deep\"")); /* the deepest */
    /* Of no set: every zone, of one apex the oldest. */
    assert_non_null(strstr(ask_at(w, a, "192.0.2.5", NULL), "\"deep\""));
    assert_non_null(strstr(ask_at(w, "b.example.com", "192.0.2.5", NULL), "\"two\""));
    world_free(w);
    fixture_fini(&f);
}

static void a_set_without_addresses_is_served_everywhere_behind_those_of_the_address(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct release_zone *bound = fixture_whole_zone(&f, "Z1", "example.com");
    struct release_zone *free_zone = fixture_whole_zone(&f, "Z2", "example.com");
    struct release_zone *other = fixture_whole_zone(&f, "Z3", "example.net");
    fixture_value(&f, "Z1", "a.example.com", "TXT", 1, "\"bound\"");
    fixture_value(&f, "Z2", "a.example.com", "TXT", 1, "\"free\"");
    bound->addresses = (struct slice[]){ip(&f, "192.0.2.1")};
    bound->address_count = 1;
    other->addresses = (struct slice[]){ip(&f, "192.0.2.2")};
    other->address_count = 1;
    for (unsigned turn = 0; turn < 2; turn++) {
        bound->order = 7;
        free_zone->order = turn == 0 ? 6 : 8;
        struct world *w = fixture_world(&f);
        assert_non_null(strstr(ask_at(w, "a.example.com", "192.0.2.1", NULL), "\"bound\""));
        assert_non_null(strstr(ask_at(w, "a.example.com", "192.0.2.2", NULL), "\"free\""));
        assert_non_null(strstr(ask_at(w, "a.example.com", "192.0.2.3", NULL),
                               turn == 0 ? "\"free\"" : "\"bound\""));
        assert_string_equal(ask_at(w, "a.example.net", "192.0.2.1", NULL), "REFUSED\n");
        world_free(w);
    }
    fixture_fini(&f);
}

static void of_two_zones_at_every_address_the_older_answers(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct release_zone *young = fixture_whole_zone(&f, "Z1", "example.com");
    struct release_zone *old = fixture_whole_zone(&f, "Z2", "example.com");
    fixture_value(&f, "Z1", "a.example.com", "TXT", 1, "\"young\"");
    fixture_value(&f, "Z2", "a.example.com", "TXT", 1, "\"old\"");
    young->order = 8;
    old->order = 7;
    struct world *w = fixture_world(&f);
    assert_non_null(strstr(ask_simply(w, "a.example.com", "TXT"), "\"old\""));
    world_free(w);
    old->order = 9;
    w = fixture_world(&f);
    assert_non_null(strstr(ask_simply(w, "a.example.com", "TXT"), "\"young\""));
    world_free(w);
    fixture_fini(&f);
}

static void the_deepest_private_zone_is_final_for_its_networks(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "in.example.com");
    struct release_zone *corp = fixture_whole_zone(&f, "Z3", "example.com");
    fixture_value(&f, "Z1", "a.example.com", "TXT", 1, "\"public\"");
    fixture_value(&f, "Z2", "a.in.example.com", "TXT", 1, "\"public\"");
    fixture_value(&f, "Z3", "b.example.com", "TXT", 1, "\"private\"");
    corp->is_private = true;
    corp->sources =
        (struct release_prefix[]){{.address = {10, 1, 0x80}, .bytes = 4, .length = 17},
                                  {.address = {0x20, 0x01, 0x0d, 0xb8}, .bytes = 16, .length = 32}};
    corp->source_count = 2;
    struct world *w = fixture_world(&f);
    const char *inside = "10.1.128.0";
    assert_non_null(strstr(ask_at(w, "b.example.com", NULL, inside), "\"private\""));
    assert_non_null(strstr(ask_at(w, "b.example.com", NULL, "10.1.255.255"), "\"private\""));
    assert_non_null(strstr(ask_at(w, "b.example.com", NULL, "2001:db8:ffff::"), "\"private\""));
    assert_true(starts_with(ask_at(w, "b.example.com", NULL, "10.1.127.255"), "NXDOMAIN"));
    assert_true(starts_with(ask_at(w, "b.example.com", NULL, "2001:db9::"), "NXDOMAIN"));
    /* What the private zone lacks is not looked for in the public ones, deeper ones included. */
    assert_true(starts_with(ask_at(w, "a.example.com", NULL, inside), "NXDOMAIN"));
    assert_true(starts_with(ask_at(w, "a.in.example.com", NULL, inside), "NXDOMAIN"));
    assert_non_null(strstr(ask_at(w, "a.in.example.com", NULL, "10.2.0.0"), "\"public\""));
    world_free(w);
    fixture_fini(&f);
}

static void ds_at_an_apex_is_answered_by_the_parent_where_we_host_it(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    fixture_whole_zone(&f, "Z2", "sub.example.com");
    fixture_value(&f, "Z1", "sub.example.com", "NS", 300, "ns-1.weir.test.");
    struct world *w = fixture_world(&f);
    assert_true(starts_with(ask_simply(w, "sub.example.com", "DS"), "NOERROR aa\nNS example.com."));
    assert_true(starts_with(ask_simply(w, "example.com", "DS"), "NOERROR aa\nNS example.com."));
    assert_true(starts_with(ask_simply(w, "sub.example.com", "NS"), "NOERROR aa\nAN sub."));
    world_free(w);
    fixture_fini(&f);
}

static void the_root_zone_can_be_hosted(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", ".");
    fixture_value(&f, "Z1", "com", "NS", 300, "ns.com.");
    fixture_value(&f, "Z1", "ns.com", "A", 300, "192.0.2.1");
    struct world *w = fixture_world(&f);
    assert_string_equal(ask_simply(w, ".", "NS"), "NOERROR aa\nAN . 172800 NS ns-1.weir.test.\n");
    assert_string_equal(ask_simply(w, "www.com", "A"),
                        "NOERROR\nNS com. 300 NS ns.com.\nAR ns.com. 300 A 192.0.2.1\n");
    assert_true(starts_with(ask_simply(w, "org", "A"), "NXDOMAIN aa\nNS ."));
    assert_true(starts_with(ask_simply(w, ".", "DS"), "NOERROR aa\nNS ."));
    world_free(w);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_without_edns_takes_512_bytes_at_most),
        cmocka_unit_test(the_size_offered_counts_to_the_byte_between_512_and_1232),
        cmocka_unit_test(truncation_ends_at_a_set_after_the_cnames_that_fit),
        cmocka_unit_test(edns_is_answered_with_edns_and_do_is_echoed),
        cmocka_unit_test(what_is_not_ours_to_answer_is_refused),
        cmocka_unit_test(other_opcodes_are_not_implemented),
        cmocka_unit_test(broken_queries_get_formerr_and_responses_nothing),
        cmocka_unit_test(any_over_udp_is_one_set_and_over_tcp_all),
        cmocka_unit_test(the_address_asked_selects_the_zones),
        cmocka_unit_test(a_set_without_addresses_is_served_everywhere_behind_those_of_the_address),
        cmocka_unit_test(of_two_zones_at_every_address_the_older_answers),
        cmocka_unit_test(the_deepest_private_zone_is_final_for_its_networks),
        cmocka_unit_test(ds_at_an_apex_is_answered_by_the_parent_where_we_host_it),
        cmocka_unit_test(the_root_zone_can_be_hosted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
