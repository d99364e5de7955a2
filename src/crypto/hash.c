// SPDX-License-Identifier: Apache-2.0
// SHA-256 and HMAC over OpenSSL's EVP, with the algorithms fetched once per process: a
// fetch by name costs more than hashing a short text. Called by every room; any thread.

#include "crypto/hash.h"

#include "base/check.h"
#include "crypto/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static EVP_MD *sha256_md; /* set once, then only read */
/* Each has its digest but no key; set once, then only copied. */
static EVP_MAC_CTX *hmac_templates[HMAC_HASH_COUNT];

static EVP_MAC_CTX *make_template(EVP_MAC *hmac, enum hmac_hash hash)
{
    char digests[HMAC_HASH_COUNT][sizeof("SHA512")] = {
        [HMAC_SHA256] = "SHA256", [HMAC_SHA384] = "SHA384", [HMAC_SHA512] = "SHA512"};
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digests[hash], 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
    CHECK(ctx != NULL);
    CHECK(EVP_MAC_CTX_set_params(ctx, params) == 1);
    return ctx;
}

static void fetch_algorithms(void)
{
    sha256_md = EVP_MD_fetch(NULL, "SHA256", NULL);
    CHECK(sha256_md != NULL);
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    CHECK(hmac != NULL);
    for (unsigned hash = 0; hash < HMAC_HASH_COUNT; hash++)
        hmac_templates[hash] = make_template(hmac, (enum hmac_hash)hash);
    EVP_MAC_free(hmac); /* the templates hold it */
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

size_t hmac_bytes(enum hmac_hash hash)
{
    static const size_t bytes[HMAC_HASH_COUNT] = {
        [HMAC_SHA256] = 32, [HMAC_SHA384] = 48, [HMAC_SHA512] = 64};
    return bytes[hash];
}

void hmac_parts(enum hmac_hash hash, struct slice key, const struct slice *parts, size_t count,
                uint8_t out[HMAC_MAX_BYTES])
{
    size_t len = 0;
    need_algorithms();
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_dup(hmac_templates[hash]);
    CHECK(ctx != NULL);
    CHECK(EVP_MAC_init(ctx, slice_bytes(key), key.len, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        CHECK(EVP_MAC_update(ctx, slice_bytes(parts[i]), parts[i].len) == 1);
    CHECK(EVP_MAC_final(ctx, out, &len, hmac_bytes(hash)) == 1);
    CHECK(len == hmac_bytes(hash));
    EVP_MAC_CTX_free(ctx);
}

void hmac_sha256(struct slice key, struct slice data, uint8_t out[SHA256_BYTES])
{
    uint8_t mac[HMAC_MAX_BYTES];
    hmac_parts(HMAC_SHA256, key, &data, 1, mac);
    memcpy(out, mac, SHA256_BYTES);
}

bool constant_time_equal(struct slice a, struct slice b)
{
    return a.len == b.len && CRYPTO_memcmp(slice_bytes(a), slice_bytes(b), a.len) == 0;
}
