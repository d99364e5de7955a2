// SPDX-License-Identifier: Apache-2.0
#include "release/distribution.h"
#include "release/limits.h"
#include "release/release.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ALL_METHODS 127u

static const char *const aliases[] = {"*.example.com", "www.example.com"};
static const char *const field_names[] = {"accept", "x-tenant"};
static const char *const query_names[] = {"Page", "page"};

/** Everything set that can be, in both behaviours differently. */
struct sample {
    struct release_distribution d;
    struct release_origin origins[2];
    struct release_behavior behaviors[2];
    struct release_header headers[2];
    struct release_error_ttl error_ttls[2];
};

static struct release_selection selection_of(enum release_select mode, const char *const *names)
{
    return (struct release_selection){.mode = mode,
                                      .names = (const char **)(uintptr_t)names,
                                      .name_count = names == NULL ? 0 : 2};
}

static struct release_origin origin_of(const char *id, const char *domain_name)
{
    return (struct release_origin){.id = id,
                                   .domain_name = domain_name,
                                   .path = "/base/path",
                                   .http_port = 80,
                                   .https_port = 65535,
                                   .protocol = RELEASE_ORIGIN_MATCH_VIEWER,
                                   .tls_versions = RELEASE_TLS_1_1 | RELEASE_TLS_1_2,
                                   .connection_attempts = 3,
                                   .connection_timeout_s = 10,
                                   .response_timeout_s = 30,
                                   .keepalive_timeout_s = 5};
}

static struct release_behavior behavior_of(const char *path_pattern, const char *origin_id)
{
    return (struct release_behavior){
        .path_pattern = path_pattern,
        .origin_id = origin_id,
        .viewer_protocol = RELEASE_VIEWER_REDIRECT,
        .allowed_methods = ALL_METHODS,
        .cached_methods = RELEASE_GET | RELEASE_HEAD,
        .compress = true,
        .cache = {.min_ttl_s = 1,
                  .default_ttl_s = 86400,
                  .max_ttl_s = 31536000,
                  .headers = selection_of(RELEASE_SELECT_LISTED, field_names),
                  .cookies = selection_of(RELEASE_SELECT_NONE, NULL),
                  .queries = selection_of(RELEASE_SELECT_ALL_EXCEPT, query_names),
                  .accepts_gzip = true,
                  .accepts_brotli = true},
        .forward = {.is_legacy = true,
                    .headers = selection_of(RELEASE_SELECT_ALL_AND, field_names),
                    .cookies = selection_of(RELEASE_SELECT_ALL, NULL),
                    .queries = selection_of(RELEASE_SELECT_LISTED, query_names)},
    };
}

/* Fills it in place: its parts point at each other. */
static struct release_distribution *sample_of(struct sample *s)
{
    *s = (struct sample){0};
    s->origins[0] = origin_of("a/b c", "origin.example.com");
    s->origins[1] = origin_of("caf\xc3\xa9", "2001:db8::1");
    s->headers[0] = (struct release_header){.name = "X-Secret", .value = "v w"};
    s->headers[1] = (struct release_header){.name = "X-Empty", .value = ""};
    s->origins[0].custom_headers = s->headers;
    s->origins[0].custom_header_count = 2;
    s->behaviors[0] = behavior_of("/images/*.jp?", "a/b c");
    s->behaviors[1] = behavior_of(NULL, "caf\xc3\xa9");
    s->error_ttls[0] = (struct release_error_ttl){.status = 404, .min_ttl_s = 0};
    s->error_ttls[1] = (struct release_error_ttl){.status = 503, .min_ttl_s = 60};
    s->d = (struct release_distribution){.id = "E2QWRUHAPOMQZL",
                                         .domain_name = "e2qwruhapomqzl.cdn.weir.test",
                                         .aliases = (const char **)(uintptr_t)aliases,
                                         .alias_count = 2,
                                         .is_enabled = true,
                                         .is_ipv6_enabled = true,
                                         .default_root_object = "index.html",
                                         .origins = s->origins,
                                         .origin_count = 2,
                                         .behaviors = s->behaviors,
                                         .behavior_count = 2,
                                         .error_ttls = s->error_ttls,
                                         .error_ttl_count = 2};
    return &s->d;
}

static void assert_selection(const struct release_selection *s, enum release_select mode,
                             const char *const *names)
{
    assert_int_equal(s->mode, mode);
    assert_int_equal(s->name_count, names == NULL ? 0 : 2);
    for (size_t i = 0; i < s->name_count; i++)
        assert_string_equal(s->names[i], names[i]);
}

static void a_distribution_survives_the_way_there_and_back(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct sample sample;
    struct slice bytes = release_distribution_encode(&a, sample_of(&sample));
    struct release_distribution out;
    struct errctx ec = {0};
    assert_int_equal(release_distribution_decode(&a, bytes, &out, &ec), ERR_OK);
    assert_string_equal(out.id, "E2QWRUHAPOMQZL");
    assert_string_equal(out.domain_name, "e2qwruhapomqzl.cdn.weir.test");
    assert_int_equal(out.alias_count, 2);
    assert_string_equal(out.aliases[0], "*.example.com");
    assert_true(out.is_enabled && out.is_ipv6_enabled);
    assert_string_equal(out.default_root_object, "index.html");
    assert_int_equal(out.origin_count, 2);
    assert_string_equal(out.origins[1].domain_name, "2001:db8::1");
    assert_int_equal(out.origins[0].https_port, 65535);
    assert_int_equal(out.origins[0].custom_header_count, 2);
    assert_string_equal(out.origins[0].custom_headers[0].value, "v w");
    assert_string_equal(out.origins[0].custom_headers[1].value, "");
    assert_int_equal(out.behavior_count, 2);
    assert_string_equal(out.behaviors[0].path_pattern, "/images/*.jp?");
    assert_null(out.behaviors[1].path_pattern);
    assert_int_equal(out.behaviors[1].allowed_methods, ALL_METHODS);
    assert_selection(&out.behaviors[0].cache.headers, RELEASE_SELECT_LISTED, field_names);
    assert_selection(&out.behaviors[1].cache.queries, RELEASE_SELECT_ALL_EXCEPT, query_names);
    assert_selection(&out.behaviors[1].forward.headers, RELEASE_SELECT_ALL_AND, field_names);
    assert_selection(&out.behaviors[0].forward.cookies, RELEASE_SELECT_ALL, NULL);
    assert_int_equal(out.error_ttl_count, 2);
    assert_int_equal(out.error_ttls[1].min_ttl_s, 60);
    assert_true(slice_equal(release_distribution_encode(&a, &out), bytes));
}

static void the_smallest_distribution_has_one_behaviour(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct sample sample;
    struct release_distribution *d = sample_of(&sample);
    d->alias_count = 0;
    d->is_enabled = false;
    d->is_ipv6_enabled = false;
    d->default_root_object = "";
    d->behaviors++;
    d->behavior_count = 1;
    d->error_ttl_count = 0;
    sample.origins[0].path = "";
    struct release_distribution out;
    struct slice bytes = release_distribution_encode(&a, d);
    assert_int_equal(release_distribution_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.default_root_object, "");
    assert_string_equal(out.origins[0].path, "");
    assert_int_equal(out.alias_count, 0);
    assert_false(out.is_enabled);
}

static void protobuf_c_reads_and_writes_the_same_distribution(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct sample sample;
    struct slice bytes = release_distribution_encode(&a, sample_of(&sample));
    Weir__Release__Distribution *pb =
        weir__release__distribution__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->id, "E2QWRUHAPOMQZL");
    assert_int_equal(pb->n_aliases, 2);
    assert_true(pb->is_enabled);
    assert_string_equal(pb->default_root_object, "index.html");
    assert_int_equal(pb->origins[0]->protocol,
                     WEIR__RELEASE__ORIGIN_PROTOCOL__ORIGIN_PROTOCOL_MATCH_VIEWER);
    assert_int_equal(pb->origins[0]->keepalive_timeout_s, 5);
    assert_string_equal(pb->origins[0]->custom_headers[0]->name, "X-Secret");
    assert_string_equal(pb->behaviors[0]->path_pattern, "/images/*.jp?");
    assert_int_equal(pb->behaviors[0]->viewer_protocol,
                     WEIR__RELEASE__VIEWER_PROTOCOL__VIEWER_PROTOCOL_REDIRECT);
    assert_int_equal(pb->behaviors[1]->cache->max_ttl_s, 31536000);
    assert_int_equal(pb->behaviors[1]->forward->headers->mode,
                     WEIR__RELEASE__SELECT_MODE__SELECT_MODE_ALL_AND);
    assert_string_equal(pb->behaviors[1]->cache->queries->names[1], "page");
    assert_int_equal(pb->error_ttls[0]->status, 404);
    assert_int_equal(weir__release__distribution__get_packed_size(pb), bytes.len);
    uint8_t *again = arena_alloc(&a, bytes.len);
    (void)weir__release__distribution__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__distribution__free_unpacked(pb, NULL);
}

static struct slice address_lists[][2] = {
    {{(const uint8_t *)"\x7f\0\0\x01", 4}, {(const uint8_t *)"\x20\x01\x0d\xb8xxxxyyyyzzzz", 16}},
    {{(const uint8_t *)"\x0a\0\0\x02", 4}, {(const uint8_t *)"\x0a\0\0\x03", 4}},
};
static struct release_pop_node pop_nodes[] = {
    {.node_id = "n-1", .addresses = address_lists[0], .address_count = 2, .http_port = 8080},
    {.node_id = "n-2", .addresses = address_lists[1], .address_count = 0},
};

static struct release_pop sample_pop(void)
{
    return (struct release_pop){
        .name = "ZRH50-P1", .location = "47.38,8.54", .nodes = pop_nodes, .node_count = 2};
}

static void a_pop_is_the_same_to_us_and_to_protobuf_c(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct release_pop pop = sample_pop();
    struct slice bytes = release_pop_encode(&a, &pop);
    struct release_pop out;
    assert_int_equal(release_pop_decode(&a, bytes, &out, NULL), ERR_OK);
    assert_string_equal(out.name, "ZRH50-P1");
    assert_string_equal(out.location, "47.38,8.54");
    assert_int_equal(out.node_count, 2);
    assert_string_equal(out.nodes[1].node_id, "n-2");
    assert_true(slice_equal(out.nodes[0].addresses[1], address_lists[0][1]));
    assert_true(out.nodes[0].http_port == 8080 && out.nodes[1].http_port == 0);
    assert_true(slice_equal(release_pop_encode(&a, &out), bytes));

    Weir__Release__Pop *pb = weir__release__pop__unpack(NULL, bytes.len, bytes.data);
    assert_non_null(pb);
    assert_string_equal(pb->nodes[0]->node_id, "n-1");
    assert_int_equal(pb->nodes[0]->n_addresses, 2);
    assert_int_equal(weir__release__pop__get_packed_size(pb), bytes.len);
    uint8_t again[256];
    (void)weir__release__pop__pack(pb, again);
    assert_memory_equal(again, bytes.data, bytes.len);
    weir__release__pop__free_unpacked(pb, NULL);
}

static void every_cut_is_refused_or_whole(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct sample sample;
    struct slice bytes = release_distribution_encode(&a, sample_of(&sample));
    struct release_distribution out;
    for (size_t cut = 0; cut < bytes.len; cut++) {
        struct slice part = slice_sub(bytes, 0, cut);
        if (release_distribution_decode(&a, part, &out, NULL) == ERR_OK)
            assert_true(slice_equal(release_distribution_encode(&a, &out), part));
    }
    struct release_pop pop = sample_pop();
    bytes = release_pop_encode(&a, &pop);
    for (size_t cut = 0; cut < bytes.len; cut++) {
        struct slice part = slice_sub(bytes, 0, cut);
        if (release_pop_decode(&a, part, &pop, NULL) == ERR_OK)
            assert_true(slice_equal(release_pop_encode(&a, &pop), part));
    }
}

/* Packs it through protobuf-c, which checks nothing, after `spoil` changed it. */
static enum err decode_spoilt(void (*spoil)(Weir__Release__Distribution *pb))
{
    AUTO_ARENA struct arena a = {0};
    struct sample sample;
    struct slice bytes = release_distribution_encode(&a, sample_of(&sample));
    Weir__Release__Distribution *pb =
        weir__release__distribution__unpack(NULL, bytes.len, bytes.data);
    Weir__Release__Distribution before = *pb; /* counts that spoil may lower */
    spoil(pb);
    size_t len = weir__release__distribution__get_packed_size(pb);
    uint8_t *packed = arena_alloc(&a, len);
    (void)weir__release__distribution__pack(pb, packed);
    pb->n_behaviors = before.n_behaviors;
    weir__release__distribution__free_unpacked(pb, NULL);
    struct release_distribution out;
    return release_distribution_decode(&a, slice_of(packed, len), &out, NULL);
}

static void spoil_nothing(Weir__Release__Distribution *pb)
{
    (void)pb;
}
static void spoil_protocol(Weir__Release__Distribution *pb)
{
    pb->origins[0]->protocol = WEIR__RELEASE__ORIGIN_PROTOCOL__ORIGIN_PROTOCOL_UNSPECIFIED;
}
static void spoil_port(Weir__Release__Distribution *pb)
{
    pb->origins[1]->http_port = 65536;
}
static void spoil_port_zero(Weir__Release__Distribution *pb)
{
    pb->origins[1]->http_port = 0;
}
static void spoil_attempts(Weir__Release__Distribution *pb)
{
    pb->origins[1]->connection_attempts = RELEASE_CONNECTION_ATTEMPTS_MAX + 1;
}
static void spoil_timeout(Weir__Release__Distribution *pb)
{
    pb->origins[1]->response_timeout_s = 0;
}
static void spoil_path(Weir__Release__Distribution *pb)
{
    pb->origins[0]->path[9] = '/';
}
static void spoil_origin_order(Weir__Release__Distribution *pb)
{
    pb->origins[0]->id[0] = 'z';
}
static void spoil_origin_of_behavior(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->origin_id[0] = 'x';
}
static void spoil_header(Weir__Release__Distribution *pb)
{
    pb->origins[0]->custom_headers[0]->name[1] = ':';
}
static void spoil_header_value(Weir__Release__Distribution *pb)
{
    pb->origins[0]->custom_headers[0]->value[1] = '\n';
}
static void spoil_default(Weir__Release__Distribution *pb)
{
    pb->n_behaviors = 1;
}
static void spoil_methods(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->allowed_methods = RELEASE_GET | RELEASE_HEAD;
    pb->behaviors[0]->cached_methods = RELEASE_GET | RELEASE_HEAD | RELEASE_OPTIONS;
}
static void spoil_method_bit(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->allowed_methods = ALL_METHODS + 1;
}
static void spoil_viewer_protocol(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->viewer_protocol = 4;
}
static void spoil_ttl(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->max_ttl_s = RELEASE_TTL_MAX_S + 1;
}
static void spoil_ttl_order(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->max_ttl_s = 0;
}
static void spoil_mode(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->cookies->mode = WEIR__RELEASE__SELECT_MODE__SELECT_MODE_UNSPECIFIED;
}
static void spoil_mode_of_key(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->headers->mode = WEIR__RELEASE__SELECT_MODE__SELECT_MODE_ALL_AND;
}
static void spoil_names_of_none(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->headers->mode = WEIR__RELEASE__SELECT_MODE__SELECT_MODE_NONE;
}
static void spoil_case_of_field(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->headers->names[0][1] = 'C';
}
static void spoil_name_order(Weir__Release__Distribution *pb)
{
    pb->behaviors[0]->cache->queries->names[0][0] = 'p';
}
static void spoil_status(Weir__Release__Distribution *pb)
{
    pb->error_ttls[0]->status = 399;
}
static void spoil_status_order(Weir__Release__Distribution *pb)
{
    pb->error_ttls[0]->status = 503;
}
static void spoil_text(Weir__Release__Distribution *pb)
{
    pb->default_root_object[1] = '\xff';
}
static void spoil_root_object(Weir__Release__Distribution *pb)
{
    pb->default_root_object[0] = '/';
}
static void spoil_alias(Weir__Release__Distribution *pb)
{
    pb->aliases[1][0] = 'W';
}

static void distributions_that_no_reader_may_see_are_refused(void **state)
{
    (void)state;
    static void (*const spoils[])(Weir__Release__Distribution *) = {
        spoil_protocol,      spoil_port,
        spoil_port_zero,     spoil_attempts,
        spoil_timeout,       spoil_path,
        spoil_origin_order,  spoil_origin_of_behavior,
        spoil_header,        spoil_header_value,
        spoil_default,       spoil_methods,
        spoil_method_bit,    spoil_viewer_protocol,
        spoil_ttl,           spoil_ttl_order,
        spoil_mode,          spoil_mode_of_key,
        spoil_names_of_none, spoil_case_of_field,
        spoil_name_order,    spoil_status,
        spoil_status_order,  spoil_text,
        spoil_root_object,   spoil_alias,
    };
    assert_int_equal(decode_spoilt(spoil_nothing), ERR_OK);
    for (size_t i = 0; i < ARRAY_LEN(spoils); i++) {
        if (decode_spoilt(spoils[i]) != ERR_CORRUPT)
            fail_msg("spoil %zu was not refused", i);
    }
}

static void what_is_wrong_with_a_distribution_has_a_name(void **state)
{
    (void)state;
    struct sample sample;
    assert_null(release_distribution_problem(sample_of(&sample)));
    sample.d.behavior_count = 0;
    assert_non_null(release_distribution_problem(&sample.d));
    (void)sample_of(&sample);
    sample.origins[0].domain_name = "Origin.example.com";
    assert_string_equal(release_distribution_problem(&sample.d), "the domain name of an origin");
}

static void pops_that_no_reader_may_see_are_refused(void **state)
{
    (void)state;
    struct release_pop pop = sample_pop();
    assert_null(release_pop_problem(&pop));
    pop.node_count = 0;
    assert_non_null(release_pop_problem(&pop));
    pop = sample_pop();
    pop.name = "ZRH50 P1";
    assert_non_null(release_pop_problem(&pop));
    struct release_pop_node twice[] = {pop_nodes[0], pop_nodes[0]};
    pop = sample_pop();
    pop.nodes = twice;
    assert_non_null(release_pop_problem(&pop));
    struct slice odd = SLICE_LIT("12345");
    struct release_pop_node node = {.node_id = "n-1", .addresses = &odd, .address_count = 1};
    pop.nodes = &node;
    pop.node_count = 1;
    assert_non_null(release_pop_problem(&pop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_distribution_survives_the_way_there_and_back),
        cmocka_unit_test(the_smallest_distribution_has_one_behaviour),
        cmocka_unit_test(protobuf_c_reads_and_writes_the_same_distribution),
        cmocka_unit_test(a_pop_is_the_same_to_us_and_to_protobuf_c),
        cmocka_unit_test(every_cut_is_refused_or_whole),
        cmocka_unit_test(distributions_that_no_reader_may_see_are_refused),
        cmocka_unit_test(what_is_wrong_with_a_distribution_has_a_name),
        cmocka_unit_test(pops_that_no_reader_may_see_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
