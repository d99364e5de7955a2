// SPDX-License-Identifier: Apache-2.0
// Routing policies between record sets and nodes. Called by the API's workers and the compiler.
#include "aws/r53_policy.h"

#include "aws/error.h"
#include "base/check.h"
#include "base/utf8.h"
#include "places/places.h"
#include "places/region.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a health check's id, and of a SetIdentifier: 128 characters of UTF-8. */
#define HEALTH_CHECK_MAX_BYTES ((size_t)64)
#define IDENTIFIER_MAX_BYTES ((size_t)512)

unsigned r53_policies_of(const struct r53_record_set *set, enum r53_policy *out_policy)
{
    const struct {
        bool is_used;
        enum r53_policy policy;
    } members[] = {
        {set->has_weight, R53_POLICY_WEIGHTED},
        {set->region != NULL, R53_POLICY_LATENCY},
        {set->failover != r53_failover_absent, R53_POLICY_FAILOVER},
        {set->geo_location != NULL, R53_POLICY_GEOLOCATION},
        {set->geo_proximity_location != NULL, R53_POLICY_GEOPROXIMITY},
        {set->has_multi_value_answer && set->multi_value_answer, R53_POLICY_MULTIVALUE},
        {set->cidr_routing_config != NULL, R53_POLICY_IP_BASED},
    };
    unsigned count = 0;
    *out_policy = R53_POLICY_SIMPLE;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        if (!members[i].is_used)
            continue;
        *out_policy = members[i].policy;
        count++;
    }
    return count;
}

const char *r53_policy_name(enum r53_policy policy)
{
    static const char *const names[] = {"simple",      "weighted",     "latency",    "failover",
                                        "geolocation", "geoproximity", "multivalue", "IP-based"};
    CHECK((unsigned)policy < ARRAY_LEN(names));
    return names[policy];
}

/* ---- what is wrong with a member */

const char *r53_region_problem(struct arena *a, const char *region)
{
    if (region_find(slice_str(region)) != NULL)
        return NULL;
    return arena_printf(a, "the region '%s' is not known", aws_echo(a, region));
}

const char *r53_geo_problem(struct arena *a, const struct r53_geo_location *g)
{
    const char *continent = g->continent_code;
    const char *country = g->country_code;
    const char *subdivision = g->subdivision_code;
    if (continent == NULL && country == NULL)
        return "a geolocation has a continent or a country";
    if (continent != NULL && (country != NULL || subdivision != NULL))
        return "a continent stands alone, without a country and a subdivision";
    if (continent != NULL)
        return place_continent(slice_str(continent)) != PLACE_NOWHERE
                   ? NULL
                   : arena_printf(a, "there is no continent '%s'", aws_echo(a, continent));
    if (strcmp(country, "*") == 0)
        return subdivision == NULL ? NULL : "the default location has no subdivision";
    if (place_country(slice_str(country)) == PLACE_NOWHERE)
        return arena_printf(a, "there is no country '%s'", aws_echo(a, country));
    if (subdivision != NULL &&
        place_subdivision(slice_str(country), slice_str(subdivision)) == PLACE_NOWHERE)
        return arena_printf(a, "there is no subdivision '%s' of the country '%s'",
                            aws_echo(a, subdivision), country);
    return NULL;
}

/* Degrees with at most two decimals: "47", "+47.", "-47.37" (API Reference, Coordinates). */
static bool is_degrees(const char *text, double most, size_t most_digits)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+' ? 1 : 0);
    size_t whole = strspn(digits, "0123456789");
    const char *rest = digits + whole;
    size_t decimals = rest[0] == '.' ? strspn(rest + 1, "0123456789") : 0;
    bool has_end = rest[0] == '\0' || (rest[0] == '.' && rest[1 + decimals] == '\0');
    if (whole < 1 || whole > most_digits || decimals > 2 || !has_end)
        return false;
    double value = strtod(text, NULL);
    return value >= -most && value <= most;
}

const char *r53_proximity_problem(struct arena *a, const struct r53_geo_proximity_location *g)
{
    const struct r53_coordinates *c = g->coordinates;
    if ((g->aws_region != NULL) + (g->local_zone_group != NULL) + (c != NULL) != 1)
        return "exactly one of a region, a local zone group, and coordinates is required";
    if (g->aws_region != NULL)
        return r53_region_problem(a, g->aws_region);
    if (g->local_zone_group != NULL)
        return local_zone_group_find(slice_str(g->local_zone_group)) != NULL
                   ? NULL
                   : arena_printf(a, "the local zone group '%s' is not known",
                                  aws_echo(a, g->local_zone_group));
    if (c->latitude == NULL || c->longitude == NULL || !is_degrees(c->latitude, 90, 2) ||
        !is_degrees(c->longitude, 180, 3))
        return "latitudes are -90 to 90, longitudes -180 to 180, with at most two decimals";
    return NULL;
}

/* ---- as nodes see it */

static int16_t hundredths(double degrees)
{
    return (int16_t)(degrees * 100 + (degrees < 0 ? -0.5 : 0.5));
}

static void locate(const struct r53_geo_proximity_location *g, struct r53_wire_policy *out)
{
    double latitude = 0;
    double longitude = 0;
    if (g->coordinates != NULL) {
        latitude = strtod(g->coordinates->latitude, NULL);
        longitude = strtod(g->coordinates->longitude, NULL);
    } else {
        const struct region *place = g->aws_region != NULL
                                         ? region_find(slice_str(g->aws_region))
                                         : local_zone_group_find(slice_str(g->local_zone_group));
        CHECK(place != NULL); /* r53_proximity_problem found none */
        latitude = place->latitude;
        longitude = place->longitude;
    }
    out->latitude_e2 = hundredths(latitude);
    out->longitude_e2 = hundredths(longitude);
    out->bias = g->has_bias ? (int8_t)g->bias : 0;
}

static const char *member_problem(struct arena *a, const struct r53_record_set *set)
{
    if (set->region != NULL)
        return r53_region_problem(a, set->region);
    if (set->geo_location != NULL)
        return r53_geo_problem(a, set->geo_location);
    if (set->geo_proximity_location != NULL)
        return r53_proximity_problem(a, set->geo_proximity_location);
    return NULL;
}

/* One line of text, which traces and logs show as it is. */
static bool is_line(struct slice text, size_t most)
{
    bool is_good = text.len > 0 && text.len <= most;
    while (is_good && text.len > 0) {
        uint32_t code_point;
        size_t len = utf8_decode(text, &code_point);
        is_good = code_point != UTF8_INVALID && code_point >= ' ' && code_point != 0x7f;
        text = slice_sub(text, len, text.len - len);
    }
    return is_good;
}

/* Printable ASCII without spaces and slashes: what releases take for an id. */
static bool is_id(const char *text, size_t most)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '/')
            return false;
    return len > 0 && len <= most;
}

static enum err check_texts(const struct r53_record_set *set, enum r53_policy policy,
                            struct errctx *ec)
{
    if ((set->set_identifier == NULL) != (policy == R53_POLICY_SIMPLE))
        return err_set(ec, ERR_INVALID, "a SetIdentifier goes with a routing policy");
    if (set->set_identifier != NULL &&
        !is_line(slice_str(set->set_identifier), IDENTIFIER_MAX_BYTES))
        return err_set(ec, ERR_INVALID, "a SetIdentifier has no control characters");
    if (set->health_check_id != NULL && !is_id(set->health_check_id, HEALTH_CHECK_MAX_BYTES))
        return err_set(ec, ERR_INVALID, "HealthCheckId is not the id of a health check");
    return ERR_OK;
}

enum err r53_policy_to_wire(const struct r53_record_set *set, struct r53_wire_policy *out,
                            struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct r53_wire_policy wire = {.identifier = set->set_identifier,
                                   .health_check = set->health_check_id};
    if (r53_policies_of(set, &wire.kind) > 1)
        return err_set(ec, ERR_INVALID, "a record set has one routing policy");
    enum err err = check_texts(set, wire.kind, ec);
    if (err != ERR_OK)
        return err;
    const char *problem = member_problem(&a, set);
    if (problem != NULL)
        return err_set(ec, ERR_INVALID, "%s", problem);
    wire.weight = set->has_weight ? (uint8_t)set->weight : 0;
    wire.region = set->region;
    wire.is_secondary = set->failover == R53_SECONDARY;
    if (set->geo_location != NULL) {
        wire.continent = set->geo_location->continent_code;
        wire.country = set->geo_location->country_code;
        wire.subdivision = set->geo_location->subdivision_code;
    }
    if (set->geo_proximity_location != NULL)
        locate(set->geo_proximity_location, &wire);
    if (set->cidr_routing_config != NULL) {
        wire.cidr_collection = set->cidr_routing_config->collection_id;
        wire.cidr_location = set->cidr_routing_config->location_name;
        if (!is_id(wire.cidr_collection, 36) || !is_id(wire.cidr_location, 16))
            return err_set(ec, ERR_INVALID, "CidrRoutingConfig names no collection and location");
    }
    *out = wire;
    return ERR_OK;
}

static const char *text_or_none(const char *text)
{
    return text == NULL ? "" : text;
}

const char *r53_policy_place(struct arena *a, const struct r53_record_set *set)
{
    const struct r53_geo_location *g = set->geo_location;
    if (set->failover != r53_failover_absent)
        return set->failover == R53_PRIMARY ? "PRIMARY" : "SECONDARY";
    if (set->region != NULL)
        return set->region;
    if (g != NULL)
        return arena_printf(a, "%s/%s/%s", text_or_none(g->continent_code),
                            text_or_none(g->country_code), text_or_none(g->subdivision_code));
    return set->cidr_routing_config == NULL ? NULL : set->cidr_routing_config->location_name;
}
