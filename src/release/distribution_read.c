// SPDX-License-Identifier: Apache-2.0
// Distributions from bytes to structs: the fields here, their ranges in distribution_check.c.
// Called by the edge and by tests; any thread.
#include "base/check.h"
#include "release/distribution.h"
#include "release/distribution_priv.h"
#include "release/limits.h"
#include "release/wire_priv.h"

static const char *as_text(struct arena *a, struct wire_reader *r, struct slice bytes)
{
    wire_expect(r, text_is_line(bytes, RELEASE_TEXT_MAX_BYTES));
    return r->is_bad ? "" : arena_str(a, bytes);
}

static const char *read_text(struct arena *a, struct wire_reader *r)
{
    return as_text(a, r, wire_bytes(r));
}

static bool read_flag(struct wire_reader *r)
{
    return wire_number(r, 1) == 1;
}

static uint32_t read_u32(struct wire_reader *r)
{
    return (uint32_t)wire_number(r, UINT32_MAX);
}

/* The current repeated field as an array that the rest of its occurrences fill, at most `max`. */
static void *new_items(struct arena *a, struct wire_reader *r, size_t count, size_t max,
                       size_t size)
{
    wire_expect(r, count <= max);
    return arena_array(a, r->is_bad ? 0 : count, size);
}

static void read_selection(struct arena *a, struct wire_reader *outer, struct release_selection *s)
{
    struct slice bytes = wire_bytes(outer);
    size_t count = wire_count(bytes, SELECTION_NAMES);
    s->names = new_items(a, outer, count, RELEASE_SELECTED_MAX, sizeof(*s->names));
    if (outer->is_bad)
        return;
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r)) {
        if (r.field == SELECTION_MODE)
            s->mode = (enum release_select)wire_number(&r, RELEASE_SELECT_ALL_AND);
        else if (r.field == SELECTION_NAMES)
            s->names[s->name_count++] = as_text(a, &r, wire_item(&r));
    }
    wire_expect(outer, !r.is_bad);
}

static void read_cache(struct arena *a, struct wire_reader *outer, struct release_cache_policy *c)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    while (wire_next(&r)) {
        if (r.field == CACHE_MIN_TTL_S)
            c->min_ttl_s = wire_number(&r, RELEASE_TTL_MAX_S);
        else if (r.field == CACHE_DEFAULT_TTL_S)
            c->default_ttl_s = wire_number(&r, RELEASE_TTL_MAX_S);
        else if (r.field == CACHE_MAX_TTL_S)
            c->max_ttl_s = wire_number(&r, RELEASE_TTL_MAX_S);
        else if (r.field == CACHE_HEADERS)
            read_selection(a, &r, &c->headers);
        else if (r.field == CACHE_COOKIES)
            read_selection(a, &r, &c->cookies);
        else if (r.field == CACHE_QUERIES)
            read_selection(a, &r, &c->queries);
        else if (r.field == CACHE_ACCEPTS_GZIP)
            c->accepts_gzip = read_flag(&r);
        else if (r.field == CACHE_ACCEPTS_BROTLI)
            c->accepts_brotli = read_flag(&r);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_forward(struct arena *a, struct wire_reader *outer,
                         struct release_forward_policy *f)
{
    struct wire_reader r = wire_reader_of(wire_bytes(outer));
    while (wire_next(&r)) {
        if (r.field == FORWARD_IS_LEGACY)
            f->is_legacy = read_flag(&r);
        else if (r.field == FORWARD_HEADERS)
            read_selection(a, &r, &f->headers);
        else if (r.field == FORWARD_COOKIES)
            read_selection(a, &r, &f->cookies);
        else if (r.field == FORWARD_QUERIES)
            read_selection(a, &r, &f->queries);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_behavior(struct arena *a, struct wire_reader *outer, struct release_behavior *b)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    b->origin_id = "";
    while (wire_next(&r)) {
        if (r.field == BEHAVIOR_PATH_PATTERN)
            b->path_pattern = read_text(a, &r);
        else if (r.field == BEHAVIOR_ORIGIN_ID)
            b->origin_id = read_text(a, &r);
        else if (r.field == BEHAVIOR_VIEWER_PROTOCOL)
            b->viewer_protocol =
                (enum release_viewer_protocol)wire_number(&r, RELEASE_VIEWER_HTTPS_ONLY);
        else if (r.field == BEHAVIOR_ALLOWED_METHODS)
            b->allowed_methods = read_u32(&r);
        else if (r.field == BEHAVIOR_CACHED_METHODS)
            b->cached_methods = read_u32(&r);
        else if (r.field == BEHAVIOR_COMPRESS)
            b->compress = read_flag(&r);
        else if (r.field == BEHAVIOR_CACHE)
            read_cache(a, &r, &b->cache);
        else if (r.field == BEHAVIOR_FORWARD)
            read_forward(a, &r, &b->forward);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_header(struct arena *a, struct wire_reader *outer, struct release_header *h)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    *h = (struct release_header){.name = "", .value = ""};
    while (wire_next(&r)) {
        if (r.field == HEADER_NAME)
            h->name = read_text(a, &r);
        else if (r.field == HEADER_VALUE)
            h->value = read_text(a, &r);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_origin_field(struct arena *a, struct wire_reader *r, struct release_origin *o)
{
    switch (r->field) {
    case ORIGIN_ID:
        o->id = read_text(a, r);
        break;
    case ORIGIN_DOMAIN_NAME:
        o->domain_name = read_text(a, r);
        break;
    case ORIGIN_PATH:
        o->path = read_text(a, r);
        break;
    case ORIGIN_HTTP_PORT:
        o->http_port = (uint16_t)wire_number(r, UINT16_MAX);
        break;
    case ORIGIN_HTTPS_PORT:
        o->https_port = (uint16_t)wire_number(r, UINT16_MAX);
        break;
    case ORIGIN_PROTOCOL:
        o->protocol = (enum release_origin_protocol)wire_number(r, RELEASE_ORIGIN_HTTPS_ONLY);
        break;
    case ORIGIN_TLS_VERSIONS:
        o->tls_versions = read_u32(r);
        break;
    case ORIGIN_CONNECTION_ATTEMPTS:
        o->connection_attempts = read_u32(r);
        break;
    case ORIGIN_CONNECTION_TIMEOUT_S:
        o->connection_timeout_s = read_u32(r);
        break;
    case ORIGIN_RESPONSE_TIMEOUT_S:
        o->response_timeout_s = read_u32(r);
        break;
    case ORIGIN_KEEPALIVE_TIMEOUT_S:
        o->keepalive_timeout_s = read_u32(r);
        break;
    case ORIGIN_CUSTOM_HEADERS:
        read_header(a, r, &o->custom_headers[o->custom_header_count++]);
        break;
    default:
        break;
    }
}

static void read_origin(struct arena *a, struct wire_reader *outer, struct release_origin *o)
{
    struct slice bytes = wire_item(outer);
    size_t count = wire_count(bytes, ORIGIN_CUSTOM_HEADERS);
    *o = (struct release_origin){.id = "", .domain_name = "", .path = ""};
    o->custom_headers = new_items(a, outer, count, RELEASE_HEADERS_MAX, sizeof(*o->custom_headers));
    if (outer->is_bad)
        return;
    struct wire_reader r = wire_reader_of(bytes);
    while (wire_next(&r))
        read_origin_field(a, &r, o);
    wire_expect(outer, !r.is_bad);
}

static void read_error_ttl(struct wire_reader *outer, struct release_error_ttl *e)
{
    struct wire_reader r = wire_reader_of(wire_item(outer));
    while (wire_next(&r)) {
        if (r.field == ERROR_TTL_STATUS)
            e->status = (uint16_t)wire_number(&r, UINT16_MAX);
        else if (r.field == ERROR_TTL_MIN_TTL_S)
            e->min_ttl_s = wire_number(&r, RELEASE_TTL_MAX_S);
    }
    wire_expect(outer, !r.is_bad);
}

static void read_field(struct arena *a, struct wire_reader *r, struct release_distribution *d)
{
    switch (r->field) {
    case DISTRIBUTION_ID:
        d->id = read_text(a, r);
        break;
    case DISTRIBUTION_DOMAIN_NAME:
        d->domain_name = read_text(a, r);
        break;
    case DISTRIBUTION_ALIASES:
        d->aliases[d->alias_count++] = as_text(a, r, wire_item(r));
        break;
    case DISTRIBUTION_IS_ENABLED:
        d->is_enabled = read_flag(r);
        break;
    case DISTRIBUTION_IS_IPV6_ENABLED:
        d->is_ipv6_enabled = read_flag(r);
        break;
    case DISTRIBUTION_DEFAULT_ROOT_OBJECT:
        d->default_root_object = read_text(a, r);
        break;
    case DISTRIBUTION_ORIGINS:
        read_origin(a, r, &d->origins[d->origin_count++]);
        break;
    case DISTRIBUTION_BEHAVIORS:
        read_behavior(a, r, &d->behaviors[d->behavior_count++]);
        break;
    case DISTRIBUTION_ERROR_TTLS:
        read_error_ttl(r, &d->error_ttls[d->error_ttl_count++]);
        break;
    default:
        break;
    }
}

enum err release_distribution_decode(struct arena *a, struct slice bytes,
                                     struct release_distribution *out, struct errctx *ec)
{
    struct release_distribution d = {.id = "", .domain_name = "", .default_root_object = ""};
    struct wire_reader r = wire_reader_of(bytes);
    d.aliases = new_items(a, &r, wire_count(bytes, DISTRIBUTION_ALIASES), RELEASE_ALIASES_MAX,
                          sizeof(*d.aliases));
    d.origins = new_items(a, &r, wire_count(bytes, DISTRIBUTION_ORIGINS), RELEASE_ORIGINS_MAX,
                          sizeof(*d.origins));
    d.behaviors = new_items(a, &r, wire_count(bytes, DISTRIBUTION_BEHAVIORS), RELEASE_BEHAVIORS_MAX,
                            sizeof(*d.behaviors));
    d.error_ttls = new_items(a, &r, wire_count(bytes, DISTRIBUTION_ERROR_TTLS),
                             RELEASE_ERROR_TTLS_MAX, sizeof(*d.error_ttls));
    while (wire_next(&r))
        read_field(a, &r, &d);
    enum err err = wire_finish(&r, "distribution", ec);
    if (err != ERR_OK)
        return err;
    const char *problem = release_distribution_problem(&d);
    if (problem != NULL)
        return err_set(ec, ERR_CORRUPT, "distribution: %s", problem);
    *out = d;
    return ERR_OK;
}
