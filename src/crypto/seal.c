// SPDX-License-Identifier: Apache-2.0
// AES-256-GCM sealing of secrets at rest. Called by control for the secrets of its store; any
// thread.
//
// A sealed text:  key version, 4 bytes big-endian | nonce, 12 | ciphertext, as long as the plain
// text | tag, 16. Authenticated besides: the version, then the context. The version's length is
// fixed, so no version and context can be read as another pair.

#include "crypto/seal.h"

#include "base/check.h"
#include "base/random.h"
#include "crypto/limits.h"
#include "crypto/openssl_priv.h"

#include <openssl/crypto.h>

#define VERSION_BYTES 4
#define NONCE_BYTES 12 /* NIST SP 800-38D section 8.2: 96 bits */
#define TAG_BYTES 16
#define OVERHEAD_BYTES (VERSION_BYTES + NONCE_BYTES + TAG_BYTES)

static void write_version(uint8_t out[VERSION_BYTES], uint32_t version)
{
    for (unsigned i = 0; i < VERSION_BYTES; i++)
        out[i] = (uint8_t)(version >> (24 - 8 * i));
}

static uint32_t read_version(const uint8_t in[VERSION_BYTES])
{
    uint32_t version = 0;
    for (unsigned i = 0; i < VERSION_BYTES; i++)
        version = version << 8 | in[i];
    return version;
}

/** Feeds bytes through the cipher; `out` NULL: they are only authenticated. */
static void cipher_feed(EVP_CIPHER_CTX *ctx, uint8_t *out, struct slice in)
{
    int len = 0;
    if (in.len == 0)
        return; /* OpenSSL reads an empty update of GCM as its end */
    CHECK(in.len <= SEAL_PLAIN_LIMIT_BYTES);
    CHECK(EVP_CipherUpdate(ctx, out, &len, in.data, (int)in.len) == 1);
    CHECK((size_t)len == in.len);
}

/** A context that has its key and nonce and has authenticated the version and the context. */
static EVP_CIPHER_CTX *cipher_start(const struct seal_key *key, const uint8_t *header,
                                    struct slice context, bool is_sealing)
{
    CHECK(context.len <= SEAL_CONTEXT_LIMIT_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    CHECK(ctx != NULL);
    CHECK(EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), key->bytes, header + VERSION_BYTES,
                             is_sealing ? 1 : 0, NULL) == 1);
    cipher_feed(ctx, NULL, slice_of(header, VERSION_BYTES));
    cipher_feed(ctx, NULL, context);
    return ctx;
}

struct slice seal(struct arena *a, const struct seal_key *key, struct slice context,
                  struct slice plain)
{
    int len = 0;
    CHECK(plain.len <= SEAL_PLAIN_LIMIT_BYTES);
    uint8_t *out = arena_alloc(a, OVERHEAD_BYTES + plain.len);
    uint8_t *body = out + VERSION_BYTES + NONCE_BYTES;
    write_version(out, key->version);
    random_bytes(out + VERSION_BYTES, NONCE_BYTES);
    AUTO_CIPHER_CTX *ctx = cipher_start(key, out, context, true);
    cipher_feed(ctx, body, plain);
    CHECK(EVP_CipherFinal_ex(ctx, body + plain.len, &len) == 1 && len == 0);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_BYTES, body + plain.len) == 1);
    return slice_of(out, OVERHEAD_BYTES + plain.len);
}

enum err seal_open(struct arena *a, const struct seal_key *key, struct slice context,
                   struct slice sealed, struct slice *out_plain, struct errctx *ec)
{
    uint8_t tag[TAG_BYTES];
    int len = 0;
    if (sealed.len < OVERHEAD_BYTES)
        return err_set(ec, ERR_CORRUPT, "sealed text of %zu bytes: too short", sealed.len);
    size_t plain_len = sealed.len - OVERHEAD_BYTES;
    if (plain_len > SEAL_PLAIN_LIMIT_BYTES)
        return err_set(ec, ERR_CORRUPT, "sealed text of %zu bytes: too long", sealed.len);
    if (read_version(sealed.data) != key->version)
        return err_set(ec, ERR_DENIED, "sealed with version %u of the key, this is version %u",
                       read_version(sealed.data), key->version);

    const uint8_t *body = sealed.data + VERSION_BYTES + NONCE_BYTES;
    uint8_t *plain = arena_alloc(a, plain_len + 1); /* with a NUL, as arena_copy would */
    AUTO_CIPHER_CTX *ctx = cipher_start(key, sealed.data, context, false);
    cipher_feed(ctx, plain, slice_of(body, plain_len));
    memcpy(tag, body + plain_len, TAG_BYTES);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, tag) == 1);
    if (EVP_CipherFinal_ex(ctx, plain + plain_len, &len) != 1) {
        secret_wipe(plain, plain_len); /* unauthenticated bytes are nobody's to read */
        return openssl_err(ec, ERR_DENIED, "sealed text: another key or context, or changed");
    }
    *out_plain = slice_of(plain, plain_len);
    return ERR_OK;
}

void secret_wipe(void *secret, size_t size)
{
    OPENSSL_cleanse(secret, size);
}

void secret_wipe_slice(struct slice secret)
{
    uint8_t *bytes;
    memcpy(&bytes, &secret.data, sizeof(bytes));
    if (secret.len > 0)
        secret_wipe(bytes, secret.len);
}
