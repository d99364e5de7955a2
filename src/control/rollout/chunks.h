// SPDX-License-Identifier: Apache-2.0
// Chunks of releases in the store: what a compile reads and writes, whether a release is whole,
// and which chunks releases reach. The rollout's thread, or the collector's with its own.
#ifndef CONTROL_ROLLOUT_CHUNKS_H
#define CONTROL_ROLLOUT_CHUNKS_H

#include "base/map.h"
#include "control/compile/compile.h"
#include "control/store/fleet.h"

/**
 * New chunks wait here, packed, until they fill a transaction or are flushed.
 * Owner: whoever called chunk_box_init; embedded by value.
 */
struct chunk_box {
    struct store_conn *conn; /* in no transaction while chunks are put */
    struct map waiting;      /* struct slice of packed bytes, on the heap, by hash */
    size_t waiting_bytes;
    void (*on_flush)(void *user); /* after each full transaction: a long compile goes on */
    void *user;
};
void chunk_box_init(struct chunk_box *b, struct store_conn *conn);
/** What waits is dropped. */
void chunk_box_fini(struct chunk_box *b);

/** Source and sink over the box; valid as long as it is. */
struct compile_chunks chunk_box_chunks(struct chunk_box *b);

/** Writes what waits, in a transaction of its own. Errors: the store's; what waits stays. */
enum err chunk_box_flush(struct chunk_box *b, struct errctx *ec) MUST_USE;

/** Forgets what waits. */
void chunk_box_clear(struct chunk_box *b);

/** Reads chunks of the store, unpacked and verified. */
struct chunk_source store_chunk_source(struct store_conn *conn);

/** Hashes that some release reaches. */
struct chunk_marks {
    struct map hashes;
    const _Atomic bool *is_cancelled; /* NULL: never; a mark then ends with ERR_CLOSED */
};
void chunk_marks_init(struct chunk_marks *m);
void chunk_marks_fini(struct chunk_marks *m);
bool chunk_marks_has(const struct chunk_marks *m, const uint8_t hash[32]);
/**
 * Marks what the release reaches and is not marked yet. Errors: ERR_NOT_FOUND or ERR_CORRUPT where
 * it is not whole.
 */
enum err chunk_marks_add(struct chunk_marks *m, struct store_conn *conn,
                         const struct chunk_hash *root, struct errctx *ec) MUST_USE;

#endif
