// SPDX-License-Identifier: Apache-2.0
// The key that seals the secrets of the store, one line: "<version> <64 hex digits>". A step of
// control_keys_open, on its thread.

#include "base/random.h"
#include "control/cert/cert_priv.h"

#include <stdio.h>

#define SEAL_KEY "seal.key"

/** Made after the seal key at the first start; see the order of the steps. */
#define MADE_AFTER "fleet-root.pem"

static enum err make(struct opening *o, struct errctx *ec)
{
    struct seal_key *key = &o->keys->seal;
    char hex[2 * SEAL_KEY_BYTES + 1];
    char line[16 + sizeof(hex)];
    key->version = 1;
    random_bytes(key->bytes, sizeof(key->bytes));
    slice_hex(slice_of(key->bytes, sizeof(key->bytes)), hex);
    int len = snprintf(line, sizeof(line), "%u %s\n", key->version, hex);
    enum err err = secret_file_write(&o->dir, SEAL_KEY, slice_of(line, (size_t)len), ec);
    secret_wipe(hex, sizeof(hex));
    secret_wipe(line, sizeof(line));
    return err;
}

static bool parse(struct slice text, struct seal_key *out_key)
{
    struct slice version = {0};
    struct slice hex = {0};
    uint64_t number = 0;
    size_t len = 0;
    if (!slice_split(&text, ' ', &version) || !slice_split(&text, '\n', &hex) || text.len > 0)
        return false;
    if (!slice_parse_u64(version, UINT32_MAX, &number) || number == 0 ||
        !slice_unhex(hex, out_key->bytes, sizeof(out_key->bytes), &len) || len != SEAL_KEY_BYTES)
        return false;
    out_key->version = (uint32_t)number;
    return true;
}

enum err open_seal_key(struct opening *o, struct errctx *ec)
{
    struct slice text = {0};
    bool is_lost = false;
    enum err err = key_file_read(&o->dir, SEAL_KEY, &text, ec);
    if (err != ERR_OK)
        return err;
    if (text.data != NULL && !parse(text, &o->keys->seal))
        return err_set(ec, ERR_CORRUPT, SEAL_KEY ": not a seal key");
    if (text.data != NULL)
        return ERR_OK;
    err = key_file_exists(&o->dir, MADE_AFTER, &is_lost, ec);
    if (err == ERR_OK && is_lost)
        return err_set(ec, ERR_CORRUPT,
                       SEAL_KEY ": missing: restore it, the secrets in the store need it");
    return err == ERR_OK ? make(o, ec) : err;
}
