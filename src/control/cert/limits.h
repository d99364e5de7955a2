// SPDX-License-Identifier: Apache-2.0
// The limits of this room, with unit and source.
#ifndef CONTROL_CERT_LIMITS_H
#define CONTROL_CERT_LIMITS_H

#include <stdint.h>

/** Longest key or certificate file, bytes; ours are below 4 KiB. */
#define KEY_FILE_MAX_BYTES 65536

/** Validity of the fleet root, days: every node pins it, so it outlives the machines. */
#define FLEET_ROOT_DAYS 10950

/** Validity of what the fleet root certifies, days: the release key, control's TLS identity. */
#define FLEET_CERT_DAYS 3650

/** Validity of the API's server certificate, days: the most that common TLS clients accept. */
#define API_CERT_DAYS 825

/** How long before its end a certificate is made anew, seconds. */
#define CERT_RENEW_S (30 * (int64_t)86400)

/** Names of the API's server certificate, the fixed ones included. */
#define API_NAMES_MAX 32

#endif
