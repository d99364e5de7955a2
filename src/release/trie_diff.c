// SPDX-License-Identifier: Apache-2.0
// The difference of two tries, by a cursor over each in key order. Any thread.
#include "base/check.h"
#include "release/trie_priv.h"

enum item_kind { ITEM_END, ITEM_ENTRY, ITEM_SUBTREE };

/** What a cursor stands at. A subtree is not read until it is entered. */
struct item {
    enum item_kind kind;
    struct trie_path path;          /* of an entry: its whole key */
    const struct trie_entry *entry; /* lives until the next cursor_peek */
    struct trie_ref ref;
};

/** A decoded chunk on the cursor's way, and how far it is read. */
struct frame {
    struct arena arena;
    struct trie_chunk chunk;
    size_t next;
};

/**
 * Walks a trie in (key, id) order and may pass over whole subtrees.
 * Owner: cursor_init, cursor_fini. One thread.
 */
struct cursor {
    const struct chunk_source *source;
    struct trie_ref top;
    bool is_started; /* the top was entered or passed over */
    size_t depth;    /* frames in use */
    struct frame frames[TRIE_KEY_NIBBLES + 1];
};

static void cursor_init(struct cursor *c, const struct trie_ref *trie,
                        const struct chunk_source *source)
{
    *c = (struct cursor){.source = source, .top = *trie, .is_started = trie->entries == 0};
}

static void cursor_fini(struct cursor *c)
{
    while (c->depth > 0)
        arena_fini(&c->frames[--c->depth].arena);
}

static size_t frame_length(const struct frame *f)
{
    return f->chunk.entry_count + f->chunk.child_count; /* one of them is 0 */
}

static struct item cursor_peek(struct cursor *c)
{
    if (!c->is_started)
        return (struct item){.kind = ITEM_SUBTREE, .ref = c->top};
    while (c->depth > 0 && c->frames[c->depth - 1].next == frame_length(&c->frames[c->depth - 1]))
        arena_fini(&c->frames[--c->depth].arena);
    if (c->depth == 0)
        return (struct item){.kind = ITEM_END};
    const struct frame *frame = &c->frames[c->depth - 1];
    const struct trie_chunk *chunk = &frame->chunk;
    if (chunk->entry_count > 0) {
        const struct trie_entry *entry = &chunk->entries[frame->next];
        return (struct item){.kind = ITEM_ENTRY,
                             .path = trie_path_of(&entry->key, TRIE_KEY_NIBBLES),
                             .entry = entry};
    }
    const struct trie_child *child = &chunk->children[frame->next];
    return (struct item){.kind = ITEM_SUBTREE,
                         .path = trie_path_below(&chunk->prefix, chunk->depth, child->nibble),
                         .ref = child->ref};
}

/* Passes over the entry or subtree at the cursor. */
static void cursor_skip(struct cursor *c)
{
    if (c->is_started)
        c->frames[c->depth - 1].next++;
    c->is_started = true;
}

/* Goes into the subtree at the cursor, which `item` describes. */
static enum err cursor_enter(struct cursor *c, const struct item *item, struct errctx *ec)
{
    CHECK(item->kind == ITEM_SUBTREE && c->depth < ARRAY_LEN(c->frames));
    struct frame frame = {0};
    enum err err = trie_load(&frame.arena, &item->ref, &item->path, c->source, &frame.chunk, ec);
    if (err != ERR_OK) {
        arena_fini(&frame.arena);
        return err;
    }
    cursor_skip(c);
    c->frames[c->depth++] = frame;
    return ERR_OK;
}

/* Negative: `a` lies before all of `b`; positive: behind; 0: one holds the other, or is it. */
static int compare_items(const struct item *a, const struct item *b)
{
    if (a->kind == ITEM_END || b->kind == ITEM_END)
        return (a->kind == ITEM_END) - (b->kind == ITEM_END);
    if (a->kind == ITEM_ENTRY && b->kind == ITEM_ENTRY)
        return trie_compare(&a->entry->key, a->entry->id, &b->entry->key, b->entry->id);
    unsigned depth = a->path.depth < b->path.depth ? a->path.depth : b->path.depth;
    unsigned shared = trie_shared_nibbles(&a->path.prefix, &b->path.prefix, depth);
    if (shared == depth)
        return 0;
    return (int)trie_nibble(&a->path.prefix, shared) - (int)trie_nibble(&b->path.prefix, shared);
}

static bool entries_are_equal(const struct trie_entry *a, const struct trie_entry *b)
{
    return slice_equal(a->value, b->value) && a->size_bytes == b->size_bytes &&
           a->piece_count == b->piece_count &&
           (a->piece_count == 0 ||
            memcmp(a->pieces, b->pieces, a->piece_count * sizeof(*a->pieces)) == 0);
}

/** The two walks and who hears of differences. */
struct diff {
    struct cursor before;
    struct cursor after;
    const struct trie_diff_visitor *visitor;
};

/* The item at one cursor has no counterpart in the other trie. */
static enum err step_alone(struct diff *d, bool is_before, const struct item *item,
                           struct errctx *ec)
{
    struct cursor *c = is_before ? &d->before : &d->after;
    if (item->kind == ITEM_SUBTREE)
        return cursor_enter(c, item, ec);
    cursor_skip(c);
    return d->visitor->on_entry(d->visitor->user, is_before ? item->entry : NULL,
                                is_before ? NULL : item->entry, ec);
}

/* Both cursors stand at the same entry, or at subtrees of which one holds the other. */
static enum err step_together(struct diff *d, const struct item *before, const struct item *after,
                              struct errctx *ec)
{
    if (before->kind == ITEM_ENTRY && after->kind == ITEM_ENTRY) {
        cursor_skip(&d->before);
        cursor_skip(&d->after);
        if (entries_are_equal(before->entry, after->entry))
            return ERR_OK;
        return d->visitor->on_entry(d->visitor->user, before->entry, after->entry, ec);
    }
    bool are_both = before->kind == ITEM_SUBTREE && after->kind == ITEM_SUBTREE;
    if (are_both && chunk_hash_equal(&before->ref.chunk, &after->ref.chunk)) {
        cursor_skip(&d->before);
        cursor_skip(&d->after);
        return ERR_OK;
    }
    /* The larger one opens first, so that its parts can meet the smaller one unread. */
    unsigned depth_before = before->path.depth;
    unsigned depth_after = after->path.depth;
    if (before->kind == ITEM_SUBTREE && depth_before <= depth_after) {
        enum err err = cursor_enter(&d->before, before, ec);
        if (err != ERR_OK)
            return err;
    }
    if (after->kind == ITEM_SUBTREE && depth_after <= depth_before)
        return cursor_enter(&d->after, after, ec);
    return ERR_OK;
}

static enum err diff_run(struct diff *d, struct errctx *ec)
{
    for (;;) { /* ends: every step passes over an item or opens a deeper one */
        struct item before = cursor_peek(&d->before);
        struct item after = cursor_peek(&d->after);
        if (before.kind == ITEM_END && after.kind == ITEM_END)
            return ERR_OK;
        int order = compare_items(&before, &after);
        enum err err = order == 0 ? step_together(d, &before, &after, ec)
                                  : step_alone(d, order < 0, order < 0 ? &before : &after, ec);
        if (err != ERR_OK)
            return err;
    }
}

enum err trie_diff(const struct trie_ref *before, const struct trie_ref *after,
                   const struct chunk_source *source, const struct trie_diff_visitor *visitor,
                   struct errctx *ec)
{
    struct diff d = {.visitor = visitor};
    cursor_init(&d.before, before, source);
    cursor_init(&d.after, after, source);
    enum err err = diff_run(&d, ec);
    cursor_fini(&d.before);
    cursor_fini(&d.after);
    return err;
}
