// SPDX-License-Identifier: Apache-2.0
// PEM in and out and OpenSSL's error queue, for the other files of this room; any thread.

#include "crypto/openssl_priv.h"

#include "base/check.h"
#include "crypto/limits.h"

#include <openssl/err.h>
#include <openssl/pem.h>

enum err openssl_err(struct errctx *ec, enum err code, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    if (reason == NULL)
        return err_set(ec, code, "%s", what);
    return err_set(ec, code, "%s: %s", what, reason);
}

/** Encrypted PEM is refused: without this OpenSSL would ask for the password on the terminal. */
static int no_password(char *out, int size, int is_writing, void *arg)
{
    (void)out;
    (void)size;
    (void)is_writing;
    (void)arg;
    return -1;
}

static BIO *open_pem(struct slice pem)
{
    if (pem.len > PEM_LIMIT_BYTES)
        return NULL;
    BIO *in = BIO_new_mem_buf(slice_bytes(pem), (int)pem.len);
    CHECK(in != NULL);
    return in;
}

static struct slice copy_of_bio(struct arena *a, BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    CHECK(len > 0);
    return arena_copy(a, slice_of(data, (size_t)len));
}

enum err openssl_key_parse(struct slice pem, EVP_PKEY **out_key, struct errctx *ec)
{
    AUTO_BIO *in = open_pem(pem);
    if (in == NULL)
        return err_set(ec, ERR_CORRUPT, "private key: longer than %d bytes", PEM_LIMIT_BYTES);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
    if (key == NULL)
        return openssl_err(ec, ERR_CORRUPT, "private key");
    *out_key = key;
    return ERR_OK;
}

struct slice openssl_key_pem(struct arena *a, const EVP_PKEY *key)
{
    AUTO_BIO *out = BIO_new(BIO_s_mem());
    CHECK(out != NULL);
    CHECK(PEM_write_bio_PKCS8PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1);
    return copy_of_bio(a, out);
}

enum err openssl_cert_parse(struct slice pem, X509 **out_cert, struct errctx *ec)
{
    AUTO_BIO *in = open_pem(pem);
    if (in == NULL)
        return err_set(ec, ERR_CORRUPT, "certificate: longer than %d bytes", PEM_LIMIT_BYTES);
    X509 *cert = PEM_read_bio_X509(in, NULL, no_password, NULL);
    if (cert == NULL)
        return openssl_err(ec, ERR_CORRUPT, "certificate");
    *out_cert = cert;
    return ERR_OK;
}

struct slice openssl_cert_pem(struct arena *a, X509 *cert)
{
    AUTO_BIO *out = BIO_new(BIO_s_mem());
    CHECK(out != NULL);
    CHECK(PEM_write_bio_X509(out, cert) == 1);
    return copy_of_bio(a, out);
}
