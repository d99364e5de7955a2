// SPDX-License-Identifier: Apache-2.0
// The local authority that clients of the API trust, and the server certificate that it issues.
// Steps of control_keys_open, on its thread.
#include "control/cert/cert_priv.h"
#include "net/server_cert.h"

enum err open_authority(struct opening *o, struct errctx *ec)
{
    return local_authority_open(&o->dir, &o->keys->authority, ec);
}

enum err open_api_cert(struct opening *o, struct errctx *ec)
{
    const struct server_cert_spec spec = {
        .key_name = "api.key",
        .cert_name = "api.pem",
        .common_name = "Weir API",
        .names = o->options->api_names,
        .name_count = o->options->api_name_count,
    };
    return server_cert_open(&o->dir, &spec, &o->keys->authority, &o->keys->api, ec);
}
