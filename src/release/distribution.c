// SPDX-License-Identifier: Apache-2.0
// Distributions from structs to bytes. Called by the compiler of control; any thread.
#include "release/distribution.h"

#include "base/check.h"
#include "release/distribution_priv.h"
#include "release/wire_priv.h"

static void put_text(struct buf *b, uint32_t field, const char *text)
{
    wire_put_bytes(b, field, slice_str(text));
}

static void put_selection(struct buf *b, uint32_t field, const struct release_selection *s)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, SELECTION_MODE, s->mode);
    for (size_t i = 0; i < s->name_count; i++)
        wire_put_item(&inner, SELECTION_NAMES, slice_str(s->names[i]));
    wire_put_item(b, field, buf_slice(&inner));
}

static void put_cache(struct buf *b, const struct release_cache_policy *c)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, CACHE_MIN_TTL_S, c->min_ttl_s);
    wire_put_number(&inner, CACHE_DEFAULT_TTL_S, c->default_ttl_s);
    wire_put_number(&inner, CACHE_MAX_TTL_S, c->max_ttl_s);
    put_selection(&inner, CACHE_HEADERS, &c->headers);
    put_selection(&inner, CACHE_COOKIES, &c->cookies);
    put_selection(&inner, CACHE_QUERIES, &c->queries);
    wire_put_number(&inner, CACHE_ACCEPTS_GZIP, c->accepts_gzip);
    wire_put_number(&inner, CACHE_ACCEPTS_BROTLI, c->accepts_brotli);
    wire_put_item(b, BEHAVIOR_CACHE, buf_slice(&inner));
}

static void put_forward(struct buf *b, const struct release_forward_policy *f)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, FORWARD_IS_LEGACY, f->is_legacy);
    put_selection(&inner, FORWARD_HEADERS, &f->headers);
    put_selection(&inner, FORWARD_COOKIES, &f->cookies);
    put_selection(&inner, FORWARD_QUERIES, &f->queries);
    wire_put_item(b, BEHAVIOR_FORWARD, buf_slice(&inner));
}

static void put_behavior(struct buf *b, const struct release_behavior *behavior)
{
    AUTO_BUF struct buf inner = {0};
    put_text(&inner, BEHAVIOR_PATH_PATTERN, behavior->path_pattern);
    put_text(&inner, BEHAVIOR_ORIGIN_ID, behavior->origin_id);
    wire_put_number(&inner, BEHAVIOR_VIEWER_PROTOCOL, behavior->viewer_protocol);
    wire_put_number(&inner, BEHAVIOR_ALLOWED_METHODS, behavior->allowed_methods);
    wire_put_number(&inner, BEHAVIOR_CACHED_METHODS, behavior->cached_methods);
    wire_put_number(&inner, BEHAVIOR_COMPRESS, behavior->compress);
    put_cache(&inner, &behavior->cache);
    put_forward(&inner, &behavior->forward);
    wire_put_item(b, DISTRIBUTION_BEHAVIORS, buf_slice(&inner));
}

static void put_header(struct buf *b, const struct release_header *h)
{
    AUTO_BUF struct buf inner = {0};
    put_text(&inner, HEADER_NAME, h->name);
    put_text(&inner, HEADER_VALUE, h->value);
    wire_put_item(b, ORIGIN_CUSTOM_HEADERS, buf_slice(&inner));
}

static void put_origin(struct buf *b, const struct release_origin *o)
{
    AUTO_BUF struct buf inner = {0};
    put_text(&inner, ORIGIN_ID, o->id);
    put_text(&inner, ORIGIN_DOMAIN_NAME, o->domain_name);
    put_text(&inner, ORIGIN_PATH, o->path);
    wire_put_number(&inner, ORIGIN_HTTP_PORT, o->http_port);
    wire_put_number(&inner, ORIGIN_HTTPS_PORT, o->https_port);
    wire_put_number(&inner, ORIGIN_PROTOCOL, o->protocol);
    wire_put_number(&inner, ORIGIN_TLS_VERSIONS, o->tls_versions);
    wire_put_number(&inner, ORIGIN_CONNECTION_ATTEMPTS, o->connection_attempts);
    wire_put_number(&inner, ORIGIN_CONNECTION_TIMEOUT_S, o->connection_timeout_s);
    wire_put_number(&inner, ORIGIN_RESPONSE_TIMEOUT_S, o->response_timeout_s);
    wire_put_number(&inner, ORIGIN_KEEPALIVE_TIMEOUT_S, o->keepalive_timeout_s);
    for (size_t i = 0; i < o->custom_header_count; i++)
        put_header(&inner, &o->custom_headers[i]);
    wire_put_item(b, DISTRIBUTION_ORIGINS, buf_slice(&inner));
}

static void put_error_ttl(struct buf *b, const struct release_error_ttl *e)
{
    AUTO_BUF struct buf inner = {0};
    wire_put_number(&inner, ERROR_TTL_STATUS, e->status);
    wire_put_number(&inner, ERROR_TTL_MIN_TTL_S, e->min_ttl_s);
    wire_put_item(b, DISTRIBUTION_ERROR_TTLS, buf_slice(&inner));
}

struct slice release_distribution_encode(struct arena *a, const struct release_distribution *d)
{
    CHECK(release_distribution_problem(d) == NULL);
    struct buf b = {0};
    put_text(&b, DISTRIBUTION_ID, d->id);
    put_text(&b, DISTRIBUTION_DOMAIN_NAME, d->domain_name);
    for (size_t i = 0; i < d->alias_count; i++)
        wire_put_item(&b, DISTRIBUTION_ALIASES, slice_str(d->aliases[i]));
    wire_put_number(&b, DISTRIBUTION_IS_ENABLED, d->is_enabled);
    wire_put_number(&b, DISTRIBUTION_IS_IPV6_ENABLED, d->is_ipv6_enabled);
    put_text(&b, DISTRIBUTION_DEFAULT_ROOT_OBJECT, d->default_root_object);
    for (size_t i = 0; i < d->origin_count; i++)
        put_origin(&b, &d->origins[i]);
    for (size_t i = 0; i < d->behavior_count; i++)
        put_behavior(&b, &d->behaviors[i]);
    for (size_t i = 0; i < d->error_ttl_count; i++)
        put_error_ttl(&b, &d->error_ttls[i]);
    return wire_take(a, &b);
}
