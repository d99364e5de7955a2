// SPDX-License-Identifier: Apache-2.0
// What the HTTPS listeners of the edge show: one certificate of the local authority for every name
// below the CDN domain.
#ifndef EDGE_TLS_H
#define EDGE_TLS_H

#include "base/settings.h"
#include "net/tls.h"

/** Names of the certificate; texts live in the arena that was given. */
struct edge_tls_names {
    const char **items; /* lower-case; "*.example.com" too */
    size_t count;
};

/** The names that follow from the settings. Errors: ERR_INVALID for --https. */
enum err edge_tls_names(struct arena *a, const struct settings *settings,
                        struct edge_tls_names *out, struct errctx *ec) MUST_USE;

/**
 * Makes DIR/edge.key and DIR/edge.pem, and the local authority (DIR/ca.key, DIR/ca.pem) where there
 * is none; renews them. The `prepare` of the role: before its process starts.
 */
enum err edge_tls_prepare(const struct settings *settings, struct errctx *ec) MUST_USE;

/** The server context of these files. Errors: ERR_CORRUPT, ERR_IO. */
enum err edge_tls_open(const struct settings *settings, struct net_tls **out, struct errctx *ec)
    MUST_USE;

#endif
