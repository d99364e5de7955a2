// SPDX-License-Identifier: Apache-2.0
// What must hold is CHECKed rather than asserted, because a fuzz target may use this file, too.
#include "edge_fixture.h"

#include "base/check.h"

#include <ctype.h>

static const struct trie_seed seed = {.bytes = "sixteen bytes!!"};

void edge_fixture_init(struct edge_fixture *f)
{
    *f = (struct edge_fixture){0};
    arena_init(&f->arena);
    memory_store_init(&f->store);
    f->root.seed = seed;
}

void edge_fixture_fini(struct edge_fixture *f)
{
    memory_store_fini(&f->store);
    arena_fini(&f->arena);
}

static struct release_selection nothing(void)
{
    return (struct release_selection){.mode = RELEASE_SELECT_NONE};
}

static struct release_behavior default_behavior(void)
{
    return (struct release_behavior){
        .origin_id = "origin",
        .viewer_protocol = RELEASE_VIEWER_ALLOW_ALL,
        .allowed_methods = RELEASE_GET | RELEASE_HEAD,
        .cached_methods = RELEASE_GET | RELEASE_HEAD,
        .cache = {.min_ttl_s = 1,
                  .default_ttl_s = 86400,
                  .max_ttl_s = 31536000,
                  .headers = nothing(),
                  .cookies = nothing(),
                  .queries = nothing()},
        .forward = {.headers = nothing(), .cookies = nothing(), .queries = nothing()},
    };
}

struct edge_fixture_distribution *edge_fixture_distribution(struct edge_fixture *f, const char *id,
                                                            const char *const *aliases)
{
    struct edge_fixture_distribution *d = ARENA_NEW(&f->arena, struct edge_fixture_distribution);
    char *domain_name = arena_printf(&f->arena, "%s.cdn.weir.test", id);
    for (char *c = domain_name; *c != '\0'; c++)
        *c = (char)tolower((unsigned char)*c);
    d->origin = (struct release_origin){.id = "origin",
                                        .domain_name = "origin.example.com",
                                        .path = "",
                                        .http_port = 80,
                                        .https_port = 443,
                                        .protocol = RELEASE_ORIGIN_HTTP_ONLY,
                                        .tls_versions = RELEASE_TLS_1_2,
                                        .connection_attempts = 3,
                                        .connection_timeout_s = 10,
                                        .response_timeout_s = 30,
                                        .keepalive_timeout_s = 5};
    d->behaviors[0] = default_behavior();
    d->config = (struct release_distribution){.id = id,
                                              .domain_name = domain_name,
                                              .aliases = (const char **)(uintptr_t)aliases,
                                              .is_enabled = true,
                                              .default_root_object = "",
                                              .origins = &d->origin,
                                              .origin_count = 1,
                                              .behaviors = d->behaviors,
                                              .behavior_count = 1};
    while (aliases != NULL && aliases[d->config.alias_count] != NULL)
        d->config.alias_count++;
    return d;
}

struct release_behavior *edge_fixture_behavior(struct edge_fixture_distribution *d,
                                               const char *path_pattern)
{
    size_t last = d->config.behavior_count;
    CHECK(last < EDGE_FIXTURE_BEHAVIORS_MAX);
    d->behaviors[last] = d->behaviors[last - 1];
    d->config.behavior_count++;
    d->behaviors[last - 1].path_pattern = path_pattern;
    return &d->behaviors[last - 1];
}

static void change(struct edge_fixture *f, enum release_kind kind, const char *id,
                   struct slice value)
{
    struct slice id_text = slice_str(id);
    struct trie_change c = {
        .key = trie_key_of(&seed, id_text, slice_of(NULL, 0)), .id = id_text, .value = value};
    struct trie_ref after;
    struct errctx ec = {0};
    if (trie_update(&f->root.tries[kind], &c, 1, &f->store.io, &after, &ec) != ERR_OK)
        CHECK_MSG(false, "%s", ec.text);
    f->root.tries[kind] = after;
}

void edge_fixture_put(struct edge_fixture *f, const struct edge_fixture_distribution *d)
{
    change(f, RELEASE_DISTRIBUTION, d->config.id,
           release_distribution_encode(&f->arena, &d->config));
}

void edge_fixture_remove(struct edge_fixture *f, const char *id)
{
    change(f, RELEASE_DISTRIBUTION, id, slice_of(NULL, 0));
}

struct chunk_hash edge_fixture_root(struct edge_fixture *f)
{
    struct chunk_hash hash;
    struct slice bytes = release_root_encode(&f->arena, &f->root, &hash);
    CHECK(f->store.sink.put(f->store.sink.user, &hash, bytes, NULL) == ERR_OK);
    return hash;
}

struct edge_world *edge_fixture_world(struct edge_fixture *f, const struct edge_world *before,
                                      struct cache *cache)
{
    struct chunk_hash root = edge_fixture_root(f);
    struct edge_world *w = NULL;
    struct errctx ec = {0};
    if (edge_world_load(&root, &f->store.source, before, cache, &w, &ec) != ERR_OK)
        CHECK_MSG(false, "%s", ec.text);
    return w;
}
