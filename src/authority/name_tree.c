// SPDX-License-Identifier: Apache-2.0
// The name tree: look-ups on every thread that answers; loading, sharing and freeing on the
// builder thread.
//
// Invariants:
//   1. A published tree without a loader never changes; only `refs`, which no reader looks at, do.
//   2. The depth of an inner node is larger than its parent's and below TRIE_KEY_NIBBLES, so every
//      walk down a tree, recursive ones too, ends after 32 steps.
//   3. Two nodes made of the same chunk hold the same names: equal hashes may share.
#include "authority/name_tree.h"

#include "authority/name_loader.h"
#include "base/check.h"

#include <stdlib.h>

static bool key_is_less(const struct name_key *a, const struct name_key *b)
{
    return a->zone != b->zone ? a->zone < b->zone : a->owner < b->owner;
}

static bool key_is_equal(const struct name_key *a, const struct name_key *b)
{
    return a->zone == b->zone && a->owner == b->owner;
}

/* Two names may have one key, however unlikely; the owner decides. */
static bool leaf_find(const struct name_leaf *leaf, const struct name_key *key, struct slice owner,
                      struct name_record *out)
{
    size_t low = 0;
    size_t high = leaf->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (key_is_less(&leaf->keys[middle], key))
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < leaf->count && key_is_equal(&leaf->keys[low], key); low++) {
        struct name_record record = name_record_read(name_leaf_packed(leaf, low).data);
        if (slice_equal(record.owner, owner)) {
            *out = record;
            return true;
        }
    }
    return false;
}

bool name_tree_find(const struct name_tree *tree, const struct name_key *key, struct slice owner,
                    struct name_record *out)
{
    struct name_node *node = tree->top;
    while (node != NULL && !node->is_leaf) { /* ends: invariant 2 */
        struct name_inner *inner = name_inner_of(node);
        unsigned slot;
        if (!name_inner_slot(inner, name_key_nibble(key, node->depth), &slot))
            return false;
        node = inner->children[slot];
        if (UNLIKELY(node == NULL))
            node = name_loader_child(tree->loader, inner, slot);
    }
    return node != NULL && leaf_find(name_leaf_of(node), key, owner, out);
}

struct name_node *name_node_ref(struct name_node *node)
{
    CHECK(node->refs > 0 && node->refs < UINT32_MAX);
    node->refs++;
    return node;
}

// NOLINTNEXTLINE(misc-no-recursion): at most 32 deep, invariant 2
void name_node_unref(struct name_node *node)
{
    if (node == NULL)
        return;
    CHECK(node->refs > 0);
    if (--node->refs > 0)
        return;
    if (!node->is_leaf) {
        struct name_inner *inner = name_inner_of(node);
        for (unsigned i = 0; i < name_inner_count(inner); i++)
            name_node_unref(inner->children[i]);
    }
    free(node);
}

void name_tree_release(struct name_tree *tree)
{
    name_node_unref(tree->top);
    *tree = (struct name_tree){0};
}

/* Loads the subtree at `hash`, or shares the twin where it is the same. */
// NOLINTNEXTLINE(misc-no-recursion): at most 32 deep, invariant 2
static enum err load_subtree(struct name_loader *l, const struct chunk_hash *hash,
                             unsigned least_depth, struct name_twin twin, struct name_node **out,
                             struct errctx *ec)
{
    if (twin.node != NULL && name_twin_is(&twin, hash)) {
        *out = name_node_ref(twin.node);
        return ERR_OK;
    }
    struct name_node *node = NULL;
    enum err e = name_loader_read(l, hash, least_depth, &node, ec);
    if (e != ERR_OK)
        return e;
    for (unsigned nibble = 0; !node->is_leaf && nibble < TRIE_FAN_OUT; nibble++) {
        struct name_inner *inner = name_inner_of(node);
        unsigned slot;
        if (!name_inner_slot(inner, nibble, &slot))
            continue;
        struct name_twin below = name_twin_below(NULL, twin, inner, nibble);
        e = load_subtree(l, &name_inner_hashes(inner)[slot], node->depth + 1U, below,
                         &inner->children[slot], ec);
        if (e != ERR_OK) {
            name_node_unref(node);
            return e;
        }
    }
    *out = node;
    return ERR_OK;
}

enum err name_tree_load(struct name_loader *loader, const struct chunk_hash *hash,
                        const struct name_tree *before, struct name_tree *out, struct errctx *ec)
{
    CHECK(before == NULL || before->loader == NULL);
    struct name_tree tree = {.hash = *hash};
    if (!chunk_hash_is_zero(hash)) {
        enum err e = load_subtree(loader, hash, 0, name_twin_top(before), &tree.top, ec);
        if (e != ERR_OK)
            return e;
    }
    *out = tree;
    return ERR_OK;
}

enum err name_tree_open(struct name_loader *loader, const struct chunk_hash *hash,
                        struct name_tree *out, struct errctx *ec)
{
    struct name_tree tree = {.hash = *hash, .loader = loader};
    if (!chunk_hash_is_zero(hash)) {
        enum err e = name_loader_read(loader, hash, 0, &tree.top, ec);
        if (e != ERR_OK)
            return e;
    }
    *out = tree;
    return ERR_OK;
}
