// SPDX-License-Identifier: Apache-2.0
// What the edge is given of a configuration.
#include "aws/cf_distribution.h"
#include "base/arena.h"
#include "control/compile/distribution_priv.h"
#include "release/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CACHING_DISABLED "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
#define CACHING_OPTIMIZED "658327ea-f89d-4fab-a63d-7e88639e58f6"

/** A configuration with one origin and its default behaviour. */
struct sample {
    struct arena arena;
    struct cf_origin origins[2];
    struct cf_origins origin_list;
    struct cf_cache_behavior behavior;
    struct cf_cache_behavior others[2];
    struct cf_cache_behaviors other_list;
    struct cf_distribution_config config;
    struct cf_distribution_body body;
};

static void sample_init(struct sample *s)
{
    *s = (struct sample){0};
    s->origins[0] = (struct cf_origin){.id = "z", .domain_name = "Origin.Example.COM"};
    s->origins[1] = (struct cf_origin){.id = "a", .domain_name = "127.0.0.1"};
    s->origin_list = (struct cf_origins){.has_items = true, .items_count = 1, .items = s->origins};
    s->behavior = (struct cf_cache_behavior){.target_origin_id = "z",
                                             .viewer_protocol_policy = CF_VIEWER_REDIRECT_TO_HTTPS,
                                             .cache_policy_id = CACHING_OPTIMIZED};
    s->other_list = (struct cf_cache_behaviors){.has_items = true, .items = s->others};
    s->config = (struct cf_distribution_config){.caller_reference = "r",
                                                .origins = &s->origin_list,
                                                .default_cache_behavior = &s->behavior,
                                                .comment = "",
                                                .has_enabled = true,
                                                .enabled = true};
    s->body = (struct cf_distribution_body){
        .id = "E1", .domain_name = "e1.cdn.weir.test", .config = &s->config};
}

static enum err value_of(struct sample *s, struct release_distribution *out, struct errctx *ec)
{
    struct slice value;
    struct slice body = cf_distribution_body_encode(&s->arena, &s->body);
    enum err e = distribution_value(&s->arena, body, &value, ec);
    if (e == ERR_OK)
        assert_int_equal(release_distribution_decode(&s->arena, value, out, ec), ERR_OK);
    return e;
}

static struct release_distribution convert(struct sample *s)
{
    struct release_distribution d = {0};
    struct errctx ec = {0};
    if (value_of(s, &d, &ec) != ERR_OK)
        fail_msg("%s", ec.text);
    return d;
}

static void what_a_configuration_leaves_out_has_the_values_of_cloudfront(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    struct release_distribution d = convert(&s);
    assert_string_equal(d.id, "E1");
    assert_true(d.is_enabled);
    assert_false(d.is_ipv6_enabled);
    assert_string_equal(d.default_root_object, "");
    assert_int_equal(d.alias_count, 0);
    assert_int_equal(d.error_ttl_count, 0);
    const struct release_origin *o = &d.origins[0];
    assert_string_equal(o->domain_name, "origin.example.com");
    assert_string_equal(o->path, "");
    assert_int_equal(o->http_port, 80);
    assert_int_equal(o->https_port, 443);
    assert_int_equal(o->protocol, RELEASE_ORIGIN_MATCH_VIEWER);
    assert_int_equal(o->connection_attempts, 3);
    assert_int_equal(o->connection_timeout_s, 10);
    assert_int_equal(o->response_timeout_s, 30);
    assert_int_equal(o->keepalive_timeout_s, 5);
    assert_int_equal(d.behavior_count, 1);
    const struct release_behavior *b = &d.behaviors[0];
    assert_null(b->path_pattern);
    assert_int_equal(b->viewer_protocol, RELEASE_VIEWER_REDIRECT);
    assert_int_equal(b->allowed_methods, RELEASE_GET | RELEASE_HEAD);
    assert_false(b->compress);
    assert_int_equal(b->cache.min_ttl_s, 1);
    assert_int_equal(b->cache.default_ttl_s, 86400);
    assert_true(b->cache.accepts_gzip && b->cache.accepts_brotli);
    assert_int_equal(b->forward.headers.mode, RELEASE_SELECT_NONE);
    arena_fini(&s.arena);
}

static void origins_are_sorted_and_say_what_they_said(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    const char *protocols[] = {"SSLv3", "TLSv1.1", "TLSv1.2"};
    struct cf_ssl_protocols tls = {.has_items = true, .items = protocols, .items_count = 3};
    struct cf_custom_origin_config custom = {
        .has_http_port = true,
        .http_port = 8080,
        .has_https_port = true,
        .https_port = 8443,
        .origin_protocol_policy = CF_ORIGIN_HTTPS_ONLY,
        .origin_ssl_protocols = &tls,
        .has_origin_read_timeout = true,
        .origin_read_timeout = 300,
        .has_origin_keepalive_timeout = true,
        .origin_keepalive_timeout = 60,
    };
    struct cf_custom_header header = {.header_name = "X-Secret", .header_value = "v"};
    struct cf_custom_headers headers = {.has_items = true, .items = &header, .items_count = 1};
    s.origin_list.items_count = 2;
    s.origins[1].custom_origin_config = &custom;
    s.origins[1].custom_headers = &headers;
    s.origins[1].origin_path = "/base//";
    struct release_distribution d = convert(&s);
    assert_int_equal(d.origin_count, 2);
    const struct release_origin *o = &d.origins[0];
    assert_string_equal(o->id, "a");
    assert_string_equal(o->path, "/base");
    assert_int_equal(o->http_port, 8080);
    assert_int_equal(o->protocol, RELEASE_ORIGIN_HTTPS_ONLY);
    assert_int_equal(o->tls_versions, RELEASE_TLS_1_1 | RELEASE_TLS_1_2);
    assert_int_equal(o->response_timeout_s, RELEASE_RESPONSE_TIMEOUT_MAX_S);
    assert_int_equal(o->keepalive_timeout_s, 60);
    assert_string_equal(o->custom_headers[0].value, "v");
    assert_string_equal(d.origins[1].id, "z");
    arena_fini(&s.arena);
}

static void behaviours_keep_their_order_and_the_default_comes_last(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    const char *all[] = {"GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"};
    struct cf_cached_methods cached = {.has_items = true, .items = all, .items_count = 3};
    struct cf_allowed_methods allowed = {
        .has_items = true, .items = all, .items_count = 7, .cached_methods = &cached};
    s.others[0] = s.behavior;
    s.others[0].path_pattern = "/z/*";
    s.others[0].allowed_methods = &allowed;
    s.others[0].has_compress = true;
    s.others[0].compress = true;
    s.others[1] = s.behavior;
    s.others[1].path_pattern = "/a/*";
    s.others[1].cache_policy_id = CACHING_DISABLED;
    s.other_list.items_count = 2;
    s.config.cache_behaviors = &s.other_list;
    struct release_distribution d = convert(&s);
    assert_int_equal(d.behavior_count, 3);
    assert_string_equal(d.behaviors[0].path_pattern, "/z/*");
    assert_int_equal(d.behaviors[0].allowed_methods, 127);
    assert_int_equal(d.behaviors[0].cached_methods, RELEASE_GET | RELEASE_HEAD | RELEASE_OPTIONS);
    assert_true(d.behaviors[0].compress);
    assert_string_equal(d.behaviors[1].path_pattern, "/a/*");
    assert_int_equal(d.behaviors[1].cache.max_ttl_s, 0);
    assert_null(d.behaviors[2].path_pattern);
    arena_fini(&s.arena);
}

static void legacy_values_become_the_same_rules(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    const char *names[] = {"Host", "accept"};
    struct cf_names headers = {.has_items = true, .items = names, .items_count = 2};
    struct cf_cookie_preference cookies = {.forward = CF_FORWARD_NONE};
    struct cf_forwarded_values values = {
        .has_query_string = true, .query_string = true, .cookies = &cookies, .headers = &headers};
    s.behavior.cache_policy_id = NULL;
    s.behavior.forwarded_values = &values;
    s.behavior.has_max_ttl = true;
    s.behavior.max_ttl = INT64_MAX;
    struct release_distribution d = convert(&s);
    const struct release_behavior *b = &d.behaviors[0];
    assert_true(b->forward.is_legacy);
    assert_int_equal(b->cache.headers.mode, RELEASE_SELECT_LISTED);
    assert_string_equal(b->cache.headers.names[0], "accept");
    assert_string_equal(b->cache.headers.names[1], "host");
    assert_int_equal(b->cache.queries.mode, RELEASE_SELECT_ALL);
    assert_true(b->cache.max_ttl_s == RELEASE_TTL_MAX_S);
    arena_fini(&s.arena);
}

static void error_ttls_are_those_that_say_how_long(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s);
    struct cf_custom_error_response responses[] = {
        {.has_error_code = true,
         .error_code = 503,
         .has_error_caching_min_ttl = true,
         .error_caching_min_ttl = 7},
        {.has_error_code = true, .error_code = 500},
        {.has_error_code = true,
         .error_code = 404,
         .has_error_caching_min_ttl = true,
         .error_caching_min_ttl = 0},
    };
    struct cf_custom_error_responses list = {
        .has_items = true, .items = responses, .items_count = 3};
    s.config.custom_error_responses = &list;
    struct release_distribution d = convert(&s);
    assert_int_equal(d.error_ttl_count, 2);
    assert_int_equal(d.error_ttls[0].status, 404);
    assert_int_equal(d.error_ttls[1].min_ttl_s, 7);
    arena_fini(&s.arena);
}

static void what_no_edge_could_serve_is_refused_with_its_reason(void **state)
{
    (void)state;
    struct sample s;
    struct errctx ec = {0};
    struct release_distribution d;
    sample_init(&s);
    s.behavior.target_origin_id = "nobody";
    assert_int_equal(value_of(&s, &d, &ec), ERR_INVALID);
    assert_non_null(strstr(ec.text, "the origin of a behaviour"));
    s.behavior.target_origin_id = "z";
    s.behavior.cache_policy_id = "00000000-0000-0000-0000-000000000000";
    ec = (struct errctx){0};
    assert_int_equal(value_of(&s, &d, &ec), ERR_INVALID);
    assert_non_null(strstr(ec.text, "no policy that is known here"));
    struct slice value;
    assert_int_equal(distribution_value(&s.arena, SLICE_LIT("<x/>"), &value, NULL), ERR_CORRUPT);
    arena_fini(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_configuration_leaves_out_has_the_values_of_cloudfront),
        cmocka_unit_test(origins_are_sorted_and_say_what_they_said),
        cmocka_unit_test(behaviours_keep_their_order_and_the_default_comes_last),
        cmocka_unit_test(legacy_values_become_the_same_rules),
        cmocka_unit_test(error_ttls_are_those_that_say_how_long),
        cmocka_unit_test(what_no_edge_could_serve_is_refused_with_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
