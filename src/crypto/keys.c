// SPDX-License-Identifier: Apache-2.0
// Ed25519 keys over OpenSSL's EVP. Called by node identities, the fleet root and releases; any
// thread.

#include "crypto/keys.h"

#include "base/alloc.h"
#include "base/check.h"
#include "crypto/openssl_priv.h"

#include <openssl/err.h>

struct signing_key {
    EVP_PKEY *evp; /* owned */
    uint8_t public_bytes[ED25519_PUBLIC_BYTES];
};

static struct signing_key *key_around(EVP_PKEY *evp)
{
    struct signing_key *key = NEW(struct signing_key);
    size_t len = sizeof(key->public_bytes);
    key->evp = evp;
    CHECK(EVP_PKEY_get_raw_public_key(evp, key->public_bytes, &len) == 1);
    CHECK(len == ED25519_PUBLIC_BYTES);
    return key;
}

struct signing_key *signing_key_make(void)
{
    EVP_PKEY *evp = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    CHECK(evp != NULL);
    return key_around(evp);
}

enum err signing_key_parse(struct slice pem, struct signing_key **out_key, struct errctx *ec)
{
    EVP_PKEY *evp = NULL;
    enum err err = openssl_key_parse(pem, &evp, ec);
    if (err != ERR_OK)
        return err;
    if (EVP_PKEY_get_base_id(evp) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(evp);
        return err_set(ec, ERR_CORRUPT, "private key: not an Ed25519 key");
    }
    *out_key = key_around(evp);
    return ERR_OK;
}

void signing_key_free(struct signing_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->evp); /* wipes the secret */
    mem_cleanup(&key);
}

struct slice signing_key_pem(struct arena *a, const struct signing_key *key)
{
    return openssl_key_pem(a, key->evp);
}

const uint8_t *signing_key_public(const struct signing_key *key)
{
    return key->public_bytes;
}

void signing_key_sign(const struct signing_key *key, struct slice data,
                      uint8_t out_signature[ED25519_SIGNATURE_BYTES])
{
    size_t len = ED25519_SIGNATURE_BYTES;
    AUTO_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx != NULL);
    CHECK(EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key->evp, NULL) == 1);
    CHECK(EVP_DigestSign(ctx, out_signature, &len, slice_bytes(data), data.len) == 1);
    CHECK(len == ED25519_SIGNATURE_BYTES);
}

bool ed25519_verify(const uint8_t public_key[ED25519_PUBLIC_BYTES], struct slice data,
                    struct slice signature)
{
    if (signature.len != ED25519_SIGNATURE_BYTES)
        return false;
    AUTO_PKEY *evp =
        EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, ED25519_PUBLIC_BYTES);
    AUTO_MD_CTX *ctx = EVP_MD_CTX_new();
    CHECK(ctx != NULL);
    bool is_valid =
        evp != NULL && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, evp, NULL) == 1 &&
        EVP_DigestVerify(ctx, signature.data, signature.len, slice_bytes(data), data.len) == 1;
    if (!is_valid)
        ERR_clear_error();
    return is_valid;
}

void *signing_key_evp(const struct signing_key *key)
{
    return key->evp;
}
