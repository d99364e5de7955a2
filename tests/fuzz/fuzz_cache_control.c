// SPDX-License-Identifier: Apache-2.0
// Fields of answers about caching: any bytes give a verdict within its bounds, case and blanks
// around commas change nothing, a number that was held to its limit stays as it is, and what is
// stored has no field of one connection.
#include "base/check.h"
#include "base/time.h"
#include "cache/cache_control.h"
#include "cache/judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS (INT64_C(784111777) * MS_PER_S)

static void same_control(const struct cache_control *a, const struct cache_control *b)
{
    CHECK(a->has == b->has && a->max_age_s == b->max_age_s && a->s_maxage_s == b->s_maxage_s);
    CHECK(a->stale_while_revalidate_s == b->stale_while_revalidate_s);
    CHECK(a->stale_if_error_s == b->stale_if_error_s);
}

static struct cache_control read_value(struct arena *a, const char *name, struct slice value)
{
    struct http_fields fields = {0};
    struct cache_control cc;
    http_fields_add_str(a, &fields, name, "");
    fields.items[0].value = value;
    cache_control_read(&fields, &cc);
    return cc;
}

static struct slice upper_case(struct arena *a, struct slice s)
{
    uint8_t *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        out[i] = s.data[i] >= 'a' && s.data[i] <= 'z' ? s.data[i] & 0xdf : s.data[i];
    return slice_of(out, s.len);
}

static struct slice with_blanks(struct arena *a, struct slice s)
{
    uint8_t *out = arena_array(a, s.len + 1, 3);
    size_t len = 0;
    for (size_t i = 0; i < s.len; i++) {
        out[len++] = s.data[i];
        if (s.data[i] == ',') {
            out[len++] = ' ';
            out[len++] = '\t';
        }
    }
    return slice_of(out, len);
}

static void check_reading(struct arena *a, struct slice value)
{
    struct cache_control cc = read_value(a, "Cache-Control", value);
    struct cache_control again = read_value(a, "CACHE-CONTROL", upper_case(a, value));
    same_control(&cc, &again);
    again = read_value(a, "Cache-Control", with_blanks(a, value));
    same_control(&cc, &again);
    CHECK(cc.max_age_s <= CACHE_SECONDS_MAX && cc.s_maxage_s <= CACHE_SECONDS_MAX);
    const char *text = arena_printf(a, "max-age=%u, s-maxage=\"%u\"", cc.max_age_s, cc.s_maxage_s);
    again = read_value(a, "Cache-Control", slice_str(text));
    CHECK(again.max_age_s == cc.max_age_s && again.s_maxage_s == cc.s_maxage_s);
}

static struct http_fields fields_of(struct arena *a, struct slice lines)
{
    struct http_fields fields = {0};
    struct slice line;
    while (slice_split(&lines, '\n', &line) && fields.count < 16) {
        size_t colon = slice_find(line, ':');
        http_fields_add(a, &fields, slice_sub(line, 0, colon),
                        slice_trim(slice_sub(line, colon + 1, line.len)));
    }
    return fields;
}

/* A lifetime is within the policy's bounds, and holding it to them once more changes nothing. */
static void check_lifetime(const struct cache_answer *answer, const struct cache_verdict *v,
                           struct arena *a)
{
    const struct release_cache_policy *p = answer->policy;
    CHECK(v->lifetime_s >= p->min_ttl_s && v->lifetime_s <= p->max_ttl_s);
    struct http_response said = {.status = 200};
    http_fields_add_str(a, &said.fields, "Cache-Control",
                        arena_printf(a, "max-age=%u, public", v->lifetime_s));
    struct cache_answer again = *answer;
    again.response = &said;
    struct cache_verdict w;
    cache_judge(&cache_rules_cdn, &again, a, &w);
    CHECK(w.is_storable && w.lifetime_s == v->lifetime_s);
}

static void check_stored(const struct cache_answer *answer, const struct cache_verdict *v,
                         struct arena *a)
{
    struct http_fields stored;
    struct http_fields updated;
    cache_stored_fields(a, answer, v, &stored);
    CHECK(http_fields_count(&stored, "date") == 1 && http_fields_count(&stored, "age") == 0);
    CHECK(!v->removes_set_cookie || http_fields_count(&stored, "set-cookie") == 0);
    for (size_t i = 0; i < stored.count; i++)
        CHECK(!http_fields_is_hop(&stored, stored.items[i].name));
    cache_update_fields(a, &stored, &answer->response->fields, &updated);
    CHECK(updated.count <= stored.count + answer->response->fields.count);
}

static void check_verdict(struct arena *a, const struct http_fields *fields, unsigned status)
{
    const struct release_cache_policy policy = {
        .min_ttl_s = 5, .default_ttl_s = 60, .max_ttl_s = 3600};
    struct http_request sent = {.method = SLICE_LIT("GET")};
    struct http_response response = {.status = (uint16_t)status, .fields = *fields};
    struct cache_answer answer = {.sent = &sent,
                                  .response = &response,
                                  .policy = &policy,
                                  .error_min_ttl_s = 10,
                                  .request_unix_ms = NOW_MS - 1500,
                                  .response_unix_ms = NOW_MS};
    struct cache_verdict v;
    cache_judge(&cache_rules_cdn, &answer, a, &v);
    CHECK(v.initial_age_s >= 1 && v.initial_age_s <= CACHE_SECONDS_MAX);
    CHECK(v.is_storable || (v.lifetime_s == 0 && v.vary.len == 0));
    if (status == 200 && v.is_storable)
        check_lifetime(&answer, &v, a);
    if (status == 503)
        CHECK(v.is_storable && v.lifetime_s >= 10 && v.lifetime_s <= 3600);
    check_stored(&answer, &v, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO_ARENA struct arena a;
    arena_init(&a);
    struct slice input = slice_of(data, size);
    struct http_fields fields = fields_of(&a, input);
    check_reading(&a, slice_trim(input));
    for (size_t i = 0; i < fields.count; i++)
        check_reading(&a, fields.items[i].value);
    check_verdict(&a, &fields, 200);
    check_verdict(&a, &fields, 503);
    check_verdict(&a, &fields, 403);
    (void)cache_strong_etag(&fields);
    return 0;
}
