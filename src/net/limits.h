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

/** Addresses of one family that are kept of a name. */
#define RESOLVER_ADDRESSES_MAX 32

/** Longest name, bytes without a final dot (RFC 1035 section 2.3.4, as text). */
#define RESOLVER_NAME_BYTES 253

/** Where the options of a resolver name none; seconds, but for the names. */
#define RESOLVER_MIN_TTL_S 5
#define RESOLVER_MAX_TTL_S 300
#define RESOLVER_KEEP_S 3600
#define RESOLVER_TIMEOUT_S 5
#define RESOLVER_NAMES 4096

/** Addresses of one family are there: how long the other one is waited for, milliseconds. */
#define RESOLVER_OTHER_FAMILY_MS 250

/** After a failure the network is asked again at the earliest, milliseconds; but not later than
 *  after the least TTL. */
#define RESOLVER_RETRY_MS 1000

/** A name in use is refreshed after this share of its TTL, percent, and at random later. */
#define RESOLVER_REFRESH_PERCENT 80
#define RESOLVER_JITTER_PERCENT 15

#endif
