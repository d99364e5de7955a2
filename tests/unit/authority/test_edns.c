// SPDX-License-Identifier: Apache-2.0
// Options of EDNS: cookies in queries and answers, the server's name, extended errors, the time of
// idle connections; and what a server says of itself in class CHAOS.

#include "fixture.h"

#include "authority/answer_settings.h"
#include "dns/edns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_UNIX_S 1780000000
#define CLIENT "clientco"
#define COOKIE_OPTION_BYTES 24

/* A world with one zone, and its scene with everything on. */
struct stage {
    struct fixture f;
    struct world *world;
    struct answer_settings settings;
    struct scene scene;
    uint8_t answer[DNS_MESSAGE_MAX_BYTES];
    struct answer_summary summary;
    struct response response;
};

static void begin(struct stage *s)
{
    *s = (struct stage){0};
    fixture_init(&s->f);
    fixture_whole_zone(&s->f, "Z1", "example.com");
    fixture_value(&s->f, "Z1", "www.example.com", "A", 60, "192.0.2.1");
    s->world = fixture_world(&s->f);
    s->settings.nsid = SLICE_LIT("ns-7");
    s->scene = (struct scene){.world = s->world, .settings = &s->settings};
    cookie_keys_make(&s->scene.cookies, SLICE_LIT("seed"), NOW_UNIX_S);
}

static void end(struct stage *s)
{
    world_free(s->world);
    fixture_fini(&s->f);
}

/* A query whose OPT has the options. */
static struct slice query_with(struct stage *s, const struct question *q, struct slice options)
{
    struct question with = *q;
    uint8_t *bytes = arena_alloc(&s->f.arena, 600 + options.len);
    with.has_edns = true;
    with.edns_bytes = 1232;
    struct slice plain = question_bytes(&with, bytes);
    bytes[plain.len - 2] = (uint8_t)(options.len >> 8);
    bytes[plain.len - 1] = (uint8_t)options.len;
    if (options.len > 0)
        memcpy(bytes + plain.len, options.data, options.len);
    return slice_of(bytes, plain.len + options.len);
}

/* Asks; the RCODE. */
static unsigned ask_request(struct stage *s, const struct answer_request *request)
{
    size_t len = answer(&s->scene, request, s->answer, sizeof(s->answer), &s->summary);
    assert_true(len > 0);
    assert_true(response_parse(slice_of(s->answer, len), &s->response));
    return s->response.rcode;
}

static unsigned ask_with(struct stage *s, struct slice options)
{
    const struct question q = {.name = "www.example.com"};
    struct answer_request request = {
        .query = query_with(s, &q, options), .view = question_view(&q), .now_unix_s = NOW_UNIX_S};
    return ask_request(s, &request);
}

/* The data of the option in the last answer; NULL data where it has none. */
static struct slice option_of(const struct stage *s, uint16_t code)
{
    size_t at = 0;
    unsigned index = 0;
    struct response_record record;
    while (response_next(&s->response, &at, &index, &record)) {
        struct slice rest = record.rdata;
        struct dns_edns_option option;
        if (record.type != DNS_TYPE_OPT)
            continue;
        while (dns_edns_next(&rest, &option)) {
            if (option.code == code)
                return option.data;
        }
        assert_int_equal(rest.len, 0);
    }
    return slice_of(NULL, 0);
}

/* An option's head and data. */
static struct slice option(struct stage *s, uint16_t code, struct slice data)
{
    uint8_t *bytes = arena_alloc(&s->f.arena, DNS_EDNS_OPTION_FIXED_BYTES + data.len);
    const uint8_t head[] = {(uint8_t)(code >> 8), (uint8_t)code, (uint8_t)(data.len >> 8),
                            (uint8_t)data.len};
    memcpy(bytes, head, sizeof(head));
    if (data.len > 0)
        memcpy(bytes + sizeof(head), data.data, data.len);
    return slice_of(bytes, sizeof(head) + data.len);
}

static struct slice two(struct stage *s, struct slice a, struct slice b)
{
    uint8_t *bytes = arena_alloc(&s->f.arena, a.len + b.len);
    memcpy(bytes, a.data, a.len);
    memcpy(bytes + a.len, b.data, b.len);
    return slice_of(bytes, a.len + b.len);
}

/* The cookie that the server gives this client. */
static struct slice whole_cookie(struct stage *s)
{
    (void)ask_with(s, option(s, DNS_EDNS_COOKIE, SLICE_LIT(CLIENT)));
    struct slice cookie = option_of(s, DNS_EDNS_COOKIE);
    assert_int_equal(cookie.len, COOKIE_OPTION_BYTES);
    assert_memory_equal(cookie.data, CLIENT, COOKIE_CLIENT_BYTES);
    return arena_copy(&s->f.arena, cookie);
}

static void a_client_gets_a_cookie_and_is_known_by_it(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    assert_int_equal(ask_with(&s, slice_of("", 0)), DNS_RCODE_NOERROR);
    assert_null(option_of(&s, DNS_EDNS_COOKIE).data);
    assert_int_equal(s.summary.cookie, ANSWER_COOKIE_NONE);
    struct slice cookie = whole_cookie(&s);
    assert_int_equal(s.summary.cookie, ANSWER_COOKIE_CLIENT);
    assert_int_equal(ask_with(&s, option(&s, DNS_EDNS_COOKIE, cookie)), DNS_RCODE_NOERROR);
    assert_int_equal(s.summary.cookie, ANSWER_COOKIE_VALID);
    assert_true(slice_equal(option_of(&s, DNS_EDNS_COOKIE), cookie));
    assert_int_equal(s.response.counts[DNS_ANSWER], 1);
    end(&s);
}

static void a_cookie_of_others_is_answered_with_a_good_one(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    struct slice good = whole_cookie(&s);
    static const size_t lengths[] = {16, 24, 40};
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        uint8_t bad[40] = CLIENT;
        struct slice sent = option(&s, DNS_EDNS_COOKIE, slice_of(bad, lengths[i]));
        assert_int_equal(ask_with(&s, sent), DNS_RCODE_NOERROR);
        assert_int_equal(s.summary.cookie, ANSWER_COOKIE_INVALID);
        assert_true(slice_equal(option_of(&s, DNS_EDNS_COOKIE), good));
    }
    end(&s);
}

static void cookies_of_no_length_are_formerr_and_the_first_counts(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    for (size_t len = 0; len <= 48; len++) {
        uint8_t sent[48] = CLIENT;
        bool is_length = len == 8 || (len >= 16 && len <= 40);
        unsigned rcode = ask_with(&s, option(&s, DNS_EDNS_COOKIE, slice_of(sent, len)));
        assert_int_equal(rcode, is_length ? DNS_RCODE_NOERROR : DNS_RCODE_FORMERR);
        assert_int_equal(option_of(&s, DNS_EDNS_COOKIE).len, is_length ? COOKIE_OPTION_BYTES : 0);
    }
    struct slice cookie = whole_cookie(&s);
    struct slice both =
        two(&s, option(&s, DNS_EDNS_COOKIE, cookie), option(&s, DNS_EDNS_COOKIE, SLICE_LIT("x")));
    assert_int_equal(ask_with(&s, both), DNS_RCODE_NOERROR);
    assert_int_equal(s.summary.cookie, ANSWER_COOKIE_VALID);
    end(&s);
}

/* A query that has no question, but the options. */
static unsigned ask_nothing(struct stage *s, struct slice options)
{
    const struct question q = {.name = "."};
    struct slice whole = query_with(s, &q, options);
    uint8_t *bytes = arena_alloc(&s->f.arena, whole.len - 5); /* root, QTYPE, QCLASS */
    memcpy(bytes, whole.data, DNS_HEADER_BYTES);
    memcpy(bytes + DNS_HEADER_BYTES, whole.data + DNS_HEADER_BYTES + 5,
           whole.len - DNS_HEADER_BYTES - 5);
    bytes[5] = 0;
    struct answer_request request = {.query = slice_of(bytes, whole.len - 5),
                                     .view = question_view(&q),
                                     .now_unix_s = NOW_UNIX_S};
    return ask_request(s, &request);
}

static void a_query_without_a_question_comes_for_a_cookie(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    uint8_t bad[24] = CLIENT;
    struct slice cookie = whole_cookie(&s);
    assert_int_equal(ask_nothing(&s, option(&s, DNS_EDNS_COOKIE, SLICE_LIT(CLIENT))),
                     DNS_RCODE_NOERROR);
    assert_true(slice_equal(option_of(&s, DNS_EDNS_COOKIE), cookie));
    assert_int_equal(s.response.counts[DNS_QUESTION], 0);
    assert_int_equal(ask_nothing(&s, option(&s, DNS_EDNS_COOKIE, cookie)), DNS_RCODE_NOERROR);
    assert_int_equal(ask_nothing(&s, option(&s, DNS_EDNS_COOKIE, slice_of(bad, sizeof(bad)))),
                     DNS_RCODE_BADCOOKIE);
    assert_true(slice_equal(option_of(&s, DNS_EDNS_COOKIE), cookie));
    assert_int_equal(ask_nothing(&s, slice_of("", 0)), DNS_RCODE_FORMERR);
    end(&s);
}

static void without_keys_a_cookie_is_passed_over(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    s.scene.cookies.are_there = false;
    assert_int_equal(ask_with(&s, option(&s, DNS_EDNS_COOKIE, SLICE_LIT(CLIENT))),
                     DNS_RCODE_NOERROR);
    assert_null(option_of(&s, DNS_EDNS_COOKIE).data);
    assert_int_equal(s.summary.cookie, ANSWER_COOKIE_NONE);
    end(&s);
}

static void the_servers_name_is_told_to_who_asks(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    struct slice asks = option(&s, DNS_EDNS_NSID, slice_of("", 0));
    assert_int_equal(ask_with(&s, asks), DNS_RCODE_NOERROR);
    assert_true(slice_equal(option_of(&s, DNS_EDNS_NSID), SLICE_LIT("ns-7")));
    (void)ask_with(&s, slice_of("", 0));
    assert_null(option_of(&s, DNS_EDNS_NSID).data);
    s.settings.nsid = slice_of("", 0);
    (void)ask_with(&s, asks);
    assert_null(option_of(&s, DNS_EDNS_NSID).data);
    end(&s);
}

static void the_idle_time_is_told_over_tcp_alone(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    const struct question q = {.name = "www.example.com"};
    struct answer_request request = {
        .query = query_with(&s, &q, option(&s, DNS_EDNS_KEEPALIVE, slice_of("", 0))),
        .view = question_view(&q),
        .is_tcp = true,
        .idle_ds = 300};
    assert_int_equal(ask_request(&s, &request), DNS_RCODE_NOERROR);
    assert_true(slice_equal(option_of(&s, DNS_EDNS_KEEPALIVE), SLICE_LIT("\x01\x2c")));
    request.is_tcp = false;
    assert_int_equal(ask_request(&s, &request), DNS_RCODE_NOERROR);
    assert_null(option_of(&s, DNS_EDNS_KEEPALIVE).data);
    request.is_tcp = true;
    request.query = query_with(&s, &q, option(&s, DNS_EDNS_KEEPALIVE, SLICE_LIT("\0\1")));
    assert_int_equal(ask_request(&s, &request), DNS_RCODE_FORMERR);
    end(&s);
}

static unsigned ede_of(const struct stage *s)
{
    struct slice data = option_of(s, DNS_EDNS_ERROR);
    return data.len < 2 ? DNS_EDE_NONE : (unsigned)data.data[0] << 8 | data.data[1];
}

static void a_refusal_says_why_where_there_is_edns(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    const struct question q = {.name = "www.example.net"};
    struct answer_request request = {.query = query_with(&s, &q, slice_of("", 0)),
                                     .view = question_view(&q)};
    assert_int_equal(ask_request(&s, &request), DNS_RCODE_REFUSED);
    assert_int_equal(ede_of(&s), DNS_EDE_NOT_AUTHORITATIVE);
    uint8_t plain[600];
    request.query = question_bytes(&q, plain);
    assert_int_equal(ask_request(&s, &request), DNS_RCODE_REFUSED);
    assert_int_equal(s.response.counts[DNS_ADDITIONAL], 0);
    (void)ask_with(&s, slice_of("", 0));
    assert_int_equal(ede_of(&s), DNS_EDE_NONE);
    end(&s);
}

static unsigned ask_chaos(struct stage *s, const char *name, const char *type)
{
    const struct question q = {.name = name, .type = type, .class = DNS_CLASS_CH};
    struct answer_request request = {.query = query_with(s, &q, slice_of("", 0)),
                                     .view = question_view(&q)};
    return ask_request(s, &request);
}

static void chaos_is_answered_where_it_is_switched_on(void **state)
{
    (void)state;
    static const char *const names[] = {"version.bind", "version.server", "hostname.bind",
                                        "ID.Server"};
    struct stage s;
    begin(&s);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_int_equal(ask_chaos(&s, names[i], "TXT"), DNS_RCODE_REFUSED);
    s.settings.chaos_version = SLICE_LIT("\4weir");
    s.settings.chaos_host = SLICE_LIT("\4here");
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        size_t at = 0;
        unsigned index = 0;
        struct response_record record;
        assert_int_equal(ask_chaos(&s, names[i], "TXT"), DNS_RCODE_NOERROR);
        assert_true(response_next(&s.response, &at, &index, &record));
        assert_int_equal(record.class, DNS_CLASS_CH);
        assert_true(slice_equal(record.rdata, i < 2 ? SLICE_LIT("\4weir") : SLICE_LIT("\4here")));
        assert_int_equal(ask_chaos(&s, names[i], "A"), DNS_RCODE_REFUSED);
    }
    assert_int_equal(ask_chaos(&s, "authors.bind", "TXT"), DNS_RCODE_REFUSED);
    assert_int_equal(ask_chaos(&s, "www.example.com", "TXT"), DNS_RCODE_REFUSED);
    end(&s);
}

/* Settings of these flags; NULL where they are refused. */
static struct answer_settings *settings_of(const char *const *args, size_t count)
{
    struct errctx ec = {0};
    char *no_environment[] = {NULL};
    struct settings settings;
    struct answer_settings *made = NULL;
    assert_int_equal(settings_load(&settings, args, count, no_environment, &ec), ERR_OK);
    enum err e = answer_settings_new(&settings, &made, &ec);
    assert_true(e == ERR_OK || (e == ERR_INVALID && made == NULL));
    settings_fini(&settings);
    return made;
}

static bool may_ask(const struct answer_settings *s, const char *client)
{
    const struct question q = {.source = client};
    struct view view = question_view(&q);
    return answer_settings_allow(s, &view.source);
}

static void the_longest_network_says_who_may_ask(void **state)
{
    (void)state;
    const char *args[] = {"--dns-allow", "10.0.0.0/8, 2001:db8::/32",
                          "--dns-deny",  "10.1.0.0/16",
                          "--dns-allow", "10.1.2.3"};
    struct answer_settings *s = settings_of(args, ARRAY_LEN(args));
    assert_non_null(s);
    assert_true(may_ask(s, "10.2.0.1"));
    assert_false(may_ask(s, "10.1.0.1"));
    assert_true(may_ask(s, "10.1.2.3"));
    assert_false(may_ask(s, "10.1.2.4"));
    assert_false(may_ask(s, "192.0.2.1"));
    assert_true(may_ask(s, "2001:db8::1"));
    assert_false(may_ask(s, "2001:db9::1"));
    answer_settings_free(s);
    const char *deny[] = {"--dns-deny", "192.0.2.0/24"};
    s = settings_of(deny, ARRAY_LEN(deny));
    assert_false(may_ask(s, "192.0.2.1"));
    assert_true(may_ask(s, "192.0.3.1"));
    assert_true(may_ask(NULL, "192.0.2.1"));
    answer_settings_free(s);
}

static void who_may_not_ask_is_refused_as_prohibited(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    const char *deny[] = {"--dns-deny", "192.0.2.1"};
    struct answer_settings *settings = settings_of(deny, ARRAY_LEN(deny));
    s.scene.settings = settings;
    assert_int_equal(ask_with(&s, option(&s, DNS_EDNS_COOKIE, SLICE_LIT(CLIENT))),
                     DNS_RCODE_REFUSED);
    assert_int_equal(ede_of(&s), DNS_EDE_PROHIBITED);
    assert_int_equal(s.summary.ede, DNS_EDE_PROHIBITED);
    assert_null(option_of(&s, DNS_EDNS_COOKIE).data);
    answer_settings_free(settings);
    end(&s);
}

static void networks_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"10.0.0.0/33",    "10.0.0/8", "x",
                                        "2001:db8::/129", "1.2.3.4/", "1.2.3.4/a"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        assert_null(settings_of((const char *const[]){"--dns-allow", texts[i]}, 2));
        assert_null(settings_of((const char *const[]){"--dns-rate-exempt", texts[i]}, 2));
    }
}

static void loopback_is_exempt_unless_the_setting_says_otherwise(void **state)
{
    (void)state;
    const struct question v4 = {.source = "127.0.0.9"};
    const struct question v6 = {.source = "::1"};
    const struct question other = {.source = "192.0.2.1"};
    struct view views[] = {question_view(&v4), question_view(&v6), question_view(&other)};
    struct answer_settings *s = settings_of(NULL, 0);
    assert_int_equal(s->rate_per_s, 200);
    assert_int_equal(s->rate_slip, 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(answer_settings_exempt(s, &views[i].source), i < 2);
    answer_settings_free(s);
    s = settings_of((const char *const[]){"--dns-rate-exempt", "192.0.2.0/24"}, 2);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(answer_settings_exempt(s, &views[i].source), i == 2);
    answer_settings_free(s);
}

/* The answer to a query that is beyond the rate of its kind. */
static unsigned ask_beyond(struct stage *s, const struct question *q, struct slice options)
{
    struct answer_request request = {.query = query_with(s, q, options),
                                     .view = question_view(q),
                                     .is_limited = true,
                                     .now_unix_s = NOW_UNIX_S};
    return ask_request(s, &request);
}

static void beyond_the_limit_come_badcookie_or_tc(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    const struct question q = {.name = "www.example.com"};
    uint8_t bad[24] = CLIENT;
    assert_int_equal(ask_beyond(&s, &q, slice_of("", 0)), DNS_RCODE_NOERROR);
    assert_true(s.summary.is_truncated);
    assert_int_equal(s.response.counts[DNS_ANSWER], 0);
    assert_int_equal(ask_beyond(&s, &q, option(&s, DNS_EDNS_COOKIE, SLICE_LIT(CLIENT))),
                     DNS_RCODE_BADCOOKIE);
    assert_false(s.summary.is_truncated);
    assert_int_equal(s.response.counts[DNS_ANSWER], 0);
    assert_int_equal(option_of(&s, DNS_EDNS_COOKIE).len, COOKIE_OPTION_BYTES);
    assert_int_equal(ask_beyond(&s, &q, option(&s, DNS_EDNS_COOKIE, slice_of(bad, sizeof(bad)))),
                     DNS_RCODE_BADCOOKIE);
    end(&s);
}

/* The kind of the answer that the rate limit counts. */
static uint64_t kind_of(struct stage *s, const char *name)
{
    uint8_t bytes[600];
    const struct question q = {.name = name};
    struct answer_request request = {.query = question_bytes(&q, bytes), .view = question_view(&q)};
    (void)ask_request(s, &request);
    return s->summary.kind;
}

static void a_name_a_wildcard_and_a_zones_missing_names_are_kinds(void **state)
{
    (void)state;
    struct stage s;
    begin(&s);
    world_free(s.world);
    fixture_value(&s.f, "Z1", "*.w.example.com", "A", 60, "192.0.2.2");
    fixture_whole_zone(&s.f, "Z2", "example.org");
    s.world = fixture_world(&s.f);
    s.scene.world = s.world;
    assert_int_equal(kind_of(&s, "www.example.com"), kind_of(&s, "WWW.example.com"));
    assert_int_not_equal(kind_of(&s, "www.example.com"), kind_of(&s, "example.com"));
    assert_int_equal(kind_of(&s, "a.w.example.com"), kind_of(&s, "b.w.example.com"));
    assert_int_not_equal(kind_of(&s, "a.w.example.com"), kind_of(&s, "a.example.com"));
    assert_int_equal(kind_of(&s, "a.example.com"), kind_of(&s, "b.example.com"));
    assert_int_not_equal(kind_of(&s, "a.example.com"), kind_of(&s, "a.example.org"));
    assert_int_equal(kind_of(&s, "a.example.net"), kind_of(&s, "b.example.info"));
    end(&s);
}

static void settings_give_names_within_their_limit(void **state)
{
    (void)state;
    struct errctx ec = {0};
    char *no_environment[] = {NULL};
    struct settings settings;
    struct answer_settings *made = NULL;
    const char *args[] = {"--dns-nsid", "node-1", "--dns-chaos"};
    assert_int_equal(settings_load(&settings, args, ARRAY_LEN(args), no_environment, &ec), ERR_OK);
    assert_int_equal(answer_settings_new(&settings, &made, &ec), ERR_OK);
    assert_true(slice_equal(made->nsid, SLICE_LIT("node-1")));
    assert_true(slice_equal(made->chaos_host, SLICE_LIT("\6node-1")));
    assert_true(slice_starts_with(made->chaos_version, SLICE_LIT("\12weir ")));
    answer_settings_free(made);
    settings_fini(&settings);
    char long_name[66];
    memset(long_name, 'x', 65);
    long_name[65] = '\0';
    args[1] = long_name;
    assert_int_equal(settings_load(&settings, args, ARRAY_LEN(args), no_environment, &ec), ERR_OK);
    assert_int_equal(answer_settings_new(&settings, &made, &ec), ERR_INVALID);
    settings_fini(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_client_gets_a_cookie_and_is_known_by_it),
        cmocka_unit_test(a_cookie_of_others_is_answered_with_a_good_one),
        cmocka_unit_test(cookies_of_no_length_are_formerr_and_the_first_counts),
        cmocka_unit_test(a_query_without_a_question_comes_for_a_cookie),
        cmocka_unit_test(without_keys_a_cookie_is_passed_over),
        cmocka_unit_test(the_servers_name_is_told_to_who_asks),
        cmocka_unit_test(the_idle_time_is_told_over_tcp_alone),
        cmocka_unit_test(a_refusal_says_why_where_there_is_edns),
        cmocka_unit_test(chaos_is_answered_where_it_is_switched_on),
        cmocka_unit_test(the_longest_network_says_who_may_ask),
        cmocka_unit_test(who_may_not_ask_is_refused_as_prohibited),
        cmocka_unit_test(networks_that_are_none_are_refused),
        cmocka_unit_test(loopback_is_exempt_unless_the_setting_says_otherwise),
        cmocka_unit_test(beyond_the_limit_come_badcookie_or_tc),
        cmocka_unit_test(a_name_a_wildcard_and_a_zones_missing_names_are_kinds),
        cmocka_unit_test(settings_give_names_within_their_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
