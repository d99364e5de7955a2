// SPDX-License-Identifier: Apache-2.0
// Preconditions and ranges of viewers on stored answers. Called once a delivery, on serving
// threads; the bytes compared are a viewer's and an origin's.
#include "edge/conditions.h"

#include "base/check.h"
#include "base/time.h"
#include "cache/judge.h"
#include "edge/ranges.h"

#include <inttypes.h>

static const char *const condition_names[] = {
    "if-none-match", "if-modified-since", "if-match", "if-unmodified-since", "if-range", "range",
};

bool edge_has_conditions(const struct http_fields *fields)
{
    for (size_t i = 0; i < ARRAY_LEN(condition_names); i++) {
        if (http_fields_get(fields, condition_names[i]) != NULL)
            return true;
    }
    return false;
}

/* ---- entity tags */

static bool is_weak(struct slice etag)
{
    return slice_starts_with(etag, SLICE_LIT("W/"));
}

static struct slice opaque_tag(struct slice etag)
{
    return is_weak(etag) ? slice_sub(etag, 2, etag.len) : etag;
}

/* RFC 9110 section 8.8.3.2. */
static bool etags_match(struct slice a, struct slice b, bool is_strong)
{
    return slice_equal(opaque_tag(a), opaque_tag(b)) &&
           (!is_strong || (!is_weak(a) && !is_weak(b)));
}

/* Cuts the next entity tag off the front of *rest; a comma within quotes parts nothing. */
static bool next_etag(struct slice *rest, struct slice *out)
{
    if (rest->len == 0)
        return false;
    bool is_quoted = false;
    size_t end = 0;
    while (end < rest->len && (is_quoted || rest->data[end] != ',')) {
        if (rest->data[end] == '"')
            is_quoted = !is_quoted;
        end++;
    }
    *out = slice_trim(slice_sub(*rest, 0, end));
    *rest = slice_sub(*rest, end + 1, rest->len);
    return true;
}

/* Whether any line of the field names the tag, or is "*". */
static bool names_etag(const struct http_fields *fields, const char *name, struct slice etag,
                       bool is_strong)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, slice_str(name)))
            continue;
        struct slice rest = fields->items[i].value;
        struct slice item;
        if (slice_equal(rest, SLICE_LIT("*")))
            return true;
        while (next_etag(&rest, &item)) {
            if (etag.len > 0 && item.len > 0 && etags_match(item, etag, is_strong))
                return true;
        }
    }
    return false;
}

/* ---- dates */

/* What a stored answer is held against. */
struct validators {
    struct slice etag; /* empty: none */
    bool has_modified; /* Last-Modified, else Date (RFC 9111 section 4.3.2) */
    bool is_last_modified;
    int64_t modified_unix_s;
    int64_t date_unix_s;
};

static struct validators read_validators(const struct http_fields *fields)
{
    const struct slice *etag = http_fields_get(fields, "etag");
    const struct slice *modified = http_fields_get(fields, "last-modified");
    const struct slice *date = http_fields_get(fields, "date");
    struct validators v = {.etag = etag == NULL ? slice_of(NULL, 0) : *etag};
    bool has_date = date != NULL && time_parse_http(*date, 0, &v.date_unix_s);
    v.is_last_modified =
        modified != NULL && time_parse_http(*modified, v.date_unix_s, &v.modified_unix_s);
    if (!v.is_last_modified)
        v.modified_unix_s = v.date_unix_s;
    v.has_modified = v.is_last_modified || has_date;
    return v;
}

/* The date of a field that stands there once; false where it is none: then it does not count. */
static bool date_of(const struct http_fields *fields, const char *name, const struct validators *v,
                    int64_t *out)
{
    const struct slice *value = http_fields_get(fields, name);
    return value != NULL && http_fields_count(fields, name) == 1 &&
           time_parse_http(*value, v->date_unix_s, out);
}

/* ---- preconditions */

/* The status that the preconditions come to: 0 where they hold. */
static uint16_t evaluate(const struct http_fields *fields, const struct validators *v)
{
    int64_t unix_s;
    if (http_fields_get(fields, "if-match") != NULL) {
        if (v->etag.len > 0 && !names_etag(fields, "if-match", v->etag, true))
            return 412;
    } else if (v->is_last_modified && date_of(fields, "if-unmodified-since", v, &unix_s) &&
               v->modified_unix_s > unix_s) {
        return 412;
    }
    if (http_fields_get(fields, "if-none-match") != NULL)
        return names_etag(fields, "if-none-match", v->etag, false) ? 304 : 0;
    if (v->has_modified && date_of(fields, "if-modified-since", v, &unix_s) &&
        v->modified_unix_s <= unix_s)
        return 304;
    return 0;
}

/*
 * Whether the viewer's part is of this very body (RFC 9110 section 13.1.5). A date is a strong
 * validator where the answer is at least a second younger than its last change.
 */
static bool if_range_holds(const struct http_fields *fields, const struct validators *v)
{
    const struct slice *value = http_fields_get(fields, "if-range");
    int64_t unix_s;
    if (value == NULL)
        return true;
    if (http_fields_count(fields, "if-range") != 1)
        return false;
    if (value->len > 0 && (value->data[0] == '"' || is_weak(*value)))
        return v->etag.len > 0 && etags_match(*value, v->etag, true);
    return v->is_last_modified && date_of(fields, "if-range", v, &unix_s) &&
           unix_s == v->modified_unix_s && v->date_unix_s > v->modified_unix_s;
}

/* ---- what is sent */

/* The stored fields without those of the names. */
static struct http_fields fields_without(struct arena *a, const struct http_fields *fields,
                                         const char *const *names, size_t count)
{
    struct http_fields out = {0};
    for (size_t i = 0; i < fields->count; i++) {
        size_t n = 0;
        while (n < count && !slice_equal_nocase(fields->items[i].name, slice_str(names[n])))
            n++;
        if (n == count)
            http_fields_add(a, &out, fields->items[i].name, fields->items[i].value);
    }
    return out;
}

/* The stored answer as it is. */
static void select_whole(struct arena *a, const struct edge_stored *stored,
                         struct edge_selected *out)
{
    *out = (struct edge_selected){
        .status = stored->status, .fields = *stored->fields, .body_kind = HTTP_BODY_CHUNKED};
    if (stored->has_length) {
        out->body_kind = HTTP_BODY_LENGTH;
        out->body_length = stored->length_bytes;
    } else if (!stored->has_body) {
        out->body_kind = HTTP_BODY_NONE;
    }
    if (stored->has_body && (!stored->has_length || stored->length_bytes > 0)) {
        out->parts = ARENA_NEW(a, struct edge_part);
        out->parts->to = UINT64_MAX;
        out->part_count = 1;
    }
}

/* Without a body. A refusal describes none, and is not for others to keep. */
static void select_nothing(struct arena *a, const struct edge_stored *stored, uint16_t status,
                           struct edge_selected *out)
{
    static const char *const of_the_body[] = {
        "content-type",   "content-encoding",  "content-language",
        "content-length", "content-range",     "content-location",
        "cache-control",  "cdn-cache-control", "expires"};
    *out = (struct edge_selected){.status = status, .body_kind = HTTP_BODY_NONE};
    if (status == 304)
        out->fields = *stored->fields;
    else
        out->fields = fields_without(a, stored->fields, of_the_body, ARRAY_LEN(of_the_body));
    if (status == 416)
        http_fields_add_str(a, &out->fields, "Content-Range",
                            arena_printf(a, "bytes */%" PRIu64, stored->length_bytes));
}

static char *content_range(struct arena *a, const struct edge_range *range, uint64_t length)
{
    return arena_printf(a, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range->from, range->to - 1,
                        length);
}

/* The head of a part of several (RFC 9110 section 14.6). */
static struct slice part_head(struct arena *a, const struct edge_stored *stored,
                              const struct edge_range *range, struct slice boundary, bool is_first)
{
    const struct slice *type = http_fields_get(stored->fields, "content-type");
    const char *name = type == NULL ? "" : "\r\nContent-Type: ";
    struct slice value = type == NULL ? slice_of("", 0) : *type;
    return slice_str(arena_printf(a, "%s--%.*s%s%.*s\r\nContent-Range: %s\r\n\r\n",
                                  is_first ? "" : "\r\n", SLICE_FMT(boundary), name,
                                  SLICE_FMT(value), content_range(a, range, stored->length_bytes)));
}

static void select_several(struct arena *a, const struct edge_stored *stored, struct slice boundary,
                           const struct edge_range *ranges, struct edge_selected *out)
{
    static const char *const replaced[] = {"content-type", "content-length", "content-range"};
    out->fields = fields_without(a, stored->fields, replaced, ARRAY_LEN(replaced));
    http_fields_add_str(
        a, &out->fields, "Content-Type",
        arena_printf(a, "multipart/byteranges; boundary=%.*s", SLICE_FMT(boundary)));
    out->trailer = slice_str(arena_printf(a, "\r\n--%.*s--\r\n", SLICE_FMT(boundary)));
    out->body_length = out->trailer.len;
    for (size_t i = 0; i < out->part_count; i++) {
        out->parts[i].before = part_head(a, stored, &ranges[i], boundary, i == 0);
        out->body_length += out->parts[i].before.len + ranges[i].to - ranges[i].from;
    }
}

static void select_ranges(struct arena *a, const struct edge_stored *stored, struct slice boundary,
                          const struct edge_range *ranges, size_t count, struct edge_selected *out)
{
    static const char *const replaced[] = {"content-length", "content-range"};
    CHECK(count > 0 && count <= EDGE_RANGES_MAX);
    *out = (struct edge_selected){.status = 206,
                                  .body_kind = HTTP_BODY_LENGTH,
                                  .parts = arena_array(a, count, sizeof(struct edge_part)),
                                  .part_count = count};
    for (size_t i = 0; i < count; i++)
        out->parts[i] = (struct edge_part){.from = ranges[i].from, .to = ranges[i].to};
    if (count > 1) {
        select_several(a, stored, boundary, ranges, out);
        return;
    }
    out->fields = fields_without(a, stored->fields, replaced, ARRAY_LEN(replaced));
    out->body_length = ranges->to - ranges->from;
    http_fields_add_str(a, &out->fields, "Content-Range",
                        content_range(a, ranges, stored->length_bytes));
}

/* What the Range of a GET comes to. */
static enum edge_ranges_found read_ranges(const struct http_request *request,
                                          const struct edge_stored *stored,
                                          const struct validators *v,
                                          struct edge_range out[EDGE_RANGES_MAX], size_t *out_count)
{
    const struct slice *range = http_fields_get(&request->fields, "range");
    if (range == NULL || stored->status != 200 || !stored->has_length || !stored->has_body ||
        !slice_equal(request->method, SLICE_LIT("GET")) ||
        http_fields_count(&request->fields, "range") != 1 || !if_range_holds(&request->fields, v))
        return EDGE_RANGES_WHOLE;
    return edge_ranges_read(*range, stored->length_bytes, out, out_count);
}

void edge_select(struct arena *a, const struct http_request *request,
                 const struct edge_stored *stored, struct slice boundary, struct edge_selected *out)
{
    bool is_head = slice_equal(request->method, SLICE_LIT("HEAD"));
    bool is_conditional = (is_head || slice_equal(request->method, SLICE_LIT("GET"))) &&
                          stored->status / 100 == 2 && edge_has_conditions(&request->fields);
    struct edge_range ranges[EDGE_RANGES_MAX];
    size_t count = 0;
    uint16_t status = 0;
    enum edge_ranges_found found = EDGE_RANGES_WHOLE;
    if (is_conditional) {
        struct validators v = read_validators(stored->fields);
        status = evaluate(&request->fields, &v);
        found = read_ranges(request, stored, &v, ranges, &count);
    }
    if (status != 0)
        select_nothing(a, stored, status, out);
    else if (found == EDGE_RANGES_UNSATISFIABLE)
        select_nothing(a, stored, 416, out);
    else if (found == EDGE_RANGES_SOME)
        select_ranges(a, stored, boundary, ranges, count, out);
    else
        select_whole(a, stored, out);
    if (is_head)
        out->part_count = 0;
}
