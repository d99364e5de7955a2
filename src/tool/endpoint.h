// SPDX-License-Identifier: Apache-2.0
// An HTTP server as a tool is told of it.
#ifndef TOOL_ENDPOINT_H
#define TOOL_ENDPOINT_H

#include "base/arena.h"
#include "net/address.h"

/** Where to connect and what to call the other side; texts live in an arena. */
struct tool_endpoint {
    struct net_address address;
    bool is_tls;
    const char *authority; /* "host[:port]" as given, for Host */
    const char *host;      /* name or address alone, for TLS */
};

/**
 * Takes "http://HOST[:PORT]" or "https://HOST[:PORT]", a trailing '/' allowed, apart. A host name
 * is looked up by the system's resolver, which may block.
 * Errors: ERR_INVALID, ERR_UNAVAILABLE where the name cannot be resolved.
 */
enum err tool_endpoint_parse(struct arena *a, const char *url, struct tool_endpoint *out_endpoint,
                             struct errctx *ec) MUST_USE;

#endif
