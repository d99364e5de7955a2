// SPDX-License-Identifier: Apache-2.0
// Opens all keys of a control, step by step. Called at its start, before any other thread runs,
// and daily for renewal.

#include "control/cert/cert.h"

#include "base/alloc.h"
#include "control/cert/cert_priv.h"

static enum err open_identity(struct opening *o, struct errctx *ec)
{
    return net_identity_open(o->options->dir, o->options->now_unix_s, &o->keys->identity, ec);
}

/** In the order that the steps depend on each other (cert_priv.h). */
static enum err (*const steps[])(struct opening *, struct errctx *) = {
    open_identity,     open_seal_key,  open_fleet_root, open_release_key,
    open_control_cert, open_authority, open_api_cert,
};

enum err control_keys_open(const struct control_keys_options *options,
                           struct control_keys **out_keys, struct errctx *ec)
{
    struct opening o = {.options = options, .keys = NEW(struct control_keys)};
    enum err err = ERR_OK;
    arena_init(&o.keys->arena);
    o.dir = (struct key_dir){
        .arena = &o.keys->arena, .path = options->dir, .now_unix_s = options->now_unix_s};
    for (size_t i = 0; err == ERR_OK && i < ARRAY_LEN(steps); i++)
        err = steps[i](&o, ec);
    if (err != ERR_OK) {
        control_keys_free(o.keys);
        return err_wrap(ec, "keys in '%s'", options->dir);
    }
    *out_keys = o.keys;
    return ERR_OK;
}

void control_keys_free(struct control_keys *keys)
{
    if (keys == NULL)
        return;
    net_identity_fini(&keys->identity);
    signing_key_free(keys->fleet_root_key);
    signing_key_free(keys->release_key);
    secret_wipe(&keys->seal, sizeof(keys->seal));
    arena_fini(&keys->arena);
    mem_cleanup(&keys);
}
