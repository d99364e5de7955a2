// SPDX-License-Identifier: Apache-2.0
// The fields that stored answers keep, what a 304 makes of them, and strong validators. Called by
// the edge on the thread that received the answer; declared in judge.h.
#include "cache/judge.h"

#include "base/time.h"

/* Fields of answers that the edge alone writes; a name that ends in '-' stands for all such. */
static const struct slice edge_names[] = {
    SLICE_LIT("x-cache"),
    SLICE_LIT("x-amz-cf-"),
    SLICE_LIT("cloudfront-"),
    SLICE_LIT("x-edge-"),
};

static bool is_edge_field(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(edge_names); i++) {
        struct slice wanted = edge_names[i];
        bool is_family = wanted.data[wanted.len - 1] == '-';
        if (slice_equal_nocase(is_family ? slice_sub(name, 0, wanted.len) : name, wanted))
            return true;
    }
    return false;
}

static bool is_one_of(struct slice name, const struct slice *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (slice_equal_nocase(name, names[i]))
            return true;
    }
    return false;
}

void cache_stored_fields(struct arena *a, const struct cache_answer *answer,
                         const struct cache_verdict *verdict, struct http_fields *out)
{
    static const struct slice left_out[] = {SLICE_LIT("age"), SLICE_LIT("date")};
    const struct http_fields *fields = &answer->response->fields;
    bool keeps_cookies = !verdict->removes_set_cookie && !verdict->passes_set_cookie_once;
    struct http_fields stored = {0};
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        if (http_fields_is_hop(fields, field->name) || is_edge_field(field->name) ||
            is_one_of(field->name, left_out, ARRAY_LEN(left_out)) ||
            (!keeps_cookies && slice_equal_nocase(field->name, SLICE_LIT("set-cookie"))))
            continue;
        http_fields_add(a, &stored, field->name, field->value);
    }
    int64_t response_unix_s = answer->response_unix_ms / MS_PER_S;
    const struct slice *date = http_fields_get(fields, "date");
    int64_t date_unix_s;
    if (date != NULL && time_parse_http(*date, response_unix_s, &date_unix_s)) {
        http_fields_add(a, &stored, SLICE_LIT("Date"), *date);
    } else {
        char text[TIME_HTTP_SIZE];
        time_format_http(response_unix_s, text);
        http_fields_add_str(a, &stored, "Date", arena_strdup(a, text));
    }
    *out = stored;
}

/* An entity tag without its mark of weakness. */
static struct slice opaque_tag(struct slice etag)
{
    return slice_starts_with(etag, SLICE_LIT("W/")) ? slice_sub(etag, 2, etag.len) : etag;
}

/* Whether a field of a 304 replaces the stored ones of its name. */
static bool is_update(const struct http_fields *stored, const struct http_fields *from_304,
                      const struct http_field *field)
{
    static const struct slice of_the_body[] = {
        SLICE_LIT("content-length"), SLICE_LIT("content-encoding"), SLICE_LIT("content-range")};
    if (http_fields_is_hop(from_304, field->name) || is_edge_field(field->name) ||
        is_one_of(field->name, of_the_body, ARRAY_LEN(of_the_body)))
        return false;
    if (!slice_equal_nocase(field->name, SLICE_LIT("etag")))
        return true;
    const struct slice *before = http_fields_get(stored, "etag");
    return before == NULL || !slice_equal(opaque_tag(*before), opaque_tag(field->value));
}

/* Whether a stored field stays: none of its name comes with the 304. Date and Age never do. */
static bool is_kept(const struct http_fields *stored, const struct http_fields *from_304,
                    struct slice name)
{
    static const struct slice of_the_moment[] = {SLICE_LIT("date"), SLICE_LIT("age")};
    if (is_one_of(name, of_the_moment, ARRAY_LEN(of_the_moment)))
        return false;
    for (size_t i = 0; i < from_304->count; i++) {
        if (slice_equal_nocase(from_304->items[i].name, name) &&
            is_update(stored, from_304, &from_304->items[i]))
            return false;
    }
    return true;
}

void cache_update_fields(struct arena *a, const struct http_fields *stored,
                         const struct http_fields *from_304, struct http_fields *out)
{
    struct http_fields updated = {0};
    for (size_t i = 0; i < stored->count; i++) {
        if (is_kept(stored, from_304, stored->items[i].name))
            http_fields_add(a, &updated, stored->items[i].name, stored->items[i].value);
    }
    for (size_t i = 0; i < from_304->count; i++) {
        if (is_update(stored, from_304, &from_304->items[i]))
            http_fields_add(a, &updated, from_304->items[i].name, from_304->items[i].value);
    }
    *out = updated;
}

struct slice cache_strong_etag(const struct http_fields *fields)
{
    const struct slice *etag = http_fields_get(fields, "etag");
    if (etag == NULL || http_fields_count(fields, "etag") != 1 || etag->len < 2 ||
        etag->data[0] != '"' || slice_find(slice_sub(*etag, 1, etag->len), '"') != etag->len - 2)
        return slice_of(NULL, 0);
    return *etag;
}
