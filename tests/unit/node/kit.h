// SPDX-License-Identifier: Apache-2.0
// What tests of a node need: a data directory of their own, and releases made of few lines.
#ifndef TEST_NODE_KIT_H
#define TEST_NODE_KIT_H

#include "node/db.h"
#include "release/memory_store.h"
#include "release/root.h"
#include "shared/temp_dir.h"

struct kit {
    char dir[TEMP_DIR_SIZE];
    struct arena arena;
    struct memory_store chunks; /* plain */
    struct trie_seed seed;
};

void kit_init(struct kit *k);
/** Removes the directory and what is in it. */
void kit_fini(struct kit *k);

/** A release of this shape. */
struct kit_root {
    unsigned names;   /* small objects */
    unsigned changed; /* of these, the first ones hold `generation` */
    unsigned generation;
    bool has_large;          /* and one that is cut into pieces */
    unsigned distributions;  /* small objects of another kind */
    const char *feature;     /* that it needs; NULL: none */
    const uint8_t *node_key; /* a node that it lists; NULL: none */
};
struct chunk_hash kit_root_make(struct kit *k, const struct kit_root *shape);

/** Puts the root with all it needs into the database, whole and committed. */
void kit_store(struct kit *k, struct node_db *db, const struct chunk_hash *root);

/** How many chunks the root has. */
size_t kit_count(struct kit *k, const struct chunk_hash *root);

/** Whether the database holds every chunk of the root, whole. */
bool kit_is_whole(struct kit *k, struct node_db *db, const struct chunk_hash *root);

/** The packed bytes of a chunk, in the kit's arena; false where the kit has none. */
bool kit_packed(struct kit *k, const struct chunk_hash *hash, struct slice *out);

struct node_db *kit_open(struct kit *k);
enum node_chunk_state kit_state(struct node_db *db, const struct chunk_hash *hash);

/** What the kit's roots hold, as bits. */
#define KIT_KINDS                                                                                  \
    (RELEASE_KIND_BIT(RELEASE_NAME) | RELEASE_KIND_BIT(RELEASE_NODE) |                             \
     RELEASE_KIND_BIT(RELEASE_DISTRIBUTION))

/** A hash that names nothing, different for each number. */
struct chunk_hash kit_hash(unsigned number);

#endif
