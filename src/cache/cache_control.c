// SPDX-License-Identifier: Apache-2.0
// Readers of the fields that govern caching. Called by judge.c on answers of origins, whose bytes
// may be anything: a reading never fails, but doubtful freshness is none.
#include "cache/cache_control.h"

#include "base/time.h"
#include "cache/structured.h"

/* The directives; `seconds` is the place of the number in struct cache_control, 0: it has none. */
static const struct {
    const char *name;
    unsigned bit;
    size_t seconds;
} directives[] = {
    {"no-store", DIRECTIVE_NO_STORE, 0},
    {"no-cache", DIRECTIVE_NO_CACHE, 0},
    {"private", DIRECTIVE_PRIVATE, 0},
    {"public", DIRECTIVE_PUBLIC, 0},
    {"must-revalidate", DIRECTIVE_MUST_REVALIDATE, 0},
    {"proxy-revalidate", DIRECTIVE_PROXY_REVALIDATE, 0},
    {"must-understand", DIRECTIVE_MUST_UNDERSTAND, 0},
    {"max-age", DIRECTIVE_MAX_AGE, offsetof(struct cache_control, max_age_s)},
    {"s-maxage", DIRECTIVE_S_MAXAGE, offsetof(struct cache_control, s_maxage_s)},
    {"stale-while-revalidate", DIRECTIVE_STALE_WHILE_REVALIDATE,
     offsetof(struct cache_control, stale_while_revalidate_s)},
    {"stale-if-error", DIRECTIVE_STALE_IF_ERROR, offsetof(struct cache_control, stale_if_error_s)},
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* delta-seconds (RFC 9111 section 1.2.2): digits alone, held to CACHE_SECONDS_MAX. */
static bool parse_seconds(struct slice s, uint32_t *out_seconds)
{
    uint64_t value = 0;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.data[i]))
            return false;
        value = 10 * value + (uint64_t)(s.data[i] - '0');
        if (value > CACHE_SECONDS_MAX)
            value = CACHE_SECONDS_MAX;
    }
    if (s.len > 0)
        *out_seconds = (uint32_t)value;
    return s.len > 0;
}

/* Whether a list of field names holds Set-Cookie, and whether it holds any other. */
static unsigned bits_of_no_cache(struct slice names)
{
    unsigned bits = 0;
    struct slice name;
    while (slice_split(&names, ',', &name)) {
        name = slice_trim(name);
        if (slice_equal_nocase(name, SLICE_LIT("set-cookie")))
            bits |= DIRECTIVE_NO_CACHE_SET_COOKIE;
        else if (name.len > 0)
            bits |= DIRECTIVE_NO_CACHE;
    }
    return bits == 0 ? DIRECTIVE_NO_CACHE : bits;
}

/* A directive by its name in any case: its place in the table, or ARRAY_LEN. */
static size_t directive_find(struct slice name)
{
    size_t i = 0;
    while (i < ARRAY_LEN(directives) && !slice_equal_nocase(name, slice_str(directives[i].name)))
        i++;
    return i;
}

static void set_seconds(struct cache_control *out, size_t directive, uint32_t seconds)
{
    memcpy((uint8_t *)out + directives[directive].seconds, &seconds, sizeof(seconds));
}

/* ---- Cache-Control */

/* name [= argument]; the argument of a quoted one is what stands between the quotes. */
struct item {
    struct slice name;
    struct slice argument;
    bool has_spaces; /* around '=', which no grammar allows */
};

/* The end of a quoted string that begins at `at`: behind its closing quote. 0: it has none. */
static size_t quoted_end(struct slice s, size_t at)
{
    for (size_t i = at + 1; i < s.len; i++) {
        if (s.data[i] == '\\')
            i++;
        else if (s.data[i] == '"')
            return i + 1;
    }
    return 0;
}

/*
 * Cuts the first item off the front of *rest. A quote opens only right behind '='; one that nothing
 * closes is a character as any other, so that it cannot hide what follows.
 */
static bool next_item(struct slice *rest, struct item *out)
{
    if (rest->len == 0)
        return false;
    size_t comma = slice_find(*rest, ',');
    size_t equals = slice_find(*rest, '=');
    size_t value = equals + 1;
    while (value < rest->len && (rest->data[value] == ' ' || rest->data[value] == '\t'))
        value++;
    size_t close = 0;
    if (equals < comma && value < rest->len && rest->data[value] == '"')
        close = quoted_end(*rest, value);
    if (close > 0) {
        struct slice behind = slice_sub(*rest, close, rest->len);
        comma = close + slice_find(behind, ',');
    }
    struct slice name = slice_sub(*rest, 0, equals < comma ? equals : comma);
    struct slice argument =
        equals < comma ? slice_sub(*rest, equals + 1, comma - equals - 1) : slice_of(NULL, 0);
    out->has_spaces =
        equals < comma &&
        (value > equals + 1 ||
         (name.len > 0 && (name.data[name.len - 1] == ' ' || name.data[name.len - 1] == '\t')));
    out->name = slice_trim(name);
    out->argument = slice_trim(argument);
    if (close > 0 && slice_trim(slice_sub(*rest, close, comma - close)).len == 0)
        out->argument = slice_sub(*rest, value + 1, close - value - 2);
    *rest = slice_sub(*rest, comma + 1, rest->len);
    return true;
}

static void read_item(const struct item *item, struct cache_control *out)
{
    size_t i = directive_find(item->name);
    if (i == ARRAY_LEN(directives))
        return;
    unsigned bit = directives[i].bit;
    if (bit == DIRECTIVE_NO_CACHE) {
        out->has |= bits_of_no_cache(item->argument);
        return;
    }
    uint32_t seconds = 0;
    if (directives[i].seconds != 0 && (out->has & bit) == 0 && !item->has_spaces &&
        parse_seconds(item->argument, &seconds))
        set_seconds(out, i, seconds);
    out->has |= bit;
}

void cache_control_read(const struct http_fields *fields, struct cache_control *out)
{
    struct cache_control cc = {0};
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, SLICE_LIT("cache-control")))
            continue;
        struct slice rest = fields->items[i].value;
        struct item item;
        while (next_item(&rest, &item))
            read_item(&item, &cc);
    }
    *out = cc;
}

/* ---- CDN-Cache-Control */

/* Values that are not of the directive's type are not consumed (RFC 9213 section 2.1): a number of
 * seconds is then none, a restriction holds all the same, a permission does not. */
static void read_member(const struct structured_member *member, struct cache_control *out)
{
    size_t i = 0;
    while (i < ARRAY_LEN(directives) && !slice_equal(member->key, slice_str(directives[i].name)))
        i++;
    if (i == ARRAY_LEN(directives))
        return;
    unsigned bit = directives[i].bit;
    bool is_flag = member->type == STRUCTURED_BOOLEAN;
    out->has &= ~bit; /* the last of equal keys counts */
    if (directives[i].seconds != 0) {
        bool is_number = member->type == STRUCTURED_INTEGER && member->integer >= 0;
        uint64_t seconds = is_number ? (uint64_t)member->integer : 0;
        set_seconds(out, i, seconds > CACHE_SECONDS_MAX ? CACHE_SECONDS_MAX : (uint32_t)seconds);
        out->has |= bit;
    } else if (bit == DIRECTIVE_NO_CACHE) {
        out->has &= ~(unsigned)DIRECTIVE_NO_CACHE_SET_COOKIE;
        if (member->type == STRUCTURED_STRING)
            out->has |= bits_of_no_cache(member->text);
        else if (!is_flag || member->integer != 0)
            out->has |= bit;
    } else if (is_flag ? member->integer != 0 : bit != DIRECTIVE_PUBLIC) {
        out->has |= bit;
    }
}

bool cache_control_read_targeted(struct arena *a, const struct http_fields *fields,
                                 struct cache_control *out)
{
    struct slice rest = cache_joined(a, fields, "cdn-cache-control");
    struct cache_control cc = {0};
    struct structured_member member;
    enum structured_next next = STRUCTURED_BAD;
    if (rest.len == 0)
        return false;
    while ((next = structured_dictionary_next(&rest, &member)) == STRUCTURED_MEMBER)
        read_member(&member, &cc);
    if (next == STRUCTURED_END)
        *out = cc;
    return next == STRUCTURED_END;
}

/* ---- Date, Age, Expires */

int64_t cache_date_unix_s(const struct http_fields *fields, int64_t response_unix_s)
{
    const struct slice *date = http_fields_get(fields, "date");
    int64_t unix_s = response_unix_s;
    if (date == NULL || !time_parse_http(*date, response_unix_s, &unix_s))
        return response_unix_s;
    return unix_s;
}

uint32_t cache_age_value_s(const struct http_fields *fields)
{
    const struct slice *age = http_fields_get(fields, "age");
    if (age == NULL)
        return 0;
    uint32_t seconds = 0;
    struct slice first = slice_sub(*age, 0, slice_find(*age, ','));
    return parse_seconds(slice_trim(first), &seconds) ? seconds : 0;
}

bool cache_expires_s(const struct http_fields *fields, int64_t date_unix_s, uint32_t *out_seconds)
{
    const struct slice *expires = http_fields_get(fields, "expires");
    int64_t expires_unix_s;
    if (expires == NULL)
        return false;
    *out_seconds = 0;
    if (http_fields_count(fields, "expires") == 1 &&
        time_parse_http(*expires, date_unix_s, &expires_unix_s) && expires_unix_s > date_unix_s) {
        int64_t seconds = expires_unix_s - date_unix_s;
        *out_seconds = seconds > CACHE_SECONDS_MAX ? CACHE_SECONDS_MAX : (uint32_t)seconds;
    }
    return true;
}

struct slice cache_joined(struct arena *a, const struct http_fields *fields, const char *name)
{
    struct slice joined = {0};
    size_t bytes = 0;
    size_t count = 0;
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, slice_str(name)))
            continue;
        joined = fields->items[i].value;
        bytes += joined.len + 2;
        count++;
    }
    if (count <= 1)
        return joined;
    uint8_t *out = arena_alloc(a, bytes);
    size_t len = 0;
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, slice_str(name)))
            continue;
        struct slice value = fields->items[i].value;
        if (value.len == 0)
            continue;
        if (len > 0) {
            out[len++] = ',';
            out[len++] = ' ';
        }
        memcpy(out + len, value.data, value.len);
        len += value.len;
    }
    return slice_of(out, len);
}
