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

enum err local_authority_make(struct arena *a, int64_t now_unix_s, struct slice *out_key_pem,
                              struct slice *out_cert_pem, struct errctx *ec)
{
    AUTO_PKEY *key = p256_make();
    enum err err = certify(a, key, now_unix_s, out_cert_pem, ec);
    if (err == ERR_OK)
        *out_key_pem = openssl_key_pem(a, key);
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

enum err local_authority_issue(struct arena *a, struct slice ca_key_pem, struct slice ca_cert_pem,
                               const struct cert_spec *spec, struct slice *out_key_pem,
                               struct slice *out_cert_pem, struct errctx *ec)
{
    AUTO_PKEY *ca_key = NULL;
    enum err err = openssl_key_parse(ca_key_pem, &ca_key, ec);
    if (err != ERR_OK)
        return err_wrap(ec, "local authority");
    AUTO_PKEY *key = p256_make();
    const struct cert_parties parties = {
        .subject_key = key,
        .issuer_pem = ca_cert_pem,
        .issuer_key = ca_key,
    };
    CHECK(ca_cert_pem.len > 0);
    err = cert_build(a, spec, &parties, out_cert_pem, ec);
    if (err == ERR_OK)
        *out_key_pem = openssl_key_pem(a, key);
    return err;
}
