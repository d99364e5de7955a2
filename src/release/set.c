// SPDX-License-Identifier: Apache-2.0
// Record sets inside of names, from structs to bytes and back. Called by control and roles; any
// thread.
#include "base/check.h"
#include "release/limits.h"
#include "release/objects_priv.h"

#include <string.h>

enum set_field {
    SET_TYPE = 1,
    SET_TTL = 2,
    SET_RDATA = 3,
    SET_ALIAS = 4,
    SET_POLICY = 5,
    SET_IDENTIFIER = 6,
    SET_HEALTH_CHECK = 7,
    SET_WEIGHT = 8,
    SET_REGION = 9,
    SET_IS_SECONDARY = 10,
    SET_GEO = 11,
    SET_PROXIMITY = 12,
    SET_CIDR = 13,
};
enum alias_field {
    ALIAS_ZONE_ID = 1,
    ALIAS_NAME = 2,
    ALIAS_EVALUATE_HEALTH = 3,
    ALIAS_IS_OUTSIDE = 4,
};
enum geo_field { GEO_CONTINENT = 1, GEO_COUNTRY = 2, GEO_SUBDIVISION = 3 };
enum proximity_field { PROXIMITY_LATITUDE = 1, PROXIMITY_LONGITUDE = 2, PROXIMITY_BIAS = 3 };
enum cidr_field { CIDR_COLLECTION = 1, CIDR_LOCATION = 2 };

/* ---- what a set is */

static bool is_id_or_none(const char *text)
{
    return text == NULL || text_is_id(slice_str(text));
}

static bool geo_is_valid(const struct release_set *s)
{
    bool has_any = s->geo_continent != NULL || s->geo_country != NULL;
    bool is_nested = s->geo_subdivision == NULL || s->geo_country != NULL;
    bool is_one = s->geo_continent == NULL || s->geo_country == NULL;
    return has_any == (s->policy == RELEASE_GEOLOCATION) && is_nested && is_one &&
           is_id_or_none(s->geo_continent) && is_id_or_none(s->geo_country) &&
           is_id_or_none(s->geo_subdivision);
}

static bool proximity_is_valid(const struct release_set *s)
{
    if (s->policy != RELEASE_GEOPROXIMITY)
        return s->latitude_e2 == 0 && s->longitude_e2 == 0 && s->bias == 0;
    return s->latitude_e2 >= -RELEASE_LATITUDE_MAX_E2 &&
           s->latitude_e2 <= RELEASE_LATITUDE_MAX_E2 &&
           s->longitude_e2 >= -RELEASE_LONGITUDE_MAX_E2 &&
           s->longitude_e2 <= RELEASE_LONGITUDE_MAX_E2 && s->bias >= -RELEASE_BIAS_MAX &&
           s->bias <= RELEASE_BIAS_MAX;
}

static bool policy_is_valid(const struct release_set *s)
{
    bool has_cidr = s->cidr_collection != NULL && s->cidr_location != NULL;
    bool has_any_cidr = s->cidr_collection != NULL || s->cidr_location != NULL;
    if ((s->policy == RELEASE_SIMPLE) != (s->identifier == NULL) ||
        (s->policy == RELEASE_LATENCY) != (s->region != NULL) ||
        (s->policy == RELEASE_IP_BASED) != has_cidr || has_cidr != has_any_cidr ||
        (s->policy != RELEASE_WEIGHTED && s->weight != 0) ||
        (s->policy != RELEASE_FAILOVER && s->is_secondary))
        return false;
    if (s->identifier != NULL &&
        (*s->identifier == '\0' ||
         !text_is_line(slice_str(s->identifier), RELEASE_IDENTIFIER_MAX_BYTES)))
        return false;
    return is_id_or_none(s->health_check) && is_id_or_none(s->region) &&
           is_id_or_none(s->cidr_collection) && is_id_or_none(s->cidr_location) &&
           geo_is_valid(s) && proximity_is_valid(s);
}

bool set_is_valid(const struct release_set *s)
{
    if (s->type == 0 || s->ttl_s > RELEASE_SET_TTL_MAX_S || s->rdata_count > RELEASE_RDATA_MAX)
        return false;
    for (size_t i = 0; i < s->rdata_count; i++) {
        if (s->rdata[i].len > RELEASE_RDATA_MAX_BYTES)
            return false;
    }
    bool is_whole = s->is_alias ? s->rdata_count == 0 : s->rdata_count > 0;
    return is_whole && policy_is_valid(s);
}

bool set_may_follow(const struct release_set *s, const struct release_set *before)
{
    if (s->type != before->type)
        return s->type > before->type;
    return s->policy != RELEASE_SIMPLE && s->policy == before->policy &&
           strcmp(s->identifier, before->identifier) > 0;
}

/* ---- writing */

static struct slice text_of(const char *text)
{
    return text == NULL ? slice_of(NULL, 0) : slice_str(text);
}

static void put_alias(struct buf *b, const struct release_set *s)
{
    CHECK(text_is_id(slice_str(s->alias_zone_id)) && text_is_wire_name(s->alias_name));
    AUTO_BUF struct buf alias = {0};
    wire_put_bytes(&alias, ALIAS_ZONE_ID, slice_str(s->alias_zone_id));
    wire_put_bytes(&alias, ALIAS_NAME, s->alias_name);
    wire_put_number(&alias, ALIAS_EVALUATE_HEALTH, s->alias_evaluate_health);
    wire_put_number(&alias, ALIAS_IS_OUTSIDE, s->alias_is_outside);
    wire_put_item(b, SET_ALIAS, buf_slice(&alias));
}

static void put_geo(struct buf *b, const struct release_set *s)
{
    AUTO_BUF struct buf geo = {0};
    wire_put_bytes(&geo, GEO_CONTINENT, text_of(s->geo_continent));
    wire_put_bytes(&geo, GEO_COUNTRY, text_of(s->geo_country));
    wire_put_bytes(&geo, GEO_SUBDIVISION, text_of(s->geo_subdivision));
    wire_put_item(b, SET_GEO, buf_slice(&geo));
}

static void put_proximity(struct buf *b, const struct release_set *s)
{
    AUTO_BUF struct buf proximity = {0};
    wire_put_number(&proximity, PROXIMITY_LATITUDE,
                    (uint64_t)(s->latitude_e2 + RELEASE_LATITUDE_MAX_E2));
    wire_put_number(&proximity, PROXIMITY_LONGITUDE,
                    (uint64_t)(s->longitude_e2 + RELEASE_LONGITUDE_MAX_E2));
    wire_put_number(&proximity, PROXIMITY_BIAS, (uint64_t)(s->bias + RELEASE_BIAS_MAX));
    wire_put_item(b, SET_PROXIMITY, buf_slice(&proximity));
}

static void put_cidr(struct buf *b, const struct release_set *s)
{
    AUTO_BUF struct buf cidr = {0};
    wire_put_bytes(&cidr, CIDR_COLLECTION, text_of(s->cidr_collection));
    wire_put_bytes(&cidr, CIDR_LOCATION, text_of(s->cidr_location));
    wire_put_item(b, SET_CIDR, buf_slice(&cidr));
}

struct slice set_encode(struct arena *a, const struct release_set *s)
{
    struct buf b = {0};
    wire_put_number(&b, SET_TYPE, s->type);
    wire_put_number(&b, SET_TTL, s->ttl_s);
    for (size_t i = 0; i < s->rdata_count; i++)
        wire_put_item(&b, SET_RDATA, s->rdata[i]);
    if (s->is_alias)
        put_alias(&b, s);
    wire_put_number(&b, SET_POLICY, s->policy);
    wire_put_bytes(&b, SET_IDENTIFIER, text_of(s->identifier));
    wire_put_bytes(&b, SET_HEALTH_CHECK, text_of(s->health_check));
    wire_put_number(&b, SET_WEIGHT, s->weight);
    wire_put_bytes(&b, SET_REGION, text_of(s->region));
    wire_put_number(&b, SET_IS_SECONDARY, s->is_secondary);
    if (s->policy == RELEASE_GEOLOCATION)
        put_geo(&b, s);
    if (s->policy == RELEASE_GEOPROXIMITY)
        put_proximity(&b, s);
    if (s->policy == RELEASE_IP_BASED)
        put_cidr(&b, s);
    return wire_take(a, &b);
}

/* ---- reading */

static void read_alias(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    s->is_alias = true;
    while (wire_next(&r)) {
        if (r.field == ALIAS_ZONE_ID)
            s->alias_zone_id = wire_id(a, &r);
        else if (r.field == ALIAS_NAME)
            s->alias_name = wire_bytes(&r);
        else if (r.field == ALIAS_EVALUATE_HEALTH)
            s->alias_evaluate_health = wire_number(&r, 1) == 1;
        else if (r.field == ALIAS_IS_OUTSIDE)
            s->alias_is_outside = wire_number(&r, 1) == 1;
    }
    wire_expect(outer, !r.is_bad && s->alias_zone_id != NULL && text_is_wire_name(s->alias_name));
}

static void read_geo(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    while (wire_next(&r)) {
        if (r.field == GEO_CONTINENT)
            s->geo_continent = wire_id(a, &r);
        else if (r.field == GEO_COUNTRY)
            s->geo_country = wire_id(a, &r);
        else if (r.field == GEO_SUBDIVISION)
            s->geo_subdivision = wire_id(a, &r);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_proximity(struct wire_reader *outer, struct release_set *s)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    s->latitude_e2 = -RELEASE_LATITUDE_MAX_E2;
    s->longitude_e2 = -RELEASE_LONGITUDE_MAX_E2;
    s->bias = -RELEASE_BIAS_MAX;
    while (wire_next(&r)) {
        if (r.field == PROXIMITY_LATITUDE)
            s->latitude_e2 = (int16_t)((int)wire_number(&r, 2 * RELEASE_LATITUDE_MAX_E2) -
                                       RELEASE_LATITUDE_MAX_E2);
        else if (r.field == PROXIMITY_LONGITUDE)
            s->longitude_e2 = (int16_t)((int)wire_number(&r, 2 * RELEASE_LONGITUDE_MAX_E2) -
                                        RELEASE_LONGITUDE_MAX_E2);
        else if (r.field == PROXIMITY_BIAS)
            s->bias = (int8_t)((int)wire_number(&r, 2 * RELEASE_BIAS_MAX) - RELEASE_BIAS_MAX);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_cidr(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    while (wire_next(&r)) {
        if (r.field == CIDR_COLLECTION)
            s->cidr_collection = wire_id(a, &r);
        else if (r.field == CIDR_LOCATION)
            s->cidr_location = wire_id(a, &r);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_policy_field(struct arena *a, struct wire_reader *r, struct release_set *s)
{
    switch (r->field) {
    case SET_POLICY:
        s->policy = (enum release_policy)wire_number(r, RELEASE_IP_BASED);
        break;
    case SET_IDENTIFIER:
        s->identifier = arena_str(a, wire_bytes(r));
        break;
    case SET_HEALTH_CHECK:
        s->health_check = wire_id(a, r);
        break;
    case SET_WEIGHT:
        s->weight = (uint8_t)wire_number(r, RELEASE_WEIGHT_MAX);
        break;
    case SET_REGION:
        s->region = wire_id(a, r);
        break;
    case SET_IS_SECONDARY:
        s->is_secondary = wire_number(r, 1) == 1;
        break;
    case SET_GEO:
        read_geo(a, r, s);
        break;
    case SET_PROXIMITY:
        read_proximity(r, s);
        break;
    case SET_CIDR:
        read_cidr(a, r, s);
        break;
    default:
        break;
    }
}

void set_read(struct arena *a, struct wire_reader *outer, struct release_set *s)
{
    struct slice bytes = wire_item(outer);
    size_t rdata_count = wire_count(bytes, SET_RDATA);
    wire_expect(outer, rdata_count <= RELEASE_RDATA_MAX);
    if (outer->is_bad)
        return;
    s->rdata = arena_array(a, rdata_count, sizeof(*s->rdata));
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == SET_TYPE)
            s->type = (uint16_t)wire_number(&r, UINT16_MAX);
        else if (r.field == SET_TTL)
            s->ttl_s = (uint32_t)wire_number(&r, RELEASE_SET_TTL_MAX_S);
        else if (r.field == SET_RDATA)
            s->rdata[s->rdata_count++] = wire_item(&r);
        else if (r.field == SET_ALIAS)
            read_alias(a, &r, s);
        else
            read_policy_field(a, &r, s);
    }
    wire_expect(outer, !r.is_bad);
}
