// SPDX-License-Identifier: Apache-2.0
// Locations: codes, continents, subdivisions, the order of ListGeoLocations.

#include "places/places.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void assert_continent(const char *country, const char *continent)
{
    uint16_t number = place_country(slice_str(country));
    assert_int_not_equal(number, PLACE_NOWHERE);
    const struct place *p = place_get(number);
    assert_int_equal(p->level, PLACE_COUNTRY);
    assert_string_equal(p->code, country);
    assert_string_equal(place_get(p->parent)->code, continent);
    assert_int_equal(place_get(p->parent)->level, PLACE_CONTINENT);
}

static void countries_are_in_the_continents_of_the_guide(void **state)
{
    (void)state;
    assert_continent("DE", "EU");
    assert_continent("TR", "EU");
    assert_continent("RU", "EU");
    assert_continent("XK", "EU");
    assert_continent("GE", "AS");
    assert_continent("AM", "AS");
    assert_continent("TF", "AN");
    assert_continent("GS", "AN");
    assert_continent("US", "NA");
    assert_continent("MX", "NA");
    assert_continent("EG", "AF");
    assert_continent("AS", "OC");
    assert_continent("UM", "OC");
    assert_continent("ZW", "AF");
    assert_continent("AD", "EU");
}

static void codes_that_are_no_location_are_nowhere(void **state)
{
    (void)state;
    static const char *const none[] = {"BV", "CX", "EH",  "HM", "EU", "ZZ",
                                       "AA", "D",  "DEU", "",   "*"};
    for (size_t i = 0; i < ARRAY_LEN(none); i++)
        assert_int_equal(place_country(slice_str(none[i])), PLACE_NOWHERE);
    assert_int_equal(place_continent(slice_str("DE")), PLACE_NOWHERE);
    assert_int_equal(place_continent(slice_str("")), PLACE_NOWHERE);
    assert_int_equal(place_subdivision(slice_str("US"), slice_str("ZZ")), PLACE_NOWHERE);
    assert_int_equal(place_subdivision(slice_str("US"), slice_str("")), PLACE_NOWHERE);
    assert_int_equal(place_subdivision(slice_str("US"), slice_str("PR")), PLACE_NOWHERE);
    assert_int_equal(place_subdivision(slice_str("DE"), slice_str("BE")), PLACE_NOWHERE);
    assert_int_equal(place_subdivision(slice_str("UA"), slice_str("WA")), PLACE_NOWHERE);
}

static void every_place_is_found_by_its_code_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(place_country(slice_str("de")), place_country(slice_str("DE")));
    assert_int_equal(place_continent(slice_str("eu")), place_continent(slice_str("EU")));
    assert_int_equal(place_subdivision(slice_str("us"), slice_str("wA")),
                     place_subdivision(slice_str("US"), slice_str("WA")));
    for (uint16_t i = 1; i < place_count(); i++) {
        const struct place *p = place_get(i);
        struct slice code = slice_str(p->code);
        assert_true(strlen(p->name) > 0 && strlen(p->name) <= 64);
        if (p->level == PLACE_CONTINENT)
            assert_int_equal(place_continent(code), i);
        else if (p->level == PLACE_COUNTRY)
            assert_int_equal(place_country(code), i);
        else
            assert_int_equal(place_subdivision(slice_str(place_get(p->parent)->code), code), i);
    }
}

static void only_the_united_states_and_ukraine_have_subdivisions(void **state)
{
    (void)state;
    size_t us = 0;
    size_t ua = 0;
    size_t countries = 0;
    for (uint16_t i = 0; i < place_count(); i++) {
        const struct place *p = place_get(i);
        countries += p->level == PLACE_COUNTRY;
        if (p->level != PLACE_SUBDIVISION)
            continue;
        us += strcmp(place_get(p->parent)->code, "US") == 0;
        ua += strcmp(place_get(p->parent)->code, "UA") == 0;
    }
    assert_int_equal(us, 51);
    assert_int_equal(ua, 27);
    assert_int_equal(countries, 246);
    assert_int_equal(place_count(), 1 + 246 + 51 + 27 + 7);
}

/* Countries by code with "*" before them, subdivisions behind theirs, continents last. */
static void numbers_rise_as_locations_are_listed(void **state)
{
    (void)state;
    assert_int_equal(place_get(PLACE_NOWHERE)->level, PLACE_DEFAULT);
    assert_string_equal(place_get(PLACE_NOWHERE)->code, "*");
    char last[16] = "";
    for (uint16_t i = 0; i < place_count(); i++) {
        const struct place *p = place_get(i);
        const struct place *parent = place_get(p->parent);
        char key[16];
        snprintf(key, sizeof(key), "%d%s%s", p->level == PLACE_CONTINENT,
                 p->level == PLACE_SUBDIVISION ? parent->code : "", p->code);
        assert_true(strcmp(last, key) < 0);
        strcpy(last, key);
    }
}

static void countries_and_their_subdivisions_have_a_point(void **state)
{
    (void)state;
    struct point out;
    for (uint16_t i = 0; i < place_count(); i++) {
        bool is_wide = place_get(i)->level == PLACE_CONTINENT || i == PLACE_NOWHERE;
        assert_int_equal(place_point(i, &out), !is_wide);
    }
    assert_true(place_point(place_country(slice_str("FR")), &out));
    assert_true(point_distance_km(out, point_of_degrees(48.86, 2.35)) < 5);
    assert_true(place_point(place_country(slice_str("AU")), &out));
    assert_true(point_distance_km(out, point_of_degrees(-33.87, 151.21)) < 5);
    assert_true(place_point(place_subdivision(slice_str("US"), slice_str("WA")), &out));
    assert_true(point_distance_km(out, point_of_degrees(41.85, -87.65)) < 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_are_in_the_continents_of_the_guide),
        cmocka_unit_test(codes_that_are_no_location_are_nowhere),
        cmocka_unit_test(every_place_is_found_by_its_code_in_any_case),
        cmocka_unit_test(only_the_united_states_and_ukraine_have_subdivisions),
        cmocka_unit_test(numbers_rise_as_locations_are_listed),
        cmocka_unit_test(countries_and_their_subdivisions_have_a_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
