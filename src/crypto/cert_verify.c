// SPDX-License-Identifier: Apache-2.0
// Reads certificates: what they say, and whether an authority certifies them for a use. Called by
// nodes (release keys), by control/cert and by net/; any thread.

#include "base/check.h"
#include "crypto/cert_priv.h"
#include "crypto/limits.h"
#include "crypto/openssl_priv.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

enum err cert_public_key(struct slice pem, uint8_t out_public[ED25519_PUBLIC_BYTES],
                         struct errctx *ec)
{
    AUTO_X509 *cert = NULL;
    size_t len = ED25519_PUBLIC_BYTES;
    enum err err = openssl_cert_parse(pem, &cert, ec);
    if (err != ERR_OK)
        return err;
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    if (key == NULL)
        return openssl_err(ec, ERR_CORRUPT, "certificate: public key");
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519)
        return err_set(ec, ERR_UNSUPPORTED, "certificate: not of an Ed25519 key");
    CHECK(EVP_PKEY_get_raw_public_key(key, out_public, &len) == 1);
    return ERR_OK;
}

enum err cert_not_after(struct slice pem, int64_t *out_unix_s, struct errctx *ec)
{
    AUTO_X509 *cert = NULL;
    int days = 0;
    int seconds = 0;
    enum err err = openssl_cert_parse(pem, &cert, ec);
    if (err != ERR_OK)
        return err;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    CHECK(epoch != NULL);
    int is_time = ASN1_TIME_diff(&days, &seconds, epoch, X509_get0_notAfter(cert));
    ASN1_TIME_free(epoch);
    if (is_time != 1)
        return openssl_err(ec, ERR_CORRUPT, "certificate: end of validity");
    *out_unix_s = (int64_t)days * 86400 + seconds;
    return ERR_OK;
}

bool cert_matches_key(struct slice cert_pem, struct slice key_pem)
{
    AUTO_X509 *cert = NULL;
    AUTO_PKEY *key = NULL;
    if (openssl_cert_parse(cert_pem, &cert, NULL) != ERR_OK ||
        openssl_key_parse(key_pem, &key, NULL) != ERR_OK)
        return false;
    bool is_match = X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    return is_match;
}

static bool names_hold(const GENERAL_NAMES *names, const char *wanted)
{
    bool is_found = false;
    GENERAL_NAME *name = cert_general_name(wanted);
    for (int i = 0; name != NULL && !is_found && i < sk_GENERAL_NAME_num(names); i++)
        is_found = GENERAL_NAME_cmp(name, sk_GENERAL_NAME_value(names, i)) == 0;
    GENERAL_NAME_free(name);
    return is_found;
}

bool cert_has_alt_names(struct slice pem, const char *const *alt_names, size_t alt_count)
{
    AUTO_X509 *cert = NULL;
    if (openssl_cert_parse(pem, &cert, NULL) != ERR_OK)
        return false;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    ERR_clear_error();
    size_t count = names == NULL ? 0 : (size_t)sk_GENERAL_NAME_num(names);
    bool is_same = count == alt_count;
    for (size_t i = 0; is_same && i < alt_count; i++)
        is_same = names_hold(names, alt_names[i]);
    GENERAL_NAMES_free(names);
    return is_same;
}

static bool has_unit(const X509 *cert, const char *unit)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID(subject, NID_organizationalUnitName, -1);
    if (at < 0)
        return false;
    const ASN1_STRING *value = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    return slice_equal(slice_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
                       slice_str(unit));
}

/** Whether the certificate was made for the use. Absent extensions allow nothing here. */
static bool is_made_for(X509 *cert, enum cert_purpose purpose)
{
    const uint32_t tls_bits = XKU_SSL_SERVER | XKU_SSL_CLIENT;
    uint32_t flags = X509_get_extension_flags(cert);
    uint32_t usage = (flags & EXFLAG_KUSAGE) != 0 ? X509_get_key_usage(cert) : 0;
    uint32_t extended = (flags & EXFLAG_XKUSAGE) != 0 ? X509_get_extended_key_usage(cert) : 0;
    bool is_leaf = (flags & EXFLAG_CA) == 0 && (usage & KU_DIGITAL_SIGNATURE) != 0;
    switch (purpose) {
    case CERT_AUTHORITY:
        return (flags & EXFLAG_CA) != 0 && (usage & KU_KEY_CERT_SIGN) != 0;
    case CERT_TLS_SERVER:
        return is_leaf && (extended & XKU_SSL_SERVER) != 0;
    case CERT_TLS_PEER:
        return is_leaf && (extended & tls_bits) == tls_bits;
    case CERT_RELEASE_KEY:
        return is_leaf && extended == XKU_CODE_SIGN && has_unit(cert, CERT_RELEASE_KEY_UNIT);
    }
    return false;
}

/** Builds and checks the chain of `cert` up to the one trusted authority. */
static enum err verify_chain(X509 *cert, X509 *authority, int64_t now_unix_s, struct errctx *ec)
{
    enum err err = ERR_OK;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    CHECK(store != NULL && ctx != NULL);
    CHECK(X509_STORE_add_cert(store, authority) == 1);
    CHECK(X509_STORE_CTX_init(ctx, store, cert, NULL) == 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)now_unix_s);
    X509_VERIFY_PARAM_set_depth(param, 0); /* the root certifies directly, nothing between */
    if (X509_verify_cert(ctx) != 1)
        err = err_set(ec, ERR_DENIED, "certificate: %s",
                      X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
    ERR_clear_error();
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return err;
}

enum err cert_verify(struct slice pem, struct slice authority_pem, enum cert_purpose purpose,
                     int64_t now_unix_s, struct errctx *ec)
{
    AUTO_X509 *cert = NULL;
    AUTO_X509 *authority = NULL;
    enum err err = openssl_cert_parse(pem, &cert, ec);
    if (err != ERR_OK)
        return err;
    err = openssl_cert_parse(authority_pem, &authority, ec);
    if (err != ERR_OK)
        return err_wrap(ec, "authority");
    if (!is_made_for(authority, CERT_AUTHORITY))
        return err_set(ec, ERR_DENIED, "authority: its certificate may not certify others");
    err = verify_chain(cert, authority, now_unix_s, ec);
    if (err != ERR_OK)
        return err;
    if (!is_made_for(cert, purpose))
        return err_set(ec, ERR_DENIED, "certificate: not made for this use");
    return ERR_OK;
}
