// SPDX-License-Identifier: Apache-2.0
// Managed policies and legacy values as one kind of rules. Called by the rules of a configuration
// and by the compiler, on any thread.
#include "aws/cf_policies.h"

#include "aws/limits.h"
#include "base/check.h"

#include <stdlib.h>
#include <strings.h>

#define DEFAULT_TTL_S UINT64_C(86400)
#define MAX_TTL_S UINT64_C(31536000)

struct cache_policy {
    const char *id;
    struct cf_cache_rules rules;
};

struct origin_request_policy {
    const char *id;
    struct cf_forward_rules rules;
};

struct response_headers_policy {
    const char *id;
    const char *name;
};

#define NAMES(mode_, ...)                                                                          \
    {                                                                                              \
        .mode = (mode_), .names = (const char *[]){__VA_ARGS__},                                   \
        .name_count = ARRAY_LEN(((const char *[]){__VA_ARGS__})),                                  \
    }
#define NOTHING                                                                                    \
    {                                                                                              \
        .mode = CF_SELECT_NONE                                                                     \
    }
#define EVERYTHING                                                                                 \
    {                                                                                              \
        .mode = CF_SELECT_ALL                                                                      \
    }
#define LISTED(...) NAMES(CF_SELECT_LISTED, __VA_ARGS__)
#define ALL_EXCEPT(...) NAMES(CF_SELECT_ALL_EXCEPT, __VA_ARGS__)
#define ALL_AND(...) NAMES(CF_SELECT_ALL_AND, __VA_ARGS__)

// NOLINTBEGIN(bugprone-macro-parentheses): initialisers cannot stand in parentheses
static const struct cache_policy cache_policies[] = {
#define CACHE_POLICY(name_, id_, min_, default_, max_, gzip, brotli, headers_, cookies_, queries_) \
    {.id = (id_),                                                                                  \
     .rules = {.min_ttl_s = (min_),                                                                \
               .default_ttl_s = (default_),                                                        \
               .max_ttl_s = (max_),                                                                \
               .accepts_gzip = (gzip),                                                             \
               .accepts_brotli = (brotli),                                                         \
               .headers = headers_,                                                                \
               .cookies = cookies_,                                                                \
               .queries = queries_}},
#define ORIGIN_REQUEST_POLICY(...)
#define RESPONSE_HEADERS_POLICY(...)
#include "aws/cf_managed_policies.def"
#undef CACHE_POLICY
#undef ORIGIN_REQUEST_POLICY
#undef RESPONSE_HEADERS_POLICY
};

static const struct origin_request_policy origin_request_policies[] = {
#define CACHE_POLICY(...)
#define ORIGIN_REQUEST_POLICY(name_, id_, headers_, cookies_, queries_)                            \
    {.id = (id_), .rules = {.headers = headers_, .cookies = cookies_, .queries = queries_}},
#define RESPONSE_HEADERS_POLICY(...)
#include "aws/cf_managed_policies.def"
#undef CACHE_POLICY
#undef ORIGIN_REQUEST_POLICY
#undef RESPONSE_HEADERS_POLICY
};
// NOLINTEND(bugprone-macro-parentheses)

static const struct response_headers_policy response_headers_policies[] = {
#define CACHE_POLICY(...)
#define ORIGIN_REQUEST_POLICY(...)
#define RESPONSE_HEADERS_POLICY(name_, id_) {.id = (id_), .name = (name_)},
#include "aws/cf_managed_policies.def"
#undef CACHE_POLICY
#undef ORIGIN_REQUEST_POLICY
#undef RESPONSE_HEADERS_POLICY
};

static bool is_set(const char *text)
{
    return text != NULL && *text != '\0';
}

const char *cf_response_headers_policy_name(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(response_headers_policies); i++)
        if (strcasecmp(response_headers_policies[i].id, id) == 0)
            return response_headers_policies[i].name;
    return NULL;
}

static const struct cf_cache_rules *find_cache_policy(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(cache_policies); i++)
        if (strcasecmp(cache_policies[i].id, id) == 0)
            return &cache_policies[i].rules;
    return NULL;
}

static const struct cf_forward_rules *find_origin_request_policy(const char *id)
{
    for (size_t i = 0; i < ARRAY_LEN(origin_request_policies); i++)
        if (strcasecmp(origin_request_policies[i].id, id) == 0)
            return &origin_request_policies[i].rules;
    return NULL;
}

static struct cf_selection select_none(void)
{
    return (struct cf_selection){.mode = CF_SELECT_NONE};
}

static struct cf_selection select_all(void)
{
    return (struct cf_selection){.mode = CF_SELECT_ALL};
}

static enum cf_resolution resolve_policies(const struct cf_cache_behavior *behavior,
                                           struct cf_behavior_rules *out)
{
    const struct cf_cache_rules *cache = find_cache_policy(behavior->cache_policy_id);
    if (cache == NULL)
        return CF_NO_CACHE_POLICY;
    struct cf_behavior_rules rules = {
        .cache = *cache,
        .forward = {.headers = select_none(), .cookies = select_none(), .queries = select_none()}};
    if (is_set(behavior->origin_request_policy_id)) {
        const struct cf_forward_rules *forward =
            find_origin_request_policy(behavior->origin_request_policy_id);
        if (forward == NULL)
            return CF_NO_ORIGIN_REQUEST_POLICY;
        rules.forward = *forward;
    }
    *out = rules;
    return CF_RESOLVED;
}

/* ---- legacy values */

static int compare_names(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

static const char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);
    for (char *c = copy; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    return copy;
}

static struct cf_selection select_listed(struct arena *a, const struct cf_names *names,
                                         bool is_lower_case)
{
    size_t count = names == NULL ? 0 : names->items_count;
    if (count == 0)
        return select_none();
    struct cf_selection selection = {.mode = CF_SELECT_LISTED,
                                     .names = arena_array(a, count, sizeof(char *))};
    for (size_t i = 0; i < count; i++)
        selection.names[i] = is_lower_case ? lower(a, names->items[i]) : names->items[i];
    qsort(selection.names, count, sizeof(char *), compare_names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(selection.names[i], selection.names[i - 1]) != 0)
            selection.names[selection.name_count++] = selection.names[i];
    return selection;
}

static bool has_name(const struct cf_names *names, const char *name)
{
    for (size_t i = 0; names != NULL && i < names->items_count; i++)
        if (strcasecmp(names->items[i], name) == 0)
            return true;
    return false;
}

static struct cf_selection select_cookies(struct arena *a,
                                          const struct cf_cookie_preference *cookies)
{
    switch (cookies->forward) {
    case CF_FORWARD_ALL:
        return select_all();
    case CF_FORWARD_WHITELIST:
        return select_listed(a, cookies->whitelisted_names, false);
    case CF_FORWARD_NONE:
    case cf_item_selection_absent:
        break;
    }
    return select_none();
}

static void resolve_queries(struct arena *a, const struct cf_forwarded_values *values,
                            struct cf_behavior_rules *rules)
{
    rules->cache.queries = select_none();
    rules->forward.queries = select_none();
    if (!values->query_string)
        return;
    rules->cache.queries = select_listed(a, values->query_string_cache_keys, false);
    if (rules->cache.queries.mode == CF_SELECT_NONE ||
        has_name(values->query_string_cache_keys, "*"))
        rules->cache.queries = select_all();
    else
        rules->forward.queries = select_all();
}

static uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t seconds(int64_t ttl)
{
    return ttl < 0 ? 0 : (uint64_t)ttl;
}

static void resolve_ttls(const struct cf_cache_behavior *behavior, struct cf_cache_rules *cache)
{
    cache->min_ttl_s = behavior->has_min_ttl ? seconds(behavior->min_ttl) : 0;
    cache->default_ttl_s = behavior->has_default_ttl ? seconds(behavior->default_ttl)
                                                     : max_u64(DEFAULT_TTL_S, cache->min_ttl_s);
    cache->max_ttl_s = behavior->has_max_ttl ? seconds(behavior->max_ttl)
                                             : max_u64(MAX_TTL_S, cache->default_ttl_s);
}

static void resolve_legacy(struct arena *a, const struct cf_cache_behavior *behavior,
                           struct cf_behavior_rules *out)
{
    const struct cf_forwarded_values *values = behavior->forwarded_values;
    struct cf_behavior_rules rules = {
        .forward = {.is_legacy = true, .headers = select_none(), .cookies = select_none()}};
    resolve_ttls(behavior, &rules.cache);
    resolve_queries(a, values, &rules);
    rules.cache.cookies = select_cookies(a, values->cookies);
    rules.cache.accepts_gzip = !has_name(values->headers, "accept-encoding");
    if (has_name(values->headers, "*")) {
        rules.forward.headers = select_all();
        rules.cache.headers = select_none();
        rules.cache.accepts_gzip = false;
        rules.cache.min_ttl_s = rules.cache.default_ttl_s = rules.cache.max_ttl_s = 0;
    } else {
        rules.cache.headers = select_listed(a, values->headers, true);
    }
    *out = rules;
}

enum cf_resolution cf_behavior_resolve(struct arena *a, const struct cf_cache_behavior *behavior,
                                       struct cf_behavior_rules *out)
{
    if (is_set(behavior->cache_policy_id))
        return resolve_policies(behavior, out);
    if (behavior->forwarded_values == NULL)
        return CF_NO_RULES;
    resolve_legacy(a, behavior, out);
    return CF_RESOLVED;
}
