// SPDX-License-Identifier: Apache-2.0
// Walking the chunks of a release, a few at a time. Called by the agent on its only thread.
#include "node/tree.h"

#include "base/alloc.h"
#include "base/check.h"
#include "release/root.h"

#include <stdlib.h>

static char seen_mark; /* the map wants values that are not NULL */

static struct slice key_of(const struct chunk_hash *hash)
{
    return slice_of(hash->bytes, sizeof(hash->bytes));
}

void tree_queue_init(struct tree_queue *q, unsigned kinds)
{
    *q = (struct tree_queue){.kinds = kinds};
    map_init(&q->seen);
}

void tree_queue_fini(struct tree_queue *q)
{
    free(q->items);
    map_fini(&q->seen);
    *q = (struct tree_queue){0};
}

/** Room for one more item: the places of those taken out are used again. */
static void make_room(struct tree_queue *q)
{
    if (q->tail < q->capacity)
        return;
    if (q->head > q->capacity / 2) {
        memmove(q->items, q->items + q->head, (q->tail - q->head) * sizeof(*q->items));
        q->tail -= q->head;
        q->head = 0;
        return;
    }
    q->capacity = q->capacity == 0 ? 64 : q->capacity * 2;
    q->items = mem_resize(q->items, q->capacity, sizeof(*q->items));
}

void tree_queue_push(struct tree_queue *q, const struct chunk_hash *hash, enum tree_kind kind)
{
    if (map_get(&q->seen, key_of(hash)) != NULL)
        return;
    (void)map_put(&q->seen, key_of(hash), &seen_mark);
    make_room(q);
    q->items[q->tail++] = (struct tree_item){.hash = *hash, .kind = kind};
}

bool tree_queue_pop(struct tree_queue *q, struct tree_item *out)
{
    if (q->head == q->tail)
        return false;
    *out = q->items[q->head++];
    return true;
}

size_t tree_queue_seen(const struct tree_queue *q)
{
    return q->seen.count;
}

static enum err push_tries(struct tree_queue *q, struct arena *a, struct slice plain,
                           struct errctx *ec)
{
    struct release_root root;
    enum err e = release_root_decode(a, plain, &root, ec);
    if (e != ERR_OK)
        return e;
    for (size_t kind = 0; kind < RELEASE_KIND_COUNT; kind++) {
        if (root.tries[kind].entries > 0 && (q->kinds & RELEASE_KIND_BIT(kind)) != 0)
            tree_queue_push(q, &root.tries[kind].chunk, TREE_TRIE);
    }
    return ERR_OK;
}

static enum err push_below(struct tree_queue *q, struct arena *a, struct slice plain,
                           struct errctx *ec)
{
    struct trie_chunk chunk;
    enum err e = trie_chunk_decode(a, plain, &chunk, ec);
    if (e != ERR_OK)
        return e;
    for (size_t i = 0; i < chunk.child_count; i++)
        tree_queue_push(q, &chunk.children[i].ref.chunk, TREE_TRIE);
    for (size_t i = 0; i < chunk.entry_count; i++) {
        for (size_t k = 0; k < chunk.entries[i].piece_count; k++)
            tree_queue_push(q, &chunk.entries[i].pieces[k], TREE_PIECE);
    }
    return ERR_OK;
}

enum err tree_queue_push_children(struct tree_queue *q, enum tree_kind kind, struct slice plain,
                                  struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    switch (kind) {
    case TREE_ROOT:
        return push_tries(q, &a, plain, ec);
    case TREE_TRIE:
        return push_below(q, &a, plain, ec);
    case TREE_PIECE:
        return ERR_OK;
    }
    CHECK_MSG(false, "no such kind of chunk: %d", (int)kind);
    return ERR_INTERNAL;
}

enum err tree_verify(const struct chunk_hash *root, unsigned kinds,
                     const struct chunk_source *source, struct errctx *ec)
{
    struct tree_queue q;
    struct tree_item item;
    enum err e = ERR_OK;
    bool decodes = true;
    tree_queue_init(&q, kinds);
    tree_queue_push(&q, root, TREE_ROOT);
    while (e == ERR_OK && decodes && tree_queue_pop(&q, &item)) {
        AUTO_ARENA struct arena a = {0};
        struct slice plain;
        e = source->get(source->user, &a, &item.hash, &plain, ec);
        if (e == ERR_OK)
            decodes = tree_queue_push_children(&q, item.kind, plain, NULL) == ERR_OK;
    }
    tree_queue_fini(&q);
    return e;
}
