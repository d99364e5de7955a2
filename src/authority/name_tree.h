// SPDX-License-Identifier: Apache-2.0
// The trie of owner names in memory: one node for each chunk, so that a new root shares every
// subtree whose chunk did not change. Built by the builder thread (or in a trial), looked up by
// every thread that answers.
#ifndef AUTHORITY_NAME_TREE_H
#define AUTHORITY_NAME_TREE_H

#include "authority/name_record.h"
#include "release/limits.h"

/** What all nodes begin with. */
struct name_node {
    uint32_t refs;    /* parents and trees that hold it; the builder thread alone counts */
    uint16_t present; /* inner: a bit for each nibble that leads to a child */
    uint8_t depth;    /* inner: the nibble of a key that leads to a child */
    bool is_leaf;
};

/** An inner node. By the hash of many names nearly all children of nearly all nodes are there. */
struct name_inner {
    struct name_node node;
    struct name_node *children[TRIE_FAN_OUT]; /* NULL: none, or not loaded (lazy trees only) */
    struct name_key prefix;                 /* the nibbles above depth that all keys below share */
    struct chunk_hash hashes[TRIE_FAN_OUT]; /* of the children's chunks */
};

/** Numbers that the sets of a leaf refer to: held as long as the leaf lives. */
struct name_holds {
    struct registry *registry; /* borrowed, outlives the leaf */
    uint32_t count;
    uint32_t numbers[];
};

/** A leaf: its keys sorted, then where each packed name ends, then the packed names. One block. */
struct name_leaf {
    struct name_node node;
    uint32_t count;
    struct name_holds *outside; /* outside targets of its aliases; NULL: none */
    struct name_key keys[];
};

struct name_loader;

/**
 * One trie. Embedded by value. A tree with a loader is lazy: it belongs to one thread and loads
 * what a look-up reaches. Without one nothing changes any more, and any thread may read.
 */
struct name_tree {
    struct chunk_hash hash;     /* of the top chunk; zero for an empty trie */
    struct name_node *top;      /* NULL: empty */
    struct name_loader *loader; /* borrowed; NULL: everything is loaded */
};

/**
 * Finds a name by key and owner (wire form, lower case); false where there is none, and in a lazy
 * tree where a chunk could not be read (the loader knows). The record is borrowed from the tree.
 * Cost: one step for each split on the way, one binary search.
 */
bool name_tree_find(const struct name_tree *tree, const struct name_key *key, struct slice owner,
                    struct name_record *out);

/**
 * Asks memory for what name_tree_find will read of each key, for all keys together: in a large tree
 * each search waits for several cache lines, one after the other, and so waits with the others. Of
 * a lazy tree, what is there. At most NAME_FETCH_MAX keys.
 */
void name_tree_fetch(const struct name_tree *tree, const struct name_key *const *keys,
                     unsigned count);

/**
 * Loads all of the trie at `hash`, sharing what `before` (NULL at first, never lazy) holds already:
 * equal subtrees are not even read. Errors: the source's, ERR_CORRUPT. Builder thread.
 */
enum err name_tree_load(struct name_loader *loader, const struct chunk_hash *hash,
                        const struct name_tree *before, struct name_tree *out, struct errctx *ec)
    MUST_USE;

/** A lazy tree: reads the top chunk only. The loader is kept until the tree is released. */
enum err name_tree_open(struct name_loader *loader, const struct chunk_hash *hash,
                        struct name_tree *out, struct errctx *ec) MUST_USE;

/** Gives the tree's reference back and frees what nobody else shares. Builder thread. */
void name_tree_release(struct name_tree *tree);

/** Whether the nibble leads to a child, loaded or not. */
static inline bool name_inner_has(const struct name_inner *inner, unsigned nibble)
{
    return (inner->node.present >> nibble & 1) != 0;
}

/** Where packed names of a leaf end, relative to the first. */
static inline const uint32_t *name_leaf_ends(const struct name_leaf *leaf)
{
    return (const uint32_t *)(const void *)&leaf->keys[leaf->count];
}

/** The packed bytes of one name of a leaf. */
static inline struct slice name_leaf_packed(const struct name_leaf *leaf, size_t index)
{
    const uint32_t *ends = name_leaf_ends(leaf);
    const uint8_t *data = (const uint8_t *)&ends[leaf->count];
    uint32_t start = index == 0 ? 0 : ends[index - 1];
    return slice_of(data + start, ends[index] - start);
}

/** The inner node around its head. */
static inline struct name_inner *name_inner_of(struct name_node *node)
{
    return CONTAINER_OF(node, struct name_inner, node);
}

/** The leaf around its head. */
static inline struct name_leaf *name_leaf_of(struct name_node *node)
{
    return CONTAINER_OF(node, struct name_leaf, node);
}

#endif
