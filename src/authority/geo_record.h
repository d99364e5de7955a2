// SPDX-License-Identifier: Apache-2.0
// One data record of a geography file as a place, whichever of the usual schemas it has.
#ifndef AUTHORITY_GEO_RECORD_H
#define AUTHORITY_GEO_RECORD_H

#include "base/err.h"
#include "routing/atlas.h"

#include <maxminddb.h>

/**
 * Where a record says that its networks are; zeroed where it says nothing that is a location.
 *   continent    continent.code, continent_code, continent
 *   country      country.iso_code, country_code, country, registered_country.iso_code
 *   subdivision  subdivisions[0].iso_code, region_code, subdivision_code, or by its English name:
 *                subdivisions[0].names.en, region, state1
 *   coordinates  location.latitude and .longitude, latitude and longitude, lat and lng; numbers or
 *                their text; else those of a large city of the country
 * The narrowest location that Route 53 has stands. Errors: ERR_CORRUPT: the file is damaged here.
 * Source: schemas of MaxMind GeoIP2, DB-IP, IPinfo and ip-location-db.
 */
enum err geo_record_read(MMDB_entry_s *record, struct atlas_place *out, struct errctx *ec) MUST_USE;

#endif
