// SPDX-License-Identifier: Apache-2.0
// How nodes of a name tree are made from chunks, one chunk at a time. Called by the builder thread
// for whole trees, by a trial for what its questions reach.
#ifndef AUTHORITY_NAME_LOADER_H
#define AUTHORITY_NAME_LOADER_H

#include "authority/name_tree.h"

/** Owner: whoever called name_loader_init; embedded by value. One thread. */
struct name_loader {
    const struct chunk_source *source; /* kept */
    struct trie_seed seed;
    struct world_registries registries;
    struct arena scratch;  /* of one chunk */
    struct buf packed;     /* names of one leaf */
    struct buf outside;    /* numbers of outside targets of one leaf, uint32_t each */
    enum err failed;       /* the first failure of a lazy look-up, which itself can tell none */
    struct errctx failure; /* and its words */
};

/** The source and the registries are kept until name_loader_fini. */
void name_loader_init(struct name_loader *l, const struct chunk_source *source,
                      const struct trie_seed *seed, const struct world_registries *registries);
void name_loader_fini(struct name_loader *l);

/**
 * One node with one reference. An inner node must split at `least_depth` or deeper; its children
 * are not loaded. Errors: the source's, ERR_CORRUPT.
 */
enum err name_loader_read(struct name_loader *l, const struct chunk_hash *hash,
                          unsigned least_depth, struct name_node **out, struct errctx *ec) MUST_USE;

/**
 * A child of a node of a lazy tree, read when it is not there yet; NULL where that fails (noted in
 * the loader). The tree owns it. `l` NULL: the child is there.
 */
struct name_node *name_loader_child(struct name_loader *l, struct name_inner *parent,
                                    unsigned nibble);

/**
 * What another tree holds at the same place: a subtree, known by its chunk before it is loaded.
 * The trees of one load or walk outlive it.
 */
struct name_twin {
    struct name_node *node;    /* NULL: not loaded; then it is this child of `parent` */
    struct name_inner *parent; /* NULL for the top */
    struct chunk_hash hash;
    unsigned nibble;
    bool is_there;
};

/** The twin that a whole tree is; NULL: no tree. */
struct name_twin name_twin_top(const struct name_tree *tree);

/** Whether the twin was made of this very chunk. */
static inline bool name_twin_is(const struct name_twin *twin, const struct chunk_hash *hash)
{
    return twin->is_there && chunk_hash_equal(&twin->hash, hash);
}

/**
 * Follows another tree to where `inner` splits: from its twin (which may lie above that) to the
 * twin of its child behind `nibble`, which is not loaded yet. `l` is the other tree's loader.
 */
struct name_twin name_twin_below(struct name_loader *l, struct name_twin twin,
                                 const struct name_inner *inner, unsigned nibble);

#endif
