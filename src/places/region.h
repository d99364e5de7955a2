// SPDX-License-Identifier: Apache-2.0
// Regions and local zone groups of AWS with where they are, and distances on the globe. Pure;
// constant tables, any thread.
// Source: AWS General Reference, "Regions and Zones"; coordinates are those of the city that AWS
// names for a region.
#ifndef PLACES_REGION_H
#define PLACES_REGION_H

#include "base/slice.h"

/** A point on the globe as a unit vector from its centre. */
struct point {
    float x, y, z;
};

/** From degrees: latitude -90..90, longitude -180..180. */
struct point point_of_degrees(double latitude, double longitude);

/** The square of the chord between two points: rises with their distance, and costs little. */
static inline float point_chord_squared(struct point a, struct point b)
{
    float x = a.x - b.x;
    float y = a.y - b.y;
    float z = a.z - b.z;
    return x * x + y * y + z * z;
}

/** Great-circle distance, kilometres. */
float point_distance_km(struct point a, struct point b);

struct region {
    const char *code; /* "eu-central-1" */
    const char *name; /* "Europe (Frankfurt)" */
    double latitude, longitude;
};

/** NULL: there is no such region (case matters). */
const struct region *region_find(struct slice code);
/** Regions by number, which is for one process only. */
const struct region *region_get(size_t number);
size_t region_number(const struct region *region);
size_t region_count(void);

/** A local zone group ("us-west-2-lax-1"); NULL: there is none. */
const struct region *local_zone_group_find(struct slice code);
const struct region *local_zone_group_get(size_t number);
size_t local_zone_group_count(void);

#endif
