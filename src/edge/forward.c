// SPDX-License-Identifier: Apache-2.0
// What of a viewer's request goes on to the origin. Called on serving threads: edge_viewer_fields
// for each request, the rest for those that the cache cannot answer.
#include "edge/forward.h"

#include "base/check.h"
#include "cache/key.h"
#include "edge/path.h"

#include <stdio.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443

/* ---- what kinds of fields there are */

enum kind {
    KIND_OTHER,         /* legacy: sent; by policies: where one names it */
    KIND_NAMED,         /* where a policy or a legacy list names it */
    KIND_POLICY,        /* where a policy names it; never by legacy rules */
    KIND_CACHING,       /* always, but for what this cache alone is asked */
    KIND_NEVER,         /* of one connection, or answered by the edge itself */
    KIND_OURS,          /* set here */
    KIND_AUTHORIZATION, /* its own rule, by method */
    KIND_BODY,          /* describes a body: as KIND_OTHER, and with methods that bring one */
    KIND_CONDITION,     /* preconditions and ranges: not where the cache answers them */
};

/* A name that ends in '-' stands for all that begin so. */
static const struct {
    struct slice name;
    enum kind kind;
} kinds[] = {
    {SLICE_LIT("accept"), KIND_NAMED},
    {SLICE_LIT("accept-charset"), KIND_NAMED},
    {SLICE_LIT("accept-encoding"), KIND_NAMED},
    {SLICE_LIT("accept-language"), KIND_NAMED},
    {SLICE_LIT("authorization"), KIND_AUTHORIZATION},
    {SLICE_LIT("cache-control"), KIND_CACHING},
    {SLICE_LIT("cdn-loop"), KIND_OURS},
    {SLICE_LIT("cloudfront-"), KIND_NAMED},
    {SLICE_LIT("connection"), KIND_NEVER},
    {SLICE_LIT("content-digest"), KIND_BODY},
    {SLICE_LIT("content-disposition"), KIND_BODY},
    {SLICE_LIT("content-encoding"), KIND_BODY},
    {SLICE_LIT("content-language"), KIND_BODY},
    {SLICE_LIT("content-length"), KIND_OURS},
    {SLICE_LIT("content-location"), KIND_BODY},
    {SLICE_LIT("content-md5"), KIND_BODY},
    {SLICE_LIT("content-range"), KIND_BODY},
    {SLICE_LIT("content-type"), KIND_BODY},
    {SLICE_LIT("cookie"), KIND_OURS},
    {SLICE_LIT("digest"), KIND_BODY},
    {SLICE_LIT("expect"), KIND_NEVER},
    {SLICE_LIT("host"), KIND_OURS},
    {SLICE_LIT("if-match"), KIND_CONDITION},
    {SLICE_LIT("if-modified-since"), KIND_CONDITION},
    {SLICE_LIT("if-none-match"), KIND_CONDITION},
    {SLICE_LIT("if-range"), KIND_CONDITION},
    {SLICE_LIT("if-unmodified-since"), KIND_CONDITION},
    {SLICE_LIT("keep-alive"), KIND_NEVER},
    {SLICE_LIT("pragma"), KIND_CACHING},
    {SLICE_LIT("proxy-"), KIND_NEVER},
    {SLICE_LIT("range"), KIND_CONDITION},
    {SLICE_LIT("referer"), KIND_NAMED},
    {SLICE_LIT("repr-digest"), KIND_BODY},
    {SLICE_LIT("te"), KIND_NEVER},
    {SLICE_LIT("trailer"), KIND_NEVER},
    {SLICE_LIT("transfer-encoding"), KIND_NEVER},
    {SLICE_LIT("upgrade"), KIND_NEVER},
    {SLICE_LIT("user-agent"), KIND_NAMED},
    {SLICE_LIT("via"), KIND_OURS},
    {SLICE_LIT("x-amz-cf-"), KIND_OURS},
    {SLICE_LIT("x-edge-"), KIND_NEVER},
    {SLICE_LIT("x-forwarded-for"), KIND_OURS},
    {SLICE_LIT("x-forwarded-proto"), KIND_POLICY},
    {SLICE_LIT("x-http-method-override"), KIND_NAMED},
    {SLICE_LIT("x-real-ip"), KIND_POLICY},
    {SLICE_LIT("x-weir-"), KIND_NEVER},
};

static bool is_of_family(struct slice name, struct slice family)
{
    return slice_equal_nocase(slice_sub(name, 0, family.len), family);
}

static enum kind kind_of(struct slice name)
{
    uint8_t first = name.len == 0 ? 0 : name.data[0] | 0x20; /* letters in lower case */
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        struct slice known = kinds[i].name;
        bool is_family = known.data[known.len - 1] == '-';
        if (known.data[0] != first || (known.len != name.len && !is_family))
            continue; /* nearly all: this is done for every request */
        if (slice_equal_nocase(is_family ? slice_sub(name, 0, known.len) : name, known))
            return kinds[i].kind;
    }
    return KIND_OTHER;
}

/* ---- the viewer's fields */

static const struct slice cloudfront = SLICE_LIT("cloudfront-");

/* Fields that only an edge may set. */
static bool is_reserved(struct slice name)
{
    uint8_t first = name.len == 0 ? 0 : name.data[0] | 0x20;
    if (first != 'x' && first != 'c')
        return false;
    static const struct slice families[] = {SLICE_LIT("cloudfront-"), SLICE_LIT("x-amz-cf-"),
                                            SLICE_LIT("x-edge-"), SLICE_LIT("x-weir-")};
    for (size_t i = 0; i < ARRAY_LEN(families); i++) {
        if (is_of_family(name, families[i]))
            return true;
    }
    return false;
}

/* A Connection field that lists more than what every client does. */
static bool lists_fields(const struct http_field *field)
{
    static const struct slice usual[] = {SLICE_LIT("keep-alive"), SLICE_LIT("close"),
                                         SLICE_LIT("upgrade"), SLICE_LIT("te"), SLICE_LIT("")};
    struct slice rest = field->value;
    struct slice option;
    if (!slice_equal_nocase(field->name, SLICE_LIT("connection")))
        return false;
    while (slice_split(&rest, ',', &option)) {
        size_t i = 0;
        while (i < ARRAY_LEN(usual) && !slice_equal_nocase(slice_trim(option), usual[i]))
            i++;
        if (i == ARRAY_LEN(usual))
            return true;
    }
    return false;
}

/* Whether a selection names fields that the edge makes; others take none of them. */
static bool names_made_fields(const struct release_selection *s)
{
    if (s->mode != RELEASE_SELECT_LISTED && s->mode != RELEASE_SELECT_ALL_AND)
        return false;
    for (size_t i = 0; i < s->name_count; i++) {
        if (slice_starts_with(slice_str(s->names[i]), cloudfront))
            return true;
    }
    return false;
}

/* The viewer's address and port as CloudFront writes them: no brackets around IPv6. */
static struct slice viewer_address(struct arena *a, const struct net_address *peer)
{
    char ip[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(peer, ip);
    return slice_str(arena_printf(a, "%s:%u", ip, net_address_port(peer)));
}

static bool is_selected(const struct release_behavior *b, struct slice name)
{
    return cache_selects_header(&b->cache.headers, name) ||
           cache_selects_header(&b->forward.headers, name);
}

/* Adds those of the fields that are known here and that a policy names. */
static void add_made_fields(struct arena *a, const struct edge_viewer *viewer,
                            const struct release_behavior *b, struct http_fields *out)
{
    const struct http_field made[] = {
        {SLICE_LIT("CloudFront-Forwarded-Proto"),
         viewer->is_tls ? SLICE_LIT("https") : SLICE_LIT("http")},
        {SLICE_LIT("CloudFront-Viewer-Address"), viewer_address(a, viewer->peer)},
        {SLICE_LIT("CloudFront-Viewer-HTTP-Version"),
         viewer->request->minor_version == 0 ? SLICE_LIT("1.0") : SLICE_LIT("1.1")},
    };
    for (size_t i = 0; i < ARRAY_LEN(made); i++) {
        if (is_selected(b, made[i].name))
            http_fields_add(a, out, made[i].name, made[i].value);
    }
}

/* Whether the Host field is not who is asked: an absolute target overrides it (RFC 9112 section
 * 3.2.2), and HTTP/1.0 may come without one. */
static bool is_host_other(const struct http_request *request)
{
    const struct slice *host = http_fields_get(&request->fields, "host");
    return host == NULL || !slice_equal(*host, request->authority);
}

const struct http_fields *edge_viewer_fields(struct arena *a, const struct edge_viewer *viewer,
                                             const struct release_behavior *b)
{
    static const struct slice host = SLICE_LIT("host");
    const struct http_fields *fields = &viewer->request->fields;
    bool makes_fields =
        names_made_fields(&b->cache.headers) || names_made_fields(&b->forward.headers);
    bool drops_fields = is_host_other(viewer->request);
    for (size_t i = 0; i < fields->count; i++)
        drops_fields =
            drops_fields || is_reserved(fields->items[i].name) || lists_fields(&fields->items[i]);
    if (!makes_fields && !drops_fields)
        return fields;
    struct http_fields *out = ARENA_NEW(a, struct http_fields);
    http_fields_add(a, out, host, viewer->request->authority);
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        if (!is_reserved(field->name) && !http_fields_is_hop(fields, field->name) &&
            !slice_equal_nocase(field->name, host))
            http_fields_add(a, out, field->name, field->value);
    }
    if (makes_fields)
        add_made_fields(a, viewer, b, out);
    return out;
}

/* ---- the request */

/* Texts one after the other, in `a`: as printf would, but this is done for every request. */
static struct slice joined(struct arena *a, const struct slice *parts, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += parts[i].len;
    uint8_t *out = arena_alloc(a, bytes + 1);
    size_t len = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0)
            memcpy(out + len, parts[i].data, parts[i].len);
        len += parts[i].len;
    }
    return slice_of(out, len);
}

/* What is being made. */
struct forwarding {
    const struct edge_identity *identity;
    const struct edge_viewer *viewer;
    const struct edge_decision *decision;
    struct arena *arena;
    struct http_fields fields;
};

static bool takes_authorization(const struct edge_decision *d)
{
    return is_selected(d->behavior, SLICE_LIT("authorization")) ||
           (d->action == EDGE_PASS && (d->method & (RELEASE_GET | RELEASE_HEAD)) == 0);
}

static bool takes_field(const struct edge_decision *d, struct slice name)
{
    bool is_legacy = d->behavior->forward.is_legacy;
    switch (kind_of(name)) {
    case KIND_CACHING:
        /* What a cache of the origin's answers to only-if-cached is no answer for others. */
        return !http_fields_has_token(d->fields, "cache-control", "only-if-cached");
    case KIND_NEVER:
    case KIND_OURS:
        return false;
    case KIND_CONDITION:
        return d->action == EDGE_PASS;
    case KIND_AUTHORIZATION:
        return takes_authorization(d);
    case KIND_POLICY:
        return !is_legacy && is_selected(d->behavior, name);
    case KIND_NAMED:
        return is_selected(d->behavior, name);
    case KIND_BODY:
        return is_legacy || (d->method & (RELEASE_GET | RELEASE_HEAD)) == 0 ||
               is_selected(d->behavior, name);
    case KIND_OTHER:
        break;
    }
    return is_legacy || is_selected(d->behavior, name);
}

/* The viewer's host. Where answers are shared by those who wrote it in another way, it goes in one:
 * else a port or a final dot, which no key holds, would become part of what the others get. */
static struct slice viewers_host(const struct forwarding *f)
{
    const struct edge_decision *d = f->decision;
    struct slice authority = f->viewer->request->authority;
    bool is_in_key = cache_selects_header(&d->behavior->cache.headers, SLICE_LIT("host"));
    if (d->action == EDGE_PASS || is_in_key)
        return authority;
    return edge_host_normalize(f->arena, authority);
}

/* The origin's name, and its port where it is not the protocol's; or what the viewer asked for. */
static struct slice host_of(const struct forwarding *f)
{
    const struct edge_decision *d = f->decision;
    const struct release_origin *origin = d->origin;
    if (is_selected(d->behavior, SLICE_LIT("host")))
        return viewers_host(f);
    struct slice name = slice_str(origin->domain_name);
    bool is_ipv6 = slice_find(name, ':') < name.len;
    uint16_t port = d->is_https_origin ? origin->https_port : origin->http_port;
    if (!is_ipv6 && port == (d->is_https_origin ? HTTPS_PORT : HTTP_PORT))
        return name;
    char digits[sizeof(":65535")] = "";
    if (port != (d->is_https_origin ? HTTPS_PORT : HTTP_PORT))
        (void)snprintf(digits, sizeof(digits), ":%u", port);
    const struct slice parts[] = {slice_str(is_ipv6 ? "[" : ""), name,
                                  slice_str(is_ipv6 ? "]" : ""), slice_str(digits)};
    return joined(f->arena, parts, ARRAY_LEN(parts));
}

static void add(struct forwarding *f, struct slice name, struct slice value)
{
    http_fields_add(f->arena, &f->fields, name, value);
}

/* A field that lists who passed the request on: all of the viewer's lines, and this edge last. */
static void add_appended(struct forwarding *f, const char *name, const char *value)
{
    const struct http_fields *fields = &f->viewer->request->fields;
    size_t lines = http_fields_count(fields, name);
    struct slice *parts = arena_array(f->arena, 2 * lines + 1, sizeof(*parts));
    size_t count = 0;
    for (size_t i = 0; i < fields->count; i++) {
        const struct http_field *field = &fields->items[i];
        if (field->value.len == 0 || !slice_equal_nocase(field->name, slice_str(name)))
            continue;
        parts[count++] = field->value;
        parts[count++] = SLICE_LIT(", ");
    }
    parts[count++] = slice_str(value);
    add(f, slice_str(name), count == 1 ? parts[0] : joined(f->arena, parts, count));
}

static void add_viewers_fields(struct forwarding *f)
{
    const struct edge_decision *d = f->decision;
    const struct release_cache_policy *cache = &d->behavior->cache;
    bool is_normalised = cache->accepts_gzip || cache->accepts_brotli;
    for (size_t i = 0; i < d->fields->count; i++) {
        const struct http_field *field = &d->fields->items[i];
        bool is_coding = slice_equal_nocase(field->name, SLICE_LIT("accept-encoding"));
        if (takes_field(d, field->name) && !(is_coding && is_normalised))
            add(f, field->name, field->value);
    }
    const char *codings = cache_accept_encoding(cache, d->fields);
    if (codings[0] != '\0')
        add(f, SLICE_LIT("Accept-Encoding"), slice_str(codings));
    struct slice cookies = cache_select_cookies_either(f->arena, &cache->cookies,
                                                       &d->behavior->forward.cookies, d->fields);
    if (cookies.len > 0)
        add(f, SLICE_LIT("Cookie"), cookies);
}

/* What says that Weir is in between, and for whom it asks. */
static void add_our_fields(struct forwarding *f)
{
    char ip[NET_ADDRESS_TEXT_SIZE];
    net_address_format_ip(f->viewer->peer, ip);
    if (http_fields_get(&f->fields, "user-agent") == NULL)
        add(f, SLICE_LIT("User-Agent"), SLICE_LIT("Weir"));
    add_appended(f, "Via", f->identity->via);
    add_appended(f, "X-Forwarded-For", arena_strdup(f->arena, ip));
    add(f, SLICE_LIT("X-Amz-Cf-Id"), slice_of(f->viewer->request_id, EDGE_REQUEST_ID_SIZE - 1));
    add_appended(f, "CDN-Loop", f->decision->distribution->config.domain_name);
}

static void remove_fields(struct http_fields *fields, struct slice name)
{
    size_t count = 0;
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, name))
            fields->items[count++] = fields->items[i];
    }
    fields->count = count;
}

/* The origin's own fields replace the viewer's; what frames or traces the request stays ours. */
static void add_custom_fields(struct forwarding *f)
{
    const struct release_origin *origin = f->decision->origin;
    for (size_t i = 0; i < origin->custom_header_count; i++) {
        struct slice name = slice_str(origin->custom_headers[i].name);
        enum kind kind = kind_of(name);
        if (kind == KIND_OURS || kind == KIND_NEVER)
            continue;
        remove_fields(&f->fields, name);
        add(f, name, slice_str(origin->custom_headers[i].value));
    }
}

void edge_forward(const struct edge_identity *identity, const struct edge_viewer *viewer,
                  struct arena *a, const struct edge_decision *d, struct http_request *out)
{
    struct forwarding f = {.identity = identity, .viewer = viewer, .decision = d, .arena = a};
    CHECK(d->behavior != NULL && d->origin != NULL && d->fields != NULL);
    struct slice query = cache_select_query_either(
        a, &d->behavior->cache.queries, &d->behavior->forward.queries, viewer->request->query);
    const struct slice parts[] = {edge_path_escape(a, slice_str(d->origin->path)), d->path,
                                  slice_str(query.len > 0 ? "?" : ""), query};
    struct slice target = joined(a, parts, ARRAY_LEN(parts));
    struct slice host = host_of(&f);
    add(&f, SLICE_LIT("Host"), host);
    add_viewers_fields(&f);
    add_our_fields(&f);
    add_custom_fields(&f);
    *out = (struct http_request){.method = viewer->request->method,
                                 .target = target,
                                 .path = slice_sub(target, 0, parts[0].len + parts[1].len),
                                 .query = query,
                                 .authority = host,
                                 .minor_version = 1,
                                 .fields = f.fields,
                                 .body_kind = viewer->request->body_kind,
                                 .body_length = viewer->request->body_length,
                                 .keep_alive = true};
}

void edge_forward_conditions(struct arena *a, const struct http_fields *viewer,
                             struct http_fields *sent)
{
    for (size_t i = 0; i < viewer->count; i++) {
        if (kind_of(viewer->items[i].name) == KIND_CONDITION)
            http_fields_add(a, sent, viewer->items[i].name, viewer->items[i].value);
    }
}

bool edge_forward_validators(struct arena *a, const struct http_fields *stored,
                             struct http_fields *sent)
{
    const struct slice *etag = http_fields_get(stored, "etag");
    const struct slice *modified = http_fields_get(stored, "last-modified");
    if (etag != NULL)
        http_fields_add(a, sent, SLICE_LIT("If-None-Match"), *etag);
    if (modified != NULL)
        http_fields_add(a, sent, SLICE_LIT("If-Modified-Since"), *modified);
    return etag != NULL || modified != NULL;
}

bool edge_forwards_cookies(const struct release_behavior *b)
{
    return b->cache.cookies.mode != RELEASE_SELECT_NONE ||
           b->forward.cookies.mode != RELEASE_SELECT_NONE;
}

bool edge_shares_authorization(const struct edge_decision *d)
{
    static const struct slice name = SLICE_LIT("authorization");
    if (cache_selects_header(&d->behavior->cache.headers, name))
        return true;
    for (size_t i = 0; i < d->origin->custom_header_count; i++) {
        if (slice_equal_nocase(slice_str(d->origin->custom_headers[i].name), name))
            return true;
    }
    return false;
}

bool edge_is_loop(const struct edge_distribution *d, const struct http_fields *fields)
{
    struct slice ours = slice_str(d->config.domain_name);
    for (size_t i = 0; i < fields->count; i++) {
        if (!slice_equal_nocase(fields->items[i].name, SLICE_LIT("cdn-loop")))
            continue;
        struct slice rest = fields->items[i].value;
        struct slice item;
        while (slice_split(&rest, ',', &item)) {
            struct slice id = slice_trim(slice_sub(item, 0, slice_find(item, ';')));
            if (slice_equal_nocase(id, ours))
                return true;
        }
    }
    return false;
}
