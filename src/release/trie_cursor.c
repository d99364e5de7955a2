// SPDX-License-Identifier: Apache-2.0
// A cursor over one trie, and the difference of two. Any thread.
#include "base/check.h"
#include "release/trie_priv.h"

void trie_cursor_init(struct trie_cursor *c, const struct trie_ref *trie,
                      const struct chunk_source *source)
{
    *c = (struct trie_cursor){.source = source, .top = *trie, .is_started = trie->entries == 0};
}

void trie_cursor_fini(struct trie_cursor *c)
{
    while (c->depth > 0)
        arena_fini(&c->frames[--c->depth].arena);
}

static size_t frame_length(const struct trie_frame *f)
{
    return f->chunk.entry_count + f->chunk.child_count; /* one of them is 0 */
}

struct trie_item trie_cursor_peek(struct trie_cursor *c)
{
    if (!c->is_started)
        return (struct trie_item){.kind = TRIE_SUBTREE, .ref = c->top};
    while (c->depth > 0 && c->frames[c->depth - 1].next == frame_length(&c->frames[c->depth - 1]))
        arena_fini(&c->frames[--c->depth].arena);
    if (c->depth == 0)
        return (struct trie_item){.kind = TRIE_END};
    const struct trie_frame *frame = &c->frames[c->depth - 1];
    const struct trie_chunk *chunk = &frame->chunk;
    if (chunk->entry_count > 0) {
        const struct trie_entry *entry = &chunk->entries[frame->next];
        return (struct trie_item){.kind = TRIE_ENTRY,
                                  .path = trie_path_of(&entry->key, TRIE_KEY_NIBBLES),
                                  .entry = entry};
    }
    const struct trie_child *child = &chunk->children[frame->next];
    return (struct trie_item){.kind = TRIE_SUBTREE,
                              .path = trie_path_below(&chunk->prefix, chunk->depth, child->nibble),
                              .ref = child->ref};
}

void trie_cursor_skip(struct trie_cursor *c)
{
    if (c->is_started)
        c->frames[c->depth - 1].next++;
    c->is_started = true;
}

enum err trie_cursor_enter(struct trie_cursor *c, const struct trie_item *item, struct errctx *ec)
{
    CHECK(item->kind == TRIE_SUBTREE && c->depth < ARRAY_LEN(c->frames));
    struct trie_frame frame = {0};
    enum err err = trie_load(&frame.arena, &item->ref, &item->path, c->source, &frame.chunk, ec);
    if (err != ERR_OK) {
        arena_fini(&frame.arena);
        return err;
    }
    trie_cursor_skip(c);
    c->frames[c->depth++] = frame;
    return ERR_OK;
}

/* Negative: `a` lies before all of `b`; positive: behind; 0: one holds the other, or is it. */
static int compare_items(const struct trie_item *a, const struct trie_item *b)
{
    if (a->kind == TRIE_END || b->kind == TRIE_END)
        return (a->kind == TRIE_END) - (b->kind == TRIE_END);
    if (a->kind == TRIE_ENTRY && b->kind == TRIE_ENTRY)
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
    struct trie_cursor before;
    struct trie_cursor after;
    const struct trie_diff_visitor *visitor;
};

/* The item at one cursor has no counterpart in the other trie. */
static enum err step_alone(struct diff *d, bool is_before, const struct trie_item *item,
                           struct errctx *ec)
{
    struct trie_cursor *c = is_before ? &d->before : &d->after;
    if (item->kind == TRIE_SUBTREE)
        return trie_cursor_enter(c, item, ec);
    trie_cursor_skip(c);
    return d->visitor->on_entry(d->visitor->user, is_before ? item->entry : NULL,
                                is_before ? NULL : item->entry, ec);
}

/* Both cursors stand at the same entry, or at subtrees of which one holds the other. */
static enum err step_together(struct diff *d, const struct trie_item *before,
                              const struct trie_item *after, struct errctx *ec)
{
    if (before->kind == TRIE_ENTRY && after->kind == TRIE_ENTRY) {
        trie_cursor_skip(&d->before);
        trie_cursor_skip(&d->after);
        if (entries_are_equal(before->entry, after->entry))
            return ERR_OK;
        return d->visitor->on_entry(d->visitor->user, before->entry, after->entry, ec);
    }
    bool are_both = before->kind == TRIE_SUBTREE && after->kind == TRIE_SUBTREE;
    if (are_both && chunk_hash_equal(&before->ref.chunk, &after->ref.chunk)) {
        trie_cursor_skip(&d->before);
        trie_cursor_skip(&d->after);
        return ERR_OK;
    }
    /* The larger one opens first, so that its parts can meet the smaller one unread. */
    unsigned depth_before = before->path.depth;
    unsigned depth_after = after->path.depth;
    if (before->kind == TRIE_SUBTREE && depth_before <= depth_after) {
        enum err err = trie_cursor_enter(&d->before, before, ec);
        if (err != ERR_OK)
            return err;
    }
    if (after->kind == TRIE_SUBTREE && depth_after <= depth_before)
        return trie_cursor_enter(&d->after, after, ec);
    return ERR_OK;
}

static enum err diff_run(struct diff *d, struct errctx *ec)
{
    for (;;) { /* ends: every step passes over an item or opens a deeper one */
        struct trie_item before = trie_cursor_peek(&d->before);
        struct trie_item after = trie_cursor_peek(&d->after);
        if (before.kind == TRIE_END && after.kind == TRIE_END)
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
    trie_cursor_init(&d.before, before, source);
    trie_cursor_init(&d.after, after, source);
    enum err err = diff_run(&d, ec);
    trie_cursor_fini(&d.before);
    trie_cursor_fini(&d.after);
    return err;
}
