// SPDX-License-Identifier: Apache-2.0
// Changes to a trie: copies the paths that they touch, and nothing else. Called by control's
// compiler; any thread.
//
// The shape depends on the content alone:
//   1. No entries: no chunk.
//   2. Entries of at most CHUNK_LEAF_BYTES together, or all under one key: one leaf.
//   3. Else a chunk with a child for each value of the first nibble that not all keys share.
// A leaf that is new stays pending, in memory, until its parent knows that it is not to be joined
// with its siblings (2); so no chunk is written that the new trie lacks, and none is read back.
#include "base/alloc.h"
#include "base/check.h"
#include "release/trie_priv.h"

#include <stdlib.h>

/** What is to stand in the new trie: an entry that was there, or a change that adds. */
struct item {
    const struct trie_entry *entry;
    const struct trie_change *change; /* where `entry` is NULL */
};

/** A part of the new trie: empty, pending, or in chunks that are written. */
struct subtree {
    struct trie_ref ref;      /* the chunk's hash is zero while pending */
    const struct item *items; /* pending: its content */
    size_t item_count;
    bool is_pending;
    struct arena arena; /* pending: what the items and their entries live in, unless borrowed */
};

/** Changes of one subtree: a part of the sorted array. */
struct span {
    const struct trie_change *changes;
    size_t count;
};

static bool is_removal(const struct trie_change *change)
{
    return change->value.data == NULL;
}

static const struct trie_key *item_key(const struct item *i)
{
    if (i->entry != NULL)
        return &i->entry->key;
    CHECK(i->change != NULL);
    return &i->change->key;
}

/* The entry of an item; of a large new value it has the number of pieces, but not their names. */
static struct trie_entry item_entry(const struct item *i)
{
    if (i->entry != NULL)
        return *i->entry;
    const struct trie_change *change = i->change;
    struct trie_entry entry = {.key = change->key, .id = change->id};
    entry.piece_count = trie_piece_count(change->value.len);
    if (entry.piece_count == 0)
        entry.value = change->value;
    else
        entry.size_bytes = change->value.len;
    return entry;
}

static enum err put_chunk(const struct trie_io *io, struct slice bytes, struct chunk_hash *out_hash,
                          struct errctx *ec)
{
    if (bytes.len > CHUNK_MAX_BYTES)
        return err_set(ec, ERR_LIMIT, "trie: too many objects under one key");
    *out_hash = chunk_hash_of(bytes);
    return io->sink->put(io->sink->user, out_hash, bytes, ec);
}

/* Writes the pieces of a large value; their names go into `a`. */
static enum err put_pieces(const struct trie_io *io, struct arena *a, struct slice value,
                           struct trie_entry *entry, struct errctx *ec)
{
    struct chunk_hash *pieces = arena_array(a, entry->piece_count, sizeof(*pieces));
    for (size_t i = 0; i < entry->piece_count; i++) {
        struct slice piece = slice_sub(value, i * CHUNK_PIECE_BYTES, CHUNK_PIECE_BYTES);
        enum err err = put_chunk(io, piece, &pieces[i], ec);
        if (err != ERR_OK)
            return err;
    }
    entry->pieces = pieces;
    return ERR_OK;
}

static enum err put_leaf(const struct trie_io *io, const struct item *items, size_t count,
                         struct chunk_hash *out_hash, struct errctx *ec)
{
    AUTO_ARENA struct arena scratch = {0};
    struct trie_chunk chunk = {.entry_count = count};
    chunk.entries = arena_array(&scratch, count, sizeof(*chunk.entries));
    for (size_t i = 0; i < count; i++) {
        chunk.entries[i] = item_entry(&items[i]);
        if (items[i].change == NULL || chunk.entries[i].piece_count == 0)
            continue;
        enum err err = put_pieces(io, &scratch, items[i].change->value, &chunk.entries[i], ec);
        if (err != ERR_OK)
            return err;
    }
    return put_chunk(io, trie_chunk_encode(&scratch, &chunk), out_hash, ec);
}

/* Writes the subtree where it is pending; it is a leaf. */
static enum err settle(const struct trie_io *io, struct subtree *s, struct errctx *ec)
{
    if (!s->is_pending)
        return ERR_OK;
    CHECK(s->item_count > 0);
    enum err err = put_leaf(io, s->items, s->item_count, &s->ref.chunk, ec);
    s->is_pending = false;
    arena_fini(&s->arena);
    return err;
}

/** An inner node in the making. */
struct inner {
    struct trie_key prefix;
    unsigned depth;
    struct subtree children[TRIE_FAN_OUT]; /* by nibble; those without entries are absent */
};

static void inner_fini(struct inner *in)
{
    for (size_t i = 0; i < TRIE_FAN_OUT; i++)
        arena_fini(&in->children[i].arena);
}

/* Writes the node's pending children, then the node. */
static enum err settle_inner(const struct trie_io *io, struct inner *in, struct trie_ref *out_ref,
                             struct errctx *ec)
{
    struct trie_child children[TRIE_FAN_OUT] = {0};
    struct trie_path path = trie_path_of(&in->prefix, in->depth);
    struct trie_chunk chunk = {.children = children, .depth = in->depth, .prefix = path.prefix};
    struct trie_ref ref = {0};
    for (unsigned nibble = 0; nibble < TRIE_FAN_OUT; nibble++) {
        struct subtree *child = &in->children[nibble];
        if (child->ref.entries == 0)
            continue;
        enum err err = settle(io, child, ec);
        if (err != ERR_OK)
            return err;
        children[chunk.child_count++] = (struct trie_child){.nibble = nibble, .ref = child->ref};
        ref.entries += child->ref.entries;
        ref.bytes += child->ref.bytes;
    }
    CHECK(chunk.child_count >= 2 && ref.bytes > CHUNK_LEAF_BYTES);
    AUTO_ARENA struct arena scratch = {0};
    enum err err = put_chunk(io, trie_chunk_encode(&scratch, &chunk), &ref.chunk, ec);
    if (err == ERR_OK)
        *out_ref = ref;
    return err;
}

static size_t items_in_child(const struct item *items, size_t count, unsigned depth)
{
    unsigned nibble = trie_nibble(item_key(&items[0]), depth);
    size_t in_child = 1;
    while (in_child < count && trie_nibble(item_key(&items[in_child]), depth) == nibble)
        in_child++;
    return in_child;
}

/* Makes the subtree of the items it was given: leaves it pending where it is a leaf or empty. */
/* NOLINTNEXTLINE(misc-no-recursion): at most TRIE_KEY_NIBBLES deep, the depth rises each time. */
static enum err build(const struct trie_io *io, struct subtree *s, struct errctx *ec)
{
    CHECK(s->ref.entries == 0);
    s->is_pending = s->item_count > 0;
    s->ref.entries = s->item_count;
    for (size_t i = 0; i < s->item_count; i++) {
        struct trie_entry entry = item_entry(&s->items[i]);
        s->ref.bytes += trie_entry_size(&entry);
    }
    if (s->ref.bytes <= CHUNK_LEAF_BYTES)
        return ERR_OK;
    const struct trie_key *first = item_key(&s->items[0]);
    const struct trie_key *last = item_key(&s->items[s->item_count - 1]);
    unsigned depth = trie_shared_nibbles(first, last, TRIE_KEY_NIBBLES);
    if (depth == TRIE_KEY_NIBBLES)
        return ERR_OK;

    struct inner in = {.prefix = *first, .depth = depth};
    enum err err = ERR_OK;
    for (size_t i = 0; i < s->item_count && err == ERR_OK;) {
        size_t count = items_in_child(s->items + i, s->item_count - i, depth);
        struct subtree *child = &in.children[trie_nibble(item_key(&s->items[i]), depth)];
        child->items = s->items + i;
        child->item_count = count;
        err = build(io, child, ec);
        i += count;
    }
    if (err == ERR_OK)
        err = settle_inner(io, &in, &s->ref, ec);
    inner_fini(&in);
    s->is_pending = false;
    arena_fini(&s->arena);
    return err;
}

/* Which of the two comes first; NULL comes last. */
static int merge_order(const struct trie_entry *e, const struct trie_change *change)
{
    if (e == NULL || change == NULL)
        return e == NULL ? 1 : -1;
    return trie_compare(&e->key, e->id, &change->key, change->id);
}

/* Merges a leaf's entries (none for a new trie) with the changes, into items in `a`. */
static size_t merge(struct arena *a, const struct trie_chunk *leaf, struct span changes,
                    struct item **out_items)
{
    struct item *items = arena_array(a, leaf->entry_count + changes.count, sizeof(*items));
    size_t count = 0;
    size_t at = 0;
    for (size_t i = 0; i < leaf->entry_count || at < changes.count;) {
        const struct trie_entry *e = i < leaf->entry_count ? &leaf->entries[i] : NULL;
        const struct trie_change *change = at < changes.count ? &changes.changes[at] : NULL;
        int order = merge_order(e, change);
        if (change == NULL || order < 0)
            items[count++] = (struct item){.entry = e};
        else if (!is_removal(change))
            items[count++] = (struct item){.change = change};
        i += order <= 0;
        at += order >= 0;
    }
    *out_items = items;
    return count;
}

/* A leaf, or nothing, with the changes. */
static enum err update_leaf(const struct trie_io *io, const struct trie_chunk *leaf,
                            struct span changes, struct subtree *out, struct errctx *ec)
{
    struct item *items;
    out->item_count = merge(&out->arena, leaf, changes, &items);
    out->items = items;
    return build(io, out, ec);
}

static struct item item_copy(struct arena *a, const struct item *i)
{
    if (i->entry == NULL)
        return *i; /* changes are the caller's, and stay */
    struct trie_entry *copy = ARENA_NEW(a, struct trie_entry);
    *copy = *i->entry;
    copy->id = arena_copy(a, i->entry->id);
    copy->value = arena_copy(a, i->entry->value);
    if (copy->piece_count > 0) {
        struct slice names =
            slice_of(i->entry->pieces, copy->piece_count * sizeof(*i->entry->pieces));
        copy->pieces = (const struct chunk_hash *)(const void *)arena_copy(a, names).data;
    }
    return (struct item){.entry = copy};
}

/* Appends what stands in one child of a node that becomes a leaf. */
static enum err collapse_child(const struct trie_io *io, const struct inner *in, unsigned nibble,
                               struct subtree *out, struct item *items, struct errctx *ec)
{
    const struct subtree *child = &in->children[nibble];
    for (size_t i = 0; child->is_pending && i < child->item_count; i++)
        items[out->item_count++] = item_copy(&out->arena, &child->items[i]);
    if (child->is_pending)
        return ERR_OK;
    struct trie_path path = trie_path_below(&in->prefix, in->depth, nibble);
    struct trie_chunk leaf;
    enum err err = trie_load(&out->arena, &child->ref, &path, io->source, &leaf, ec);
    if (err != ERR_OK)
        return err;
    /* Its sum is that of a leaf, and loading checked that it is one. */
    for (size_t i = 0; i < leaf.entry_count; i++)
        items[out->item_count++] = (struct item){.entry = &leaf.entries[i]};
    return ERR_OK;
}

static enum err collapse(const struct trie_io *io, const struct inner *in, struct trie_ref sum,
                         struct subtree *out, struct errctx *ec)
{
    CHECK(sum.bytes <= CHUNK_LEAF_BYTES);
    struct item *items = arena_array(&out->arena, sum.entries, sizeof(*items));
    for (unsigned nibble = 0; nibble < TRIE_FAN_OUT; nibble++) {
        if (in->children[nibble].ref.entries == 0)
            continue;
        enum err err = collapse_child(io, in, nibble, out, items, ec);
        if (err != ERR_OK)
            return err;
    }
    CHECK(out->item_count == sum.entries);
    out->items = items;
    return build(io, out, ec);
}

/* Turns a node whose children are up to date into its canonical shape. */
static enum err finish_inner(const struct trie_io *io, struct inner *in, struct subtree *out,
                             struct errctx *ec)
{
    struct trie_ref sum = {0};
    struct subtree *only = NULL;
    size_t count = 0;
    for (size_t i = 0; i < TRIE_FAN_OUT; i++) {
        struct subtree *child = &in->children[i];
        if (child->ref.entries == 0)
            continue;
        sum.entries += child->ref.entries;
        sum.bytes += child->ref.bytes;
        only = child;
        count++;
    }
    if (count == 0)
        return ERR_OK;
    if (count == 1) {
        *out = *only;
        *only = (struct subtree){0}; /* its arena moved */
        return ERR_OK;
    }
    if (sum.bytes <= CHUNK_LEAF_BYTES)
        return collapse(io, in, sum, out, ec);
    return settle_inner(io, in, &out->ref, ec);
}

static struct span span_of_nibble(struct span *rest, unsigned depth, unsigned nibble)
{
    struct span span = {.changes = rest->changes};
    while (span.count < rest->count && trie_nibble(&rest->changes[span.count].key, depth) == nibble)
        span.count++;
    rest->changes += span.count;
    rest->count -= span.count;
    return span;
}

static enum err update_subtree(const struct trie_io *io, const struct trie_ref *before,
                               const struct trie_path *path, struct span changes,
                               struct subtree *out, struct errctx *ec);

/*
 * An inner chunk with the changes. Where one of them leaves the prefix that the chunk's keys
 * share, the node splits there, and the chunk becomes one of its children.
 */
/* NOLINTNEXTLINE(misc-no-recursion): at most TRIE_KEY_NIBBLES deep, the depth rises each time. */
static enum err update_inner(const struct trie_io *io, const struct trie_ref *before,
                             const struct trie_chunk *chunk, struct span changes,
                             struct subtree *out, struct errctx *ec)
{
    const struct trie_key *first = &changes.changes[0].key;
    const struct trie_key *last = &changes.changes[changes.count - 1].key;
    struct inner in = {.prefix = chunk->prefix, .depth = chunk->depth};
    in.depth = trie_shared_nibbles(first, &chunk->prefix, in.depth);
    in.depth = trie_shared_nibbles(last, &chunk->prefix, in.depth);
    if (in.depth < chunk->depth)
        in.children[trie_nibble(&chunk->prefix, in.depth)].ref = *before;
    for (size_t i = 0; in.depth == chunk->depth && i < chunk->child_count; i++)
        in.children[chunk->children[i].nibble].ref = chunk->children[i].ref;

    enum err err = ERR_OK;
    for (unsigned nibble = 0; nibble < TRIE_FAN_OUT && err == ERR_OK; nibble++) {
        struct span part = span_of_nibble(&changes, in.depth, nibble);
        if (part.count == 0)
            continue;
        struct trie_path path = trie_path_below(&in.prefix, in.depth, nibble);
        struct trie_ref ref = in.children[nibble].ref;
        in.children[nibble].ref = (struct trie_ref){0};
        err = update_subtree(io, &ref, &path, part, &in.children[nibble], ec);
    }
    if (err == ERR_OK)
        err = finish_inner(io, &in, out, ec);
    inner_fini(&in);
    return err;
}

/* Applies the changes, at least one, to the subtree `before`; `out` is zeroed. */
/* NOLINTNEXTLINE(misc-no-recursion): at most TRIE_KEY_NIBBLES deep, the depth rises each time. */
static enum err update_subtree(const struct trie_io *io, const struct trie_ref *before,
                               const struct trie_path *path, struct span changes,
                               struct subtree *out, struct errctx *ec)
{
    CHECK(changes.count > 0);
    struct trie_chunk chunk = {0};
    if (before->entries == 0)
        return update_leaf(io, &chunk, changes, out, ec);
    struct arena arena = {0};
    enum err err = trie_load(&arena, before, path, io->source, &chunk, ec);
    if (err == ERR_OK && chunk.entry_count > 0) {
        out->arena = arena; /* the items will point into it */
        return update_leaf(io, &chunk, changes, out, ec);
    }
    if (err == ERR_OK)
        err = update_inner(io, before, &chunk, changes, out, ec);
    arena_fini(&arena);
    return err;
}

static int compare_changes(const void *left, const void *right)
{
    const struct trie_change *a = left;
    const struct trie_change *b = right;
    return trie_compare(&a->key, a->id, &b->key, b->id);
}

static enum err check_changes(const struct trie_change *changes, size_t count, struct errctx *ec)
{
    for (size_t i = 0; i < count; i++) {
        const struct trie_change *c = &changes[i];
        CHECK_MSG(i == 0 || compare_changes(c - 1, c) < 0, "an object is changed twice at once");
        if (c->id.len == 0 || c->id.len > TRIE_ID_MAX_BYTES)
            return err_set(ec, ERR_LIMIT, "object: an id of %zu bytes", c->id.len);
        if (c->value.len > VALUE_MAX_BYTES)
            return err_set(ec, ERR_LIMIT, "object '%.*s': %zu bytes, at most %u", SLICE_FMT(c->id),
                           c->value.len, VALUE_MAX_BYTES);
    }
    return ERR_OK;
}

enum err trie_update(const struct trie_ref *before, struct trie_change *changes, size_t count,
                     const struct trie_io *io, struct trie_ref *out_after, struct errctx *ec)
{
    if (count > 0)
        qsort(changes, count, sizeof(*changes), compare_changes);
    enum err err = check_changes(changes, count, ec);
    if (err != ERR_OK || count == 0) {
        if (err == ERR_OK)
            *out_after = *before;
        return err;
    }
    struct span all = {.changes = changes, .count = count};
    struct trie_path top = {0};
    struct subtree subtree = {0};
    err = update_subtree(io, before, &top, all, &subtree, ec);
    if (err == ERR_OK)
        err = settle(io, &subtree, ec);
    arena_fini(&subtree.arena);
    if (err == ERR_OK)
        *out_after = subtree.ref;
    return err;
}
