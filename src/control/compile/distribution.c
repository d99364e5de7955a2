// SPDX-License-Identifier: Apache-2.0
// Distributions for the edge: defaults where a configuration says nothing, managed policies and
// legacy values in one form, everything in the order that releases have. Called by the compiler, on
// the rollout's thread. Pure.
#include "control/compile/distribution_priv.h"

#include "aws/cf_distribution.h"
#include "aws/cf_policies.h"
#include "release/limits.h"

#include <stdlib.h>
#include <string.h>

/* Of an origin that says nothing, as CloudFront has them (API Reference, Origin). */
#define ORIGIN_HTTP_PORT 80
#define ORIGIN_HTTPS_PORT 443
#define ORIGIN_RESPONSE_TIMEOUT_S 30
#define ORIGIN_KEEPALIVE_TIMEOUT_S 5

_Static_assert((int)CF_SELECT_NONE == (int)RELEASE_SELECT_NONE &&
                   (int)CF_SELECT_ALL == (int)RELEASE_SELECT_ALL &&
                   (int)CF_SELECT_LISTED == (int)RELEASE_SELECT_LISTED &&
                   (int)CF_SELECT_ALL_EXCEPT == (int)RELEASE_SELECT_ALL_EXCEPT &&
                   (int)CF_SELECT_ALL_AND == (int)RELEASE_SELECT_ALL_AND,
               "both number what is selected alike");

/** A word of a configuration and the bit that stands for it. */
struct word {
    const char *text;
    unsigned bit;
};

static const struct word method_words[] = {
    {"GET", RELEASE_GET},       {"HEAD", RELEASE_HEAD}, {"OPTIONS", RELEASE_OPTIONS},
    {"PUT", RELEASE_PUT},       {"POST", RELEASE_POST}, {"PATCH", RELEASE_PATCH},
    {"DELETE", RELEASE_DELETE},
};
static const struct word tls_words[] = {
    {"TLSv1", RELEASE_TLS_1_0}, {"TLSv1.1", RELEASE_TLS_1_1}, {"TLSv1.2", RELEASE_TLS_1_2}};

/** The bits of those words that are known. */
static unsigned bits_of(const struct word *words, size_t word_count, const char *const *texts,
                        size_t count)
{
    unsigned bits = 0;
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < word_count; k++)
            bits |= strcmp(texts[i], words[k].text) == 0 ? words[k].bit : 0;
    }
    return bits;
}

static const char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text == NULL ? "" : text);
    for (char *c = copy; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    return copy;
}

static uint32_t number(bool has, int64_t value, uint32_t otherwise, uint32_t max)
{
    if (!has)
        return otherwise;
    return value < 1 ? 1 : value > max ? max : (uint32_t)value;
}

static uint64_t capped(uint64_t ttl_s)
{
    return ttl_s < RELEASE_TTL_MAX_S ? ttl_s : RELEASE_TTL_MAX_S;
}

/* ---- origins */

static enum release_origin_protocol protocol_of(enum cf_origin_protocol_policy policy)
{
    switch (policy) {
    case CF_ORIGIN_HTTP_ONLY:
        return RELEASE_ORIGIN_HTTP_ONLY;
    case CF_ORIGIN_HTTPS_ONLY:
        return RELEASE_ORIGIN_HTTPS_ONLY;
    case CF_ORIGIN_MATCH_VIEWER:
    case cf_origin_protocol_policy_absent:
        break;
    }
    return RELEASE_ORIGIN_MATCH_VIEWER;
}

/** What only a custom origin says; an S3 origin keeps what it has. */
static void convert_custom(const struct cf_custom_origin_config *from, struct release_origin *to)
{
    to->http_port =
        (uint16_t)number(from->has_http_port, from->http_port, ORIGIN_HTTP_PORT, UINT16_MAX);
    to->https_port =
        (uint16_t)number(from->has_https_port, from->https_port, ORIGIN_HTTPS_PORT, UINT16_MAX);
    to->protocol = protocol_of(from->origin_protocol_policy);
    to->response_timeout_s = number(from->has_origin_read_timeout, from->origin_read_timeout,
                                    ORIGIN_RESPONSE_TIMEOUT_S, RELEASE_RESPONSE_TIMEOUT_MAX_S);
    to->keepalive_timeout_s =
        number(from->has_origin_keepalive_timeout, from->origin_keepalive_timeout,
               ORIGIN_KEEPALIVE_TIMEOUT_S, RELEASE_KEEPALIVE_TIMEOUT_MAX_S);
    const struct cf_ssl_protocols *tls = from->origin_ssl_protocols;
    if (tls != NULL)
        to->tls_versions = bits_of(tls_words, ARRAY_LEN(tls_words), tls->items, tls->items_count);
}

static void convert_headers(struct arena *a, const struct cf_custom_headers *from,
                            struct release_origin *to)
{
    size_t count = from == NULL ? 0 : from->items_count;
    to->custom_headers = arena_array(a, count, sizeof(*to->custom_headers));
    to->custom_header_count = count;
    for (size_t i = 0; i < count; i++)
        to->custom_headers[i] = (struct release_header){.name = from->items[i].header_name,
                                                        .value = from->items[i].header_value};
}

/** Without its final slashes: what follows begins with one. */
static const char *origin_path(struct arena *a, const char *path)
{
    struct slice text = slice_str(path);
    while (text.len > 0 && text.data[text.len - 1] == '/')
        text.len--;
    return arena_str(a, text);
}

static void convert_origin(struct arena *a, const struct cf_origin *from, struct release_origin *to)
{
    *to = (struct release_origin){
        .id = from->id,
        .domain_name = lower(a, from->domain_name),
        .path = origin_path(a, from->origin_path),
        .http_port = ORIGIN_HTTP_PORT,
        .https_port = ORIGIN_HTTPS_PORT,
        .protocol = RELEASE_ORIGIN_MATCH_VIEWER,
        .tls_versions = RELEASE_TLS_1_2,
        .connection_attempts =
            number(from->has_connection_attempts, from->connection_attempts,
                   RELEASE_CONNECTION_ATTEMPTS_MAX, RELEASE_CONNECTION_ATTEMPTS_MAX),
        .connection_timeout_s =
            number(from->has_connection_timeout, from->connection_timeout,
                   RELEASE_CONNECTION_TIMEOUT_MAX_S, RELEASE_CONNECTION_TIMEOUT_MAX_S),
        .response_timeout_s = ORIGIN_RESPONSE_TIMEOUT_S,
        .keepalive_timeout_s = ORIGIN_KEEPALIVE_TIMEOUT_S,
    };
    convert_headers(a, from->custom_headers, to);
    const struct cf_s3_origin_config *s3 = from->s3_origin_config;
    if (s3 != NULL)
        to->response_timeout_s = number(s3->has_origin_read_timeout, s3->origin_read_timeout,
                                        ORIGIN_RESPONSE_TIMEOUT_S, RELEASE_RESPONSE_TIMEOUT_MAX_S);
    if (from->custom_origin_config != NULL)
        convert_custom(from->custom_origin_config, to);
}

static int compare_origins(const void *a, const void *b)
{
    const struct release_origin *left = a;
    const struct release_origin *right = b;
    return strcmp(left->id, right->id);
}

static void convert_origins(struct arena *a, const struct cf_origins *from,
                            struct release_distribution *to)
{
    to->origins = arena_array(a, from->items_count, sizeof(*to->origins));
    to->origin_count = from->items_count;
    for (size_t i = 0; i < from->items_count; i++)
        convert_origin(a, &from->items[i], &to->origins[i]);
    if (to->origin_count > 1)
        qsort(to->origins, to->origin_count, sizeof(*to->origins), compare_origins);
}

/* ---- behaviours */

static struct release_selection selection_of(const struct cf_selection *from)
{
    return (struct release_selection){.mode = (enum release_select)from->mode,
                                      .names = from->names,
                                      .name_count = from->name_count};
}

static void convert_rules(const struct cf_behavior_rules *from, struct release_behavior *to)
{
    uint64_t min_ttl_s = capped(from->cache.min_ttl_s);
    uint64_t max_ttl_s = capped(from->cache.max_ttl_s);
    to->cache = (struct release_cache_policy){
        .min_ttl_s = min_ttl_s,
        .default_ttl_s = capped(from->cache.default_ttl_s),
        .max_ttl_s = max_ttl_s < min_ttl_s ? min_ttl_s : max_ttl_s,
        .headers = selection_of(&from->cache.headers),
        .cookies = selection_of(&from->cache.cookies),
        .queries = selection_of(&from->cache.queries),
        .accepts_gzip = from->cache.accepts_gzip,
        .accepts_brotli = from->cache.accepts_brotli,
    };
    to->forward = (struct release_forward_policy){
        .is_legacy = from->forward.is_legacy,
        .headers = selection_of(&from->forward.headers),
        .cookies = selection_of(&from->forward.cookies),
        .queries = selection_of(&from->forward.queries),
    };
}

static enum release_viewer_protocol viewer_of(enum cf_viewer_protocol_policy policy)
{
    switch (policy) {
    case CF_VIEWER_REDIRECT_TO_HTTPS:
        return RELEASE_VIEWER_REDIRECT;
    case CF_VIEWER_HTTPS_ONLY:
        return RELEASE_VIEWER_HTTPS_ONLY;
    case CF_VIEWER_ALLOW_ALL:
    case cf_viewer_protocol_policy_absent:
        break;
    }
    return RELEASE_VIEWER_ALLOW_ALL;
}

static void convert_methods(const struct cf_allowed_methods *from, struct release_behavior *to)
{
    to->allowed_methods = RELEASE_GET | RELEASE_HEAD;
    to->cached_methods = RELEASE_GET | RELEASE_HEAD;
    if (from == NULL)
        return;
    to->allowed_methods =
        bits_of(method_words, ARRAY_LEN(method_words), from->items, from->items_count);
    const struct cf_cached_methods *cached = from->cached_methods;
    if (cached != NULL)
        to->cached_methods =
            bits_of(method_words, ARRAY_LEN(method_words), cached->items, cached->items_count);
}

/** `pattern` NULL: the default behaviour. */
static enum err convert_behavior(struct arena *a, const struct cf_cache_behavior *from,
                                 const char *pattern, struct release_behavior *to,
                                 struct errctx *ec)
{
    struct cf_behavior_rules rules;
    if (cf_behavior_resolve(a, from, &rules) != CF_RESOLVED)
        return err_set(ec, ERR_INVALID, "behaviour '%s' names no policy that is known here",
                       pattern == NULL ? "*" : pattern);
    *to = (struct release_behavior){
        .path_pattern = pattern,
        .origin_id = from->target_origin_id,
        .viewer_protocol = viewer_of(from->viewer_protocol_policy),
        .compress = from->has_compress && from->compress,
    };
    convert_methods(from->allowed_methods, to);
    convert_rules(&rules, to);
    return ERR_OK;
}

static enum err convert_behaviors(struct arena *a, const struct cf_distribution_config *from,
                                  struct release_distribution *to, struct errctx *ec)
{
    const struct cf_cache_behaviors *list = from->cache_behaviors;
    size_t count = list == NULL ? 0 : list->items_count;
    to->behaviors = arena_array(a, count + 1, sizeof(*to->behaviors));
    to->behavior_count = count + 1;
    enum err e = ERR_OK;
    for (size_t i = 0; i < count && e == ERR_OK; i++) {
        const char *pattern = list->items[i].path_pattern;
        e = convert_behavior(a, &list->items[i], pattern == NULL ? "" : pattern, &to->behaviors[i],
                             ec);
    }
    if (e == ERR_OK)
        e = convert_behavior(a, from->default_cache_behavior, NULL, &to->behaviors[count], ec);
    return e;
}

/* ---- the rest */

static void convert_aliases(struct arena *a, const struct cf_aliases *from,
                            struct release_distribution *to)
{
    size_t count = from == NULL ? 0 : from->items_count;
    to->aliases = arena_array(a, count, sizeof(*to->aliases));
    to->alias_count = count;
    for (size_t i = 0; i < count; i++)
        to->aliases[i] = lower(a, from->items[i]);
}

static int compare_error_ttls(const void *a, const void *b)
{
    const struct release_error_ttl *left = a;
    const struct release_error_ttl *right = b;
    return (int)left->status - (int)right->status;
}

/** Those that say how long; the others have the default, which the edge knows. */
static void convert_error_ttls(struct arena *a, const struct cf_custom_error_responses *from,
                               struct release_distribution *to)
{
    size_t count = from == NULL ? 0 : from->items_count;
    to->error_ttls = arena_array(a, count, sizeof(*to->error_ttls));
    for (size_t i = 0; i < count; i++) {
        const struct cf_custom_error_response *response = &from->items[i];
        if (!response->has_error_caching_min_ttl || response->error_code < 0 ||
            response->error_code > UINT16_MAX)
            continue;
        to->error_ttls[to->error_ttl_count++] = (struct release_error_ttl){
            .status = (uint16_t)response->error_code,
            .min_ttl_s = capped(response->error_caching_min_ttl < 0
                                    ? 0
                                    : (uint64_t)response->error_caching_min_ttl),
        };
    }
    if (to->error_ttl_count > 1)
        qsort(to->error_ttls, to->error_ttl_count, sizeof(*to->error_ttls), compare_error_ttls);
}

static const char *root_object(const char *object)
{
    while (object != NULL && *object == '/')
        object++;
    return object == NULL ? "" : object;
}

enum err distribution_value(struct arena *a, struct slice body, struct slice *out_value,
                            struct errctx *ec)
{
    struct cf_distribution_body stored;
    enum err e = cf_distribution_body_decode(a, body, &stored, ec);
    if (e != ERR_OK)
        return e;
    const struct cf_distribution_config *config = stored.config;
    struct release_distribution d = {
        .id = stored.id,
        .domain_name = lower(a, stored.domain_name),
        .is_enabled = config->enabled,
        .is_ipv6_enabled = config->has_is_ipv6_enabled && config->is_ipv6_enabled,
        .default_root_object = root_object(config->default_root_object),
    };
    convert_aliases(a, config->aliases, &d);
    convert_origins(a, config->origins, &d);
    convert_error_ttls(a, config->custom_error_responses, &d);
    e = convert_behaviors(a, config, &d, ec);
    if (e != ERR_OK)
        return e;
    const char *problem = release_distribution_problem(&d);
    if (problem != NULL)
        return err_set(ec, ERR_INVALID, "no edge could serve this distribution: %s", problem);
    *out_value = release_distribution_encode(a, &d);
    return ERR_OK;
}
