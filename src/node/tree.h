// SPDX-License-Identifier: Apache-2.0
// The chunks of a release as a graph to be walked a few at a time: the agent's fetch walks it while
// chunks arrive, the collector while it looks for what is still needed. (release_walk does the
// same in one go, for callers that may block.)
#ifndef NODE_TREE_H
#define NODE_TREE_H

#include "base/map.h"
#include "release/chunk.h"

#include <stdbool.h>

enum tree_kind {
    TREE_ROOT,  /* a release's root */
    TREE_TRIE,  /* a chunk of a trie */
    TREE_PIECE, /* a piece of a large value: names no further chunks */
};

struct tree_item {
    struct chunk_hash hash;
    enum tree_kind kind;
};

/**
 * Chunks still to be visited, each once, first in first out.
 * Owner: embedded by value, tree_queue_init. Threads: one at a time.
 */
struct tree_queue {
    struct tree_item *items;
    size_t head; /* items [head, tail) wait */
    size_t tail;
    size_t capacity;
    struct map seen; /* hash -> not NULL, of everything that was ever put in */
    unsigned kinds;  /* bits: of a root, the tries that are walked */
};

void tree_queue_init(struct tree_queue *q, unsigned kinds);
void tree_queue_fini(struct tree_queue *q);

/** Puts a chunk in, unless it was in before. */
void tree_queue_push(struct tree_queue *q, const struct chunk_hash *hash, enum tree_kind kind);
/** Takes the next chunk out; false when none waits. */
bool tree_queue_pop(struct tree_queue *q, struct tree_item *out);
/** How many chunks were put in so far. */
size_t tree_queue_seen(const struct tree_queue *q);

/**
 * Pushes every chunk that this one names and that belongs to the kinds. `plain`: its bytes, of the
 * right hash. Errors: ERR_CORRUPT where they are no chunk of the kind; ERR_UNSUPPORTED for a root
 * of another format.
 */
enum err tree_queue_push_children(struct tree_queue *q, enum tree_kind kind, struct slice plain,
                                  struct errctx *ec) MUST_USE;

/**
 * Reads every chunk of these kinds below a root, blocking. Errors: the source's alone; chunks that
 * are as they were signed and yet do not decode are no fault of the disk, and end it with ERR_OK.
 */
enum err tree_verify(const struct chunk_hash *root, unsigned kinds,
                     const struct chunk_source *source, struct errctx *ec) MUST_USE;

#endif
