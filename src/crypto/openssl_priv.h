// SPDX-License-Identifier: Apache-2.0
// What the files of this room share about OpenSSL: cleanup attributes, PEM in and out, and its
// error queue turned into a struct errctx. Private to crypto/.
#ifndef CRYPTO_OPENSSL_PRIV_H
#define CRYPTO_OPENSSL_PRIV_H

#include "base/arena.h"
#include "base/err.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static inline void bio_cleanup(BIO **bio)
{
    BIO_free(*bio);
}

static inline void pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static inline void md_ctx_cleanup(EVP_MD_CTX **ctx)
{
    EVP_MD_CTX_free(*ctx);
}

static inline void cipher_ctx_cleanup(EVP_CIPHER_CTX **ctx)
{
    EVP_CIPHER_CTX_free(*ctx);
}

static inline void x509_cleanup(X509 **cert)
{
    X509_free(*cert);
}

#define AUTO_BIO CLEANUP(bio_cleanup) BIO
#define AUTO_PKEY CLEANUP(pkey_cleanup) EVP_PKEY
#define AUTO_MD_CTX CLEANUP(md_ctx_cleanup) EVP_MD_CTX
#define AUTO_CIPHER_CTX CLEANUP(cipher_ctx_cleanup) EVP_CIPHER_CTX
#define AUTO_X509 CLEANUP(x509_cleanup) X509

/** The slice's bytes, never NULL: OpenSSL reads a NULL as "no argument". */
static inline const uint8_t *slice_bytes(struct slice s)
{
    return s.data == NULL ? (const uint8_t *)"" : s.data;
}

/**
 * Starts a context "<what>: <OpenSSL's newest reason>", empties OpenSSL's queue of this thread (a
 * rest in it would be taken for a failure of the next TLS call), returns `code`.
 */
enum err openssl_err(struct errctx *ec, enum err code, const char *what);

/** A private key from PKCS #8 PEM without password; the caller frees it. Errors: ERR_CORRUPT. */
enum err openssl_key_parse(struct slice pem, EVP_PKEY **out_key, struct errctx *ec) MUST_USE;

/** PKCS #8 PEM in `a`. */
struct slice openssl_key_pem(struct arena *a, const EVP_PKEY *key);

/** The first certificate of a PEM text; the caller frees it. Errors: ERR_CORRUPT. */
enum err openssl_cert_parse(struct slice pem, X509 **out_cert, struct errctx *ec) MUST_USE;

/** PEM in `a`. */
struct slice openssl_cert_pem(struct arena *a, X509 *cert);

#endif
