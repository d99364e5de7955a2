// SPDX-License-Identifier: Apache-2.0
// The demo's zone and words.
#include "tool/demo_cdn.h"
#include "tool/demo_text.h"
#include "tool/demo_zone.h"

#include "aws/r53_change.h"
#include "aws/r53_ids.h"
#include "aws/xml.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct demo_facts all = {
    .dns = "127.0.0.1:5301",
    .api = "127.0.0.1:5381",
    .admin = "127.0.0.1:5391",
    .data_dir = "/home/me/weir data",
    .program = "/opt/weir",
    .health_file = "/home/me/weir data/health",
    .check_id = "0ba3a3d1-9d3b-4f0e-8d8d-0d5f2c1a7e55",
    .zone_id = "Z1",
    .change_id = "C1",
    .http = "127.0.0.1:8081",
    .https = "127.0.0.1:8444",
    .distribution_id = "EDEMO",
    .distribution_name = "edemo.cdn.weir.test",
};

static const struct demo_zone_ids ids = {.zone_id = "Z1",
                                         .cdn_name = "edemo.cdn.weir.test",
                                         .check_id = "0ba3a3d1-9d3b-4f0e-8d8d-0d5f2c1a7e55"};

/** The text with a NUL behind it, in the arena. */
static const char *text_of(struct arena *a, const struct demo_facts *facts)
{
    AUTO_BUF struct buf out = {0};
    demo_text(&out, facts);
    return arena_str(a, buf_slice(&out));
}

static void the_batch_is_whole_and_survives_its_own_codec(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf xml = {0};
    struct r53_change_record_sets_request request;
    struct r53_change_record_sets_request again = {0};
    struct aws_fault fault = {.arena = &a};
    demo_zone_batch(&a, &ids, &request);
    aws_xml_write(&xml, &AWS_SHAPE_OF(r53_change_record_sets_request),
                  aws_service_namespace(AWS_ROUTE53), &request);
    assert_int_equal(aws_xml_parse(AWS_ROUTE53, &AWS_SHAPE_OF(r53_change_record_sets_request),
                                   buf_slice(&xml), &again, &fault),
                     AWS_OK);
    assert_int_equal(again.change_batch->changes_count, request.change_batch->changes_count);
    size_t within = 0;
    size_t to_cdn = 0;
    size_t grouped = 0;
    for (size_t i = 0; i < again.change_batch->changes_count; i++) {
        const struct r53_record_set *set = again.change_batch->changes[i].resource_record_set;
        grouped += set->set_identifier != NULL;
        if (set->alias_target == NULL || set->set_identifier != NULL)
            continue;
        bool is_within = strcmp(set->alias_target->hosted_zone_id, "Z1") == 0;
        assert_string_equal(set->alias_target->dns_name,
                            is_within ? "pool.demo.test." : "edemo.cdn.weir.test");
        within += is_within;
        to_cdn += strcmp(set->alias_target->hosted_zone_id, R53_CDN_ZONE_ID) == 0;
    }
    assert_int_equal(within, 1);
    assert_int_equal(to_cdn, 2);
    assert_int_equal(grouped, 19); /* weighted 2 and 2, failover 2, geolocation 3, multivalue 10 */
}

struct new_zone {
    struct arena *arena;
    const struct r53_change_zone *zone;
};

/** What a new zone holds, and the zone of distributions where one is there. */
static enum err load_new_zone(void *user, const char *zone_id, struct r53_owner *owner,
                              struct errctx *ec)
{
    static const char *const name_servers[4] = {"ns-1.weir.test.", "ns-2.weir.test.",
                                                "ns-3.weir.test.", "ns-4.weir.test."};
    static const struct r53_distribution_name distribution = {.domain_name = "edemo.cdn.weir.test",
                                                              .cdn_domain = "cdn.weir.test"};
    const struct r53_change_zone *zone = ((struct new_zone *)user)->zone;
    (void)ec;
    if (strcmp(zone_id, R53_CDN_ZONE_ID) == 0)
        r53_distribution_sets(((struct new_zone *)user)->arena, &distribution, &owner->sets);
    else if (dns_name_equal(dns_name_slice(&owner->name), dns_name_slice(&zone->apex)))
        r53_default_sets(((struct new_zone *)user)->arena, DEMO_ZONE ".", name_servers, "weir.test",
                         &owner->sets);
    return ERR_OK;
}

static enum err find_check(void *user, const char *id, bool *out_is_there, struct errctx *ec)
{
    (void)user;
    (void)ec;
    *out_is_there = strcmp(id, ids.check_id) == 0;
    return ERR_OK;
}

static void the_api_finds_nothing_to_refuse_in_the_batch(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct r53_change_record_sets_request request;
    struct r53_change_zone zone = {.id = "Z1"};
    struct r53_change_result result;
    struct aws_fault fault = {.arena = &a};
    struct new_zone born = {.arena = &a, .zone = &zone};
    const struct r53_change_source source = {
        .load = load_new_zone, .find_health_check = find_check, .user = &born};
    assert_int_equal(dns_name_parse(SLICE_LIT(DEMO_ZONE "."), &zone.apex, NULL), ERR_OK);
    assert_int_equal(dns_name_parse(SLICE_LIT("cdn.weir.test."), &zone.cdn_apex, NULL), ERR_OK);
    for (size_t i = 0; i < 2; i++) {
        struct demo_zone_ids these = ids;
        these.cdn_name = i == 0 ? NULL : ids.cdn_name;
        demo_zone_batch(&a, &these, &request);
        enum aws_error e = r53_change_apply(&zone, request.change_batch, &source, &result, &fault);
        assert_string_equal(e == AWS_OK ? "" : fault.message, "");
    }
}

static void the_distribution_survives_its_own_codec(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    AUTO_BUF struct buf xml = {0};
    struct cf_distribution_config again = {0};
    struct aws_fault fault = {.arena = &a};
    const struct cf_distribution_config *config = demo_cdn_config(&a, 1080, 1081);
    aws_xml_write(&xml, &AWS_SHAPE_OF(cf_distribution_config),
                  aws_service_namespace(AWS_CLOUDFRONT), config);
    enum aws_error e = aws_xml_parse(AWS_CLOUDFRONT, &AWS_SHAPE_OF(cf_distribution_config),
                                     buf_slice(&xml), &again, &fault);
    assert_string_equal(e == AWS_OK ? "" : fault.message, "");
    assert_int_equal(again.origins->items_count, 2);
    assert_int_equal(again.origins->items[1].custom_origin_config->http_port, 1081);
    assert_string_equal(again.cache_behaviors->items[0].path_pattern, "/api/*");
    assert_string_equal(again.aliases->items[0], DEMO_ZONE);
    assert_true(again.enabled);
}

static void commands_name_what_is_really_bound(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    const char *text = text_of(&a, &all);
    assert_non_null(strstr(text, "\n    dig @127.0.0.1 -p 5301 pool.demo.test A\n"));
    assert_non_null(strstr(text, "\n    aws --endpoint-url http://127.0.0.1:5381 route53 "
                                 "list-hosted-zones\n"));
    assert_non_null(strstr(text, "\n    curl -sS http://127.0.0.1:5391/healthz\n"));
    assert_non_null(strstr(text, "FILE='/home/me/weir data/credentials' AWS_DEFAULT_REGION="));
    assert_non_null(strstr(text, "\n    /opt/weir node list --data '/home/me/weir data'\n"));
    assert_non_null(strstr(text, "get-change --id C1\n"));
    assert_non_null(strstr(text, "\n    dig @127.0.0.1 -p 5301 www.demo.test A\n"));
    assert_non_null(strstr(text, "'Host: www.demo.test' -i http://127.0.0.1:8081/hello\n"));
    assert_non_null(strstr(text, "--cacert '/home/me/weir data/ca.pem' --resolve "
                                 "edemo.cdn.weir.test:8444:127.0.0.1 "
                                 "https://edemo.cdn.weir.test:8444/hello\n"));
    assert_non_null(strstr(text, "create-invalidation --distribution-id EDEMO "));
    assert_non_null(strstr(text, "\n    /opt/weir zone test demo.test tree.demo.test A --data "
                                 "'/home/me/weir data'\n"));
    assert_non_null(strstr(text, "\n    echo '0ba3a3d1-9d3b-4f0e-8d8d-0d5f2c1a7e55 unhealthy' "
                                 ">'/home/me/weir data/health'\n"));
    assert_null(strstr(text, "unset"));
    assert_null(strstr(text, "(null)"));
}

static void a_wildcard_is_asked_at_loopback(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct demo_facts facts = all;
    facts.dns = "0.0.0.0:53";
    assert_non_null(strstr(text_of(&a, &facts), "dig @127.0.0.1 -p 53 "));
    facts.dns = "[::]:53";
    assert_non_null(strstr(text_of(&a, &facts), "dig @::1 -p 53 "));
    facts.http = "[::]:80";
    facts.https = "[::]:443";
    assert_non_null(strstr(text_of(&a, &facts), "http://[::1]:80/hello\n"));
    assert_non_null(strstr(text_of(&a, &facts), "edemo.cdn.weir.test:443:[::1] https"));
}

static void what_is_not_there_is_left_out(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    struct demo_facts facts = all;
    facts.change_id = NULL;
    facts.has_other_key = true;
    const char *text = text_of(&a, &facts);
    assert_non_null(strstr(text, "get-change --id \"$(aws "));
    assert_non_null(strstr(text, "\n    unset AWS_ACCESS_KEY_ID "));
    facts.distribution_id = NULL;
    assert_null(strstr(text_of(&a, &facts), "Host:"));
    assert_null(strstr(text_of(&a, &facts), "cloudfront"));
    facts.health_file = NULL;
    assert_null(strstr(text_of(&a, &facts), "echo"));
    facts.dns = NULL;
    facts.admin = NULL;
    text = text_of(&a, &facts);
    assert_null(strstr(text, "dig"));
    assert_null(strstr(text, "curl"));
    facts.zone_id = NULL;
    text = text_of(&a, &facts);
    assert_null(strstr(text, "demo.test"));
    assert_non_null(strstr(text, "list-hosted-zones"));
}

static void a_shell_takes_any_path_as_one_word(void **state)
{
    (void)state;
    AUTO_ARENA struct arena a = {0};
    assert_string_equal(shell_word(&a, "/opt/weir-0.1/a_b"), "/opt/weir-0.1/a_b");
    assert_string_equal(shell_word(&a, ""), "''");
    assert_string_equal(shell_word(&a, "a b"), "'a b'");
    assert_string_equal(shell_word(&a, "it's $HOME"), "'it'\\''s $HOME'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_batch_is_whole_and_survives_its_own_codec),
        cmocka_unit_test(the_api_finds_nothing_to_refuse_in_the_batch),
        cmocka_unit_test(the_distribution_survives_its_own_codec),
        cmocka_unit_test(commands_name_what_is_really_bound),
        cmocka_unit_test(a_wildcard_is_asked_at_loopback),
        cmocka_unit_test(what_is_not_there_is_left_out),
        cmocka_unit_test(a_shell_takes_any_path_as_one_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
