// SPDX-License-Identifier: Apache-2.0
// Who may read this checker's votes: the nodes that a root lists, by their keys. Loaded by the
// builder thread, read by the main thread.
#ifndef CHECK_READERS_H
#define CHECK_READERS_H

#include "release/objects.h"
#include "release/trie.h"

/** Owner: counted references, by any thread. Unchanged once loaded. */
struct readers;

/**
 * The nodes of a trie, with one reference: `before` itself (NULL at first) where it was made of the
 * same trie. Errors: the source's, ERR_CORRUPT.
 */
enum err readers_load(const struct trie_ref *nodes, const struct chunk_source *source,
                      struct readers *before, struct readers **out, struct errctx *ec) MUST_USE;
struct readers *readers_ref(struct readers *r);
void readers_unref(struct readers *r); /* NULL is fine */

/** Whether a node has the key; of NULL none. */
bool readers_has(const struct readers *r, const uint8_t public_key[ED25519_PUBLIC_BYTES]);

#endif
