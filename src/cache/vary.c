// SPDX-License-Identifier: Apache-2.0
// Values of the fields that Vary names, in one canonical form: for each name in the order of Vary,
// 1 where the field is absent, else 2, the values of its lines joined by commas, and 0. Absent is a
// value too, and no field value holds these bytes. "*" is stored only where the policy makes it
// so, and then tells no requests apart. Pure; any thread.
// Source: RFC 9111 section 4.1.
#include "cache/cache.h"
#include "cache/limits.h"
#include "cache/object_priv.h"

/** Where the form goes: counted, written, or compared with one that is known. */
struct sink {
    uint8_t *out;                 /* or NULL */
    const struct slice *expected; /* or NULL */
    size_t len;                   /* so far */
    bool differs;
};

static void sink_put(struct sink *s, struct slice bytes)
{
    if (s->expected != NULL && !s->differs)
        s->differs = !slice_equal(slice_sub(*s->expected, s->len, bytes.len), bytes);
    if (s->out != NULL && bytes.len > 0)
        memcpy(s->out + s->len, bytes.data, bytes.len);
    s->len += bytes.len;
}

static void put_field(struct sink *s, struct slice name, const struct http_fields *sent)
{
    bool is_absent = true;
    for (size_t i = 0; i < sent->count; i++) {
        if (!slice_equal_nocase(sent->items[i].name, name))
            continue;
        sink_put(s, is_absent ? SLICE_LIT("\2") : SLICE_LIT(","));
        sink_put(s, sent->items[i].value);
        is_absent = false;
    }
    sink_put(s, is_absent ? SLICE_LIT("\1") : SLICE_LIT("\0"));
}

/** The next name in a Vary field; false at its end. */
static bool next_name(struct slice *rest, struct slice *out)
{
    struct slice part;
    while (slice_split(rest, ',', &part)) {
        part = slice_trim(part);
        if (part.len == 0 || slice_equal(part, SLICE_LIT("*")))
            continue;
        *out = part;
        return true;
    }
    return false;
}

static void put_all(struct sink *s, struct slice vary, const struct http_fields *sent)
{
    struct slice rest = vary;
    struct slice name;
    while (!s->differs && next_name(&rest, &name))
        put_field(s, name, sent);
}

bool vary_is_bounded(struct slice vary)
{
    struct slice rest = vary;
    struct slice name;
    size_t names = 0;
    while (names <= CACHE_VARY_NAMES_MAX && next_name(&rest, &name))
        names++;
    return names <= CACHE_VARY_NAMES_MAX;
}

bool vary_matches(struct slice vary, struct slice values, const struct http_fields *sent)
{
    struct sink s = {.expected = &values};
    put_all(&s, vary, sent);
    return !s.differs && s.len == values.len;
}

struct slice cache_vary_values(struct arena *a, struct slice vary, const struct http_fields *sent)
{
    struct sink measure = {0};
    put_all(&measure, vary, sent);
    struct sink write = {.out = arena_alloc(a, measure.len)};
    put_all(&write, vary, sent);
    return slice_of(write.out, write.len);
}
