// SPDX-License-Identifier: Apache-2.0
// SHA-256 and HMAC-SHA-256 over OpenSSL's EVP, with the algorithms fetched once per process: a
// fetch by name costs more than hashing a short text. Called by every room; any thread.

#include "crypto/hash.h"

#include "base/check.h"
#include "crypto/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256_md;          /* set once, then only read */
static EVP_MAC_CTX *hmac_template; /* has its digest but no key; set once, then only copied */

static void fetch_algorithms(void)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(sha256_md != NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    CHECK(hmac != NULL);
    hmac_template = EVP_MAC_CTX_new(hmac);
    CHECK(hmac_template != NULL);
    CHECK(EVP_MAC_CTX_set_params(hmac_template, params) == 1);
    EVP_MAC_free(hmac); /* the template holds it */
}

static void need_algorithms(void)
{
    CHECK(pthread_once(&once, fetch_algorithms) == 0);
}

void sha256(struct slice data, uint8_t out[SHA256_BYTES])
{
    need_algorithms();
    CHECK(EVP_Digest(slice_bytes(data), data.len, out, NULL, sha256_md, NULL) == 1);
}

void sha256_hex(struct slice data, char out[SHA256_HEX_SIZE])
{
    uint8_t digest[SHA256_BYTES];
    sha256(data, digest);
    slice_hex(slice_of(digest, sizeof(digest)), out);
}

void hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_BYTES])
{
    size_t len = 0;
    need_algorithms();
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(hmac_template);
    CHECK(ctx != NULL);
    CHECK(EVP_MAC_init(ctx, slice_bytes(key), key.len, NULL) == 1);
    CHECK(EVP_MAC_update(ctx, slice_bytes(data), data.len) == 1);
    CHECK(EVP_MAC_final(ctx, out, &len, SHA256_BYTES) == 1);
    CHECK(len == SHA256_BYTES);
    EVP_MAC_CTX_free(ctx);
}

bool constant_time_equal(struct slice a, struct slice b)
{
    return a.len == b.len && CRYPTO_memcmp(slice_bytes(a), slice_bytes(b), a.len) == 0;
}
