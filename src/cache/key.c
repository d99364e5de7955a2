// SPDX-License-Identifier: Apache-2.0
// The cache key and the selections that it shares with what is sent to an origin. Called once a
// request by the edge, on its serving threads; pure but for the seed of the process.
//
// The bytes of a key, each part with its length in front so that no two inputs give the same:
//   distribution | OPTIONS? | length of the path | uri | Accept-Encoding | cookies | fields: name,
//   whether it is there, value
#include "cache/key.h"

#include "base/check.h"
#include "base/random.h"
#include "base/wildcard.h"

#include <pthread.h>
#include <stdlib.h>
#include <xxhash.h>

enum {
    KEY_FIRST_BYTES = 128, /* beyond the path and query: most keys fit without growing */
    LENGTH_MAX_BYTES = 10, /* of a 64-bit number in groups of seven bits */
    COOKIES_FEW = 16       /* most requests carry fewer */
};

static pthread_once_t seed_once = PTHREAD_ONCE_INIT;
static uint64_t seed;

static void seed_init(void)
{
    random_bytes(&seed, sizeof(seed));
}

/* ---- bytes that grow in an arena */

struct writer {
    struct arena *arena;
    uint8_t *data;
    size_t len;
    size_t capacity;
};

static void writer_init(struct writer *w, struct arena *a, size_t capacity)
{
    *w = (struct writer){.arena = a, .data = arena_alloc(a, capacity), .capacity = capacity};
}

static void put(struct writer *w, struct slice s)
{
    if (w->capacity - w->len < s.len) {
        w->capacity = 2 * w->capacity + s.len;
        uint8_t *data = arena_alloc(w->arena, w->capacity);
        memcpy(data, w->data, w->len);
        w->data = data;
    }
    if (s.len > 0)
        memcpy(w->data + w->len, s.data, s.len);
    w->len += s.len;
    CHECK(w->len <= w->capacity);
}

static void put_length(struct writer *w, size_t length)
{
    uint8_t bytes[LENGTH_MAX_BYTES];
    size_t len = 0;
    while (length >= 0x80) {
        bytes[len++] = (uint8_t)(length | 0x80);
        length >>= 7;
    }
    bytes[len++] = (uint8_t)length;
    put(w, slice_of(bytes, len));
}

static void put_part(struct writer *w, struct slice s)
{
    put_length(w, s.len);
    put(w, s);
}

/* ---- selections */

static bool is_listed(const struct release_selection *s, struct slice name)
{
    for (size_t i = 0; i < s->name_count; i++) {
        if (slice_equal(slice_str(s->names[i]), name))
            return true;
    }
    return false;
}

/* Names of cookies may hold wildcards (CloudFront Developer Guide, "Allowlist cookies"). */
static bool is_listed_cookie(const struct release_selection *s, struct slice name)
{
    for (size_t i = 0; i < s->name_count; i++) {
        if (wildcard_match(slice_str(s->names[i]), name))
            return true;
    }
    return false;
}

static bool takes_all(const struct release_selection *s)
{
    return s->mode == RELEASE_SELECT_ALL || s->mode == RELEASE_SELECT_ALL_AND;
}

static bool takes_query(const struct release_selection *s, struct slice name)
{
    return takes_all(s) || (s->mode == RELEASE_SELECT_LISTED && is_listed(s, name)) ||
           (s->mode == RELEASE_SELECT_ALL_EXCEPT && !is_listed(s, name));
}

struct slice cache_select_query_either(struct arena *a, const struct release_selection *s,
                                       const struct release_selection *other, struct slice query)
{
    if (query.len == 0 || (s->mode == RELEASE_SELECT_NONE && other->mode == RELEASE_SELECT_NONE))
        return slice_of(NULL, 0);
    if (takes_all(s) || takes_all(other))
        return query;
    struct writer w;
    writer_init(&w, a, query.len);
    bool is_first = true;
    struct slice param;
    while (slice_split(&query, '&', &param)) {
        struct slice name = slice_sub(param, 0, slice_find(param, '='));
        if (!takes_query(s, name) && !takes_query(other, name))
            continue;
        if (!is_first)
            put(&w, SLICE_LIT("&"));
        put(&w, param);
        is_first = false;
    }
    return slice_of(w.data, w.len);
}

struct slice cache_select_query(struct arena *a, const struct release_selection *s,
                                struct slice query)
{
    return cache_select_query_either(a, s, s, query);
}

struct cookie {
    struct slice name;
    struct slice pair;
};

/* Those of a request: few stand on the stack, many where they are given back at once. A head may
 * hold ten thousand, and an arena of a request that waits lives long. */
struct cookies {
    struct arena scratch;
    struct cookie few[2][COOKIES_FEW];
    struct cookie *items;
    size_t count;
    size_t capacity;
};

static void cookies_init(struct cookies *c)
{
    arena_init(&c->scratch);
    c->items = c->few[0];
    c->count = 0;
    c->capacity = COOKIES_FEW;
}

static void cookies_fini(struct cookies *c)
{
    arena_fini(&c->scratch);
}

static void cookies_add(struct cookies *c, struct cookie item)
{
    if (c->count == c->capacity) {
        c->capacity *= 2;
        struct cookie *items = arena_array(&c->scratch, c->capacity, sizeof(*items));
        memcpy(items, c->items, c->count * sizeof(*items));
        c->items = items;
    }
    c->items[c->count++] = item;
}

static bool takes_cookie(const struct release_selection *s, struct slice name)
{
    return takes_all(s) || (s->mode == RELEASE_SELECT_LISTED && is_listed_cookie(s, name)) ||
           (s->mode == RELEASE_SELECT_ALL_EXCEPT && !is_listed_cookie(s, name));
}

/* The pairs of one line that either selection takes. */
static void collect_cookies(const struct release_selection *s,
                            const struct release_selection *other, struct slice value,
                            struct cookies *out)
{
    struct slice pair;
    while (slice_split(&value, ';', &pair)) {
        pair = slice_trim(pair);
        struct slice name = slice_trim(slice_sub(pair, 0, slice_find(pair, '=')));
        if (pair.len > 0 && (takes_cookie(s, name) || takes_cookie(other, name)))
            cookies_add(out, (struct cookie){.name = name, .pair = pair});
    }
}

/* By name; cookies of one name stay in the viewer's order, which says whose path is longer. */
static int compare_cookies(const void *left, const void *right)
{
    const struct cookie *l = left;
    const struct cookie *r = right;
    return slice_compare(l->name, r->name);
}

/* A stable sort: merging runs of doubling length, between two places. */
static void sort_cookies(struct cookies *c)
{
    struct cookie *from = c->items;
    struct cookie *to = c->few[1];
    if (c->count > COOKIES_FEW)
        to = arena_array(&c->scratch, c->count, sizeof(*to));
    for (size_t run = 1; run < c->count; run *= 2) {
        for (size_t start = 0; start < c->count; start += 2 * run) {
            size_t middle = min_size(start + run, c->count);
            size_t end = min_size(middle + run, c->count);
            size_t left = start;
            size_t right = middle;
            for (size_t i = start; i < end; i++) {
                bool is_left = left < middle &&
                               (right == end || compare_cookies(&from[left], &from[right]) <= 0);
                to[i] = from[is_left ? left++ : right++];
            }
        }
        struct cookie *swap = from;
        from = to;
        to = swap;
    }
    c->items = from;
}

/* The pairs as one field. */
static struct slice join_cookies(struct arena *a, const struct cookies *c)
{
    static const struct slice between = SLICE_LIT("; ");
    struct writer w;
    size_t bytes = 0;
    for (size_t i = 0; i < c->count; i++)
        bytes += between.len + c->items[i].pair.len;
    writer_init(&w, a, bytes);
    for (size_t i = 0; i < c->count; i++) {
        if (i > 0)
            put(&w, between);
        put(&w, c->items[i].pair);
    }
    return slice_of(w.data, w.len);
}

struct slice cache_select_cookies_either(struct arena *a, const struct release_selection *s,
                                         const struct release_selection *other,
                                         const struct http_fields *fields)
{
    if (s->mode == RELEASE_SELECT_NONE && other->mode == RELEASE_SELECT_NONE)
        return slice_of(NULL, 0);
    struct cookies taken;
    cookies_init(&taken);
    for (size_t i = 0; i < fields->count; i++) {
        if (slice_equal_nocase(fields->items[i].name, SLICE_LIT("cookie")))
            collect_cookies(s, other, fields->items[i].value, &taken);
    }
    sort_cookies(&taken);
    struct slice joined = taken.count == 0 ? slice_of(NULL, 0) : join_cookies(a, &taken);
    cookies_fini(&taken);
    return joined;
}

struct slice cache_select_cookies(struct arena *a, const struct release_selection *s,
                                  const struct http_fields *fields)
{
    return cache_select_cookies_either(a, s, s, fields);
}

/* Names are listed in lower case. */
static bool is_listed_header(const struct release_selection *s, struct slice name)
{
    for (size_t i = 0; i < s->name_count; i++) {
        if (slice_equal_nocase(slice_str(s->names[i]), name))
            return true;
    }
    return false;
}

bool cache_selects_header(const struct release_selection *s, struct slice name)
{
    static const struct slice ours = SLICE_LIT("cloudfront-");
    bool is_ours = slice_equal_nocase(slice_sub(name, 0, ours.len), ours);
    switch (s->mode) {
    case RELEASE_SELECT_LISTED:
        return is_listed_header(s, name);
    case RELEASE_SELECT_ALL:
        return !is_ours;
    case RELEASE_SELECT_ALL_EXCEPT:
        return !is_ours && !is_listed_header(s, name);
    case RELEASE_SELECT_ALL_AND:
        return !is_ours || is_listed_header(s, name);
    case RELEASE_SELECT_NONE:
        break;
    }
    return false;
}

/* ---- Accept-Encoding */

/* What a field says of one coding. */
enum acceptance { ACCEPT_UNNAMED, ACCEPT_NO, ACCEPT_YES };

/* A weight (RFC 9110 section 12.4.2) that is above 0; what is no weight counts as 0. */
static bool is_positive_weight(struct slice weight)
{
    if (weight.len == 0 || weight.len > sizeof("0.000") - 1 ||
        (weight.data[0] != '0' && weight.data[0] != '1') ||
        (weight.len > 1 && weight.data[1] != '.'))
        return false;
    bool is_one = weight.data[0] == '1';
    bool has_digit = false;
    for (size_t i = 2; i < weight.len; i++) {
        if (weight.data[i] < '0' || weight.data[i] > (is_one ? '0' : '9'))
            return false;
        has_digit = has_digit || weight.data[i] != '0';
    }
    return is_one || has_digit;
}

/* Whether the parameters behind a coding leave it acceptable: no weight is 1. */
static bool is_acceptable(struct slice parameters)
{
    struct slice parameter;
    while (slice_split(&parameters, ';', &parameter)) {
        size_t equals = slice_find(parameter, '=');
        if (slice_equal_nocase(slice_trim(slice_sub(parameter, 0, equals)), SLICE_LIT("q")))
            return is_positive_weight(slice_trim(slice_sub(parameter, equals + 1, parameter.len)));
    }
    return true;
}

/* The first mention of a coding counts. "x-gzip" is gzip (RFC 9110 section 8.4.1.3). */
static void note_coding(enum acceptance *acceptance, bool is_acceptable_coding)
{
    if (*acceptance == ACCEPT_UNNAMED)
        *acceptance = is_acceptable_coding ? ACCEPT_YES : ACCEPT_NO;
}

struct accepted {
    enum acceptance gzip;
    enum acceptance brotli;
    enum acceptance others;
};

static void note_codings(struct accepted *accepted, struct slice value)
{
    struct slice item;
    while (slice_split(&value, ',', &item)) {
        size_t semicolon = slice_find(item, ';');
        struct slice coding = slice_trim(slice_sub(item, 0, semicolon));
        bool is_ok = is_acceptable(slice_sub(item, semicolon + 1, item.len));
        if (slice_equal_nocase(coding, SLICE_LIT("gzip")) ||
            slice_equal_nocase(coding, SLICE_LIT("x-gzip")))
            note_coding(&accepted->gzip, is_ok);
        else if (slice_equal_nocase(coding, SLICE_LIT("br")))
            note_coding(&accepted->brotli, is_ok);
        else if (slice_equal(coding, SLICE_LIT("*")))
            note_coding(&accepted->others, is_ok);
    }
}

const char *cache_accept_encoding(const struct release_cache_policy *policy,
                                  const struct http_fields *fields)
{
    static const char *const names[] = {"", "gzip", "br", "br,gzip"};
    struct accepted accepted = {0};
    if (!policy->accepts_gzip && !policy->accepts_brotli)
        return "";
    for (size_t i = 0; i < fields->count; i++) {
        if (slice_equal_nocase(fields->items[i].name, SLICE_LIT("accept-encoding")))
            note_codings(&accepted, fields->items[i].value);
    }
    if (accepted.gzip == ACCEPT_UNNAMED)
        accepted.gzip = accepted.others;
    if (accepted.brotli == ACCEPT_UNNAMED)
        accepted.brotli = accepted.others;
    bool takes_gzip = policy->accepts_gzip && accepted.gzip == ACCEPT_YES;
    bool takes_brotli = policy->accepts_brotli && accepted.brotli == ACCEPT_YES;
    return names[(takes_gzip ? 1 : 0) + (takes_brotli ? 2 : 0)];
}

/* ---- the key */

/* All lines of a field as one value (RFC 9110 section 5.3). False: there is none. */
static bool join_field(struct arena *a, const struct http_fields *fields, struct slice name,
                       struct slice *out)
{
    const struct http_field *only = NULL;
    struct writer w = {0};
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        if (!slice_equal_nocase(field->name, name))
            continue;
        if (only == NULL) {
            only = field;
            continue;
        }
        if (w.data == NULL) {
            writer_init(&w, a, KEY_FIRST_BYTES);
            put(&w, only->value);
        }
        put(&w, SLICE_LIT(", "));
        put(&w, field->value);
    }
    if (only != NULL)
        *out = w.data == NULL ? only->value : slice_of(w.data, w.len);
    return only != NULL;
}

static bool has_coding(const struct release_cache_policy *policy, struct slice name)
{
    return (policy->accepts_gzip || policy->accepts_brotli) &&
           slice_equal_nocase(name, SLICE_LIT("accept-encoding"));
}

/* One field: an absent one is another value than an empty one. */
static void put_header(struct writer *w, const struct cache_key_input *input, struct slice name)
{
    struct slice value;
    bool is_there = join_field(w->arena, input->fields, name, &value);
    put_part(w, name);
    put(w, slice_of(is_there ? "\1" : "\0", 1));
    if (is_there)
        put_part(w, value);
}

static int compare_names(const void *left, const void *right)
{
    const struct slice *l = left;
    const struct slice *r = right;
    return slice_compare(*l, *r);
}

static struct slice lower_case(struct arena *a, struct slice s)
{
    uint8_t *out = arena_alloc(a, s.len + 1);
    for (size_t i = 0; i < s.len; i++)
        out[i] = s.data[i] >= 'A' && s.data[i] <= 'Z' ? (uint8_t)(s.data[i] | 0x20) : s.data[i];
    return slice_of(out, s.len);
}

/* All fields that a selection by exclusion takes, by name. Cookies have their own part. */
static void put_all_headers(struct writer *w, const struct cache_key_input *input)
{
    const struct http_fields *fields = input->fields;
    struct slice *names = arena_array(w->arena, fields->count + 1, sizeof(*names));
    size_t count = 0;
    for (size_t i = 0; i < fields->count; i++) {
        struct slice name = fields->items[i].name;
        if (cache_selects_header(&input->policy->headers, name) &&
            !slice_equal_nocase(name, SLICE_LIT("cookie")) && !has_coding(input->policy, name))
            names[count++] = lower_case(w->arena, name);
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !slice_equal(names[i], names[i - 1]))
            put_header(w, input, names[i]);
    }
}

static void put_headers(struct writer *w, const struct cache_key_input *input)
{
    const struct release_selection *s = &input->policy->headers;
    if (s->mode == RELEASE_SELECT_NONE)
        return;
    if (s->mode != RELEASE_SELECT_LISTED) {
        put_all_headers(w, input);
        return;
    }
    for (size_t i = 0; i < s->name_count; i++) {
        if (!has_coding(input->policy, slice_str(s->names[i])))
            put_header(w, input, slice_str(s->names[i]));
    }
}

void cache_key_build(struct arena *a, const struct cache_key_input *input, struct cache_key *out)
{
    const struct release_cache_policy *policy = input->policy;
    struct slice query = cache_select_query(a, &policy->queries, input->query);
    struct writer w;
    writer_init(&w, a, input->path.len + query.len + KEY_FIRST_BYTES);
    put_part(&w, slice_str(input->distribution_id));
    put(&w, slice_of(input->is_options ? "\1" : "\0", 1));
    put_length(&w, input->path.len);
    size_t uri_bytes = input->path.len + (query.len > 0 ? 1 + query.len : 0);
    put_length(&w, uri_bytes);
    size_t uri_at = w.len;
    put(&w, input->path);
    if (query.len > 0) {
        put(&w, SLICE_LIT("?"));
        put(&w, query);
    }
    put_part(&w, slice_str(cache_accept_encoding(policy, input->fields)));
    put_part(&w, cache_select_cookies(a, &policy->cookies, input->fields));
    put_headers(&w, input);

    pthread_once(&seed_once, seed_init);
    XXH128_hash_t hash = XXH3_128bits_withSeed(w.data, w.len, seed);
    *out = (struct cache_key){.hash = {hash.low64, hash.high64},
                              .bytes = slice_of(w.data, w.len),
                              .uri = slice_of(w.data + uri_at, uri_bytes)};
}
