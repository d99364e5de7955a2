// SPDX-License-Identifier: Apache-2.0
// Continents, countries and subdivisions by the codes that Route 53 has for them, as one tree: a
// subdivision belongs to a country, a country to a continent, all to the default location. Pure;
// constant tables, any thread.
// Source: Route 53 Developer Guide, "Values specific for geolocation records"; ISO 3166.
#ifndef PLACES_PLACES_H
#define PLACES_PLACES_H

#include "places/region.h"

enum place_level { PLACE_DEFAULT, PLACE_CONTINENT, PLACE_COUNTRY, PLACE_SUBDIVISION };

/** One place. Its number (an index into the table) is for one process only, never stored. */
struct place {
    enum place_level level;
    uint16_t parent;  /* number of the place around it; of the default location: itself */
    const char *code; /* "EU", "DE", "WA"; of the default location "*" */
    const char *name; /* "Europe"; of the default location "Default" */
};

/** The default location's number, which is also that of a client of whom nothing is known. */
#define PLACE_NOWHERE 0

/** The place of a number below place_count(). Numbers rise as ListGeoLocations lists places. */
const struct place *place_get(uint16_t number);
uint16_t place_count(void);

/** Numbers by code, any case; PLACE_NOWHERE: there is no such place. */
uint16_t place_continent(struct slice code);
uint16_t place_country(struct slice code);
uint16_t place_subdivision(struct slice country_code, struct slice code);

/**
 * Where most people of a place are, roughly: one of the largest cities of the country, also of its
 * subdivisions. False, and *out untouched, of continents and the default location.
 */
bool place_point(uint16_t number, struct point *out);

#endif
