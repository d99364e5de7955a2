// SPDX-License-Identifier: Apache-2.0
// What tls.c makes and stream.c uses. Nobody else includes it.
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include "net/tls.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>

struct net_tls {
    SSL_CTX *ctx;
    uint64_t id;      /* never 0, never used again in this process */
    bool checks_name; /* the server's name or address must be in its certificate */
    bool hides_name;  /* client: no SNI */
};

#endif
