// SPDX-License-Identifier: Apache-2.0
// Geography files: the schemas of those who publish them. Each file has one node, whose sides are
// 0.0.0.0/1 and 128.0.0.0/1 (MaxMind DB File Format Specification 2.0).

#include "authority/geo_file.h"
#include "base/buf.h"
#include "os/file.h"
#include "places/places.h"
#include "shared/temp_dir.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { TEXT = 2, DOUBLE = 3, UINT16 = 5, UINT32 = 6, MAP = 7, UINT64 = 9, ARRAY = 11 };

static char dir[TEMP_DIR_SIZE];

static int make_dir(void **state)
{
    (void)state;
    temp_dir_make(dir, "geo");
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    temp_dir_remove(dir);
    return 0;
}

static void put_head(struct buf *b, unsigned kind, size_t size)
{
    assert_true(size < 29);
    buf_append_byte(b, (uint8_t)((kind < 8 ? kind << 5 : 0) | size));
    if (kind >= 8)
        buf_append_byte(b, (uint8_t)(kind - 7));
}

static void put_text(struct buf *b, const char *text)
{
    put_head(b, TEXT, strlen(text));
    buf_append_str(b, text);
}

static void put_double(struct buf *b, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    put_head(b, DOUBLE, sizeof(bits));
    for (unsigned shift = 64; shift > 0; shift -= 8)
        buf_append_byte(b, (uint8_t)(bits >> (shift - 8)));
}

static void put_small(struct buf *b, unsigned kind, uint8_t value)
{
    put_head(b, kind, 1);
    buf_append_byte(b, value);
}

/* "{" map, "[" list of one, "}" "]" nothing (sizes are counted), "=1.5" a number, else a text. */
static void put_record(struct buf *b, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *word = words[i];
        if (word[0] == '{')
            put_head(b, MAP, (size_t)(word[1] - '0'));
        else if (word[0] == '[')
            put_head(b, ARRAY, 1);
        else if (word[0] == '=')
            put_double(b, strtod(word + 1, NULL));
        else
            put_text(b, word);
    }
}

static void put_metadata(struct buf *b)
{
    buf_append(b, SLICE_LIT("\xab\xcd\xef"
                            "MaxMind.com"));
    put_head(b, MAP, 9);
    put_text(b, "binary_format_major_version");
    put_small(b, UINT16, 2);
    put_text(b, "binary_format_minor_version");
    put_head(b, UINT16, 0);
    put_text(b, "build_epoch");
    put_small(b, UINT64, 1);
    put_text(b, "database_type");
    put_text(b, "test");
    put_text(b, "description");
    put_head(b, MAP, 0);
    put_text(b, "ip_version");
    put_small(b, UINT16, 4);
    put_text(b, "languages");
    put_head(b, ARRAY, 0);
    put_text(b, "node_count");
    put_small(b, UINT32, 1);
    put_text(b, "record_size");
    put_small(b, UINT16, 24);
}

/* A file in which 0.0.0.0/1 has the record and 128.0.0.0/1 is not there. */
static const char *write_file(const char *const *words, size_t count)
{
    AUTO_BUF struct buf b = {0};
    static const uint8_t node[] = {0, 0, 17, 0, 0, 1}; /* the first record; nothing */
    buf_append(&b, slice_of(node, sizeof(node)));
    for (unsigned i = 0; i < 16; i++)
        buf_append_byte(&b, 0);
    put_record(&b, words, count);
    put_metadata(&b);
    const char *path = temp_dir_file(dir, "geo.mmdb");
    struct errctx ec = {0};
    assert_int_equal(file_replace(path, buf_slice(&b), 0600, &ec), ERR_OK);
    return path;
}

#define PLACE_OF(...)                                                                              \
    place_of((const char *[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static struct atlas_place place_of(const char *const *words, size_t count)
{
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    enum err e = geo_file_read(write_file(words, count), b, &ec);
    if (e != ERR_OK)
        fail_msg("%s", ec.text);
    struct atlas *a = atlas_builder_finish(b);
    struct net_key key = {.bits = 10ULL << 56, .length = 32};
    uint8_t scope = 0;
    struct atlas_place found = atlas_find_place(a, &key, &scope);
    atlas_free(a);
    atlas_builder_free(b);
    return found;
}

static void assert_code(struct atlas_place place, const char *around, const char *code)
{
    const struct place *p = place_get(place.place);
    assert_string_equal(p->code, code);
    assert_string_equal(place_get(p->parent)->code, around);
}

static void countries_are_known_in_every_schema(void **state)
{
    (void)state;
    assert_code(PLACE_OF("{1", "country", "{1", "iso_code", "DE"), "EU", "DE");
    assert_code(PLACE_OF("{1", "country_code", "TR"), "EU", "TR");
    assert_code(PLACE_OF("{1", "country", "JP"), "AS", "JP");
    assert_code(PLACE_OF("{2", "country", "Japan", "country_code", "JP"), "AS", "JP");
    assert_code(PLACE_OF("{1", "registered_country", "{1", "iso_code", "BR"), "SA", "BR");
}

static void continents_stand_in_for_countries(void **state)
{
    (void)state;
    assert_code(PLACE_OF("{1", "continent", "{1", "code", "EU"), "*", "EU");
    assert_code(PLACE_OF("{1", "continent_code", "OC"), "*", "OC");
    assert_code(PLACE_OF("{2", "continent_code", "AF", "country_code", "EH"), "*", "AF");
    assert_code(PLACE_OF("{1", "asn", "AS64500"), "*", "*");
}

static void subdivisions_are_known_by_code_or_name(void **state)
{
    (void)state;
    assert_code(PLACE_OF("{2", "country", "{1", "iso_code", "US", "subdivisions", "[", "{1",
                         "iso_code", "WA"),
                "US", "WA");
    assert_code(PLACE_OF("{2", "country_code", "US", "region_code", "TX"), "US", "TX");
    assert_code(PLACE_OF("{2", "country_code", "US", "region", "New York"), "US", "NY");
    assert_code(PLACE_OF("{2", "country", "{1", "iso_code", "US", "subdivisions", "[", "{1",
                         "names", "{1", "en", "Ohio"),
                "US", "OH");
    assert_code(PLACE_OF("{2", "country_code", "UA", "region_code", "46"), "UA", "46");
    assert_code(PLACE_OF("{2", "country_code", "US", "region", "Bavaria"), "NA", "US");
    assert_code(PLACE_OF("{2", "country_code", "DE", "region_code", "WA"), "EU", "DE");
}

static void assert_near(struct atlas_place place, double latitude, double longitude)
{
    assert_true(place.has_point);
    struct point there = point_of_degrees(latitude, longitude);
    assert_true(point_distance_km(place.point, there) < 0.5F);
}

static void coordinates_are_numbers_or_their_text(void **state)
{
    (void)state;
    assert_near(PLACE_OF("{1", "location", "{2", "latitude", "=52.5", "longitude", "=13.25"), 52.5,
                13.25);
    assert_near(PLACE_OF("{2", "lat", "-33.87", "lng", "151.21"), -33.87, 151.21);
    assert_near(PLACE_OF("{2", "latitude", "=1.5", "longitude", "103.8"), 1.5, 103.8);
    assert_false(PLACE_OF("{2", "lat", "91", "lng", "0").has_point);
    assert_false(PLACE_OF("{2", "lat", "nan", "lng", "0").has_point);
    assert_false(PLACE_OF("{2", "lat", "1.5north", "lng", "0").has_point);
    assert_false(PLACE_OF("{1", "lat", "1.5").has_point);
    /* Of a country alone, where a large city of it is. */
    assert_near(PLACE_OF("{1", "country_code", "DE"), 52.5, 13.37);
    assert_near(PLACE_OF("{3", "country_code", "DE", "lat", "50", "lng", "8"), 50, 8);
    assert_false(PLACE_OF("{1", "continent_code", "EU").has_point);
}

static void what_is_no_such_file_is_refused_by_name(void **state)
{
    (void)state;
    struct atlas_builder *b = atlas_builder_new();
    struct errctx ec = {0};
    const char *path = temp_dir_file(dir, "none.mmdb");
    assert_int_equal(geo_file_read(path, b, &ec), ERR_NOT_FOUND);
    assert_non_null(strstr(ec.text, "none.mmdb"));
    assert_int_equal(geo_file_read(dir, b, &ec), ERR_INVALID);
    assert_int_equal(file_replace(path, SLICE_LIT("network,region"), 0600, &ec), ERR_OK);
    ec = (struct errctx){0};
    assert_int_equal(geo_file_read(path, b, &ec), ERR_CORRUPT);
    assert_non_null(strstr(ec.text, "not an MMDB file"));
    atlas_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(countries_are_known_in_every_schema),
        cmocka_unit_test(continents_stand_in_for_countries),
        cmocka_unit_test(subdivisions_are_known_by_code_or_name),
        cmocka_unit_test(coordinates_are_numbers_or_their_text),
        cmocka_unit_test(what_is_no_such_file_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
