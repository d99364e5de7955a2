// SPDX-License-Identifier: Apache-2.0
// The limits of the room, each with its unit and source.
#ifndef CRYPTO_LIMITS_H
#define CRYPTO_LIMITS_H

/** Longest PEM text that is looked at, bytes; ours are below 4 KiB. */
#define PEM_LIMIT_BYTES 65536

/** Longest secret that is sealed, and longest context, bytes: keys and passwords, not documents. */
#define SEAL_PLAIN_LIMIT_BYTES (1 << 20)
#define SEAL_CONTEXT_LIMIT_BYTES 4096

/** Random part of a certificate's serial number, bytes (RFC 5280 allows 20 octets). */
#define CERT_SERIAL_BYTES 16

/** How far a certificate's notBefore lies back, seconds: for clients whose clock is slow. */
#define CERT_BACKDATE_S 3600

/** Longest alternative name, bytes: a DNS name in text (RFC 1035 section 2.3.4). */
#define CERT_ALT_NAME_LIMIT_BYTES 253

/** Alternative names of one certificate. */
#define CERT_ALT_NAMES_LIMIT 64

/** Validity of the local authority itself, days: clients have to be told of each new one. */
#define LOCAL_AUTHORITY_DAYS 10950

#endif
