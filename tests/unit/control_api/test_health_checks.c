// SPDX-License-Identifier: Apache-2.0
// Health checks through the API: references that are used for ever, circles, where checkers are.
#include "aws/r53_health.h"
#include "control/api/limits.h"
#include "control/store/health_checks.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define ROOT "/2013-04-01/healthcheck"
#define HTTP_CHECK "<Type>HTTP</Type><IPAddress>10.0.0.1</IPAddress>"

static const char *create(struct fixture *f, const char *reference, const char *config,
                          unsigned status)
{
    const char *body = arena_printf(
        &f->arena,
        "<CreateHealthCheckRequest><CallerReference>%s</CallerReference><HealthCheckConfig>%s"
        "</HealthCheckConfig></CreateHealthCheckRequest>",
        reference, config);
    return fixture_post(f, ROOT, body, status);
}

static const char *path_of(struct fixture *f, const char *id)
{
    return arena_printf(&f->arena, ROOT "/%s", id);
}

static const char *update(struct fixture *f, const char *id, const char *members, unsigned status)
{
    const char *body =
        arena_printf(&f->arena, "<UpdateHealthCheckRequest>%s</UpdateHealthCheckRequest>", members);
    return fixture_post(f, path_of(f, id), body, status);
}

static const char *remove_it(struct fixture *f, const char *id, unsigned status)
{
    const struct fixture_call call = {.method = "DELETE", .path = path_of(f, id)};
    struct api_answer answer = fixture_run(f, &call);
    const char *text = arena_str(&f->arena, answer.output.body);
    if (answer.output.status != status)
        fail_msg("%u: %s", answer.output.status, text);
    return text;
}

/* The configuration of a calculated check of one child. */
static const char *of_child(struct fixture *f, const char *child)
{
    return arena_printf(&f->arena,
                        "<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold>"
                        "<ChildHealthChecks><ChildHealthCheck>%s</ChildHealthCheck>"
                        "</ChildHealthChecks>",
                        child);
}

/* What the check of this id is stored as. */
static struct r53_health_check_body stored(struct fixture *f, const char *id)
{
    struct store_object which = {.kind = STORE_HEALTH_CHECK, .group = id};
    struct store_object object;
    struct r53_health_check_body body = {0};
    struct errctx ec = {0};
    assert_int_equal(store_begin_read(f->conn, &ec), ERR_OK);
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, &ec), ERR_OK);
    assert_int_equal(r53_health_decode(&f->arena, object.body, &body, &ec), ERR_OK);
    store_rollback(f->conn);
    return body;
}

/* As many checks as all accounts can have, of three that are not the caller's. */
static void fill_store(struct fixture *f)
{
    assert_int_equal(store_begin_write(f->conn, NULL), ERR_OK);
    for (unsigned i = 0; i < API_HEALTH_CHECKS_ALL_MAX; i++) {
        AUTO_ARENA struct arena a = {0};
        const struct store_health_check row = {
            .id = arena_printf(&a, "00000000-0000-4000-8000-%012u", i),
            .account_id = arena_printf(&a, "%012u", i / API_HEALTH_CHECKS_MAX),
            .caller_reference = arena_printf(&a, "full-%u", i),
            .revision = 1};
        assert_int_equal(store_health_check_add(f->conn, &row, NULL), ERR_OK);
    }
    assert_int_equal(store_commit(f->conn, NULL), ERR_OK);
}

static void accounts_together_make_no_more_checks_than_a_release_holds(void **state)
{
    struct fixture *f = *state;
    fill_store(f);
    assert_holds(create(f, "one-too-many", HTTP_CHECK, 400), "TooManyHealthChecks");
}

static void a_reference_makes_one_check_for_ever(void **state)
{
    struct fixture *f = *state;
    const char *xml = create(f, "r", HTTP_CHECK, 201);
    const char *id = fixture_element(f, xml, "Id");
    assert_holds(xml, "<HealthCheckVersion>1</HealthCheckVersion>");
    assert_string_equal(fixture_element(f, create(f, "r", HTTP_CHECK, 201), "Id"), id);
    assert_string_equal(fixture_element(f, create(f, "r", HTTP_CHECK "<Port>80</Port>", 201), "Id"),
                        id);
    assert_holds(create(f, "r", HTTP_CHECK "<Port>81</Port>", 409),
                 "A different health check has already been created with the specified caller "
                 "reference.");
    update(f, id, "<Port>81</Port>", 200);
    assert_holds(create(f, "r", HTTP_CHECK, 409), "HealthCheckAlreadyExists");
    create(f, "r", HTTP_CHECK "<Port>81</Port>", 201);
    remove_it(f, id, 200);
    assert_holds(create(f, "r", HTTP_CHECK "<Port>81</Port>", 409), "HealthCheckAlreadyExists");
    assert_holds(fixture_get(f, path_of(f, id), NULL, 404), "NoSuchHealthCheck");
    assert_holds(fixture_get(f, "/2013-04-01/healthcheckcount", NULL, 200),
                 "<HealthCheckCount>0</HealthCheckCount>");
}

static void an_update_is_stored_and_one_that_fails_is_not(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "r", HTTP_CHECK, 201), "Id");
    update(f, id, "<HealthCheckVersion>1</HealthCheckVersion><Inverted>true</Inverted>", 200);
    assert_true(stored(f, id).config->inverted);
    assert_holds(update(f, id, "<HealthCheckVersion>1</HealthCheckVersion>", 409),
                 "HealthCheckVersionMismatch");
    assert_holds(update(f, id, "<Inverted>false</Inverted><SearchString>x</SearchString>", 400),
                 "InvalidInput");
    assert_true(stored(f, id).config->inverted);
    assert_holds(fixture_get(f, path_of(f, id), NULL, 200),
                 "<HealthCheckVersion>2</HealthCheckVersion>");
}

static void checks_of_checks_make_no_circle(void **state)
{
    struct fixture *f = *state;
    const char *leaf = fixture_element(f, create(f, "leaf", HTTP_CHECK, 201), "Id");
    const char *low = fixture_element(f, create(f, "low", of_child(f, leaf), 201), "Id");
    const char *top = fixture_element(f, create(f, "top", of_child(f, low), 201), "Id");
    const char *to_top = arena_printf(&f->arena,
                                      "<ChildHealthChecks><ChildHealthCheck>%s</ChildHealthCheck>"
                                      "</ChildHealthChecks>",
                                      top);
    assert_holds(update(f, low, to_top, 400), "calculated from itself");
    assert_holds(update(f, top, to_top, 400), "calculated from itself");
    assert_string_equal(stored(f, low).config->child_health_checks[0], leaf);
    assert_holds(remove_it(f, leaf, 400), "HealthCheckInUse");
    assert_holds(create(f, "orphan", of_child(f, "nobody"), 400), "nobody");
    create(f, "orphan", HTTP_CHECK, 201); /* nothing of the refused call is left */
    remove_it(f, top, 200);
    remove_it(f, low, 200);
    remove_it(f, leaf, 200);
}

static const char *say(struct fixture *f, const char *operation, const char *json, unsigned status)
{
    const char *path = arena_printf(&f->arena, "/weir/2026-01-01/%s", operation);
    return fixture_post(f, path, json, status);
}

static const char *state_of(struct fixture *f, const char *id, const char *state)
{
    return arena_printf(&f->arena, "{\"HealthCheckId\": \"%s\", \"State\": \"%s\"}", id, state);
}

/* The configuration of a check of an alarm. */
static const char *alarm(struct fixture *f, const char *without_data)
{
    return arena_printf(&f->arena,
                        "<Type>CLOUDWATCH_METRIC</Type><AlarmIdentifier><Region>us-east-1</Region>"
                        "<Name>a</Name></AlarmIdentifier><InsufficientDataHealthStatus>%s"
                        "</InsufficientDataHealthStatus>",
                        without_data);
}

static void the_state_of_a_check_that_nobody_probes_is_said(void **state)
{
    struct fixture *f = *state;
    const char *probed = fixture_element(f, create(f, "p", HTTP_CHECK, 201), "Id");
    const char *id = fixture_element(f, create(f, "u", alarm(f, "Unhealthy"), 201), "Id");
    const char *last = fixture_element(f, create(f, "l", alarm(f, "LastKnownStatus"), 201), "Id");
    assert_false(stored(f, id).is_posted_unhealthy);
    assert_holds(say(f, "SetHealthState", state_of(f, id, "insufficient-data"), 200), "PENDING");
    assert_true(stored(f, id).is_posted_unhealthy);
    say(f, "SetHealthState", state_of(f, id, "healthy"), 200);
    assert_false(stored(f, id).is_posted_unhealthy);
    say(f, "SetHealthState", state_of(f, last, "unhealthy"), 200);
    say(f, "SetHealthState", state_of(f, last, "insufficient-data"), 200);
    assert_true(stored(f, last).is_posted_unhealthy);
    say(f, "SetHealthState", state_of(f, id, "sick"), 400);
    assert_holds(say(f, "SetHealthState", state_of(f, probed, "healthy"), 400), "type HTTP");
    say(f, "SetHealthState", state_of(f, "nobody", "healthy"), 404);
    /* An update of the configuration leaves what was said alone. */
    update(f, last, "<Disabled>true</Disabled>", 200);
    assert_true(stored(f, last).is_posted_unhealthy);
}

static const char *override_of(struct fixture *f, const char *id, const char *rest)
{
    return arena_printf(&f->arena, "{\"HealthCheckId\": \"%s\", \"Healthy\": %s}", id, rest);
}

static const char *hold_of(struct fixture *f, const char *id, int seconds)
{
    return arena_printf(&f->arena, "{\"HealthCheckId\": \"%s\", \"Seconds\": %d}", id, seconds);
}

static void an_override_has_a_lease_and_a_number_of_its_own(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "p", HTTP_CHECK, 201), "Id");
    const char *call = override_of(f, id, "false, \"LeaseSeconds\": 60");
    say(f, "SetHealthOverride", call, 200);
    say(f, "SetHealthOverride", call, 200);
    struct r53_health_check_body body = stored(f, id);
    assert_int_equal(body.override->number, 2);
    assert_true(body.override->has_until_unix_s && !body.override->healthy);
    say(f, "SetHealthOverride", override_of(f, id, "null"), 200);
    assert_false(stored(f, id).override->has_until_unix_s);
    say(f, "SetHealthOverride", override_of(f, id, "true, \"LeaseSeconds\": 1"), 200);
    body = stored(f, id);
    assert_true(body.override->number == 4 && body.override->healthy);
    say(f, "SetHealthOverride", override_of(f, id, "true"), 400);
    say(f, "SetHealthOverride", override_of(f, id, "true, \"LeaseSeconds\": 61"), 400);
    say(f, "SetHealthOverride", override_of(f, id, "3"), 400);
    say(f, "SetHealthHoldDown", hold_of(f, id, 30), 200);
    assert_int_equal(stored(f, id).hold_down_s, 30);
    say(f, "SetHealthHoldDown", hold_of(f, id, 0), 200);
    assert_false(stored(f, id).has_hold_down_s);
    say(f, "SetHealthHoldDown", hold_of(f, id, 3601), 400);
}

static enum err observe(void *user, struct arena *a, const struct api_health_question *question,
                        struct api_observations *out, struct errctx *ec)
{
    (void)user;
    if (question->is_of_failure)
        return err_set(ec, ERR_UNAVAILABLE, "nobody answers");
    out->items = arena_array(a, 2, sizeof(*out->items));
    out->items[0] = (struct api_observation){"eu-west-1", "192.0.2.1", "Success: fine", 1500};
    out->items[1] = (struct api_observation){"", "", "Failure: gone", 0};
    out->count = 2;
    return ERR_OK;
}

static void what_checkers_say_is_told_of_endpoints_alone(void **state)
{
    struct fixture *f = *state;
    const char *id = fixture_element(f, create(f, "p", HTTP_CHECK, 201), "Id");
    const char *path = arena_printf(&f->arena, "%s/status", path_of(f, id));
    const char *reason = arena_printf(&f->arena, "%s/lastfailurereason", path_of(f, id));
    assert_holds(fixture_get(f, path, NULL, 200),
                 "<HealthCheckObservations></HealthCheckObservations>");
    f->options.observe_health = observe;
    assert_holds(fixture_get(f, path, NULL, 200),
                 "<HealthCheckObservation><Region>eu-west-1</Region><IPAddress>192.0.2.1"
                 "</IPAddress><StatusReport><Status>Success: fine</Status><CheckedTime>"
                 "1970-01-01T00:00:01.500Z</CheckedTime></StatusReport></HealthCheckObservation>"
                 "<HealthCheckObservation><StatusReport><Status>Failure: gone</Status>");
    fixture_get(f, reason, NULL, 503);
    id = fixture_element(f, create(f, "c", of_child(f, id), 201), "Id");
    path = arena_printf(&f->arena, "%s/status", path_of(f, id));
    assert_holds(fixture_get(f, path, NULL, 400), "type CALCULATED");
    fixture_get(f, path_of(f, "nobody/status"), NULL, 404);
}

static struct api_health health_of(void *user, const char *check_id)
{
    (void)user;
    (void)check_id;
    return (struct api_health){API_UNHEALTHY, true};
}

static void all_checks_are_listed_with_their_states(void **state)
{
    struct fixture *f = *state;
    assert_holds(say(f, "ListHealthStates", "{}", 200), "{\"HealthChecks\":[]}");
    const char *id =
        fixture_element(f, create(f, "p", HTTP_CHECK "<ResourcePath>up</ResourcePath>", 201), "Id");
    fixture_post(f, arena_printf(&f->arena, "/2013-04-01/tags/healthcheck/%s", id),
                 "<ChangeTagsForResourceRequest><AddTags><Tag><Key>Name</Key><Value>front</Value>"
                 "</Tag></AddTags></ChangeTagsForResourceRequest>",
                 200);
    const char *json = say(f, "ListHealthStates", "{}", 200);
    assert_holds(json, "\"State\":\"unknown\"");
    assert_holds(json, "\"Target\":\"http://10.0.0.1:80/up\"");
    assert_holds(json, "\"Name\":\"front\"");
    f->options.health_of = health_of;
    create(f, "t", "<Type>TCP</Type><Port>25</Port><IPAddress>fd00::1</IPAddress>", 201);
    create(f, "c", of_child(f, id), 201);
    json = say(f, "ListHealthStates", "{}", 200);
    assert_holds(json, "\"State\":\"unhealthy\"");
    assert_holds(json, "\"Frozen\":true");
    assert_holds(json, "\"Target\":\"tcp [fd00::1]:25\"");
    assert_holds(json, "\"Target\":\"1 of 1 checks\"");
}

static struct slice node_status(void *user, struct arena *a)
{
    (void)user;
    return slice_str(arena_strdup(
        a, "{\"Nodes\": {\"n-1\": {\"ProbeAddresses\": [\"192.0.2.1\", \"2001:db8::1\"]},"
           " \"n-2\": {\"ProbeAddresses\": [\"192.0.2.1\"]}, \"n-3\": {}}}"));
}

static void the_addresses_of_checkers_are_told_once(void **state)
{
    struct fixture *f = *state;
    const char *path = "/2013-04-01/checkeripranges";
    assert_holds(fixture_get(f, path, NULL, 200), "<CheckerIpRanges></CheckerIpRanges>");
    f->options.node_status = node_status;
    assert_holds(fixture_get(f, path, NULL, 200),
                 "<CheckerIpRanges><member>192.0.2.1/32</member><member>2001:db8::1/128</member>"
                 "</CheckerIpRanges>");
}

static void tags_are_added_and_listed(void **state)
{
    struct fixture *f = *state;
    const char *zone = fixture_zone(f, "tagged.test", "r");
    const char *path = arena_printf(&f->arena, "/2013-04-01/tags/hostedzone/%s", zone);
    fixture_post(f, path,
                 "<ChangeTagsForResourceRequest><AddTags><Tag><Key>a</Key><Value>b</Value></Tag>"
                 "</AddTags></ChangeTagsForResourceRequest>",
                 200);
    assert_holds(fixture_get(f, path, NULL, 200),
                 "<Tags><Tag><Key>a</Key><Value>b</Value></Tag></Tags>");
    assert_holds(
        fixture_post(f, path, "<ChangeTagsForResourceRequest></ChangeTagsForResourceRequest>", 400),
        "At least one of AddTags and RemoveTagKeys");
    assert_holds(fixture_get(f, "/2013-04-01/tags/bucket/x", NULL, 400), "InvalidInput");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reference_makes_one_check_for_ever, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(an_update_is_stored_and_one_that_fails_is_not,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(checks_of_checks_make_no_circle, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_state_of_a_check_that_nobody_probes_is_said,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_override_has_a_lease_and_a_number_of_its_own,
                                        fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(what_checkers_say_is_told_of_endpoints_alone, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(all_checks_are_listed_with_their_states, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(the_addresses_of_checkers_are_told_once, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(tags_are_added_and_listed, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(accounts_together_make_no_more_checks_than_a_release_holds,
                                        fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
