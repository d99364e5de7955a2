// SPDX-License-Identifier: Apache-2.0
// Signed exchanges: a request of ours as a client's query, and what comes back; the file of keys.
#include "authority/tsig.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW ASK_NOW_UNIX_S
#define KEYS                                                                                       \
    "# keys\n"                                                                                     \
    "one. hmac-sha256 c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\n"                                      \
    "\n"                                                                                           \
    "  two.example HMAC-SHA512. AAECAwQFBgcICQoLDA0ODw== \n"                                       \
    "three hmac-sha384 AAECAwQFBgcICQoLDA0ODw==\n"

static struct tsig_keys *keys_of(const char *text)
{
    struct tsig_keys *keys;
    struct errctx ec = {0};
    if (tsig_keys_parse(slice_str(text), &keys, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return keys;
}

static const char *refusal_of(const char *text)
{
    static struct errctx ec;
    struct tsig_keys *keys;
    ec = (struct errctx){0};
    assert_int_equal(tsig_keys_parse(slice_str(text), &keys, &ec), ERR_INVALID);
    return ec.text;
}

static void a_file_of_keys_is_read_line_by_line(void **state)
{
    (void)state;
    struct tsig_keys *keys = keys_of(KEYS);
    assert_int_equal(keys->count, 3);
    const struct tsig_key *two = tsig_keys_find(keys, SLICE_LIT("\3two\7example\0"));
    assert_non_null(two);
    assert_int_equal(two->hash, HMAC_SHA512);
    assert_int_equal(two->secret_bytes, 16);
    assert_null(tsig_keys_find(keys, SLICE_LIT("\4four\0")));
    assert_null(tsig_keys_find(NULL, SLICE_LIT("\3one\0")));
    tsig_keys_free(keys);
}

static void what_is_no_key_is_refused_with_its_line(void **state)
{
    (void)state;
    assert_string_equal(refusal_of("# x\none hmac-sha256\n"),
                        "line 2: NAME ALGORITHM SECRET is expected");
    assert_non_null(strstr(refusal_of("one hmac-md5 AAAA"), "line 1: algorithm 'hmac-md5'"));
    assert_non_null(strstr(refusal_of("one hmac-sha256 AAA"), "no base64"));
    assert_non_null(strstr(refusal_of("one hmac-sha256 AAAA\nONE. hmac-sha512 AAAA"),
                           "line 2: the key is named twice"));
    assert_non_null(strstr(refusal_of("a..b hmac-sha256 AAAA"), "line 1: "));
}

static void a_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-tsig-XXXXXX";
    struct tsig_keys *keys = NULL;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, KEYS, sizeof(KEYS) - 1), sizeof(KEYS) - 1);
    struct errctx ec = {0};
    assert_int_equal(tsig_keys_read(path, &keys, &ec), ERR_OK);
    tsig_keys_free(keys);
    assert_int_equal(fchmod(fd, 0640), 0);
    assert_int_equal(tsig_keys_read(path, &keys, &ec), ERR_DENIED);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(tsig_keys_read(path, &keys, &ec), ERR_NOT_FOUND);
    (void)close(fd);
}

/* A query that the key of the name signs; its length. */
static size_t signed_query(const struct tsig_keys *keys, const char *name, uint8_t out[600],
                           struct tsig_session *session)
{
    struct dns_name wire;
    const struct question q = {.name = "www.example.com"};
    struct slice query = question_bytes(&q, out);
    assert_int_equal(dns_name_parse(slice_str(name), &wire, NULL), ERR_OK);
    tsig_begin_request(session, tsig_keys_find(keys, dns_name_slice(&wire)),
                       (uint16_t)(out[0] << 8 | out[1]));
    return tsig_sign(session, out, query.len, NOW);
}

static enum tsig_verdict check(const struct tsig_keys *keys, const uint8_t *query, size_t len,
                               int64_t now, struct tsig_session *out)
{
    return tsig_check_query(keys, slice_of(query, len), dns_tsig_find(slice_of(query, len)), now,
                            out);
}

static void each_algorithm_signs_and_checks(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "two.example", "three"};
    struct tsig_keys *keys = keys_of(KEYS);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        uint8_t query[600];
        struct tsig_session client;
        struct tsig_session server;
        size_t len = signed_query(keys, names[i], query, &client);
        assert_int_equal(check(keys, query, len, NOW, &server), TSIG_GOOD);
        uint8_t response[600] = {query[0], query[1], 0x84};
        size_t signed_len = tsig_sign(&server, response, DNS_HEADER_BYTES, NOW + 1);
        assert_true(signed_len <= DNS_HEADER_BYTES + tsig_bytes(&server));
        assert_true(tsig_check_response(&client, slice_of(response, signed_len), NOW));
        assert_false(tsig_check_response(&client, slice_of(response, signed_len), NOW + 400));
        response[3] ^= 1;
        assert_false(tsig_check_response(&client, slice_of(response, signed_len), NOW));
    }
    tsig_keys_free(keys);
}

static void any_other_bit_is_badsig_and_any_other_key_badkey(void **state)
{
    (void)state;
    uint8_t query[600];
    struct tsig_session client;
    struct tsig_session server;
    struct tsig_keys *keys = keys_of(KEYS);
    struct tsig_keys *others = keys_of("one hmac-sha256 AAAA\nthree hmac-sha256 AAAA");
    size_t len = signed_query(keys, "one", query, &client);
    query[2] ^= 1;
    assert_int_equal(check(keys, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADSIG);
    assert_false(server.has_key);
    query[2] ^= 1;
    assert_int_equal(check(others, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADSIG);
    assert_int_equal(check(NULL, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADKEY);
    len = signed_query(keys, "three", query, &client); /* by another algorithm */
    assert_int_equal(check(others, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADKEY);
    tsig_keys_free(keys);
    tsig_keys_free(others);
}

static void a_clock_too_far_away_is_badtime_with_our_time(void **state)
{
    (void)state;
    uint8_t query[600];
    struct tsig_session client;
    struct tsig_session server;
    struct tsig_keys *keys = keys_of(KEYS);
    size_t len = signed_query(keys, "one", query, &client);
    assert_int_equal(check(keys, query, len, NOW + 300, &server), TSIG_GOOD);
    assert_int_equal(check(keys, query, len, NOW - 300, &server), TSIG_GOOD);
    assert_int_equal(check(keys, query, len, NOW - 301, &server), TSIG_NOTAUTH);
    assert_int_equal(check(keys, query, len, NOW + 301, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADTIME);
    uint8_t response[600] = {query[0], query[1], 0x80, 9};
    struct dns_tsig read;
    size_t signed_len = tsig_sign(&server, response, DNS_HEADER_BYTES, NOW + 301);
    struct slice bytes = slice_of(response, signed_len);
    assert_true(dns_tsig_read(bytes, dns_tsig_find(bytes), &read));
    assert_int_equal(read.time_s, NOW);
    assert_int_equal(read.other.len, DNS_TSIG_TIME_BYTES);
    assert_true(tsig_check_response(&client, bytes, NOW)); /* signed, so that it can be believed */
    tsig_keys_free(keys);
}

/* Cuts the MAC of the signed query to so many bytes. */
static size_t cut_mac(uint8_t *query, size_t len, size_t mac_bytes)
{
    struct dns_tsig tsig;
    uint8_t mac[HMAC_MAX_BYTES];
    size_t at = dns_tsig_find(slice_of(query, len));
    assert_true(dns_tsig_read(slice_of(query, len), at, &tsig));
    memcpy(mac, tsig.mac.data, tsig.mac.len);
    tsig.mac = slice_of(mac, mac_bytes);
    query[11]--;
    return dns_tsig_write(query, at, &tsig);
}

static void a_short_mac_is_badtrunc_and_a_shorter_one_malformed(void **state)
{
    (void)state;
    uint8_t query[600];
    struct tsig_session client;
    struct tsig_session server;
    struct tsig_keys *keys = keys_of(KEYS);
    size_t len = cut_mac(query, signed_query(keys, "one", query, &client), 31);
    assert_int_equal(check(keys, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADTRUNC);
    assert_true(server.has_key);
    len = cut_mac(query, signed_query(keys, "one", query, &client), 16);
    assert_int_equal(check(keys, query, len, NOW, &server), TSIG_NOTAUTH);
    assert_int_equal(server.tsig.error, DNS_TSIG_BADTRUNC);
    len = cut_mac(query, signed_query(keys, "one", query, &client), 15);
    assert_int_equal(check(keys, query, len, NOW, &server), TSIG_FORMERR);
    tsig_keys_free(keys);
}

/* Answers over UDP through the code that serves. */
static size_t answer_bytes(const struct scene *scene, struct slice query, uint8_t out[1232])
{
    struct answer_summary summary;
    const struct question q = {0};
    const struct answer_request request = {
        .query = query, .view = question_view(&q), .now_unix_s = NOW};
    return answer(scene, &request, out, 1232, &summary);
}

static void every_answer_to_a_signed_query_is_signed_and_keeps_to_its_limit(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t query[600];
    uint8_t out[1232];
    struct tsig_session client;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    const char *values[9] = {NULL};
    char texts[8][64];
    for (unsigned i = 0; i < 8; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "192.0.2.%u", i + 1);
        values[i] = texts[i];
    }
    fixture_set(&f, "Z1", "www.example.com", "A", 60, values);
    struct world *world = fixture_world(&f);
    struct tsig_keys *keys = keys_of(KEYS);
    const struct scene scene = {.world = world, .tsig_keys = keys};
    size_t len = signed_query(keys, "one", query, &client);
    size_t answered = answer_bytes(&scene, slice_of(query, len), out);
    assert_true(answered > 0 && answered <= DNS_UDP_PLAIN_BYTES);
    assert_true(tsig_check_response(&client, slice_of(out, answered), NOW));
    assert_int_equal(out[7], 8); /* ANCOUNT */
    query[2] ^= 1;
    answered = answer_bytes(&scene, slice_of(query, len), out);
    assert_int_equal(out[3] & 15, DNS_RCODE_NOTAUTH);
    struct dns_tsig read;
    struct slice bytes = slice_of(out, answered);
    assert_true(dns_tsig_read(bytes, dns_tsig_find(bytes), &read));
    assert_int_equal(read.error, DNS_TSIG_BADSIG);
    assert_int_equal(read.mac.len, 0);
    tsig_keys_free(keys);
    world_free(world);
    fixture_fini(&f);
}

static void a_signature_and_a_long_name_may_leave_no_room_for_options(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t query[600];
    uint8_t out[1232];
    char name[256];
    char key_line[256];
    struct tsig_session client;
    fixture_init(&f);
    fixture_whole_zone(&f, "Z1", "example.com");
    struct world *world = fixture_world(&f);
    (void)snprintf(key_line, sizeof(key_line), "%060d.%060d hmac-sha512 AAAA", 0, 0);
    (void)snprintf(name, sizeof(name), "%060d.%060d.%060d.%054d.example.com", 0, 0, 0, 0);
    struct tsig_keys *keys = keys_of(key_line);
    const struct scene scene = {.world = world, .tsig_keys = keys};
    const struct question q = {.name = name, .edns_bytes = 512, .subnet = "2001:db8::/128"};
    struct slice plain = question_bytes(&q, query);
    tsig_begin_request(&client, &keys->keys[0], 0x1234);
    size_t len = tsig_sign(&client, query, plain.len, NOW);
    size_t answered = answer_bytes(&scene, slice_of(query, len), out);
    assert_true(answered > 0 && answered <= DNS_UDP_PLAIN_BYTES);
    assert_true(tsig_check_response(&client, slice_of(out, answered), NOW));
    assert_true((out[2] & 2) != 0); /* TC */
    tsig_keys_free(keys);
    world_free(world);
    fixture_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_keys_is_read_line_by_line),
        cmocka_unit_test(what_is_no_key_is_refused_with_its_line),
        cmocka_unit_test(a_file_that_others_may_read_is_refused),
        cmocka_unit_test(each_algorithm_signs_and_checks),
        cmocka_unit_test(any_other_bit_is_badsig_and_any_other_key_badkey),
        cmocka_unit_test(a_clock_too_far_away_is_badtime_with_our_time),
        cmocka_unit_test(a_short_mac_is_badtrunc_and_a_shorter_one_malformed),
        cmocka_unit_test(every_answer_to_a_signed_query_is_signed_and_keeps_to_its_limit),
        cmocka_unit_test(a_signature_and_a_long_name_may_leave_no_room_for_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
