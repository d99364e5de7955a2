// SPDX-License-Identifier: Apache-2.0
// Records of geography files. Called by geo_file.c, once for each record that is not like another.
#include "authority/geo_record.h"

#include "authority/limits.h"
#include "base/check.h"
#include "places/places.h"

#include <math.h>
#include <stdlib.h>

/* Keys on the way to a value, and a NULL. */
#define PATH_KEYS 5

typedef const char *const key_path[PATH_KEYS];

/* A record being read; the first failure that tells of damage stays. */
struct record {
    MMDB_entry_s *entry;
    int damage; /* of libmaxminddb; MMDB_SUCCESS */
};

static bool is_absence(int status)
{
    return status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR ||
           status == MMDB_INVALID_LOOKUP_PATH_ERROR;
}

/* The value at the path; false where there is none. */
static bool value_at(struct record *r, key_path path, MMDB_entry_data_s *out)
{
    int status = MMDB_aget_value(r->entry, out, path);
    if (status != MMDB_SUCCESS) {
        if (!is_absence(status) && r->damage == MMDB_SUCCESS)
            r->damage = status;
        return false;
    }
    return out->has_data;
}

static struct slice text_at(struct record *r, key_path path)
{
    MMDB_entry_data_s value;
    if (!value_at(r, path, &value) || value.type != MMDB_DATA_TYPE_UTF8_STRING)
        return (struct slice){0};
    return slice_of(value.utf8_string, value.data_size);
}

static bool parse_number(struct slice text, double *out)
{
    char buffer[GEO_NUMBER_MAX_CHARS + 1];
    if (text.len == 0 || text.len >= sizeof(buffer))
        return false;
    memcpy(buffer, text.data, text.len);
    buffer[text.len] = '\0';
    char *end = NULL;
    *out = strtod(buffer, &end);
    return end == buffer + text.len;
}

static bool number_at(struct record *r, key_path path, double *out)
{
    MMDB_entry_data_s value;
    if (!value_at(r, path, &value))
        return false;
    if (value.type == MMDB_DATA_TYPE_DOUBLE)
        *out = value.double_value;
    else if (value.type == MMDB_DATA_TYPE_FLOAT)
        *out = (double)value.float_value;
    else if (value.type == MMDB_DATA_TYPE_UTF8_STRING)
        return parse_number(slice_of(value.utf8_string, value.data_size), out);
    else
        return false;
    return true;
}

static uint16_t find_continent(struct record *r)
{
    static key_path paths[] = {{"continent", "code"}, {"continent_code"}, {"continent"}};
    uint16_t found = PLACE_NOWHERE;
    for (size_t i = 0; i < ARRAY_LEN(paths) && found == PLACE_NOWHERE; i++)
        found = place_continent(text_at(r, paths[i]));
    return found;
}

static uint16_t find_country(struct record *r)
{
    static key_path paths[] = {
        {"country", "iso_code"}, {"country_code"}, {"country"}, {"registered_country", "iso_code"}};
    uint16_t found = PLACE_NOWHERE;
    for (size_t i = 0; i < ARRAY_LEN(paths) && found == PLACE_NOWHERE; i++)
        found = place_country(text_at(r, paths[i]));
    return found;
}

static uint16_t subdivision_by_name(uint16_t country, struct slice name)
{
    for (uint16_t i = 0; i < place_count(); i++) {
        const struct place *p = place_get(i);
        if (p->level == PLACE_SUBDIVISION && p->parent == country &&
            slice_equal_nocase(slice_str(p->name), name))
            return i;
    }
    return PLACE_NOWHERE;
}

static uint16_t find_subdivision(struct record *r, uint16_t country)
{
    static key_path codes[] = {
        {"subdivisions", "0", "iso_code"}, {"region_code"}, {"subdivision_code"}};
    static key_path name_in_list = {"subdivisions", "0", "names", "en"};
    static key_path names[] = {{"region"}, {"state1"}};
    struct slice country_code = slice_str(place_get(country)->code);
    uint16_t found = PLACE_NOWHERE;
    for (size_t i = 0; i < ARRAY_LEN(codes) && found == PLACE_NOWHERE; i++)
        found = place_subdivision(country_code, text_at(r, codes[i]));
    if (found == PLACE_NOWHERE)
        found = subdivision_by_name(country, text_at(r, name_in_list));
    for (size_t i = 0; i < ARRAY_LEN(names) && found == PLACE_NOWHERE; i++)
        found = subdivision_by_name(country, text_at(r, names[i]));
    return found;
}

static void find_point(struct record *r, struct atlas_place *out)
{
    static key_path latitudes[] = {{"location", "latitude"}, {"latitude"}, {"lat"}};
    static key_path longitudes[] = {{"location", "longitude"}, {"longitude"}, {"lng"}};
    for (size_t i = 0; i < ARRAY_LEN(latitudes) && !out->has_point; i++) {
        double latitude = 0;
        double longitude = 0;
        if (!number_at(r, latitudes[i], &latitude) || !number_at(r, longitudes[i], &longitude))
            continue;
        if (!(fabs(latitude) <= 90) || !(fabs(longitude) <= 180))
            continue; /* not on the globe, or no number at all */
        out->has_point = true;
        out->point = point_of_degrees(latitude, longitude);
    }
}

enum err geo_record_read(MMDB_entry_s *record, struct atlas_place *out, struct errctx *ec)
{
    struct record r = {.entry = record, .damage = MMDB_SUCCESS};
    struct atlas_place found = {.place = find_country(&r)};
    if (found.place == PLACE_NOWHERE)
        found.place = find_continent(&r);
    else {
        uint16_t subdivision = find_subdivision(&r, found.place);
        if (subdivision != PLACE_NOWHERE)
            found.place = subdivision;
    }
    find_point(&r, &found);
    if (!found.has_point)
        found.has_point = place_point(found.place, &found.point);
    if (r.damage != MMDB_SUCCESS)
        return err_set(ec, ERR_CORRUPT, "record at %u: %s", (unsigned)record->offset,
                       MMDB_strerror(r.damage));
    *out = found;
    return ERR_OK;
}
