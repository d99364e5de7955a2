// SPDX-License-Identifier: Apache-2.0
// Probes of endpoints on loopback, and when they are made.
#include "health/prober.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/time.h"
#include "crypto/cert.h"
#include "endpoint.h"
#include "health/limits.h"
#include "metrics/counters.h"
#include "net/dead_end.h"
#include "os/file.h"
#include "probe_bench.h"
#include "shared/temp_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#define OK "HTTP/1.1 200 OK\r\n"

static struct probe_bench bench;
static struct endpoint endpoint;

static int setup(void **state)
{
    (void)state;
    bench_init(&bench, NULL);
    endpoint_start(&endpoint, "127.0.0.1:0", NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&bench);
    endpoint_stop(&endpoint);
    return 0;
}

/** What a probe comes to where the endpoint does this. */
static struct vote probe(const struct release_health_check *check, enum endpoint_verb verb,
                         const char *text)
{
    endpoint_set(&endpoint, verb, text);
    return bench_probe(&bench, check);
}

static struct release_health_check http_check(void)
{
    return bench_check(&bench, 1, RELEASE_CHECK_HTTP, &endpoint.address);
}

static void an_http_endpoint_passes_by_its_status(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check check = http_check();
    struct vote v = probe(&check, ENDPOINT_ANSWER, OK "\r\nbody");
    assert_int_equal(v.outcome, PROBE_PASSED);
    assert_int_equal(v.detail, 200);
    assert_int_equal(v.state, VOTE_HEALTHY);
    assert_true(v.connect_ms > 0 && v.first_byte_ms >= v.connect_ms && v.tls_ms == 0);
    AUTO_FREE char *request = endpoint_heard(&endpoint);
    assert_non_null(strstr(request, "GET /health HTTP/1.1\r\nHost: 127.0.0.1:"));
    assert_non_null(strstr(request, check.id));
    assert_int_equal(probe(&check, ENDPOINT_HOLD, "HTTP/1.1 302 x\r\n\r\n").outcome, PROBE_PASSED);
    v = probe(&check, ENDPOINT_ANSWER, "HTTP/1.1 503 x\r\n\r\n");
    assert_int_equal(v.outcome, PROBE_BAD_STATUS);
    assert_int_equal(v.detail, 503);
    assert_int_equal(v.state, VOTE_UNHEALTHY);
    v = probe(&check, ENDPOINT_ANSWER, "hello\r\n");
    assert_int_equal(v.outcome, PROBE_BAD_RESPONSE);
}

static void a_string_must_be_in_the_body(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check check = http_check();
    check.search = "all well";
    assert_int_equal(probe(&check, ENDPOINT_HOLD, OK "\r\nis all well?").outcome, PROBE_PASSED);
    assert_int_equal(probe(&check, ENDPOINT_ANSWER, OK "\r\nis al well?").outcome, PROBE_NO_MATCH);
    assert_int_equal(probe(&check, ENDPOINT_ANSWER, OK "Content-Length: 9\r\n\r\nis").outcome,
                     PROBE_CLOSED);
}

static void an_endpoint_that_ends_the_connection_fails(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check check = http_check();
    assert_int_equal(probe(&check, ENDPOINT_ANSWER, OK).outcome, PROBE_CLOSED);
    assert_int_equal(probe(&check, ENDPOINT_RESET, "").outcome, PROBE_CLOSED);
}

static void each_step_has_its_time_limit(void **state)
{
    (void)state;
    struct full_listener full;
    full_listener_open(&full);
    bench.options.limits = (struct probe_limits){.connect_ns = 300 * NS_PER_MS,
                                                 .tcp_connect_ns = 600 * NS_PER_MS,
                                                 .head_ns = 200 * NS_PER_MS,
                                                 .body_ns = 200 * NS_PER_MS};
    bench_open(&bench);
    struct release_health_check check = http_check();
    check.search = "well";
    assert_int_equal(probe(&check, ENDPOINT_HOLD, "").outcome, PROBE_RESPONSE_TIMEOUT);
    assert_int_equal(probe(&check, ENDPOINT_HOLD, OK "X: y\r\n").outcome, PROBE_RESPONSE_TIMEOUT);
    assert_int_equal(probe(&check, ENDPOINT_HOLD, OK "\r\nwel").outcome, PROBE_BODY_TIMEOUT);
    check = bench_check(&bench, 1, RELEASE_CHECK_HTTPS, &endpoint.address);
    assert_int_equal(probe(&check, ENDPOINT_LISTEN, "").outcome, PROBE_TLS_FAILED);

    int64_t before_ns = time_monotonic_ns();
    check = bench_check(&bench, 2, RELEASE_CHECK_HTTP, &full.address);
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_CONNECT_TIMEOUT);
    assert_true(time_monotonic_ns() - before_ns >= 300 * NS_PER_MS);
    before_ns = time_monotonic_ns();
    check = bench_check(&bench, 2, RELEASE_CHECK_TCP, &full.address);
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_CONNECT_TIMEOUT);
    assert_true(time_monotonic_ns() - before_ns >= 600 * NS_PER_MS);
    full_listener_close(&full);
}

static void a_tcp_endpoint_passes_when_the_connection_stands(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check check =
        bench_check(&bench, 1, RELEASE_CHECK_TCP, &endpoint.address);
    assert_int_equal(probe(&check, ENDPOINT_LISTEN, "").outcome, PROBE_PASSED);
    const struct net_address closed = nobody();
    check = bench_check(&bench, 1, RELEASE_CHECK_TCP, &closed);
    struct vote v = bench_probe(&bench, &check);
    assert_int_equal(v.outcome, PROBE_CONNECT_FAILED);
    assert_int_equal(v.detail, ECONNREFUSED);
}

static void probes_come_from_the_source_of_their_family(void **state)
{
    (void)state;
    struct net_address sources[2];
    char text[NET_ADDRESS_TEXT_SIZE];
    assert_true(net_address_parse_ip(SLICE_LIT("127.0.0.2"), &sources[0]));
    assert_true(net_address_parse_ip(SLICE_LIT("2001:db8::1"), &sources[1]));
    bench.options.sources = sources;
    bench.options.source_count = 2;
    bench_open(&bench);
    struct release_health_check check = http_check();
    assert_int_equal(probe(&check, ENDPOINT_ANSWER, OK "\r\n").outcome, PROBE_PASSED);
    const struct net_address peer = endpoint_peer(&endpoint);
    net_address_format_ip(&peer, text);
    assert_string_equal(text, "127.0.0.2");

    struct net_address six; /* the source of this family is no address of this machine */
    assert_int_equal(net_address_parse(SLICE_LIT("[::1]:9"), &six, NULL), ERR_OK);
    uint64_t lacks = metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_OWN_FAILURE);
    check = bench_check(&bench, 2, RELEASE_CHECK_TCP, &six);
    bench_plan(&bench, &check, 1);
    bench_pass(&bench, 2 * PROBER_INTERVAL_MIN_NS);
    assert_true(metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_OWN_FAILURE) > lacks);
    assert_int_equal(bench_vote(&bench, 0).outcome, PROBE_NONE);
}

static void ipv6_endpoints_are_probed(void **state)
{
    (void)state;
    struct endpoint other;
    endpoint_start(&other, "[::1]:0", NULL);
    endpoint_set(&other, ENDPOINT_ANSWER, OK "\r\n");
    bench_open(&bench);
    struct release_health_check check = bench_check(&bench, 1, RELEASE_CHECK_HTTP, &other.address);
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_PASSED);
    AUTO_FREE char *request = endpoint_heard(&other);
    assert_non_null(strstr(request, "Host: [::1]:"));
    endpoint_stop(&other);
}

static void names_are_resolved_to_ipv4_else_to_ipv6(void **state)
{
    (void)state;
    static const struct responder_rule rules[] = {
        {"both.test", RESPONDER_A, RESPONDER_ANSWER, 60, "127.0.0.1"},
        {"both.test", RESPONDER_AAAA, RESPONDER_ANSWER, 60, "2001:db8::1"},
        {"six.test", RESPONDER_AAAA, RESPONDER_ANSWER, 60, "::1"},
        {"none.test", RESPONDER_A, RESPONDER_NXDOMAIN, 60, NULL},
        {"none.test", RESPONDER_AAAA, RESPONDER_NXDOMAIN, 60, NULL},
        {"ill.test", RESPONDER_A, RESPONDER_SERVFAIL, 60, NULL},
        {"ill.test", RESPONDER_AAAA, RESPONDER_SERVFAIL, 60, NULL},
        {0}};
    struct endpoint other;
    endpoint_start(&other, "[::1]:0", NULL);
    endpoint_set(&other, ENDPOINT_ANSWER, OK "\r\n");
    responder_set(&bench.names, rules);
    bench_open(&bench);
    struct release_health_check check = http_check();
    check.address_bytes = 0;
    check.host = "both.test";
    assert_int_equal(probe(&check, ENDPOINT_ANSWER, OK "\r\n").outcome, PROBE_PASSED);
    AUTO_FREE char *request = endpoint_heard(&endpoint);
    assert_non_null(strstr(request, "Host: both.test:"));
    check.host = "none.test";
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_NOT_RESOLVED);
    check.host = "ill.test";
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_NOT_RESOLVED);
    check.host = "six.test";
    check.port = net_address_port(&other.address);
    assert_int_equal(bench_probe(&bench, &check).outcome, PROBE_PASSED);
    endpoint_stop(&other);
}

static void the_name_goes_into_the_handshake_where_the_check_says_so(void **state)
{
    (void)state;
    bench.options.limits.connect_ns = 200 * NS_PER_MS;
    bench_open(&bench);
    struct release_health_check check =
        bench_check(&bench, 1, RELEASE_CHECK_HTTPS, &endpoint.address);
    check.host = "sni.example.com";
    for (int is_sni = 0; is_sni <= 1; is_sni++) {
        check.is_sni = is_sni == 1;
        assert_int_equal(probe(&check, ENDPOINT_LISTEN, "").outcome, PROBE_TLS_FAILED);
        assert_int_equal(endpoint_has_heard(&endpoint, check.host), check.is_sni);
    }
}

/** An authority, and a certificate of it for a name. */
struct certificates {
    struct arena arena;
    struct signing_key *authority_key;
    struct signing_key *key;
    struct slice authority_pem;
    struct slice pem;
};

static void certificates_make(struct certificates *c, const char *const *names, size_t count)
{
    int64_t now_unix_s = time_unix_ms() / MS_PER_S;
    *c = (struct certificates){.authority_key = signing_key_make(), .key = signing_key_make()};
    struct cert_spec spec = {.purpose = CERT_AUTHORITY,
                             .common_name = "test authority",
                             .now_unix_s = now_unix_s,
                             .days = 1};
    CHECK(cert_issue(&c->arena, &spec, c->authority_key, NULL, &c->authority_pem, NULL) == ERR_OK);
    const struct cert_issuer issuer = {.cert_pem = c->authority_pem, .key = c->authority_key};
    spec.purpose = CERT_TLS_SERVER;
    spec.common_name = "endpoint";
    spec.alt_names = names;
    spec.alt_count = count;
    CHECK(cert_issue(&c->arena, &spec, c->key, &issuer, &c->pem, NULL) == ERR_OK);
}

static void certificates_free(struct certificates *c)
{
    signing_key_free(c->authority_key);
    signing_key_free(c->key);
    arena_fini(&c->arena);
}

/** What an HTTPS probe comes to. */
static enum probe_outcome probe_tls(const struct endpoint *to, const char *host, bool is_sni)
{
    struct release_health_check check = bench_check(&bench, 1, RELEASE_CHECK_HTTPS, &to->address);
    check.host = host;
    check.is_sni = is_sni;
    check.search = "well";
    struct vote v = bench_probe(&bench, &check);
    assert_true(v.outcome != PROBE_PASSED || v.tls_ms >= v.connect_ms);
    return v.outcome;
}

static void certificates_are_verified_in_strict_mode_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"good.example.com", "127.0.0.1"};
    char dir[TEMP_DIR_SIZE];
    struct certificates good;
    struct net_tls *tls = NULL;
    struct endpoint secure;
    temp_dir_make(dir, "probe");
    certificates_make(&good, names, ARRAY_LEN(names));
    AUTO_FREE char *authorities = mem_strdup(temp_dir_file(dir, "ca.pem"));
    assert_int_equal(file_replace(authorities, good.authority_pem, 0600, NULL), ERR_OK);
    assert_int_equal(
        net_tls_server_new(good.pem, signing_key_pem(&good.arena, good.key), &tls, NULL), ERR_OK);
    endpoint_start(&secure, "127.0.0.1:0", tls);
    endpoint_set(&secure, ENDPOINT_ANSWER, OK "\r\nwell");

    bench_open(&bench);
    assert_int_equal(probe_tls(&secure, "good.example.com", true), PROBE_PASSED);
    assert_int_equal(probe_tls(&secure, "other.example.com", true), PROBE_PASSED);
    assert_int_equal(probe_tls(&secure, "", false), PROBE_PASSED);
    prober_free(bench.prober);

    bench.options.is_strict = true;
    bench.options.authorities = authorities;
    bench_open(&bench);
    for (int sni = 0; sni <= 1; sni++) {
        assert_int_equal(probe_tls(&secure, "good.example.com", sni == 1), PROBE_PASSED);
        assert_int_equal(probe_tls(&secure, "other.example.com", sni == 1), PROBE_TLS_FAILED);
    }
    assert_int_equal(probe_tls(&secure, "", false), PROBE_PASSED); /* by its address */
    endpoint_stop(&secure);
    net_tls_free(tls);
    certificates_free(&good);
    temp_dir_remove(dir);
}

static void threshold_results_in_a_row_change_the_vote(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check check = http_check();
    check.threshold = 3;
    endpoint_set(&endpoint, ENDPOINT_ANSWER, OK "\r\n");
    unsigned before = endpoint.connections;
    assert_int_equal(bench_probe(&bench, &check).state, VOTE_UNKNOWN);
    (void)bench_wait_state(&bench, 0, VOTE_HEALTHY);
    assert_int_equal(endpoint.connections - before, 3);
    endpoint_set(&endpoint, ENDPOINT_RESET, "");
    assert_int_equal(bench_wait_outcome(&bench, 0, PROBE_CLOSED).state, VOTE_HEALTHY);
    before = endpoint.connections;
    struct vote v = bench_wait_state(&bench, 0, VOTE_UNHEALTHY);
    assert_int_equal(endpoint.connections - before, 2);
    assert_true(v.age_ms < 200);
}

static void what_is_known_stays_with_what_a_check_looks_at(void **state)
{
    (void)state;
    bench_open(&bench);
    endpoint_set(&endpoint, ENDPOINT_ANSWER, OK "\r\n");
    struct release_health_check checks[3];
    for (unsigned i = 0; i < ARRAY_LEN(checks); i++)
        checks[i] = bench_check(&bench, i, RELEASE_CHECK_HTTP, &endpoint.address);
    bench_plan(&bench, checks, 3);
    for (size_t i = 0; i < ARRAY_LEN(checks); i++)
        (void)bench_wait_state(&bench, i, VOTE_HEALTHY);

    checks[0].override = (struct release_override){.is_there = true, .number = 1};
    checks[0].is_inverted = true;
    checks[1].path = "/other";
    checks[2].kind = RELEASE_CHECK_POSTED;
    bench_plan(&bench, checks, 3);
    assert_int_equal(bench_vote(&bench, 0).state, VOTE_HEALTHY);
    assert_int_equal(bench_vote(&bench, 1).state, VOTE_UNKNOWN);
    assert_int_equal(bench_vote(&bench, 1).outcome, PROBE_NONE);
    AUTO_ARENA struct arena a = {0};
    struct vote_table table = {0};
    prober_votes(bench.prober, &a, &table);
    assert_int_equal(table.count, 2);

    bench_plan(&bench, checks + 1, 1);
    (void)bench_wait_state(&bench, 0, VOTE_HEALTHY);
    bench_plan(&bench, NULL, 0);
    prober_votes(bench.prober, &a, &table);
    assert_int_equal(table.count, 0);
}

static void plans_change_while_probes_are_under_way(void **state)
{
    (void)state;
    bench_open(&bench);
    endpoint_set(&endpoint, ENDPOINT_HOLD, OK "\r\nwel");
    struct release_health_check check = http_check();
    check.search = arena_strdup(&bench.arena, "well");
    bench_plan(&bench, &check, 1);
    for (int i = 0; i < 10; i++) {
        bench_pass(&bench, 50 * NS_PER_MS);
        check.search = arena_strdup(&bench.arena, "well");
        check.hold_down_s++;
        bench_plan(&bench, &check, 1);
    }
    assert_true(metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_UNDER_WAY) > 0);
    bench_plan(&bench, NULL, 0);
    assert_int_equal(metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_UNDER_WAY), 0);
}

static void disabled_checks_are_not_probed(void **state)
{
    (void)state;
    bench_open(&bench);
    struct release_health_check checks[] = {http_check(), http_check()};
    checks[1] = bench_check(&bench, 2, RELEASE_CHECK_HTTP, &endpoint.address);
    checks[0].is_disabled = true;
    endpoint_set(&endpoint, ENDPOINT_ANSWER, OK "\r\n");
    bench_plan(&bench, checks, 2);
    (void)bench_wait_state(&bench, 1, VOTE_HEALTHY);
    bench_pass(&bench, 2 * PROBER_INTERVAL_MIN_NS);
    assert_int_equal(bench_vote(&bench, 0).outcome, PROBE_NONE);
}

/** Opens descriptors until none is left; their number is returned. */
static size_t use_up_descriptors(int *fds, size_t size)
{
    size_t count = 0;
    while (count < size && (fds[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    return count;
}

static void a_lack_of_descriptors_is_no_result(void **state)
{
    (void)state;
    int fds[512];
    struct rlimit before;
    bench_open(&bench);
    struct release_health_check check =
        bench_check(&bench, 1, RELEASE_CHECK_TCP, &endpoint.address);
    assert_int_equal(probe(&check, ENDPOINT_LISTEN, "").outcome, PROBE_PASSED);
    bench_pass(&bench, PROBER_TICK_NS);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit small = {.rlim_cur = ARRAY_LEN(fds), .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    size_t count = use_up_descriptors(fds, ARRAY_LEN(fds));
    uint64_t lacks = metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_OWN_FAILURE);
    bench_pass(&bench, 3 * PROBER_INTERVAL_MIN_NS);
    struct vote v = bench_vote(&bench, 0);
    while (count > 0)
        (void)close(fds[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_OWN_FAILURE) >= lacks + 2);
    assert_int_equal(v.state, VOTE_HEALTHY);
    assert_int_equal(v.outcome, PROBE_PASSED);
    assert_true(v.age_ms >= 300);
}

static uint64_t probes_made(void)
{
    uint64_t sum = 0;
    for (int m = METRIC_PROBES_PASSED; m <= METRIC_PROBES_OWN_FAILURE; m++)
        sum += metrics_read(METRICS_SUPERVISOR, (enum metric)m);
    return sum;
}

/* Probes of 1,000 checks that a quarter of are slow: of half an interval, then of the whole. False
 * where this machine was held up, so that nothing follows. */
static bool count_probes(uint64_t *out_half, uint64_t *out_whole)
{
    enum { CHECKS = 1000 };
    static struct release_health_check checks[CHECKS];
    const struct net_address closed = nobody(); /* such probes end at once */
    for (unsigned i = 0; i < CHECKS; i++) {
        checks[i] = bench_check(&bench, i, RELEASE_CHECK_TCP, &closed);
        checks[i].is_slow = i % 4 == 0;
    }
    uint64_t before = probes_made();
    uint64_t late = metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_LATE);
    bench_plan(&bench, checks, CHECKS);
    bench_pass(&bench, 1 * NS_PER_S);
    *out_half = probes_made() - before;
    bench_pass(&bench, 1 * NS_PER_S);
    *out_whole = probes_made() - before;
    bench_plan(&bench, NULL, 0);
    return metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_LATE) == late;
}

/* Half of the fast ones and a sixth of the slow ones have their turn in half an interval: 417, with
 * a standard deviation of 16, so that 120 more or less are never seen. */
static void probes_are_spread_over_the_interval(void **state)
{
    (void)state;
    uint64_t half = 0;
    uint64_t whole = 0;
    bool is_clean = false;
    bench.options.fast_interval_ns = 2 * NS_PER_S;
    bench_open(&bench);
    for (int i = 0; i < 5 && !is_clean; i++)
        is_clean = count_probes(&half, &whole);
    if (!is_clean)
        skip();
    assert_in_range(half, 417 - 120, 417 + 120);
    assert_in_range(whole, 833 - 120, 833 + 120);
}

static void a_process_that_stood_still_does_not_begin_all_at_once(void **state)
{
    (void)state;
    enum { CHECKS = 500 };
    static struct release_health_check checks[CHECKS];
    const struct net_address closed = nobody();
    bench.options.fast_interval_ns = 2 * NS_PER_S;
    bench_open(&bench);
    for (unsigned i = 0; i < CHECKS; i++)
        checks[i] = bench_check(&bench, i, RELEASE_CHECK_TCP, &closed);
    bench_plan(&bench, checks, CHECKS);
    bench_pass(&bench, 50 * NS_PER_MS);
    uint64_t before = probes_made();
    uint64_t late = metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_LATE);
    struct probe_bench other; /* this thread does something else */
    bench_init(&other, NULL);
    bench_pass(&other, 1900 * NS_PER_MS);
    bench_close(&other);
    bench_pass(&bench, 20 * NS_PER_MS);
    assert_true(probes_made() - before < 300); /* of some 475 whose turn has been */
    assert_true(metrics_read(METRICS_SUPERVISOR, METRIC_PROBES_LATE) > late + 200);
}

static void a_process_that_stood_still_for_long_forgets_what_it_knew(void **state)
{
    (void)state;
    bench.options.fast_interval_ns = 200 * NS_PER_MS;
    bench_open(&bench);
    struct release_health_check check = http_check();
    check.threshold = 2;
    endpoint_set(&endpoint, ENDPOINT_ANSWER, OK "\r\n");
    bench_plan(&bench, &check, 1);
    (void)bench_wait_state(&bench, 0, VOTE_HEALTHY);
    struct probe_bench other; /* this thread does something else */
    bench_init(&other, NULL);
    bench_pass(&other, PROBER_GAP_NS + 200 * NS_PER_MS);
    bench_close(&other);
    endpoint_set(&endpoint, ENDPOINT_RESET, "");
    while (bench_vote(&bench, 0).state != VOTE_UNHEALTHY) { /* else the test's time limit ends it */
        assert_int_equal(bench_vote(&bench, 0).state, VOTE_UNKNOWN);
        bench_pass(&bench, 10 * NS_PER_MS);
    }
}

static void settings_that_nothing_can_be_made_of_are_refused(void **state)
{
    (void)state;
    struct errctx ec = {0};
    struct prober *p = NULL;
    struct prober_options options = bench.options;
    options.servers = "nowhere";
    assert_int_equal(prober_new(&options, &p, &ec), ERR_INVALID);
    options = bench.options;
    options.is_strict = true;
    options.authorities = "/nonexistent/ca.pem";
    assert_int_equal(prober_new(&options, &p, &ec), ERR_NOT_FOUND);
    assert_null(p);
}

#define PROBE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROBE_TEST(an_http_endpoint_passes_by_its_status),
        PROBE_TEST(a_string_must_be_in_the_body),
        PROBE_TEST(an_endpoint_that_ends_the_connection_fails),
        PROBE_TEST(each_step_has_its_time_limit),
        PROBE_TEST(a_tcp_endpoint_passes_when_the_connection_stands),
        PROBE_TEST(probes_come_from_the_source_of_their_family),
        PROBE_TEST(ipv6_endpoints_are_probed),
        PROBE_TEST(names_are_resolved_to_ipv4_else_to_ipv6),
        PROBE_TEST(the_name_goes_into_the_handshake_where_the_check_says_so),
        PROBE_TEST(certificates_are_verified_in_strict_mode_alone),
        PROBE_TEST(threshold_results_in_a_row_change_the_vote),
        PROBE_TEST(what_is_known_stays_with_what_a_check_looks_at),
        PROBE_TEST(plans_change_while_probes_are_under_way),
        PROBE_TEST(disabled_checks_are_not_probed),
        PROBE_TEST(a_lack_of_descriptors_is_no_result),
        PROBE_TEST(probes_are_spread_over_the_interval),
        PROBE_TEST(a_process_that_stood_still_does_not_begin_all_at_once),
        PROBE_TEST(a_process_that_stood_still_for_long_forgets_what_it_knew),
        PROBE_TEST(settings_that_nothing_can_be_made_of_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
