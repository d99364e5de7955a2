// SPDX-License-Identifier: Apache-2.0
// The locations of geolocation records. Called by the dispatcher on a worker; nothing is read from
// the store.
#include "control/api/api_priv.h"

#include "aws/route53.h"
#include "control/api/limits.h"
#include "places/places.h"

static struct r53_geo_location_details details_of(uint16_t number)
{
    const struct place *p = place_get(number);
    struct r53_geo_location_details out = {0};
    if (p->level == PLACE_CONTINENT) {
        out.continent_code = p->code;
        out.continent_name = p->name;
        return out;
    }
    const struct place *country = p;
    if (p->level == PLACE_SUBDIVISION) {
        country = place_get(p->parent);
        out.subdivision_code = p->code;
        out.subdivision_name = p->name;
    }
    out.country_code = country->code;
    out.country_name = country->name;
    return out;
}

/* A continent alone, or a country, or a subdivision of one. */
static enum aws_error check_codes(struct api_call *c, const char *continent, const char *country,
                                  const char *subdivision)
{
    if (continent != NULL && (country != NULL || subdivision != NULL))
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "A continent code stands without country and subdivision codes");
    if (subdivision != NULL && country == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput,
                        "A subdivision code needs the code of its country");
    return AWS_OK;
}

enum aws_error api_get_geo_location(struct api_call *c, const void *in, void *out)
{
    const struct r53_get_geo_location_request *request = in;
    struct r53_get_geo_location_response *response = out;
    const char *country = request->country_code;
    enum aws_error error =
        check_codes(c, request->continent_code, country, request->subdivision_code);
    if (error != AWS_OK)
        return error;
    if (request->continent_code == NULL && country == NULL)
        return aws_fail(&c->fault, AWS_InvalidInput, "A continent or country code is missing");
    struct slice default_code = slice_str(place_get(PLACE_NOWHERE)->code);
    uint16_t found = PLACE_NOWHERE;
    if (request->continent_code != NULL)
        found = place_continent(slice_str(request->continent_code));
    else if (request->subdivision_code != NULL)
        found = place_subdivision(slice_str(country), slice_str(request->subdivision_code));
    else
        found = place_country(slice_str(country));
    bool is_default = country != NULL && request->subdivision_code == NULL &&
                      slice_equal(slice_str(country), default_code);
    if (found == PLACE_NOWHERE && !is_default)
        return aws_fail(&c->fault, AWS_NoSuchGeoLocation,
                        "The location '%s%s%s' is not supported for geolocation records",
                        country == NULL ? request->continent_code : country,
                        request->subdivision_code == NULL ? "" : "-",
                        request->subdivision_code == NULL ? "" : request->subdivision_code);
    response->geo_location_details = ARENA_NEW(c->arena, struct r53_geo_location_details);
    *response->geo_location_details = details_of(found);
    return AWS_OK;
}

/* Whether a location stands at or behind the start of a listing. */
static bool is_behind(const struct r53_geo_location_details *d,
                      const struct r53_list_geo_locations_request *start)
{
    if (start->start_continent_code != NULL)
        return d->continent_code != NULL &&
               strcmp(d->continent_code, start->start_continent_code) >= 0;
    if (start->start_country_code == NULL || d->continent_code != NULL)
        return true;
    int order = strcmp(d->country_code, start->start_country_code);
    if (order != 0 || start->start_subdivision_code == NULL)
        return order >= 0;
    return d->subdivision_code != NULL &&
           strcmp(d->subdivision_code, start->start_subdivision_code) >= 0;
}

enum aws_error api_list_geo_locations(struct api_call *c, const void *in, void *out)
{
    const struct r53_list_geo_locations_request *request = in;
    struct r53_list_geo_locations_response *response = out;
    size_t size = 0;
    enum aws_error error =
        check_codes(c, request->start_continent_code, request->start_country_code,
                    request->start_subdivision_code);
    if (error == AWS_OK)
        error = api_page_size(c, request->max_items, API_LOCATIONS_PAGE_MAX, &size);
    if (error != AWS_OK)
        return error;
    response->has_geo_locations = true;
    response->geo_locations = arena_array(c->arena, size, sizeof(*response->geo_locations));
    response->has_is_truncated = true;
    response->max_items = arena_printf(c->arena, "%zu", size);
    uint16_t number = 0;
    while (number < place_count()) {
        struct r53_geo_location_details details = details_of(number);
        if (is_behind(&details, request))
            break;
        number++;
    }
    for (; number < place_count() && response->geo_locations_count < size; number++)
        response->geo_locations[response->geo_locations_count++] = details_of(number);
    if (number == place_count())
        return AWS_OK;
    struct r53_geo_location_details next = details_of(number);
    response->is_truncated = true;
    response->next_continent_code = next.continent_code;
    response->next_country_code = next.country_code;
    response->next_subdivision_code = next.subdivision_code;
    return AWS_OK;
}
