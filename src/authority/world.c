// SPDX-License-Identifier: Apache-2.0
// Loading and freeing of worlds. Runs on the builder thread, or in a trial.
#include "authority/world.h"

#include "authority/transfer_book.h"
#include "base/alloc.h"
#include "base/check.h"

#include <stdatomic.h>
#include <stdlib.h>

enum err world_read_root(struct arena *a, const struct chunk_hash *hash,
                         const struct chunk_source *source, struct release_root *out,
                         struct errctx *ec)
{
    struct slice bytes;
    struct release_root root;
    enum err e = source->get(source->user, a, hash, &bytes, ec);
    if (e == ERR_OK)
        e = release_root_decode(a, bytes, &root, ec);
    if (e != ERR_OK)
        return err_wrap(ec, "root");
    const char *missing = release_root_missing_feature(&root);
    if (missing != NULL)
        return err_set(ec, ERR_UNSUPPORTED, "root needs feature '%s'", missing);
    *out = root;
    return ERR_OK;
}

/* Zones and the head of a world; its names are still to be loaded. */
static enum err start_world(const struct world_source *source, const struct world *before,
                            struct world **out, struct chunk_hash *out_names, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct release_root root;
    enum err e = world_read_root(&scratch, source->root, source->chunks, &root, ec);
    if (e != ERR_OK)
        return e;
    struct zone_table *zones;
    e = zone_table_load(&root.tries[RELEASE_ZONE], &root.seed, source->chunks,
                        before == NULL ? NULL : before->zones, &zones, ec);
    if (e != ERR_OK)
        return e;
    const struct collection_source collection_source = {
        .trie = &root.tries[RELEASE_CIDR_COLLECTION],
        .chunks = source->chunks,
        .locations = source->registries.locations,
    };
    struct collection_table *collections;
    e = collection_table_load(&collection_source, before == NULL ? NULL : before->collections,
                              &collections, ec);
    if (e != ERR_OK) {
        zone_table_unref(zones);
        return e;
    }
    struct world *w = NEW(struct world);
    w->collections = collections;
    w->pins = NEW(_Atomic unsigned);
    w->seed = root.seed;
    w->zones = zones;
    w->name_count = root.tries[RELEASE_NAME].entries;
    *out_names = root.tries[RELEASE_NAME].chunk;
    *out = w;
    return ERR_OK;
}

enum err world_load(const struct world_source *source, const struct world *before,
                    struct world **out, struct errctx *ec)
{
    struct world *w;
    struct chunk_hash names;
    enum err e = start_world(source, before, &w, &names, ec);
    if (e != ERR_OK)
        return e;
    struct name_loader loader;
    name_loader_init(&loader, source->chunks, &w->seed, &source->registries);
    e = name_tree_load(&loader, &names, before == NULL ? NULL : &before->names, &w->names, ec);
    name_loader_fini(&loader);
    if (e != ERR_OK) {
        world_free(w);
        return err_wrap(ec, "names");
    }
    zone_table_count(w->zones, source->registries.zones);
    w->book = transfer_book_make(w, before);
    *out = w;
    return ERR_OK;
}

enum err world_open(const struct world_source *source, const struct world *before,
                    struct world **out, struct errctx *ec)
{
    struct world *w;
    struct chunk_hash names;
    enum err e = start_world(source, before, &w, &names, ec);
    if (e != ERR_OK)
        return e;
    w->loader = NEW(struct name_loader);
    name_loader_init(w->loader, source->chunks, &w->seed, &source->registries);
    e = name_tree_open(w->loader, &names, &w->names, ec);
    if (e != ERR_OK) {
        world_free(w);
        return err_wrap(ec, "names");
    }
    *out = w;
    return ERR_OK;
}

void world_free(struct world *w)
{
    if (w == NULL)
        return;
    CHECK(world_is_free(w));
    transfer_book_free(w->book);
    name_tree_release(&w->names);
    zone_table_unref(w->zones);
    collection_table_unref(w->collections);
    if (w->loader != NULL)
        name_loader_fini(w->loader);
    free(w->loader);
    free(w->pins);
    free(w);
}

void world_pin(const struct world *w)
{
    atomic_fetch_add_explicit(w->pins, 1, memory_order_relaxed);
}

void world_unpin(const struct world *w)
{
    unsigned before = atomic_fetch_sub_explicit(w->pins, 1, memory_order_release);
    CHECK(before > 0);
}

bool world_is_free(const struct world *w)
{
    return atomic_load_explicit(w->pins, memory_order_acquire) == 0;
}

enum err world_failure(const struct world *w, struct errctx *ec)
{
    if (w->loader == NULL || w->loader->failed == ERR_OK)
        return ERR_OK;
    return err_set(ec, w->loader->failed, "%s", w->loader->failure.text);
}
