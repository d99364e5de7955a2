// SPDX-License-Identifier: Apache-2.0
// SHA-256, HMAC and comparison in constant time, by OpenSSL.
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/slice.h"

#include <stdbool.h>

#define SHA256_BYTES 32
#define SHA256_HEX_SIZE (2 * SHA256_BYTES + 1)

/** FIPS 180-4. Any thread. */
void sha256(struct slice data, uint8_t out[SHA256_BYTES]);

/** Lower-case hex with a NUL. */
void sha256_hex(struct slice data, char out[SHA256_HEX_SIZE]);

/** RFC 2104 over SHA-256; key and data of any length. Any thread. */
void hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_BYTES]);

/** Hashes of hmac_parts. */
enum hmac_hash { HMAC_SHA256, HMAC_SHA384, HMAC_SHA512 };
#define HMAC_HASH_COUNT 3
#define HMAC_MAX_BYTES 64

/** Bytes of what hmac_parts gives: 32, 48 or 64. */
size_t hmac_bytes(enum hmac_hash hash);

/** RFC 2104 over parts that are hashed as if they lay behind one another. Any thread. */
void hmac_parts(enum hmac_hash hash, struct slice key, const struct slice *parts, size_t count,
                uint8_t out[HMAC_MAX_BYTES]);

/** Whether the bytes are equal, in time that depends on the lengths alone. */
bool constant_time_equal(struct slice a, struct slice b);

#endif
