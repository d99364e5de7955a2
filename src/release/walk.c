// SPDX-License-Identifier: Apache-2.0
// Every chunk of a release, parents before children: what the agent fetches and what the sweep
// of old chunks keeps. Any thread.
#include "base/alloc.h"
#include "base/check.h"
#include "release/root.h"
#include "release/trie_priv.h"

/** A subtree that is still to be visited. */
struct pending {
    struct trie_ref ref;
    struct trie_path path;
};

/* Each chunk on the way down leaves at most its children, and each kind one path of them. */
#define PENDING_MAX ((size_t)RELEASE_KIND_COUNT * (TRIE_KEY_NIBBLES + 1) * TRIE_FAN_OUT)

struct walk {
    const struct chunk_source *source;
    const struct release_walk_visitor *visitor;
    struct arena arena; /* of the chunk at hand */
    size_t pending_count;
    struct pending pending[PENDING_MAX];
};

static void push(struct walk *w, const struct trie_ref *ref, const struct trie_path *path)
{
    CHECK(w->pending_count < PENDING_MAX);
    w->pending[w->pending_count++] = (struct pending){.ref = *ref, .path = *path};
}

static enum err visit_root(struct walk *w, const struct chunk_hash *hash, struct errctx *ec)
{
    bool enter = false;
    enum err err = w->visitor->visit(w->visitor->user, hash, &enter, ec);
    if (err != ERR_OK || !enter)
        return err;
    struct slice bytes;
    struct release_root root;
    err = w->source->get(w->source->user, &w->arena, hash, &bytes, ec);
    if (err == ERR_OK)
        err = release_root_decode(&w->arena, bytes, &root, ec);
    if (err != ERR_OK)
        return err;
    const struct trie_path top = {0};
    for (size_t kind = RELEASE_KIND_COUNT - 1; kind > 0; kind--) {
        if (root.tries[kind].entries > 0)
            push(w, &root.tries[kind], &top);
    }
    return ERR_OK;
}

/* The pieces of a large value hold no names of chunks: visited, never entered. */
static enum err visit_pieces(struct walk *w, const struct trie_entry *entry, struct errctx *ec)
{
    for (size_t i = 0; i < entry->piece_count; i++) {
        bool enter = false;
        enum err err = w->visitor->visit(w->visitor->user, &entry->pieces[i], &enter, ec);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

static enum err visit_subtree(struct walk *w, const struct pending *p, struct errctx *ec)
{
    bool enter = false;
    enum err err = w->visitor->visit(w->visitor->user, &p->ref.chunk, &enter, ec);
    if (err != ERR_OK || !enter)
        return err;
    struct trie_chunk chunk;
    arena_reset(&w->arena);
    err = trie_load(&w->arena, &p->ref, &p->path, w->source, &chunk, ec);
    for (size_t i = 0; err == ERR_OK && i < chunk.entry_count; i++)
        err = visit_pieces(w, &chunk.entries[i], ec);
    for (size_t i = chunk.child_count; err == ERR_OK && i > 0; i--) {
        const struct trie_child *child = &chunk.children[i - 1];
        struct trie_path path = trie_path_below(&chunk.prefix, chunk.depth, child->nibble);
        push(w, &child->ref, &path);
    }
    return err;
}

enum err release_walk(const struct chunk_hash *root, const struct chunk_source *source,
                      const struct release_walk_visitor *visitor, struct errctx *ec)
{
    AUTO_FREE struct walk *w = NEW(struct walk);
    w->source = source;
    w->visitor = visitor;
    enum err err = visit_root(w, root, ec);
    while (err == ERR_OK && w->pending_count > 0) {
        struct pending next = w->pending[--w->pending_count];
        err = visit_subtree(w, &next, ec);
    }
    arena_fini(&w->arena);
    return err;
}
