// SPDX-License-Identifier: Apache-2.0
// X.509 certificates that Weir makes and checks itself: the fleet root and what it certifies
// (release keys, control's node listener), the nodes' self-signed identities, and the local
// authority of the HTTPS listeners. Ed25519 inside the fleet; ECDSA P-256 towards clients of the
// APIs, because not every client knows Ed25519.
#ifndef CRYPTO_CERT_H
#define CRYPTO_CERT_H

#include "crypto/keys.h"

#include <stdbool.h>

/** What a certificate made by us may be used for; written as extended key usage or CA flag. */
enum cert_purpose {
    CERT_AUTHORITY,   /* CA:TRUE, signs others */
    CERT_TLS_SERVER,  /* serverAuth */
    CERT_TLS_PEER,    /* serverAuth and clientAuth: a node's identity */
    CERT_RELEASE_KEY, /* no TLS use; OU=release-key */
};

struct cert_spec {
    enum cert_purpose purpose;
    const char *common_name;
    const char *const *alt_names; /* DNS names or IP literals (no brackets), alt_count of them */
    size_t alt_count;
    int64_t now_unix_s; /* notBefore is an hour earlier */
    uint32_t days;      /* of validity */
};

/** An authority of the fleet; both borrowed. */
struct cert_issuer {
    struct slice cert_pem;
    const struct signing_key *key;
};

/**
 * A certificate for an Ed25519 key, signed by the issuer (NULL: self-signed). PEM in `a`.
 * Errors: ERR_CORRUPT for a bad issuer, ERR_INVALID for a common name (1..64 characters) or an
 * alternative name that none can be, ERR_LIMIT for too many of them.
 */
enum err cert_issue(struct arena *a, const struct cert_spec *spec,
                    const struct signing_key *subject, const struct cert_issuer *issuer,
                    struct slice *out_pem, struct errctx *ec) MUST_USE;

/** Public half of an Ed25519 certificate. Errors: ERR_CORRUPT, ERR_UNSUPPORTED (another type). */
enum err cert_public_key(struct slice pem, uint8_t out_public[ED25519_PUBLIC_BYTES],
                         struct errctx *ec) MUST_USE;

/**
 * Whether `pem` is certified for `purpose` by the authority at `now`, directly; an authority is
 * certified by itself. Errors: ERR_DENIED with the reason (expired, other issuer, wrong use),
 * ERR_CORRUPT.
 */
enum err cert_verify(struct slice pem, struct slice authority_pem, enum cert_purpose purpose,
                     int64_t now_unix_s, struct errctx *ec) MUST_USE;

/** End of the validity, Unix time. Errors: ERR_CORRUPT. */
enum err cert_not_after(struct slice pem, int64_t *out_unix_s, struct errctx *ec) MUST_USE;

/** Whether the alternative names are these, in any order. The list holds no name twice. */
bool cert_has_alt_names(struct slice pem, const char *const *alt_names, size_t alt_count);

/** Whether the certificate is of the private key (PKCS #8 PEM, any type); false where either is
 * bad. */
bool cert_matches_key(struct slice cert_pem, struct slice key_pem);

/** A private key (PKCS #8) and its certificate. */
struct pem_pair {
    struct slice key_pem; /* secret */
    struct slice cert_pem;
};

/**
 * A local authority (ECDSA P-256) for clients, PEM in `a`.
 * Errors: as cert_issue.
 */
enum err local_authority_make(struct arena *a, int64_t now_unix_s, struct pem_pair *out_authority,
                              struct errctx *ec) MUST_USE;

/**
 * Another certificate for a local authority that has lost its own: who trusts the old one trusts
 * what the new one issues. Errors: ERR_CORRUPT for a bad key.
 */
enum err local_authority_certify(struct arena *a, struct slice key_pem, int64_t now_unix_s,
                                 struct slice *out_cert_pem, struct errctx *ec) MUST_USE;

/**
 * A certificate of the local authority, with an ECDSA P-256 key of its own, PEM in `a`.
 * Errors: ERR_CORRUPT for a bad authority, else as cert_issue.
 */
enum err local_authority_issue(struct arena *a, const struct pem_pair *authority,
                               const struct cert_spec *spec, struct pem_pair *out_pair,
                               struct errctx *ec) MUST_USE;

#endif
