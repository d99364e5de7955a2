// SPDX-License-Identifier: Apache-2.0
// The bounds of feed/.
#ifndef FEED_LIMITS_H
#define FEED_LIMITS_H

#define FEED_HEARTBEAT_NS 5000000000LL /* an empty frame keeps a quiet stream alive */
#define FEED_SILENCE_NS 15000000000LL  /* without any frame the follower reconnects */
#define FEED_BACKOFF_FIRST_NS 100000000LL
#define FEED_BACKOFF_LAST_NS 5000000000LL
#define FEED_CONNECT_TIMEOUT_NS 5000000000LL /* TCP and TLS */
#define FEED_FRAME_MAX_BYTES (2u << 20)      /* a packed chunk or a pointer */
#define FEED_OUTPUT_BYTES (256u << 10)       /* of chunks that wait for one slow reader */
#define FEED_REQUEST_MAX_BYTES (64u << 10)   /* a report; also more than 256 hashes */
#define FEED_FOLLOWERS_MAX 4096              /* of one server */
#define FEED_CONNECTIONS_MAX 8192            /* of one server: each follower also fetches */
#define FEED_CONNECTIONS_PER_CLIENT 1024     /* of one address or /64: a site of 512 nodes */

#endif
