// SPDX-License-Identifier: Apache-2.0
// Configurations of health checks: rules, what is filled in, updates, the stored form.
#include "aws/r53_health.h"
#include "aws/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct arena arena;

static int teardown(void **state)
{
    (void)state;
    arena_fini(&arena);
    return 0;
}

static struct r53_health_check_config http(void)
{
    return (struct r53_health_check_config){.type = R53_CHECK_HTTP, .ip_address = "10.0.0.1"};
}

static struct r53_health_check_config calculated(const char **children, size_t count)
{
    return (struct r53_health_check_config){.type = R53_CHECK_CALCULATED,
                                            .has_health_threshold = true,
                                            .health_threshold = 1,
                                            .has_child_health_checks = true,
                                            .child_health_checks = children,
                                            .child_health_checks_count = count};
}

static struct r53_health_check_config filled(struct r53_health_check_config config)
{
    struct aws_fault fault = {.arena = &arena};
    struct r53_health_check_config out = {0};
    enum aws_error error = r53_health_fill(&config, &out, &fault);
    assert_string_equal(error == AWS_OK ? "" : fault.message, "");
    return out;
}

static void assert_refused(struct r53_health_check_config config, const char *words)
{
    struct aws_fault fault = {.arena = &arena};
    struct r53_health_check_config out = {0};
    assert_int_equal(r53_health_fill(&config, &out, &fault), AWS_InvalidInput);
    if (strstr(fault.message, words) == NULL)
        fail_msg("'%s' is not in '%s'", words, fault.message);
}

static void route_53_fills_in_what_was_left_out(void **state)
{
    (void)state;
    struct r53_health_check_config c = filled(http());
    assert_true(c.has_port && c.port == 80);
    assert_true(c.has_request_interval && c.request_interval == 30);
    assert_true(c.has_failure_threshold && c.failure_threshold == 3);
    assert_true(c.has_enable_sni && !c.enable_sni);
    assert_true(c.has_inverted && !c.inverted && c.has_disabled && !c.disabled);
    assert_true(c.has_measure_latency && !c.measure_latency);
    assert_false(c.has_regions);
    assert_null(c.resource_path);
    struct r53_health_check_config https = http();
    https.type = R53_CHECK_HTTPS;
    c = filled(https);
    assert_true(c.port == 443 && c.enable_sni);
    https.has_enable_sni = https.has_port = true;
    https.port = 8443;
    c = filled(https);
    assert_true(c.port == 8443 && !c.enable_sni);
    const char *children[] = {"a"};
    c = filled(calculated(children, 1));
    assert_false(c.has_port || c.has_request_interval || c.has_failure_threshold);
    assert_false(c.has_enable_sni || c.has_measure_latency);
    assert_true(c.has_inverted && c.has_disabled);
}

static void members_go_with_their_types(void **state)
{
    (void)state;
    struct r53_alarm_identifier alarm = {.region = "us-east-1", .name = "a"};
    struct r53_health_check_config c = {.type = R53_CHECK_HTTP};
    assert_refused(c, "Basic health checks must have an IP address or a fully qualified domain");
    c = http();
    c.alarm_identifier = &alarm;
    assert_refused(c, "Invalid parameter : Basic health checks must not have an metric region "
                      "specified.");
    c = http();
    c.search_string = "OK";
    assert_refused(c, "HTTP health checks must not have a search string specified.");
    c.type = R53_CHECK_HTTPS_STR_MATCH;
    filled(c);
    c.search_string = "";
    assert_refused(c, "HTTPS_STR_MATCH health checks must have a search string specified.");
    c = http();
    c.type = R53_CHECK_TCP;
    assert_refused(c, "TCP health checks must have a port specified.");
    c.has_port = true;
    c.port = 25;
    filled(c);
    c.resource_path = "/";
    assert_refused(c, "TCP health checks must not have a resource path specified.");
    c.resource_path = "";
    c.fully_qualified_domain_name = "mail.example.com";
    assert_refused(c, "TCP health checks that have IP address must not have a fully qualified "
                      "domain name specified.");
    const char *children[] = {"a", "b"};
    c = calculated(children, 2);
    filled(c);
    c.has_health_threshold = false;
    assert_refused(c, "Invalid parameter : Calculated health checks must have a health threshold "
                      "specified.");
    c = calculated(children, 2);
    c.has_request_interval = true;
    c.request_interval = 10;
    assert_refused(c, "Calculated health checks must not have a request interval specified.");
    c = (struct r53_health_check_config){.type = R53_CHECK_CLOUDWATCH_METRIC};
    assert_refused(c, "CloudWatch metric health checks must have an metric region specified.");
    c.alarm_identifier = &alarm;
    filled(c);
    c = (struct r53_health_check_config){.type = R53_CHECK_RECOVERY_CONTROL};
    assert_refused(c, "Recovery control health checks must have a routing control ARN specified.");
}

static void values_are_what_a_checker_can_use(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.0.0.0", "224.0.0.1",  "255.255.255.255", "::",
                                      "ff02::1", "10.0.0.256", "fe80::1%eth0",    "example.com"};
    static const char *const good[] = {"10.0.0.1", "127.0.0.1", "192.168.1.1", "::1", "fd00::1"};
    struct r53_health_check_config c = http();
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        c.ip_address = bad[i];
        assert_refused(c, "is no IP address that can be checked");
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        c.ip_address = good[i];
        filled(c);
    }
    c.resource_path = "/a b";
    assert_refused(c, "A resource path has visible ASCII characters");
    c.resource_path = "/a\r\nX: y";
    assert_refused(c, "A resource path has visible ASCII characters");
    c.resource_path = "/a?b=c";
    filled(c);
    char path[256] = {0};
    memset(path, 'p', 255);
    c.resource_path = path;
    assert_refused(c, "A resource path has visible ASCII characters");
    path[0] = '/';
    filled(c);
    c.fully_qualified_domain_name = "a..b";
    assert_refused(c, "Invalid fully qualified domain name: a..b");
    c.fully_qualified_domain_name = "a b";
    assert_refused(c, "Invalid fully qualified domain name");
    c.fully_qualified_domain_name = "WWW_1.example.com.";
    filled(c);
    c.has_request_interval = true;
    c.request_interval = 20;
    assert_refused(c, "10 or 30");
}

static void lists_have_their_bounds(void **state)
{
    (void)state;
    const char *children[257];
    for (size_t i = 0; i < ARRAY_LEN(children); i++)
        children[i] = arena_printf(&arena, "c%zu", i);
    filled(calculated(children, 255));
    assert_refused(calculated(children, 256), "more than 255 child health checks");
    children[1] = children[0];
    assert_refused(calculated(children, 2), "specified twice");
    const char *regions[] = {"us-east-1", "eu-west-1", "sa-east-1", "us-east-1"};
    struct r53_health_check_config c = http();
    c.has_regions = true;
    c.regions = regions;
    c.regions_count = 2;
    assert_refused(c, "between 3 and 64");
    c.regions_count = 4;
    assert_refused(c, "a region specified twice");
    c.regions_count = 3;
    filled(c);
}

static struct r53_health_check_config updated(const struct r53_health_check_config *before,
                                              const struct r53_update_health_check_request *request)
{
    struct aws_fault fault = {.arena = &arena};
    struct r53_health_check_config out = {0};
    enum aws_error error = r53_health_update(before, request, &out, &fault);
    assert_string_equal(error == AWS_OK ? "" : fault.message, "");
    return out;
}

static void an_update_replaces_what_it_names(void **state)
{
    (void)state;
    const char *regions[] = {"us-east-1", "eu-west-1", "sa-east-1"};
    struct r53_health_check_config before = http();
    before.resource_path = "/old";
    before.fully_qualified_domain_name = "www.example.com";
    before.has_regions = true;
    before.regions = regions;
    before.regions_count = 3;
    before = filled(before);
    struct r53_update_health_check_request request = {
        .has_port = true, .port = 81, .has_disabled = true, .disabled = true};
    struct r53_health_check_config c = updated(&before, &request);
    assert_true(c.port == 81 && c.disabled && c.failure_threshold == 3);
    assert_string_equal(c.resource_path, "/old");
    const char *reset[] = {"ResourcePath", "FullyQualifiedDomainName", "Regions"};
    request = (struct r53_update_health_check_request){
        .has_reset_elements = true, .reset_elements = reset, .reset_elements_count = 3};
    c = updated(&before, &request);
    assert_null(c.resource_path);
    assert_null(c.fully_qualified_domain_name);
    assert_false(c.has_regions);
    assert_string_equal(c.ip_address, "10.0.0.1");
    struct aws_fault fault = {.arena = &arena};
    reset[0] = "Port";
    assert_int_equal(r53_health_update(&before, &request, &c, &fault), AWS_InvalidInput);
    assert_non_null(strstr(fault.message, "enum value set: [FullyQualifiedDomainName, Regions"));
    request = (struct r53_update_health_check_request){.ip_address = ""};
    assert_int_equal(r53_health_update(&before, &request, &c, &fault), AWS_InvalidInput);
    request = (struct r53_update_health_check_request){.has_health_threshold = true};
    assert_int_equal(r53_health_update(&before, &request, &c, &fault), AWS_InvalidInput);
    request = (struct r53_update_health_check_request){.ip_address = "10.0.0.2"};
    c = updated(&before, &request);
    assert_string_equal(c.ip_address, "10.0.0.2");
    assert_false(r53_health_is_same(&arena, &before, &c));
    assert_true(r53_health_is_same(&arena, &before, &before));
}

static void the_stored_form_says_the_same(void **state)
{
    (void)state;
    struct errctx ec = {0};
    struct r53_health_check_config c = http();
    c.type = R53_CHECK_HTTP_STR_MATCH;
    c.search_string = "<b>\"OK\" & more</b>";
    c.resource_path = "/x?a=1&b=2";
    c = filled(c);
    const struct r53_health_check_body body = {
        .config = &c, .has_is_posted_unhealthy = true, .is_posted_unhealthy = true};
    struct r53_health_check_body out;
    struct slice text = r53_health_encode(&arena, &body);
    assert_int_equal(r53_health_decode(&arena, text, &out, &ec), ERR_OK);
    assert_true(r53_health_is_same(&arena, &c, out.config));
    assert_string_equal(out.config->search_string, c.search_string);
    assert_true(out.is_posted_unhealthy);
    text.len /= 2;
    assert_int_equal(r53_health_decode(&arena, text, &out, &ec), ERR_CORRUPT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(route_53_fills_in_what_was_left_out, teardown),
        cmocka_unit_test_teardown(members_go_with_their_types, teardown),
        cmocka_unit_test_teardown(values_are_what_a_checker_can_use, teardown),
        cmocka_unit_test_teardown(lists_have_their_bounds, teardown),
        cmocka_unit_test_teardown(an_update_replaces_what_it_names, teardown),
        cmocka_unit_test_teardown(the_stored_form_says_the_same, teardown),
    };
    aws_xml_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
