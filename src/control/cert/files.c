// SPDX-License-Identifier: Apache-2.0
// Reads and writes the key files, and judges what it finds. Called by the steps of
// control_keys_open, on its thread.

#include "control/cert/cert_priv.h"
#include "control/cert/limits.h"
#include "os/file.h"

static const char *path_of(struct opening *o, const char *name)
{
    return arena_printf(&o->keys->arena, "%s/%s", o->options->dir, name);
}

enum err key_file_read(struct opening *o, const char *name, struct slice *out_content,
                       struct errctx *ec)
{
    enum err err =
        file_read(&o->keys->arena, path_of(o, name), KEY_FILE_MAX_BYTES, out_content, ec);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err key_file_exists(struct opening *o, const char *name, bool *out_is_there, struct errctx *ec)
{
    struct slice content = {0};
    enum err err = key_file_read(o, name, &content, ec);
    if (err == ERR_OK)
        *out_is_there = content.data != NULL;
    return err;
}

enum err secret_file_write(struct opening *o, const char *name, struct slice content,
                           struct errctx *ec)
{
    return file_replace(path_of(o, name), content, 0600, ec);
}

enum err cert_file_write(struct opening *o, const char *name, struct slice content,
                         struct errctx *ec)
{
    return file_replace(path_of(o, name), content, 0644, ec);
}

/** Neither key nor certificate: the first start, unless something depends on them already. */
static enum err check_never_made(struct opening *o, const struct authority_files *files,
                                 struct errctx *ec)
{
    bool is_in_use = false;
    enum err err = key_file_exists(o, files->dependant_name, &is_in_use, ec);
    if (err == ERR_OK && is_in_use)
        return err_set(ec, ERR_CORRUPT,
                       "'%s': missing, and so is %s, but %s depends on them: restore them",
                       path_of(o, files->cert_name), files->key_name, files->dependant_name);
    return err;
}

static enum err check_pair(struct opening *o, const struct authority_files *files,
                           const struct pem_pair *pair, struct errctx *ec)
{
    const char *cert_path = path_of(o, files->cert_name);
    if (cert_verify(pair->cert_pem, pair->cert_pem, CERT_AUTHORITY, o->options->now_unix_s, ec) !=
        ERR_OK)
        return err_wrap(ec, "'%s'", cert_path);
    if (pair->key_pem.data != NULL && !cert_matches_key(pair->cert_pem, pair->key_pem))
        return err_set(ec, ERR_CORRUPT,
                       "'%s': not the certificate of the %s beside it: restore the one that "
                       "belongs to it",
                       cert_path, files->key_name);
    return ERR_OK;
}

enum err authority_read(struct opening *o, const struct authority_files *files,
                        struct pem_pair *out, struct errctx *ec)
{
    struct pem_pair pair = {0};
    enum err err = key_file_read(o, files->key_name, &pair.key_pem, ec);
    if (err == ERR_OK)
        err = key_file_read(o, files->cert_name, &pair.cert_pem, ec);
    if (err == ERR_OK && pair.cert_pem.data != NULL)
        err = check_pair(o, files, &pair, ec);
    else if (err == ERR_OK && pair.key_pem.data == NULL)
        err = check_never_made(o, files, ec);
    if (err == ERR_OK)
        *out = pair;
    return err;
}

bool cert_is_current(const struct opening *o, struct slice pem, struct slice authority_pem,
                     enum cert_purpose purpose)
{
    int64_t now_unix_s = o->options->now_unix_s;
    return pem.data != NULL &&
           cert_verify(pem, authority_pem, purpose, now_unix_s, NULL) == ERR_OK &&
           cert_verify(pem, authority_pem, purpose, now_unix_s + CERT_RENEW_S, NULL) == ERR_OK;
}

bool host_is_unspecified(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}
