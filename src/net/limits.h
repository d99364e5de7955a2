// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef NET_LIMITS_H
#define NET_LIMITS_H

#include <stdint.h>

/** Validity of a node's self-signed certificate, days: peers know the key, not the certificate. */
#define IDENTITY_DAYS 3650

/** How long before its end that certificate is made anew, seconds. */
#define IDENTITY_RENEW_S (30 * (int64_t)86400)

/** Longest identity.key or identity.pem, bytes; ours are below 1 KiB. */
#define IDENTITY_FILE_MAX_BYTES 65536

/** Longest key or certificate file, bytes; ours are below 4 KiB. */
#define KEY_FILE_MAX_BYTES 65536

/** Validity of a server certificate, days: the most that common TLS clients accept. */
#define SERVER_CERT_DAYS 825

/** How long before its end a certificate is made anew, seconds. */
#define CERT_RENEW_S (30 * (int64_t)86400)

/** Names of one server certificate, the fixed ones included. */
#define SERVER_NAMES_MAX 64

#endif
