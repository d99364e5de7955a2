// SPDX-License-Identifier: Apache-2.0
// The local authority of the HTTPS listeners: ECDSA P-256 throughout, since not every client of
// the APIs knows Ed25519. Called by control/cert; any thread.

#include "base/check.h"
#include "crypto/cert_priv.h"
#include "crypto/limits.h"
#include "crypto/openssl_priv.h"

static EVP_PKEY *p256_make(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    CHECK(key != NULL);
    return key;
}

static enum err certify(struct arena *a, EVP_PKEY *key, int64_t now_unix_s,
                        struct slice *out_cert_pem, struct errctx *ec)
{
    const struct cert_spec spec = {
        .purpose = CERT_AUTHORITY,
        .common_name = "Weir local authority",
        .now_unix_s = now_unix_s,
        .days = LOCAL_AUTHORITY_DAYS,
    };
    const struct cert_parties parties = {.subject_key = key, .issuer_key = key};
    return cert_build(a, &spec, &parties, out_cert_pem, ec);
}

enum err local_authority_make(struct arena *a, int64_t now_unix_s, struct pem_pair *out_authority,
                              struct errctx *ec)
{
    AUTO_PKEY *key = p256_make();
    struct slice cert_pem = {0};
    enum err err = certify(a, key, now_unix_s, &cert_pem, ec);
    if (err == ERR_OK)
        *out_authority = (struct pem_pair){openssl_key_pem(a, key), cert_pem};
    return err;
}

enum err local_authority_certify(struct arena *a, struct slice key_pem, int64_t now_unix_s,
                                 struct slice *out_cert_pem, struct errctx *ec)
{
    AUTO_PKEY *key = NULL;
    enum err err = openssl_key_parse(key_pem, &key, ec);
    if (err != ERR_OK)
        return err_wrap(ec, "local authority");
    return certify(a, key, now_unix_s, out_cert_pem, ec);
}

enum err local_authority_issue(struct arena *a, const struct pem_pair *authority,
                               const struct cert_spec *spec, struct pem_pair *out_pair,
                               struct errctx *ec)
{
    AUTO_PKEY *authority_key = NULL;
    struct slice cert_pem = {0};
    CHECK(authority->cert_pem.len > 0);
    enum err err = openssl_key_parse(authority->key_pem, &authority_key, ec);
    if (err != ERR_OK)
        return err_wrap(ec, "local authority");
    AUTO_PKEY *key = p256_make();
    const struct cert_parties parties = {
        .subject_key = key,
        .issuer_pem = authority->cert_pem,
        .issuer_key = authority_key,
    };
    err = cert_build(a, spec, &parties, &cert_pem, ec);
    if (err == ERR_OK)
        *out_pair = (struct pem_pair){openssl_key_pem(a, key), cert_pem};
    return err;
}
