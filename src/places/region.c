// SPDX-License-Identifier: Apache-2.0
// Regions and local zone groups, from regions.def, and great circles. Called by the API, the
// compiler and the answering code, on any thread.
#include "places/region.h"

#include "base/check.h"

#include <math.h>

/* Mean radius of the earth (IUGG R1). */
#define EARTH_RADIUS_KM 6371.0088f
#define RADIANS_PER_DEGREE (3.14159265358979323846 / 180.0)

static const struct region regions[] = {
#define REGION(code, name, latitude, longitude) {code, name, latitude, longitude},
#define LOCAL_ZONE_GROUP(code, name, latitude, longitude)
#include "places/regions.def"
#undef REGION
#undef LOCAL_ZONE_GROUP
};

static const struct region local_zone_groups[] = {
#define REGION(code, name, latitude, longitude)
#define LOCAL_ZONE_GROUP(code, name, latitude, longitude) {code, name, latitude, longitude},
#include "places/regions.def"
#undef REGION
#undef LOCAL_ZONE_GROUP
};

/* Both tables are sorted by code. */
static const struct region *find(const struct region *table, size_t count, struct slice code)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(slice_str(table[middle].code), code);
        if (order == 0)
            return &table[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const struct region *region_find(struct slice code)
{
    return find(regions, ARRAY_LEN(regions), code);
}

const struct region *local_zone_group_find(struct slice code)
{
    return find(local_zone_groups, ARRAY_LEN(local_zone_groups), code);
}

const struct region *local_zone_group_get(size_t number)
{
    CHECK(number < ARRAY_LEN(local_zone_groups));
    return &local_zone_groups[number];
}

size_t local_zone_group_count(void)
{
    return ARRAY_LEN(local_zone_groups);
}

const struct region *region_get(size_t number)
{
    CHECK(number < ARRAY_LEN(regions));
    return &regions[number];
}

size_t region_number(const struct region *region)
{
    CHECK(region >= regions && region < regions + ARRAY_LEN(regions));
    return (size_t)(region - regions);
}

size_t region_count(void)
{
    return ARRAY_LEN(regions);
}

struct point point_of_degrees(double latitude, double longitude)
{
    double phi = latitude * RADIANS_PER_DEGREE;
    double lambda = longitude * RADIANS_PER_DEGREE;
    return (struct point){
        .x = (float)(cos(phi) * cos(lambda)),
        .y = (float)(cos(phi) * sin(lambda)),
        .z = (float)sin(phi),
    };
}

float point_distance_km(struct point a, struct point b)
{
    /* By the chord, which is exact for near points, where the cosine is not. */
    float half_chord = sqrtf(point_chord_squared(a, b)) / 2;
    return 2 * EARTH_RADIUS_KM * asinf(half_chord < 1 ? half_chord : 1);
}
