// SPDX-License-Identifier: Apache-2.0
// Makes X.509 certificates: builds one from a spec and signs it. Called by node identities and by
// control/cert; any thread.

#include "crypto/cert.h"

#include "base/check.h"
#include "base/random.h"
#include "crypto/cert_priv.h"
#include "crypto/limits.h"
#include "crypto/openssl_priv.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

/** What a purpose writes into a certificate, in the words of x509v3_config(5); NULL: nothing. */
struct purpose_words {
    const char *basic_constraints;
    const char *key_usage;
    const char *extended_key_usage;
    const char *unit; /* OU of the subject */
};

static const struct purpose_words words_of[] = {
    [CERT_AUTHORITY] = {"critical,CA:TRUE,pathlen:0", "critical,keyCertSign,cRLSign", NULL, NULL},
    [CERT_TLS_SERVER] = {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth", NULL},
    [CERT_TLS_PEER] = {"critical,CA:FALSE", "critical,digitalSignature", "serverAuth,clientAuth",
                       NULL},
    /* codeSigning says "no TLS" to every TLS library; an absent list would say "anything". */
    [CERT_RELEASE_KEY] = {"critical,CA:FALSE", "critical,digitalSignature", "codeSigning",
                          CERT_RELEASE_KEY_UNIT},
};

static void set_serial(X509 *cert)
{
    uint8_t bytes[CERT_SERIAL_BYTES];
    random_bytes(bytes, sizeof(bytes));
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    CHECK(number != NULL);
    CHECK(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) != NULL);
    BN_free(number);
}

static void set_validity(X509 *cert, const struct cert_spec *spec)
{
    time_t now = (time_t)spec->now_unix_s;
    CHECK(X509_time_adj_ex(X509_getm_notBefore(cert), 0, -CERT_BACKDATE_S, &now) != NULL);
    CHECK(X509_time_adj_ex(X509_getm_notAfter(cert), (int)spec->days, 0, &now) != NULL);
}

static enum err add_name_part(X509_NAME *name, const char *field, const char *text,
                              struct errctx *ec)
{
    if (X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
                                   0) != 1)
        return openssl_err(ec, ERR_INVALID, "certificate: subject name");
    return ERR_OK;
}

static enum err set_names(X509 *cert, const struct cert_spec *spec, const X509 *issuer,
                          struct errctx *ec)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    enum err err = add_name_part(subject, "CN", spec->common_name, ec);
    if (err == ERR_OK && words_of[spec->purpose].unit != NULL)
        err = add_name_part(subject, "OU", words_of[spec->purpose].unit, ec);
    if (err != ERR_OK)
        return err;
    CHECK(X509_set_issuer_name(cert, issuer == NULL ? subject : X509_get_subject_name(issuer)));
    return ERR_OK;
}

/** Adds an extension of fixed words; NULL adds nothing. */
static void add_extension(X509 *cert, X509V3_CTX *ctx, int nid, const char *words)
{
    if (words == NULL)
        return;
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, ctx, nid, words);
    CHECK(extension != NULL);
    CHECK(X509_add_ext(cert, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

/** Letters, digits, '-', '_', '.' and '*': what stands in a host name. */
static bool is_host_name(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-_.*";
    size_t len = strlen(name);
    return len > 0 && len <= CERT_ALT_NAME_LIMIT_BYTES && strspn(name, allowed) == len;
}

GENERAL_NAME *cert_general_name(const char *name)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    if (ip == NULL && !is_host_name(name)) {
        ERR_clear_error();
        return NULL;
    }
    GENERAL_NAME *general = GENERAL_NAME_new();
    CHECK(general != NULL);
    if (ip != NULL) {
        GENERAL_NAME_set0_value(general, GEN_IPADD, ip);
        return general;
    }
    ERR_clear_error(); /* of the attempt to read an address */
    ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
    CHECK(dns != NULL && ASN1_STRING_set(dns, name, -1) == 1);
    GENERAL_NAME_set0_value(general, GEN_DNS, dns);
    return general;
}

static enum err add_alt_names(X509 *cert, const struct cert_spec *spec, struct errctx *ec)
{
    if (spec->alt_count == 0)
        return ERR_OK;
    if (spec->alt_count > CERT_ALT_NAMES_LIMIT)
        return err_set(ec, ERR_LIMIT, "certificate: more than %d alternative names",
                       CERT_ALT_NAMES_LIMIT);
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    CHECK(names != NULL);
    for (size_t i = 0; i < spec->alt_count; i++) {
        GENERAL_NAME *name = cert_general_name(spec->alt_names[i]);
        if (name == NULL) {
            GENERAL_NAMES_free(names);
            return err_set(ec, ERR_INVALID, "certificate: '%s' is neither host name nor address",
                           spec->alt_names[i]);
        }
        CHECK(sk_GENERAL_NAME_push(names, name) > 0);
    }
    CHECK(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
    GENERAL_NAMES_free(names);
    return ERR_OK;
}

static enum err add_extensions(X509 *cert, const struct cert_spec *spec, X509 *issuer,
                               struct errctx *ec)
{
    const struct purpose_words *words = &words_of[spec->purpose];
    X509V3_CTX ctx;
    X509V3_set_ctx_nodb(&ctx);
    X509V3_set_ctx(&ctx, issuer == NULL ? cert : issuer, cert, NULL, NULL, 0);
    add_extension(cert, &ctx, NID_basic_constraints, words->basic_constraints);
    add_extension(cert, &ctx, NID_key_usage, words->key_usage);
    add_extension(cert, &ctx, NID_ext_key_usage, words->extended_key_usage);
    add_extension(cert, &ctx, NID_subject_key_identifier, "hash");
    if (issuer != NULL)
        add_extension(cert, &ctx, NID_authority_key_identifier, "keyid");
    return add_alt_names(cert, spec, ec);
}

static enum err check_issuer(X509 *issuer, const EVP_PKEY *issuer_key, struct errctx *ec)
{
    if (X509_check_ca(issuer) != 1)
        return err_set(ec, ERR_CORRUPT, "issuer: not the certificate of an authority");
    if (X509_check_private_key(issuer, issuer_key) != 1)
        return openssl_err(ec, ERR_CORRUPT, "issuer: key and certificate differ");
    return ERR_OK;
}

enum err cert_build(struct arena *a, const struct cert_spec *spec,
                    const struct cert_parties *parties, struct slice *out_pem, struct errctx *ec)
{
    AUTO_X509 *issuer = NULL;
    enum err err = ERR_OK;
    CHECK((size_t)spec->purpose < ARRAY_LEN(words_of));
    if (parties->issuer_pem.len > 0) {
        err = openssl_cert_parse(parties->issuer_pem, &issuer, ec);
        if (err == ERR_OK)
            err = check_issuer(issuer, parties->issuer_key, ec);
        if (err != ERR_OK)
            return err;
    }
    AUTO_X509 *cert = X509_new();
    CHECK(cert != NULL);
    CHECK(X509_set_version(cert, X509_VERSION_3) == 1);
    set_serial(cert);
    set_validity(cert, spec);
    err = set_names(cert, spec, issuer, ec);
    if (err != ERR_OK)
        return err;
    CHECK(X509_set_pubkey(cert, parties->subject_key) == 1);
    err = add_extensions(cert, spec, issuer, ec);
    if (err != ERR_OK)
        return err;
    bool is_ed25519 = EVP_PKEY_get_base_id(parties->issuer_key) == EVP_PKEY_ED25519;
    CHECK(X509_sign(cert, parties->issuer_key, is_ed25519 ? NULL : EVP_sha256()) > 0);
    *out_pem = openssl_cert_pem(a, cert);
    return ERR_OK;
}

enum err cert_issue(struct arena *a, const struct cert_spec *spec,
                    const struct signing_key *subject, const struct cert_issuer *issuer,
                    struct slice *out_pem, struct errctx *ec)
{
    struct cert_parties parties = {.subject_key = signing_key_evp(subject)};
    parties.issuer_key = parties.subject_key;
    if (issuer != NULL) {
        CHECK(issuer->cert_pem.len > 0);
        parties.issuer_pem = issuer->cert_pem;
        parties.issuer_key = signing_key_evp(issuer->key);
    }
    return cert_build(a, spec, &parties, out_pem, ec);
}
