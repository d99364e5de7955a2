// SPDX-License-Identifier: Apache-2.0
// Reads and writes the key files, and judges what it finds. Called at start, on one thread.
#include "net/key_files.h"

#include "net/limits.h"
#include "os/file.h"

static const char *path_of(const struct key_dir *dir, const char *name)
{
    return arena_printf(dir->arena, "%s/%s", dir->path, name);
}

enum err key_file_read(const struct key_dir *dir, const char *name, struct slice *out_content,
                       struct errctx *ec)
{
    enum err err = file_read(dir->arena, path_of(dir, name), KEY_FILE_MAX_BYTES, out_content, ec);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err key_file_exists(const struct key_dir *dir, const char *name, bool *out_is_there,
                         struct errctx *ec)
{
    struct slice content = {0};
    enum err err = key_file_read(dir, name, &content, ec);
    if (err == ERR_OK)
        *out_is_there = content.data != NULL;
    return err;
}

enum err secret_file_write(const struct key_dir *dir, const char *name, struct slice content,
                           struct errctx *ec)
{
    return file_replace(path_of(dir, name), content, 0600, ec);
}

enum err cert_file_write(const struct key_dir *dir, const char *name, struct slice content,
                         struct errctx *ec)
{
    return file_replace(path_of(dir, name), content, 0644, ec);
}

/** Neither key nor certificate: the first start, unless something depends on them already. */
static enum err check_never_made(const struct key_dir *dir, const struct authority_files *files,
                                 struct errctx *ec)
{
    for (size_t i = 0; i < KEY_DEPENDANTS_MAX && files->dependants[i] != NULL; i++) {
        bool is_in_use = false;
        enum err err = key_file_exists(dir, files->dependants[i], &is_in_use, ec);
        if (err != ERR_OK)
            return err;
        if (is_in_use)
            return err_set(ec, ERR_CORRUPT,
                           "'%s': missing, and so is %s, but %s depends on them: restore them",
                           path_of(dir, files->cert_name), files->key_name, files->dependants[i]);
    }
    return ERR_OK;
}

static enum err check_pair(const struct key_dir *dir, const struct authority_files *files,
                           const struct pem_pair *pair, struct errctx *ec)
{
    const char *cert_path = path_of(dir, files->cert_name);
    if (cert_verify(pair->cert_pem, pair->cert_pem, CERT_AUTHORITY, dir->now_unix_s, ec) != ERR_OK)
        return err_wrap(ec, "'%s'", cert_path);
    if (pair->key_pem.data != NULL && !cert_matches_key(pair->cert_pem, pair->key_pem))
        return err_set(ec, ERR_CORRUPT,
                       "'%s': not the certificate of the %s beside it: restore the one that "
                       "belongs to it",
                       cert_path, files->key_name);
    return ERR_OK;
}

enum err authority_read(const struct key_dir *dir, const struct authority_files *files,
                        struct pem_pair *out, struct errctx *ec)
{
    struct pem_pair pair = {0};
    enum err err = key_file_read(dir, files->key_name, &pair.key_pem, ec);
    if (err == ERR_OK)
        err = key_file_read(dir, files->cert_name, &pair.cert_pem, ec);
    if (err == ERR_OK && pair.cert_pem.data != NULL)
        err = check_pair(dir, files, &pair, ec);
    else if (err == ERR_OK && pair.key_pem.data == NULL)
        err = check_never_made(dir, files, ec);
    if (err == ERR_OK)
        *out = pair;
    return err;
}

bool cert_is_current(const struct key_dir *dir, struct slice pem, struct slice authority_pem,
                     enum cert_purpose purpose)
{
    int64_t now_unix_s = dir->now_unix_s;
    return pem.data != NULL &&
           cert_verify(pem, authority_pem, purpose, now_unix_s, NULL) == ERR_OK &&
           cert_verify(pem, authority_pem, purpose, now_unix_s + CERT_RENEW_S, NULL) == ERR_OK;
}

bool host_is_unspecified(const char *host)
{
    return strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}
