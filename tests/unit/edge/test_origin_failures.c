// SPDX-License-Identifier: Apache-2.0
// Calls to origins that fail, in every class, and what is tried again.
#include "base/check.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "metrics/counters.h"
#include "net/socket.h"
#include "origin_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct responder_rule rules[] = {
    {"gone.test", RESPONDER_A, RESPONDER_NXDOMAIN, 0, NULL},
    {"gone.test", RESPONDER_AAAA, RESPONDER_NXDOMAIN, 0, NULL},
    {"sick.test", RESPONDER_A, RESPONDER_SERVFAIL, 0, NULL},
    {"sick.test", RESPONDER_AAAA, RESPONDER_SERVFAIL, 0, NULL},
    {"mute.test", RESPONDER_A, RESPONDER_SILENT, 0, NULL},
    {"mute.test", RESPONDER_AAAA, RESPONDER_SILENT, 0, NULL},
    {"metadata.test", RESPONDER_A, RESPONDER_ANSWER, 60, "169.254.169.254"},
    {"rebound.test", RESPONDER_A, RESPONDER_ANSWER, 60, "169.254.169.254 127.0.0.1"},
    {"two.test", RESPONDER_A, RESPONDER_ANSWER, 60, "127.0.0.1 127.0.0.2"},
    {0}};

static void assert_failed(const struct heard *h, enum origin_failure failure)
{
    if (h->failure != failure)
        fail_msg("failed as %d: %s", h->failure, h->why.text);
    assert_int_equal(h->ends, 1);
    assert_non_null(strstr(h->why.text, "origin '"));
}

static void each_class_has_its_status_and_words(void **state)
{
    (void)state;
    static const unsigned statuses[ORIGIN_FAILURE_COUNT] = {200, 502, 502, 502, 502,
                                                            504, 504, 502, 502, 503};
    for (int f = ORIGIN_OK; f < ORIGIN_FAILURE_COUNT; f++) {
        assert_int_equal(origin_failure_status((enum origin_failure)f), statuses[f]);
        assert_true(strlen(origin_failure_text((enum origin_failure)f)) > 0);
    }
}

static void a_name_without_an_address_has_no_origin(void **state)
{
    (void)state;
    static const char *const names[] = {"gone.test", "sick.test", "mute.test", "no name"};
    struct bench b;
    bench_init(&b, rules);
    b.options.resolver.timeout_ns = 5 * BENCH_SECOND_NS;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct heard h;
        bench_aim(&b, names[i], 80);
        (void)bench_run(&b, &h, "GET");
        assert_failed(&h, ORIGIN_NO_ADDRESS);
    }
    bench_close(&b);
}

static void forbidden_networks_are_never_connected_to(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, OK_TEXT}, {0}};
    static const char *const names[] = {"metadata.test", "169.254.1.1", "::ffff:169.254.1.1"};
    struct bench b;
    struct script s;
    struct heard h;
    char own[NET_ADDRESS_TEXT_SIZE];
    struct net_address api = nobody();
    net_address_format(&api, own);
    const char *const texts[] = {"169.254.0.0/16", own};
    bench_init(&b, rules);
    assert_int_equal(network_list_new(texts, 2, &b.forbidden, NULL), ERR_OK);
    b.options.forbidden = b.forbidden;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        bench_aim(&b, names[i], 80);
        (void)bench_run(&b, &h, "GET");
        assert_failed(&h, ORIGIN_FORBIDDEN);
    }
    bench_aim_at(&b, &api);
    (void)bench_run(&b, &h, "GET");
    assert_failed(&h, ORIGIN_FORBIDDEN);

    script_start(&s, steps, NULL, NULL);
    bench_aim(&b, "rebound.test", net_address_port(&s.address)); /* its other address may be */
    assert_int_equal(bench_run(&b, &h, "GET"), ORIGIN_OK);
    heard_fini(&h);
    script_stop(&s);
    bench_close(&b);
}

static void a_refused_connection_is_tried_as_often_as_the_origin_says(void **state)
{
    (void)state;
    static const char *const methods[] = {"GET", "POST"};
    struct bench b;
    struct heard h;
    struct net_address address = nobody();
    bench_init(&b, rules);
    bench_open(&b);
    bench_aim_at(&b, &address);
    for (uint32_t attempts = 1; attempts <= 3; attempts++) {
        b.origin.connection_attempts = attempts;
        for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
            uint64_t before = metrics_cells[METRIC_ORIGIN_RETRIES];
            (void)bench_run(&b, &h, methods[i]);
            assert_failed(&h, ORIGIN_REFUSED);
            assert_int_equal(metrics_cells[METRIC_ORIGIN_RETRIES] - before, attempts - 1);
        }
    }
    bench_close(&b);
}

static void a_connection_that_does_not_come_about_in_time_is_a_timeout(void **state)
{
    (void)state;
    struct bench b;
    struct heard h;
    struct full_listener f;
    full_listener_open(&f);
    bench_init(&b, rules);
    b.origin.connection_timeout_s = 2;
    bench_open(&b);
    bench_aim_at(&b, &f.address);
    int64_t before_ns = time_monotonic_ns();
    (void)bench_run(&b, &h, "GET");
    assert_failed(&h, ORIGIN_CONNECT_TIMEOUT);
    assert_true(time_monotonic_ns() - before_ns >= 3 * 2 * BENCH_SECOND_NS);
    full_listener_close(&f);
    bench_close(&b);
}

/** Plays one script to one call. */
static enum origin_failure play(struct bench *b, struct heard *h, const struct script_step *steps,
                                const char *method, unsigned connections)
{
    struct script s;
    script_start(&s, steps, NULL, NULL);
    bench_aim_at(b, &s.address);
    (void)bench_run(b, h, method);
    script_stop(&s);
    if (s.connections != connections)
        fail_msg("%s: %u connections", method, s.connections);
    return h->failure;
}

static void a_silent_origin_is_asked_again_for_get_and_head_alone(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        unsigned attempts;
    } cases[] = {{"GET", 3},    {"HEAD", 3},  {"POST", 1},   {"PUT", 1},
                 {"DELETE", 1}, {"PATCH", 1}, {"OPTIONS", 1}};
    static const struct script_step silent[] = {
        {SCRIPT_SILENT, NULL}, {SCRIPT_SILENT, "HTTP/1.1 200 OK\r\n"}, {SCRIPT_SILENT, NULL}, {0}};
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    b.origin.response_timeout_s = 2;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        (void)play(&b, &h, silent + 3 - cases[i].attempts, cases[i].method, cases[i].attempts);
        assert_failed(&h, ORIGIN_RESPONSE_TIMEOUT);
        assert_int_equal(h.heads, 0);
    }
    b.origin.connection_attempts = 1;
    (void)play(&b, &h, silent + 2, "GET", 1);
    assert_failed(&h, ORIGIN_RESPONSE_TIMEOUT);
    bench_close(&b);
}

static void a_later_attempt_may_succeed(void **state)
{
    (void)state;
    static const struct script_step steps[] = {
        {SCRIPT_SILENT, NULL}, {SCRIPT_SILENT, NULL}, {SCRIPT_ANSWER_CLOSE, OK_TEXT}, {0}};
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    b.origin.response_timeout_s = 25; /* enough for the answer of a busy machine */
    bench_open(&b);
    assert_int_equal(play(&b, &h, steps, "GET", 3), ORIGIN_OK);
    assert_int_equal(h.status, 200);
    assert_int_equal(h.heads, 1);
    heard_fini(&h);
    bench_close(&b);
}

static void what_fails_behind_the_head_is_not_tried_again(void **state)
{
    (void)state;
    static const struct {
        enum script_verb verb;
        const char *text;
        enum origin_failure failure;
    } cases[] = {
        {SCRIPT_SILENT, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", ORIGIN_RESPONSE_TIMEOUT},
        {SCRIPT_ANSWER_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", ORIGIN_CLOSED},
        {SCRIPT_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", ORIGIN_CLOSED},
        {SCRIPT_SILENT, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
         ORIGIN_MALFORMED},
    };
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct script_step steps[] = {{cases[i].verb, cases[i].text}, {0}};
        b.origin.response_timeout_s = cases[i].failure == ORIGIN_RESPONSE_TIMEOUT ? 25 : 1000;
        (void)play(&b, &h, steps, "GET", 1);
        assert_failed(&h, cases[i].failure);
        assert_int_equal(h.heads, 1);
        heard_fini(&h);
    }
    bench_close(&b);
}

static void what_is_no_answer_is_malformed_or_closed_at_once(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum origin_failure failure;
    } cases[] = {
        {"", ORIGIN_CLOSED},
        {"HTTP/1.1 200 O", ORIGIN_CLOSED},
        {"<html>", ORIGIN_CLOSED},
        {"<html>\r\n", ORIGIN_MALFORMED},
        {"HTTP/2 200 OK\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 99 Low\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 600 High\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nA: \rb\r\n\r\n", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         ORIGIN_MALFORMED},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", ORIGIN_MALFORMED},
    };
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, cases[i].text}, {0}};
        (void)play(&b, &h, steps, "GET", 1);
        if (h.failure != cases[i].failure)
            fail_msg("'%s': %d: %s", cases[i].text, h.failure, h.why.text);
        assert_int_equal(h.heads, 0);
    }
    bench_close(&b);
}

static void an_answers_head_has_a_limit(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_SILENT, OK_TEXT}, {0}};
    struct http_limits limits = {.head_bytes = 20, .field_count = 10};
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    b.options.limits = &limits;
    bench_open(&b);
    (void)play(&b, &h, steps, "GET", 1);
    assert_failed(&h, ORIGIN_MALFORMED);
    bench_close(&b);
}

/** A server's context and a client's, which trusts it for the name. */
static void contexts_make(struct arena *a, const char *name, struct net_tls **out_server,
                          struct net_tls **out_client)
{
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    struct cert_spec spec = {.purpose = CERT_TLS_SERVER,
                             .common_name = name,
                             .alt_names = &name,
                             .alt_count = 1,
                             .now_unix_s = now_unix_s,
                             .days = 1};
    struct pem_pair authority;
    struct pem_pair pair;
    assert_int_equal(local_authority_make(a, now_unix_s, &authority, NULL), ERR_OK);
    assert_int_equal(local_authority_issue(a, &authority, &spec, &pair, NULL), ERR_OK);
    assert_int_equal(net_tls_server_new(pair.cert_pem, pair.key_pem, out_server, NULL), ERR_OK);
    assert_int_equal(net_tls_client_new(authority.cert_pem, out_client, NULL), ERR_OK);
}

/** One call to a TLS origin at an address, with a certificate for `cert_name`. */
static enum origin_failure call_tls(const char *cert_name, const char *host,
                                    const struct script_step *steps, bool is_trusted)
{
    AUTO_ARENA struct arena a = {0};
    struct net_tls *server;
    struct net_tls *client;
    struct net_tls *none;
    struct bench b;
    struct heard h;
    struct script s;
    contexts_make(&a, cert_name, &server, &client);
    assert_int_equal(net_tls_origin_client_new(NULL, &none, NULL), ERR_OK);
    bench_init(&b, rules);
    b.options.tls = is_trusted ? client : none;
    b.origin.connection_timeout_s = steps->verb == SCRIPT_STUCK ? 2 : 1000;
    b.is_https = true;
    b.host = host;
    bench_open(&b);
    script_start(&s, steps, server, NULL);
    bench_aim_at(&b, &s.address);
    enum origin_failure failure = bench_run(&b, &h, "GET");
    bench_close(&b);
    script_stop(&s);
    heard_fini(&h);
    net_tls_free(server);
    net_tls_free(client);
    net_tls_free(none);
    return failure;
}

static void an_https_origin_must_show_its_name_or_the_hosts(void **state)
{
    (void)state;
    static const struct script_step answer[] = {{SCRIPT_ANSWER_CLOSE, OK_TEXT}, {0}};
    static const struct script_step refused[] = {
        {SCRIPT_ANSWER, NULL}, {SCRIPT_ANSWER, NULL}, {SCRIPT_ANSWER, NULL}, {0}};
    assert_int_equal(call_tls("127.0.0.1", "127.0.0.1", answer, true), ORIGIN_OK);
    assert_int_equal(call_tls("127.0.0.1", "www.example.com", answer, true), ORIGIN_OK);
    assert_int_equal(call_tls("www.example.com", "WWW.example.com:443", answer, true), ORIGIN_OK);
    assert_int_equal(call_tls("www.example.com", "www.example.net", refused, true), ORIGIN_TLS);
    assert_int_equal(call_tls("www.example.com", "127.0.0.1", refused, true), ORIGIN_TLS);
    assert_int_equal(call_tls("127.0.0.1", "127.0.0.1", refused, false), ORIGIN_TLS);
}

static void an_https_origin_that_speaks_no_tls_fails(void **state)
{
    (void)state;
    static const struct script_step plain[] = {{SCRIPT_SINK, "HTTP/1.1 400 Bad Request\r\n\r\n"},
                                               {SCRIPT_SINK, "x\r\n\r\n\r\n"},
                                               {SCRIPT_SINK, "x\r\n\r\n\r\n"},
                                               {0}};
    static const struct script_step stuck[] = {
        {SCRIPT_STUCK, NULL}, {SCRIPT_STUCK, NULL}, {SCRIPT_STUCK, NULL}, {0}};
    assert_int_equal(call_tls("127.0.0.1", "a.test", plain, true), ORIGIN_TLS);
    assert_int_equal(call_tls("127.0.0.1", "a.test", stuck, true), ORIGIN_CONNECT_TIMEOUT);
}

static void attempts_go_over_the_addresses_and_begin_at_the_last_good_one(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER_CLOSE, OK_TEXT},
                                               {SCRIPT_ANSWER_CLOSE, OK_TEXT},
                                               {SCRIPT_ANSWER_CLOSE, OK_TEXT},
                                               {0}};
    struct bench b;
    struct heard h;
    struct script s;
    bench_init(&b, rules);
    bench_open(&b);
    script_start(&s, steps, NULL, "127.0.0.2:0"); /* nobody has this port at 127.0.0.1 */
    bench_aim(&b, "two.test", net_address_port(&s.address));
    assert_int_equal(bench_run(&b, &h, "POST"), ORIGIN_OK);
    heard_fini(&h);
    uint64_t before = metrics_cells[METRIC_ORIGIN_RETRIES];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bench_run(&b, &h, "GET"), ORIGIN_OK);
        heard_fini(&h);
    }
    assert_int_equal(metrics_cells[METRIC_ORIGIN_RETRIES], before);
    script_stop(&s);
    bench_close(&b);
}

static void a_dead_kept_connection_costs_a_get_nothing(void **state)
{
    (void)state;
    static const struct script_step steps[] = {{SCRIPT_ANSWER, OK_TEXT},
                                               {SCRIPT_ANSWER_CLOSE, NULL},
                                               {SCRIPT_ANSWER, OK_TEXT},
                                               {SCRIPT_ANSWER_CLOSE, NULL},
                                               {0}};
    struct bench b;
    struct heard h;
    struct script s;
    bench_init(&b, rules);
    b.origin.connection_attempts = 1;
    bench_open(&b);
    script_start(&s, steps, NULL, NULL);
    bench_aim_at(&b, &s.address);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bench_run(&b, &h, "GET"), ORIGIN_OK);
        heard_fini(&h);
    }
    (void)bench_run(&b, &h, "POST"); /* it may have been carried out */
    assert_failed(&h, ORIGIN_CLOSED);
    assert_int_equal(s.connections, 2);
    script_stop(&s);
    bench_close(&b);
}

static void failures_are_counted_by_class(void **state)
{
    (void)state;
    struct bench b;
    struct heard h;
    bench_init(&b, rules);
    bench_open(&b);
    bench_aim(&b, "gone.test", 80);
    uint64_t before = metrics_cells[METRIC_ORIGIN_NO_ADDRESS];
    uint64_t calls = metrics_cells[METRIC_ORIGIN_CALLS];
    (void)bench_run(&b, &h, "GET");
    assert_int_equal(metrics_cells[METRIC_ORIGIN_NO_ADDRESS], before + 1);
    assert_int_equal(metrics_cells[METRIC_ORIGIN_CALLS], calls + 1);
    assert_int_equal(metrics_cells[METRIC_ORIGIN_RUNNING], 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_class_has_its_status_and_words),
        cmocka_unit_test(a_name_without_an_address_has_no_origin),
        cmocka_unit_test(forbidden_networks_are_never_connected_to),
        cmocka_unit_test(a_refused_connection_is_tried_as_often_as_the_origin_says),
        cmocka_unit_test(a_connection_that_does_not_come_about_in_time_is_a_timeout),
        cmocka_unit_test(a_silent_origin_is_asked_again_for_get_and_head_alone),
        cmocka_unit_test(a_later_attempt_may_succeed),
        cmocka_unit_test(what_fails_behind_the_head_is_not_tried_again),
        cmocka_unit_test(what_is_no_answer_is_malformed_or_closed_at_once),
        cmocka_unit_test(an_answers_head_has_a_limit),
        cmocka_unit_test(an_https_origin_must_show_its_name_or_the_hosts),
        cmocka_unit_test(an_https_origin_that_speaks_no_tls_fails),
        cmocka_unit_test(attempts_go_over_the_addresses_and_begin_at_the_last_good_one),
        cmocka_unit_test(a_dead_kept_connection_costs_a_get_nothing),
        cmocka_unit_test(failures_are_counted_by_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
