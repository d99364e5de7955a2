// SPDX-License-Identifier: Apache-2.0
// Chunks by hash: where a trie reads and writes them, and how they travel.
#ifndef RELEASE_CHUNK_H
#define RELEASE_CHUNK_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/hash.h"

/** SHA-256 of a chunk's plain bytes. */
struct chunk_hash {
    uint8_t bytes[SHA256_BYTES];
};

/** The name of these plain bytes. */
struct chunk_hash chunk_hash_of(struct slice plain);
bool chunk_hash_equal(const struct chunk_hash *a, const struct chunk_hash *b);
/** Zero stands for "no chunk". */
bool chunk_hash_is_zero(const struct chunk_hash *h);
/** From the bytes of a message; false when they are not 32. */
bool chunk_hash_from(struct slice bytes, struct chunk_hash *out);

#define CHUNK_MAX_BYTES                                                                            \
    (1u << 20) /* plain; a leaf is at most 16 KiB, a piece of a value 256 KiB                      \
                */
#define CHUNK_LEAF_BYTES (16u << 10) /* design, section 3 */
#define CHUNK_PIECE_BYTES (256u << 10)
#define VALUE_MAX_BYTES (4u << 20)

/**
 * Where chunks come from. `get` gives the plain bytes in `a`, verified against the hash by the
 * source or, where it says so, by the caller. Errors: ERR_NOT_FOUND, ERR_CORRUPT, ERR_IO.
 */
struct chunk_source {
    enum err (*get)(void *user, struct arena *a, const struct chunk_hash *hash,
                    struct slice *out_bytes, struct errctx *ec);
    void *user;
};

/** Where new chunks go; storing one that is there already is fine. Bytes borrowed. */
struct chunk_sink {
    enum err (*put)(void *user, const struct chunk_hash *hash, struct slice bytes,
                    struct errctx *ec);
    void *user;
};

/** zstd frame of the bytes, as it goes over the wire and to disk; in `a`. */
struct slice chunk_pack(struct arena *a, struct slice plain);

/** The plain bytes, checked against the hash. ERR_CORRUPT where they differ or are too large. */
enum err chunk_unpack(struct arena *a, struct slice packed, const struct chunk_hash *expected,
                      struct slice *out_plain, struct errctx *ec) MUST_USE;

#endif
