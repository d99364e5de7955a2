// SPDX-License-Identifier: Apache-2.0
// The fleet root and what it certifies: the release key, and control's identity towards nodes.
// Steps of control_keys_open, on its thread.

#include "control/cert/cert_priv.h"
#include "control/cert/limits.h"

#define ROOT_KEY "fleet-root.key"
#define ROOT_CERT "fleet-root.pem"
#define RELEASE_KEY "release.key"
#define RELEASE_CERT "release.pem"
#define CONTROL_CERT "control.pem"

static enum err root_key_open(struct opening *o, struct slice pem, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    if (pem.data != NULL) {
        enum err err = signing_key_parse(pem, &k->fleet_root_key, ec);
        return err == ERR_OK ? ERR_OK : err_wrap(ec, ROOT_KEY);
    }
    k->fleet_root_key = signing_key_make();
    return secret_file_write(&o->dir, ROOT_KEY, signing_key_pem(&k->arena, k->fleet_root_key), ec);
}

static enum err root_cert_make(struct opening *o, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    const struct cert_spec spec = {
        .purpose = CERT_AUTHORITY,
        .common_name = "Weir fleet root",
        .now_unix_s = o->options->now_unix_s,
        .days = FLEET_ROOT_DAYS,
    };
    enum err err = cert_issue(&k->arena, &spec, k->fleet_root_key, NULL, &k->fleet_root_pem, ec);
    return err == ERR_OK ? cert_file_write(&o->dir, ROOT_CERT, k->fleet_root_pem, ec) : err;
}

enum err open_fleet_root(struct opening *o, struct errctx *ec)
{
    static const struct authority_files files = {ROOT_KEY, ROOT_CERT, {RELEASE_CERT}};
    struct pem_pair pair = {0};
    enum err err = authority_read(&o->dir, &files, &pair, ec);
    if (err != ERR_OK)
        return err;
    o->keys->fleet_root_pem = pair.cert_pem;
    if (pair.cert_pem.data != NULL && pair.key_pem.data == NULL)
        return ERR_OK; /* kept offline */
    err = root_key_open(o, pair.key_pem, ec);
    if (err == ERR_OK && pair.cert_pem.data == NULL)
        err = root_cert_make(o, ec);
    return err;
}

/** A certificate of the fleet root, written to DIR/name. */
static enum err certify(struct opening *o, struct cert_spec *spec,
                        const struct signing_key *subject, const char *name, struct slice *out_pem,
                        struct errctx *ec)
{
    struct control_keys *k = o->keys;
    const struct cert_issuer root = {k->fleet_root_pem, k->fleet_root_key};
    struct slice pem = {0};
    if (k->fleet_root_key == NULL)
        return err_set(ec, ERR_DENIED, "%s must be certified anew: bring back " ROOT_KEY, name);
    spec->now_unix_s = o->options->now_unix_s;
    spec->days = FLEET_CERT_DAYS;
    enum err err = cert_issue(&k->arena, spec, subject, &root, &pem, ec);
    if (err == ERR_OK)
        err = cert_file_write(&o->dir, name, pem, ec);
    if (err == ERR_OK)
        *out_pem = pem;
    return err;
}

/** Whether a certificate of the fleet root can stay as it is. */
static bool fleet_cert_is_current(const struct opening *o, struct slice pem,
                                  enum cert_purpose purpose, const struct signing_key *subject)
{
    uint8_t public_key[ED25519_PUBLIC_BYTES];
    return cert_is_current(&o->dir, pem, o->keys->fleet_root_pem, purpose) &&
           cert_public_key(pem, public_key, NULL) == ERR_OK &&
           memcmp(public_key, signing_key_public(subject), sizeof(public_key)) == 0;
}

static enum err release_key_read_or_make(struct opening *o, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    struct slice pem = {0};
    enum err err = key_file_read(&o->dir, RELEASE_KEY, &pem, ec);
    if (err != ERR_OK)
        return err;
    if (pem.data != NULL) {
        err = signing_key_parse(pem, &k->release_key, ec);
        return err == ERR_OK ? ERR_OK : err_wrap(ec, RELEASE_KEY);
    }
    k->release_key = signing_key_make();
    return secret_file_write(&o->dir, RELEASE_KEY, signing_key_pem(&k->arena, k->release_key), ec);
}

enum err open_release_key(struct opening *o, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    struct cert_spec spec = {.purpose = CERT_RELEASE_KEY, .common_name = "Weir release key"};
    enum err err = release_key_read_or_make(o, ec);
    if (err == ERR_OK)
        err = key_file_read(&o->dir, RELEASE_CERT, &k->release_pem, ec);
    if (err != ERR_OK || fleet_cert_is_current(o, k->release_pem, CERT_RELEASE_KEY, k->release_key))
        return err;
    return certify(o, &spec, k->release_key, RELEASE_CERT, &k->release_pem, ec);
}

enum err open_control_cert(struct opening *o, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    const char *host = o->options->nodes_host;
    if (host == NULL)
        return ERR_OK;
    struct cert_spec spec = {
        .purpose = CERT_TLS_PEER,
        .common_name = k->identity.node_id,
        .alt_names = &host,
        .alt_count = host_is_unspecified(host) ? 0 : 1,
    };
    enum err err = key_file_read(&o->dir, CONTROL_CERT, &k->control_pem, ec);
    if (err != ERR_OK ||
        (fleet_cert_is_current(o, k->control_pem, CERT_TLS_PEER, k->identity.key) &&
         cert_has_alt_names(k->control_pem, spec.alt_names, spec.alt_count)))
        return err;
    return certify(o, &spec, k->identity.key, CONTROL_CERT, &k->control_pem, ec);
}
