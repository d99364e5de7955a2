// SPDX-License-Identifier: Apache-2.0
// One root as queries see it: its zones and its names. A query holds one world from its first look
// to its last, so every answer is of one root.
#ifndef AUTHORITY_WORLD_H
#define AUTHORITY_WORLD_H

#include "authority/collection_table.h"
#include "authority/name_loader.h"
#include "authority/zone_table.h"

struct transfer_book;

/**
 * Owner:   whoever loaded it. Threads: any may read a loaded one; a lazy one belongs to one.
 */
struct world {
    struct trie_seed seed;
    struct name_tree names;
    uint64_t name_count;
    struct zone_table *zones;
    struct collection_table *collections;
    struct name_loader *loader; /* of a lazy world; else NULL */
    struct transfer_book *book; /* of its transferred zones; NULL: none, or a lazy world */
    _Atomic unsigned *pins;     /* transfers under way that still read it */
};

/** Where a world comes from; everything borrowed, the chunks and registries kept by a lazy one. */
struct world_source {
    const struct chunk_hash *root;
    const struct chunk_source *chunks;
    struct world_registries registries;
};

/**
 * A root that this build can serve, in `a`. Errors: the source's, ERR_CORRUPT, ERR_UNSUPPORTED
 * where it needs a feature that this build lacks.
 */
enum err world_read_root(struct arena *a, const struct chunk_hash *hash,
                         const struct chunk_source *source, struct release_root *out,
                         struct errctx *ec) MUST_USE;

/**
 * Loads the root whole, sharing what `before` (NULL at first, not lazy) holds already. Builder
 * thread. Errors: the source's, ERR_CORRUPT; ERR_UNSUPPORTED for a root that needs a newer program.
 */
enum err world_load(const struct world_source *source, const struct world *before,
                    struct world **out, struct errctx *ec) MUST_USE;

/**
 * Opens the root for a trial: zones are loaded (or shared with `before`), names on demand. The
 * source is kept. Errors: as world_load.
 */
enum err world_open(const struct world_source *source, const struct world *before,
                    struct world **out, struct errctx *ec) MUST_USE;

/** Frees the world and whatever no other one shares. Builder thread. NULL is fine. */
void world_free(struct world *w);

/**
 * Keeps a world that a scene holds from being freed, beyond the scene. A reader of the scene, while
 * it is one. Undone by world_unpin, on any thread.
 */
void world_pin(const struct world *w);
void world_unpin(const struct world *w);

/** Whether nobody pins a world that no scene holds any more: nobody will. */
bool world_is_free(const struct world *w);

/** ERR_OK, or why a look-up in a lazy world could not read a chunk. */
enum err world_failure(const struct world *w, struct errctx *ec) MUST_USE;

/** The key of an owner name in a zone. */
static inline struct name_key world_key(const struct world *w, const struct zone *zone,
                                        struct slice owner)
{
    return (struct name_key){.zone = zone->hash, .owner = trie_hash(&w->seed, owner)};
}

/** The name of a zone; false where there is none. Cost: one hash, one walk down the tree. */
static inline bool world_find(const struct world *w, const struct zone *zone, struct slice owner,
                              struct name_record *out)
{
    struct name_key key = world_key(w, zone, owner);
    return name_tree_find(&w->names, &key, owner, out);
}

#endif
