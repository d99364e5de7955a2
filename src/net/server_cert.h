// SPDX-License-Identifier: Apache-2.0
// The local authority of a data directory, which clients of this machine trust, and the server
// certificates that it issues: of the APIs, of the edge. Called at start, by one process at a time.
#ifndef NET_SERVER_CERT_H
#define NET_SERVER_CERT_H

#include "net/key_files.h"

/**
 * DIR/ca.key and DIR/ca.pem, made where they are missing. The key may be kept offline: then
 * out->key_pem is empty. Errors: as authority_read.
 */
enum err local_authority_open(const struct key_dir *dir, struct pem_pair *out, struct errctx *ec)
    MUST_USE;

/** A server certificate; localhost, 127.0.0.1 and ::1 are in it anyway. */
struct server_cert_spec {
    const char *key_name;  /* "api.key" */
    const char *cert_name; /* "api.pem" */
    const char *common_name;
    const char *const *names; /* DNS names ("*.example.com") and addresses; may repeat */
    size_t name_count;
};

/**
 * Reads the two files; makes both anew where they are missing, differ, were issued by another
 * authority or for other names, or end within 30 days.
 * Errors: ERR_DENIED where one must be issued but the authority's key is offline; ERR_INVALID for a
 * name that cannot be one; ERR_LIMIT for too many; ERR_CORRUPT, ERR_IO.
 */
enum err server_cert_open(const struct key_dir *dir, const struct server_cert_spec *spec,
                          const struct pem_pair *authority, struct pem_pair *out, struct errctx *ec)
    MUST_USE;

#endif
