// SPDX-License-Identifier: Apache-2.0
// Continents, countries and subdivisions, from places.def. Called by the API, the compiler, the
// answering code and what reads geography files, on any thread.
#include "places/places.h"

#include "base/check.h"

/* Numbers by code, for the parents below: their order is the table's. */
enum number {
#define DEFAULT() NUMBER_DEFAULT,
#define CONTINENT(code, name) CONTINENT_##code,
#define COUNTRY(code, continent, name, latitude, longitude) COUNTRY_##code,
#define SUBDIVISION(country, code, name) SUBDIVISION_##country##_##code,
#include "places/places.def"
#undef DEFAULT
#undef CONTINENT
#undef COUNTRY
#undef SUBDIVISION
};

_Static_assert((int)NUMBER_DEFAULT == PLACE_NOWHERE, "the default location is the first row");

static const struct place places[] = {
#define DEFAULT() {PLACE_DEFAULT, NUMBER_DEFAULT, "*", "Default"},
#define CONTINENT(code, name) {PLACE_CONTINENT, NUMBER_DEFAULT, #code, name},
#define COUNTRY(code, continent, name, latitude, longitude)                                        \
    {PLACE_COUNTRY, CONTINENT_##continent, #code, name},
#define SUBDIVISION(country, code, name) {PLACE_SUBDIVISION, COUNTRY_##country, #code, name},
#include "places/places.def"
#undef DEFAULT
#undef CONTINENT
#undef COUNTRY
#undef SUBDIVISION
};

struct degrees {
    float latitude, longitude;
};

/* By number; of what is no country: nothing. */
static const struct degrees cities[] = {
#define DEFAULT()
#define CONTINENT(code, name)
#define COUNTRY(code, continent, name, latitude, longitude)                                        \
    [COUNTRY_##code] = {(float)(latitude), (float)(longitude)},
#define SUBDIVISION(country, code, name)
#include "places/places.def"
#undef DEFAULT
#undef CONTINENT
#undef COUNTRY
#undef SUBDIVISION
};

/* All codes are two characters long: the key of one is comparable as a number. */
#define CODE_CHARS 2

/* Continents are the last rows. */
#define FIRST_CONTINENT CONTINENT_AF

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static unsigned key_of(const char *code)
{
    return (unsigned)(unsigned char)upper(code[0]) << 8 | (unsigned char)upper(code[1]);
}

/* Where the row lies among countries and subdivisions: that of its country, then its own code. */
static unsigned rank_of(const struct place *p)
{
    if (p->level == PLACE_SUBDIVISION)
        return key_of(places[p->parent].code) << 16 | key_of(p->code);
    return p->level == PLACE_COUNTRY ? key_of(p->code) << 16 : 0;
}

static uint16_t find_rank(unsigned rank)
{
    size_t low = 1;
    size_t high = FIRST_CONTINENT;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rank_of(&places[middle]) < rank)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < FIRST_CONTINENT && rank_of(&places[low]) == rank;
    return is_found ? (uint16_t)low : PLACE_NOWHERE;
}

const struct place *place_get(uint16_t number)
{
    CHECK(number < ARRAY_LEN(places));
    return &places[number];
}

uint16_t place_count(void)
{
    return ARRAY_LEN(places);
}

uint16_t place_continent(struct slice code)
{
    if (code.len != CODE_CHARS)
        return PLACE_NOWHERE;
    for (size_t i = FIRST_CONTINENT; i < ARRAY_LEN(places); i++) {
        if (key_of(places[i].code) == key_of((const char *)code.data))
            return (uint16_t)i;
    }
    return PLACE_NOWHERE;
}

uint16_t place_country(struct slice code)
{
    if (code.len != CODE_CHARS)
        return PLACE_NOWHERE;
    return find_rank(key_of((const char *)code.data) << 16);
}

uint16_t place_subdivision(struct slice country_code, struct slice code)
{
    if (country_code.len != CODE_CHARS || code.len != CODE_CHARS)
        return PLACE_NOWHERE;
    unsigned rank = key_of((const char *)country_code.data) << 16 | key_of((const char *)code.data);
    uint16_t found = find_rank(rank);
    return places[found].level == PLACE_SUBDIVISION ? found : PLACE_NOWHERE;
}

bool place_point(uint16_t number, struct point *out)
{
    const struct place *p = place_get(number);
    uint16_t country = p->level == PLACE_SUBDIVISION ? p->parent : number;
    if (places[country].level != PLACE_COUNTRY)
        return false;
    *out = point_of_degrees((double)cities[country].latitude, (double)cities[country].longitude);
    return true;
}
