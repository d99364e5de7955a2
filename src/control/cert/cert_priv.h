// SPDX-License-Identifier: Apache-2.0
// What the files of this room share: the steps of control_keys_open, and the reading and writing
// of its files. Private to control/cert/.
#ifndef CONTROL_CERT_CERT_PRIV_H
#define CONTROL_CERT_CERT_PRIV_H

#include "control/cert/cert.h"

#include <stdbool.h>

/** One start in progress. Owner: control_keys_open, on its stack. */
struct opening {
    const struct control_keys_options *options;
    struct control_keys *keys; /* what has been opened so far */
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

/** Content of DIR/name in the arena of the keys; data stays NULL where there is no such file. */
enum err key_file_read(struct opening *o, const char *name, struct slice *out_content,
                       struct errctx *ec) MUST_USE;

/** DIR/name, durable; secrets with mode 0600, certificates with 0644. */
enum err secret_file_write(struct opening *o, const char *name, struct slice content,
                           struct errctx *ec) MUST_USE;
enum err cert_file_write(struct opening *o, const char *name, struct slice content,
                         struct errctx *ec) MUST_USE;

/** Whether DIR/name is there. */
enum err key_file_exists(struct opening *o, const char *name, bool *out_is_there, struct errctx *ec)
    MUST_USE;

/** The files of a key that certifies others. */
struct authority_files {
    const char *key_name;
    const char *cert_name;
    const char *dependant_name; /* certified by it: once that is there, the key has been in use */
};

/**
 * Reads both files of an authority and checks that they belong together and are valid now.
 * out->key_pem.data and out->cert_pem.data are NULL for what is missing: neither (first start),
 * the certificate alone (a crash, make one) or the key alone (kept offline).
 */
enum err authority_read(struct opening *o, const struct authority_files *files,
                        struct pem_pair *out, struct errctx *ec) MUST_USE;

/** Whether the certificate is valid for the purpose now and beyond the time of its renewal. */
bool cert_is_current(const struct opening *o, struct slice pem, struct slice authority_pem,
                     enum cert_purpose purpose);

/** Whether the text is an unspecified address (0.0.0.0, ::), which names no machine. */
bool host_is_unspecified(const char *host);

#endif
