// SPDX-License-Identifier: Apache-2.0
// The demo's distribution. Called on the main thread of the demo's process, which it may block.
#include "tool/demo_cdn.h"

#include "base/time.h"
#include "tool/cloudfront.h"
#include "tool/demo_zone.h"
#include "tool/limits.h"

#include <string.h>
#include <time.h>

#define PAGES "pages"
#define API "api"

/* Managed cache policies (shared with every CloudFront). */
#define CACHING_OPTIMIZED "658327ea-f89d-4fab-a63d-7e88639e58f6"
#define CACHING_DISABLED "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

/* ---- configuration */

static void fill_origin(struct arena *a, const char *id, uint16_t port, struct cf_origin *out)
{
    struct cf_custom_origin_config *custom = ARENA_NEW(a, struct cf_custom_origin_config);
    custom->has_http_port = true;
    custom->http_port = port;
    custom->has_https_port = true;
    custom->https_port = 443;
    custom->origin_protocol_policy = CF_ORIGIN_HTTP_ONLY;
    *out = (struct cf_origin){.id = id, .domain_name = "127.0.0.1", .custom_origin_config = custom};
}

static struct cf_origins *origins_of(struct arena *a, uint16_t pages_port, uint16_t api_port)
{
    struct cf_origins *origins = ARENA_NEW(a, struct cf_origins);
    origins->items = arena_array(a, 2, sizeof(*origins->items));
    origins->items_quantity = 2;
    origins->items_count = 2;
    origins->has_items = true;
    fill_origin(a, PAGES, pages_port, &origins->items[0]);
    fill_origin(a, API, api_port, &origins->items[1]);
    return origins;
}

static struct cf_aliases *aliases_of(struct arena *a)
{
    struct cf_aliases *aliases = ARENA_NEW(a, struct cf_aliases);
    aliases->items = arena_array(a, 2, sizeof(*aliases->items));
    aliases->items[0] = DEMO_ZONE;
    aliases->items[1] = "www." DEMO_ZONE;
    aliases->items_quantity = 2;
    aliases->items_count = 2;
    aliases->has_items = true;
    return aliases;
}

static void fill_behavior(const char *pattern, const char *origin, const char *policy,
                          struct cf_cache_behavior *out)
{
    *out = (struct cf_cache_behavior){
        .path_pattern = pattern,
        .target_origin_id = origin,
        .viewer_protocol_policy = CF_VIEWER_ALLOW_ALL,
        .cache_policy_id = policy,
    };
}

struct cf_distribution_config *demo_cdn_config(struct arena *a, uint16_t pages_port,
                                               uint16_t api_port)
{
    struct cf_distribution_config *config = ARENA_NEW(a, struct cf_distribution_config);
    struct cf_cache_behaviors *behaviors = ARENA_NEW(a, struct cf_cache_behaviors);
    behaviors->items = arena_array(a, 1, sizeof(*behaviors->items));
    behaviors->items_quantity = 1;
    behaviors->items_count = 1;
    behaviors->has_items = true;
    fill_behavior("/api/*", API, CACHING_DISABLED, behaviors->items);
    config->caller_reference = arena_printf(a, "demo-%lld", (long long)time_unix_ms());
    config->comment = "Made by weir up --demo";
    config->has_enabled = true;
    config->enabled = true;
    config->aliases = aliases_of(a);
    config->origins = origins_of(a, pages_port, api_port);
    config->default_cache_behavior = ARENA_NEW(a, struct cf_cache_behavior);
    fill_behavior(NULL, PAGES, CACHING_OPTIMIZED, config->default_cache_behavior);
    config->cache_behaviors = behaviors;
    return config;
}

/* ---- what an earlier start left */

static bool is_ours(const struct cf_distribution_summary *d)
{
    for (size_t i = 0; d->aliases != NULL && i < d->aliases->items_count; i++) {
        if (strcmp(d->aliases->items[i], DEMO_ZONE) == 0)
            return true;
    }
    return false;
}

/** The custom origin with this id; NULL where an operator took it out. */
static struct cf_custom_origin_config *origin_with_id(const struct cf_origins *origins,
                                                      const char *id)
{
    for (size_t i = 0; origins != NULL && i < origins->items_count; i++) {
        if (strcmp(origins->items[i].id, id) == 0)
            return origins->items[i].custom_origin_config;
    }
    return NULL;
}

/** Starts an origin on its former port, or where that is taken on another one. */
static enum err start_origin(struct loop *loop, const char *name,
                             const struct cf_custom_origin_config *former, struct demo_origin **out,
                             struct errctx *ec)
{
    struct errctx taken = {0};
    bool has_port = former != NULL && former->http_port > 0 && former->http_port <= UINT16_MAX;
    if (has_port && demo_origin_new(loop, name, (uint16_t)former->http_port, out, &taken) == ERR_OK)
        return ERR_OK;
    return demo_origin_new(loop, name, 0, out, ec);
}

static bool set_port(struct cf_custom_origin_config *origin, uint16_t port)
{
    if (origin == NULL || origin->http_port == port)
        return false;
    origin->http_port = port;
    return true;
}

/** Leads the distribution of an earlier start to where its origins are now. */
static enum err update_ports(const struct tool_client *client, struct arena *a,
                             const struct demo_cdn *cdn, struct errctx *ec)
{
    struct cf_distribution d;
    const char *etag;
    enum err e = tool_cloudfront_get(client, a, cdn->id, &d, &etag, ec);
    if (e != ERR_OK)
        return e;
    const struct cf_origins *origins = d.config->origins;
    bool is_changed = set_port(origin_with_id(origins, PAGES), demo_origin_port(cdn->pages));
    is_changed = set_port(origin_with_id(origins, API), demo_origin_port(cdn->api)) || is_changed;
    return is_changed ? tool_cloudfront_update(client, a, cdn->id, etag, d.config, ec) : ERR_OK;
}

static enum err create(const struct tool_client *client, struct arena *a, struct demo_cdn *cdn,
                       struct errctx *ec)
{
    struct cf_distribution d;
    const struct cf_distribution_config *config =
        demo_cdn_config(a, demo_origin_port(cdn->pages), demo_origin_port(cdn->api));
    enum err e = tool_cloudfront_create(client, a, config, &d, ec);
    if (e != ERR_OK)
        return e;
    cdn->id = d.id;
    cdn->domain_name = d.domain_name;
    return ERR_OK;
}

/* ---- the whole */

static enum err provide(const struct tool_client *client, struct loop *loop, struct arena *a,
                        struct demo_cdn *cdn, struct errctx *ec)
{
    struct cf_distribution_list list;
    const struct cf_origins *origins = NULL;
    enum err e = tool_cloudfront_list(client, a, &list, ec);
    for (size_t i = 0; e == ERR_OK && i < list.items_count; i++) {
        if (!is_ours(&list.items[i]))
            continue;
        cdn->id = list.items[i].id;
        cdn->domain_name = list.items[i].domain_name;
        origins = list.items[i].origins;
    }
    if (e != ERR_OK || (cdn->id == NULL && list.items_count > 0))
        return e;
    e = start_origin(loop, PAGES, origin_with_id(origins, PAGES), &cdn->pages, ec);
    if (e == ERR_OK)
        e = start_origin(loop, API, origin_with_id(origins, API), &cdn->api, ec);
    if (e != ERR_OK)
        return e;
    return cdn->id == NULL ? create(client, a, cdn, ec) : update_ports(client, a, cdn, ec);
}

enum err demo_cdn_provide(const struct tool_client *client, struct loop *loop, struct arena *a,
                          struct demo_cdn *out, struct errctx *ec)
{
    struct demo_cdn cdn = {0};
    enum err e = provide(client, loop, a, &cdn, ec);
    if (e == ERR_OK)
        *out = cdn;
    else
        demo_cdn_fini(&cdn);
    return e;
}

void demo_cdn_fini(struct demo_cdn *cdn)
{
    demo_origin_free(cdn->pages);
    demo_origin_free(cdn->api);
    *cdn = (struct demo_cdn){0};
}

enum err demo_cdn_wait(const struct tool_client *client, const struct demo_cdn *cdn,
                       struct errctx *ec)
{
    int64_t deadline_ns = time_monotonic_ns() + TOOL_DEMO_INSYNC_NS;
    for (;;) {
        AUTO_ARENA struct arena a = {0};
        struct cf_distribution d;
        enum err e = tool_cloudfront_get(client, &a, cdn->id, &d, NULL, ec);
        if (e != ERR_OK || strcmp(d.status, "Deployed") == 0)
            return e;
        if (time_monotonic_ns() >= deadline_ns)
            return err_set(ec, ERR_TIMEOUT, "distribution %s is not Deployed after %d s", cdn->id,
                           (int)(TOOL_DEMO_INSYNC_NS / NS_PER_S));
        nanosleep(&(struct timespec){.tv_nsec = TOOL_DEMO_POLL_NS}, NULL);
    }
}
