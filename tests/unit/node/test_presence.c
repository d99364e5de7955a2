// SPDX-License-Identifier: Apache-2.0
#include "node/presence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/** Settings with this --http and these of --advertise, up to the NULL. */
struct sample {
    struct settings settings;
    const char *http[1];
    struct arena arena;
    struct presence presence;
    struct errctx ec;
};

static void sample_init(struct sample *s, const char *http, const char **advertise)
{
    *s = (struct sample){.http = {http}};
    s->settings.pop = "ZRH50-P1";
    s->settings.http = (struct settings_list){.items = s->http, .count = 1};
    s->settings.advertise.items = advertise;
    while (advertise != NULL && advertise[s->settings.advertise.count] != NULL)
        s->settings.advertise.count++;
}

static enum err find(struct sample *s)
{
    return presence_of(&s->settings, &s->arena, &s->presence, &s->ec);
}

static void the_first_listener_is_advertised_where_nothing_else_is(void **state)
{
    (void)state;
    struct sample s;
    sample_init(&s, "127.0.0.2:8080", NULL);
    assert_int_equal(find(&s), ERR_OK);
    assert_string_equal(s.presence.pop, "ZRH50-P1");
    assert_string_equal(s.presence.location, "");
    assert_int_equal(s.presence.address_count, 1);
    assert_true(slice_equal(s.presence.addresses[0], SLICE_LIT("\x7f\0\0\x02")));
    arena_fini(&s.arena);
    sample_init(&s, "[2001:db8::1]:8080", NULL);
    assert_int_equal(find(&s), ERR_OK);
    assert_int_equal(s.presence.addresses[0].len, 16);
    arena_fini(&s.arena);
    sample_init(&s, "0.0.0.0:80", NULL);
    assert_int_equal(find(&s), ERR_OK);
    assert_int_equal(s.presence.address_count, 0);
    arena_fini(&s.arena);
}

static void addresses_of_both_families_are_advertised(void **state)
{
    (void)state;
    struct sample s;
    const char *both[] = {"192.0.2.1", "2001:db8::1", NULL};
    sample_init(&s, "0.0.0.0:80", both);
    s.settings.location = "47.38,8.54";
    assert_int_equal(find(&s), ERR_OK);
    assert_int_equal(s.presence.address_count, 2);
    assert_int_equal(s.presence.addresses[0].len, 4);
    assert_int_equal(s.presence.addresses[1].len, 16);
    assert_string_equal(s.presence.location, "47.38,8.54");
    arena_fini(&s.arena);
}

static void a_setting_that_nothing_can_be_made_of_is_named(void **state)
{
    (void)state;
    struct sample s;
    const char *port[] = {"192.0.2.1:80", NULL};
    sample_init(&s, "127.0.0.1:80", port);
    assert_int_equal(find(&s), ERR_INVALID);
    assert_non_null(strstr(s.ec.text, "--advertise"));
    arena_fini(&s.arena);
    sample_init(&s, "127.0.0.1:80", NULL);
    s.settings.pop = "ZRH 50";
    assert_int_equal(find(&s), ERR_INVALID);
    assert_non_null(strstr(s.ec.text, "--pop"));
    s.settings.pop = "ZRH50-P1-ZRH50-P1-ZRH50-P1-ZRH50-P1";
    assert_int_equal(find(&s), ERR_INVALID);
    s.settings.pop = "P";
    s.settings.location = "eu central";
    s.ec = (struct errctx){0};
    assert_int_equal(find(&s), ERR_INVALID);
    assert_non_null(strstr(s.ec.text, "--location"));
    arena_fini(&s.arena);
}

static struct presence_checker checker_of(struct sample *s, const char *votes)
{
    struct net_address address;
    struct presence_checker checker = {0};
    assert_int_equal(net_address_parse(slice_str(votes), &address, NULL), ERR_OK);
    assert_int_equal(presence_checker_of(&s->settings, &address, &s->arena, &checker, NULL),
                     ERR_OK);
    return checker;
}

static void votes_are_where_they_are_bound(void **state)
{
    (void)state;
    struct sample s;
    const char *other[] = {"192.0.2.1", NULL};
    sample_init(&s, "127.0.0.2:8080", NULL);
    struct presence_checker c = checker_of(&s, "127.0.0.3:5391");
    assert_true(slice_equal(c.votes_address, SLICE_LIT("\x7f\0\0\x03")));
    assert_int_equal(c.votes_port, 5391);
    assert_int_equal(c.probe_address_count, 1);
    assert_true(slice_equal(c.probe_addresses[0], c.votes_address));
    arena_fini(&s.arena);
    sample_init(&s, "127.0.0.2:8080", other);
    c = checker_of(&s, "127.0.0.3:5391");
    assert_true(slice_equal(c.votes_address, SLICE_LIT("\x7f\0\0\x03")));
    assert_true(slice_equal(c.probe_addresses[0], SLICE_LIT("\xc0\0\x02\x01")));
    const char *source = "198.51.100.7";
    s.settings.check_source = (struct settings_list){.items = &source, .count = 1};
    c = checker_of(&s, "127.0.0.3:5391");
    assert_int_equal(c.probe_address_count, 1);
    assert_true(slice_equal(c.probe_addresses[0], SLICE_LIT("\xc6\x33\x64\x07")));
    arena_fini(&s.arena);
}

static void a_wildcard_of_votes_is_what_is_advertised(void **state)
{
    (void)state;
    struct sample s;
    const char *both[] = {"2001:db8::1", "192.0.2.1", NULL};
    const char *only_v4[] = {"192.0.2.1", NULL};
    const char *only_v6[] = {"2001:db8::1", NULL};
    sample_init(&s, "127.0.0.2:8080", both);
    assert_int_equal(checker_of(&s, "0.0.0.0:5391").votes_address.len, 4);
    assert_int_equal(checker_of(&s, "[::]:5391").votes_address.len, 16);
    assert_int_equal(checker_of(&s, "[::]:5391").probe_address_count, 2);
    arena_fini(&s.arena);
    sample_init(&s, "127.0.0.2:8080", only_v4);
    assert_int_equal(checker_of(&s, "[::]:5391").votes_address.len, 4);
    arena_fini(&s.arena);
    sample_init(&s, "127.0.0.2:8080", only_v6);
    assert_int_equal(checker_of(&s, "0.0.0.0:5391").votes_address.len, 0);
    assert_int_equal(checker_of(&s, "0.0.0.0:5391").votes_port, 0);
    arena_fini(&s.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_listener_is_advertised_where_nothing_else_is),
        cmocka_unit_test(addresses_of_both_families_are_advertised),
        cmocka_unit_test(a_setting_that_nothing_can_be_made_of_is_named),
        cmocka_unit_test(votes_are_where_they_are_bound),
        cmocka_unit_test(a_wildcard_of_votes_is_what_is_advertised),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
