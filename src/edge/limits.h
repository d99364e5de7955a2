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

/* How often an edge without the fleet root's certificate looks for it. */
#define EDGE_FLEET_ROOT_WAIT_NS (1 * NS_PER_S)

/* Authorities of a Debian system, which HTTPS origins are trusted by unless a setting says else. */
#define EDGE_SYSTEM_AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

/* First bucket of a table of distributions, entries. */
#define EDGE_BUCKET_FIRST ((size_t)4)

/* A host name, bytes (RFC 1035 section 2.3.4, as text). */
#define EDGE_HOST_MAX_BYTES 253

/* The trial: distributions that differ and are asked about at all, each with every behaviour; names
 * of one of them; requests past which no more manners of asking are tried. A request costs some ten
 * microseconds of the 200 ms that a change may take. */
#define EDGE_TRIAL_DISTRIBUTIONS_MAX ((size_t)128)
#define EDGE_TRIAL_HOSTS_MAX ((size_t)16)
#define EDGE_TRIAL_REQUESTS_MAX ((size_t)4096)

/* ErrorCachingMinTTL where a distribution names none, seconds (CloudFront). */
#define EDGE_ERROR_TTL_S 10

/* A viewer's request (CloudFront): bytes of its URL, of line and fields together; of its body. */
#define EDGE_TARGET_MAX_BYTES ((size_t)8192)
#define EDGE_HEAD_MAX_BYTES ((size_t)20480)
#define EDGE_BODY_MAX_BYTES ((uint64_t)20 << 30)

/* A viewer's connections to one listener kind of a thread, and of them those of one address: many
 * viewers share one behind a proxy. Time for the whole of an upload, which a slow line needs. */
#define EDGE_CONNECTIONS_MAX 20000
#define EDGE_CONNECTIONS_PER_CLIENT_MAX 2048
#define EDGE_BODY_TOTAL_NS (3600 * NS_PER_S)

/* Of one origin and one thread: calls under way, calls that wait for one to end, and for how long.
 * Origins with calls under way, or remembered for which of their addresses is good. */
#define ORIGIN_CONNECTIONS_MAX 256
#define ORIGIN_QUEUE_MAX 1024
#define ORIGIN_QUEUE_TIMEOUT_NS (10 * NS_PER_S)
#define ORIGIN_PLACES_MAX ((size_t)4096)

/* Idle connections that a thread keeps to all origins together. */
#define ORIGIN_IDLE_MAX ((size_t)512)

/* The head of an origin's answer: bytes, fields. More than of requests: policies and
 * cookies grow long. */
#define ORIGIN_HEAD_MAX_BYTES ((size_t)32768)
#define ORIGIN_FIELDS_MAX ((size_t)256)

/* Bytes of an answer that wait for a slow viewer: little, since bodies wait in the cache. */
#define EDGE_OUTPUT_BYTES ((size_t)65536)

/* A body up to this goes out in one piece, copied once, without a reader; bytes. */
#define EDGE_SMALL_BODY_BYTES ((size_t)65536)

/* Look-ups of one request: without what varies, with it, and more where the body of what was found
 * could not be begun to read. */
#define EDGE_LOOK_UPS_MAX 4

/* Requests that a thread puts into the ring of samples: its first ones, later one in so many. */
#define EDGE_SAMPLE_EAGER 256
#define EDGE_SAMPLE_STEP 64

/* A thread's signs of life. */
#define EDGE_BEAT_NS (250 * NS_PER_MS)

/* Lines of the log about origins that fail: one a place in this time, and a thread's places. A
 * flood writes seven lines a second at most. */
#define EDGE_FAILURE_EVERY_NS (10 * NS_PER_S)
#define EDGE_FAILURE_PLACES 64

/* Told to a viewer that is turned away for overload, seconds. */
#define EDGE_RETRY_AFTER_S 1

#endif
