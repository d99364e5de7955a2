// SPDX-License-Identifier: Apache-2.0
// TLS contexts over OpenSSL. Made at start or when certificates change; any thread.
#include "net/tls_priv.h"

#include "base/alloc.h"
#include "base/check.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* Certificates of one PEM text. */
enum { NET_CHAIN_MAX = 16 };

/* Towards clients of the APIs, TLS 1.2: forward secrecy and authenticated encryption only. */
#define NET_CIPHERS_TLS12 "ECDHE+AESGCM:ECDHE+CHACHA20"

/* No DHE towards servers that anybody runs: they choose the group, and one of 10,000 bits, which
 * the library takes, costs this thread most of a second. */

/* Towards origins, TLS 1.2: also CBC and, last, no forward secrecy, as CloudFront offers them. */
#define NET_CIPHERS_ORIGIN                                                                         \
    "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:kRSA+AESGCM:kRSA+AES:!aNULL:!eNULL"

/* Towards endpoints that are probed and not verified. */
#define NET_CIPHERS_PROBE "ALL:!kDHE:!aNULL:!eNULL"

static void bio_cleanup(BIO **bio)
{
    (void)BIO_free(*bio);
}

static void x509_cleanup(X509 **cert)
{
    X509_free(*cert);
}

static void pkey_cleanup(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

/* ERR_CORRUPT with the reason that OpenSSL gives. */
static enum err tls_corrupt(struct errctx *ec, const char *what)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ERR_clear_error();
    return err_set(ec, ERR_CORRUPT, "%s: %s", what, reason == NULL ? "not valid" : reason);
}

/* Keys in our PEM texts are never encrypted: without this OpenSSL asks on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *user)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)user;
    return -1;
}

static BIO *pem_open(struct slice pem)
{
    CHECK(pem.len <= INT_MAX);
    BIO *bio = BIO_new_mem_buf(pem.len == 0 ? "" : (const void *)pem.data, (int)pem.len);
    CHECK(bio != NULL);
    return bio;
}

/* The leaf and the certificates between it and its authority. */
static enum err context_use_chain(SSL_CTX *ctx, struct slice pem, struct errctx *ec)
{
    CLEANUP(bio_cleanup) BIO *bio = pem_open(pem);
    for (int i = 0; i < NET_CHAIN_MAX; i++) {
        CLEANUP(x509_cleanup) X509 *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (cert == NULL) {
            bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            if (i == 0 || !is_end)
                return tls_corrupt(ec, "certificate");
            ERR_clear_error();
            return ERR_OK;
        }
        bool is_used = i == 0 ? SSL_CTX_use_certificate(ctx, cert) == 1
                              : SSL_CTX_add1_chain_cert(ctx, cert) == 1;
        if (!is_used)
            return tls_corrupt(ec, "certificate");
    }
    return err_set(ec, ERR_LIMIT, "certificate: more than %d in a chain", NET_CHAIN_MAX);
}

static enum err context_use_key(SSL_CTX *ctx, struct slice pem, struct errctx *ec)
{
    CLEANUP(bio_cleanup) BIO *bio = pem_open(pem);
    CLEANUP(pkey_cleanup) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (key == NULL || SSL_CTX_use_PrivateKey(ctx, key) != 1)
        return tls_corrupt(ec, "private key");
    if (SSL_CTX_check_private_key(ctx) != 1)
        return tls_corrupt(ec, "private key of another certificate");
    return ERR_OK;
}

/* Trusts the certificates of a PEM text and nothing else. */
static enum err context_trust(SSL_CTX *ctx, struct slice pem, struct errctx *ec)
{
    CLEANUP(bio_cleanup) BIO *bio = pem_open(pem);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    for (int i = 0; i < NET_CHAIN_MAX; i++) {
        CLEANUP(x509_cleanup) X509 *cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (cert == NULL) {
            bool is_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
            if (i == 0 || !is_end)
                return tls_corrupt(ec, "authority");
            ERR_clear_error();
            return ERR_OK;
        }
        if (X509_STORE_add_cert(store, cert) != 1)
            return tls_corrupt(ec, "authority");
    }
    return err_set(ec, ERR_LIMIT, "authority: more than %d certificates", NET_CHAIN_MAX);
}

/* Stands in for the check of a chain: any Ed25519 key will do, the caller looks it up. */
static int accept_any_ed25519(X509_STORE_CTX *chain, void *user)
{
    (void)user;
    X509 *leaf = X509_STORE_CTX_get0_cert(chain);
    EVP_PKEY *key = leaf == NULL ? NULL : X509_get0_pubkey(leaf);
    if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
        return 1;
    X509_STORE_CTX_set_error(chain, X509_V_ERR_APPLICATION_VERIFICATION);
    return 0;
}

static struct net_tls *tls_make(bool is_server)
{
    static _Atomic uint64_t last_id;
    struct net_tls *tls = NEW(struct net_tls);
    tls->id = ++last_id;
    tls->ctx = SSL_CTX_new(is_server ? TLS_server_method() : TLS_client_method());
    CHECK(tls->ctx != NULL);
    CHECK(SSL_CTX_set_min_proto_version(tls->ctx, TLS1_2_VERSION) == 1);
    CHECK(SSL_CTX_set_cipher_list(tls->ctx, NET_CIPHERS_TLS12) == 1);
    SSL_CTX_set_options(tls->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(tls->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                   SSL_MODE_RELEASE_BUFFERS);
    (void)SSL_CTX_set_session_cache_mode(tls->ctx, SSL_SESS_CACHE_OFF);
    return tls;
}

/* Between machines: TLS 1.3, Ed25519, and no resumption, so that each connection shows its key. */
static void context_fleet(SSL_CTX *ctx)
{
    CHECK(SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1);
    CHECK(SSL_CTX_set1_sigalgs_list(ctx, "ed25519") == 1);
    CHECK(SSL_CTX_set_num_tickets(ctx, 0) == 1);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
}

/* Hands the context out, or frees it where it could not be filled. */
static enum err tls_finish(struct net_tls *tls, enum err e, struct net_tls **out_tls)
{
    if (e == ERR_OK)
        *out_tls = tls;
    else
        net_tls_free(tls);
    return e;
}

enum err net_tls_server_new(struct slice cert_chain_pem, struct slice key_pem,
                            struct net_tls **out_tls, struct errctx *ec)
{
    struct net_tls *tls = tls_make(true);
    enum err e = context_use_chain(tls->ctx, cert_chain_pem, ec);
    if (e == ERR_OK)
        e = context_use_key(tls->ctx, key_pem, ec);
    return tls_finish(tls, e, out_tls);
}

enum err net_tls_fleet_server_new(struct slice cert_pem, struct slice key_pem,
                                  struct net_tls **out_tls, struct errctx *ec)
{
    struct net_tls *tls = tls_make(true);
    context_fleet(tls->ctx);
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    SSL_CTX_set_cert_verify_callback(tls->ctx, accept_any_ed25519, NULL);
    enum err e = context_use_chain(tls->ctx, cert_pem, ec);
    if (e == ERR_OK)
        e = context_use_key(tls->ctx, key_pem, ec);
    return tls_finish(tls, e, out_tls);
}

enum err net_tls_fleet_client_new(struct slice cert_pem, struct slice key_pem,
                                  struct slice authority_pem, struct net_tls **out_tls,
                                  struct errctx *ec)
{
    struct net_tls *tls = tls_make(false);
    context_fleet(tls->ctx);
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    enum err e = context_use_chain(tls->ctx, cert_pem, ec);
    if (e == ERR_OK)
        e = context_use_key(tls->ctx, key_pem, ec);
    if (authority_pem.len == 0)
        SSL_CTX_set_cert_verify_callback(tls->ctx, accept_any_ed25519, NULL);
    else if (e == ERR_OK)
        e = context_trust(tls->ctx, authority_pem, ec);
    return tls_finish(tls, e, out_tls);
}

/* Towards servers that anybody runs: none may keep this thread busy with messages that are no data
 * (tickets), of which a read takes one and then lets others have a turn. */
static void context_take_turns(SSL_CTX *ctx)
{
    SSL_CTX_clear_mode(ctx, SSL_MODE_AUTO_RETRY);
}

enum err net_tls_client_new(struct slice authority_pem, struct net_tls **out_tls, struct errctx *ec)
{
    struct net_tls *tls = tls_make(false);
    tls->checks_name = true;
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    return tls_finish(tls, context_trust(tls->ctx, authority_pem, ec), out_tls);
}

enum err net_tls_origin_client_new(const char *authorities_path, struct net_tls **out_tls,
                                   struct errctx *ec)
{
    if (authorities_path != NULL && access(authorities_path, R_OK) != 0)
        return err_errno(ec, "authorities '%s'", authorities_path);
    struct net_tls *tls = tls_make(false);
    tls->checks_name = true;
    SSL_CTX_set_verify(tls->ctx, SSL_VERIFY_PEER, NULL);
    CHECK(SSL_CTX_set_cipher_list(tls->ctx, NET_CIPHERS_ORIGIN) == 1);
    context_take_turns(tls->ctx);
    bool is_loaded =
        authorities_path == NULL || SSL_CTX_load_verify_file(tls->ctx, authorities_path) == 1;
    ERR_clear_error();
    enum err e = is_loaded ? ERR_OK
                           : err_set(ec, ERR_CORRUPT, "authorities '%s': no PEM certificates",
                                     authorities_path);
    return tls_finish(tls, e, out_tls);
}

/* Nothing secret is sent, and what an endpoint can is not judged: as much as the library speaks. */
static struct net_tls *unverified_client(void)
{
    struct net_tls *tls = tls_make(false);
    SSL_CTX_set_security_level(tls->ctx, 0);
    SSL_CTX_set_options(tls->ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    CHECK(SSL_CTX_set_min_proto_version(tls->ctx, TLS1_VERSION) == 1);
    CHECK(SSL_CTX_set_cipher_list(tls->ctx, NET_CIPHERS_PROBE) == 1);
    context_take_turns(tls->ctx);
    return tls;
}

enum err net_tls_probe_client_new(const char *authorities_path, bool sends_name,
                                  struct net_tls **out_tls, struct errctx *ec)
{
    struct net_tls *tls = NULL;
    if (authorities_path == NULL) {
        tls = unverified_client();
    } else {
        enum err e = net_tls_origin_client_new(authorities_path, &tls, ec);
        if (e != ERR_OK)
            return e;
    }
    tls->hides_name = !sends_name;
    *out_tls = tls;
    return ERR_OK;
}

void net_tls_free(struct net_tls *tls)
{
    if (tls == NULL)
        return;
    SSL_CTX_free(tls->ctx);
    free(tls);
}

uint64_t net_tls_id(const struct net_tls *tls)
{
    return tls == NULL ? 0 : tls->id;
}
