// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: the steps of control_keys_open. Private to control/cert/.
#ifndef CONTROL_CERT_CERT_PRIV_H
#define CONTROL_CERT_CERT_PRIV_H

#include "control/cert/cert.h"
#include "net/key_files.h"

/** One start in progress. Owner: control_keys_open, on its stack. */
struct opening {
    const struct control_keys_options *options;
    struct control_keys *keys; /* what has been opened so far */
    struct key_dir dir;
};

/*
 * The steps, in this order; each reads its files or makes them. A file is written only after
 * those that it depends on, so what is missing before its dependants are there was never made,
 * and what is missing after is lost.
 */
enum err open_seal_key(struct opening *o, struct errctx *ec) MUST_USE;
enum err open_fleet_root(struct opening *o, struct errctx *ec) MUST_USE;
enum err open_release_key(struct opening *o, struct errctx *ec) MUST_USE;
enum err open_control_cert(struct opening *o, struct errctx *ec) MUST_USE;
enum err open_authority(struct opening *o, struct errctx *ec) MUST_USE;
enum err open_api_cert(struct opening *o, struct errctx *ec) MUST_USE;

#endif
