// SPDX-License-Identifier: Apache-2.0
// What the files about certificates share. Private to crypto/.
#ifndef CRYPTO_CERT_PRIV_H
#define CRYPTO_CERT_PRIV_H

#include "crypto/cert.h"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

/** OU of a release key's certificate; the fleet root gives it to nothing else. */
#define CERT_RELEASE_KEY_UNIT "release-key"

/** Who a certificate is for and who signs it; all borrowed. */
struct cert_parties {
    EVP_PKEY *subject_key;
    struct slice issuer_pem; /* empty: self-signed */
    EVP_PKEY *issuer_key;
};

/** cert_issue over any kind of key. PEM in `a`. Errors: as cert_issue. */
enum err cert_build(struct arena *a, const struct cert_spec *spec,
                    const struct cert_parties *parties, struct slice *out_pem, struct errctx *ec)
    MUST_USE;

/** An alternative name, DNS or IP; the caller frees it. NULL where it is neither. */
GENERAL_NAME *cert_general_name(const char *name);

#endif
