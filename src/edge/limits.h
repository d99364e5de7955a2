// SPDX-License-Identifier: Apache-2.0
// Every bound of the room edge that is not a number of a protocol, with unit and reason.
#ifndef EDGE_LIMITS_H
#define EDGE_LIMITS_H

#include "base/time.h"

/* Threads of the role: heartbeats that the node watches. Addresses of one listener setting: they
 * all are names of one certificate. */
#define EDGE_THREADS_MAX 256
#define EDGE_ADDRESSES_MAX 32

/* Worlds that releases replaced while requests still hold them (one may last an hour): each costs
 * some 20 KiB, and what its release changed. Past it a new release waits for the oldest to end. How
 * often worlds are looked at: for the next release to go in, and else. */
#define EDGE_RETIRED_MAX ((size_t)1024)
#define EDGE_RETIRED_FIRST ((size_t)16)
#define EDGE_RETIRED_WAIT_NS (10 * NS_PER_MS)
#define EDGE_RETIRED_SWEEP_NS (1 * NS_PER_S)

/* First bucket of a table of distributions, entries. */
#define EDGE_BUCKET_FIRST ((size_t)4)

/* A host name, bytes (RFC 1035 section 2.3.4, as text). */
#define EDGE_HOST_MAX_BYTES 253

#endif
