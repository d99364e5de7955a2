// SPDX-License-Identifier: Apache-2.0
// Regions, local zone groups and distances between them.

#include "places/region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_km(struct point a, struct point b, double km, double tolerance)
{
    assert_true((double)point_distance_km(a, b) > km - tolerance);
    assert_true((double)point_distance_km(a, b) < km + tolerance);
    assert_true(point_distance_km(a, b) == point_distance_km(b, a));
}

static struct point point_of_region(const char *code)
{
    const struct region *r = region_find(slice_str(code));
    assert_non_null(r);
    return point_of_degrees(r->latitude, r->longitude);
}

static void regions_are_found_by_code(void **state)
{
    (void)state;
    const struct region *r = region_find(slice_str("eu-central-1"));
    assert_non_null(r);
    assert_string_equal(r->name, "Europe (Frankfurt)");
    assert_ptr_equal(region_get(region_number(r)), r);
    assert_null(region_find(slice_str("eu-central-9")));
    assert_null(region_find(slice_str("EU-CENTRAL-1")));
    assert_null(region_find(slice_str("eu-central")));
    assert_null(region_find(slice_str("")));
    assert_null(region_find(slice_str("us-west-2-lax-1")));
}

static void every_region_is_found_and_on_the_globe(void **state)
{
    (void)state;
    for (size_t i = 0; i < region_count(); i++) {
        const struct region *r = region_get(i);
        assert_ptr_equal(region_find(slice_str(r->code)), r);
        assert_true(abs((int)r->latitude) <= 90 && abs((int)r->longitude) <= 180);
        assert_true(i == 0 || strcmp(region_get(i - 1)->code, r->code) < 0);
        assert_true(strlen(r->code) <= 64);
    }
}

/* A group's code starts with its region's, and few are farther from it than an ocean's width. */
static void local_zone_groups_are_found_by_code(void **state)
{
    (void)state;
    const struct region *lax = local_zone_group_find(slice_str("us-west-2-lax-1"));
    assert_non_null(lax);
    assert_string_equal(lax->name, "US West (Los Angeles)");
    assert_null(local_zone_group_find(slice_str("us-west-2-lax-1a")));
    assert_null(local_zone_group_find(slice_str("us-west-2")));
    for (size_t i = 0; i < local_zone_group_count(); i++) {
        const struct region *g = local_zone_group_get(i);
        assert_ptr_equal(local_zone_group_find(slice_str(g->code)), g);
        assert_true(i == 0 || strcmp(local_zone_group_get(i - 1)->code, g->code) < 0);
        struct slice region = slice_str(g->code);
        region.len -= strlen("-lax-1");
        const struct region *parent = region_find(region);
        assert_non_null(parent);
        struct point there = point_of_degrees(g->latitude, g->longitude);
        struct point home = point_of_degrees(parent->latitude, parent->longitude);
        assert_true(point_distance_km(there, home) < 10000);
    }
}

static void distances_are_those_of_great_circles(void **state)
{
    (void)state;
    assert_km(point_of_degrees(0, 0), point_of_degrees(0, 0), 0, 0.01);
    assert_km(point_of_degrees(0, 0), point_of_degrees(0, 180), 20015.1, 1);
    assert_km(point_of_degrees(90, 0), point_of_degrees(-90, 33), 20015.1, 1);
    assert_km(point_of_degrees(0, 0), point_of_degrees(0, 90), 10007.5, 1);
    assert_km(point_of_degrees(0, 179.99), point_of_degrees(0, -179.99), 2.224, 0.05);
    assert_km(point_of_degrees(52.52, 13.40), point_of_degrees(52.52, 13.41), 0.677, 0.01);
    /* Frankfurt to Dublin, Ashburn to The Dalles' county, Sydney to Cape Town. */
    assert_km(point_of_region("eu-central-1"), point_of_region("eu-west-1"), 1087, 10);
    assert_km(point_of_region("us-east-1"), point_of_region("us-west-2"), 3480, 60);
    assert_km(point_of_region("ap-southeast-2"), point_of_region("af-south-1"), 11010, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_are_found_by_code),
        cmocka_unit_test(every_region_is_found_and_on_the_globe),
        cmocka_unit_test(local_zone_groups_are_found_by_code),
        cmocka_unit_test(distances_are_those_of_great_circles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
