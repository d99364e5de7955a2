// SPDX-License-Identifier: Apache-2.0
// Tests of edge/decide.h: requests as viewers send them, and what is decided.
#include "edge/decide.h"

#include "edge_fixture.h"
#include "http/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct edge_fixture fixture;
static struct edge_world *world;

static const char *const tls_names[] = {"*.cdn.weir.test", "cdn.weir.test"};

static const struct edge_identity identity = {.via = "1.1 n1.cdn.weir.test (Weir)",
                                              .pop = "ZRH50-P1",
                                              .https_port = 8443,
                                              .tls_names = tls_names,
                                              .tls_name_count = ARRAY_LEN(tls_names)};

/* E1: all there is; E2: disabled; E3: redirects; E4: HTTPS only; E5: as it comes. */
static int setup(void **state)
{
    (void)state;
    static const char *const aliases[] = {"www.example.com", "*.wild.example.com", NULL};
    edge_fixture_init(&fixture);
    struct edge_fixture_distribution *all = edge_fixture_distribution(&fixture, "E1", aliases);
    all->config.default_root_object = "index.html";
    struct release_behavior *api = edge_fixture_behavior(all, "/api/*");
    api->allowed_methods = 127;
    api->cache.max_ttl_s = api->cache.min_ttl_s = api->cache.default_ttl_s = 0;
    struct release_behavior *cors = edge_fixture_behavior(all, "/cors/*");
    cors->allowed_methods = RELEASE_GET | RELEASE_HEAD | RELEASE_OPTIONS;
    cors->cached_methods = cors->allowed_methods;
    static struct release_error_ttl ttls[] = {{404, 3}, {502, 0}, {504, 77}};
    all->config.error_ttls = ttls;
    all->config.error_ttl_count = ARRAY_LEN(ttls);
    edge_fixture_put(&fixture, all);

    struct edge_fixture_distribution *disabled = edge_fixture_distribution(&fixture, "E2", NULL);
    disabled->config.is_enabled = false;
    edge_fixture_put(&fixture, disabled);
    struct edge_fixture_distribution *redirects = edge_fixture_distribution(&fixture, "E3", NULL);
    redirects->behaviors[0].viewer_protocol = RELEASE_VIEWER_REDIRECT;
    redirects->behaviors[0].allowed_methods = 127;
    edge_fixture_put(&fixture, redirects);
    struct edge_fixture_distribution *secure = edge_fixture_distribution(&fixture, "E4", NULL);
    secure->behaviors[0].viewer_protocol = RELEASE_VIEWER_HTTPS_ONLY;
    edge_fixture_put(&fixture, secure);
    edge_fixture_put(&fixture, edge_fixture_distribution(&fixture, "E5", NULL));
    world = edge_fixture_world(&fixture, NULL, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    edge_world_free(world);
    edge_fixture_fini(&fixture);
    return 0;
}

static struct edge_decision decide(const char *head, bool is_tls, const struct edge_identity *who)
{
    static const struct http_limits limits = HTTP_LIMITS_INIT;
    struct http_request *request = ARENA_NEW(&fixture.arena, struct http_request);
    struct http_parse_result result = {0};
    char *text = arena_printf(&fixture.arena, "%s\r\n", head);
    if (http_parse_request(&fixture.arena, slice_str(text), &limits, request, &result) !=
        HTTP_PARSE_DONE)
        fail_msg("%s: %s", head, result.reason);
    struct edge_viewer viewer = {.request = request, .request_id = "id", .is_tls = is_tls};
    struct edge_decision d;
    edge_decide(world, who, &viewer, &fixture.arena, &d);
    return d;
}

#define HOST1 "Host: e1.cdn.weir.test\r\n"

struct decide_case {
    const char *head;
    bool is_tls;
    enum edge_action action;
    uint16_t status;
    const char *step;
};

static void check(const struct decide_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct decide_case *c = &cases[i];
        struct edge_decision d = decide(c->head, c->is_tls, &identity);
        if (d.action != c->action || d.status != c->status)
            fail_msg("%s: action %d, status %u", c->head, d.action, d.status);
        if ((d.step == NULL) != (c->step == NULL) ||
            (c->step != NULL && strcmp(c->step, d.step) != 0))
            fail_msg("%s: step %s", c->head, d.step);
        assert_true(c->action > EDGE_ALIVE || d.reason != NULL);
    }
}

static void a_request_is_for_the_distribution_of_its_host(void **state)
{
    (void)state;
    static const struct decide_case cases[] = {
        {"GET / HTTP/1.1\r\n" HOST1, false, EDGE_LOOK_UP, 0, NULL},
        {"GET / HTTP/1.1\r\n" HOST1, true, EDGE_LOOK_UP, 0, NULL},
        {"GET / HTTP/1.1\r\nHost: E1.CDN.weir.test:8080\r\n", false, EDGE_LOOK_UP, 0, NULL},
        {"GET / HTTP/1.1\r\nHost: www.example.com\r\n", false, EDGE_LOOK_UP, 0, NULL},
        {"GET / HTTP/1.1\r\nHost: a.b.wild.example.com\r\n", false, EDGE_LOOK_UP, 0, NULL},
        {"GET http://e1.cdn.weir.test/ HTTP/1.1\r\nHost: other\r\n", false, EDGE_LOOK_UP, 0, NULL},
        {"GET / HTTP/1.1\r\nHost: wild.example.com\r\n", false, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.1\r\nHost: e9.cdn.weir.test\r\n", false, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n", false, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.1\r\nHost: [::1]:8080\r\n", false, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.0\r\n", false, EDGE_REFUSE, 400, "host"},
        {"GET " RELEASE_POP_PROBE_PATH " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n", false, EDGE_ALIVE,
         200, "alive"},
        {"HEAD " RELEASE_POP_PROBE_PATH " HTTP/1.1\r\nHost: other.example\r\n", true, EDGE_ALIVE,
         200, "alive"},
        {"POST " RELEASE_POP_PROBE_PATH " HTTP/1.1\r\nHost: 127.0.0.1\r\n", false, EDGE_REFUSE, 403,
         "distribution"},
        {"GET " RELEASE_POP_PROBE_PATH " HTTP/1.1\r\n" HOST1, false, EDGE_LOOK_UP, 0, NULL},
        /* the certificate has this name, or not */
        {"GET / HTTP/1.1\r\nHost: e9.cdn.weir.test\r\n", true, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.1\r\nHost: cdn.weir.test\r\n", true, EDGE_REFUSE, 403, "distribution"},
        {"GET / HTTP/1.1\r\nHost: a.b.cdn.weir.test\r\n", true, EDGE_REFUSE, 421, "distribution"},
        {"GET / HTTP/1.1\r\nHost: other.example\r\n", true, EDGE_REFUSE, 421, "distribution"},
        {"GET / HTTP/1.1\r\nHost: e2.cdn.weir.test\r\n", false, EDGE_REFUSE, 403, "enabled"},
        /* it was here before */
        {"GET / HTTP/1.1\r\n" HOST1 "CDN-Loop: a, E1.cdn.weir.test;x=1\r\n", false, EDGE_REFUSE,
         508, "loop"},
        {"GET / HTTP/1.1\r\n" HOST1 "CDN-Loop: e3.cdn.weir.test\r\n", false, EDGE_LOOK_UP, 0, NULL},
    };
    check(cases, ARRAY_LEN(cases));
}

static void methods_and_bodies_are_those_of_the_behaviour(void **state)
{
    (void)state;
    static const struct decide_case cases[] = {
        {"HEAD /a HTTP/1.1\r\n" HOST1, false, EDGE_LOOK_UP, 0, NULL},
        {"POST /a HTTP/1.1\r\n" HOST1, false, EDGE_REFUSE, 403, "method"},
        {"get /a HTTP/1.1\r\n" HOST1, false, EDGE_REFUSE, 403, "method"},
        {"TRACE /api/a HTTP/1.1\r\n" HOST1, false, EDGE_REFUSE, 403, "method"},
        {"POST /api/a HTTP/1.1\r\n" HOST1, false, EDGE_PASS, 0, NULL},
        {"PUT /api/a HTTP/1.1\r\n" HOST1 "Content-Length: 5\r\n", false, EDGE_PASS, 0, NULL},
        {"DELETE /api/a HTTP/1.1\r\n" HOST1, false, EDGE_PASS, 0, NULL},
        {"PATCH /api/a HTTP/1.1\r\n" HOST1, false, EDGE_PASS, 0, NULL},
        {"GET /api/a HTTP/1.1\r\n" HOST1, false, EDGE_LOOK_UP, 0, NULL},
        {"OPTIONS /api/a HTTP/1.1\r\n" HOST1, false, EDGE_PASS, 0, NULL},
        {"OPTIONS /cors/a HTTP/1.1\r\n" HOST1, false, EDGE_LOOK_UP, 0, NULL},
        {"OPTIONS /cors/a HTTP/1.1\r\n" HOST1 "Content-Length: 1\r\n", false, EDGE_PASS, 0, NULL},
        {"OPTIONS * HTTP/1.1\r\n" HOST1, false, EDGE_REFUSE, 400, "behavior"},
        {"GET /a HTTP/1.1\r\n" HOST1 "Content-Length: 1\r\n", false, EDGE_REFUSE, 403, "body"},
        {"GET /a HTTP/1.1\r\n" HOST1 "Content-Length: 0\r\n", false, EDGE_LOOK_UP, 0, NULL},
        {"GET /api/a HTTP/1.1\r\n" HOST1 "Transfer-Encoding: chunked\r\n", false, EDGE_REFUSE, 403,
         "body"},
        {"HEAD /a HTTP/1.1\r\n" HOST1 "Content-Length: 1\r\n", false, EDGE_REFUSE, 403, "body"},
    };
    check(cases, ARRAY_LEN(cases));
    struct edge_decision kept = decide("GET /a HTTP/1.1\r\n" HOST1, false, &identity);
    struct edge_decision not_kept = decide("GET /api/a HTTP/1.1\r\n" HOST1, false, &identity);
    assert_true(kept.collapses);
    assert_false(not_kept.collapses);
}

#define HOST3 "Host: e3.cdn.weir.test\r\n"
#define HOST5 "Host: e5.cdn.weir.test\r\n"
#define HOST4 "Host: e4.cdn.weir.test\r\n"

static void plain_http_is_redirected_or_refused_as_the_policy_says(void **state)
{
    (void)state;
    static const struct decide_case cases[] = {
        {"GET /a HTTP/1.1\r\n" HOST3, true, EDGE_LOOK_UP, 0, NULL},
        {"GET /a HTTP/1.1\r\n" HOST3, false, EDGE_REDIRECT, 301, "protocol"},
        {"HEAD /a HTTP/1.0\r\n" HOST3, false, EDGE_REDIRECT, 301, "protocol"},
        {"POST /a HTTP/1.1\r\n" HOST3, false, EDGE_REDIRECT, 307, "protocol"},
        {"POST /a HTTP/1.0\r\n" HOST3, false, EDGE_REFUSE, 403, "protocol"},
        {"OPTIONS /a HTTP/1.1\r\n" HOST3, false, EDGE_REDIRECT, 307, "protocol"},
        {"GET /a HTTP/1.1\r\n" HOST4, false, EDGE_REFUSE, 403, "protocol"},
        {"GET /a HTTP/1.1\r\n" HOST4, true, EDGE_LOOK_UP, 0, NULL},
    };
    check(cases, ARRAY_LEN(cases));
}

static void a_redirect_asks_for_the_same_over_https(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        uint16_t port;
        const char *location;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST3, 8443, "https://e3.cdn.weir.test:8443/"},
        {"GET / HTTP/1.1\r\n" HOST3, 443, "https://e3.cdn.weir.test/"},
        {"GET / HTTP/1.1\r\n" HOST3, 0, "https://e3.cdn.weir.test/"},
        {"GET /a%20b?c=%22&d HTTP/1.1\r\nHost: E3.cdn.weir.test:80\r\n", 443,
         "https://e3.cdn.weir.test/a%20b?c=%22&d"},
        {"GET //evil.example/ HTTP/1.1\r\n" HOST3, 443, "https://e3.cdn.weir.test//evil.example/"},
        {"GET http://e3.cdn.weir.test?q HTTP/1.1\r\n" HOST3, 443, "https://e3.cdn.weir.test/?q"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct edge_identity who = identity;
        who.https_port = cases[i].port;
        struct edge_decision d = decide(cases[i].head, false, &who);
        assert_int_equal(d.action, EDGE_REDIRECT);
        if (!slice_equal(d.location, slice_str(cases[i].location)))
            fail_msg("'%.*s', want '%s'", SLICE_FMT(d.location), cases[i].location);
    }
}

static void assert_path(const char *head, const char *path, const char *uri)
{
    struct edge_decision d = decide(head, false, &identity);
    if (!slice_equal(d.path, slice_str(path)))
        fail_msg("path '%.*s', want '%s'", SLICE_FMT(d.path), path);
    if (!slice_equal(d.key.uri, slice_str(uri)))
        fail_msg("uri '%.*s', want '%s'", SLICE_FMT(d.key.uri), uri);
}

static void the_root_object_stands_for_the_root_alone(void **state)
{
    (void)state;
    assert_path("GET / HTTP/1.1\r\n" HOST1, "/index.html", "/index.html");
    assert_path("GET /?a=b HTTP/1.1\r\n" HOST1, "/index.html", "/index.html");
    assert_path("GET // HTTP/1.1\r\n" HOST1, "//", "//");
    assert_path("GET /a/ HTTP/1.1\r\n" HOST1, "/a/", "/a/");
    assert_path("GET / HTTP/1.1\r\n" HOST5, "/", "/");
}

static void a_root_object_never_breaks_the_request_line(void **state)
{
    (void)state;
    struct edge_fixture f;
    edge_fixture_init(&f);
    struct edge_fixture_distribution *odd = edge_fixture_distribution(&f, "E1", NULL);
    odd->config.default_root_object = "a b\xc3\xa4?#%41$\"";
    edge_fixture_put(&f, odd);
    struct edge_world *before = world;
    world = edge_fixture_world(&f, NULL, NULL);
    struct edge_decision d = decide("GET / HTTP/1.1\r\n" HOST1, false, &identity);
    assert_true(slice_equal(d.path, SLICE_LIT("/a%20b%C3%A4%3F%23%41$\"")));
    edge_world_free(world);
    world = before;
    edge_fixture_fini(&f);
}

static void get_and_head_share_a_key_and_options_does_not(void **state)
{
    (void)state;
    struct edge_decision get = decide("GET /cors/a HTTP/1.1\r\n" HOST1, false, &identity);
    struct edge_decision head = decide("HEAD /cors/a HTTP/1.1\r\n" HOST1, true, &identity);
    struct edge_decision options = decide("OPTIONS /cors/a HTTP/1.1\r\n" HOST1, false, &identity);
    assert_true(slice_equal(get.key.bytes, head.key.bytes));
    assert_false(slice_equal(get.key.bytes, options.key.bytes));
}

static void errors_have_the_least_ttl_that_the_distribution_names(void **state)
{
    (void)state;
    struct edge_decision d = decide("GET / HTTP/1.1\r\n" HOST1, false, &identity);
    assert_int_equal(edge_error_ttl_s(d.distribution, 404), 3);
    assert_int_equal(edge_error_ttl_s(d.distribution, 502), 0);
    assert_int_equal(edge_error_ttl_s(d.distribution, 504), 77);
    assert_int_equal(edge_error_ttl_s(d.distribution, 403), 10);
    assert_int_equal(edge_error_ttl_s(d.distribution, 503), 10);
    assert_int_equal(edge_error_ttl_s(d.distribution, 599), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_for_the_distribution_of_its_host),
        cmocka_unit_test(methods_and_bodies_are_those_of_the_behaviour),
        cmocka_unit_test(plain_http_is_redirected_or_refused_as_the_policy_says),
        cmocka_unit_test(a_redirect_asks_for_the_same_over_https),
        cmocka_unit_test(the_root_object_stands_for_the_root_alone),
        cmocka_unit_test(a_root_object_never_breaks_the_request_line),
        cmocka_unit_test(get_and_head_share_a_key_and_options_does_not),
        cmocka_unit_test(errors_have_the_least_ttl_that_the_distribution_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
