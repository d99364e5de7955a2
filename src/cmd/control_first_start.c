// SPDX-License-Identifier: Apache-2.0
// The first start of control: keys, store, delegation sets, the first administrator key. Called in
// a short-lived process of its own, and control_open_keys in the control role, too.
#include "cmd/control_first_start.h"

#include "base/time.h"
#include "control/api/api.h"
#include "net/address.h"
#include "os/file.h"

#include <stdio.h>

#define CREDENTIALS_MAX_BYTES 65536

/** The host of "ADDR:PORT" in the arena; NULL for a wildcard or no address at all. */
static const char *host_of(struct arena *a, const char *address_text)
{
    struct net_address address;
    char host[NET_ADDRESS_TEXT_SIZE];
    if (address_text == NULL ||
        net_address_parse(slice_str(address_text), &address, NULL) != ERR_OK ||
        net_address_is_wildcard(&address))
        return NULL;
    net_address_format_ip(&address, host);
    return arena_strdup(a, host);
}

enum err control_open_keys(const struct settings *settings, struct control_keys **out_keys,
                           struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const char *nodes_host = host_of(&a, settings->nodes);
    const char *names[2] = {arena_printf(&a, "api.%s", settings->platform),
                            host_of(&a, settings->api_https)};
    struct control_keys_options options = {
        .dir = settings->data,
        .now_unix_s = time_unix_ms() / MS_PER_S,
        .nodes_host = nodes_host != NULL ? nodes_host : "127.0.0.1",
        .api_names = names,
        .api_name_count = names[1] != NULL ? 2 : 1,
    };
    return control_keys_open(&options, out_keys, ec);
}

/** Makes an administrator key and writes it where the aws CLI can read it. */
static enum err write_credentials(const struct settings *settings, struct store_conn *conn,
                                  const struct seal_key *seal, const char *path, struct errctx *ec)
{
    struct api_access_key key;
    enum err e = api_access_key_make(conn, seal, settings->account_id, "admin", &key, ec);
    if (e != ERR_OK)
        return e;
    char text[256];
    int len = snprintf(text, sizeof(text),
                       "[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.id,
                       key.secret);
    e = file_replace(path, slice_of(text, (size_t)len), 0600, ec);
    secret_wipe(text, sizeof(text));
    secret_wipe(&key, sizeof(key));
    return e;
}

/**
 * A crash between the key and its file leaves a key whose secret nobody knows; the next start makes
 * another one.
 */
static enum err ensure_credentials(const struct settings *settings, struct store_conn *conn,
                                   const struct seal_key *seal, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    struct slice content;
    const char *path = arena_printf(&a, "%s/credentials", settings->data);
    enum err e = file_read(&a, path, CREDENTIALS_MAX_BYTES, &content, ec);
    return e == ERR_NOT_FOUND ? write_credentials(settings, conn, seal, path, ec) : e;
}

static enum err prepare_store(const struct settings *settings, const struct seal_key *seal,
                              struct errctx *ec)
{
    struct store *store = NULL;
    struct store_conn *conn = NULL;
    enum err e = store_open(settings->store, settings->data, &store, ec);
    if (e == ERR_OK)
        e = store_connect(store, &conn, ec);
    if (e == ERR_OK)
        e = api_delegation_sets_make(conn, settings->platform, ec);
    if (e == ERR_OK)
        e = ensure_credentials(settings, conn, seal, ec);
    store_disconnect(conn);
    store_close(store);
    return e;
}

enum err control_prepare(const struct settings *settings, struct errctx *ec)
{
    struct control_keys *keys = NULL;
    enum err e = control_open_keys(settings, &keys, ec);
    if (e == ERR_OK)
        e = prepare_store(settings, &keys->seal, ec);
    control_keys_free(keys);
    return e;
}
