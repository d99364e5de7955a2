// SPDX-License-Identifier: Apache-2.0
// Who the controls are. Called by the agent and by the edge role, each in its own process.
#include "node/controls.h"

#include "node/limits.h"
#include "os/file.h"

enum err controls_parse_url(const char *url, const char *setting, struct net_address *out,
                            struct errctx *ec)
{
    bool is_tls = false;
    enum err e = net_address_parse_url(slice_str(url), out, &is_tls, ec);
    if (e == ERR_OK && !is_tls)
        e = err_set(ec, ERR_INVALID, "%s: only https", url);
    return e == ERR_OK ? ERR_OK : err_wrap(ec, "%s", setting);
}

/** Where this node itself reaches what listens there. */
static const char *own_url(struct arena *a, const struct net_address *own)
{
    char text[NET_ADDRESS_TEXT_SIZE];
    if (net_address_is_wildcard(own)) {
        bool is_v6 = own->sa.sa_family == AF_INET6;
        return arena_printf(a, "https://%s:%u", is_v6 ? "[::1]" : "127.0.0.1",
                            (unsigned)net_address_port(own));
    }
    net_address_format(own, text);
    return arena_printf(a, "https://%s", text);
}

static enum err add(struct controls *c, const char *url, struct errctx *ec)
{
    struct control_address *item = &c->items[c->count];
    item->url = url;
    enum err e = controls_parse_url(url, "--control", &item->address, ec);
    c->count += e == ERR_OK;
    return e;
}

enum err controls_find(struct arena *a, const struct settings *settings,
                       const struct net_address *own, struct controls *out, struct errctx *ec)
{
    enum err e = ERR_OK;
    out->count = 0;
    if (own != NULL)
        e = add(out, own_url(a, own), ec);
    for (size_t i = 0; i < settings->control.count && e == ERR_OK; i++)
        e = add(out, settings->control.items[i], ec);
    return e;
}

enum err controls_open_tls(struct arena *a, const struct net_identity *identity,
                           const char *fleet_root_path, struct net_tls **out_tls,
                           struct slice *out_fleet_root, struct errctx *ec)
{
    struct slice pem;
    enum err e = file_read(a, fleet_root_path, NODE_FLEET_ROOT_MAX_BYTES, &pem, ec);
    if (e == ERR_OK)
        e = net_tls_fleet_client_new(identity->cert_pem, identity->key_pem, pem, out_tls, ec);
    if (e == ERR_OK)
        *out_fleet_root = pem;
    return e;
}
