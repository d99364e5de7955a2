// SPDX-License-Identifier: Apache-2.0
// What a distribution is: the one place that says which structs may be encoded and which bytes
// decode. Called by the codec of this room and by the compiler of control; any thread.
#include "release/distribution.h"
#include "release/limits.h"
#include "release/wire_priv.h"

#define METHODS_ALWAYS (RELEASE_GET | RELEASE_HEAD) /* in every set that CloudFront offers */
#define METHODS_ALL                                                                                \
    (METHODS_ALWAYS | RELEASE_OPTIONS | RELEASE_PUT | RELEASE_POST | RELEASE_PATCH | RELEASE_DELETE)
#define TLS_ALL (RELEASE_TLS_1_0 | RELEASE_TLS_1_1 | RELEASE_TLS_1_2)

static bool is_text(const char *text, size_t min, size_t max)
{
    return text != NULL && strlen(text) >= min && text_is_line(slice_str(text), max);
}

static bool is_visible_lower(const char *text, size_t max)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > max)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == '/' || (*c >= 'A' && *c <= 'Z'))
            return false;
    }
    return true;
}

/* RFC 9110 section 5.6.2. */
static bool is_token(const char *text, bool is_lower)
{
    if (text == NULL || text[0] == '\0' || strlen(text) > RELEASE_TEXT_MAX_BYTES)
        return false;
    for (const char *c = text; *c != '\0'; c++) {
        bool is_upper = *c >= 'A' && *c <= 'Z';
        bool is_other = (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') ||
                        strchr("!#$%&'*+-.^_`|~", *c) != NULL;
        if (!is_other && !(is_upper && !is_lower))
            return false;
    }
    return true;
}

static bool is_in(uint64_t value, uint64_t min, uint64_t max)
{
    return value >= min && value <= max;
}

static bool selection_is_good(const struct release_selection *s, bool is_headers)
{
    bool has_no_names = s->mode == RELEASE_SELECT_NONE || s->mode == RELEASE_SELECT_ALL;
    if (!is_in(s->mode, RELEASE_SELECT_NONE, RELEASE_SELECT_ALL_AND) ||
        s->name_count > RELEASE_SELECTED_MAX || (has_no_names && s->name_count > 0))
        return false;
    for (size_t i = 0; i < s->name_count; i++) {
        bool is_good = is_headers ? is_token(s->names[i], true)
                                  : is_text(s->names[i], 1, RELEASE_TEXT_MAX_BYTES);
        if (!is_good || (i > 0 && strcmp(s->names[i - 1], s->names[i]) >= 0))
            return false;
    }
    return true;
}

static const char *cache_problem(const struct release_cache_policy *c)
{
    if (c->max_ttl_s > RELEASE_TTL_MAX_S || c->default_ttl_s > RELEASE_TTL_MAX_S ||
        c->min_ttl_s > c->max_ttl_s)
        return "TTLs of a cache policy";
    bool is_and = c->headers.mode == RELEASE_SELECT_ALL_AND ||
                  c->cookies.mode == RELEASE_SELECT_ALL_AND ||
                  c->queries.mode == RELEASE_SELECT_ALL_AND;
    if (is_and || !selection_is_good(&c->headers, true) || !selection_is_good(&c->cookies, false) ||
        !selection_is_good(&c->queries, false))
        return "names in a cache key";
    return NULL;
}

static const char *forward_problem(const struct release_forward_policy *f)
{
    bool is_and =
        f->cookies.mode == RELEASE_SELECT_ALL_AND || f->queries.mode == RELEASE_SELECT_ALL_AND;
    if (is_and || !selection_is_good(&f->headers, true) || !selection_is_good(&f->cookies, false) ||
        !selection_is_good(&f->queries, false))
        return "names that are forwarded";
    return NULL;
}

static bool has_origin(const struct release_distribution *d, const char *id)
{
    size_t low = 0;
    size_t high = d->origin_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(d->origins[middle].id, id);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static const char *behavior_problem(const struct release_distribution *d, size_t index)
{
    const struct release_behavior *b = &d->behaviors[index];
    bool is_default = index == d->behavior_count - 1;
    if ((b->path_pattern == NULL) != is_default)
        return "the last behaviour, and it alone, is the default one";
    if (!is_default && !is_text(b->path_pattern, 1, RELEASE_TEXT_MAX_BYTES))
        return "a path pattern";
    if (b->origin_id == NULL || !has_origin(d, b->origin_id))
        return "the origin of a behaviour";
    if (!is_in(b->viewer_protocol, RELEASE_VIEWER_ALLOW_ALL, RELEASE_VIEWER_HTTPS_ONLY))
        return "a viewer protocol policy";
    bool has_both = (b->cached_methods & METHODS_ALWAYS) == METHODS_ALWAYS;
    if (!has_both || (b->allowed_methods & ~(unsigned)METHODS_ALL) != 0 ||
        (b->cached_methods & ~b->allowed_methods) != 0)
        return "methods of a behaviour";
    const char *problem = cache_problem(&b->cache);
    return problem != NULL ? problem : forward_problem(&b->forward);
}

static bool path_is_good(const char *path)
{
    if (!is_text(path, 0, RELEASE_TEXT_MAX_BYTES))
        return false;
    size_t len = strlen(path);
    return len == 0 || (path[0] == '/' && path[len - 1] != '/');
}

static bool headers_are_good(const struct release_origin *o)
{
    if (o->custom_header_count > RELEASE_HEADERS_MAX)
        return false;
    for (size_t i = 0; i < o->custom_header_count; i++) {
        const struct release_header *h = &o->custom_headers[i];
        if (!is_token(h->name, false) || !is_text(h->value, 0, RELEASE_TEXT_MAX_BYTES))
            return false;
    }
    return true;
}

static const char *origin_problem(const struct release_origin *o)
{
    if (!is_text(o->id, 1, RELEASE_TEXT_MAX_BYTES))
        return "the id of an origin";
    if (!is_visible_lower(o->domain_name, RELEASE_DOMAIN_MAX_BYTES))
        return "the domain name of an origin";
    if (!path_is_good(o->path))
        return "the path of an origin";
    if (o->http_port == 0 || o->https_port == 0 || o->tls_versions > TLS_ALL ||
        !is_in(o->protocol, RELEASE_ORIGIN_HTTP_ONLY, RELEASE_ORIGIN_HTTPS_ONLY))
        return "ports and protocols of an origin";
    if (!is_in(o->connection_attempts, 1, RELEASE_CONNECTION_ATTEMPTS_MAX) ||
        !is_in(o->connection_timeout_s, 1, RELEASE_CONNECTION_TIMEOUT_MAX_S) ||
        !is_in(o->response_timeout_s, 1, RELEASE_RESPONSE_TIMEOUT_MAX_S) ||
        !is_in(o->keepalive_timeout_s, 1, RELEASE_KEEPALIVE_TIMEOUT_MAX_S))
        return "attempts and timeouts of an origin";
    return headers_are_good(o) ? NULL : "custom headers of an origin";
}

static const char *origins_problem(const struct release_distribution *d)
{
    for (size_t i = 0; i < d->origin_count; i++) {
        const char *problem = origin_problem(&d->origins[i]);
        if (problem != NULL)
            return problem;
        if (i > 0 && strcmp(d->origins[i - 1].id, d->origins[i].id) >= 0)
            return "the order of its origins";
    }
    return NULL;
}

static const char *names_problem(const struct release_distribution *d)
{
    if (!text_is_id(slice_str(d->id)))
        return "its id";
    if (!is_visible_lower(d->domain_name, RELEASE_DOMAIN_MAX_BYTES))
        return "its domain name";
    for (size_t i = 0; i < d->alias_count; i++) {
        if (!is_visible_lower(d->aliases[i], RELEASE_DOMAIN_MAX_BYTES))
            return "an alternate domain name";
    }
    const char *object = d->default_root_object;
    if (!is_text(object, 0, RELEASE_TEXT_MAX_BYTES) || object[0] == '/')
        return "its default root object";
    return NULL;
}

static bool error_ttls_are_good(const struct release_distribution *d)
{
    for (size_t i = 0; i < d->error_ttl_count; i++) {
        const struct release_error_ttl *e = &d->error_ttls[i];
        bool is_sorted = i == 0 || d->error_ttls[i - 1].status < e->status;
        if (!is_sorted || !is_in(e->status, 400, 599) || e->min_ttl_s > RELEASE_TTL_MAX_S)
            return false;
    }
    return true;
}

const char *release_distribution_problem(const struct release_distribution *d)
{
    if (d->alias_count > RELEASE_ALIASES_MAX || d->origin_count > RELEASE_ORIGINS_MAX ||
        !is_in(d->behavior_count, 1, RELEASE_BEHAVIORS_MAX) ||
        d->error_ttl_count > RELEASE_ERROR_TTLS_MAX)
        return "more parts than any has, or no behaviour";
    const char *problem = names_problem(d);
    if (problem == NULL)
        problem = origins_problem(d);
    for (size_t i = 0; problem == NULL && i < d->behavior_count; i++)
        problem = behavior_problem(d, i);
    if (problem == NULL && !error_ttls_are_good(d))
        problem = "its error caching minimum TTLs";
    return problem;
}
