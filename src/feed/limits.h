// SPDX-License-Identifier: Apache-2.0
// The bounds of feed/.
#ifndef FEED_LIMITS_H
#define FEED_LIMITS_H

#include <stddef.h>

#define FEED_HEARTBEAT_NS 5000000000LL     /* an empty frame keeps a quiet stream alive */
#define FEED_SILENCE_NS 15000000000LL      /* without any frame the follower reconnects */
#define FEED_VOTES_SILENCE_NS 3000000000LL /* the same, of votes, which come each second */
#define FEED_BACKOFF_FIRST_NS 100000000LL
#define FEED_BACKOFF_LAST_NS 5000000000LL
#define FEED_CONNECT_TIMEOUT_NS 5000000000LL /* TCP and TLS */
#define FEED_FRAME_MAX_BYTES (2u << 20)      /* a packed chunk or a pointer */
#define FEED_OUTPUT_BYTES (256u << 10)       /* of frames that wait for one slow reader */
#define FEED_REQUEST_MAX_BYTES (64u << 10)   /* a report; also more than 256 hashes */
#define FEED_FOLLOWERS_MAX 8192              /* of one server: two streams of each of 4096 nodes */
#define FEED_CONNECTIONS_MAX 16384           /* of one server: each follower also asks and tells */
#define FEED_CONNECTIONS_PER_CLIENT 2048     /* of one address or /64: a site of 512 nodes */

/* Invalidations. A path has 4,000 characters at most (CloudFront), of four bytes each. */
#define FEED_PATH_MAX_BYTES 16000u
#define FEED_DISTRIBUTION_ID_MAX_BYTES 64u
#define FEED_INVALIDATION_FRAME_BYTES (64u << 10) /* longer ones are cut into several frames */
#define FEED_INVALIDATION_HEAD_MAX_BYTES (21u + FEED_DISTRIBUTION_ID_MAX_BYTES)

/* What a log keeps; who lacks more drops whole distributions. */
#define FEED_LOG_PATHS_MAX ((size_t)65536) /* as many as an edge keeps of one distribution */
#define FEED_LOG_MAX_BYTES ((size_t)32 << 20)
#define FEED_LOG_DISTRIBUTIONS_MAX ((size_t)1024)
#define FEED_LOG_ENTRIES_MIN ((size_t)64) /* first table; it doubles */

#endif
