// SPDX-License-Identifier: Apache-2.0
// The certificate of the HTTPS listeners. edge_tls_prepare runs in a short-lived process before the
// node's others, edge_tls_open on the role's main thread.
#include "edge/tls.h"

#include "base/time.h"
#include "crypto/seal.h"
#include "edge/limits.h"
#include "net/address.h"
#include "net/server_cert.h"

#define EDGE_KEY "edge.key"
#define EDGE_CERT "edge.pem"

/** The domain, all below it, and the addresses by which clients may call this machine. */
enum err edge_tls_names(struct arena *a, const struct settings *settings,
                        struct edge_tls_names *out, struct errctx *ec)
{
    static const char *const fixed[] = {"localhost", "127.0.0.1", "::1"};
    struct edge_tls_names names = {
        .items =
            arena_array(a, 2 * EDGE_ADDRESSES_MAX + 2 + ARRAY_LEN(fixed), sizeof(const char *))};
    names.items[names.count++] = arena_printf(a, "*.%s", settings->cdn_domain);
    names.items[names.count++] = settings->cdn_domain;
    for (size_t i = 0; i < settings->advertise.count && i < EDGE_ADDRESSES_MAX; i++)
        names.items[names.count++] = settings->advertise.items[i];
    for (size_t i = 0; i < settings->https.count && i < EDGE_ADDRESSES_MAX; i++) {
        struct net_address address;
        char host[NET_ADDRESS_TEXT_SIZE];
        enum err e = net_address_parse(slice_str(settings->https.items[i]), &address, ec);
        if (e != ERR_OK)
            return err_wrap(ec, "--https");
        net_address_format_ip(&address, host);
        host[strcspn(host, "%")] = '\0'; /* a scope is of this machine alone */
        names.items[names.count++] = arena_strdup(a, host);
    }
    for (size_t i = 0; i < ARRAY_LEN(fixed); i++) /* net/server_cert.h: they are in it anyway */
        names.items[names.count++] = fixed[i];
    *out = names;
    return ERR_OK;
}

enum err edge_tls_prepare(const struct settings *settings, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const struct key_dir dir = {
        .arena = &a, .path = settings->data, .now_unix_s = time_unix_ms() / MS_PER_S};
    struct edge_tls_names names;
    struct pem_pair authority = {0};
    struct pem_pair pair = {0};
    if (settings->https.count == 0)
        return ERR_OK;
    enum err e = edge_tls_names(&a, settings, &names, ec);
    if (e == ERR_OK)
        e = local_authority_open(&dir, &authority, ec);
    const struct server_cert_spec spec = {.key_name = EDGE_KEY,
                                          .cert_name = EDGE_CERT,
                                          .common_name = "Weir edge",
                                          .names = names.items,
                                          .name_count = names.count};
    if (e == ERR_OK)
        e = server_cert_open(&dir, &spec, &authority, &pair, ec);
    secret_wipe_slice(authority.key_pem);
    secret_wipe_slice(pair.key_pem);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "certificate of --https");
}

enum err edge_tls_open(const struct settings *settings, struct net_tls **out, struct errctx *ec)
{
    AUTO_ARENA struct arena a = {0};
    const struct key_dir dir = {.arena = &a, .path = settings->data};
    struct pem_pair pair = {0};
    enum err e = key_file_read(&dir, EDGE_CERT, &pair.cert_pem, ec);
    if (e == ERR_OK)
        e = key_file_read(&dir, EDGE_KEY, &pair.key_pem, ec);
    if (e == ERR_OK)
        e = net_tls_server_new(pair.cert_pem, pair.key_pem, out, ec);
    secret_wipe_slice(pair.key_pem);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "%s/" EDGE_CERT, settings->data);
}
