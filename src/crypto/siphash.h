// SPDX-License-Identifier: Apache-2.0
// SipHash-2-4 (Aumasson and Bernstein, 2012), the keyed hash of DNS server cookies. Our own because
// it is called for every query with a cookie, and OpenSSL's allocates for each call.
#ifndef CRYPTO_SIPHASH_H
#define CRYPTO_SIPHASH_H

#include "base/slice.h"

#define SIPHASH_KEY_BYTES 16
#define SIPHASH_BYTES 8

/** The 64-bit SipHash-2-4 of the data, bytes as the paper orders them. Any thread. */
void siphash_2_4(const uint8_t key[SIPHASH_KEY_BYTES], struct slice data,
                 uint8_t out[SIPHASH_BYTES]);

#endif
