// SPDX-License-Identifier: Apache-2.0
// The local authority that clients of the API trust, and the server certificate that it issues.
// Steps of control_keys_open, on its thread.

#include "control/cert/cert_priv.h"
#include "control/cert/limits.h"

#define CA_KEY "ca.key"
#define CA_CERT "ca.pem"
#define API_KEY "api.key"
#define API_CERT "api.pem"

/** The names of the API's certificate, each once. */
struct names {
    const char *items[API_NAMES_MAX];
    size_t count;
};

enum err open_authority(struct opening *o, struct errctx *ec)
{
    static const struct authority_files files = {CA_KEY, CA_CERT, API_CERT};
    struct control_keys *k = o->keys;
    int64_t now_unix_s = o->options->now_unix_s;
    enum err err = authority_read(o, &files, &k->authority, ec);
    if (err != ERR_OK || k->authority.cert_pem.data != NULL)
        return err;
    if (k->authority.key_pem.data != NULL) {
        err = local_authority_certify(&k->arena, k->authority.key_pem, now_unix_s,
                                      &k->authority.cert_pem, ec);
    } else {
        err = local_authority_make(&k->arena, now_unix_s, &k->authority, ec);
        if (err == ERR_OK)
            err = secret_file_write(o, CA_KEY, k->authority.key_pem, ec);
    }
    return err == ERR_OK ? cert_file_write(o, CA_CERT, k->authority.cert_pem, ec) : err;
}

static enum err add_name(struct names *names, const char *name, struct errctx *ec)
{
    for (size_t i = 0; i < names->count; i++) {
        if (slice_equal_nocase(slice_str(names->items[i]), slice_str(name)))
            return ERR_OK;
    }
    if (host_is_unspecified(name))
        return ERR_OK;
    if (names->count == API_NAMES_MAX)
        return err_set(ec, ERR_LIMIT, "more than %d names for the API", API_NAMES_MAX);
    names->items[names->count++] = name;
    return ERR_OK;
}

static enum err collect_names(const struct control_keys_options *options, struct names *names,
                              struct errctx *ec)
{
    static const char *const fixed[] = {"localhost", "127.0.0.1", "::1"};
    enum err err = ERR_OK;
    for (size_t i = 0; err == ERR_OK && i < ARRAY_LEN(fixed); i++)
        err = add_name(names, fixed[i], ec);
    for (size_t i = 0; err == ERR_OK && i < options->api_name_count; i++)
        err = add_name(names, options->api_names[i], ec);
    return err;
}

static bool api_cert_is_current(const struct opening *o, const struct names *names)
{
    const struct control_keys *k = o->keys;
    return k->api.key_pem.data != NULL &&
           cert_is_current(o, k->api.cert_pem, k->authority.cert_pem, CERT_TLS_SERVER) &&
           cert_matches_key(k->api.cert_pem, k->api.key_pem) &&
           cert_has_alt_names(k->api.cert_pem, names->items, names->count);
}

/** A new key with each certificate; a crash between the two files leaves a pair that differs. */
static enum err api_cert_make(struct opening *o, const struct names *names, struct errctx *ec)
{
    struct control_keys *k = o->keys;
    const struct cert_spec spec = {
        .purpose = CERT_TLS_SERVER,
        .common_name = "Weir API",
        .alt_names = names->items,
        .alt_count = names->count,
        .now_unix_s = o->options->now_unix_s,
        .days = API_CERT_DAYS,
    };
    if (k->authority.key_pem.data == NULL)
        return err_set(ec, ERR_DENIED, API_CERT " must be issued anew: bring back " CA_KEY);
    enum err err = local_authority_issue(&k->arena, &k->authority, &spec, &k->api, ec);
    if (err == ERR_OK)
        err = secret_file_write(o, API_KEY, k->api.key_pem, ec);
    return err == ERR_OK ? cert_file_write(o, API_CERT, k->api.cert_pem, ec) : err;
}

enum err open_api_cert(struct opening *o, struct errctx *ec)
{
    struct names names = {.count = 0};
    enum err err = collect_names(o->options, &names, ec);
    if (err == ERR_OK)
        err = key_file_read(o, API_KEY, &o->keys->api.key_pem, ec);
    if (err == ERR_OK)
        err = key_file_read(o, API_CERT, &o->keys->api.cert_pem, ec);
    if (err != ERR_OK || api_cert_is_current(o, &names))
        return err;
    return api_cert_make(o, &names, ec);
}
