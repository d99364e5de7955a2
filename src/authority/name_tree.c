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

#include "authority/limits.h"
#include "authority/name_loader.h"
#include "base/check.h"

#include <stdlib.h>

/* Cache lines: the keys and ends of a leaf of a dozen names, where a large zone's leaves lie. */
#define LEAF_LINES_AHEAD 5
/* Cache lines with the head and the children of an inner node. */
#define INNER_LINES 3

/* Without a branch: which way a search goes is chance, and a wrong guess costs more than both. */
static bool key_is_less(const struct name_key *a, const struct name_key *b)
{
    unsigned is_less = a->zone < b->zone;
    unsigned is_same = a->zone == b->zone;
    return (is_less | (is_same & (unsigned)(a->owner < b->owner))) != 0;
}

static bool key_is_equal(const struct name_key *a, const struct name_key *b)
{
    return a->zone == b->zone && a->owner == b->owner;
}

/*
 * Of a million names each look-up meets a leaf that no cache holds: its keys and what follows them
 * are asked for together, not one after the other as the search goes on.
 */
static void fetch_ahead(const struct name_leaf *leaf)
{
    for (size_t line = 1; line <= LEAF_LINES_AHEAD; line++)
        __builtin_prefetch((const char *)leaf + line * CACHE_LINE_BYTES);
}

/* The first key that is not below `key`, or the count. */
static size_t lower_bound(const struct name_leaf *leaf, const struct name_key *key)
{
    size_t low = 0;
    size_t left = leaf->count;
    while (left > 0) {
        size_t half = (left + 1) / 2;
        low += key_is_less(&leaf->keys[low + half - 1], key) ? half : 0;
        left -= half;
    }
    return low;
}

/* Two names may have one key, however unlikely; the owner decides. */
static bool leaf_find(const struct name_leaf *leaf, const struct name_key *key, struct slice owner,
                      struct name_record *out)
{
    fetch_ahead(leaf);
    for (size_t i = lower_bound(leaf, key); i < leaf->count; i++) {
        if (!key_is_equal(&leaf->keys[i], key))
            return false;
        struct name_record record = name_record_read(name_leaf_packed(leaf, i).data);
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
        unsigned nibble = name_key_nibble(key, node->depth);
        node = inner->children[nibble];
        if (UNLIKELY(node == NULL) && tree->loader != NULL && name_inner_has(inner, nibble))
            node = name_loader_child(tree->loader, inner, nibble);
    }
    return node != NULL && leaf_find(name_leaf_of(node), key, owner, out);
}

/* Moves each search a node down; false where all have ended. */
static bool step_down(struct name_node **at, const struct name_key *const *keys, unsigned count)
{
    bool goes_on = false;
    for (unsigned i = 0; i < count; i++) {
        if (at[i] == NULL || at[i]->is_leaf)
            continue;
        at[i] = name_inner_of(at[i])->children[name_key_nibble(keys[i], at[i]->depth)];
        for (size_t line = 0; line < INNER_LINES; line++)
            __builtin_prefetch((const char *)at[i] + line * CACHE_LINE_BYTES);
        goes_on = true;
    }
    return goes_on;
}

void name_tree_fetch(const struct name_tree *tree, const struct name_key *const *keys,
                     unsigned count)
{
    struct name_node *at[NAME_FETCH_MAX];
    CHECK(count <= NAME_FETCH_MAX);
    for (unsigned i = 0; i < count; i++)
        at[i] = tree->top;
    while (step_down(at, keys, count)) /* ends: invariant 2 */
        continue;
    for (unsigned i = 0; i < count; i++)
        if (at[i] != NULL)
            fetch_ahead(name_leaf_of(at[i]));
    for (unsigned i = 0; i < count; i++) {
        const struct name_leaf *leaf = at[i] == NULL ? NULL : name_leaf_of(at[i]);
        size_t found = leaf == NULL ? 0 : lower_bound(leaf, keys[i]);
        if (leaf != NULL && found < leaf->count)
            __builtin_prefetch(name_leaf_packed(leaf, found).data);
    }
}

static struct name_node *ref(struct name_node *node)
{
    CHECK(node->refs > 0 && node->refs < UINT32_MAX);
    node->refs++;
    return node;
}

static void holds_free(struct name_holds *holds)
{
    for (uint32_t i = 0; holds != NULL && i < holds->count; i++)
        registry_drop(holds->registry, holds->numbers[i]);
    free(holds);
}

/* Gives a reference back; the last one frees the subtree. NULL is fine. */
// NOLINTNEXTLINE(misc-no-recursion): at most 32 deep, invariant 2
static void unref(struct name_node *node)
{
    if (node == NULL)
        return;
    CHECK(node->refs > 0);
    if (--node->refs > 0)
        return;
    if (!node->is_leaf) {
        struct name_inner *inner = name_inner_of(node);
        for (unsigned i = 0; i < TRIE_FAN_OUT; i++)
            unref(inner->children[i]);
    } else {
        holds_free(name_leaf_of(node)->outside);
    }
    free(node);
}

void name_tree_release(struct name_tree *tree)
{
    unref(tree->top);
    *tree = (struct name_tree){0};
}

/* Loads the subtree at `hash`, or shares the twin where it is the same. */
// NOLINTNEXTLINE(misc-no-recursion): at most 32 deep, invariant 2
static enum err load_subtree(struct name_loader *l, const struct chunk_hash *hash,
                             unsigned least_depth, struct name_twin twin, struct name_node **out,
                             struct errctx *ec)
{
    if (twin.node != NULL && name_twin_is(&twin, hash)) {
        *out = ref(twin.node);
        return ERR_OK;
    }
    struct name_node *node = NULL;
    enum err e = name_loader_read(l, hash, least_depth, &node, ec);
    if (e != ERR_OK)
        return e;
    for (unsigned nibble = 0; !node->is_leaf && nibble < TRIE_FAN_OUT; nibble++) {
        struct name_inner *inner = name_inner_of(node);
        if (!name_inner_has(inner, nibble))
            continue;
        struct name_twin below = name_twin_below(NULL, twin, inner, nibble);
        e = load_subtree(l, &inner->hashes[nibble], node->depth + 1U, below,
                         &inner->children[nibble], ec);
        if (e != ERR_OK) {
            unref(node);
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
