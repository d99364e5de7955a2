// SPDX-License-Identifier: Apache-2.0
// The difference of two name trees. Runs in the trial, on lazy trees.
#include "authority/name_diff.h"

#include "authority/name_loader.h"

struct name_diff {
    const struct name_tree *tree;
    const struct name_tree *other;
    const struct name_diff_visitor *visitor; /* NULL: count only */
    bool is_sampled; /* each differing subtree gets a share of the budget; else first come */
};

/* Packed names tell by their bytes: what they are made of has one canonical form. */
static bool is_same_in(const struct name_tree *other, const struct name_key *key,
                       struct slice packed)
{
    struct name_record found;
    struct name_record ours = name_record_read(packed.data);
    if (!name_tree_find(other, key, ours.owner, &found))
        return false;
    const uint8_t *end = found.sets;
    for (unsigned i = 0; i < found.set_count; i++) {
        struct record_set set;
        end = record_set_read(end, &set);
    }
    const uint8_t *start = found.owner.data - 1;
    return slice_equal(packed, slice_of(start, (size_t)(end - start)));
}

/* At most `budget` differing names of a leaf, those first in key order: hashes are chance enough.
 */
static enum err diff_leaf(const struct name_diff *d, const struct name_leaf *leaf, size_t budget,
                          size_t *out_used, struct errctx *ec)
{
    size_t used = 0;
    for (size_t i = 0; i < leaf->count && used < budget; i++) {
        struct slice packed = name_leaf_packed(leaf, i);
        if (is_same_in(d->other, &leaf->keys[i], packed))
            continue;
        used++;
        if (d->visitor == NULL)
            continue;
        struct name_record record = name_record_read(packed.data);
        enum err e = d->visitor->on_name(d->visitor->user, &leaf->keys[i], &record, ec);
        if (e != ERR_OK)
            return e;
    }
    *out_used = used;
    return ERR_OK;
}

/* Children of the inner node that differ, with their twins. */
static unsigned differing_children(const struct name_diff *d, struct name_inner *inner,
                                   struct name_twin twin, unsigned nibbles[TRIE_FAN_OUT],
                                   struct name_twin twins[TRIE_FAN_OUT])
{
    unsigned count = 0;
    for (unsigned nibble = 0; nibble < TRIE_FAN_OUT; nibble++) {
        if (!name_inner_has(inner, nibble))
            continue;
        struct name_twin below = name_twin_below(d->other->loader, twin, inner, nibble);
        if (name_twin_is(&below, &inner->hashes[nibble]))
            continue;
        nibbles[count] = nibble;
        twins[count] = below;
        count++;
    }
    return count;
}

/*
 * Sampled: each differing child gets an equal share of what is left of the budget, so that what one
 * does not use goes to the next; where there are more children than budget, evenly spaced ones get
 * one.
 */
// NOLINTNEXTLINE(misc-no-recursion): at most 32 deep, the depth of a tree
static enum err diff_node(const struct name_diff *d, struct name_node *node, struct name_twin twin,
                          size_t budget, size_t *out_used, struct errctx *ec)
{
    if (node->is_leaf)
        return diff_leaf(d, name_leaf_of(node), budget, out_used, ec);
    unsigned nibbles[TRIE_FAN_OUT];
    struct name_twin twins[TRIE_FAN_OUT];
    struct name_inner *inner = name_inner_of(node);
    unsigned count = differing_children(d, inner, twin, nibbles, twins);
    size_t used_all = 0;
    for (unsigned i = 0; i < count && used_all < budget; i++) {
        size_t used = 0;
        size_t share = budget - used_all;
        if (d->is_sampled && budget < count && (i + 1) * budget / count == i * budget / count)
            continue;
        if (d->is_sampled)
            share = (share + count - i - 1) / (count - i);
        struct name_node *child = name_loader_child(d->tree->loader, inner, nibbles[i]);
        if (child == NULL)
            return err_set(ec, d->tree->loader->failed, "%s", d->tree->loader->failure.text);
        enum err e = diff_node(d, child, twins[i], share, &used, ec);
        if (e != ERR_OK)
            return e;
        used_all += used;
    }
    *out_used = used_all;
    return ERR_OK;
}

enum err name_diff(const struct name_tree *tree, const struct name_tree *other, size_t limit,
                   const struct name_diff_visitor *visitor, struct errctx *ec)
{
    struct name_diff d = {.tree = tree, .other = other};
    size_t used = 0;
    if (tree->top == NULL || chunk_hash_equal(&tree->hash, &other->hash))
        return ERR_OK;
    enum err e = diff_node(&d, tree->top, name_twin_top(other), limit + 1, &used, ec);
    if (e != ERR_OK)
        return e;
    d.visitor = visitor;
    d.is_sampled = used > limit;
    return diff_node(&d, tree->top, name_twin_top(other), limit, &used, ec);
}
