// SPDX-License-Identifier: Apache-2.0
// The local authority and what it issues. Called at start, on one thread.
#include "net/server_cert.h"

#include "net/limits.h"

#define CA_KEY "ca.key"
#define CA_CERT "ca.pem"

/** The names of a certificate, each once. */
struct names {
    const char *items[SERVER_NAMES_MAX];
    size_t count;
};

enum err local_authority_open(const struct key_dir *dir, struct pem_pair *out, struct errctx *ec)
{
    static const struct authority_files files = {CA_KEY, CA_CERT, {"api.pem", "edge.pem"}};
    struct pem_pair pair = {0};
    enum err err = authority_read(dir, &files, &pair, ec);
    if (err == ERR_OK && pair.cert_pem.data == NULL) {
        if (pair.key_pem.data != NULL) {
            err = local_authority_certify(dir->arena, pair.key_pem, dir->now_unix_s, &pair.cert_pem,
                                          ec);
        } else {
            err = local_authority_make(dir->arena, dir->now_unix_s, &pair, ec);
            if (err == ERR_OK)
                err = secret_file_write(dir, CA_KEY, pair.key_pem, ec);
        }
        if (err == ERR_OK)
            err = cert_file_write(dir, CA_CERT, pair.cert_pem, ec);
    }
    if (err == ERR_OK)
        *out = pair;
    return err;
}

static enum err add_name(struct names *names, const char *name, struct errctx *ec)
{
    for (size_t i = 0; i < names->count; i++) {
        if (slice_equal_nocase(slice_str(names->items[i]), slice_str(name)))
            return ERR_OK;
    }
    if (host_is_unspecified(name))
        return ERR_OK;
    if (names->count == SERVER_NAMES_MAX)
        return err_set(ec, ERR_LIMIT, "more than %d names in one certificate", SERVER_NAMES_MAX);
    names->items[names->count++] = name;
    return ERR_OK;
}

static enum err collect_names(const struct server_cert_spec *spec, struct names *names,
                              struct errctx *ec)
{
    static const char *const fixed[] = {"localhost", "127.0.0.1", "::1"};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < ARRAY_LEN(fixed); i++)
        err = add_name(names, fixed[i], ec);
    for (size_t i = 0; err == ERR_OK && i < spec->name_count; i++)
        err = add_name(names, spec->names[i], ec);
    return err;
}

static bool is_current(const struct key_dir *dir, const struct pem_pair *pair,
                       const struct pem_pair *authority, const struct names *names)
{
    return pair->key_pem.data != NULL &&
           cert_is_current(dir, pair->cert_pem, authority->cert_pem, CERT_TLS_SERVER) &&
           cert_matches_key(pair->cert_pem, pair->key_pem) &&
           cert_has_alt_names(pair->cert_pem, names->items, names->count);
}

/** A new key with each certificate; a crash between the two files leaves a pair that differs. */
static enum err issue(const struct key_dir *dir, const struct server_cert_spec *spec,
                      const struct names *names, const struct pem_pair *authority,
                      struct pem_pair *out, struct errctx *ec)
{
    const struct cert_spec cert = {
        .purpose = CERT_TLS_SERVER,
        .common_name = spec->common_name,
        .alt_names = names->items,
        .alt_count = names->count,
        .now_unix_s = dir->now_unix_s,
        .days = SERVER_CERT_DAYS,
    };
    struct pem_pair pair = {0};
    if (authority->key_pem.data == NULL)
        return err_set(ec, ERR_DENIED, "%s must be issued anew: bring back " CA_KEY,
                       spec->cert_name);
    enum err err = local_authority_issue(dir->arena, authority, &cert, &pair, ec);
    if (err == ERR_OK)
        err = secret_file_write(dir, spec->key_name, pair.key_pem, ec);
    if (err == ERR_OK)
        err = cert_file_write(dir, spec->cert_name, pair.cert_pem, ec);
    if (err == ERR_OK)
        *out = pair;
    return err;
}

enum err server_cert_open(const struct key_dir *dir, const struct server_cert_spec *spec,
                          const struct pem_pair *authority, struct pem_pair *out, struct errctx *ec)
{
    struct names names = {.count = 0};
    struct pem_pair pair = {0};
    enum err err = collect_names(spec, &names, ec);
    if (err == ERR_OK)
        err = key_file_read(dir, spec->key_name, &pair.key_pem, ec);
    if (err == ERR_OK)
        err = key_file_read(dir, spec->cert_name, &pair.cert_pem, ec);
    if (err == ERR_OK && !is_current(dir, &pair, authority, &names))
        err = issue(dir, spec, &names, authority, &pair, ec);
    if (err == ERR_OK)
        *out = pair;
    return err;
}
