// SPDX-License-Identifier: Apache-2.0
// The service weir: who may take a zone by transfer.
#include "aws/r53_sets.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WEIR "/weir/2026-01-01/"

static const char *set(struct fixture *f, const char *zone, const char *transfer, unsigned status)
{
    const char *body =
        arena_printf(&f->arena, "{\"Id\": \"%s\", \"Transfer\": %s}", zone, transfer);
    return fixture_post(f, WEIR "SetZoneTransfer", body, status);
}

static const char *get(struct fixture *f, const char *zone)
{
    const char *body = arena_printf(&f->arena, "{\"Id\": \"%s\"}", zone);
    return fixture_post(f, WEIR "GetZoneTransfer", body, 200);
}

static void settings_are_kept_in_canonical_form(void **state)
{
    struct fixture *f = *state;
    const char *zone = fixture_zone(f, "one.test", "1");
    assert_holds(get(f, zone), "\"Transfer\":null");
    const char *text =
        set(f, zone,
            "{\"Keys\": [\"Key.Example\"], \"Prefixes\": [\"192.0.2.77/24\", \"2001:DB8::1\"],"
            " \"Notify\": [{\"Address\": \"192.0.2.9\"}, {\"Address\": \"2001:db8::2\", \"Port\":"
            " 5353, \"Key\": \"key.example.\"}], \"Flatten\": true}",
            200);
    assert_holds(text, "\"ChangeInfo\":{\"Id\":\"C");
    text = get(f, zone);
    assert_holds(text, "\"Keys\":[\"key.example.\"]");
    assert_holds(text, "\"Prefixes\":[\"192.0.2.0/24\",\"2001:db8::1/128\"]");
    assert_holds(text, "{\"Address\":\"192.0.2.9\",\"Port\":53}");
    assert_holds(text, "{\"Address\":\"2001:db8::2\",\"Port\":5353,\"Key\":\"key.example.\"}");
    assert_holds(text, "\"Flatten\":true");
    set(f, zone, "null", 200);
    assert_holds(get(f, zone), "\"Transfer\":null");
}

static void what_nobody_could_use_is_refused(void **state)
{
    struct fixture *f = *state;
    const char *zone = fixture_zone(f, "one.test", "1");
    assert_holds(set(f, zone, "{}", 400), "needs keys or prefixes");
    assert_holds(set(f, zone, "7", 400), "or null is expected");
    assert_holds(set(f, zone, "{\"Keys\": [\"a..b\"]}", 400), "is not the name of a key");
    assert_holds(set(f, zone, "{\"Keys\": \"a\"}", 400), "is a list");
    assert_holds(set(f, zone, "{\"Prefixes\": [\"192.0.2.0/33\"]}", 400), "is not a network");
    assert_holds(set(f, zone, "{\"Prefixes\": [\"host\"]}", 400), "is not a network");
    assert_holds(set(f, zone, "{\"Keys\": [\"k\"], \"Notify\": [{\"Address\": \"x\"}]}", 400),
                 "IP address");
    assert_holds(set(f, zone,
                     "{\"Keys\": [\"k\"], \"Notify\": [{\"Address\": \"192.0.2.1\", \"Port\": 0}]}",
                     400),
                 "A port is");
    assert_holds(set(f, "ZNONE", "null", 404), "NoSuchHostedZone");
}

static void other_settings_of_the_zone_stay(void **state)
{
    struct fixture *f = *state;
    struct store_object object;
    struct r53_zone_body body;
    const char *zone = fixture_zone(f, "one.test", "1");
    set(f, zone, "{\"Prefixes\": [\"0.0.0.0/0\"]}", 200);
    const struct store_object which = {.kind = STORE_ZONE, .group = zone};
    assert_int_equal(store_object_get(f->conn, &f->arena, &which, &object, NULL), ERR_OK);
    assert_int_equal(r53_zone_body_decode(&f->arena, object.body, &body, NULL), ERR_OK);
    assert_string_equal(body.name, "one.test.");
    assert_true(body.order > 0);
    assert_string_equal(body.transfer->prefixes[0], "0.0.0.0/0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(settings_are_kept_in_canonical_form, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_nobody_could_use_is_refused, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(other_settings_of_the_zone_stay, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
