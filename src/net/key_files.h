// SPDX-License-Identifier: Apache-2.0
// Keys and certificates as files of a data directory: reading, durable writing, and the judgement
// of what is found there. Called at start, by one process at a time.
#ifndef NET_KEY_FILES_H
#define NET_KEY_FILES_H

#include "base/arena.h"
#include "crypto/cert.h"

/** A data directory at a moment. Borrowed by value; everything read lives in `arena`. */
struct key_dir {
    struct arena *arena;
    const char *path;
    int64_t now_unix_s;
};

/** Content of DIR/name; data stays NULL where there is no such file. Errors: ERR_IO. */
enum err key_file_read(const struct key_dir *dir, const char *name, struct slice *out_content,
                       struct errctx *ec) MUST_USE;

/** Whether DIR/name is there. Errors: ERR_IO. */
enum err key_file_exists(const struct key_dir *dir, const char *name, bool *out_is_there,
                         struct errctx *ec) MUST_USE;

/** DIR/name, durable; secrets with mode 0600, certificates with 0644. Errors: ERR_IO. */
enum err secret_file_write(const struct key_dir *dir, const char *name, struct slice content,
                           struct errctx *ec) MUST_USE;
enum err cert_file_write(const struct key_dir *dir, const char *name, struct slice content,
                         struct errctx *ec) MUST_USE;

#define KEY_DEPENDANTS_MAX 2

/** The files of a key that certifies others. */
struct authority_files {
    const char *key_name;
    const char *cert_name;
    const char *dependants[KEY_DEPENDANTS_MAX]; /* certified by it: once one is there, the key has
                                                   been in use; NULL: no more */
};

/**
 * Reads both files of an authority and checks that they belong together and are valid now.
 * out->key_pem.data and out->cert_pem.data are NULL for what is missing: neither (first start),
 * the certificate alone (a crash, make one) or the key alone (kept offline).
 * Errors: ERR_CORRUPT for a pair that differs, or both lost while something depends on them;
 * ERR_DENIED for one that is past its end; ERR_IO.
 */
enum err authority_read(const struct key_dir *dir, const struct authority_files *files,
                        struct pem_pair *out, struct errctx *ec) MUST_USE;

/** Whether the certificate is valid for the purpose now and beyond the time of its renewal. */
bool cert_is_current(const struct key_dir *dir, struct slice pem, struct slice authority_pem,
                     enum cert_purpose purpose);

/** Whether the text is an unspecified address (0.0.0.0, ::), which names no machine. */
bool host_is_unspecified(const char *host);

#endif
