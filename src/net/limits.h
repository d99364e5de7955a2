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

#endif
