// SPDX-License-Identifier: Apache-2.0
// Sealing: authenticated encryption of secrets at rest (AES-256-GCM, fresh 96-bit nonce each).
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/arena.h"
#include "base/err.h"

#define SEAL_KEY_BYTES 32

struct seal_key {
    uint8_t bytes[SEAL_KEY_BYTES];
    uint32_t version; /* written into each sealed text, so that keys can be rotated */
};

/**
 * Seals `plain`; `context` (e.g. "access-key/AKIA...") is authenticated, not stored: opening needs
 * the same, so a sealed text cannot be moved to another row. The result lives in `a`.
 */
struct slice seal(struct arena *a, const struct seal_key *key, struct slice context,
                  struct slice plain);

/**
 * Opens what seal() made. Errors: ERR_DENIED for another key version, another context or changed
 * bytes; ERR_CORRUPT where it is too short to be a sealed text.
 */
enum err seal_open(struct arena *a, const struct seal_key *key, struct slice context,
                   struct slice sealed, struct slice *out_plain, struct errctx *ec) MUST_USE;

/** Overwrites secret bytes in a way that the compiler keeps. */
void secret_wipe(void *secret, size_t size);

/** The same for memory of the caller's that it holds as a slice; empty is fine. */
void secret_wipe_slice(struct slice secret);

#endif
