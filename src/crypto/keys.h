// SPDX-License-Identifier: Apache-2.0
// Ed25519 keys: identities of nodes, release keys, the fleet root.
#ifndef CRYPTO_KEYS_H
#define CRYPTO_KEYS_H

#include "base/arena.h"
#include "base/err.h"

#define ED25519_PUBLIC_BYTES 32
#define ED25519_SIGNATURE_BYTES 64

/**
 * A private key with its public half.
 * Owner:   signing_key_make or signing_key_parse give one; signing_key_free takes it.
 * Threads: any may sign at once.
 */
struct signing_key;

/** A new key from the kernel's randomness. */
struct signing_key *signing_key_make(void) MUST_USE;

/** From PKCS #8 PEM (unencrypted). Errors: ERR_CORRUPT. */
enum err signing_key_parse(struct slice pem, struct signing_key **out_key, struct errctx *ec)
    MUST_USE;
void signing_key_free(struct signing_key *key);

/** PKCS #8 PEM in `a`; secret. */
struct slice signing_key_pem(struct arena *a, const struct signing_key *key);

/** Borrowed, lives as long as the key. */
const uint8_t *signing_key_public(const struct signing_key *key);

/** RFC 8032 Ed25519 over the bytes. */
void signing_key_sign(const struct signing_key *key, struct slice data,
                      uint8_t out_signature[ED25519_SIGNATURE_BYTES]);

/** Whether the signature (of any length) is one of the key over the bytes. */
bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_BYTES], struct slice data,
                    struct slice signature);

/** The OpenSSL EVP_PKEY behind the key, borrowed; for net/ and crypto/cert.c only. */
void *signing_key_evp(const struct signing_key *key);

#endif
