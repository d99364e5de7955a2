// SPDX-License-Identifier: Apache-2.0
// Tests of edge/forward.h: what of a viewer's request an origin gets to see.
#include "edge/forward.h"

#include "http/field_lines.h"
#include "shared/test_arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define REQUEST_ID "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghij"

static const struct release_selection none = {.mode = RELEASE_SELECT_NONE};
static const struct release_selection all = {.mode = RELEASE_SELECT_ALL};

static struct release_selection listed(enum release_select mode, const char **names, size_t count)
{
    return (struct release_selection){.mode = mode, .names = names, .name_count = count};
}

/* A request and its surroundings; what a test does not say is the usual. */
struct scene {
    const char *method;
    const char *path;
    const char *query;
    const char *lines; /* of the viewer, besides Host */
    bool is_tls;
    bool is_https_origin;
    bool is_passed; /* EDGE_PASS, not EDGE_LOOK_UP */
    enum http_body_kind body_kind;
    struct release_behavior behavior;
    struct release_origin origin;
};

static struct scene scene_new(void)
{
    return (struct scene){
        .method = "GET",
        .path = "/a",
        .query = "",
        .lines = "",
        .behavior = {.cache = {.headers = none, .cookies = none, .queries = none},
                     .forward = {.headers = none, .cookies = none, .queries = none}},
        .origin = {.domain_name = "o.example", .path = "", .http_port = 80, .https_port = 443}};
}

static struct http_request forwarded(const struct scene *s)
{
    static const struct edge_identity identity = {.via = "1.1 n1.cdn.test (Weir)"};
    static const struct edge_distribution distribution = {
        .config = {.id = "E1", .domain_name = "e1.cdn.test"}};
    static const struct {
        const char *name;
        enum release_method method;
    } methods[] = {{"GET", RELEASE_GET},
                   {"HEAD", RELEASE_HEAD},
                   {"OPTIONS", RELEASE_OPTIONS},
                   {"PUT", RELEASE_PUT},
                   {"POST", RELEASE_POST}};
    struct errctx ec = {0};
    struct net_address *peer = ARENA_NEW(&arena, struct net_address);
    assert_int_equal(net_address_parse(SLICE_LIT("192.0.2.7:4711"), peer, &ec), ERR_OK);
    struct http_request *request = ARENA_NEW(&arena, struct http_request);
    *request = (struct http_request){
        .method = slice_str(s->method),
        .path = slice_str(s->path),
        .query = slice_str(s->query),
        .authority = SLICE_LIT("Shop.example:8080"),
        .minor_version = 1,
        .body_kind = s->body_kind,
        .fields = field_lines(&arena, arena_printf(&arena, "Host: x\n%s", s->lines))};
    struct edge_viewer viewer = {
        .request = request, .peer = peer, .request_id = REQUEST_ID, .is_tls = s->is_tls};
    struct edge_decision d = {.action = s->is_passed ? EDGE_PASS : EDGE_LOOK_UP,
                              .distribution = &distribution,
                              .behavior = &s->behavior,
                              .origin = &s->origin,
                              .path = request->path,
                              .is_https_origin = s->is_https_origin};
    for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
        if (strcmp(methods[i].name, s->method) == 0)
            d.method = methods[i].method;
    }
    d.fields = edge_viewer_fields(&arena, &viewer, d.behavior);
    struct http_request out;
    edge_forward(&identity, &viewer, &arena, &d, &out);
    return out;
}

/* All lines of a field that the origin gets, joined by '|'; "-": none. */
static const char *field_of(const struct http_request *r, const char *name)
{
    const char *text = NULL;
    for (size_t i = 0; i < r->fields.count; i++) {
        if (slice_equal_nocase(r->fields.items[i].name, slice_str(name)))
            text = arena_printf(&arena, "%s%s%.*s", text == NULL ? "" : text,
                                text == NULL ? "" : "|", SLICE_FMT(r->fields.items[i].value));
    }
    return text == NULL ? "-" : text;
}

static void check_field(const struct scene *s, const char *name, const char *want)
{
    struct http_request r = forwarded(s);
    const char *found = field_of(&r, name);
    if (strcmp(found, want) != 0)
        fail_msg("%s %s: '%s', want '%s'", s->method, name, found, want);
}

/* ---- policies */

static void an_origin_gets_nothing_but_what_policies_name(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.lines = "Accept: a/b\nX-A: 1\nReferer: r\nCookie: a=1\nUser-Agent: curl\nOrigin: o\n"
              "Authorization: x\nAccept-Encoding: gzip\nContent-Type: a/b\nX-Real-IP: 1\n"
              "X-Forwarded-Proto: https\nExpect: 100-continue\nProxy-X: 1\nTE: trailers\n"
              "Connection: keep-alive\nX-Edge-A: 1\nUpgrade: h2c\nRange: bytes=0-1\n"
              "If-None-Match: \"a\"";
    struct http_request r = forwarded(&s);
    assert_string_equal(field_lines_text(&arena, &r.fields),
                        "Host: o.example\nUser-Agent: Weir\nVia: 1.1 n1.cdn.test (Weir)\n"
                        "X-Forwarded-For: 192.0.2.7\nX-Amz-Cf-Id: " REQUEST_ID "\n"
                        "CDN-Loop: e1.cdn.test");
    assert_int_equal(r.body_kind, HTTP_BODY_NONE);
    assert_int_equal(r.minor_version, 1);
}

static void what_either_policy_names_goes_along(void **state)
{
    (void)state;
    const char *cache_names[] = {"accept", "x-a"};
    const char *forward_names[] = {"referer", "user-agent", "x-real-ip"};
    struct scene s = scene_new();
    s.lines = "Accept: a/b\nX-A: 1\nX-A: 2\nReferer: r\nUser-Agent: curl\nX-B: 1\nX-Real-IP: 9";
    s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, cache_names, 2);
    s.behavior.forward.headers = listed(RELEASE_SELECT_LISTED, forward_names, 3);
    check_field(&s, "Accept", "a/b");
    check_field(&s, "X-A", "1|2");
    check_field(&s, "Referer", "r");
    check_field(&s, "User-Agent", "curl");
    check_field(&s, "X-Real-IP", "9");
    check_field(&s, "X-B", "-");
}

static void all_of_the_viewers_fields_are_not_those_of_one_connection(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.behavior.forward.headers = all;
    s.lines = "Accept: a/b\nX-B: 1\nConnection: X-B, keep-alive\nKeep-Alive: 5\nExpect: x\n"
              "Proxy-Authorization: x\nTrailer: x\nTransfer-Encoding: chunked\nUpgrade: x\n"
              "Content-Length: 5\nX-Edge-A: 1\nX-Weir-A: 1\nIf-None-Match: \"a\"\n"
              "Authorization: x\nX-C: 1";
    struct http_request r = forwarded(&s);
    assert_string_equal(field_of(&r, "Host"), "shop.example");
    assert_string_equal(field_of(&r, "Accept"), "a/b");
    assert_string_equal(field_of(&r, "Authorization"), "x");
    assert_string_equal(field_of(&r, "X-C"), "1");
    static const char *const dropped[] = {
        "X-B",        "Connection",        "Keep-Alive",     "Expect",   "Proxy-Authorization",
        "Trailer",    "Transfer-Encoding", "Content-Length", "X-Edge-A", "X-Weir-A",
        "User-Agent", "If-None-Match",     "Upgrade"};
    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        assert_string_equal(field_of(&r, dropped[i]),
                            strcmp(dropped[i], "User-Agent") == 0 ? "Weir" : "-");
}

static void the_host_is_the_origins_unless_it_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        bool is_https;
        uint16_t http_port;
        uint16_t https_port;
        const char *host;
    } cases[] = {
        {"o.example", false, 80, 443, "o.example"},
        {"o.example", true, 80, 443, "o.example"},
        {"o.example", false, 8080, 443, "o.example:8080"},
        {"o.example", true, 8080, 443, "o.example"},
        {"o.example", true, 80, 8443, "o.example:8443"},
        {"o.example", false, 443, 80, "o.example:443"},
        {"192.0.2.1", false, 8080, 443, "192.0.2.1:8080"},
        {"2001:db8::1", false, 80, 443, "[2001:db8::1]"},
        {"2001:db8::1", false, 8080, 443, "[2001:db8::1]:8080"},
    };
    struct scene s = scene_new();
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        s.origin.domain_name = cases[i].domain;
        s.origin.http_port = cases[i].http_port;
        s.origin.https_port = cases[i].https_port;
        s.is_https_origin = cases[i].is_https;
        check_field(&s, "Host", cases[i].host);
    }
    const char *names[] = {"host"};
    s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
    check_field(&s, "Host", "Shop.example:8080");
    s.behavior.cache.headers = none;
    s.behavior.forward.headers = listed(RELEASE_SELECT_ALL_EXCEPT, names, 1);
    check_field(&s, "Host", "[2001:db8::1]:8080");
}

static void a_viewers_host_that_no_key_holds_goes_in_one_way(void **state)
{
    (void)state;
    const char *names[] = {"host"};
    struct scene s = scene_new();
    s.behavior.forward.headers = all;
    check_field(&s, "Host", "shop.example");
    s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
    check_field(&s, "Host", "Shop.example:8080");
    s.behavior.cache.headers = none;
    s.is_passed = true; /* nobody else gets the answer */
    check_field(&s, "Host", "Shop.example:8080");
}

static void keys_see_the_host_that_the_request_is_about(void **state)
{
    (void)state;
    static const char *const lines[] = {"X-A: 1", "Host: other\nX-A: 1",
                                        "Host: a.example\nConnection: host\nX-A: 1"};
    struct scene s = scene_new();
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct http_request request = {.authority = SLICE_LIT("a.example"),
                                       .fields = field_lines(&arena, lines[i])};
        struct edge_viewer viewer = {.request = &request};
        const struct http_fields *fields = edge_viewer_fields(&arena, &viewer, &s.behavior);
        const struct slice *host = http_fields_get(fields, "host");
        assert_non_null(host);
        assert_int_equal(http_fields_count(fields, "host"), 1);
        assert_true(slice_equal(*host, request.authority));
        assert_int_equal(http_fields_count(fields, "x-a"), 1);
    }
}

static void who_passed_it_on_is_appended(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.lines = "Via: 1.0 a\nVia: 1.1 b\nX-Forwarded-For: 198.51.100.1\nX-Forwarded-For:\n"
              "x-forwarded-for: 198.51.100.2\nCDN-Loop: other; x=1\nX-Amz-Cf-Id: forged\n"
              "Connection: Via, CDN-Loop";
    check_field(&s, "Via", "1.0 a, 1.1 b, 1.1 n1.cdn.test (Weir)");
    check_field(&s, "X-Forwarded-For", "198.51.100.1, 198.51.100.2, 192.0.2.7");
    check_field(&s, "CDN-Loop", "other; x=1, e1.cdn.test"); /* whatever Connection says */
    check_field(&s, "X-Amz-Cf-Id", REQUEST_ID);
}

static void many_lines_of_who_passed_it_on_cost_no_more_than_their_bytes(void **state)
{
    (void)state;
    struct scene s = scene_new();
    const char *lines = "";
    for (unsigned i = 0; i < 100; i++)
        lines = arena_printf(&arena, "%sVia: 1.1 %0150u\n", lines, i);
    s.lines = lines;
    size_t before = arena.total_bytes;
    struct http_request r = forwarded(&s);
    assert_int_equal(http_fields_count(&r.fields, "via"), 1);
    assert_true(arena.total_bytes - before < 100000);
}

static void credentials_go_along_where_nobody_shares_the_answer(void **state)
{
    (void)state;
    static const struct {
        const char *method;
        bool is_passed;
        const char *found;
    } cases[] = {
        {"GET", false, "-"},    {"HEAD", false, "-"}, {"OPTIONS", false, "-"},
        {"OPTIONS", true, "x"}, {"POST", true, "x"},  {"PUT", true, "x"},
    };
    const char *names[] = {"authorization"};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s = scene_new();
        s.lines = "Authorization: x";
        s.method = cases[i].method;
        s.is_passed = cases[i].is_passed;
        check_field(&s, "Authorization", cases[i].found);
        s.behavior.forward.is_legacy = true;
        check_field(&s, "Authorization", cases[i].found);
        s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
        check_field(&s, "Authorization", "x");
    }
}

static void conditions_and_ranges_go_along_past_the_cache_only(void **state)
{
    (void)state;
    static const char *const names[] = {"If-Match",      "If-Modified-Since",   "Range",
                                        "If-None-Match", "If-Unmodified-Since", "If-Range"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct scene s = scene_new();
        s.lines = arena_printf(&arena, "%s: x", names[i]);
        s.behavior.forward.is_legacy = true;
        check_field(&s, names[i], "-");
        s.behavior.forward.is_legacy = false;
        s.behavior.forward.headers = all;
        check_field(&s, names[i], "-");
        s.behavior.forward.headers = none;
        s.method = "PUT";
        s.is_passed = true;
        check_field(&s, names[i], "x");
    }
}

static void a_body_goes_with_the_fields_that_describe_it(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.method = "POST";
    s.is_passed = true;
    s.body_kind = HTTP_BODY_CHUNKED;
    s.lines = "Content-Type: a/b\nContent-Encoding: gzip\nContent-MD5: x\nX-A: 1";
    struct http_request r = forwarded(&s);
    assert_int_equal(r.body_kind, HTTP_BODY_CHUNKED);
    assert_string_equal(field_of(&r, "Content-Type"), "a/b");
    assert_string_equal(field_of(&r, "Content-Encoding"), "gzip");
    assert_string_equal(field_of(&r, "Content-MD5"), "x");
    assert_string_equal(field_of(&r, "X-A"), "-");
}

static void what_viewers_say_to_caches_goes_along_but_for_what_this_one_is_asked(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.lines = "Cache-Control: no-cache\nPragma: no-cache";
    check_field(&s, "Cache-Control", "no-cache");
    check_field(&s, "Pragma", "no-cache");
    s.lines = "Cache-Control: max-stale, Only-If-Cached";
    check_field(&s, "Cache-Control", "-");
}

/* ---- legacy */

static void legacy_rules_pass_other_fields(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool is_sent;       /* where nothing names it */
        bool is_sent_named; /* where it is named */
    } cases[] = {
        {"X-A", true, true},
        {"Origin", true, true},
        {"From", true, true},
        {"Date", true, true},
        {"Content-Type", true, true},
        {"X-Forwarded-Host", true, true},
        {"Accept", false, true},
        {"Accept-Charset", false, true},
        {"Accept-Language", false, true},
        {"Accept-Encoding", false, true},
        {"Referer", false, true},
        {"X-HTTP-Method-Override", false, true},
        {"Authorization", false, true},
        {"X-Forwarded-Proto", false, false},
        {"X-Real-IP", false, false},
        {"Expect", false, false},
        {"Proxy-Authenticate", false, false},
        {"Proxy-Connection", false, false},
        {"TE", false, false},
        {"Trailer", false, false},
        {"Upgrade", false, false},
        {"X-Edge-Location", false, false},
        {"X-Weir-Hop", false, false},
        {"X-Amz-Cf-Pop", false, false},
        {"CloudFront-Viewer-Country", false, false},
        {"Connection", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct scene s = scene_new();
        char *name = arena_strdup(&arena, cases[i].name);
        s.lines = arena_printf(&arena, "%s: v", name);
        s.behavior.forward.is_legacy = true;
        check_field(&s, name, cases[i].is_sent ? "v" : "-");
        const char *names[] = {name};
        s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
        check_field(&s, name, cases[i].is_sent_named ? "v" : "-");
    }
}

/* ---- codings, cookies, query strings */

static void accept_encoding_is_what_the_key_holds(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.lines = "Accept-Encoding: deflate, br;q=0.5, gzip";
    s.behavior.cache.accepts_gzip = true;
    check_field(&s, "Accept-Encoding", "gzip");
    s.behavior.cache.accepts_brotli = true;
    check_field(&s, "Accept-Encoding", "br,gzip");
    s.behavior.forward.headers = all;
    check_field(&s, "Accept-Encoding", "br,gzip");
    s.behavior.cache.accepts_gzip = false;
    s.behavior.cache.accepts_brotli = false;
    check_field(&s, "Accept-Encoding", "deflate, br;q=0.5, gzip");
    s.lines = "Accept-Encoding: deflate";
    s.behavior.cache.accepts_gzip = true;
    check_field(&s, "Accept-Encoding", "-");
}

static void cookies_and_queries_of_both_policies_are_sent(void **state)
{
    (void)state;
    const char *keyed[] = {"a"};
    const char *sent[] = {"b"};
    struct scene s = scene_new();
    s.lines = "Cookie: c=3; b=2; a=1\nX: 1";
    s.query = "c=3&b=2&a=1";
    s.path = "/x%20y";
    struct http_request r = forwarded(&s);
    assert_string_equal(field_of(&r, "Cookie"), "-");
    assert_true(slice_equal(r.target, SLICE_LIT("/x%20y")));
    assert_false(edge_forwards_cookies(&s.behavior));
    s.behavior.cache.cookies = listed(RELEASE_SELECT_LISTED, keyed, 1);
    s.behavior.cache.queries = listed(RELEASE_SELECT_LISTED, keyed, 1);
    r = forwarded(&s);
    assert_string_equal(field_of(&r, "Cookie"), "a=1");
    assert_true(slice_equal(r.target, SLICE_LIT("/x%20y?a=1")));
    assert_true(edge_forwards_cookies(&s.behavior));
    s.behavior.forward.cookies = listed(RELEASE_SELECT_LISTED, sent, 1);
    s.behavior.forward.queries = listed(RELEASE_SELECT_LISTED, sent, 1);
    r = forwarded(&s);
    assert_string_equal(field_of(&r, "Cookie"), "a=1; b=2");
    assert_true(slice_equal(r.target, SLICE_LIT("/x%20y?b=2&a=1")));
    s.behavior.cache.cookies = none;
    assert_true(edge_forwards_cookies(&s.behavior));
    s.behavior.forward.cookies = all;
    s.behavior.forward.queries = listed(RELEASE_SELECT_ALL_EXCEPT, keyed, 1);
    r = forwarded(&s);
    assert_string_equal(field_of(&r, "Cookie"), "a=1; b=2; c=3");
    assert_true(slice_equal(r.target, SLICE_LIT("/x%20y?c=3&b=2&a=1")));
}

/* ---- fields that the edge makes */

static void made_fields_come_from_the_edge_alone_and_where_a_policy_names_them(void **state)
{
    (void)state;
    const char *names[] = {"cloudfront-forwarded-proto", "cloudfront-viewer-address",
                           "cloudfront-viewer-country", "cloudfront-viewer-http-version"};
    struct scene s = scene_new();
    s.lines = "CloudFront-Forwarded-Proto: https\ncloudfront-viewer-country: XX";
    check_field(&s, "CloudFront-Forwarded-Proto", "-");
    s.behavior.forward.headers = all;
    check_field(&s, "CloudFront-Forwarded-Proto", "-");
    s.behavior.forward.headers = listed(RELEASE_SELECT_ALL_AND, names, ARRAY_LEN(names));
    check_field(&s, "CloudFront-Forwarded-Proto", "http");
    check_field(&s, "CloudFront-Viewer-Address", "192.0.2.7:4711");
    check_field(&s, "CloudFront-Viewer-HTTP-Version", "1.1");
    check_field(&s, "CloudFront-Viewer-Country", "-"); /* not known here */
    s.behavior.forward.headers = none;
    s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
    s.is_tls = true;
    check_field(&s, "CloudFront-Forwarded-Proto", "https");
    check_field(&s, "CloudFront-Viewer-Address", "-");
}

static void usual_fields_of_a_viewer_are_not_copied(void **state)
{
    (void)state;
    struct scene s = scene_new();
    struct http_request request = {
        .authority = SLICE_LIT("a"),
        .fields = field_lines(&arena, "Host: a\nConnection: keep-alive, TE\nX-A: 1")};
    struct edge_viewer viewer = {.request = &request};
    assert_ptr_equal(edge_viewer_fields(&arena, &viewer, &s.behavior), &request.fields);
    request.fields = field_lines(&arena, "Host: a\nConnection: x-a\nX-A: 1\nX-Edge-B: 2");
    const struct http_fields *fields = edge_viewer_fields(&arena, &viewer, &s.behavior);
    assert_string_equal(field_lines_text(&arena, fields), "host: a");
}

/* ---- the origin's own */

static void custom_fields_replace_the_viewers_but_not_ours(void **state)
{
    (void)state;
    struct release_header custom[] = {
        {"X-A", "secret"},      {"Via", "none"},      {"Host", "evil"},    {"Connection", "close"},
        {"Authorization", "y"}, {"User-Agent", "me"}, {"x-amz-cf-id", "z"}};
    struct scene s = scene_new();
    s.lines = "x-a: 1\nX-A: 2";
    s.behavior.forward.is_legacy = true;
    s.origin.custom_headers = custom;
    s.origin.custom_header_count = ARRAY_LEN(custom);
    check_field(&s, "X-A", "secret");
    check_field(&s, "Via", "1.1 n1.cdn.test (Weir)");
    check_field(&s, "Host", "o.example");
    check_field(&s, "Connection", "-");
    check_field(&s, "Authorization", "y");
    check_field(&s, "User-Agent", "me");
    check_field(&s, "X-Amz-Cf-Id", REQUEST_ID);
    struct edge_decision d = {.behavior = &s.behavior, .origin = &s.origin};
    assert_true(edge_shares_authorization(&d));
    s.origin.custom_header_count = 1;
    assert_false(edge_shares_authorization(&d));
    const char *names[] = {"authorization"};
    s.behavior.forward.headers = listed(RELEASE_SELECT_LISTED, names, 1);
    assert_false(edge_shares_authorization(&d));
    s.behavior.cache.headers = listed(RELEASE_SELECT_LISTED, names, 1);
    assert_true(edge_shares_authorization(&d));
}

static void the_origin_path_goes_in_front(void **state)
{
    (void)state;
    struct scene s = scene_new();
    s.origin.path = "/v 1/#\xc3\xbc";
    s.path = "//a/../b";
    struct http_request r = forwarded(&s);
    assert_true(slice_equal(r.target, SLICE_LIT("/v%201/%23%C3%BC//a/../b")));
}

/* ---- revalidation and loops */

static void stored_validators_become_conditions(void **state)
{
    (void)state;
    static const struct {
        const char *stored;
        const char *sent;
    } cases[] = {
        {"X: 1", ""},
        {"ETag: W/\"a\"", "If-None-Match: W/\"a\""},
        {"Last-Modified: x", "If-Modified-Since: x"},
        {"ETag: \"a\"\nLast-Modified: x", "If-None-Match: \"a\"\nIf-Modified-Since: x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct http_fields stored = field_lines(&arena, cases[i].stored);
        struct http_fields sent = {0};
        bool has_validator = edge_forward_validators(&arena, &stored, &sent);
        assert_int_equal(has_validator, sent.count > 0);
        assert_string_equal(field_lines_text(&arena, &sent), cases[i].sent);
    }
    struct http_fields viewer = field_lines(&arena, "Host: a\nRange: x\nX: 1\nif-match: y");
    struct http_fields sent = {0};
    edge_forward_conditions(&arena, &viewer, &sent);
    assert_string_equal(field_lines_text(&arena, &sent), "Range: x\nif-match: y");
}

static void a_loop_names_the_distribution(void **state)
{
    (void)state;
    static const struct edge_distribution d = {.config = {.domain_name = "e1.cdn.test"}};
    static const char *const loops[] = {
        "CDN-Loop: e1.cdn.test",
        "cdn-loop: E1.CDN.test",
        "CDN-Loop: other, e1.cdn.test; n=2",
        "CDN-Loop: other\nCDN-Loop: e1.cdn.test",
    };
    static const char *const others[] = {
        "",
        "CDN-Loop: e2.cdn.test",
        "CDN-Loop: e1.cdn.test.x",
        "X: e1.cdn.test",
        "CDN-Loop: x; y=e1.cdn.test",
        "Via: 1.1 e1.cdn.test",
    };
    for (size_t i = 0; i < ARRAY_LEN(loops); i++) {
        struct http_fields fields = field_lines(&arena, loops[i]);
        assert_true(edge_is_loop(&d, &fields));
    }
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        struct http_fields fields = field_lines(&arena, others[i]);
        assert_false(edge_is_loop(&d, &fields));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_origin_gets_nothing_but_what_policies_name),
        cmocka_unit_test(what_either_policy_names_goes_along),
        cmocka_unit_test(all_of_the_viewers_fields_are_not_those_of_one_connection),
        cmocka_unit_test(the_host_is_the_origins_unless_it_is_named),
        cmocka_unit_test(a_viewers_host_that_no_key_holds_goes_in_one_way),
        cmocka_unit_test(keys_see_the_host_that_the_request_is_about),
        cmocka_unit_test(who_passed_it_on_is_appended),
        cmocka_unit_test(many_lines_of_who_passed_it_on_cost_no_more_than_their_bytes),
        cmocka_unit_test(credentials_go_along_where_nobody_shares_the_answer),
        cmocka_unit_test(conditions_and_ranges_go_along_past_the_cache_only),
        cmocka_unit_test(a_body_goes_with_the_fields_that_describe_it),
        cmocka_unit_test(what_viewers_say_to_caches_goes_along_but_for_what_this_one_is_asked),
        cmocka_unit_test(legacy_rules_pass_other_fields),
        cmocka_unit_test(accept_encoding_is_what_the_key_holds),
        cmocka_unit_test(cookies_and_queries_of_both_policies_are_sent),
        cmocka_unit_test(made_fields_come_from_the_edge_alone_and_where_a_policy_names_them),
        cmocka_unit_test(usual_fields_of_a_viewer_are_not_copied),
        cmocka_unit_test(custom_fields_replace_the_viewers_but_not_ours),
        cmocka_unit_test(the_origin_path_goes_in_front),
        cmocka_unit_test(stored_validators_become_conditions),
        cmocka_unit_test(a_loop_names_the_distribution),
    };
    return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
