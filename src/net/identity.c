// SPDX-License-Identifier: Apache-2.0
// Makes and loads a node's identity. Called at start by the supervisor, then by every process
// that speaks to other machines or needs the node id.
//
// The key is written first, so a certificate without its key is never the trace of a crash.

#include "net/identity.h"

#include "crypto/cert.h"
#include "crypto/hash.h"
#include "crypto/seal.h"
#include "net/limits.h"
#include "os/file.h"

/** Bytes of the key's hash that a node id tells, 5 bits a character. */
#define NODE_ID_HASH_BYTES 10

void node_id_format(const uint8_t public_key[ED25519_PUBLIC_BYTES], char out[NODE_ID_SIZE])
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t hash[SHA256_BYTES];
    char *next = out;
    uint32_t bits = 0;
    unsigned bit_count = 0;
    sha256(slice_of(public_key, ED25519_PUBLIC_BYTES), hash);
    for (size_t i = 0; i < NODE_ID_HASH_BYTES; i++) {
        bits = bits << 8 | hash[i];
        for (bit_count += 8; bit_count >= 5; bit_count -= 5)
            *next++ = alphabet[bits >> (bit_count - 5) & 31];
    }
    *next = '\0';
}

/** A file's content; out_content->data stays NULL where there is no such file. */
static enum err read_if_there(struct arena *a, const char *path, struct slice *out_content,
                              struct errctx *ec)
{
    enum err err = file_read(a, path, IDENTITY_FILE_MAX_BYTES, out_content, ec);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static enum err open_key(struct net_identity *id, const char *key_path, struct errctx *ec)
{
    if (id->key_pem.data == NULL) {
        id->key = signing_key_make();
        id->key_pem = signing_key_pem(&id->arena, id->key);
        return file_replace(key_path, id->key_pem, 0600, ec);
    }
    enum err err = signing_key_parse(id->key_pem, &id->key, ec);
    return err == ERR_OK ? ERR_OK : err_wrap(ec, "'%s'", key_path);
}

static enum err make_cert(struct net_identity *id, const char *cert_path, int64_t now_unix_s,
                          struct errctx *ec)
{
    const struct cert_spec spec = {
        .purpose = CERT_TLS_PEER,
        .common_name = id->node_id,
        .now_unix_s = now_unix_s,
        .days = IDENTITY_DAYS,
    };
    enum err err = cert_issue(&id->arena, &spec, id->key, NULL, &id->cert_pem, ec);
    return err == ERR_OK ? file_replace(cert_path, id->cert_pem, 0644, ec) : err;
}

/** Uses the certificate that is there, or renews it shortly before its end. */
static enum err open_cert(struct net_identity *id, const char *cert_path, int64_t now_unix_s,
                          struct errctx *ec)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    int64_t end_unix_s = 0;
    if (id->cert_pem.data == NULL)
        return make_cert(id, cert_path, now_unix_s, ec);
    if (cert_public_key(id->cert_pem, public_key, ec) != ERR_OK ||
        cert_not_after(id->cert_pem, &end_unix_s, ec) != ERR_OK)
        return err_wrap(ec, "'%s'", cert_path);
    if (memcmp(public_key, signing_key_public(id->key), sizeof(public_key)) != 0)
        return err_set(ec, ERR_CORRUPT, "'%s': not the certificate of the identity.key beside it",
                       cert_path);
    if (end_unix_s - IDENTITY_RENEW_S <= now_unix_s)
        return make_cert(id, cert_path, now_unix_s, ec);
    return ERR_OK;
}

static enum err open_files(struct net_identity *id, const char *dir, int64_t now_unix_s,
                           struct errctx *ec)
{
    const char *key_path = arena_printf(&id->arena, "%s/identity.key", dir);
    const char *cert_path = arena_printf(&id->arena, "%s/identity.pem", dir);
    enum err err = read_if_there(&id->arena, cert_path, &id->cert_pem, ec);
    if (err == ERR_OK)
        err = read_if_there(&id->arena, key_path, &id->key_pem, ec);
    if (err != ERR_OK)
        return err;
    if (id->cert_pem.data != NULL && id->key_pem.data == NULL)
        return err_set(ec, ERR_CORRUPT,
                       "'%s' is missing, but its certificate identity.pem is there: restore the "
                       "key, or remove the certificate to start as a new node",
                       key_path);
    err = open_key(id, key_path, ec);
    if (err != ERR_OK)
        return err;
    node_id_format(signing_key_public(id->key), id->node_id);
    return open_cert(id, cert_path, now_unix_s, ec);
}

enum err net_identity_open(const char *dir, int64_t now_unix_s, struct net_identity *out_identity,
                           struct errctx *ec)
{
    struct net_identity id = {0};
    arena_init(&id.arena);
    enum err err = open_files(&id, dir, now_unix_s, ec);
    if (err == ERR_OK)
        *out_identity = id;
    else
        net_identity_fini(&id);
    return err;
}

void net_identity_fini(struct net_identity *identity)
{
    secret_wipe_slice(identity->key_pem);
    signing_key_free(identity->key);
    arena_fini(&identity->arena);
    *identity = (struct net_identity){0};
}
