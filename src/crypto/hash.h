// SPDX-License-Identifier: Apache-2.0
// SHA-256, HMAC-SHA-256 and comparison in constant time, by OpenSSL.
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

/** Whether the bytes are equal, in time that depends on the lengths alone. */
bool constant_time_equal(struct slice a, struct slice b);

#endif
