// SPDX-License-Identifier: Apache-2.0
// Server cookies against the examples of RFC 9018, appendix A, and their life over days.

#include "authority/cookie.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DAY_S 86400

static void unhex(const char *hex, uint8_t *out, size_t size)
{
    size_t len = 0;
    assert_true(slice_unhex(slice_str(hex), out, size, &len));
    assert_int_equal(len, size);
}

static struct view_address address_of(const char *text)
{
    struct view_address a = {.len = 4};
    if (inet_pton(AF_INET, text, a.bytes) == 1)
        return a;
    a.len = 16;
    assert_int_equal(inet_pton(AF_INET6, text, a.bytes), 1);
    return a;
}

/* Keys that hold one secret on each of their days. */
static struct cookie_keys keys_of(const char *hex, int64_t now_unix_s)
{
    struct cookie_keys keys = {.are_there = true, .first_day = now_unix_s / DAY_S - 1};
    for (unsigned i = 0; i < COOKIE_DAYS; i++)
        unhex(hex, keys.keys[i], SIPHASH_KEY_BYTES);
    return keys;
}

/* One example: what the client shows, and what it gets. */
struct example {
    const char *secret;
    const char *client;
    const char *source;
    const char *server;
    int64_t made_unix_s; /* in the server cookie */
};

static const struct example examples[] = {
    {"e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
     "010000005cf79f111f8130c3eee29480", 1559731985},
    {"e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
     "010000005cf7a871d4a564a1442aca77", 1559734385},
    {"e5e973e5a6b2a43f48e7dc849e37bfcf", "fc93fc62807ddb86", "203.0.113.203",
     "010000005cf7a9acf73a7810aca2381e", 1559734700},
    {"445536bcd2513298075a5d379663c962", "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8",
     "010000005cf7c609a6bb79d16625507a", 1559741961},
};

static void cookies_are_those_of_rfc_9018(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        const struct example *e = &examples[i];
        uint8_t client_cookie[COOKIE_CLIENT_BYTES];
        uint8_t expected[COOKIE_SERVER_BYTES];
        uint8_t made[COOKIE_SERVER_BYTES];
        bool is_fresh = false;
        unhex(e->client, client_cookie, sizeof(client_cookie));
        unhex(e->server, expected, sizeof(expected));
        struct view_address source = address_of(e->source);
        struct cookie_keys keys = keys_of(e->secret, e->made_unix_s);
        struct cookie_client client = {client_cookie, &source, e->made_unix_s};
        assert_true(cookie_make(&keys, &client, made));
        assert_memory_equal(made, expected, sizeof(made));
        struct slice server = slice_of(expected, sizeof(expected));
        assert_true(cookie_verify(&keys, &client, server, &is_fresh));
        assert_true(is_fresh);
    }
}

/* Appendix A.3: bits that are reserved count in the hash, whatever they are. */
static void reserved_bits_are_accepted_as_they_come(void **state)
{
    (void)state;
    uint8_t client_cookie[COOKIE_CLIENT_BYTES];
    uint8_t server[COOKIE_SERVER_BYTES];
    bool is_fresh = true;
    unhex("fc93fc62807ddb86", client_cookie, sizeof(client_cookie));
    unhex("01abcdef5cf78f71a314227b6679ebf5", server, sizeof(server));
    struct view_address source = address_of("203.0.113.203");
    struct cookie_keys keys = keys_of("e5e973e5a6b2a43f48e7dc849e37bfcf", 1559731985);
    int64_t made_unix_s = 0x5cf78f71;
    struct cookie_client client = {client_cookie, &source,
                                   made_unix_s + COOKIE_RENEWED_AFTER_S + 1};
    assert_true(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh));
    assert_false(is_fresh);
}

static void a_cookie_holds_an_hour_back_and_five_minutes_ahead(void **state)
{
    (void)state;
    static const struct {
        int64_t later_s;
        bool is_valid;
        bool is_fresh;
    } ages[] = {
        {0, true, true},     {1800, true, true},   {1801, true, false},
        {3600, true, false}, {3601, false, false}, {-1, true, false},
        {-300, true, false}, {-301, false, false}, {INT32_MAX, false, false},
    };
    struct slice seed = SLICE_LIT("sixteen bytes...");
    struct view_address source = address_of("192.0.2.1");
    uint8_t server[COOKIE_SERVER_BYTES];
    const int64_t made_unix_s = 20000LL * DAY_S + 100; /* its hour reaches into the day before */
    struct cookie_client client = {(const uint8_t *)"clientco", &source, made_unix_s};
    struct cookie_keys keys;
    cookie_keys_make(&keys, seed, made_unix_s);
    assert_true(cookie_make(&keys, &client, server));
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        bool is_fresh = false;
        client.now_unix_s = made_unix_s + ages[i].later_s;
        cookie_keys_make(&keys, seed, client.now_unix_s);
        assert_true(cookie_keys_are_current(&keys, client.now_unix_s));
        assert_int_equal(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh),
                         ages[i].is_valid);
        assert_int_equal(is_fresh, ages[i].is_fresh);
    }
}

static void each_day_has_a_secret_that_nodes_a_day_apart_share(void **state)
{
    (void)state;
    struct slice seed = SLICE_LIT("sixteen bytes...");
    const int64_t now_unix_s = 20000LL * DAY_S + DAY_S - 1;
    struct cookie_keys today;
    struct cookie_keys tomorrow;
    struct cookie_keys others;
    cookie_keys_make(&today, seed, now_unix_s);
    cookie_keys_make(&tomorrow, seed, now_unix_s + 1);
    cookie_keys_make(&others, SLICE_LIT("another sixteen."), now_unix_s);
    assert_memory_equal(today.keys[1], tomorrow.keys[0], SIPHASH_KEY_BYTES);
    assert_memory_equal(today.keys[2], tomorrow.keys[1], SIPHASH_KEY_BYTES);
    assert_memory_not_equal(today.keys[0], today.keys[1], SIPHASH_KEY_BYTES);
    assert_memory_not_equal(today.keys[1], others.keys[1], SIPHASH_KEY_BYTES);
    assert_false(cookie_keys_are_current(&today, now_unix_s + 1));
    /* Two days later the keys are too old for making or checking any. */
    struct view_address source = address_of("192.0.2.1");
    struct cookie_client client = {(const uint8_t *)"clientco", &source, now_unix_s + 2LL * DAY_S};
    uint8_t server[COOKIE_SERVER_BYTES];
    assert_false(cookie_make(&today, &client, server));
    client.now_unix_s = now_unix_s;
    assert_false(cookie_make(&(struct cookie_keys){0}, &client, server));
}

static void any_other_bit_makes_a_cookie_invalid(void **state)
{
    (void)state;
    struct slice seed = SLICE_LIT("sixteen bytes...");
    uint8_t mine[COOKIE_CLIENT_BYTES] = "clientco";
    uint8_t server[COOKIE_SERVER_BYTES];
    bool is_fresh;
    struct view_address source = address_of("192.0.2.1");
    struct view_address other = address_of("192.0.2.2");
    struct cookie_client client = {mine, &source, 20000LL * DAY_S};
    struct cookie_keys keys;
    cookie_keys_make(&keys, seed, client.now_unix_s);
    assert_true(cookie_make(&keys, &client, server));
    for (unsigned bit = 0; bit < 8 * COOKIE_SERVER_BYTES; bit++) {
        server[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh));
        server[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_false(cookie_verify(&keys, &client, slice_of(server, sizeof(server) - 1), &is_fresh));
    client.source = &other;
    assert_false(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh));
    client.source = &source;
    mine[0] ^= 1;
    assert_false(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh));
    mine[0] ^= 1;
    assert_true(cookie_verify(&keys, &client, slice_of(server, sizeof(server)), &is_fresh));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cookies_are_those_of_rfc_9018),
        cmocka_unit_test(reserved_bits_are_accepted_as_they_come),
        cmocka_unit_test(a_cookie_holds_an_hour_back_and_five_minutes_ahead),
        cmocka_unit_test(each_day_has_a_secret_that_nodes_a_day_apart_share),
        cmocka_unit_test(any_other_bit_makes_a_cookie_invalid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
